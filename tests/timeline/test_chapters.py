"""What a workload did from when to when, and why."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from qmode_jupyter.scheduler.trace import Trace
from qmode_jupyter.timeline.chapters import FINEST, Chapter, _visible
from qmode_jupyter.timeline.content import content_of
from qmode_jupyter.timeline.draw import timeline
from tests.timeline.drawn import drawn, said
from tests.traces import Run, large_batch, reactivated_session


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


def chapter_of(trace: Trace) -> Chapter:
    (chapter,) = content_of(trace).chapters
    return chapter


def test_the_segments_of_a_session_follow_each_other_without_a_gap() -> None:
    chapter = chapter_of(reactivated_session())
    assert [segment.meaning for segment in chapter.segments] == [
        "queued", "active", "window", "inactive", "queued", "active",
    ]  # fmt: skip
    for before, after in pairwise(chapter.segments):
        assert before.end == after.start
    assert sum(end - start for start, end in chapter.charged) == chapter.usage_s


def test_an_interactive_timeout_that_ran_out_is_marked() -> None:
    assert [(mark.meaning, mark.labels) for mark in chapter_of(reactivated_session()).marks] == [
        ("interactive", ())
    ]


def test_a_batch_is_charged_by_its_jobs_and_has_no_brackets() -> None:
    chapter = chapter_of(large_batch(8))
    assert chapter.charged == ()
    assert chapter.usage_s == sum(job.charged_s for job in chapter.jobs)


def test_jobs_by_themselves_are_running_or_queued_or_there_is_none() -> None:
    run = Run()
    for at in (0, 1, 200):
        run.job(at, 9)
    run.neighbours((0, 30))
    chapter = chapter_of(run.trace(300))
    assert chapter.name == "job mode"
    assert {segment.meaning for segment in chapter.segments} <= {"active", "queued", "inactive"}
    assert "inactive" in {segment.meaning for segment in chapter.segments}
    assert chapter.ending == ("all ended",)
    assert chapter.end == 300 or chapter.end == max(job.ended_at for job in chapter.jobs)


def test_thousands_of_changes_of_state_become_what_can_be_seen() -> None:
    history = [(state, float(i)) for i, state in enumerate(["active", "inactive"] * 5_000)]
    seen = _visible(history, 10_000 / FINEST)
    assert len(seen) <= FINEST + 2
    assert (seen[0], seen[-1]) == (history[0], history[-1])
    few = history[:100]
    assert _visible(few, 1.0) == few
