"""A job on its way: packed in the notebook's process, simulated in a worker, joined and read there again.

`pack` and `unpack` need Qiskit only; Aer is imported in the workers.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.simulation.object_store import Parcels, Sketch, is_simulator
from qmode_jupyter.simulation.results import unpack as unpack
from qmode_jupyter.simulation.tasks import (
    EstimatorWork,
    Outcome,
    Pauli,
    Program,
    SamplerWork,
    SimulationOptions,
    Task,
    Work,
)
from qmode_jupyter.simulation.timing import JobTiming, charged_seconds
from qmode_jupyter.simulation.weight import long_run_note, weight_seconds
from qmode_jupyter.style.sentences import sentence

if TYPE_CHECKING:
    from qiskit.primitives.containers.estimator_pub import EstimatorPub
    from qiskit.primitives.containers.sampler_pub import SamplerPub
    from qiskit.providers import BackendV2

__all__ = ["Outcome", "SimulationOptions", "Task", "account", "join", "pack", "simulate", "unpack", "warm"]

# Between the seeds of an Estimator's PUBs: far more than the runs of one take.
_PUB_SEED_STEP = 2**45 + 59


def pack(
    program: Program,
    pubs: Sequence[SamplerPub] | Sequence[EstimatorPub],
    backend: BackendV2,
    options: SimulationOptions,
    parcels: Parcels,
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
    parcels
        Where circuits, backend and noise model are put.

    Raises
    ------
    IBMInputValueError
        An observable has letters other than I, X, Y and Z.
    """
    model, seed = options.noise_model, options.seed_simulator
    if is_simulator(backend):
        model = getattr(backend.options, "noise_model", None) if model is None else model
        seed = getattr(backend.options, "seed_simulator", None) if seed is None else seed
    seed = secrets.randbits(31) if seed is None else seed
    noisy = model is not None or not is_simulator(backend)
    sketches = [parcels.sketch(pub.circuit) for pub in pubs]
    works: list[Work] = []
    sets_before = 0
    for number, (pub, sketch) in enumerate(zip(pubs, sketches, strict=True)):
        values = _values(pub)
        if program == "sampler":
            work: Work = _sampler_work(number, pub, sketch, values, seed, sets_before, noisy)
        else:
            work = _estimator_work(number, pub, sketch, values, seed + _PUB_SEED_STEP * number, noisy)
        works.append(work)
        sets_before += len(values)
    qubits = frozenset[int]().union(*(sketch.qubits for sketch in sketches), *map(_measured_qubits, works))
    backend_key = parcels.backend(backend)
    noise_key = None if model is None else parcels.noise(model, qubits)
    keys = {sketch.key for sketch in sketches} | {backend_key} | ({noise_key} if noise_key else set())
    return Task(
        program=program,
        directory=parcels.directory,
        backend=backend_key,
        noise=noise_key,
        works=tuple(works),
        options=_without_model(options, seed),
        pubs_count=len(works),
        circuits_count=sets_before,
        note="" if options.dry_run else long_run_note(works, sketches, noisy),
        lease=parcels.hold(keys),
    )


def warm() -> None:
    """Make a worker ready: import what it needs and simulate for the first time."""
    from qiskit import QuantumCircuit, transpiler
    from qiskit_aer import AerSimulator

    from qmode_jupyter.simulation import aer
    from qmode_jupyter.simulation import estimator as estimating
    from qmode_jupyter.simulation import sampler as sampling

    del transpiler, estimating, sampling
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    ready = aer.assemble(circuit, (), {})
    values = np.zeros((1, 0))
    options = AerSimulator().options
    aer.execute([ready], [values], shots=1, seed=0, memory=True, options=options, overrides={})


def simulate(task: Task) -> Outcome:
    """Simulate a task; in a worker.

    Raises
    ------
    CircuitTooLargeError
        This machine's memory can't hold a circuit.
    SimulationFailedError
        Aer gave no result.
    """
    from qiskit.exceptions import QiskitError

    from qmode_jupyter.simulation.accounting import job_timing
    from qmode_jupyter.simulation.aer import SimulationFailedError
    from qmode_jupyter.simulation.backend import machine
    from qmode_jupyter.simulation.dry import made_up
    from qmode_jupyter.simulation.estimator import estimate, estimate_exactly
    from qmode_jupyter.simulation.sampler import sample

    place = machine(task.directory, task.backend, task.noise)
    begin = time.perf_counter()
    parts: list[Any] = []
    try:
        for work in task.works:
            if task.options.dry_run:
                parts.append(made_up(work))
            elif isinstance(work, SamplerWork):
                parts.append(sample(place, task.directory, work, task.options.threads))
            elif task.options.exact:
                parts.append(estimate_exactly(place, task.directory, work, task.options.threads))
            else:
                parts.append(estimate(place, task.directory, work, task.options.threads))
    except QiskitError as error:
        raise SimulationFailedError(f"It can't be simulated: {sentence(error.message)}") from None
    timing = job_timing(place, task, time.perf_counter() - begin)
    return Outcome(task.program, tuple(parts), timing, tuple(place.notes), task.options.dry_run)


def account(task: Task) -> JobTiming:
    """Return how long a task would hold a QPU, without simulating it; in a worker."""
    from qmode_jupyter.simulation.accounting import job_timing
    from qmode_jupyter.simulation.backend import machine

    return job_timing(machine(task.directory, task.backend, task.noise), task, 0.0)


def join(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome of a task from those of what it was split into."""
    first = outcomes[0]
    if len(outcomes) == 1:
        return first
    executing_s = sum(outcome.timing.executing_s for outcome in outcomes)
    timing = JobTiming(
        prep_s=first.timing.prep_s,
        qpu_s=charged_seconds(executing_s),
        overhead_s=first.timing.overhead_s,
        executions=sum(outcome.timing.executions for outcome in outcomes),
        executing_s=executing_s,
        simulated_s=sum(outcome.timing.simulated_s for outcome in outcomes),
        executing_of=tuple(share for outcome in outcomes for share in outcome.timing.executing_of),
    )
    notes = tuple(dict.fromkeys(note for outcome in outcomes for note in outcome.notes))
    parts = tuple(part for outcome in outcomes for part in outcome.parts)
    return Outcome(first.program, parts, timing, notes, first.dry_run)


def _values(pub: Any) -> NDArray[np.float64]:
    """Return a PUB's parameter values as an array (sets, parameters)."""
    parameters = pub.circuit.parameters
    values = pub.parameter_values.as_array(parameters)
    return np.ascontiguousarray(values, dtype=np.float64).reshape(pub.parameter_values.size, len(parameters))


def _sampler_work(
    number: int, pub: Any, sketch: Sketch, values: NDArray[np.float64], seed: int, index: int, noisy: bool
) -> SamplerWork:
    weight_s = weight_seconds(sketch, pub.shots, noisy)
    return SamplerWork(number, sketch.key, sketch.registers, values, pub.shots, 0, seed, index, weight_s)


def _estimator_work(
    number: int, pub: Any, sketch: Sketch, values: NDArray[np.float64], seed: int, noisy: bool
) -> EstimatorWork:
    paulis, observables = _sparse(pub.observables)
    sets, shape = pub.parameter_values.size, pub.observables.shape
    of_set = np.arange(sets).reshape(pub.parameter_values.shape)
    of_observable = np.arange(len(observables)).reshape(shape)
    of_set, of_observable = np.broadcast_arrays(of_set, of_observable)
    elements = np.stack([np.arange(of_set.size), of_set.ravel(), of_observable.ravel()], axis=1)
    shots = 1.0 / pub.precision**2 if pub.precision else 0.0
    weight_s = weight_seconds(sketch, shots, noisy) * max(1, round(len(paulis) ** 0.5))
    return EstimatorWork(
        number, sketch.key, values, paulis, observables, elements, pub.precision, 0, seed, sets, weight_s
    )


_LETTER = re.compile("[^I]")


def _sparse(array: Any) -> tuple[tuple[Pauli, ...], NDArray[np.float64]]:
    """Return the Pauli strings of an array of observables, and its coefficients (observables, strings)."""
    found: dict[Pauli, int] = {}
    terms: list[tuple[int, int, float]] = []
    flat = array.ravel()
    for row in range(flat.size):
        for label, coefficient in flat[row].items():
            letters = [(match.start(), match.group()) for match in _LETTER.finditer(label[::-1])]
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


def _measured_qubits(work: Work) -> Iterable[int]:
    if isinstance(work, SamplerWork):
        return ()
    return (qubit for _, qubits in work.paulis for qubit in qubits)


def _without_model(options: SimulationOptions, seed: int) -> SimulationOptions:
    return dataclasses.replace(options, noise_model=None, seed_simulator=seed)
