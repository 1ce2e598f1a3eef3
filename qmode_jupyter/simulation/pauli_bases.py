"""The bases in which an Estimator's PUB is measured: as few as commute qubit by qubit.

As on a QPU: each basis is measured with ``ceil(1/precision^2)`` shots, and every string that the basis
shows is estimated from the same shots.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qmode_jupyter.simulation.compiled import CompiledCircuits
from qmode_jupyter.simulation.tasks import PackedEstimatorPub, Pauli

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qmode_jupyter.simulation.backend import SimulatedBackend


@dataclass(frozen=True, slots=True)
class Basis:
    """One way to measure: a letter X, Y or Z for each of some qubits, and the strings that it shows."""

    letters: tuple[tuple[int, str], ...]
    members: tuple[int, ...]


def shots_for(precision: float) -> int:
    """Return the shots that give a Pauli string this standard error at the most."""
    return math.ceil(1.0 / precision**2)


def group(paulis: Sequence[Pauli], wanted: Sequence[int]) -> tuple[Basis, ...]:
    """Return bases that show all of the wanted strings.

    Strings go, the longest first, into the first basis that they fit: qubit by qubit they have the
    same letter, or one of them has none.
    """
    letters: list[dict[int, str]] = []
    members: list[list[int]] = []
    for number in sorted(wanted, key=lambda i: (-len(paulis[i][0]), paulis[i])):
        string, qubits = paulis[number]
        mine = dict(zip(qubits, string, strict=True))
        for there, group_members in zip(letters, members, strict=True):
            if all(there.get(qubit, letter) == letter for qubit, letter in mine.items()):
                there.update(mine)
                group_members.append(number)
                break
        else:
            letters.append(mine)
            members.append([number])
    return tuple(
        Basis(tuple(sorted(there.items())), tuple(group_members))
        for there, group_members in zip(letters, members, strict=True)
    )


class Measurements:
    """How some Pauli strings are measured on a circuit: their bases, with a circuit for each.

    Parameters
    ----------
    backend
        What they run on.
    circuit
        The PUB's.
    paulis, wanted
        The PUB's strings, and which of them are to be measured.
    """

    def __init__(
        self,
        backend: SimulatedBackend,
        circuit: QuantumCircuit,
        paulis: Sequence[Pauli],
        wanted: Sequence[int],
    ) -> None:
        self.bases = group(paulis, wanted)
        self._backend = backend
        self._circuit = circuit
        self._paulis = paulis

    @cached_property
    def circuits(self) -> list[QuantumCircuit]:
        """The circuit, turned into each basis and measured there."""
        return [_measured(self._backend, self._circuit, basis) for basis in self.bases]

    @cached_property
    def compiled(self) -> CompiledCircuits:
        """All of them, ready to run."""
        runnable, circuits = self._backend.runnable(self._circuit), self.circuits
        if runnable is not self._circuit:  # translated once, not in each basis
            circuits = [_measured(self._backend, runnable, basis) for basis in self.bases]
        return CompiledCircuits(self._backend, circuits)

    @cached_property
    def masks(self) -> list[NDArray[np.uint64]]:
        """For each basis an array (strings, words): the bits of each of its strings, 64 in a word."""
        masks = []
        for basis in self.bases:
            bit_of = {qubit: i for i, (qubit, _) in enumerate(basis.letters)}
            mask = np.zeros((len(basis.members), max(1, -(-len(bit_of) // 64))), dtype=np.uint64)
            for row, member in enumerate(basis.members):
                for qubit in self._paulis[member][1]:
                    word, bit = divmod(bit_of[qubit], 64)
                    mask[row, word] |= np.uint64(1 << bit)
            masks.append(mask)
        return masks


def _measured(backend: SimulatedBackend, circuit: QuantumCircuit, basis: Basis) -> QuantumCircuit:
    """Return the circuit with a basis measured at its end; the basis' qubits are its last classical bits."""
    from qiskit import ClassicalRegister

    register = ClassicalRegister(len(basis.letters), "basis")
    measured = circuit.copy_empty_like()
    measured.add_register(register)
    for instruction in circuit.data:
        measured._append(instruction)
    for bit, (qubit, letter) in zip(register, basis.letters, strict=True):
        for operation in backend.rotation(letter, qubit):
            measured.append(operation, [qubit])
        measured.measure(qubit, bit)
    return measured


def measurements(
    backend: SimulatedBackend, pub: PackedEstimatorPub
) -> list[tuple[tuple[int, ...], Measurements]]:
    """Return what to measure: sets of parameter values (of all the PUB's), and how to measure them."""
    of_set: dict[int, set[int]] = {}
    for _, number, observable in pub.elements.tolist():
        of_set.setdefault(number, set()).add(observable)
    alike: dict[frozenset[int], list[int]] = {}
    for number, observables in sorted(of_set.items()):
        alike.setdefault(frozenset(observables), []).append(number)
    found = []
    for together, sets in alike.items():
        used = np.any(pub.observables[sorted(together)] != 0, axis=0)
        wanted = tuple(i for i in np.flatnonzero(used).tolist() if pub.paulis[i][0])
        key = ("estimator", pub.circuit_key, pub.paulis, wanted)
        make = partial(_measurements, backend, pub, wanted)
        found.append((tuple(sets), backend.cache.get_or_make(key, make)))
    return found


def _measurements(backend: SimulatedBackend, pub: PackedEstimatorPub, wanted: Sequence[int]) -> Measurements:
    circuit = unmeasured(backend.fetch_circuit(pub.circuit_key))
    return Measurements(backend, circuit, pub.paulis, wanted)


def unmeasured(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return a circuit without the measurements that end it: an Estimator takes its own (SEMANTICS P6)."""
    used: set[Any] = set()
    kept = []
    for instruction in reversed(circuit.data):
        name, bits = instruction.name, {*instruction.qubits, *instruction.clbits}
        measures = name.startswith("measure") and not name.startswith("measure_reset")
        if measures and used.isdisjoint(bits):
            continue
        if name != "barrier":
            used |= bits
        kept.append(instruction)
    if len(kept) == len(circuit.data):
        return circuit
    ended = circuit.copy_empty_like()
    for instruction in reversed(kept):
        ended._append(instruction)
    return ended
