"""Times of several ways to do the same, taken in turn, so that what the machine does besides hits all alike."""

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


def side_by_side(ways: Mapping[str, Way], rounds: int, warm_up: int = 3) -> dict[str, float]:
    """Return the median seconds of each way; each round begins with another one.

    Parameters
    ----------
    ways
        What to time, by name.
    rounds
        How often each is timed.
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
            times[name].append(seconds(ways[name]))
    return {name: statistics.median(taken) for name, taken in times.items()}


def listed(medians: Mapping[str, float]) -> str:
    """Return medians as text, in milliseconds: "ours 2.1 ms, Aer 2.0 ms"."""
    return ", ".join(f"{name} {taken * 1e3:,.3g} ms" for name, taken in medians.items())
