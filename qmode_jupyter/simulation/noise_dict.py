"""The errors that a circuit needs, in the form that Aer reads, and single errors in other forms."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from qmode_jupyter.simulation.noise import Noise, Qubits, Use

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.circuit import CircuitInstruction

#: A label that no instruction has.
_ELSEWHERE: Final = "elsewhere on the device"
#: So many errors, and operations in them, a worker keeps in each form.
_ERRORS_AT_ONCE: Final = 512
_OPERATIONS_AT_ONCE: Final = 2000


def uses_of(circuit: QuantumCircuit, physical: Qubits) -> set[Use]:
    """Return every (label, physical qubits) of a flat circuit that could have an error."""
    index = {qubit: physical[i] for i, qubit in enumerate(circuit.qubits)}
    found: set[Use] = set()
    for instruction in circuit.data:
        qubits = tuple(index[q] for q in instruction.qubits)
        operation = instruction.operation
        found.add((operation.label or operation.name, qubits))
        if operation.name == "measure":
            found.add(("measure", qubits))
        if "_o" in operation.name:
            # A control on 0 runs as X, the gate controlled on 1, X.
            found.add((operation.name[: operation.name.index("_o")], qubits))
            found.update(("x", (q,)) for q in qubits[:-1])
    return found


def noise_dict(noise: Noise | None, circuits: Iterable[QuantumCircuit], physical: Qubits) -> dict[str, Any]:
    """Return Aer's dictionary of a noise model that has only what these circuits use.

    Parameters
    ----------
    noise
        Where the errors come from; None: only the channels that stand in the circuits themselves.
    circuits
        Flat circuits, on the same qubits.
    physical
        The physical index of each of those; the dictionary counts as the circuits do.

    Raises
    ------
    UnknownNoiseModelError
        The errors can't be told apart.
    """
    errors: list[dict[str, Any]] = []
    circuits = list(circuits)
    if noise is not None:
        uses = sorted(set().union(*(uses_of(circuit, physical) for circuit in circuits)))
        noise.fetch(uses)
        renumber = {qubit: i for i, qubit in enumerate(physical)}
        general = {label: noise.on_all_qubits(label) for label, _ in uses}
        for label, qubits in uses:
            error = noise.gate(label, qubits)
            if error is not None and error is not general[label]:
                where = [[renumber[q] for q in qubits]]
                errors.append({**as_json(error), "operations": [label], "gate_qubits": where})
        errors += [{**as_json(e), "operations": [label]} for label, e in general.items() if e is not None]
        errors += readout_errors(noise, [qubits for label, qubits in uses if label == "measure"], renumber)
        errors += [{**as_json(error), "operations": [_ELSEWHERE]} for error in noise.kinds()]
    channels = {e.id: e for circuit in circuits for e in map(channel_of, circuit.data) if e is not None}
    errors += [{**as_json(e), "operations": [e.id]} for e in channels.values() if not e.ideal()]
    return {"errors": errors} if errors else {}


def readout_errors(
    noise: Noise, measured: Iterable[Qubits], renumber: Mapping[int, int]
) -> list[dict[str, Any]]:
    """Return the entries of Aer's dictionary for measurements of these physical qubits."""
    found = ((qubits, noise.readout(qubits)) for qubits in measured)
    return [
        {**as_json(error), "gate_qubits": [[renumber[q] for q in qubits]]}
        for qubits, error in found
        if error is not None
    ]


def channel_of(instruction: CircuitInstruction) -> Any | None:
    """Return the `QuantumError` that stands in a circuit as an instruction; None for any other."""
    operation = instruction.operation
    return operation._quantum_error if operation.name == "quantum_channel" else None


def with_locations(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return the circuit with a mark for the noise model in the place of every channel, as Aer does it."""
    from qiskit_aer.noise.noise_model import QuantumErrorLocation

    if "quantum_channel" not in circuit.count_ops():
        return circuit
    marked = circuit.copy_empty_like()
    for instruction in circuit.data:
        error = channel_of(instruction)
        marked._append(
            instruction if error is None else instruction.replace(operation=QuantumErrorLocation(error))
        )
    return marked


def superoperator(matrix: NDArray[np.complex128]) -> Any:
    """Return the instruction for a superoperator (columns of the density matrix stacked)."""
    from qiskit.circuit import Instruction

    return Instruction("superop", (len(matrix).bit_length() - 1) // 2, 0, [matrix])


# ---- forms that take long to make: pure caches, in a worker


@dataclass(frozen=True, slots=True, eq=False)
class _ByIdentity:
    """An error that is equal to nothing but itself; kept with what was made of it, or its id could return."""

    error: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and self.error is other.error

    def __hash__(self) -> int:
        return id(self.error)


def as_json(error: Any) -> dict[str, Any]:
    """Return an error as ``NoiseModel.to_dict(serializable=True)`` has it."""
    return _json(_ByIdentity(error))


def as_superoperator(error: Any) -> Any:
    """Return an error as one superoperator, to stand in a circuit."""
    return _superoperator(_ByIdentity(error))


@lru_cache(_ERRORS_AT_ONCE)
def _json(key: _ByIdentity) -> dict[str, Any]:
    from qiskit_aer.noise.noise_model import AerJSONEncoder

    form: dict[str, Any] = json.loads(json.dumps(key.error.to_dict(), cls=AerJSONEncoder))
    return form


@lru_cache(_ERRORS_AT_ONCE)
def _superoperator(key: _ByIdentity) -> Any:
    return superoperator(error_matrix(key.error))


def error_matrix(error: Any) -> NDArray[np.complex128]:
    """Return ``SuperOp(error).data``, some ten times as fast: errors share most of their operations."""
    size = 4**error.num_qubits
    total = np.zeros((size, size), dtype=complex)
    for circuit, probability in zip(error.circuits, error.probabilities, strict=True):
        product = np.eye(size, dtype=complex)
        for instruction in circuit.data:
            qubits = tuple(circuit.find_bit(qubit).index for qubit in instruction.qubits)
            # `instruction.params` has nothing of a UnitaryGate.
            params = tuple(map(_content, instruction.operation.params))
            operation = _Operation(instruction.name, params, instruction.operation)
            product = _operation_matrix(operation, error.num_qubits, qubits) @ product
        total += probability * product
    return total


@dataclass(frozen=True, slots=True)
class _Operation:
    """An operation, equal to those of its name and parameters."""

    name: str
    params: tuple[Hashable, ...]
    operation: Any = field(compare=False)


def _content(parameter: Any) -> Hashable:
    return parameter.tobytes() if isinstance(parameter, np.ndarray) else str(parameter)


@lru_cache(_OPERATIONS_AT_ONCE)
def _operation_matrix(operation: _Operation, num_qubits: int, qubits: Qubits) -> NDArray[np.complex128]:
    from qiskit.quantum_info import SuperOp

    identity = SuperOp(np.eye(4**num_qubits, dtype=complex))
    matrix: NDArray[np.complex128] = identity.compose(SuperOp(operation.operation), qargs=list(qubits)).data
    return matrix
