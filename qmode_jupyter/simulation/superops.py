"""A noisy circuit with its errors in it, for where Aer would simulate a density matrix anyway.

That is cheaper: behind each gate stands the gate's error as one superoperator (before a measurement,
the measurement's), and only readout errors are left to the noise model. The outcomes of a seed are
those of the noise model. The form is made only where it is certain that Aer's automatic choice would
be the density matrix, and that it would sample all shots from one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from qmode_jupyter.simulation.noise import Noise
from qmode_jupyter.simulation.noise_dict import as_superoperator, channel_of, superoperator

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.circuit import CircuitInstruction

    from qmode_jupyter.simulation.flat_circuit import FlatCircuit

# Aer takes a density matrix for circuits of fewer qubits, and of fewer than log2(shots).
_TOO_MANY_QUBITS = 30
_TAKEN = frozenset({"delay", "reset", "quantum_channel"})


@dataclass(frozen=True, slots=True)
class SuperopCircuit:
    """A circuit with its errors in it.

    Attributes
    ----------
    circuit
        On the same qubits as the flat circuit; what no measurement depends on is left out, as Aer does.
    slots
        (instruction, parameter position) of the parameters that are left.
    columns
        Which of the flat circuit's slots they are.
    num_qubits
        How many qubits measurements depend on.
    """

    circuit: QuantumCircuit
    slots: tuple[tuple[int, int], ...]
    columns: tuple[int, ...]
    num_qubits: int

    def is_density_matrix(self, shots: int) -> bool:
        """Return whether Aer's automatic choice is the density matrix, for that many shots."""
        return self.num_qubits < _TOO_MANY_QUBITS and shots > 2**self.num_qubits


def with_superops(flat: FlatCircuit, noise: Noise) -> SuperopCircuit | None:
    """Return a circuit with its errors in it; None where that would not be simulated as the noise model is.

    Parameters
    ----------
    flat
        The circuit.
    noise
        The errors of the backend. There is one at least, of gates.
    """
    data = list(flat.circuit.data)
    if not _gates_then_measurements(data):
        return None
    index = {qubit: i for i, qubit in enumerate(flat.circuit.qubits)}
    kept, cone = _light_cone(data, index)
    column_of = {slot: column for column, slot in enumerate(flat.slots)}
    number_of = {id(instruction): number for number, instruction in enumerate(data)}
    on = [tuple(flat.qubits[index[q]] for q in instruction.qubits) for instruction in kept]
    labels = [instruction.operation.label or instruction.name for instruction in kept]
    noise.fetch(zip(labels, on, strict=True))
    errors = [noise.gate(label, qubits) for label, qubits in zip(labels, on, strict=True)]
    if any(e is not None and e.num_qubits != len(qubits) for e, qubits in zip(errors, on, strict=True)):
        return None
    writer = _Writer(flat.circuit)
    for instruction, error in zip(kept, errors, strict=True):
        number = number_of[id(instruction)]
        columns = {
            position: column_of[number, position]
            for position in range(len(instruction.params))
            if (number, position) in column_of
        }
        writer.write(instruction, error, columns)
    return SuperopCircuit(writer.circuit, tuple(writer.slots), tuple(writer.columns), len(cone))


class _Writer:
    """Writes the instructions of a circuit with their errors.

    Gates on one qubit that follow each other and have all their parameters become one superoperator:
    for few qubits a simulation's time is the number of its operations.
    """

    def __init__(self, like: QuantumCircuit) -> None:
        self.circuit = like.copy_empty_like()
        self.slots: list[tuple[int, int]] = []
        self.columns: list[int] = []
        self._waiting: dict[Any, list[tuple[CircuitInstruction, Any]]] = {}

    def write(self, instruction: CircuitInstruction, error: Any, columns: Mapping[int, int]) -> None:
        """Write an instruction with its error, if it has one, and say where its parameters come from."""
        channel = channel_of(instruction)
        if channel is None and not columns and _is_turn(instruction):
            self._waiting.setdefault(instruction.qubits[0], []).append((instruction, error))
            return
        for qubit in instruction.qubits:
            self._flush(qubit)
        if channel is not None:
            self.circuit._append(instruction.replace(operation=as_superoperator(channel)))
            return
        if error is not None and instruction.name == "measure":
            self._behind(instruction, error)
        for position, column in columns.items():
            self.slots.append((len(self.circuit.data), position))
            self.columns.append(column)
        self.circuit._append(instruction)
        if error is not None and instruction.name != "measure":
            self._behind(instruction, error)

    def _flush(self, qubit: Any) -> None:
        waiting = self._waiting.pop(qubit, [])
        if all(error is None for _, error in waiting):
            for instruction, _ in waiting:
                self.circuit._append(instruction)
            return
        product = np.eye(4, dtype=complex)
        for instruction, error in waiting:
            matrix = instruction.operation.to_matrix()
            product = np.kron(matrix.conj(), matrix) @ product
            if error is not None:
                product = as_superoperator(error).params[0] @ product
        self.circuit._append(waiting[0][0].replace(operation=superoperator(product)))

    def _behind(self, instruction: CircuitInstruction, error: Any) -> None:
        self.circuit._append(instruction.replace(operation=as_superoperator(error), clbits=()))


def _is_turn(instruction: CircuitInstruction) -> bool:
    """Return whether an instruction is a gate on one qubit, all of its parameters known."""
    return (
        instruction.is_standard_gate() and len(instruction.qubits) == 1 and not instruction.is_parameterized()
    )


def _gates_then_measurements(data: Sequence[CircuitInstruction]) -> bool:
    """Return whether nothing follows a measurement, and a density matrix takes all that is before."""
    from qiskit.circuit import Gate
    from qiskit_aer.backends.backend_utils import BASIS_GATES

    measured: set[Any] = set()
    gates = BASIS_GATES["density_matrix"]
    for instruction in data:
        operation = instruction.operation
        if not measured.isdisjoint(instruction.qubits):
            return False
        if operation.name == "measure":
            measured.update(instruction.qubits)
        elif operation.name not in _TAKEN and not (isinstance(operation, Gate) and operation.name in gates):
            return False
    return bool(measured)


def _light_cone(
    data: Sequence[CircuitInstruction], index: dict[Any, int]
) -> tuple[list[CircuitInstruction], set[int]]:
    """Return the instructions that a measurement depends on, and their qubits."""
    kept, cone = [], set[int]()
    for instruction in reversed(data):
        qubits = {index[q] for q in instruction.qubits}
        if instruction.name == "measure" or not cone.isdisjoint(qubits):
            cone |= qubits
            kept.append(instruction)
    return kept[::-1], cone
