"""The service from its first thread to its last: odd arguments, refusals, failures, closing."""

from __future__ import annotations

import math
import random
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from qmode_jupyter import Batch, RuntimeJob, RuntimeService, SamplerV2, Session, default_service
from qmode_jupyter.errors import (
    IBMInputValueError,
    IBMRuntimeError,
    QmodeError,
    RuntimeClosedError,
    RuntimeInvalidStateError,
    RuntimeJobFailureError,
)
from qmode_jupyter.runtime.budgets import Budget
from qmode_jupyter.runtime.clock import Clock, ManualClock
from qmode_jupyter.runtime.jobs import JobRequest
from qmode_jupyter.scheduler.records import JobState, Mode
from qmode_jupyter.simulation.tasks import SimulationOptions
from tests.emulated import bell, service
from tests.waiting import Background, outcome


def submit(where: Any, shots: int = 10) -> RuntimeJob:
    return SamplerV2(where).run([bell()], shots=shots)


def engines() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == "qmode-engine" and t.is_alive()]


@pytest.fixture
def own() -> Iterator[RuntimeService]:
    """A service that a test may close or break."""
    with service() as one:
        yield one


# ---- arguments are checked where they come in

TIMEOUTS = ["3", math.nan, [], object(), True, 3j, None.__class__]


@pytest.mark.parametrize("timeout", TIMEOUTS, ids=repr)
def test_a_timeout_that_is_none_is_said_in_one_line(emulated: RuntimeService, timeout: object) -> None:
    job = submit(emulated.backend("aer_simulator"))
    with Batch(emulated.backend("aer_simulator")) as batch:
        pass
    for call in (
        lambda: job.result(timeout=timeout),  # type: ignore[arg-type]
        lambda: job.wait_for_final_state(timeout=timeout),  # type: ignore[arg-type]
        lambda: emulated.runtime.workloads.wait(str(batch.session_id), timeout),  # type: ignore[arg-type]
    ):
        error = outcome(call)
        assert isinstance(error, IBMInputValueError)
        assert str(error) == f"timeout must be a number of seconds, not {timeout!r}."
    assert job.result().metadata["version"] == 2


@pytest.mark.parametrize("timeout", [math.inf, 1e300, 10**30])
def test_a_timeout_without_end_is_as_long_as_it_takes(emulated: RuntimeService, timeout: float) -> None:
    job = submit(emulated.backend("aer_simulator"))
    assert job.result(timeout=timeout)[0].data.meas.num_shots == 10


ODD: dict[str, Callable[[RuntimeService, str], object]] = {
    "max_time": lambda s, w: s.runtime.workloads.open(Mode.BATCH, s.backend(), "x"),  # type: ignore[arg-type]
    "max_time nan": lambda s, w: s.runtime.workloads.open(Mode.BATCH, s.backend(), math.nan),
    "mode": lambda s, w: s.runtime.workloads.open("x", s.backend()),  # type: ignore[arg-type]
    "budget": lambda s, w: s.runtime.limit_usage(w, 60),  # type: ignore[arg-type]
    "budget's owner": lambda s, w: s.runtime.limit_usage("nowhere", Budget(1.0, "1s")),
    "listener": lambda s, w: s.runtime.subscribe(5),  # type: ignore[arg-type]
    "group": lambda s, w: s.runtime.groups.close("nowhere"),
    "reservation": lambda s, w: s.reserve(s.backend(), "a", math.nan),  # type: ignore[arg-type]
    "reservation without end": lambda s, w: s.reserve(s.backend(), 10, math.inf),
    "max_execution_time": lambda s, w: s.runtime.submit(
        JobRequest("sampler", (), s.backend(), SimulationOptions(), max_execution_s="3")  # type: ignore[arg-type]
    ),
    "workload": lambda s, w: s.runtime.workloads.record("nowhere"),
    "closing": lambda s, w: s.runtime.workloads.close("nowhere"),
}


@pytest.mark.parametrize("call", ODD)
def test_an_odd_argument_is_said_in_one_line_and_harms_nobody(emulated: RuntimeService, call: str) -> None:
    batch = Batch(emulated.backend("aer_simulator"))
    error = outcome(lambda: ODD[call](emulated, str(batch.session_id)))
    assert isinstance(error, IBMInputValueError), error
    assert "\n" not in str(error)
    job = submit(batch)
    batch.close()
    assert job.result()[0].data.meas.num_shots == 10


@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.runtime.look(5),
        lambda s: s.runtime.look(lambda scheduler: 1 / 0),
        lambda s: s.runtime.look(lambda scheduler: (_ for _ in ()).throw(SystemExit)),
        lambda s: s.runtime.job_record([]),
        lambda s: s.trace("nowhere"),
        lambda s: s.runtime.place(None),
        lambda s: s.runtime.workloads.record([]),
        lambda s: s.runtime.groups.open("x", None),
    ],
)
def test_whatever_a_call_raises_is_the_callers(emulated: RuntimeService, call: Callable[..., object]) -> None:
    assert isinstance(outcome(lambda: call(emulated)), BaseException)
    assert submit(emulated.backend("aer_simulator")).result() is not None


@pytest.mark.parametrize("speed", [math.inf, math.nan, 0, -1, True, "fast", [], 1j])
def test_a_speed_that_can_not_be_leaves_no_thread(speed: Any) -> None:
    before = engines()
    with pytest.raises(ValueError, match="speed must be 'max' or a number"):
        RuntimeService(speed=speed)
    assert engines() == before


@pytest.mark.parametrize(
    "arguments",
    [{"seed": []}, {"workers": "many"}, {"plan": "gold"}, {"timing": "guessed"}, {"load": 2}, {"clock": 3}],
    ids=str,
)
def test_what_can_not_be_made_leaves_no_thread(arguments: dict[str, Any]) -> None:
    before = engines()
    assert isinstance(outcome(lambda: RuntimeService(**arguments)), Exception)
    assert engines() == before


def test_no_folder_to_write_in_leaves_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    before = engines()
    monkeypatch.setattr(tempfile, "mkdtemp", lambda *a, **k: (_ for _ in ()).throw(OSError("read-only")))
    refusal = outcome(lambda: RuntimeService(seed=143))
    assert isinstance(refusal, IBMRuntimeError)
    assert "read-only" in str(refusal)
    assert engines() == before


# ---- a submission is whole or not at all


def test_a_refused_job_leaves_no_trace_in_the_budget(own: RuntimeService) -> None:
    batch = Batch(own.backend("aer_simulator"))
    own.runtime.limit_usage(str(batch.session_id), Budget.parse("9s", own.plan))
    with pytest.raises(IBMInputValueError):
        own.runtime.limit_usage("nowhere", Budget.parse("9s", own.plan))
    own.runtime.workloads.close(str(batch.session_id))
    for _ in range(5):
        with pytest.raises(IBMRuntimeError, match="has been closed"):
            submit(batch, shots=1000)
    assert tuple(own.runtime.jobs) == ()
    own.runtime._budgets.check(str(batch.session_id), 0.0, 8.0)  # nothing is under way in it


def test_a_refused_job_is_tried_again_with_what_it_depends_on(own: RuntimeService) -> None:
    aer = own.backend("aer_simulator")
    first = submit(aer)
    first.result()
    closed = Batch(aer)
    own.runtime.workloads.close(str(closed.session_id))
    with pytest.raises(IBMRuntimeError):
        submit(closed)
    second = submit(aer)
    assert own.runtime.look(lambda scheduler: scheduler.jobs[second.job_id()].awaited) == (first.job_id(),)


def test_a_thread_whose_job_was_refused_does_not_hold_the_clock(own: RuntimeService) -> None:
    aer = own.backend("aer_simulator")
    closed = Batch(aer)
    own.runtime.workloads.close(str(closed.session_id))
    refused, may_end = threading.Event(), threading.Event()

    def other() -> None:
        with pytest.raises(IBMRuntimeError):
            submit(closed)
        refused.set()
        may_end.wait(30)

    working = Background(other)
    refused.wait(30)
    assert submit(aer).result() is not None  # it waits for no one
    may_end.set()
    working.outcome()


def test_a_job_that_is_over_when_it_is_submitted_is_counted_and_not_simulated() -> None:
    with service(plan="legacy_2023") as own:
        session = Session(own.backend("aer_simulator"))
        owner = str(session.session_id)
        own.runtime.limit_usage(owner, Budget.parse("60s", own.plan))
        submit(session).cancel()  # SEMANTICS L2: the session is nothing without its first job
        begun: list[str] = []
        begin = own.runtime._executor.begin
        own.runtime._executor.begin = lambda job, task: (begun.append(job), begin(job, task))[1]  # type: ignore[method-assign]
        late = submit(session, shots=1000)
        assert isinstance(outcome(late.result), RuntimeJobFailureError)
        assert begun == []
        ended = own.runtime.jobs.ended(owner)
        assert ended[JobState.FAILED] + ended[JobState.CANCELLED] == 2
        own.runtime._budgets.check(owner, 0.0, 60.0)


def test_a_simulation_that_can_not_begin_fails_its_job_and_no_other(own: RuntimeService) -> None:
    aer = own.backend("aer_simulator")
    begin = own.runtime._executor.begin

    def refuse(job: str, task: object) -> None:
        raise OSError("no process left")

    own.runtime._executor.begin = refuse  # type: ignore[method-assign, assignment]
    error = outcome(lambda: submit(aer).result())
    assert isinstance(error, RuntimeJobFailureError)
    assert "could not simulate it (OSError: no process left)" in str(error)
    own.runtime._executor.begin = begin  # type: ignore[method-assign]
    assert submit(aer).result() is not None


def test_an_outcome_that_can_not_be_read_fails_its_job(own: RuntimeService) -> None:
    own.runtime._executor.collect = lambda job: (_ for _ in ()).throw(SystemExit(2))  # type: ignore[method-assign]
    error = outcome(lambda: submit(own.backend("aer_simulator")).result())
    assert isinstance(error, RuntimeJobFailureError)
    assert "SystemExit" in str(error)


# ---- closing


@pytest.mark.parametrize("method", ["result", "wait_for_final_state"])
def test_who_waits_while_the_service_closes_is_told_what_became_of_the_job(
    own: RuntimeService, method: str
) -> None:
    hold(own)
    aer = own.backend("aer_simulator")
    waiting = Background(lambda: getattr(submit(aer), method)())
    while not tuple(own.runtime.jobs):
        waiting.thread.join(0.001)
    own.close()
    error = waiting.outcome()
    assert isinstance(error, RuntimeClosedError)
    job = next(iter(own.runtime.jobs))
    assert str(error) == (
        f"The service was closed. Job {job} was RUNNING and is lost: run it again on a new RuntimeService."
    )


@pytest.mark.parametrize("method", ["result", "wait_for_final_state", "status", "cancel"])
def test_who_comes_when_the_service_is_closed_is_told_too(own: RuntimeService, method: str) -> None:
    aer = own.backend("aer_simulator")
    unfinished, batch = submit(aer), Batch(aer)
    own.close()
    assert isinstance(outcome(getattr(unfinished, method)), RuntimeClosedError)
    assert isinstance(outcome(lambda: own.runtime.workloads.wait(str(batch.session_id))), RuntimeClosedError)
    batch.close()  # leaving a `with` raises nothing


def test_a_job_that_had_ended_is_still_known_when_the_service_is_closed(own: RuntimeService) -> None:
    job = submit(own.backend("aer_simulator"))
    own.runtime.wait(job.job_id())
    own.close()
    assert job.status() == "DONE"
    outcome(job.wait_for_final_state)


def hold(own: RuntimeService) -> None:
    """Let no simulation end."""
    own.runtime._executor.collect = lambda job: None  # type: ignore[method-assign]


def test_a_job_with_a_budget_that_is_submitted_while_the_service_closes(own: RuntimeService) -> None:
    from concurrent.futures import Future

    asked = threading.Event()
    never: Future[Any] = Future()
    own.runtime._executor.work_of = lambda task: (asked.set(), never)[1]  # type: ignore[method-assign]
    batch = Batch(own.backend("aer_simulator"))
    own.runtime.limit_usage(str(batch.session_id), Budget.parse("60s", own.plan))
    running = Background(lambda: submit(batch))
    asked.wait(30)
    own.close()
    assert isinstance(running.outcome(), RuntimeClosedError)
    assert tuple(own.runtime.jobs) == ()


def test_an_error_of_the_engine_closes_its_service_and_the_default_one_is_made_anew() -> None:
    old = default_service()
    aer = old.backend("aer_simulator")
    sampler = SamplerV2(aer)
    hold(old)
    waiting = Background(sampler.run([bell()]).result)
    old.runtime._engine.post(lambda: old.runtime._engine.event_queue.happen(None))  # type: ignore[arg-type]  # logged, no more
    assert not old.closed
    old.runtime._engine.clock.now = lambda: (_ for _ in ()).throw(OSError("no clock"))  # type: ignore[method-assign]
    old.runtime._engine.post(lambda: None)
    error = waiting.outcome()
    assert isinstance(error, RuntimeClosedError)
    assert "ended with an error of its own (OSError: no clock)" in str(error)
    assert isinstance(error.__cause__, OSError)
    assert old.closed
    for late in (lambda: sampler.run([bell()]), lambda: SamplerV2(aer)):
        assert isinstance(outcome(late), RuntimeClosedError)
    new = default_service()
    assert new is not old
    assert submit(new.backend("aer_simulator")).result() is not None
    old.runtime._engine._thread.join(30)
    assert not old.runtime._engine._thread.is_alive()


def test_a_listener_that_asks_for_a_result_is_told_and_the_job_goes_on(own: RuntimeService) -> None:
    told: list[BaseException] = []

    def listen(ids: frozenset[str]) -> None:
        try:
            own.job(next(iter(own.runtime.jobs))).result()
        except RuntimeInvalidStateError as error:
            told.append(error)

    own.runtime.subscribe(listen)
    assert submit(own.backend("aer_simulator")).result() is not None
    assert "Wait in another thread" in str(told[0])


def test_closing_that_was_interrupted_is_done_by_closing_again(
    own: RuntimeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = own.runtime._engine.stop
    monkeypatch.setattr(own.runtime._engine, "stop", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    assert isinstance(outcome(own.close), KeyboardInterrupt)
    assert not own.closed
    monkeypatch.setattr(own.runtime._engine, "stop", stop)
    outcome(own.close)
    assert own.closed
    assert not own.runtime._engine._thread.is_alive()


def test_a_listener_may_close_the_service(own: RuntimeService) -> None:
    own.runtime.subscribe(lambda ids: own.close())
    assert isinstance(outcome(lambda: submit(own.backend("aer_simulator")).result()), RuntimeClosedError)
    own.runtime._engine._thread.join(30)
    assert not own.runtime._engine._thread.is_alive()


class Crowd:
    """Threads that do at random what people do, until the service is closed."""

    def __init__(self, own: RuntimeService) -> None:
        self.own = own
        self.aer = own.backend("aer_simulator")
        self.jobs: list[RuntimeJob] = []

    def work(self, chance: random.Random) -> None:
        batch = None
        while not self.own.closed:
            try:
                if batch is None or chance.random() < 0.2:
                    batch = Batch(self.aer)
                    self.own.runtime.limit_usage(str(batch.session_id), Budget(40.0, "40s"))
                self.jobs.append(submit(batch if chance.random() < 0.5 else self.aer, shots=100))
                for _ in range(3):
                    chance.choice(self.acts(chance, chance.choice(self.jobs), batch))()
            except (QmodeError, TimeoutError):
                continue

    def acts(self, chance: random.Random, job: RuntimeJob, batch: Batch) -> list[Callable[[], object]]:
        return [
            lambda: job.result(timeout=chance.choice([None, 0.001, math.inf, 5])),
            lambda: job.result(timeout="3"),  # type: ignore[arg-type]
            lambda: job.wait_for_final_state(timeout=1),
            job.cancel,
            job.status,
            batch.cancel,
            batch.close,
            self.own.usage,
            lambda: self.own.jobs(limit=None),
            lambda: self.own.runtime.look(lambda scheduler: 1 / 0 if scheduler.now < 0 else None),
        ]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_threads_that_run_wait_cancel_and_close_at_once_all_end(seed: int) -> None:
    chance = random.Random(seed)
    own = service(clock=Clock() if seed % 2 else ManualClock())
    crowd = Crowd(own)
    threads = [Background(lambda i=i: crowd.work(random.Random(100 * seed + i))) for i in range(6)]
    threading.Event().wait(0.5 + chance.random())
    closers = [Background(own.close) for _ in range(2)]
    assert [one.outcome() for one in (*threads, *closers)] == [None] * 8
    assert not own.runtime._engine._thread.is_alive()
    for job in crowd.jobs:
        result = outcome(job.result)
        assert isinstance(result, QmodeError) or result is not None
