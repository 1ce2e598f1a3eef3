"""A wide circuit in parts that share no gate: each is simulated on its own.

Outcomes of qubits that never meet are independent of each other, with noise too as long as it stays
with the gate that it belongs to. So a circuit on all qubits of a device, most of which are only turned
and measured, costs no more than its largest part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

#: Circuits of fewer qubits are simulated whole, to the shot as Aer does.
SPLIT_FROM_QUBITS: Final = 13


@dataclass(frozen=True, slots=True)
class Part:
    """Some qubits of a circuit.

    Attributes
    ----------
    circuit
        As wide as the whole, with the instructions on these qubits only.
    columns
        Which of the whole's parameters are its own, in its order.
    clbits
        The classical bits that it writes, by their indices.
    read_once
        Nothing follows its measurements, and each is into another classical bit.
    """

    circuit: QuantumCircuit
    columns: tuple[int, ...]
    clbits: tuple[int, ...]
    read_once: bool

    def distinct(self, values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Return its distinct rows of parameter values, and which of them each set has."""
        mine = values[:, list(self.columns)]
        if not self.columns:
            return np.zeros((1, 0)), np.zeros(len(values), dtype=np.intp)
        rows, which = np.unique(mine, axis=0, return_inverse=True)
        return rows, which.reshape(-1)


def groups_of(circuit: QuantumCircuit) -> list[frozenset[int]]:
    """Return the qubits that a circuit touches, those together that share a gate or a classical bit.

    A circuit with control flow, or whose gates read classical bits, is one group.
    """
    index = {qubit: number for number, qubit in enumerate(circuit.qubits)}
    leader: dict[Any, Any] = {}

    def find(bit: Any) -> Any:
        while leader[bit] is not bit:
            leader[bit] = leader[leader[bit]]
            bit = leader[bit]
        return bit

    whole = circuit.has_control_flow_op() or circuit.num_vars or circuit.num_stretches
    first: Any = None
    for instruction in circuit.data:
        if instruction.name == "barrier":
            continue
        bits = (*instruction.qubits, *instruction.clbits)
        if whole or (instruction.clbits and instruction.name != "measure"):
            whole = True
            bits = bits if first is None else (first, *bits)
        for bit in bits:
            leader.setdefault(bit, bit)
        first = bits[0] if first is None and bits else first
        for bit in bits[1:]:
            leader[find(bit)] = find(bits[0])
    found: dict[Any, set[int]] = {}
    for bit in leader:
        if bit in index:
            key = None if whole else find(bit)
            found.setdefault(key, set()).add(index[bit])
    return [frozenset(group) for group in found.values()]


def widest(circuit: QuantumCircuit) -> int:
    """Return how many qubits of a circuit have to be simulated together."""
    groups = groups_of(circuit)
    touched = sum(map(len, groups))
    return max(map(len, groups), default=0) if touched >= SPLIT_FROM_QUBITS else touched


def parts_of(circuit: QuantumCircuit) -> tuple[Part, ...]:
    """Return the parts of a wide circuit that write a classical bit; () for one that is simulated whole."""
    groups = groups_of(circuit)
    if len(groups) < 2 or sum(map(len, groups)) < SPLIT_FROM_QUBITS:
        return ()
    number_of = {qubit: number for number, group in enumerate(groups) for qubit in group}
    index = {qubit: position for position, qubit in enumerate(circuit.qubits)}
    data: list[list[Any]] = [[] for _ in groups]
    for instruction in circuit.data:
        if instruction.name != "barrier" and instruction.qubits:
            data[number_of[index[instruction.qubits[0]]]].append(instruction)
    order = {parameter: column for column, parameter in enumerate(circuit.parameters)}
    bits = {bit: position for position, bit in enumerate(circuit.clbits)}
    return tuple(_part(circuit, mine, order, bits) for mine in data if _writes(mine))


def _writes(instructions: Iterable[Any]) -> bool:
    return any(instruction.clbits for instruction in instructions)


def _part(circuit: QuantumCircuit, instructions: Sequence[Any], order: Any, bits: Any) -> Part:
    from qiskit import QuantumCircuit

    clbits = sorted({bits[bit] for instruction in instructions for bit in instruction.clbits})
    part = QuantumCircuit(circuit.qubits, [circuit.clbits[bit] for bit in clbits], name=circuit.name)
    for instruction in instructions:
        part.append(instruction)
    columns = tuple(order[parameter] for parameter in part.parameters)
    return Part(part, columns, tuple(clbits), _is_read_once(instructions))


def _is_read_once(instructions: Iterable[Any]) -> bool:
    read: set[Any] = set()
    for instruction in instructions:
        bits = {*instruction.qubits, *instruction.clbits}
        if not read.isdisjoint(bits):
            return False
        if instruction.clbits:
            read |= bits
    return True
