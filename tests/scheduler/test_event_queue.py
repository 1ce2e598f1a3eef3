"""The queue: what happens next, in the order of its time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from qmode_jupyter.scheduler.event_queue import Arrival, EventQueue, Fault
from qmode_jupyter.scheduler.events import CalibrationDue, JobCancelled, JobSubmitted
from qmode_jupyter.scheduler.records import JobState
from qmode_jupyter.scheduler.scheduler import Scheduler
from tests.scheduler.emulation import QPU


def job(at: float, name: str) -> JobSubmitted:
    return JobSubmitted(at, name, QPU)


@pytest.fixture
def queue() -> EventQueue:
    return EventQueue(Scheduler())


def test_nothing_is_to_come(queue: EventQueue) -> None:
    assert queue.next_at() is None
    with pytest.raises(LookupError, match="nothing is to come"):
        queue.step()


def test_it_is_held_until_somebody_knows_what_became_of_a_job(queue: EventQueue) -> None:
    queue.expect("late", 3.0)
    queue.happen(job(0.0, "late"))
    queue.run_until(100.0)
    assert (queue.next_at(), queue.held_by()) == (3.0, "late")
    with pytest.raises(LookupError, match="what becomes of late is not known"):
        queue.step()
    queue.found("late", 5.0)
    assert queue.held_by() is None
    queue.run_until(100.0)
    assert queue.scheduler.job("late").ended_at == 8.0


def test_what_is_scheduled_happens_at_its_time(queue: EventQueue) -> None:
    for at, name in ((2.0, "b"), (1.0, "a")):
        queue.found(name, 10.0)
        queue.schedule(job(at, name))
    queue.schedule(JobCancelled(4.0, "a"))
    queue.run_until(50.0)
    a, b = queue.scheduler.job("a"), queue.scheduler.job("b")
    assert (a.state, a.ended_at, b.on_qpu_at, b.ended_at) == (JobState.CANCELLED, 4.0, 4.0, 14.0)
    assert queue.next_at() is None


def test_arrivals_are_drawn_one_by_one_even_if_they_never_end(queue: EventQueue) -> None:
    drawn = []

    def endless() -> Iterator[Arrival]:
        for n in itertools.count():
            drawn.append(n)
            yield Arrival(job(float(n), f"j{n}"), 0.5, 0.25 if n != 2 else Fault("bad", 1517))

    queue.feed(endless())
    assert drawn == [0]
    queue.run_until(3.0)
    assert drawn == [0, 1, 2, 3, 4]
    states = [queue.scheduler.job(f"j{n}").state for n in range(4)]
    assert states == [JobState.DONE, JobState.DONE, JobState.FAILED, JobState.PREPARING]


def test_two_sources_and_none(queue: EventQueue) -> None:
    queue.feed(iter([Arrival(job(1.0, "a"), 0.0, 1.0), Arrival(CalibrationDue(5.0, QPU, 2.0))]))
    queue.feed(iter([Arrival(job(0.0, "b"), 0.0, 1.0)]))
    queue.feed(iter([]))
    queue.run_until(10.0)
    assert [queue.scheduler.job(n).ended_at for n in "ab"] == [2.0, 1.0]
    assert queue.scheduler.calibrations[0].started_at == 5.0
