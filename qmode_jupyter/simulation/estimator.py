"""An Estimator's PUB in a worker: Pauli strings are measured in their bases, and the values estimated.

A value's standard error is that of the sums of strings, shot by shot, within each basis; the bases are
independent of each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.simulation.aer import Run
from qmode_jupyter.simulation.compiled import CompiledCircuits
from qmode_jupyter.simulation.pauli_bases import Measurements, measurements, shots_for, unmeasured
from qmode_jupyter.simulation.probabilities import draw
from qmode_jupyter.simulation.tasks import EstimatedPub, PackedEstimatorPub, Pauli

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qmode_jupyter.simulation.backend import SimulatedBackend


def estimate(backend: SimulatedBackend, pub: PackedEstimatorPub, threads: int) -> EstimatedPub:
    """Estimate the values of one PUB, or those of some of its sets of parameter values."""
    shots = shots_for(pub.precision)
    evs, variances = _constants(pub), np.zeros(len(pub.elements))
    for sets, measured in measurements(backend, pub):
        for number, seen in enumerate(_measure(measured, pub, sets, shots, threads)):
            members = list(measured.bases[number].members)
            for a_set, (outcomes, times) in zip(sets, seen, strict=True):
                rows = np.flatnonzero(pub.elements[:, 1] == a_set)
                coefficients = pub.observables[pub.elements[rows, 2]][:, members]
                mean, variance = moments(outcomes, times, measured.masks[number], coefficients)
                evs[rows] += mean
                variances[rows] += variance / shots
    return EstimatedPub(pub.number, pub.elements[:, 0].copy(), evs, np.sqrt(variances), shots)


def estimate_exactly(backend: SimulatedBackend, pub: PackedEstimatorPub, threads: int) -> EstimatedPub:
    """Return the expectation values themselves, the backend's noise included.

    Raises
    ------
    IBMInputValueError
        The circuit measures and goes on: what it does then is a matter of chance.
    """
    evs = _constants(pub)
    used = tuple(i for i in np.flatnonzero(np.any(pub.observables != 0, axis=0)).tolist() if pub.paulis[i][0])
    key = ("exact", pub.circuit_key, pub.paulis, used)
    compiled, method = backend.cache.get_or_make(
        key, lambda: _compiled_exactly(backend, backend.fetch_circuit(pub.circuit_key), pub.paulis, used)
    )
    if used and len(pub.values):
        runs = compiled.run(
            pub.values, shots=1, seed=0, index=0, memory=False, threads=threads, method=method
        )
        values = np.array([[run.data[f"p{i}"] for i in used] for run in runs])
        of_element = values[pub.elements[:, 1] - pub.first_set]
        evs += np.einsum("ep,ep->e", pub.observables[pub.elements[:, 2]][:, list(used)], of_element)
    return EstimatedPub(pub.number, pub.elements[:, 0].copy(), evs, np.zeros(len(evs)), 0)


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


def _constants(pub: PackedEstimatorPub) -> NDArray[np.float64]:
    """Return what the identity adds to each value."""
    identity = [i for i, (string, _) in enumerate(pub.paulis) if not string]
    constants: NDArray[np.float64] = pub.observables[:, identity].sum(axis=1)[pub.elements[:, 2]]
    return constants


#: The outcomes that are seen, as an array (outcomes, words), and how often each is.
_Seen = tuple[NDArray[np.uint64], NDArray[np.float64]]


def _measure(
    measured: Measurements, pub: PackedEstimatorPub, sets: Sequence[int], shots: int, threads: int
) -> list[list[_Seen]]:
    """Return for each basis, for each of the sets, which outcomes are seen and how often.

    The random numbers of each depend on the PUB's seed, the basis and the set alone.
    """
    if not measured.bases:
        return []
    rows = pub.values[[a_set - pub.first_set for a_set in sets]]
    distributions = measured.compiled.distributions(rows, shots=shots, threads=threads)
    if distributions is None:
        return _measure_shot_by_shot(measured, pub, sets, shots, threads)
    seed = pub.seed % 2**64
    return [
        [
            _drawn(draw(row, shots, (seed, number * pub.sets + a_set)), len(measured.bases[number].letters))
            for a_set, row in zip(sets, of_basis, strict=True)
        ]
        for number, of_basis in enumerate(distributions)
    ]


def _drawn(times: NDArray[np.int64], digits: int) -> _Seen:
    """Return the outcomes that are seen in so many of the highest binary digits."""
    seen = np.flatnonzero(times)
    below = len(times).bit_length() - 1 - digits  # what the circuit measures by itself
    return (seen >> below).astype(np.uint64)[:, None], times[seen].astype(np.float64)


def _measure_shot_by_shot(
    measured: Measurements, pub: PackedEstimatorPub, sets: Sequence[int], shots: int, threads: int
) -> list[list[_Seen]]:
    by_basis: list[list[_Seen]] = []
    for number, basis in enumerate(measured.bases):
        offset = len(measured.circuits[number].clbits) - len(basis.letters)
        runs: list[Run] = []
        for start, stop in _stretches(sets):
            runs += measured.compiled.run(
                pub.values[start - pub.first_set : stop - pub.first_set],
                shots=shots,
                seed=pub.seed,
                index=number * pub.sets + start,
                memory=False,
                threads=threads,
                which=number,
            )
        by_basis.append([_counted(run.counts, offset, measured.masks[number].shape[1]) for run in runs])
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


def _compiled_exactly(
    backend: SimulatedBackend, circuit: QuantumCircuit, paulis: Sequence[Pauli], used: Sequence[int]
) -> tuple[CompiledCircuits, str | None]:
    """Return the circuit with expectation values saved at its end, and Aer's method for it."""
    from qiskit.quantum_info import Pauli as QiskitPauli
    from qiskit_aer.library import SaveExpectationValue

    circuit = unmeasured(circuit)
    names = circuit.count_ops()
    if "measure" in names or any(getattr(i.operation, "blocks", ()) for i in circuit.data):
        raise IBMInputValueError(
            "exact=True needs a circuit without measurements and control flow;"
            " leave it out to have them sampled."
        )
    ended = backend.runnable(circuit).copy()
    for number in used:
        string, qubits = paulis[number]
        # Qiskit writes the highest qubit first.
        operator = QiskitPauli(string[::-1])
        ended.append(SaveExpectationValue(operator, label=f"p{number}"), list(qubits))
    mixed = backend.noise is not None or backend.noise_model is not None or "reset" in names
    return CompiledCircuits(backend, [ended]), "density_matrix" if mixed else None
