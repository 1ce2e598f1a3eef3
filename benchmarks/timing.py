"""Times of several ways to do the same, taken in turn: what the machine does besides hits all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

Way = Callable[[], object]


def seconds(way: Way) -> float:
    """Return how long one call takes, by the wall."""
    begin = time.perf_counter()
    way()
    return time.perf_counter() - begin


def side_by_side(ways: Mapping[str, Way], rounds: int, block: int = 10, warm_up: int = 1) -> dict[str, float]:
    """Return the median seconds of each way.

    Parameters
    ----------
    ways
        What to time, by name.
    rounds
        How often each has its turn; each round begins with another one.
    block
        How often it is called in a turn, as a loop calls it: ways that run in one process would else keep
        each other's code warm, and leave a way that runs in another process cold.
    warm_up
        How often each is called before.
    """
    for way in ways.values():
        for _ in range(warm_up):
            way()
    times: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            times[name] += [seconds(ways[name]) for _ in range(block)]
    return {name: statistics.median(taken) for name, taken in times.items()}


def listed(medians: Mapping[str, float]) -> str:
    """Return medians as text: "Aer 2.01 ms, IBM's local mode 13.6 s"."""
    return ", ".join(f"{name} {span(taken)}" for name, taken in medians.items())


def span(taken_s: float) -> str:
    """Return a time as text, in seconds or milliseconds."""
    return f"{taken_s:.2f} s" if taken_s >= 1 else f"{taken_s * 1e3:.3g} ms"
