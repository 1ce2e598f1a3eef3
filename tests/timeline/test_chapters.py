"""What a workload did from when to when, and why."""

from __future__ import annotations

from collections import Counter

from qmode_jupyter.timeline.draw import timeline
from tests.timeline.drawn import drawn, said
from tests.traces import Run


def test_what_goes_on_says_so() -> None:
    figure = drawn("running")
    assert said(figure, "ending") == ["now"]
    assert said(figure, "summary")[0] == "In progress"
    labels = said(figure, "label")
    assert Counter(labels)["waiting for the QPU"] == 3
    assert {"on the QPU", "preparing", "queued"} <= set(labels)


def test_timeouts_to_come_are_marked() -> None:
    figure = drawn("waiting_for_the_next_job")
    assert said(figure, "band")[-2:] == ["interactive window", "0:28 left"]
    assert set(said(figure, "timeout")) == {"maximum timeout 90 s", "interactive timeout"}


def test_the_maximum_timeout_closes_and_running_jobs_finish() -> None:
    figure = drawn("over_its_maximum")
    assert said(figure, "timeout") == ["maximum timeout 60 s"]
    assert said(figure, "band")[-2:] == ["Closed", "running jobs finish"]
    assert said(figure, "ending") == ["closed", "maximum timeout"]
    assert said(figure, "label")[-2:] == ["failed: 4001 the session reached its maximum timeout"] * 2


def test_a_session_that_never_got_a_job() -> None:
    figure = drawn("never_started")
    assert said(figure, "band") == ["Pending", "no job yet"]
    assert said(figure, "ending") == ["closed", "no job in 30 min"]
    assert said(figure, "summary")[0] == "no jobs"


def test_a_cancelled_batch_says_who_ended_it() -> None:
    run = Run()
    batch = run.batch(0)
    for i in range(12):
        run.job(1 + i * 0.2, 9, workload=batch)
    run.cancel(batch, 40)
    figure = timeline(run.trace(300, batch))
    assert said(figure, "ending") == ["closed", "by cancel()"]
    assert "takes no new jobs" in said(figure, "band")
