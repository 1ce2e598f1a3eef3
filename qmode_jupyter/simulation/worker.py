"""What a worker does with a task: it simulates it, or only finds out what it asks of a QPU."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from qmode_jupyter.cost.work import Run, Work
from qmode_jupyter.simulation.memory import out_of_memory
from qmode_jupyter.simulation.tasks import (
    EstimatedPub,
    PackedPub,
    PackedSamplerPub,
    SampledPub,
    Task,
    TaskResult,
)
from qmode_jupyter.simulation.timing import circuit_seconds
from qmode_jupyter.style.sentences import sentence

# Aer, and what imports it, is imported inside: the notebook's process imports this module too.
if TYPE_CHECKING:
    from qmode_jupyter.simulation.backend import SimulatedBackend


def warm_up() -> None:
    """Import what simulating needs, and simulate for the first time."""
    from qiskit import QuantumCircuit, transpiler
    from qiskit_aer import AerSimulator

    from qmode_jupyter.simulation import aer, estimator, sampler

    del transpiler, estimator, sampler
    circuit = QuantumCircuit(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    assembled = aer.assemble(circuit, (), {})
    options = AerSimulator().options
    aer.execute([assembled], [np.zeros((1, 0))], shots=1, seed=0, memory=True, options=options, overrides={})


def simulate(task: Task) -> TaskResult:
    """Simulate a task.

    Raises
    ------
    CircuitTooLargeError
        This machine's memory can't hold a circuit.
    SimulationFailedError
        Aer gave no result.
    JobOutOfMemory
        It needs more memory than this process may have.
    """
    from qiskit.exceptions import QiskitError

    from qmode_jupyter.simulation.aer import SimulationFailedError
    from qmode_jupyter.simulation.backend import backend_of

    backend = backend_of(task)
    begin = time.perf_counter()
    try:
        pubs = tuple(_simulated(backend, pub, task) for pub in task.pubs)
    except QiskitError as error:
        raise SimulationFailedError(f"It can't be simulated: {sentence(error.message)}") from None
    except MemoryError as error:
        raise out_of_memory(str(error)) from None
    simulated_s = time.perf_counter() - begin
    runs = [(pub.number, run) for pub in task.pubs for run in _runs(backend, pub)]
    return TaskResult(
        program=task.program,
        pubs=pubs,
        work=task.work([run for _, run in runs]),
        simulated_s=simulated_s,
        shares_s=tuple(
            (number, run.executions * (run.gates_s + run.readout_s), run.executions) for number, run in runs
        ),
        notes=tuple(backend.notes),
        dry_run=task.options.dry_run,
    )


def work_of(task: Task) -> Work:
    """Return what a task would ask of a QPU, without simulating it."""
    from qmode_jupyter.simulation.backend import backend_of

    backend = backend_of(task)
    return task.work([run for pub in task.pubs for run in _runs(backend, pub)])


def _simulated(backend: SimulatedBackend, pub: PackedPub, task: Task) -> SampledPub | EstimatedPub:
    from qmode_jupyter.simulation.estimator import estimate, estimate_exactly
    from qmode_jupyter.simulation.sampler import sample

    if task.options.dry_run:
        return random_data(pub)
    if isinstance(pub, PackedSamplerPub):
        return sample(backend, pub, task.options.threads)
    run = estimate_exactly if task.options.exact else estimate
    return run(backend, pub, task.options.threads)


def random_data(pub: PackedPub) -> SampledPub | EstimatedPub:
    """Return random results of a PUB: bits by the toss of a coin, or values that its observables can take."""
    from qmode_jupyter.simulation.pauli_bases import shots_for

    if isinstance(pub, PackedSamplerPub):
        random = np.random.default_rng([abs(pub.seed), pub.index])
        arrays = {}
        for name, bits in pub.registers:
            width = -(-len(bits) // 8)
            packed = random.integers(0, 256, (len(pub.values), pub.shots, width), dtype=np.uint8)
            if len(bits) % 8:
                packed[..., 0] &= (1 << len(bits) % 8) - 1
            arrays[name] = packed
        return SampledPub(pub.number, pub.first_set, arrays)
    random = np.random.default_rng(abs(pub.seed))
    largest = np.abs(pub.observables).sum(axis=1)[pub.elements[:, 2]]
    evs = random.uniform(-largest, largest)
    stds = largest * pub.precision
    return EstimatedPub(pub.number, pub.elements[:, 0].copy(), evs, stds, shots_for(pub.precision))


def _runs(backend: SimulatedBackend, pub: PackedPub) -> list[Run]:
    """Return how often the circuits of a PUB are executed, and how long each execution takes."""
    from qmode_jupyter.simulation.pauli_bases import measurements, shots_for

    target, key = backend.target, pub.circuit_key
    if isinstance(pub, PackedSamplerPub):
        gates_s, readout_s = backend.cache.get_or_make(
            ("seconds", key), lambda: circuit_seconds(backend.fetch_circuit(key), target)
        )
        return [Run(len(pub.values), pub.shots, gates_s, readout_s)]
    found = []
    shots = shots_for(pub.precision)
    for sets, measured in measurements(backend, pub):
        for number, basis in enumerate(measured.bases):
            make = partial(circuit_seconds, measured.circuits[number], target)
            gates_s, readout_s = backend.cache.get_or_make(("seconds", key, basis.letters), make)
            found.append(Run(len(sets), shots, gates_s, readout_s))
    return found
