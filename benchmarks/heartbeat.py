"""A main thread that wakes up every millisecond, as a kernel's does between cells, and notes when it did."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

_TICK_S = 0.001
_SPIN = "while True: pass"
#: Linux: nanoseconds that this thread ran, and that it was ready to run while others had the cores.
_SCHEDULED = Path("/proc/thread-self/schedstat")


class _Collections:
    """How long Python's collections of garbage took so far: no thread of the process runs then."""

    def __init__(self) -> None:
        self.taken_s = 0.0
        self._began_s = 0.0
        gc.callbacks.append(self._called)

    def _called(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._began_s = time.perf_counter()
        else:
            self.taken_s += time.perf_counter() - self._began_s


_collections = _Collections()


@dataclass(frozen=True, slots=True)
class Beat:
    """A wake-up: when it was, and three times that only grow.

    `without_core_s` is how long the thread was ready to run while others had the cores; `worked_s` is the
    processor time of this process, all of its threads together; `collected_s` is what Python's collections
    of garbage took of it.
    """

    at_s: float
    without_core_s: float
    worked_s: float
    collected_s: float

    @classmethod
    def now(cls) -> Beat:
        waited_ns = int(_SCHEDULED.read_text().split()[1]) if _SCHEDULED.exists() else 0
        return cls(time.perf_counter(), waited_ns / 1e9, time.process_time(), _collections.taken_s)


@dataclass(frozen=True, slots=True)
class Absence:
    """The longest time between two wake-ups, in milliseconds, and what it was made of.

    `without_core_ms` of it others had the cores, `worked_ms` this process was at work, `collected_ms` of that
    on Python's garbage; the rest is the machine's, or its host's.
    """

    longest_ms: float
    without_core_ms: float
    worked_ms: float
    collected_ms: float

    @classmethod
    def of(cls, beats: list[Beat]) -> Absence:
        before, after = max(pairwise(beats), key=lambda pair: pair[1].at_s - pair[0].at_s)
        return cls(
            (after.at_s - before.at_s) * 1e3,
            (after.without_core_s - before.without_core_s) * 1e3,
            (after.worked_s - before.worked_s) * 1e3,
            (after.collected_s - before.collected_s) * 1e3,
        )

    def __str__(self) -> str:
        garbage = f", {self.collected_ms:.1f} of it on garbage" if self.collected_ms >= 1 else ""
        return (
            f"{self.longest_ms:.1f} ms ({self.without_core_ms:.1f} without a core,"
            f" {self.worked_ms:.1f} at work{garbage})"
        )


def beats_until(over: Callable[[float], bool]) -> list[Beat]:
    """Wake up every millisecond until `over`, which waits for so many seconds, says so."""
    beats = [Beat.now()]
    while not over(_TICK_S):
        beats.append(Beat.now())
    return [*beats, Beat.now()]


def at_rest(watch_s: float) -> Absence:
    """Return the longest absence of a thread that has nothing to do."""
    never = threading.Event()
    until = time.perf_counter() + watch_s
    return Absence.of(beats_until(lambda tick_s: never.wait(tick_s) or time.perf_counter() >= until))


def beside_a_stranger(watch_s: float) -> Absence:
    """Return the longest absence of a thread that has nothing to do, beside a process that only counts."""
    stranger = subprocess.Popen([sys.executable, "-c", _SPIN])
    try:
        return at_rest(watch_s)
    finally:
        stranger.kill()
        stranger.wait()
