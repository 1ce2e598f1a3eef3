"""The noise model that a circuit needs, in the form that Aer reads, and the single errors in other forms."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qmode_jupyter.simulation.noise import Noise, Qubits, Use

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.circuit import CircuitInstruction

#: A label that no instruction has.
_ELSEWHERE = "elsewhere on the device"


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


def cut(noise: Noise | None, circuits: Iterable[QuantumCircuit], physical: Qubits) -> dict[str, Any]:
    """Return Aer's dictionary of the noise model that has only what these circuits use.

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
    UnknownModelError
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
        errors += readout(noise, [qubits for label, qubits in uses if label == "measure"], renumber)
        errors += [{**as_json(error), "operations": [_ELSEWHERE]} for error in noise.kinds()]
    channels = {e.id: e for circuit in circuits for e in map(channel_of, circuit.data) if e is not None}
    errors += [{**as_json(e), "operations": [e.id]} for e in channels.values() if not e.ideal()]
    return {"errors": errors} if errors else {}


def readout(noise: Noise, measured: Iterable[Qubits], renumber: Mapping[int, int]) -> list[dict[str, Any]]:
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


class _Forms:
    """The forms of errors that take long to make, each kept while its error lives in this process."""

    _LIMIT = 512

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make = make
        self._kept: OrderedDict[int, tuple[Any, Any]] = OrderedDict()

    def __call__(self, error: Any) -> Any:
        kept = self._kept.get(id(error))
        if kept is not None:
            return kept[1]
        if len(self._kept) >= self._LIMIT:
            self._kept.popitem(last=False)
        form = self._make(error)
        # The error is kept too: its id would else be given to another.
        self._kept[id(error)] = (error, form)
        return form


def _json_form(error: Any) -> dict[str, Any]:
    from qiskit_aer.noise.noise_model import AerJSONEncoder

    form: dict[str, Any] = json.loads(json.dumps(error.to_dict(), cls=AerJSONEncoder))
    return form


def superoperator(matrix: NDArray[np.complex128]) -> Any:
    """Return the instruction for a superoperator (columns of the density matrix stacked)."""
    from qiskit.circuit import Instruction

    return Instruction("superop", (len(matrix).bit_length() - 1) // 2, 0, [matrix])


def _superoperator(error: Any) -> Any:
    return superoperator(error_matrix(error))


def error_matrix(error: Any) -> NDArray[np.complex128]:
    """Return ``SuperOp(error).data``, some ten times as fast: errors share most of their operations."""
    size = 4**error.num_qubits
    total = np.zeros((size, size), dtype=complex)
    for circuit, probability in zip(error.circuits, error.probabilities, strict=True):
        product = np.eye(size, dtype=complex)
        for instruction in circuit.data:
            qubits = tuple(circuit.find_bit(qubit).index for qubit in instruction.qubits)
            # `instruction.params` has nothing of a UnitaryGate.
            key = (instruction.name, error.num_qubits, qubits, *map(_content, instruction.operation.params))
            known = _operations.get(key)
            if known is None:
                known = _operation_matrix(instruction.operation, error.num_qubits, qubits)
                if len(_operations) < _OPERATIONS_LIMIT:
                    _operations[key] = known
            product = known @ product
        total += probability * product
    return total


_operations: dict[Hashable, NDArray[np.complex128]] = {}
_OPERATIONS_LIMIT = 2000


def _content(parameter: Any) -> Hashable:
    return parameter.tobytes() if isinstance(parameter, np.ndarray) else str(parameter)


def _operation_matrix(operation: Any, num_qubits: int, qubits: Qubits) -> NDArray[np.complex128]:
    from qiskit.quantum_info import SuperOp

    whole = SuperOp(np.eye(4**num_qubits, dtype=complex))
    matrix: NDArray[np.complex128] = whole.compose(SuperOp(operation), qargs=list(qubits)).data
    return matrix


#: An error as `NoiseModel.to_dict(serializable=True)` has it.
as_json = _Forms(_json_form)
#: An error as one superoperator, to stand in a circuit.
as_superoperator = _Forms(_superoperator)
