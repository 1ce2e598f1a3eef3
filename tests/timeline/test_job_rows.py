"""A row per job: its phases in their colours, and what became of it."""

from __future__ import annotations

import pytest

from qmode_jupyter.timeline.draw import timeline
from tests.timeline.drawn import box, drawn, extent, said, shapes, texts
from tests.timeline.runs import RUNS
from tests.traces import Run, reactivated_session


def test_each_job_has_its_phases_in_their_colours() -> None:
    trace = reactivated_session()
    bars = {meaning: len(found) for meaning, found in shapes(timeline(trace)).items()}
    # 14 jobs, of which two queued, two waited and one failed while it was prepared; each job on the
    # QPU shows twice, in its row and in the QPU's; each meaning once more in the legend.
    assert bars == {
        "queued": 2 + 2 + 1,  # two segments of the band besides
        "preparing": 13 + 1,
        "waiting": 2 + 1,
        "on_qpu": 13 * 2 + 1,
        "failed": 1 + 1,
        "other_users": 4 + 1,
        "calibration": 1 + 1,
        "active": 2,
        "window": 1,
        "inactive": 1,
        "track": 1,
    }


def test_a_bar_begins_and_ends_when_its_phase_did() -> None:
    trace = reactivated_session()
    first = trace.jobs[0]
    on_qpu = shapes(timeline(trace))["on_qpu"][0]
    assert on_qpu[:, 0].min() == pytest.approx(first.on_qpu_at)
    assert on_qpu[:, 0].max() == pytest.approx(first.ended_at)


def test_a_failure_says_code_and_reason_on_its_row() -> None:
    figure = drawn("reactivated_session")
    (label,) = (t for t in texts(figure, "label") if t.get_text().startswith("failed"))
    assert label.get_text() == "failed: 1517 not an ISA circuit"
    (row,) = (t for t in texts(figure, "row") if t.get_text() == "job 12")
    assert row.get_position()[1] == label.get_position()[1]


def test_a_failure_on_the_qpu_says_how_long_it_held_it() -> None:
    run = Run()
    session = run.session(0)
    run.job(0, 9, workload=session, max_execution_s=5)
    run.fail_job(run.job(1, 9, workload=session), 12, "The QPU went away", None)
    run.close(session, 20)
    figure = timeline(run.trace(60, session))
    assert said(figure, "label") == ["5 s  failed: 1305 ran too long", "6 s  failed: The QPU went away"]
    assert said(figure, "summary")[:2] == ["2 jobs", "2 failed"]


def test_a_job_that_ended_at_once_is_seen() -> None:
    run = Run()
    session = run.session(0)
    run.job(1, 3, workload=session)
    run.cancel_job(run.job(1, 3, workload=session, preparation_s=2), 1)
    run.job(2000, 3, workload=session)
    figure = timeline(run.trace(2100, session))
    narrow = box(figure, shapes(figure)["cancelled"][0])
    assert narrow.width >= 2


every_run = pytest.mark.parametrize("run", RUNS)


every_width = pytest.mark.parametrize("width_in", [3.0, 6.0, 10.0, 20.0])


@every_width
@every_run
def test_a_rows_words_stand_beside_its_bars(run: str, width_in: float) -> None:
    figure = drawn(run, width_in)
    bars = [
        box(figure, bar)
        for meaning in ("queued", "preparing", "waiting", "on_qpu", "failed", "cancelled")
        for bar in shapes(figure).get(meaning, [])
    ]
    for text in texts(figure, "label"):
        words = extent(figure, text)
        hit = [b for b in bars if min(b.x1, words.x1) - max(b.x0, words.x0) > 0.5
               and b.y0 < (words.y0 + words.y1) / 2 < b.y1]  # fmt: skip
        assert hit == [], text.get_text()
