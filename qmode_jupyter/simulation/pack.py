"""A job on its way out: PUBs, backend and options as a task for the workers.

It needs Qiskit only; Aer is imported in the workers.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.simulation.object_store import ObjectStore, StoredCircuit, is_aer
from qmode_jupyter.simulation.tasks import (
    PackedEstimatorPub,
    PackedPub,
    PackedSamplerPub,
    Pauli,
    Program,
    SimulationOptions,
    Task,
)

if TYPE_CHECKING:
    from qiskit.primitives.containers.estimator_pub import EstimatorPub
    from qiskit.primitives.containers.sampler_pub import SamplerPub
    from qiskit.providers import BackendV2

#: Between the seeds of an Estimator's PUBs: far more than the runs of one take.
_PUB_SEED_STEP: Final = 2**45 + 59
_NO_IDENTITY: Final = re.compile("[^I]")


def pack(
    program: Program,
    pubs: Sequence[SamplerPub] | Sequence[EstimatorPub],
    backend: BackendV2,
    options: SimulationOptions,
    store: ObjectStore,
) -> Task:
    """Return a job as it goes to a worker; in the notebook's process, and cheap.

    Parameters
    ----------
    program
        "sampler" or "estimator".
    pubs
        Valid PUBs, on circuits that the backend takes.
    backend
        Any `BackendV2`.
    options
        How to simulate. Without a `seed_simulator` a simulator's own counts, else one by chance.
    store
        Where circuits, backend and noise model are put.

    Raises
    ------
    IBMInputValueError
        An observable has letters other than I, X, Y and Z.
    """
    model, seed = options.noise_model, options.seed_simulator
    if is_aer(backend):
        model = getattr(backend.options, "noise_model", None) if model is None else model
        seed = getattr(backend.options, "seed_simulator", None) if seed is None else seed
    seed = secrets.randbits(31) if seed is None else seed
    noisy = model is not None or not is_aer(backend)
    circuits = [store.put_circuit(pub.circuit) for pub in pubs]
    packed: list[PackedPub] = []
    sets_before = 0
    for number, (pub, circuit) in enumerate(zip(pubs, circuits, strict=True)):
        values = _values(pub)
        if program == "estimator":
            pub_seed = seed + _PUB_SEED_STEP * number
            packed.append(_estimator_pub(number, pub, circuit, values, pub_seed, noisy))
        else:
            packed.append(_sampler_pub(number, pub, circuit, values, seed, sets_before, noisy))
        sets_before += len(values)
    qubits = frozenset[int]().union(*(circuit.qubits for circuit in circuits), *map(_measured_qubits, packed))
    backend_key = store.put_backend(backend)
    noise_key = None if model is None else store.put_noise_model(model, qubits)
    keys = {circuit.key for circuit in circuits} | {backend_key} | ({noise_key} if noise_key else set())
    return Task(
        program=program,
        directory=store.directory,
        backend_key=backend_key,
        noise_key=noise_key,
        pubs=tuple(packed),
        options=dataclasses.replace(options, noise_model=None, seed_simulator=seed),
        job_pubs=len(packed),
        instructions=sum(circuit.size for circuit in circuits),
        note="" if options.dry_run else _long_run_note(packed, circuits, noisy),
        pin=store.pin(keys),
    )


def _values(pub: Any) -> NDArray[np.float64]:
    """Return a PUB's parameter values as an array (sets, parameters)."""
    parameters = pub.circuit.parameters
    values = pub.parameter_values.as_array(parameters)
    return np.ascontiguousarray(values, dtype=np.float64).reshape(pub.parameter_values.size, len(parameters))


def _sampler_pub(
    number: int,
    pub: Any,
    circuit: StoredCircuit,
    values: NDArray[np.float64],
    seed: int,
    index: int,
    noisy: bool,
) -> PackedSamplerPub:
    expected_s = expected_seconds(circuit, pub.shots, noisy)
    return PackedSamplerPub(
        number, circuit.key, circuit.registers, values, pub.shots, 0, seed, index, expected_s
    )


def _estimator_pub(
    number: int, pub: Any, circuit: StoredCircuit, values: NDArray[np.float64], seed: int, noisy: bool
) -> PackedEstimatorPub:
    paulis, observables = _sparse(pub.observables)
    sets, shape = pub.parameter_values.size, pub.observables.shape
    of_set = np.arange(sets).reshape(pub.parameter_values.shape)
    of_observable = np.arange(len(observables)).reshape(shape)
    of_set, of_observable = np.broadcast_arrays(of_set, of_observable)
    elements = np.stack([np.arange(of_set.size), of_set.ravel(), of_observable.ravel()], axis=1)
    shots = 1.0 / pub.precision**2 if pub.precision else 0.0
    expected_s = expected_seconds(circuit, shots, noisy) * max(1, round(len(paulis) ** 0.5))
    return PackedEstimatorPub(
        number, circuit.key, values, paulis, observables, elements, pub.precision, 0, seed, sets, expected_s
    )


def _sparse(array: Any) -> tuple[tuple[Pauli, ...], NDArray[np.float64]]:
    """Return the Pauli strings of an array of observables, and its coefficients (observables, strings)."""
    found: dict[Pauli, int] = {}
    terms: list[tuple[int, int, float]] = []
    flat = array.ravel()
    for row in range(flat.size):
        for label, coefficient in flat[row].items():
            letters = [(match.start(), match.group()) for match in _NO_IDENTITY.finditer(label[::-1])]
            string = "".join(letter for _, letter in letters)
            if string.strip("XYZ"):
                raise IBMInputValueError(
                    f"An observable is made of the letters I, X, Y and Z; {label!r} is not."
                )
            pauli = (string, tuple(qubit for qubit, _ in letters))
            terms.append((row, found.setdefault(pauli, len(found)), float(np.real(coefficient))))
    coefficients = np.zeros((flat.size, len(found)))
    for row, column, coefficient in terms:
        coefficients[row, column] += coefficient
    return tuple(found), coefficients


def _measured_qubits(pub: PackedPub) -> Iterable[int]:
    if isinstance(pub, PackedSamplerPub):
        return ()
    return (qubit for _, qubits in pub.paulis for qubit in qubits)


# ---- about how long a circuit takes to simulate: to share work out, and to warn before a long wait

# Seconds, measured on one core of 2025; other machines differ by a factor of two or so.
_CALL_S: Final = 1e-3
_SHOT_S: Final = 2e-7
_OPERATION_S: Final = 2e-6
_AMPLITUDE_S: Final = 2e-9
_NOISY_AMPLITUDE_S: Final = 5e-9
# From so many qubits on Aer fuses the gates of a trajectory.
_FUSED_FROM_QUBITS: Final = 14
_FUSED_AMPLITUDE_S: Final = 1.5e-9
# A person is told before a simulation that would take longer than this.
_NOTEWORTHY_S: Final = 5.0
# What would take longer than this fits in no memory here either, and its error says more.
_HOPELESS_S: Final = 14 * 86_400.0


def expected_seconds(circuit: StoredCircuit, shots: float, noisy: bool) -> float:
    """Return about how many seconds one core takes for so many shots of a circuit."""
    qubits, size = circuit.widest, circuit.size
    if not noisy:
        return _CALL_S + shots * _SHOT_S + size * (_OPERATION_S + _AMPLITUDE_S * 2.0**qubits)
    if shots > 2.0**qubits:  # a density matrix
        return _CALL_S + shots * _SHOT_S + size * (_OPERATION_S + _NOISY_AMPLITUDE_S * 4.0**qubits)
    amplitude_s = _NOISY_AMPLITUDE_S if qubits < _FUSED_FROM_QUBITS else _FUSED_AMPLITUDE_S
    return _CALL_S + shots * size * (_OPERATION_S + amplitude_s * 2.0**qubits)


def _long_run_note(pubs: Sequence[PackedPub], circuits: Sequence[StoredCircuit], noisy: bool) -> str:
    """Return one line to show before a simulation that will take long; "" for any other."""
    seconds = sum(pub.expected_s * len(pub.values) for pub in pubs)
    if not _NOTEWORTHY_S <= seconds < _HOPELESS_S:
        return ""
    qubits = max(circuit.widest for circuit in circuits)
    how = "with noise, shot by shot," if noisy else "exactly"
    return f"Simulating {qubits} qubits {how} takes about {_duration(seconds)} of one core here."


def _duration(seconds: float) -> str:
    for unit, size in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
