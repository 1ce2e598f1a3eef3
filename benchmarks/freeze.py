"""How long the notebook's main thread is kept from its own work while a job is under way.

The longest time from one wake-up to the next is the figure. The job is submitted between two of them, so
`run()` counts too.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator

from benchmarks import workloads
from benchmarks.heartbeat import Absence, Beat, at_rest, beats_until, beside_a_stranger
from benchmarks.job_overhead import quiet
from benchmarks.rows import Row, at_most
from benchmarks.timing import seconds
from qmode_jupyter import SamplerV2, default_service

LIMIT_MS = 20.0
#: Other processes and the machine's host keep a thread away now and then: a figure is the middle one of some.
_JOBS = 3
_SIMULATION_S, _CONTROL_S = 10.0, 4.0
_QUBITS, _TRIAL_LAYERS = 24, 2
_WIDE, _LAYERS = 100, 20


@dataclass(frozen=True, slots=True)
class Watched:
    """What the main thread saw of a job, from before `run()` to the end of the job."""

    absence: Absence
    run_ms: float
    took_s: float


def rows() -> list[Row]:
    quiet()
    with default_service():
        rest, stranger = at_rest(_CONTROL_S), beside_a_stranger(_CONTROL_S)
        controls = f"At rest {rest}; beside a stranger's busy process {stranger}"
        return [_simulation(controls), _translation(controls)]


def _simulation(controls: str) -> Row:
    sampler = SamplerV2(mode=default_service().backend("aer_simulator"))
    short = _deep(_QUBITS, _TRIAL_LAYERS)
    sampler.run([short]).result()
    layer_s = seconds(lambda: sampler.run([short]).result()) / _TRIAL_LAYERS
    layers = round(1.1 * _SIMULATION_S / layer_s)
    circuits = [_deep(_QUBITS, layers, number) for number in range(_JOBS)]
    return _row(
        "main thread's longest absence during a simulation of 10 seconds",
        [_watch(partial(sampler.run, [circuit])) for circuit in circuits],
        f"{_QUBITS} qubits, {circuits[0].size():,} operations. {controls}",
    )


def _translation(controls: str) -> Row:
    # With gates that Aer does not know, and of the kind that it can simulate on so many qubits.
    sampler = SamplerV2(mode=AerSimulator(method="stabilizer"))
    sampler.run([workloads.ghz(_WIDE)]).result()
    circuits = [_untranslated(number) for number in range(_JOBS)]
    return _row(
        f"main thread's longest absence while a circuit of {_WIDE} qubits is translated for Aer",
        [_watch(partial(sampler.run, [circuit])) for circuit in circuits],
        f"{circuits[0].size():,} operations. {controls}. A transpile() that a person calls runs in the "
        "thread that calls it, here as everywhere",
    )


def _row(name: str, watched: list[Watched], detail: str) -> Row:
    middle = sorted(watched, key=lambda each: each.absence.longest_ms)[len(watched) // 2]
    absence = middle.absence
    if absence.collected_ms > absence.longest_ms / 2:
        why = "Python collected its garbage, which with Qiskit loaded takes so long, with us and without"
    elif absence.worked_ms > absence.longest_ms / 2:
        why = f"run() itself takes {middle.run_ms:.0f} ms, to write the circuit down for the other process"
    elif absence.without_core_ms > absence.longest_ms / 2:
        why = f"for {absence.without_core_ms:.0f} ms of it other processes had all cores"
    else:
        why = f"a pause of the machine: our own work in it was {absence.worked_ms:.1f} ms"
    each_said = "; ".join(f"{each.absence}, run() {each.run_ms:.1f} ms" for each in watched)
    took = ", ".join(f"{each.took_s:.0f}" for each in watched)
    said = f"The middle one of {len(watched)}, watched for {took} s: {each_said}. {detail}"
    return at_most(name, absence.longest_ms, "ms", LIMIT_MS, said, why)


def _watch(submit: Callable[[], Any]) -> Watched:
    ended = threading.Event()
    begin = Beat.now()
    job = submit()
    submitted = time.perf_counter()

    def wait() -> None:
        job.wait_for_final_state()
        ended.set()

    threading.Thread(target=wait).start()
    beats = [begin, *beats_until(ended.wait)]
    if not job.done():
        raise RuntimeError(job.error_message())
    return Watched(Absence.of(beats), (submitted - begin.at_s) * 1e3, beats[-1].at_s - begin.at_s)


def _deep(num_qubits: int, layers: int, number: int = 0) -> QuantumCircuit:
    circuit = QuantumCircuit(num_qubits)
    for layer in range(layers):
        for qubit in range(num_qubits):
            circuit.ry(0.1 + layer + 0.01 * number, qubit)
        for qubit in range(num_qubits - 1):
            circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    return circuit


def _untranslated(number: int) -> QuantumCircuit:
    circuit = QuantumCircuit(_WIDE)
    for layer in range(_LAYERS):
        for qubit in range(layer % 2, _WIDE - 1, 2):
            circuit.iswap(qubit, qubit + 1)
            circuit.dcx(qubit, qubit + 1)
    circuit.z(number)
    circuit.measure_all()
    return circuit
