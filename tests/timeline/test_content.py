"""What a timeline says of a run in numbers."""

from __future__ import annotations

import numpy as np
import pytest

from qmode_jupyter.timeline.content import NAME_IN_ONE_LINE, content_of
from qmode_jupyter.timeline.draw import timeline
from tests.timeline.drawn import drawn, said, shapes
from tests.timeline.runs import interrupted, long_names, nothing, running, several
from tests.traces import Run, reactivated_session


def test_the_title_carries_the_numbers() -> None:
    figure = drawn("reactivated_session")
    assert said(figure, "title") == ["session vqe on fake_fez"]
    assert said(figure, "summary") == [
        "14 jobs",
        "1 failed",
        "usage 3 min 8 s (QPU 1 min 38 s)",
        "about $301.12 pay-as-you-go (estimate)",
    ]
    assert said(figure, "axis") == ["time since the session was opened (min:s, emulated)"]


def test_one_job_and_its_price() -> None:
    figure = drawn("one_job")
    assert said(figure, "summary") == ["done", "usage 6 s (QPU 6 s)", "free on Open"]
    assert said(figure, "axis") == ["time since the job was submitted (s, emulated)"]
    assert said(drawn("failed_job"), "summary")[0] == "failed"


def test_own_jobs_of_another_workload_are_not_other_users() -> None:
    run = Run()
    batch, scan = run.batch(0, "one"), run.batch(0, "two")
    for i in range(4):
        run.job(1 + i, 4, workload=batch if i % 2 else scan)
    figure = timeline(run.trace(60, batch))
    assert "other_users" not in shapes(figure)
    on_the_qpu_row = [bar for bar in shapes(figure)["on_qpu"] if np.ptp(bar[:, 1]) == pytest.approx(22)]
    assert len(on_the_qpu_row) == 4


def test_a_timeline_runs_from_what_came_first_to_what_ended_last() -> None:
    trace = reactivated_session()
    content = content_of(trace)
    assert content.start == trace.workloads[0].opened_at == 0
    assert content.end == trace.workloads[0].closed_at
    assert content.until == trace.until > content.end
    assert len(content.others) == 4
    assert len(content.calibrations) == 1
    assert [item.meaning for item in content.summary] == ["", "failed", "", ""]


def test_what_goes_on_runs_until_the_trace_was_taken() -> None:
    trace = running()
    assert content_of(trace).end == trace.until


def test_nothing_is_a_second_long() -> None:
    content = content_of(nothing())
    assert (content.start, content.end, content.chapters) == (0.0, 1.0, ())


def test_one_line_is_the_same_every_time_and_short() -> None:
    assert content_of(several()).one_line == "1 session, 1 batch, 3 single jobs on generic_19q, 17 jobs"
    name, _, rest = content_of(long_names()).one_line.partition(" on ")
    assert len(name) == NAME_IN_ONE_LINE
    assert "\n" not in name
    assert rest.endswith("6 jobs, 1 failed")


def test_why_jobs_failed_has_longer_and_shorter_forms() -> None:
    assert content_of(interrupted()).failures == ()
    assert set(content_of(reactivated_session()).failures) == {"failed: 1 × 1517 not an ISA circuit"}
