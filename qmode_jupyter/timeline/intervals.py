"""Jobs as arrays: which phase each was in from when to when, and how many were in a phase over time.

A timeline of 100,000 jobs is drawn from what this module makes of them, so everything here is
numpy and costs the same per job whether it stands in a row of its own or in a density.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from qmode_jupyter.scheduler.records import JobState, shown_state

if TYPE_CHECKING:
    from qmode_jupyter.scheduler.records import JobRecord

Floats = NDArray[np.float64]

#: The phases of a job's life, in order, by the word that also names their colour.
PHASES: Final = ("queued", "preparing", "waiting", "on_qpu")

#: How a job can end.
OUTCOMES: Final = ("done", "failed", "cancelled")

_UNFINISHED: Final = -1
_TIMES = attrgetter("submitted_at", "preparing_at", "waiting_at", "on_qpu_at", "ended_at")
_ENDS = attrgetter("state", "reason_code")


@dataclass(frozen=True, slots=True)
class Spans:
    """Stretches of time: row of each (an index into the jobs), start and end in seconds, shape (n,)."""

    rows: NDArray[np.int64]
    start: Floats
    end: Floats

    def __len__(self) -> int:
        return len(self.rows)

    def clipped(self, low: float, high: float) -> Spans:
        """Return what of the spans lies between `low` and `high`."""
        inside = (self.end > low) & (self.start < high)
        return Spans(self.rows[inside], self.start[inside].clip(low, high), self.end[inside].clip(low, high))


@dataclass(frozen=True, slots=True)
class Phases:
    """When each of n jobs was in which phase.

    Attributes
    ----------
    start, end
        Seconds, shape (4, n), one line per phase in the order of `PHASES`; NaN where a job never came to it.
        A phase that is not over ends at the `until` that the arrays were made with.
    ended
        Seconds, shape (n,); NaN for an unfinished job.
    outcome
        Index into `OUTCOMES`, shape (n,); -1 for an unfinished job.
    last
        The last phase of each job as an index into `PHASES`, shape (n,).
    """

    start: Floats
    end: Floats
    ended: Floats
    outcome: NDArray[np.int8]
    last: NDArray[np.int64]

    @classmethod
    def of(cls, jobs: Sequence[JobRecord], until: float) -> Phases:
        """Return the phases of `jobs`, those that are not over ending at `until` (seconds)."""
        times = np.array(list(map(_TIMES, jobs)), dtype=float).reshape(-1, 5).T
        start, ended = times[:4].copy(), times[4].copy()
        end = np.empty_like(start)
        following = np.where(np.isnan(ended), until, ended)
        for phase in reversed(range(4)):
            end[phase] = following
            following = np.where(np.isnan(start[phase]), following, start[phase])
        end = np.where(np.isnan(start), np.nan, np.maximum(end, start))
        codes = {name: index for index, name in enumerate(OUTCOMES)}
        seen: dict[tuple[JobState, int | None], int] = {}
        outcome = np.empty(len(jobs), dtype=np.int8)
        for index, key in enumerate(map(_ENDS, jobs)):
            if key not in seen:
                seen[key] = codes.get(shown_state(*key), _UNFINISHED)
            outcome[index] = seen[key]
        last = 3 - np.argmax(~np.isnan(start[::-1]), axis=0)
        return cls(start, end, ended, outcome, last)

    def __len__(self) -> int:
        return self.start.shape[1]

    def spans(self, meaning: str) -> Spans:
        """Return the spans that are drawn in the colour of `meaning`.

        The last phase of a job that failed or was cancelled has the colour of that end.
        """
        if meaning in PHASES:
            phase = PHASES.index(meaning)
            lost = (self.outcome > 0) & (self.last == phase)
            rows = np.flatnonzero((self.end[phase] > self.start[phase]) & ~lost)
            return Spans(rows, self.start[phase, rows], self.end[phase, rows])
        rows = np.flatnonzero(self.outcome == OUTCOMES.index(meaning))
        return Spans(rows, self.start[self.last[rows], rows], self.end[self.last[rows], rows])

    def on_qpu(self, meaning: str) -> Spans:
        """Return the time on the QPU of jobs of that colour: "on_qpu", "failed" or "cancelled"."""
        spans = self.spans(meaning)
        held = ~np.isnan(self.start[3, spans.rows])
        return Spans(spans.rows[held], spans.start[held], spans.end[held])

    def lifetimes(self) -> Spans:
        """Return each job's time from its submission to its end."""
        return self._from(self.start[0])

    def running(self) -> Spans:
        """Return each job's time from the start of its preparation to its end (SEMANTICS J6)."""
        return self._from(self.start[1])

    def _from(self, start: Floats) -> Spans:
        rows = np.flatnonzero(~np.isnan(start))
        return Spans(rows, start[rows], self.end[self.last[rows], rows])

    def in_phase(self, meaning: str) -> Spans:
        """Return when jobs were in a phase, whatever their end."""
        phase = PHASES.index(meaning)
        rows = np.flatnonzero(~np.isnan(self.start[phase]))
        return Spans(rows, self.start[phase, rows], self.end[phase, rows])

    def after(self, outcome: str, until: float) -> Spans:
        """Return the time from each job's end to `until`, for the jobs with that outcome."""
        rows = np.flatnonzero(self.outcome == OUTCOMES.index(outcome))
        return Spans(rows, self.ended[rows], np.full(len(rows), max(until, 0.0)))


def joined(one: Spans, other: Spans) -> Spans:
    """Return the spans of both."""
    return Spans(
        np.concatenate([one.rows, other.rows]),
        np.concatenate([one.start, other.start]),
        np.concatenate([one.end, other.end]),
    )


def occupancy(spans: Spans, edges: Floats) -> Floats:
    """Return how many spans cover each bin, on average over the bin.

    Parameters
    ----------
    edges
        Bin edges in seconds, ascending, shape (m + 1,).

    Returns
    -------
    Shape (m,). Exact: a span that covers a tenth of a bin counts for a tenth, however short.
    """
    covered = _time_since(spans.start, edges) - _time_since(spans.end, edges)
    return np.maximum(np.diff(covered) / np.diff(edges), 0.0)


def _time_since(moments: Floats, edges: Floats) -> Floats:
    """Return the sum of `edge - moment` over the moments before each edge."""
    ordered = np.sort(moments) - edges[0]
    sums = np.concatenate(([0.0], np.cumsum(ordered)))
    before = np.searchsorted(ordered, edges - edges[0], side="right")
    return before * (edges - edges[0]) - sums[before]


def gaps(spans: Spans, low: float, high: float) -> list[tuple[float, float]]:
    """Return the stretches of time between `low` and `high` in which there is no span."""
    inside = spans.clipped(low, high)
    order = np.argsort(inside.start, kind="stable")
    starts = np.concatenate((inside.start[order], [high]))
    reached = np.maximum.accumulate(np.concatenate(([low], inside.end[order])))
    empty = np.flatnonzero(starts > reached)
    return [(float(reached[i]), float(starts[i])) for i in empty]
