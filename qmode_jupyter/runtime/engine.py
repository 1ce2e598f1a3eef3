"""The one thread that owns the scheduler: it keeps its time and carries out its instructions.

Everything else talks to it by `call` and `post`. Between commands it lets happen what is due. The
clock runs with the wall while the person's code runs; while the person waits for us, it jumps from
one thing to the next (``speed="max"``) or runs at `speed`. "The person waits" means that every live
thread that has submitted work is waiting.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Literal, TypeVar

from qmode_jupyter.errors import RuntimeClosedError
from qmode_jupyter.runtime.clock import Clock, ManualClock
from qmode_jupyter.scheduler.agenda import Agenda
from qmode_jupyter.scheduler.events import Changed, Event, Instruction, Settle, grained
from qmode_jupyter.scheduler.scheduler import Scheduler
from qmode_jupyter.scheduler.states import SETTLED, WorkloadState

T = TypeVar("T")
Speed = float | Literal["max"]

_log = logging.getLogger(__name__)


class EngineStopped(RuntimeClosedError):
    """The runtime was closed."""


class Waiter:
    """A thread that waits for a job to end, or for a workload to be closed."""

    __slots__ = ("deadline_at", "done", "target", "thread", "timed_out")

    def __init__(self, target: str) -> None:
        self.target = target
        self.thread = threading.get_ident()
        self.deadline_at: float | None = None
        self.done = threading.Event()
        self.timed_out = False


class Engine:
    """Emulated time for one scheduler.

    Parameters
    ----------
    scheduler, clock
        What it owns from now on.
    speed
        What the clock does while the person waits: "max" or emulated seconds per second.
    """

    def __init__(self, scheduler: Scheduler, clock: Clock, speed: Speed) -> None:
        self.scheduler = scheduler
        self.agenda = Agenda(scheduler)
        self.clock = clock
        self.speed = speed
        #: Called on this thread with each instruction, as it is given.
        self.on_instruction: Callable[[Instruction], None] = lambda _: None
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._listeners: list[Callable[[frozenset[str]], None]] = []
        self._changed: set[str] = set()
        self._waiters: set[Waiter] = set()
        self._submitters: dict[int, threading.Thread] = {}
        self._numbers: dict[int, int] = {}
        self._awaited: dict[int, list[str]] = {}
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="qmode-engine", daemon=True)
        self._thread.start()
        if isinstance(clock, ManualClock):
            clock.on_advance(lambda: self.call(lambda: None))

    # ---- from any thread

    def post(self, command: Callable[[], None]) -> None:
        """Run `command` on the engine's thread, some time soon."""
        self._inbox.put(command)

    def call(self, function: Callable[[], T]) -> T:
        """Run `function` on the engine's thread and return what it returns or raises."""
        if threading.current_thread() is self._thread:
            return function()
        if self._stopped:
            raise EngineStopped("the runtime was closed")
        reply: Future[T] = Future()

        def answer() -> None:
            try:
                reply.set_result(function())
            except BaseException as error:  # noqa: BLE001 - the caller's to handle
                reply.set_exception(error)

        self._inbox.put(answer)
        return reply.result()

    def wait(self, target: str, timeout_s: float | None = None) -> bool:
        """Wait until a job has ended or a workload is closed; False if `timeout_s` came first.

        `timeout_s` is emulated. A keyboard interrupt leaves the job as it is.
        """
        waiter = Waiter(target)
        self.post(lambda: self._enter(waiter, timeout_s))
        try:
            waiter.done.wait()
        except BaseException:
            self.post(lambda: self._waiters.discard(waiter))
            raise
        if self._stopped:
            raise EngineStopped("the runtime was closed")
        return not waiter.timed_out

    def subscribe(self, listener: Callable[[frozenset[str]], None]) -> Callable[[], None]:
        """Call `listener` on the engine's thread with the ids of what changed; return how to end it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def stop(self) -> None:
        """End the thread; whoever waits is let go."""
        if not self._stopped:
            self._inbox.put(self._stop)
            if threading.current_thread() is not self._thread:
                self._thread.join()

    # ---- on the engine's thread

    def happen(self, event: Callable[[float], Event]) -> None:
        """Let the event that `event` makes of the present moment happen."""
        self._carry_out(self.agenda.happen(event(self.catch_up())))

    def catch_up(self) -> float:
        """Let happen what is due, and return the time at which the scheduler now stands."""
        now = self.clock.now()
        while (at := self.agenda.next_at()) is not None and at <= now and self.agenda.held_by() is None:
            self._carry_out(self.agenda.step())
        self.scheduler.pass_time(now)
        return now

    def submitter(self, thread: threading.Thread) -> tuple[int, tuple[str, ...]]:
        """Note that `thread` submits; return its number and the jobs it awaited since last time."""
        ident = thread.ident or 0
        self._submitters[ident] = thread
        number = self._numbers.setdefault(ident, len(self._numbers))
        return number, tuple(self._awaited.pop(ident, ()))

    def mark(self, changed: str) -> None:
        """Tell the listeners about `changed` too."""
        self._changed.add(changed)

    @property
    def held_by(self) -> str | None:
        """The job whose simulation is late, so that the clock stands."""
        at = self.agenda.next_at()
        return self.agenda.held_by() if at is not None and at <= self.clock.now() else None

    def _run(self) -> None:
        while not self._stopped:
            try:
                self._advance()
                self._publish()
                pause = self._pause_s()
            except Exception:  # noqa: BLE001 - the thread must live on, or everybody waits for ever
                _log.exception("the emulated service met an error of its own")
                pause = None
            self._take_commands(pause)

    def _take_commands(self, pause_s: float | None) -> None:
        try:
            command = self._inbox.get(timeout=pause_s)
        except queue.Empty:
            return
        while True:
            command()
            try:
                command = self._inbox.get_nowait()
            except queue.Empty:
                return

    def _advance(self) -> None:
        while not self._stopped:
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
                if self.agenda.held_by() is not None:
                    break
                self._carry_out(self.agenda.step())
            if not self._inbox.empty():
                break
        self.clock.bound(self._next_at())

    def _carry_out(self, instructions: list[Instruction]) -> None:
        for instruction in instructions:
            if isinstance(instruction, Changed):
                self._changed.add(instruction.id)
                workload = self.scheduler.workloads.get(instruction.id)
                if workload is not None and workload.state is WorkloadState.CLOSED:
                    self._release(workload.id)
            else:
                self._changed.add(instruction.job)
                if isinstance(instruction, Settle):
                    self._release(instruction.job)
            self.on_instruction(instruction)

    def _publish(self) -> None:
        if self._changed:
            changed, self._changed = frozenset(self._changed), set()
            for listener in tuple(self._listeners):
                try:
                    listener(changed)
                except Exception:  # noqa: BLE001 - a face that fails must not stop the service
                    _log.exception("a listener failed")

    def _pause_s(self) -> float | None:
        at = self._next_at()
        if not self._inbox.empty():
            return 0.0
        if at is None or self.held_by is not None:
            return None
        return self.clock.wall_until(at)

    def _next_at(self) -> float | None:
        times = [w.deadline_at for w in self._waiters if w.deadline_at is not None]
        at = self.agenda.next_at()
        if at is not None:
            times.append(at)
        return min(times, default=None)

    # ---- who waits for what

    def _person_waits(self) -> bool:
        if not self._waiters:
            return False
        waiting = {waiter.thread for waiter in self._waiters}
        for ident, thread in list(self._submitters.items()):
            if ident not in waiting:
                if thread.is_alive():
                    return False
                del self._submitters[ident]
        return True

    def _enter(self, waiter: Waiter, timeout_s: float | None) -> None:
        if self._is_over(waiter.target):
            self._let_go(waiter)
            return
        if timeout_s is not None:
            waiter.deadline_at = self.clock.now() + grained(max(0.0, timeout_s))
        self._waiters.add(waiter)

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
        coming = self.agenda.next_at()
        if coming is not None and coming <= at and self.agenda.held_by() is None:
            return False
        late = [w for w in self._waiters if w.deadline_at is not None and w.deadline_at <= at]
        for waiter in late:
            waiter.timed_out = True
            self._let_go(waiter)
        return bool(late)

    def _let_go(self, waiter: Waiter) -> None:
        self._waiters.discard(waiter)
        if not waiter.timed_out and waiter.target in self.scheduler.jobs:
            self._awaited.setdefault(waiter.thread, []).append(waiter.target)
        waiter.done.set()

    def _stop(self) -> None:
        self._stopped = True
        for waiter in list(self._waiters):
            self._let_go(waiter)
