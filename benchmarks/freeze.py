"""How long the notebook's main thread is kept from its own work while a job is under way.

The main thread does what a kernel's does between cells: it wakes up every millisecond. The longest time from
one wake-up to the next is the figure. The job is submitted between two of them, so `run()` counts too.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator

from benchmarks import workloads
from benchmarks.job_overhead import quiet
from benchmarks.rows import Row, at_most
from benchmarks.timing import seconds
from qmode_jupyter import SamplerV2, default_service

LIMIT_MS = 20.0
_TICK_S = 0.001
_SIMULATION_S = 10.0
_CONTROL_S = 5.0
_WIDE, _LAYERS, _TRANSLATIONS = 100, 20, 3
_WHY = "see the detail: a process that has nothing to do with ours keeps the main thread away as long"
_SPIN = "while True: pass"


def rows() -> list[Row]:
    quiet()
    with default_service():
        controls = _controls()
        return [_simulation(controls), _translation(controls)]


def _simulation(controls: str) -> Row:
    sampler = SamplerV2(mode=default_service().backend("aer_simulator"))
    short = _deep(20, 10)
    sampler.run([short]).result()
    layer_s = seconds(lambda: sampler.run([short]).result()) / 10
    long = _deep(20, round(1.1 * _SIMULATION_S / layer_s))
    longest_ms, run_ms, took_s = _watched(lambda: sampler.run([long]))
    return at_most(
        "main thread's longest absence during a simulation of 10 seconds",
        longest_ms,
        "ms",
        LIMIT_MS,
        f"watched for {took_s:.1f} s, from before run(), which took {run_ms:.1f} ms; {controls}",
        _WHY,
    )


def _translation(controls: str) -> Row:
    # With gates that Aer does not know, and of the kind that it can simulate on so many qubits.
    sampler = SamplerV2(mode=AerSimulator(method="stabilizer"))
    sampler.run([workloads.ghz(_WIDE)]).result()
    watched = []
    for number in range(_TRANSLATIONS):
        circuit = _untranslated(number)
        watched.append(_watched(lambda circuit=circuit: sampler.run([circuit])))
    longest_ms, run_ms, took_s = map(max, zip(*watched, strict=True))
    return at_most(
        f"main thread's longest absence while a circuit of {_WIDE} qubits is translated for Aer",
        longest_ms,
        "ms",
        LIMIT_MS,
        f"the worst of {_TRANSLATIONS} circuits of {circuit.size():,} operations, each watched for up to "
        f"{took_s:.1f} s, from before run(), which took {run_ms:.1f} ms; {controls}. "
        "A transpile() that a person calls runs in the thread that calls it, here as everywhere",
        _WHY,
    )


def _watched(submit: Callable[[], Any]) -> tuple[float, float, float]:
    """Watch a job to its end; return the longest absence and the time of `submit` in ms, the whole in s."""
    ended = threading.Event()
    begin = time.perf_counter()
    job = submit()
    submitted = time.perf_counter()

    def wait() -> None:
        job.wait_for_final_state()
        ended.set()

    threading.Thread(target=wait).start()
    ticks = [begin, *_ticks(ended.wait)]
    if not job.done():
        raise RuntimeError(job.error_message())
    return _longest_ms(ticks), (submitted - begin) * 1e3, ticks[-1] - begin


def _ticks(over: Callable[[float], bool]) -> list[float]:
    """Wake up every millisecond until `over`, which waits, says so; return when that was."""
    ticks = [time.perf_counter()]
    while not over(_TICK_S):
        ticks.append(time.perf_counter())
    ticks.append(time.perf_counter())
    return ticks


def _longest_ms(ticks: list[float]) -> float:
    return max(later - earlier for earlier, later in pairwise(ticks)) * 1e3


def _controls() -> str:
    """Watch the main thread with nothing under way, and beside a process that only counts."""
    found = []
    for beside in (None, subprocess.Popen([sys.executable, "-c", _SPIN])):
        never = threading.Event()
        until = time.perf_counter() + _CONTROL_S

        def over(tick_s: float, never: threading.Event = never, until: float = until) -> bool:
            return never.wait(tick_s) or time.perf_counter() >= until

        found.append(_longest_ms(_ticks(over)))
        if beside is not None:
            beside.kill()
            beside.wait()
    return f"at rest {found[0]:.1f} ms, beside a process of anybody's that is busy {found[1]:.1f} ms"


def _deep(num_qubits: int, layers: int) -> QuantumCircuit:
    circuit = QuantumCircuit(num_qubits)
    for layer in range(layers):
        for qubit in range(num_qubits):
            circuit.ry(0.1 + layer, qubit)
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
