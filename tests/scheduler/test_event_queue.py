"""The event queue: what happens next, in the order of its time."""

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


def test_peek_tells_the_time_and_the_number_and_changes_nothing(queue: EventQueue) -> None:
    assert queue.peek() is None
    queue.schedule(CalibrationDue(5.0, QPU, 2.0))
    queue.schedule(CalibrationDue(5.0, QPU, 3.0))
    assert queue.peek() == queue.peek() == (5.0, 0)
    queue.step()
    # The calibration is over at 7 s by itself; the other one is due before.
    assert queue.peek() == (5.0, 1)
    queue.step()
    assert queue.peek() == (7.0, -1)  # a deadline comes before all else at its time


@pytest.mark.parametrize(("order", "on_qpu_at"), [("ab", [4.0, 5.0]), ("ba", [5.0, 4.0])])
def test_the_order_says_what_comes_first_at_one_time(order: str, on_qpu_at: list[float]) -> None:
    queue = EventQueue(Scheduler(), lambda state, name: 10 if state is None else order.index(name))
    for name in "ab":
        queue.expect(name, 4.0)
        queue.found(name, 1.0)
        queue.happen(job(0.0, name))
    queue.run_until(20.0)
    assert [queue.scheduler.job(name).on_qpu_at for name in "ab"] == on_qpu_at


def test_a_job_that_is_stopped_comes_to_nothing(queue: EventQueue) -> None:
    for name in "ab":
        queue.expect(name, 4.0)
        queue.found(name, 1.0)
        queue.happen(job(0.0, name))
    queue.happen(JobCancelled(1.0, "a"))
    queue.run_until(20.0)
    states = [queue.scheduler.job(name).state for name in "ab"]
    assert states == [JobState.CANCELLED, JobState.DONE]
    assert queue.peek() is None
