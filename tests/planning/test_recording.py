"""What is kept of a finished run: what came after what, and what each job needs."""

from __future__ import annotations

import pytest

from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.planning import compare
from qmode_jupyter.planning.recording import BEGUN, Recording, split, unawaited
from qmode_jupyter.planning.replay import Scenario, replay
from qmode_jupyter.scheduler.event_queue import Fault
from qmode_jupyter.scheduler.events import grained
from tests.planning.runs import large_jobs, loop
from tests.scheduler.emulation import Emulation


def test_a_submission_comes_after_the_one_before_it_and_after_what_was_awaited() -> None:
    e = Emulation()
    recording = Recording.of(loop(e, e.session("s"), iterations=3, think_s=0.25))
    first, second, third, close = recording.acts
    assert (first.after, first.gap_s) == ((BEGUN,), 0)
    assert (second.after, second.gap_s) == ((("submitted", "j0"), ("ended", "j0")), 0.25)
    assert (third.after, third.gap_s) == ((("submitted", "j1"), ("ended", "j1")), 0.25)
    assert ("ended", "j2") in close.after
    assert recording.needs == {"j0": (1, 3), "j1": (1, 4), "j2": (1, 3)}


def test_threads_do_not_wait_for_each_other() -> None:
    e = Emulation()
    e.job("a", 5, submitter=0)
    e.at(2).job("b", 5, submitter=1)
    e.at(3).job("c", 5, submitter=0)
    e.at(60)
    a, b, c = Recording.of(e.trace("a", "b", "c")).acts
    assert [(act.after, act.gap_s) for act in (a, b, c)] == [
        ((BEGUN,), 0),
        ((BEGUN,), 2),
        ((("submitted", "a"),), 3),
    ]


def test_what_never_ran_needs_what_its_siblings_needed() -> None:
    e = Emulation()
    e.session("s", max_time_s=10)
    e.job("ran", 8, within="s", prep_s=3)
    for n in range(5):
        e.job(f"lost {n}", 99, within="s", prep_s=99)
    e.job("broken", within="s", fault=Fault("no such gate", 1517))
    e.at(500)
    needs = Recording.of(e.trace("s")).needs
    assert needs["ran"] == (3, 8)
    assert needs["lost 4"] == (grained(79.8), grained(80.8))  # the mean of those that were in lanes
    assert needs["broken"] == needs["lost 4"]  # it ended in the queue, before its fault was found


def test_a_recording_without_awaiting_submits_at_once() -> None:
    e = Emulation()
    recording = Recording.of(loop(e, e.batch("b"), iterations=3, think_s=0.0))
    at_once = replay(unawaited(recording), Scenario(recording.mode, recording.plan))
    assert [job.submitted_at for job in at_once.jobs] == [0, 0, 0]
    assert [act.after for act in unawaited(recording).acts if act.gap_s] == []


def test_a_split_recording_comes_together_again() -> None:
    """What came after the job comes after all its parts, and the rest is as it was."""
    e = Emulation()
    trace = large_jobs(e, 41)
    recording = Recording.of(trace)
    same = replay(split(recording, frozenset(), 5), Scenario(recording.mode, recording.plan))
    assert same.jobs == replay(recording, Scenario(recording.mode, recording.plan)).jobs
    parts = replay(split(recording, frozenset({"j1"}), 4), Scenario(recording.mode, recording.plan)).jobs
    assert [job.id for job in parts] == ["j0", "j1/1", "j1/2", "j1/3", "j1/4", "j2"]
    assert len({job.submitted_at for job in parts[1:5]}) == 1
    assert parts[5].submitted_at == max(job.ended_at for job in parts[1:5])
    assert sum(job.qpu_s - job.overhead_s for job in parts) == 3 * 60


def test_a_running_workload_gets_one_line() -> None:
    e = Emulation()
    e.session("s")
    e.job("a", 10, within="s")
    e.job("b", 10, within="s")
    e.at(12)
    line = r"^The session s is still active with 1 unfinished of 2 jobs: close it and let it end first\.$"
    with pytest.raises(IBMInputValueError, match=line):
        compare(e.trace("s"))
    e.job("alone", 5)
    with pytest.raises(IBMInputValueError, match=r"^1 job has not ended, of 1: wait for it"):
        compare(e.trace("alone"))


def test_a_trace_of_several_things_or_of_nothing_gets_one_line() -> None:
    e = Emulation()
    loop(e, e.session("s"), iterations=1)
    with pytest.raises(
        IBMInputValueError, match=r"The job j0 ran in the session or batch s: .* service\.trace\('s'\)"
    ):
        compare(e.trace("j0"))
    e.job("alone", 1)
    e.at(50)
    with pytest.raises(IBMInputValueError, match=r"The trace mixes .* service\.trace\('s'\)"):
        compare(e.trace())
    e.batch("b")
    e.close("b")
    with pytest.raises(IBMInputValueError, match=r"The batch b has no job: there is nothing to replay"):
        compare(e.trace("b"))
    with pytest.raises(IBMInputValueError, match="The trace is about 2 sessions and batches"):
        compare(e.trace())
    with pytest.raises(IBMInputValueError, match="The trace has no job"):
        compare(Emulation().trace())
