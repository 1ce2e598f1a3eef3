"""The one thread that owns the scheduler: it keeps its time and carries out its instructions.

Everything else talks to it by `call` and `post`. Between commands it lets happen what is due. The
clock runs with the wall while the person's code runs; while the person waits for us, it jumps from
one thing to the next (``speed="max"``) or runs at `speed`. "The person waits" means that every live
thread that has submitted work is waiting.

Nobody is left waiting. What goes wrong in a command is raised to the one who gave it. What goes
wrong in the engine itself, or half way through an event, ends it: everybody who waits, and whoever
comes later, is told so. A waiter never depends on what the engine still does: it looks once a
second whether the engine lives.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, Protocol, TypeVar

from qmode_jupyter.errors import RequestsApiError, RuntimeClosedError, RuntimeInvalidStateError
from qmode_jupyter.runtime.clock import Clock, ManualClock
from qmode_jupyter.scheduler.event_queue import EventQueue
from qmode_jupyter.scheduler.events import Changed, Event, Instruction, Settle, grained
from qmode_jupyter.scheduler.records import SETTLED, WorkloadState
from qmode_jupyter.scheduler.scheduler import IllegalEvent, IllegalTransition, Refused, Scheduler

T = TypeVar("T")
Speed = float | Literal["max"]

#: Seconds after which whoever waits looks whether the engine lives.
_LOOK_S: Final = 1.0
#: The longest pause at a stretch, in seconds; a queue refuses to wait for centuries.
_LONGEST_PAUSE_S: Final = 3600.0
#: Seconds that the thread gets to end; only a listener that blocks it needs more.
_PATIENCE_S: Final = 10.0

_log = logging.getLogger(__name__)


class Reply(Generic[T]):
    """What one thread waits for and another gives; the first answer counts.

    A bare lock is its gate. An `Event` or a `Future` has a lock of its own inside, and a waiting
    thread that dies of an interrupt at the wrong moment would leave it locked for the one who answers.
    """

    __slots__ = ("_gate", "_outcome")

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._gate.acquire()
        self._outcome: tuple[T, None] | tuple[None, BaseException] | None = None

    def give(self, result: T) -> None:
        """Answer with a result."""
        self._answer((result, None))

    def fail(self, error: BaseException) -> None:
        """Answer with an exception."""
        self._answer((None, error))

    def comes_within(self, seconds: float) -> bool:
        """Wait for the answer; False if it has not come in `seconds`. For one thread."""
        return self._gate.acquire(timeout=seconds)

    def take(self) -> T:
        """Return the result that has come, or raise the exception."""
        assert self._outcome is not None
        result, error = self._outcome
        if error is not None:
            raise error
        return result  # type: ignore[return-value]  # None comes with an error only

    def _answer(self, outcome: tuple[T, None] | tuple[None, BaseException]) -> None:
        if self._outcome is None:
            self._outcome = outcome
        with contextlib.suppress(RuntimeError):  # open already
            self._gate.release()


class Caller(Protocol):
    """Who submits jobs and waits for them: a thread, or a connection of somebody in another process."""

    @property
    def ident(self) -> int | None:
        """Tells it from all others that live."""

    def is_alive(self) -> bool:
        """Whether it can still do anything."""


class Waiter:
    """A caller that waits for a job to end, or for a workload to be closed."""

    __slots__ = ("deadline_at", "left", "reply", "target", "thread")

    def __init__(self, target: str, caller: Caller | None = None) -> None:
        self.target = target
        self.thread = threading.get_ident() if caller is None else caller.ident
        self.deadline_at: float | None = None
        #: True: what it waited for has happened. False: its time was up first.
        self.reply: Reply[bool] = Reply()
        #: The thread waits no more: it was interrupted.
        self.left = False


@dataclass(frozen=True, slots=True)
class _End:
    """Why there is no engine any more."""

    said: str
    cause: BaseException | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Subscription:
    changed: Callable[[frozenset[str]], None]
    ended: Callable[[], None]


def _nothing() -> None:
    """Do nothing."""


class Engine:
    """Emulated time for one scheduler; `start` makes it run.

    Parameters
    ----------
    scheduler, clock
        What it owns from now on.
    speed
        What the clock does while the person waits: "max" or emulated seconds per second.
    on_instruction
        Called on the engine's thread with each instruction, as it is given.
    on_failure
        Called on the engine's thread when it has ended with an error of its own.
    when_kept
        Calls a function when all that has happened is kept: whoever waits is let go then.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        clock: Clock,
        speed: Speed,
        *,
        on_instruction: Callable[[Instruction], None] = lambda _: None,
        on_failure: Callable[[], None] = _nothing,
        when_kept: Callable[[Callable[[], None]], None] = lambda then: then(),
    ) -> None:
        self.scheduler = scheduler
        self.event_queue = EventQueue(scheduler)
        self.clock = clock
        self.speed = speed
        self._on_instruction = on_instruction
        self._on_failure = on_failure
        self._when_kept = when_kept
        self._inbox: queue.SimpleQueue[tuple[Callable[[], None], Reply[Any]]] = queue.SimpleQueue()
        self._subscriptions: list[_Subscription] = []
        self._changed: set[str] = set()
        self._waiters: set[Waiter] = set()
        self._submitters: dict[int, Caller] = {}
        self._numbers: dict[int, int] = {}
        self._awaited: dict[int, list[str]] = {}
        self._end: _End | None = None
        #: What interrupted an event half way: the scheduler can't be trusted any more.
        self._broken: BaseException | None = None
        self._owner = os.getpid()
        self._thread = threading.Thread(target=self._run, name="qmode-engine", daemon=True)

    # ---- from any thread

    def start(self) -> None:
        """Begin; nothing happens and nobody is answered before."""
        self._thread.start()
        if isinstance(self.clock, ManualClock):
            self.clock.on_advance(lambda: self.call(_nothing))

    @property
    def ended(self) -> bool:
        """Whether it was stopped, or ended with an error of its own."""
        self._notice_death()
        return self._end is not None

    def post(self, command: Callable[[], None]) -> None:
        """Run `command` on the engine's thread, some time soon; never, if that has ended."""

        def carry_out() -> None:
            try:
                command()
            except Exception:  # noqa: BLE001 - nobody waits for it
                _log.exception("a command failed")

        self._put(carry_out, Reply())

    def call(self, function: Callable[[], T]) -> T:
        """Run `function` on the engine's thread and return what it returns or raises.

        Raises
        ------
        RuntimeClosedError
            If the engine has ended, or ends before it has answered.
        RequestsApiError
            If an event in it is refused, as IBM's client says it; nothing has changed then.
        """
        try:
            if threading.current_thread() is self._thread:
                if self._end is not None:
                    raise self.closed_error()
                return function()
            reply: Reply[T] = Reply()
            self._put(lambda: reply.give(function()), reply)
            self._await(reply)
            return reply.take()
        except Refused as refusal:
            raise RequestsApiError(
                f"400 Client Error: {refusal.message} {refusal.solution} Error code: {refusal.code}.",
                status_code=400,
            ) from None

    def look(self, function: Callable[[Scheduler], T]) -> T:
        """Return ``function(scheduler)``, run where nothing changes meanwhile, with all that is due done."""

        def look() -> T:
            self.catch_up()
            return function(self.scheduler)

        return self.call(look)

    def wait(
        self,
        target: str,
        timeout_s: float | None = None,
        *,
        patience_s: float | None = None,
        caller: Caller | None = None,
    ) -> bool:
        """Wait until a job has ended or a workload is closed; False if `timeout_s` came first.

        `timeout_s` is emulated, `patience_s` is of the wall. An interrupt leaves the job as it is.
        `caller` is who waits, where that is not this thread.

        Raises
        ------
        TimeoutError
            If `patience_s` came first.
        RuntimeClosedError
            If the engine has ended, or ends before the job does.
        RuntimeInvalidStateError
            On the engine's own thread, which would wait for itself.
        """
        if threading.current_thread() is self._thread:
            if self._is_over(target):
                return True
            raise RuntimeInvalidStateError(
                f"{target} can't be waited for here: this is the thread that makes it end, and it calls "
                "listeners. Wait in another thread."
            )
        waiter = Waiter(target, caller)
        try:
            self._put(lambda: self._enter(waiter, timeout_s), waiter.reply)
            self._await(waiter.reply, patience_s)
            return waiter.reply.take()
        except RuntimeClosedError:
            if self._is_over(target):
                return True
            failure = self.closed_error(target)
            raise failure from failure.__cause__
        except BaseException:
            waiter.left = True
            self.post(_nothing)
            raise

    def result_of(self, future: Future[T]) -> T:
        """Return the result of somebody else's work; `RuntimeClosedError` if the engine ends first."""
        self.wait_until(lambda then: future.add_done_callback(lambda _: then()))
        try:
            return future.result(timeout=0)
        except CancelledError:
            failure = self.closed_error()
            raise failure from failure.__cause__

    def wait_until(self, when: Callable[[Callable[[], None]], None]) -> None:
        """Wait until `when` calls what it is given; `RuntimeClosedError` if the engine ends first."""
        reply: Reply[None] = Reply()
        when(lambda: reply.give(None))
        self._await(reply)

    def subscribe(
        self, listener: Callable[[frozenset[str]], None], ended: Callable[[], None] = _nothing
    ) -> Callable[[], None]:
        """Call `listener` on the engine's thread with the ids of what changed; return how to end it.

        `ended` is called once when the engine has ended, on the thread that ended it.
        """
        subscription = _Subscription(listener, ended)
        self._subscriptions.append(subscription)
        if self._end is not None:
            self._dismiss_all()

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                self._subscriptions.remove(subscription)

        return unsubscribe

    def stop(self, said: str = "The service was closed") -> None:
        """End the thread; whoever waits is told why."""
        self._finish(_End(said))
        if threading.current_thread() is not self._thread and self._lives():
            self._thread.join(_PATIENCE_S)
            if self._lives():
                _log.warning("The service is closed, but one of its listeners has not returned yet.")

    def closed_error(self, target: str | None = None) -> RuntimeClosedError:
        """Return the exception for somebody who comes too late, or waits for `target` in vain."""
        end = self._end or _End("The service was closed")
        job = self.scheduler.jobs.get(target or "")
        if job is not None:
            fate = (
                f"Job {job.id} was {job.record().status} and is lost: run it again on a new RuntimeService."
            )
        elif target is not None:
            fate = f"{target} ended with it: open another on a new RuntimeService."
        else:
            fate = "It takes no more work: make a new RuntimeService."
        error = RuntimeClosedError(f"{end.said}. {fate}")
        error.__cause__ = end.cause
        return error

    # ---- on the engine's thread

    def happen(self, event: Callable[[float], Event], accepted: Callable[[], None] = _nothing) -> None:
        """Let the event that `event` makes of the present moment happen.

        `accepted` is called when it has happened, before anything that follows from it is carried
        out; not at all when the event is refused or illegal, which changes nothing.
        """
        made = event(self.catch_up())
        try:
            instructions = self.event_queue.happen(made)
            accepted()
            self._carry_out(instructions)
        except (Refused, IllegalEvent, IllegalTransition):
            raise
        except BaseException as error:
            self._broken = error
            raise

    def catch_up(self) -> float:
        """Let happen what is due, and return the time at which the scheduler now stands."""
        now = self.clock.now()
        coming = self.event_queue
        while (at := coming.next_at()) is not None and at <= now and coming.held_by() is None:
            self._step()
        self.scheduler.pass_time(now)
        return now

    def submitter(self, caller: Caller) -> tuple[int, tuple[str, ...]]:
        """Return the number of who wants to submit, and the jobs it awaited since last time."""
        ident = caller.ident or 0
        return self._numbers.get(ident, len(self._numbers)), tuple(self._awaited.get(ident, ()))

    def submitted(self, caller: Caller) -> None:
        """Note that `caller` has submitted: from now on time waits for it."""
        ident = caller.ident or 0
        self._submitters[ident] = caller
        self._numbers.setdefault(ident, len(self._numbers))
        self._awaited.pop(ident, None)

    def mark(self, changed: str) -> None:
        """Tell the listeners about `changed` too."""
        self._changed.add(changed)

    @property
    def held_by(self) -> str | None:
        """The job whose simulation is late, so that the clock stands."""
        at = self.event_queue.next_at()
        return self.event_queue.held_by() if at is not None and at <= self.clock.now() else None

    def _run(self) -> None:
        try:
            while self._end is None:
                self._advance()
                self._publish()
                self._take_commands(self._pause_s())
        except BaseException as error:  # noqa: BLE001 - told to everybody who waits or comes
            _log.exception("the emulated service met an error of its own, and ends")
            line = (str(error).splitlines() or [""])[0]
            what = f"{type(error).__name__}: {line}" if line else type(error).__name__
            self._finish(_End(f"The service ended with an error of its own ({what})", error))
            self._on_failure()

    def _take_commands(self, pause_s: float | None) -> None:
        try:
            command, reply = self._inbox.get(timeout=pause_s)
        except queue.Empty:
            return
        while self._end is None:
            self._obey(command, reply)
            try:
                command, reply = self._inbox.get_nowait()
            except queue.Empty:
                return
        reply.fail(self.closed_error())

    def _obey(self, command: Callable[[], None], reply: Reply[Any]) -> None:
        try:
            command()
        except BaseException as error:  # noqa: BLE001 - the caller's to handle
            if self._broken is None:
                reply.fail(error)
        if self._broken is not None:
            self._inbox.put((command, reply))  # to be told with all the others
            raise self._broken

    def _advance(self) -> None:
        while self._end is None:
            waits = self._person_waits()
            ahead = waits and self.speed == "max"
            self.clock.run_at(0.0 if ahead else float(self.speed) if waits else 1.0)
            at = self._next_at()
            if at is None:
                break
            if at > self.clock.now():
                if not ahead:
                    break
                self.clock.jump(at)
            if not self._let_go_at(at):
                if self.event_queue.held_by() is not None:
                    break
                self._step()
            if not self._inbox.empty():
                break
        self.clock.bound(self._next_at())

    def _step(self) -> None:
        try:
            self._carry_out(self.event_queue.step())
        except BaseException as error:
            self._broken = error
            raise

    def _carry_out(self, instructions: list[Instruction]) -> None:
        for instruction in instructions:
            self._on_instruction(instruction)
            if isinstance(instruction, Changed):
                self._changed.add(instruction.id)
                workload = self.scheduler.workloads.get(instruction.id)
                if workload is not None and workload.state is WorkloadState.CLOSED:
                    self._release(workload.id)
            else:
                self._changed.add(instruction.job)
                if isinstance(instruction, Settle):
                    self._release(instruction.job)

    def _publish(self) -> None:
        if self._changed:
            changed, self._changed = frozenset(self._changed), set()
            for subscription in tuple(self._subscriptions):
                try:
                    subscription.changed(changed)
                except BaseException:  # noqa: BLE001 - a listener that fails must not stop the service
                    _log.exception("a listener failed")

    def _pause_s(self) -> float | None:
        at = self._next_at()
        if not self._inbox.empty():
            return 0.0
        if at is None or self.held_by is not None:
            return None
        pause_s = self.clock.wall_until(at)
        return None if pause_s is None else min(pause_s, _LONGEST_PAUSE_S)

    def _next_at(self) -> float | None:
        times = [w.deadline_at for w in self._waiters if w.deadline_at is not None]
        at = self.event_queue.next_at()
        if at is not None:
            times.append(at)
        return min(times, default=None)

    # ---- who waits for what

    def _person_waits(self) -> bool:
        for waiter in [w for w in self._waiters if w.left]:
            self._waiters.discard(waiter)
        if not self._waiters:
            return False
        waiting = {waiter.thread for waiter in self._waiters}
        for ident, caller in list(self._submitters.items()):
            if ident not in waiting:
                if caller.is_alive():
                    return False
                del self._submitters[ident]
        return True

    def _enter(self, waiter: Waiter, timeout_s: float | None) -> None:
        if waiter.left:
            return
        if self._is_over(waiter.target):
            self._let_go(waiter)
            return
        if timeout_s is not None:
            waiter.deadline_at = self.clock.now() + grained(max(0.0, timeout_s))
        self._waiters.add(waiter)
        if self._end is not None:
            self._refuse_all()

    def _is_over(self, target: str) -> bool:
        job = self.scheduler.jobs.get(target)
        if job is not None:
            return job.state in SETTLED
        return self.scheduler.workloads[target].state is WorkloadState.CLOSED

    def _release(self, target: str) -> None:
        for waiter in [w for w in self._waiters if w.target == target]:
            self._let_go(waiter)

    def _let_go_at(self, at: float) -> bool:
        """Let those go whose time is up at `at`, if nothing else happens then or before."""
        coming = self.event_queue.next_at()
        if coming is not None and coming <= at and self.event_queue.held_by() is None:
            return False
        late = [w for w in self._waiters if w.deadline_at is not None and w.deadline_at <= at]
        for waiter in late:
            self._waiters.discard(waiter)
            waiter.reply.give(False)
        return bool(late)

    def _let_go(self, waiter: Waiter) -> None:
        self._waiters.discard(waiter)
        if waiter.target in self.scheduler.jobs:
            self._awaited.setdefault(waiter.thread or 0, []).append(waiter.target)
        self._when_kept(lambda: waiter.reply.give(True))

    # ---- the end: any thread, at any moment

    def _put(self, command: Callable[[], None], reply: Reply[Any]) -> None:
        if os.getpid() != self._owner:
            self._notice_death()
        self._inbox.put((command, reply))
        # Looked at after putting, as `_finish` sets it before it looks: one of the two sees the other.
        if self._end is not None:
            self._refuse_all()

    def _await(self, reply: Reply[T], patience_s: float | None = None) -> None:
        while not reply.comes_within(_LOOK_S if patience_s is None else min(_LOOK_S, patience_s)):
            self._notice_death()
            if self._end is not None:
                raise self.closed_error()
            if patience_s is not None:
                patience_s -= _LOOK_S
                if patience_s <= 0:
                    raise TimeoutError

    def _notice_death(self) -> None:
        if self._end is None and self._thread.ident is not None and not self._lives():
            forked = os.getpid() != self._owner
            self._finish(
                _End(
                    f"The service belongs to process {self._owner}, of which this one is a fork"
                    if forked
                    else "The service's own thread was killed"
                )
            )

    def _lives(self) -> bool:
        # Not `is_alive()`: an interrupt within it makes Python 3.11 take a thread that lives for dead.
        # Nor its number, which a later thread may get.
        return self._thread in threading.enumerate()

    def _finish(self, end: _End) -> None:
        if self._end is None:
            self._end = end
        self._refuse_all()
        self._dismiss_all()

    def _refuse_all(self) -> None:
        for waiter in list(self._waiters):
            self._waiters.discard(waiter)
            waiter.reply.fail(self.closed_error(waiter.target))
        with contextlib.suppress(queue.Empty):
            while True:
                _, reply = self._inbox.get_nowait()
                reply.fail(self.closed_error())
        self._inbox.put((_nothing, Reply()))  # the thread may still have to wake

    def _dismiss_all(self) -> None:
        # In a fork the listeners belong to the process that it was forked from.
        while self._subscriptions and os.getpid() == self._owner:
            try:
                subscription = self._subscriptions.pop()
                subscription.ended()
            except Exception:  # noqa: BLE001 - a listener that fails must not keep the service from ending
                _log.exception("a listener failed")
