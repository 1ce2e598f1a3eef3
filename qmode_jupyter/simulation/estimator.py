"""An Estimator's PUB in a worker: measure Pauli strings in as few bases as commute qubit by qubit.

As on a QPU: each basis is measured with ``ceil(1/precision^2)`` shots, and every string that the
basis shows is estimated from the same shots. A value's standard error is that of the sums of
strings, shot by shot, within each basis; the bases are independent of each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.simulation.aer import Run
from qmode_jupyter.simulation.compiled import Programs
from qmode_jupyter.simulation.object_store import fetch
from qmode_jupyter.simulation.probabilities import draw
from qmode_jupyter.simulation.tasks import EstimatorPart, EstimatorWork, Pauli

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qmode_jupyter.simulation.backend import Machine


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
    """The bases of a circuit's observables, with a circuit for each.

    Parameters
    ----------
    machine
        What they run on.
    circuit
        The PUB's.
    paulis, wanted
        The PUB's strings, and which of them are to be measured.
    """

    def __init__(
        self, machine: Machine, circuit: QuantumCircuit, paulis: Sequence[Pauli], wanted: Sequence[int]
    ) -> None:
        self.bases = group(paulis, wanted)
        self._machine = machine
        self._circuit = circuit
        self._paulis = paulis

    @cached_property
    def circuits(self) -> list[QuantumCircuit]:
        """The circuit, turned into each basis and measured there."""
        return [measured(self._machine, self._circuit, basis) for basis in self.bases]

    @cached_property
    def programs(self) -> Programs:
        """All of them, ready to run."""
        ready, circuits = self._machine.runnable(self._circuit), self.circuits
        if ready is not self._circuit:  # translated once, not in each basis
            circuits = [measured(self._machine, ready, basis) for basis in self.bases]
        return Programs(self._machine, circuits)

    @cached_property
    def masks(self) -> list[NDArray[np.uint64]]:
        """For each basis an array (strings, words): the bits of each of its strings, 64 in a word."""
        masks = []
        for basis in self.bases:
            position = {qubit: i for i, (qubit, _) in enumerate(basis.letters)}
            mask = np.zeros((len(basis.members), _words(len(position))), dtype=np.uint64)
            for row, member in enumerate(basis.members):
                for qubit in self._paulis[member][1]:
                    word, bit = divmod(position[qubit], 64)
                    mask[row, word] |= np.uint64(1 << bit)
            masks.append(mask)
        return masks


def measured(machine: Machine, circuit: QuantumCircuit, basis: Basis) -> QuantumCircuit:
    """Return the circuit with a basis measured at its end; the basis' qubits are its last classical bits."""
    from qiskit import ClassicalRegister

    register = ClassicalRegister(len(basis.letters), "basis")
    whole = circuit.copy_empty_like()
    whole.add_register(register)
    for instruction in circuit.data:
        whole._append(instruction)
    for bit, (qubit, letter) in zip(register, basis.letters, strict=True):
        for operation in machine.rotation(letter, qubit):
            whole.append(operation, [qubit])
        whole.measure(qubit, bit)
    return whole


def measurements(
    machine: Machine, directory: str, work: EstimatorWork
) -> list[tuple[tuple[int, ...], Measurements]]:
    """Return what to measure: sets of parameter values (of the whole PUB), and how to measure them."""
    of_set: dict[int, set[int]] = {}
    for _, number, observable in work.elements.tolist():
        of_set.setdefault(number, set()).add(observable)
    alike: dict[frozenset[int], list[int]] = {}
    for number, observables in sorted(of_set.items()):
        alike.setdefault(frozenset(observables), []).append(number)
    found = []
    for together, sets in alike.items():
        used = np.any(work.observables[sorted(together)] != 0, axis=0)
        wanted = tuple(i for i in np.flatnonzero(used).tolist() if work.paulis[i][0])
        key = ("estimator", work.circuit, work.paulis, wanted)
        make = partial(_measurements, machine, directory, work.circuit, work.paulis, wanted)
        found.append((tuple(sets), machine.made.get_or_make(key, make)))
    return found


def _measurements(
    machine: Machine, directory: str, circuit: str, paulis: Sequence[Pauli], wanted: Sequence[int]
) -> Measurements:
    return Measurements(machine, fetch(directory, circuit), paulis, wanted)


def estimate(machine: Machine, directory: str, work: EstimatorWork, threads: int) -> EstimatorPart:
    """Estimate the values of one PUB, or those of some of its sets of parameter values."""
    shots = shots_for(work.precision)
    evs, variances = _constants(work), np.zeros(len(work.elements))
    for sets, ready in measurements(machine, directory, work):
        for number, seen in enumerate(_look(ready, work, sets, shots, threads)):
            members = list(ready.bases[number].members)
            for a_set, (outcomes, times) in zip(sets, seen, strict=True):
                rows = np.flatnonzero(work.elements[:, 1] == a_set)
                coefficients = work.observables[work.elements[rows, 2]][:, members]
                mean, variance = moments(outcomes, times, ready.masks[number], coefficients)
                evs[rows] += mean
                variances[rows] += variance / shots
    return EstimatorPart(work.pub, work.elements[:, 0].copy(), evs, np.sqrt(variances), shots)


def estimate_exactly(machine: Machine, directory: str, work: EstimatorWork, threads: int) -> EstimatorPart:
    """Return the expectation values themselves, the backend's noise included.

    Raises
    ------
    IBMInputValueError
        The circuit measures: what it does then is a matter of chance.
    """
    evs = _constants(work)
    used = tuple(
        i for i in np.flatnonzero(np.any(work.observables != 0, axis=0)).tolist() if work.paulis[i][0]
    )
    key = ("exact", work.circuit, work.paulis, used)
    programs, method = machine.made.get_or_make(
        key, lambda: _exact_programs(machine, fetch(directory, work.circuit), work.paulis, used)
    )
    if used and len(work.values):
        runs = programs.run(
            work.values, shots=1, seed=0, index=0, memory=False, threads=threads, method=method
        )
        values = np.array([[run.data[f"p{i}"] for i in used] for run in runs])
        of_element = values[work.elements[:, 1] - work.first]
        evs += np.einsum("ep,ep->e", work.observables[work.elements[:, 2]][:, list(used)], of_element)
    return EstimatorPart(work.pub, work.elements[:, 0].copy(), evs, np.zeros(len(evs)), 0)


def moments(
    outcomes: NDArray[np.uint64],
    times: NDArray[np.float64],
    masks: NDArray[np.uint64],
    coefficients: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and variance, over shots, of sums of Pauli strings.

    Parameters
    ----------
    outcomes
        Array (outcomes, words): what was seen, 64 bits in a word.
    times
        Array (outcomes): how often.
    masks
        Array (strings, words): which bits each string is the parity of.
    coefficients
        Array (sums, strings).

    Returns
    -------
    mean, variance
        Arrays (sums).
    """
    weights = times / times.sum()
    signs = 1.0 - 2.0 * _parity(outcomes[:, None, :] & masks[None, :, :])
    sums = signs @ coefficients.T
    mean = weights @ sums
    return mean, np.maximum(weights @ sums**2 - mean**2, 0.0)


def _parity(words: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Return 1 where the words along the last axis have an odd number of set bits, else 0."""
    odd: NDArray[np.uint8] = np.bitwise_count(np.bitwise_xor.reduce(words, axis=-1)) & np.uint8(1)
    return odd


def _words(bits: int) -> int:
    return max(1, -(-bits // 64))


def _constants(work: EstimatorWork) -> NDArray[np.float64]:
    """Return what the identity adds to each value."""
    identity = [i for i, (string, _) in enumerate(work.paulis) if not string]
    constants: NDArray[np.float64] = work.observables[:, identity].sum(axis=1)[work.elements[:, 2]]
    return constants


_Seen = tuple[NDArray[np.uint64], NDArray[np.float64]]


def _look(
    ready: Measurements, work: EstimatorWork, sets: Sequence[int], shots: int, threads: int
) -> list[list[_Seen]]:
    """Return for each basis, for each of the sets, which outcomes are seen and how often.

    The random numbers of each depend on the PUB's seed, the basis and the set alone.
    """
    if not ready.bases:
        return []
    rows = work.values[[a_set - work.first for a_set in sets]]
    distributions = ready.programs.distributions(rows, shots=shots, threads=threads)
    if distributions is None:
        return _run(ready, work, sets, shots, threads)
    seed = work.seed % 2**64
    return [
        [
            _drawn(draw(row, shots, (seed, number * work.sets + a_set)), len(ready.bases[number].letters))
            for a_set, row in zip(sets, of_basis, strict=True)
        ]
        for number, of_basis in enumerate(distributions)
    ]


def _drawn(times: NDArray[np.int64], digits: int) -> _Seen:
    """Return the outcomes that are seen in so many of the highest binary digits."""
    seen = np.flatnonzero(times)
    below = len(times).bit_length() - 1 - digits  # what the circuit measures by itself
    return (seen >> below).astype(np.uint64)[:, None], times[seen].astype(np.float64)


def _run(
    ready: Measurements, work: EstimatorWork, sets: Sequence[int], shots: int, threads: int
) -> list[list[_Seen]]:
    """Do the same by simulating shot by shot."""
    by_basis: list[list[_Seen]] = []
    for number, basis in enumerate(ready.bases):
        offset = len(ready.circuits[number].clbits) - len(basis.letters)
        runs: list[Run] = []
        for start, stop in _stretches(sets):
            runs += ready.programs.run(
                work.values[start - work.first : stop - work.first],
                shots=shots,
                seed=work.seed,
                index=number * work.sets + start,
                memory=False,
                threads=threads,
                which=number,
            )
        by_basis.append([_counted(run.counts, offset, ready.masks[number].shape[1]) for run in runs])
    return by_basis


def _counted(counts: Mapping[str, int], offset: int, words: int) -> _Seen:
    """Return the outcomes that are seen in some classical bits, from the lowest on."""
    limit = (1 << (64 * words)) - 1
    data = b"".join(
        ((int(outcome, 16) >> offset) & limit).to_bytes(8 * words, "little") for outcome in counts
    )
    outcomes = np.frombuffer(data, dtype="<u8").reshape(len(counts), words)
    return outcomes, np.fromiter(counts.values(), dtype=np.float64, count=len(counts))


def _stretches(sets: Sequence[int]) -> list[tuple[int, int]]:
    """Return [start, stop) of each stretch of consecutive numbers."""
    edges = [i for i in range(1, len(sets)) if sets[i] != sets[i - 1] + 1]
    return [(sets[a], sets[b - 1] + 1) for a, b in zip([0, *edges], [*edges, len(sets)], strict=True)]


def _exact_programs(
    machine: Machine, circuit: QuantumCircuit, paulis: Sequence[Pauli], used: Sequence[int]
) -> tuple[Programs, str | None]:
    from qiskit.quantum_info import Pauli as QiskitPauli
    from qiskit_aer.library import SaveExpectationValue

    names = circuit.count_ops()
    if "measure" in names or any(getattr(i.operation, "blocks", ()) for i in circuit.data):
        raise IBMInputValueError(
            "exact=True needs a circuit without measurements and control flow;"
            " leave it out to have them sampled."
        )
    whole = machine.runnable(circuit).copy()
    for number in used:
        string, qubits = paulis[number]
        # Qiskit writes the highest qubit first.
        operator = QiskitPauli(string[::-1])
        whole.append(SaveExpectationValue(operator, label=f"p{number}"), list(qubits))
    mixed = machine.noise is not None or machine.whole is not None or "reset" in names
    return Programs(machine, [whole]), "density_matrix" if mixed else None
