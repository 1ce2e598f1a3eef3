"""Emulated time.

While a person's code runs, a second of it is a second of the wall: classical work between two
jobs counts as it is, as in a real session. While the person waits, the engine may let the clock
jump or run faster. It never passes its bound, the moment of the next thing to happen: if what has
to happen there is late, the clock holds, and the time lost is not made up for.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real

from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.scheduler.events import GRAIN_S


@dataclass(frozen=True, slots=True)
class _Course:
    """Where the clock was at a moment of the wall, and how it goes on from there."""

    base: float
    wall: float
    rate: float
    bound: float


class Clock:
    """Emulated seconds since the runtime began.

    Only the engine sets it; any thread may read it.

    Parameters
    ----------
    wall
        Returns wall seconds from any origin. Where it is set back, the time stands until it is there again.
    """

    def __init__(self, wall: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._course = _Course(0.0, wall(), 1.0, math.inf)
        self._latest = 0.0

    @property
    def rate(self) -> float:
        """Emulated seconds per second of the wall; 0 while it stands at its bound."""
        course = self._course
        return 0.0 if self.now() >= course.bound else course.rate

    def now(self) -> float:
        """Return the emulated time, a multiple of `GRAIN_S`."""
        course = self._course
        seconds = course.base + (self._wall() - course.wall) * course.rate
        now = min(course.bound, math.floor(seconds / GRAIN_S) * GRAIN_S)
        self._latest = max(self._latest, now)
        return self._latest

    def bound(self, at: float | None) -> None:
        """Let the clock run no further than `at`; None takes the bound away."""
        self._turn(self.now(), self._course.rate, math.inf if at is None else at)

    def run_at(self, rate: float) -> None:
        """Go on at `rate` emulated seconds per second of the wall."""
        if rate != self._course.rate:
            self._turn(self.now(), rate, self._course.bound)

    def jump(self, at: float) -> None:
        """Make it `at`, which is not before now."""
        self._turn(max(at, self.now()), self._course.rate, math.inf)

    def wall_until(self, at: float) -> float | None:
        """Return the seconds of the wall until it is `at`, or None if that never comes by itself."""
        rate = self._course.rate
        return max(0.0, (at - self.now()) / rate) if rate else None

    def _turn(self, base: float, rate: float, bound: float) -> None:
        # One assignment, so that a reader on another thread sees one course or the other.
        self._course = _Course(base, self._wall(), rate, bound)


class ManualClock(Clock):
    """A clock whose wall moves only when a test says so: `advance(seconds)`.

    Code takes no time; waiting for jobs takes the emulated time that it takes.
    """

    def __init__(self) -> None:
        self._elapsed = 0.0
        self._poke: Callable[[], None] = lambda: None
        super().__init__(lambda: self._elapsed)

    def on_advance(self, poke: Callable[[], None]) -> None:
        """Call `poke` after each advance, to let what fell due happen."""
        self._poke = poke

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass as if the person's code had taken them."""
        target = self.now() + seconds
        while self.now() < target:
            before = self.now()
            self._elapsed += target - before
            self._poke()
            if self.now() <= before:
                raise RuntimeError(f"the clock is held at {before} s: wait for the job first")

    def wall_until(self, at: float) -> float | None:
        """Return 0 for what is due and None for the rest: nothing comes by itself."""
        return 0.0 if at <= self.now() else None


def checked_seconds(name: str, value: object) -> float:
    """Return a number of seconds that a person gave as `name`.

    Raises
    ------
    IBMInputValueError
        For what is no number, or nan.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or math.isnan(value):
        raise IBMInputValueError(f"{name} must be a number of seconds, not {value!r}.")
    return float(value)


def checked_timeout(timeout: object) -> float | None:
    """Return the seconds that somebody is ready to wait; None, as infinity, for as long as it takes.

    Raises
    ------
    IBMInputValueError
        For what is no number, or nan.
    """
    if timeout is None:
        return None
    seconds = checked_seconds("timeout", timeout)
    return None if seconds == math.inf else seconds


def timestamp(unix_s: float) -> str:
    """Return a time as the service writes it: ISO-8601, UTC, milliseconds."""
    seconds, rest = divmod(unix_s, 1)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(rest * 1000):03d}Z"
