"""The engine on the manual clock: when time runs, jumps and holds, and who is let go when."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from qmode_jupyter.errors import RuntimeClosedError
from qmode_jupyter.runtime.clock import Clock, ManualClock
from qmode_jupyter.runtime.engine import Engine
from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler.scheduler import Scheduler
from qmode_jupyter.scheduler.transitions import JobState, Mode

QPU = "generic_19q"


class Desk:
    """One person at one engine, who knows how long each job takes."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.engine = Engine(Scheduler(), clock, "max")
        self.engine.start()

    def session(self, name: str = "s") -> str:
        self.engine.call(
            lambda: self.engine.happen(lambda at: ev.WorkloadOpened(at, name, Mode.SESSION, QPU))
        )
        return name

    def submit(self, job: str, qpu_s: float | None = 3.0, within: str | None = None) -> str:
        thread = threading.current_thread()

        def enter() -> None:
            number, awaited = self.engine.submitter(thread)
            self.engine.agenda.expect(job, 1.0)
            if qpu_s is not None:
                self.engine.agenda.found(job, qpu_s)
            self.engine.happen(
                lambda at: ev.JobSubmitted(at, job, QPU, within, submitter=number, awaited=awaited),
                lambda: self.engine.submitted(thread),
            )

        self.engine.call(enter)
        return job

    def found(self, job: str, qpu_s: float) -> None:
        self.engine.post(lambda: self.engine.agenda.found(job, qpu_s))

    def state(self, job: str) -> JobState:
        return self.engine.call(lambda: (self.engine.catch_up(), self.engine.scheduler.jobs[job].state)[1])


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk(ManualClock())
    yield desk
    desk.engine.call(desk.engine.scheduler.check_invariants)
    desk.engine.stop()


def test_waiting_for_a_job_takes_its_emulated_time(desk: Desk) -> None:
    desk.submit("a", 3.0)
    assert desk.engine.wait("a")
    assert (desk.clock.now(), desk.state("a")) == (4.0, JobState.DONE)


def test_time_does_not_run_ahead_while_the_code_runs(desk: Desk) -> None:
    desk.submit("a", 3.0)
    desk.clock.advance(2.5)
    assert desk.state("a") is JobState.ON_QPU
    desk.clock.advance(10)
    assert (desk.clock.now(), desk.state("a")) == (12.5, JobState.DONE)


def test_the_clock_holds_while_a_simulation_is_late(desk: Desk) -> None:
    desk.submit("late", None)
    with pytest.raises(RuntimeError, match=r"held at 1\.0"):
        desk.clock.advance(30)
    assert desk.engine.call(lambda: desk.engine.held_by) == "late"
    desk.found("late", 3.0)
    assert desk.engine.wait("late")
    assert desk.clock.now() == 4.0


def test_somebody_who_waits_is_let_go_when_the_late_simulation_is_there(desk: Desk) -> None:
    desk.submit("late", None)
    waited = []
    thread = threading.Thread(target=lambda: waited.append(desk.engine.wait("late")))
    thread.start()
    desk.found("late", 3.0)
    desk.engine.wait("late")
    thread.join(10)
    assert waited == [True]


def test_a_wait_may_time_out_and_the_job_goes_on(desk: Desk) -> None:
    desk.submit("a", 30.0)
    assert not desk.engine.wait("a", timeout_s=5)
    assert (desk.clock.now(), desk.state("a")) == (5.0, JobState.ON_QPU)
    assert desk.engine.wait("a")
    assert desk.clock.now() == 31.0


def test_time_waits_for_the_thread_that_still_works(desk: Desk) -> None:
    desk.submit("mine", 3.0)
    working, may_end = threading.Event(), threading.Event()

    def other() -> None:
        desk.submit("theirs", 3.0)
        working.set()
        may_end.wait(10)

    thread = threading.Thread(target=other)
    thread.start()
    working.wait(10)
    waiter = threading.Thread(target=lambda: desk.engine.wait("mine"))
    waiter.start()
    assert desk.clock.now() == 0.0
    may_end.set()
    thread.join(10)
    waiter.join(0.01)
    desk.engine.wait("theirs")
    waiter.join(10)
    assert desk.clock.now() == 7.0


def test_a_submission_remembers_what_its_thread_awaited(desk: Desk) -> None:
    desk.submit("a", 3.0)
    desk.submit("b", 3.0)
    desk.engine.wait("a")
    desk.submit("c", 3.0)
    jobs = desk.engine.scheduler.jobs
    assert [jobs[j].awaited for j in "abc"] == [(), (), ("a",)]
    assert {jobs[j].submitter for j in "abc"} == {0}


def test_listeners_hear_what_changed_and_a_bad_one_harms_nobody(desk: Desk) -> None:
    heard: set[str] = set()
    desk.engine.subscribe(lambda ids: 1 / 0)
    unsubscribe = desk.engine.subscribe(heard.update)
    desk.session("s")
    desk.submit("a", 3.0, within="s")
    desk.engine.wait("a")
    desk.engine.call(lambda: None)
    assert heard == {"s", "a"}
    unsubscribe()


def test_an_event_that_is_refused_reaches_the_one_who_made_it(desk: Desk) -> None:
    with pytest.raises(Exception, match="no workload nowhere"):
        desk.submit("a", within="nowhere")
    desk.submit("b")
    assert desk.engine.wait("b")


def test_when_it_stops_everybody_is_let_go() -> None:
    desk = Desk(ManualClock())
    desk.submit("never", None)
    failures: list[BaseException] = []

    def wait() -> None:
        try:
            desk.engine.wait("never")
        except RuntimeClosedError as error:
            failures.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    desk.engine.call(lambda: None)
    desk.engine.stop()
    thread.join(10)
    assert len(failures) == 1
    with pytest.raises(RuntimeClosedError):
        desk.engine.call(lambda: None)


def test_at_a_numeric_speed_waiting_takes_wall_time() -> None:
    clock = Clock()
    engine = Engine(Scheduler(), clock, 1000.0)
    engine.start()
    desk = Desk.__new__(Desk)
    desk.clock, desk.engine = clock, engine
    desk.submit("a", 3.0)
    assert engine.wait("a")
    assert clock.now() >= 4.0
    assert clock.rate == 1.0
    engine.stop()
