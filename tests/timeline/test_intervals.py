"""Jobs as arrays: who was in which phase when, and how many at a time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from qmode_jupyter.scheduler.records import JobRecord, JobState
from qmode_jupyter.timeline.intervals import PHASES, Phases, Spans, gaps, joined, occupancy


def job(state: str, *times: float | None, code: int | None = None) -> JobRecord:
    submitted, preparing, waiting, on_qpu, ended = [*times, None, None, None, None][:5]
    return JobRecord(
        "j", "qpu", "you", None, "sampler", JobState(state), submitted, preparing, waiting, on_qpu, ended,
        charged_s=0.0, qpu_s=0.0, reason="", reason_code=code, overhead_s=0.0, max_execution_s=None,
        submitter=0, awaited=(),
    )  # fmt: skip


def spans(*pairs: tuple[float, float]) -> Spans:
    start, end = np.array(pairs, dtype=float).reshape(-1, 2).T
    return Spans(np.arange(len(pairs)), start, end)


def drawn(phases: Phases) -> dict[str, list[tuple[float, float]]]:
    meanings = (*PHASES, "failed", "cancelled")
    found = {m: phases.spans(m) for m in meanings}
    return {m: list(zip(s.start.tolist(), s.end.tolist(), strict=True)) for m, s in found.items() if len(s)}


@pytest.mark.parametrize(
    ("record", "bars"),
    [
        (job("queued", 2), {"queued": [(2, 50)]}),
        (job("preparing", 2, 5), {"queued": [(2, 5)], "preparing": [(5, 50)]}),
        (job("waiting", 2, 2, 6), {"preparing": [(2, 6)], "waiting": [(6, 50)]}),
        (
            job("done", 2, 5, 6, 8, 11),
            {"queued": [(2, 5)], "preparing": [(5, 6)], "waiting": [(6, 8)], "on_qpu": [(8, 11)]},
        ),
        (job("failed", 2, 5, None, None, 7, code=1517), {"queued": [(2, 5)], "failed": [(5, 7)]}),
        (job("failed", 2, None, None, None, 2), {"failed": [(2, 2)]}),
        (job("cancelled", 2, None, None, None, 9), {"cancelled": [(2, 9)]}),
        (
            job("cancelled", 2, 2, 3, 4, 9, code=1305),
            {"preparing": [(2, 3)], "waiting": [(3, 4)], "failed": [(4, 9)]},
        ),
    ],
    ids=lambda value: getattr(value, "state", None),
)
def test_a_job_is_in_one_phase_after_the_other(
    record: JobRecord, bars: dict[str, list[tuple[float, float]]]
) -> None:
    assert drawn(Phases.of([record], until=50)) == bars


def test_no_jobs_have_no_phases() -> None:
    phases = Phases.of([], until=50)
    assert len(phases) == 0
    assert drawn(phases) == {}
    assert len(phases.lifetimes()) == len(phases.running()) == 0


def test_only_jobs_that_came_to_the_qpu_held_it() -> None:
    jobs = [job("done", 0, 0, 1, 1, 4), job("failed", 0, 1, None, None, 2), job("cancelled", 0, 0, 2, 4, 6)]
    phases = Phases.of(jobs, until=9)
    assert [len(phases.on_qpu(m)) for m in ("on_qpu", "failed", "cancelled")] == [1, 0, 1]
    assert phases.running().start.tolist() == [0, 1, 0]
    assert phases.lifetimes().end.tolist() == [4, 2, 6]


def test_occupancy_is_exact_however_short_a_span_is() -> None:
    edges = np.array([0.0, 10.0, 20.0, 30.0])
    assert occupancy(spans((0, 10), (5, 6), (12, 40)), edges) == pytest.approx([1.1, 0.8, 1.0])
    assert occupancy(spans(), edges).tolist() == [0, 0, 0]
    assert occupancy(spans((-5, 2), (35, 40)), edges) == pytest.approx([0.2, 0, 0])


def test_occupancy_equals_counting_one_by_one() -> None:
    dice = np.random.default_rng(5)
    start = dice.uniform(0, 900, 500)
    end = start + dice.exponential(20, 500)
    edges = np.linspace(0, 1000, 78)
    one_by_one = [
        np.sum((np.minimum(end, b) - np.maximum(start, a)).clip(0)) / (b - a) for a, b in pairwise(edges)
    ]
    assert occupancy(Spans(np.arange(500), start, end), edges) == pytest.approx(one_by_one)


def test_occupancy_conserves_time_over_days() -> None:
    dice = np.random.default_rng(6)
    start = dice.uniform(0, 3e5, 100_000)
    end = start + 3.0
    edges = np.linspace(0, 3.1e5, 1400)
    assert occupancy(Spans(np.arange(100_000), start, end), edges) @ np.diff(edges) == pytest.approx(3e5)


def test_gaps_are_what_no_span_covers() -> None:
    busy = spans((1, 4), (2, 3), (6, 8))
    assert gaps(busy, 0, 10) == [(0, 1), (4, 6), (8, 10)]
    assert gaps(busy, 2, 7) == [(4, 6)]
    assert gaps(spans(), 0, 10) == [(0, 10)]
    assert gaps(spans((-1, 11)), 0, 10) == []


def test_spans_are_clipped_and_joined() -> None:
    clipped = spans((0, 5), (4, 9), (20, 30)).clipped(3, 6)
    assert (clipped.start.tolist(), clipped.end.tolist()) == ([3, 4], [5, 6])
    assert len(joined(clipped, spans((1, 2)))) == 3
