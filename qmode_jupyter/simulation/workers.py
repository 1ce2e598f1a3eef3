"""Other processes that simulate and transpile, so that the kernel never does.

One small seam: `submit(function, *args)` gives a `Future` whose `cancel()` works at any time and
really stops the work, by ending the process that does it.

Each process has a thread here that starts it, gives it one task after the other, and notices at once
when it ends, idle or not. Then the thread starts another. A task whose process was killed from outside
is run once more: it has no effect but its result. Nothing that happens to one process is noticed by
the tasks of the others.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import signal
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Pipe, wait
from typing import Any, Final

from qmode_jupyter.errors import IBMRuntimeError, RuntimeClosedError
from qmode_jupyter.simulation import worker_main
from qmode_jupyter.simulation.process import WorkerProcess

_log = logging.getLogger(__name__)

#: How often a task is tried whose process is killed, or has none.
_TRIES: Final = 2
#: Signals by which a process ends that did wrong itself: its task would do so again.
_CRASHES: Final = {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT, signal.SIGSYS}


class WorkerDied(IBMRuntimeError):
    """The process that simulated a job ended: killed, crashed, or out of memory; or none could be started."""


def available_cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


@dataclass(slots=True, eq=False)
class _Task:
    """A function to run in a process, and who waits for it."""

    future: Future[Any]
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    tries: int = 0


class Workers:
    """A pool of processes that take one task each.

    Parameters
    ----------
    count
        How many; None for one per core.
    warm
        Runs in each process when it starts, with `warm_args`.

    Raises
    ------
    ValueError
        `count` is no whole number from 1.
    """

    def __init__(
        self,
        count: int | None = None,
        warm: Callable[..., None] | None = None,
        warm_args: tuple[Any, ...] = (),
    ) -> None:
        if count is not None and (not isinstance(count, int) or count < 1):
            raise ValueError(
                f"workers must be a whole number from 1, or None for one per core, not {count!r}."
            )
        self.count = count or available_cores()
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._tasks: OrderedDict[_Task, None] = OrderedDict()
        self._closed = False
        request = worker_main.request(warm or _nothing, warm_args)
        self._workers = [_Worker(self, request) for _ in range(self.count)]
        _open.add(self)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    @property
    def idle(self) -> int:
        """How many processes have nothing to do."""
        with self._lock:
            busy = sum(one.task is not None for one in self._workers)
            return max(0, self.count - busy - len(self._tasks))

    def start(self) -> None:
        """Start the processes now, in the background, instead of at the first task."""
        self.require_owner()
        with self._lock:
            if not self._closed:
                for one in self._workers:
                    one.start()

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Run ``function(*args)`` in another process.

        Raises
        ------
        RuntimeClosedError
            The pool was closed, or belongs to another process.
        """
        self.start()
        task = _Task(Future(), function, args)
        with self._lock:
            if self._closed:
                raise RuntimeClosedError("The processes that simulate were ended: make a new RuntimeService.")
            self._tasks[task] = None
            self._wake_one()
        task.future.add_done_callback(lambda future: self._drop(task) if future.cancelled() else None)
        return task.future

    def require_owner(self) -> None:
        """Raise RuntimeClosedError in a process that was forked from the one that made the pool."""
        if os.getpid() != self._owner:
            raise RuntimeClosedError(
                f"This service belongs to process {self._owner}, of which this one is a fork: nothing was"
                " submitted. Make a RuntimeService here, or submit there."
            )

    def close(self) -> None:
        """Stop everything, what runs too, and wait until no process is left."""
        if os.getpid() != self._owner:
            return
        with self._lock:
            self._closed = True
            running = [one.task for one in self._workers if one.task is not None]
            dropped = [*running, *self._tasks]
            self._tasks.clear()
            for one in self._workers:
                one.kill()
                one.wake()
        for task in dropped:
            task.future.cancel()
        for one in self._workers:
            one.join()
        _open.discard(self)

    # ---- from a worker's thread

    def next_task(self, taker: _Worker) -> _Task | None:
        """Return what a worker is to do, None if there is nothing; `_Closed` ends its thread."""
        with self._lock:
            if self._closed:
                raise _Closed
            taker.task = self._tasks.popitem(last=False)[0] if self._tasks else None
            taker.waits = taker.task is None
            return taker.task

    def settle(self, taker: _Worker, came: Callable[[], Any]) -> None:
        """End a worker's task with what `came` returns or raises."""
        with self._lock:
            task, taker.task = taker.task, None
        try:
            if task is not None:
                _tell(task.future, came)
        except BaseException:  # noqa: BLE001 - whatever a listener raises: the thread must live on
            _log.exception("a listener failed")

    def again(self, taker: _Worker, why: str) -> None:
        """Let a worker's task be run once more, first of all; the second time end it with the reason."""
        with self._lock:
            task = taker.task
            if task is not None and task.tries + 1 < _TRIES and not (self._closed or task.future.cancelled()):
                task.tries += 1
                taker.task = None
                self._tasks[task] = None
                self._tasks.move_to_end(task, last=False)
                self._wake_one()
                return
        self.settle(taker, partial(_fail, WorkerDied(why)))

    def lose(self, taker: _Worker, error: BaseException) -> None:
        """Go on without a worker; without any, close."""
        self.settle(taker, partial(_fail, error))
        with self._lock:
            self._workers.remove(taker)
        if not self._workers:
            self.close()

    def occupy(self, taker: _Worker, process: WorkerProcess | None) -> None:
        """Note the process of a worker, which `close` and a cancelled task will kill."""
        with self._lock:
            taker.process = process
            if self._closed:
                taker.kill()

    # ---- inside

    def _drop(self, task: _Task) -> None:
        if os.getpid() != self._owner:
            return
        with self._lock:
            self._tasks.pop(task, None)
            for one in self._workers:
                if one.task is task:
                    one.kill()

    def _wake_one(self) -> None:
        waiting = next((one for one in self._workers if one.waits), None)
        if waiting is not None:
            waiting.wake()


class _Worker:
    """A thread with one process after the other.

    `task`, `waits` and `process` are the pool's, under its lock.
    """

    def __init__(self, pool: Workers, warm: bytes) -> None:
        self.task: _Task | None = None
        self.waits = False
        self.process: WorkerProcess | None = None
        self._pool = pool
        self._warm = warm
        self._served = False
        self._trouble = ""
        self._woken, self._wake = Pipe(duplex=False)
        self._thread = threading.Thread(target=self._run, name="qmode-worker", daemon=True)

    def start(self) -> None:
        """Start the thread, and with it the process, if it has not been started."""
        if self._thread.ident is None:
            self._thread.start()

    def wake(self) -> None:
        """End its wait."""
        self._wake.send_bytes(b"1")
        self.waits = False

    def kill(self) -> None:
        """End its process, whatever it does."""
        if self.process is not None:
            self.process.kill()

    def join(self) -> None:
        """Wait until it has ended."""
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        # An interrupt is for the notebook's process; the mask goes to a process that is started here.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        process = self._begin()
        try:
            while True:
                task = self._pool.next_task(self)
                process = self._wait(process) if task is None else self._serve(process or self._begin(), task)
        except _Closed:
            pass
        except BaseException as error:  # noqa: BLE001 - those who wait must be told
            _log.exception("a thread of the worker processes has ended")
            self._pool.lose(self, error)
        if process is not None:
            self._end(process)

    def _begin(self) -> WorkerProcess | None:
        """Return a process that is ready; None, with the trouble noted, if there can't be one now."""
        if self._pool.closed:
            return None
        self._served = False
        try:
            process = WorkerProcess()
        except Exception as error:  # noqa: BLE001 - no descriptor, no memory: perhaps the next time
            self._trouble = f"{type(error).__name__}: {error}"
            return None
        self._pool.occupy(self, process)
        try:
            worker_main.outcome(process.ask(self._warm))
        except (EOFError, OSError):
            self._trouble = f"it {_ending(self._end(process))} while it was getting ready"
        except Exception as error:  # noqa: BLE001 - what is needed can't be imported there
            self._end(process)
            self._trouble = f"{type(error).__name__}: {error}"
        else:
            return process
        return None

    def _serve(self, process: WorkerProcess | None, task: _Task) -> WorkerProcess | None:
        """Let a process do a task; return it, or another one if it has ended."""
        if process is None:
            self._pool.again(self, f"no process could be started to simulate this job: {self._trouble}")
            return None
        try:
            request = worker_main.request(task.function, task.arguments)
        except BaseException as error:  # noqa: BLE001 - pickling an object runs its own code
            self._pool.settle(self, partial(_fail, error))
            return process
        try:
            reply = process.ask(request)
        except (EOFError, OSError):
            code = self._end(process)
            ended = f"the process that simulated this job {_ending(code)}"
            if code >= 0 or -code in _CRASHES:
                self._pool.settle(self, partial(_fail, WorkerDied(ended)))
            else:
                twice = f"{ended}, and so was the one before: killed or ran out of memory"
                self._pool.again(self, twice)
            return self._begin()
        except BaseException as error:  # noqa: BLE001 - no answer, or one that is too big for memory
            self._pool.settle(self, partial(_fail, error))
            self._end(process)
            return self._begin()
        self._served = True
        self._pool.settle(self, partial(worker_main.outcome, reply))
        if process.killed:
            self._end(process)
            return self._begin()
        return process

    def _wait(self, process: WorkerProcess | None) -> WorkerProcess | None:
        """Wait for something to do; return the process, or another one if it has ended meanwhile."""
        connections = [self._woken] if process is None else [self._woken, process.connection]
        ready = wait(connections)
        if self._woken in ready:
            self._woken.recv_bytes()
        if process is None or process.connection not in ready:
            return process
        self._end(process)
        # One that has done nothing yet is not replaced before there is need: it might end so for ever.
        return self._begin() if self._served else None

    def _end(self, process: WorkerProcess) -> int:
        self._pool.occupy(self, None)
        return process.end()


class _Closed(Exception):
    """The pool was closed."""


def close_all() -> None:
    """Close every pool of this process; also done when the interpreter ends."""
    for workers in list(_open):
        workers.close()


_open: weakref.WeakSet[Workers] = weakref.WeakSet()
atexit.register(close_all)


def _tell(future: Future[Any], came: Callable[[], Any]) -> None:
    with contextlib.suppress(InvalidStateError):  # cancelled meanwhile: nobody wants it
        try:
            result = came()
        except BaseException as error:  # noqa: BLE001 - whatever the task ended with
            future.set_exception(
                error if worker_main.may_cross(error) else WorkerDied(worker_main.described(error))
            )
        else:
            future.set_result(result)


def _fail(error: BaseException) -> None:
    raise error


def _ending(code: int) -> str:
    """Return how a process ended, by its exit code."""
    if code >= 0:
        return f"ended itself (exit code {code})"
    verb = "crashed" if -code in _CRASHES else "was killed"
    try:
        return f"{verb} ({signal.Signals(-code).name})"
    except ValueError:
        return f"{verb} (signal {-code})"


def _nothing() -> None:
    """Make nothing ready."""
