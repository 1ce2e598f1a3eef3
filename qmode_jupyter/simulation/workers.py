"""Other processes that simulate and transpile, so that the kernel never does.

One small seam: `submit(function, *args)` gives a `Future` whose `cancel()` works at any time and
really stops the call, by ending the process that carries it out.

Each process has a thread here that starts it, gives it one call after the other, and notices at once
when it ends, idle or not. Then the thread starts another. A call whose process was killed from outside
is tried once more: it has no effect but its result. Nothing that happens to one process is noticed by
the calls in the others.
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
from qmode_jupyter.simulation.process import NoAnswer, WorkerProcess

_log = logging.getLogger(__name__)

#: How often a call is tried whose process is killed, or has none.
_TRIES: Final = 2
#: Signals by which a process ends that did wrong itself: its call would do so again.
_CRASHES: Final = {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT, signal.SIGSYS}


class WorkerDied(IBMRuntimeError):
    """The process that simulated a job ended: killed, crashed, or out of memory; or none could be started."""


class CallTimedOut(IBMRuntimeError):
    """A job's preparation or simulation did not come to an end, and was stopped."""

    def __init__(self, within_s: float) -> None:
        super().__init__(
            f"preparing and simulating this job took longer than {within_s:g} s of wall time and was "
            "stopped: give it longer with RuntimeService(prepare_timeout=...), split it into smaller jobs, "
            'or run it dry with options={"simulator": {"dry_run": True}}'
        )


def available_cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


@dataclass(slots=True, eq=False)
class _Call:
    """A function to run in a process, and who waits for it."""

    future: Future[Any]
    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    tries: int = 0
    #: It was sent to a process that had ended before: nothing has read it, so that was no try.
    unread: bool = False
    #: Seconds of wall time after which it is given up; None: never.
    within_s: float | None = None


class Workers:
    """A pool of processes that take one call each.

    Parameters
    ----------
    count
        How many; None for one per core.
    initializer
        Runs in each process when it starts, with `initargs`.

    Raises
    ------
    ValueError
        `count` is no whole number from 1.
    """

    def __init__(
        self,
        count: int | None = None,
        initializer: Callable[..., None] | None = None,
        initargs: tuple[Any, ...] = (),
    ) -> None:
        if count is not None and (not isinstance(count, int) or count < 1):
            raise ValueError(
                f"workers must be a whole number from 1, or None for one per core, not {count!r}."
            )
        self.count = count or available_cores()
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._calls: OrderedDict[_Call, None] = OrderedDict()
        self._closed = False
        request = worker_main.request(initializer or _nothing, initargs)
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
            busy = sum(one.call is not None for one in self._workers)
            return max(0, self.count - busy - len(self._calls))

    def start(self) -> None:
        """Start the processes now, in the background, instead of at the first call."""
        self.require_owner()
        with self._lock:
            if not self._closed:
                for one in self._workers:
                    one.start()

    def submit(self, function: Callable[..., Any], *args: Any, within_s: float | None = None) -> Future[Any]:
        """Run ``function(*args)`` in another process.

        With `within_s` it ends in `CallTimedOut` when it has run for so many seconds of wall time, and
        its process is replaced.

        Raises
        ------
        RuntimeClosedError
            The pool was closed, or belongs to another process.
        """
        self.start()
        call = _Call(Future(), function, args, within_s=within_s)
        with self._lock:
            if self._closed:
                raise RuntimeClosedError("The processes that simulate were ended: make a new RuntimeService.")
            self._calls[call] = None
            self._wake_one()
        call.future.add_done_callback(lambda future: self._drop(call) if future.cancelled() else None)
        return call.future

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
            running = [one.call for one in self._workers if one.call is not None]
            dropped = [*running, *self._calls]
            self._calls.clear()
            for one in self._workers:
                one.kill()
                one.wake()
        for call in dropped:
            call.future.cancel()
        for one in self._workers:
            one.join()
        _open.discard(self)

    # ---- from a worker's thread

    def next_call(self, taker: _Worker) -> _Call | None:
        """Return what a worker is to do, None if there is nothing; `_Closed` ends its thread."""
        with self._lock:
            if self._closed:
                raise _Closed
            taker.call = self._calls.popitem(last=False)[0] if self._calls else None
            taker.waits = taker.call is None
            return taker.call

    def finish(self, taker: _Worker, came: Callable[[], Any]) -> None:
        """End a worker's call with what `came` returns or raises."""
        with self._lock:
            call, taker.call = taker.call, None
        try:
            if call is not None:
                _tell(call.future, came)
        except BaseException:  # noqa: BLE001 - whatever a listener raises: the thread must live on
            _log.exception("a listener failed")

    def retry(self, taker: _Worker, why: str) -> None:
        """Let a worker's call be run once more, first of all; the second time end it with the reason."""
        with self._lock:
            call = taker.call
            if call is not None and call.tries + 1 < _TRIES and not (self._closed or call.future.cancelled()):
                call.tries += 1
                taker.call = None
                self._calls[call] = None
                self._calls.move_to_end(call, last=False)
                self._wake_one()
                return
        self.finish(taker, partial(_fail, WorkerDied(why)))

    def remove(self, taker: _Worker, error: BaseException) -> None:
        """Go on without a worker; without any, close."""
        self.finish(taker, partial(_fail, error))
        with self._lock:
            self._workers.remove(taker)
        if not self._workers:
            self.close()

    def note_process(self, taker: _Worker, process: WorkerProcess | None) -> None:
        """Note the process of a worker, which `close` and a cancelled call will kill."""
        with self._lock:
            taker.process = process
            if self._closed:
                taker.kill()

    # ---- inside

    def _drop(self, call: _Call) -> None:
        if os.getpid() != self._owner:
            return
        with self._lock:
            self._calls.pop(call, None)
            for one in self._workers:
                if one.call is call:
                    one.kill()

    def _wake_one(self) -> None:
        waiting = next((one for one in self._workers if one.waits), None)
        if waiting is not None:
            waiting.wake()


class _Worker:
    """A thread with one process after the other.

    `call`, `waits` and `process` are the pool's, under its lock.
    """

    def __init__(self, pool: Workers, initializer: bytes) -> None:
        self.call: _Call | None = None
        self.waits = False
        self.process: WorkerProcess | None = None
        self._pool = pool
        self._initialize = initializer
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
                call = self._pool.next_call(self)
                process = self._wait(process) if call is None else self._serve(process or self._begin(), call)
        except _Closed:
            pass
        except BaseException as error:  # noqa: BLE001 - those who wait must be told
            _log.exception("a thread of the worker processes has ended")
            self._pool.remove(self, error)
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
        self._pool.note_process(self, process)
        try:
            worker_main.result_of(process.ask(self._initialize))
        except (EOFError, OSError):
            self._trouble = f"it {_ending(self._end(process))} while it was getting ready"
        except Exception as error:  # noqa: BLE001 - what is needed can't be imported there
            self._end(process)
            self._trouble = f"{type(error).__name__}: {error}"
        else:
            return process
        return None

    def _serve(self, process: WorkerProcess | None, call: _Call) -> WorkerProcess | None:
        """Let a process carry out a call; return it, or another one if it has ended."""
        if process is None:
            self._pool.retry(self, f"no process could be started to simulate this job: {self._trouble}")
            return None
        try:
            request = worker_main.request(call.function, call.arguments)
        except BaseException as error:  # noqa: BLE001 - pickling an object runs its own code
            self._pool.finish(self, partial(_fail, error))
            return process
        try:
            reply = process.ask(request, call.within_s)
        except NoAnswer:
            # Ended first: whoever hears of it may ask at once how many processes there are.
            self._end(process)
            self._pool.finish(self, partial(_fail, CallTimedOut(call.within_s or 0.0)))
            return self._begin()
        except (EOFError, OSError) as error:
            code = self._end(process)
            if isinstance(error, BrokenPipeError | ConnectionResetError) and not call.unread:
                call.unread = True
                return self._serve(self._begin(), call)
            ended = f"the process that simulated this job {_ending(code)}"
            if code >= 0 or -code in _CRASHES:
                self._pool.finish(self, partial(_fail, WorkerDied(ended)))
            else:
                twice = f"{ended}, and so was the one before: killed or ran out of memory"
                self._pool.retry(self, twice)
            return self._begin()
        except BaseException as error:  # noqa: BLE001 - no answer, or one that is too big for memory
            self._pool.finish(self, partial(_fail, error))
            self._end(process)
            return self._begin()
        self._served = True
        self._pool.finish(self, partial(worker_main.result_of, reply))
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
        self._pool.note_process(self, None)
        return process.end()


class _Closed(Exception):
    """The pool was closed."""


def close_all() -> None:
    """Close every pool of this process; also done when the interpreter ends."""
    for workers in list(_open):
        workers.close()


#: One in each process: what the end of the interpreter has to end.
_open: weakref.WeakSet[Workers] = weakref.WeakSet()
atexit.register(close_all)


def _tell(future: Future[Any], came: Callable[[], Any]) -> None:
    with contextlib.suppress(InvalidStateError):  # cancelled meanwhile: nobody wants it
        try:
            result = came()
        except BaseException as error:  # noqa: BLE001 - whatever the call ended with
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
