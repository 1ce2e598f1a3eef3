"""The engine on the manual clock: when time runs, jumps and holds, and who is let go when."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from qmode_jupyter.errors import RuntimeClosedError, RuntimeInvalidStateError
from qmode_jupyter.runtime.clock import Clock, ManualClock
from qmode_jupyter.runtime.engine import Engine
from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler.records import JobState, Mode
from qmode_jupyter.scheduler.scheduler import IllegalEvent, Scheduler
from tests.waiting import Background, outcome

QPU = "generic_19q"


class Harness:
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
            self.engine.event_queue.expect(job, 1.0)
            if qpu_s is not None:
                self.engine.event_queue.found(job, qpu_s)
            self.engine.happen(
                lambda at: ev.JobSubmitted(at, job, QPU, within, submitter=number, awaited=awaited),
                lambda: self.engine.submitted(thread),
            )

        self.engine.call(enter)
        return job

    def found(self, job: str, qpu_s: float) -> None:
        self.engine.post(lambda: self.engine.event_queue.found(job, qpu_s))

    def state(self, job: str) -> JobState:
        return self.engine.call(lambda: (self.engine.catch_up(), self.engine.scheduler.jobs[job].state)[1])


@pytest.fixture
def harness() -> Iterator[Harness]:
    harness = Harness(ManualClock())
    yield harness
    harness.engine.call(harness.engine.scheduler.check_invariants)
    harness.engine.stop()


def test_waiting_for_a_job_takes_its_emulated_time(harness: Harness) -> None:
    harness.submit("a", 3.0)
    assert harness.engine.wait("a")
    assert (harness.clock.now(), harness.state("a")) == (4.0, JobState.DONE)


def test_time_does_not_run_ahead_while_the_code_runs(harness: Harness) -> None:
    harness.submit("a", 3.0)
    harness.clock.advance(2.5)
    assert harness.state("a") is JobState.ON_QPU
    harness.clock.advance(10)
    assert (harness.clock.now(), harness.state("a")) == (12.5, JobState.DONE)


def test_the_clock_holds_while_a_simulation_is_late(harness: Harness) -> None:
    harness.submit("late", None)
    with pytest.raises(RuntimeError, match=r"held at 1\.0"):
        harness.clock.advance(30)
    assert harness.engine.call(lambda: harness.engine.held_by) == "late"
    harness.found("late", 3.0)
    assert harness.engine.wait("late")
    assert harness.clock.now() == 4.0


def test_somebody_who_waits_is_let_go_when_the_late_simulation_is_there(harness: Harness) -> None:
    harness.submit("late", None)
    waited = []
    thread = threading.Thread(target=lambda: waited.append(harness.engine.wait("late")))
    thread.start()
    harness.found("late", 3.0)
    harness.engine.wait("late")
    thread.join(10)
    assert waited == [True]


def test_a_wait_may_time_out_and_the_job_goes_on(harness: Harness) -> None:
    harness.submit("a", 30.0)
    assert not harness.engine.wait("a", timeout_s=5)
    assert (harness.clock.now(), harness.state("a")) == (5.0, JobState.ON_QPU)
    assert harness.engine.wait("a")
    assert harness.clock.now() == 31.0


def test_time_waits_for_the_thread_that_still_works(harness: Harness) -> None:
    harness.submit("mine", 3.0)
    working, may_end = threading.Event(), threading.Event()

    def other() -> None:
        harness.submit("theirs", 3.0)
        working.set()
        may_end.wait(10)

    thread = threading.Thread(target=other)
    thread.start()
    working.wait(10)
    waiter = threading.Thread(target=lambda: harness.engine.wait("mine"))
    waiter.start()
    assert harness.clock.now() == 0.0
    may_end.set()
    thread.join(10)
    waiter.join(0.01)
    harness.engine.wait("theirs")
    waiter.join(10)
    assert harness.clock.now() == 7.0


def test_a_submission_remembers_what_its_thread_awaited(harness: Harness) -> None:
    harness.submit("a", 3.0)
    harness.submit("b", 3.0)
    harness.engine.wait("a")
    harness.submit("c", 3.0)
    jobs = harness.engine.scheduler.jobs
    assert [jobs[j].awaited for j in "abc"] == [(), (), ("a",)]
    assert {jobs[j].submitter for j in "abc"} == {0}


def test_listeners_hear_what_changed_and_a_bad_one_harms_nobody(harness: Harness) -> None:
    heard: set[str] = set()
    harness.engine.subscribe(lambda ids: 1 / 0)
    unsubscribe = harness.engine.subscribe(heard.update)
    harness.session("s")
    harness.submit("a", 3.0, within="s")
    harness.engine.wait("a")
    harness.engine.call(lambda: None)
    assert heard == {"s", "a"}
    unsubscribe()


def test_an_event_that_is_refused_reaches_the_one_who_made_it(harness: Harness) -> None:
    with pytest.raises(Exception, match="no workload nowhere"):
        harness.submit("a", within="nowhere")
    harness.submit("b")
    assert harness.engine.wait("b")


def test_when_it_stops_everybody_is_let_go() -> None:
    harness = Harness(ManualClock())
    harness.submit("never", None)
    failures: list[BaseException] = []

    def wait() -> None:
        try:
            harness.engine.wait("never")
        except RuntimeClosedError as error:
            failures.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    harness.engine.call(lambda: None)
    harness.engine.stop()
    thread.join(10)
    assert len(failures) == 1
    with pytest.raises(RuntimeClosedError):
        harness.engine.call(lambda: None)


def test_at_a_numeric_speed_waiting_takes_wall_time() -> None:
    clock = Clock()
    engine = Engine(Scheduler(), clock, 1000.0)
    engine.start()
    harness = Harness.__new__(Harness)
    harness.clock, harness.engine = clock, engine
    harness.submit("a", 3.0)
    assert engine.wait("a")
    assert clock.now() >= 4.0
    assert clock.rate == 1.0
    engine.stop()


# ---- whatever goes wrong, nobody is left waiting


def raise_it(error: BaseException) -> Any:
    raise error


def strike(harness: Harness, blow: Callable[[Harness], object]) -> tuple[BaseException, BaseException]:
    """What a waiter and a caller get who come before and behind a blow that ends the engine."""
    engine = harness.engine
    waiting = Background(lambda: engine.wait(harness.submit("late", None)))
    while harness.clock.now() < 1.0:  # the simulation is late by then
        waiting.thread.join(0.001)
    held, go_on = threading.Event(), threading.Event()
    engine.post(lambda: (held.set(), go_on.wait(10)))
    held.wait(10)
    blow(harness)
    posted = engine._inbox.qsize()
    calling = Background(lambda: [engine.call(lambda: None) for _ in iter(int, 1)])
    while engine._inbox.qsize() <= posted:
        calling.thread.join(0.001)
    go_on.set()
    return waiting.outcome(), calling.outcome()


def break_the_clock(harness: Harness) -> None:
    harness.clock.now = lambda: raise_it(OSError("no clock"))  # type: ignore[method-assign]
    harness.engine.post(lambda: None)


def break_an_event(error: BaseException) -> Callable[[Harness], None]:
    def blow(harness: Harness) -> None:
        harness.engine.scheduler.handle = lambda event: raise_it(error)  # type: ignore[method-assign]
        harness.engine.post(
            lambda: harness.engine.happen(lambda at: ev.WorkloadOpened(at, "s", Mode.SESSION, QPU))
        )

    return blow


def break_a_step(harness: Harness) -> None:
    harness.engine.event_queue.step = lambda: raise_it(IllegalEvent("no job nowhere"))  # type: ignore[method-assign]
    harness.engine.post(lambda: harness.engine.event_queue.found("late", 3.0))


def break_an_instruction(error: BaseException) -> Callable[[Harness], None]:
    def blow(harness: Harness) -> None:
        harness.engine._on_instruction = lambda instruction: raise_it(error)
        harness.engine.post(
            lambda: harness.engine.happen(lambda at: ev.WorkloadOpened(at, "s", Mode.SESSION, QPU))
        )

    return blow


def kill(thread: threading.Thread, error: type[BaseException] = SystemExit) -> None:
    """Throw an exception into a thread, wherever it is."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(error))


BLOWS: dict[str, Callable[[Harness], None]] = {
    "a clock that raises": break_the_clock,
    "no memory within an event": break_an_event(MemoryError()),
    "an exit within an event": break_an_event(SystemExit(3)),
    "an interrupt within an event": break_an_event(KeyboardInterrupt()),
    "a wrong type within an event": break_an_event(TypeError("no number")),
    "an illegal event of its own": break_a_step,
    "an instruction that can't be carried out": break_an_instruction(OSError("no process")),
    "an exit while carrying out": break_an_instruction(SystemExit()),
}


@pytest.mark.parametrize("blow", BLOWS)
def test_an_error_of_its_own_ends_everybody_who_waits_with_one_clear_line(blow: str) -> None:
    harness = Harness(ManualClock())
    for error in strike(harness, BLOWS[blow]):
        assert isinstance(error, RuntimeClosedError), error
        assert "\n" not in str(error)
        assert "ended with an error of its own" in str(error)
        assert "new RuntimeService" in str(error)
    assert harness.engine.ended
    assert isinstance(outcome(lambda: harness.engine.call(lambda: None)), RuntimeClosedError)
    assert "Job late was RUNNING and is lost" in str(outcome(lambda: harness.engine.wait("late")))
    harness.engine.stop()
    assert not harness.engine._thread.is_alive()


def test_a_thread_that_is_killed_tells_everybody() -> None:
    for _ in range(5):
        harness = Harness(ManualClock())
        waiting = Background(lambda harness=harness: harness.engine.wait(harness.submit("late", None)))
        calling = Background(
            lambda harness=harness: [harness.engine.call(lambda: None) for _ in iter(int, 1)]
        )
        while harness.engine._thread.is_alive():
            kill(harness.engine._thread)
            harness.engine._thread.join(0.001)
        assert isinstance(waiting.outcome(), RuntimeClosedError)
        # What it was struck in is that command's; what came behind it is told.
        assert isinstance(calling.outcome(), SystemExit | RuntimeClosedError)
        assert isinstance(
            outcome(lambda harness=harness: harness.engine.call(lambda: None)), RuntimeClosedError
        )


@pytest.mark.parametrize(
    "error", [SystemExit(), KeyboardInterrupt(), MemoryError(), TypeError("x"), GeneratorExit()]
)
def test_what_goes_wrong_in_a_command_is_the_callers(harness: Harness, error: BaseException) -> None:
    assert outcome(lambda: harness.engine.call(lambda: raise_it(error))) is error
    harness.engine.post(lambda: raise_it(RuntimeError("nobody waits for it")))
    assert outcome(lambda: harness.engine.wait(harness.submit("a"))) is True


@pytest.mark.parametrize("error", [SystemExit(), KeyboardInterrupt(), MemoryError(), ZeroDivisionError()])
def test_a_listener_that_raises_anything_harms_nobody(harness: Harness, error: BaseException) -> None:
    harness.engine.subscribe(lambda ids: raise_it(error))
    assert outcome(lambda: harness.engine.wait(harness.submit("a"))) is True


def test_a_wait_for_what_there_is_not_ends_with_an_error(harness: Harness) -> None:
    assert isinstance(outcome(lambda: harness.engine.wait("nowhere")), KeyError)
    assert isinstance(outcome(lambda: (harness.submit("a", 30.0), harness.engine.wait("a", "3"))), TypeError)


def test_a_listener_that_waits_is_told_that_it_would_wait_for_itself(harness: Harness) -> None:
    heard: list[BaseException] = []

    def listen(ids: frozenset[str]) -> None:
        try:
            harness.engine.wait("late")
        except RuntimeInvalidStateError as error:
            heard.append(error)

    harness.submit("late", None)
    harness.engine.subscribe(listen)
    harness.session()
    outcome(lambda: [harness.engine.call(lambda: None) for _ in range(2)])
    assert "Wait in another thread" in str(heard[0])


def test_a_listener_that_never_returns_does_not_keep_a_closing_service_open(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("qmode_jupyter.runtime.engine._PATIENCE_S", 0.05)
    stuck, go_on = threading.Event(), threading.Event()
    frozen = Harness(ManualClock())
    frozen.submit("late", None)
    waiting = Background(lambda: frozen.engine.wait("late"))
    frozen.engine.subscribe(lambda ids: (stuck.set(), go_on.wait(30)))
    frozen.session()
    stuck.wait(10)
    calling = Background(lambda: frozen.engine.call(lambda: None))
    outcome(frozen.engine.stop)
    assert isinstance(waiting.outcome(), RuntimeClosedError)
    assert isinstance(calling.outcome(), RuntimeClosedError)
    assert "listeners has not returned" in caplog.text
    go_on.set()
    frozen.engine._thread.join(10)
    assert not frozen.engine._thread.is_alive()


def test_whoever_calls_or_waits_while_it_stops_is_answered() -> None:
    for seed in range(40):
        chance = random.Random(seed)
        harness = Harness(ManualClock())
        harness.submit("late", None)

        def talk(harness: Harness = harness) -> None:
            while True:
                harness.engine.call(lambda: None)
                harness.engine.wait("late", 0.001)

        crowd = [Background(talk) for _ in range(4)]
        threading.Event().wait(chance.random() * 0.01)
        harness.engine.stop()
        assert {type(one.outcome()) for one in crowd} == {RuntimeClosedError}
        assert not harness.engine._thread.is_alive()


def test_of_eight_threads_that_wait_one_may_die(harness: Harness) -> None:
    harness.submit("late", None)
    waiting = [Background(lambda: harness.engine.wait("late")) for _ in range(8)]
    harness.engine.call(lambda: None)
    kill(waiting[3].thread)
    assert isinstance(waiting[3].outcome(), SystemExit)
    harness.found("late", 3.0)
    assert harness.engine.wait("late")
    assert [one.outcome() for one in waiting if one is not waiting[3]] == [True] * 7


def test_an_interrupt_at_any_moment_leaves_the_engine_well(harness: Harness) -> None:
    """The alarm rings later and later: in putting the wish, in waiting, in leaving."""

    def ring(*_: object) -> None:
        raise KeyboardInterrupt

    harness.submit("late", None)
    before = signal.signal(signal.SIGALRM, ring)
    try:
        for microseconds in range(1, 400, 7):
            for call in (lambda: harness.engine.wait("late"), lambda: harness.engine.call(lambda: None)):
                try:
                    signal.setitimer(signal.ITIMER_REAL, microseconds / 1e6)
                    while True:
                        call()
                except KeyboardInterrupt:
                    continue
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert not harness.engine.ended
    harness.found("late", 3.0)
    harness.engine.call(lambda: None)
    assert harness.clock.now() == 1.0  # nobody waits any more, so the clock does not run ahead
    assert outcome(lambda: harness.engine.call(lambda: "well")) == "well"
    assert harness.engine.wait("late")


def test_an_engine_does_nothing_before_it_is_started() -> None:
    engine = Engine(Scheduler(), ManualClock(), "max")
    assert not engine._thread.is_alive()
    engine.stop()
    assert isinstance(outcome(lambda: engine.call(lambda: None)), RuntimeClosedError)


def test_a_wait_for_ages_is_taken_in_pieces() -> None:
    harness = Harness(Clock())
    waiting = Background(lambda: harness.engine.wait(harness.submit("late", None), 1e300))
    while harness.engine.call(lambda: harness.engine.held_by) is None:
        waiting.thread.join(0.001)
    harness.found("late", 0.0)
    assert waiting.outcome() is True
    harness.engine.stop()


def test_forty_fatal_exceptions_leave_nobody_hanging() -> None:
    chance = random.Random(2026)
    for _ in range(40):
        harness = Harness(ManualClock())
        told = strike(harness, BLOWS[chance.choice(list(BLOWS))])
        assert {type(error) for error in told} == {RuntimeClosedError}
        harness.engine.stop()
        assert not harness.engine._thread.is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_fork_is_told_whose_engine_it_is(harness: Harness) -> None:
    harness.submit("a")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            harness.engine.wait("a")
        except BaseException as error:  # noqa: BLE001 - the child must not go on as the test run
            os.write(writer, str(error).encode())
        os._exit(0)
    os.close(writer)
    told = os.read(reader, 1000).decode()
    os.waitpid(child, 0)
    os.close(reader)
    assert f"belongs to process {os.getpid()}, of which this one is a fork" in told
    assert harness.engine.wait("a")
