"""Other processes that simulate and transpile, so that the kernel never does.

One small seam: `submit(function, *args)` gives a `Future` whose `cancel()` works at any time and
really stops the work. Behind it is Pebble's `ProcessPool` on loky's context: stopping a running
task kills its process, a process that dies fails its own task only, both are replaced at once, and
scripts without a ``__main__`` guard work.
"""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, InvalidStateError
from functools import partial
from typing import Any

from loky.backend.context import get_context
from pebble import ProcessExpired, ProcessPool

from qmode_jupyter.errors import IBMRuntimeError


class WorkerDied(IBMRuntimeError):
    """The process that simulated a job ended: killed, or out of memory."""


def available_cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


class Workers:
    """A pool of processes that take one task each.

    Parameters
    ----------
    count
        How many; None for one per core.
    warm
        Runs in each process when it starts, with `warm_args`.
    """

    def __init__(
        self,
        count: int | None = None,
        warm: Callable[..., None] | None = None,
        warm_args: tuple[Any, ...] = (),
    ) -> None:
        self.count = count or available_cores()
        self._pool = ProcessPool(
            self.count, initializer=_begin, initargs=(warm, warm_args), context=get_context("loky")
        )
        self._waiting: deque[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]] = deque()
        self._flying: set[Future[Any]] = set()
        self._lock = threading.Lock()
        self._closed = False
        _open.add(self)

    @property
    def idle(self) -> int:
        """How many processes have nothing to do."""
        return max(0, self.count - len(self._flying))

    def start(self) -> None:
        """Start the processes now, in the background, instead of at the first task."""
        threading.Thread(target=self._start, name="qmode-warm-up", daemon=True).start()

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Run ``function(*args)`` in another process."""
        future: Future[Any] = Future()
        with self._lock:
            self._waiting.append((future, function, args))
        self._pump()
        return future

    def close(self) -> None:
        """Stop everything, what runs too, and wait until no process is left."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            waiting = [future for future, _, _ in self._waiting]
            self._waiting.clear()
        for future in waiting:
            future.cancel()
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    def _start(self) -> None:
        with self._lock:
            if not self._closed:
                _ = self._pool.active  # looking at it starts it

    def _pump(self) -> None:
        # No more tasks than processes are handed to Pebble: one that waits here can be dropped,
        # one that waits in Pebble's pipe would cost a process when it is cancelled.
        while True:
            with self._lock:
                if self._closed or not self._waiting or len(self._flying) >= self.count:
                    return
                future, function, args = self._waiting.popleft()
                if future.cancelled():
                    continue
                task = self._pool.schedule(function, args=args)
                self._flying.add(task)
            future.add_done_callback(partial(_stop_if_cancelled, task))
            task.add_done_callback(partial(self._landed, future))

    def _landed(self, future: Future[Any], task: Future[Any]) -> None:
        with self._lock:
            self._flying.discard(task)
        try:
            error = task.exception()
            if isinstance(error, ProcessExpired):
                error = WorkerDied(
                    "the process that simulated this job ended"
                    f" (exit code {error.exitcode}): it was killed or ran out of memory"
                )
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(task.result())
        except (InvalidStateError, CancelledError):
            pass  # cancelled meanwhile: nobody wants it
        self._pump()


def close_all() -> None:
    """Close every pool of this process; also done when the interpreter ends."""
    for workers in list(_open):
        workers.close()


_open: weakref.WeakSet[Workers] = weakref.WeakSet()
atexit.register(close_all)


def _stop_if_cancelled(task: Future[Any], future: Future[Any]) -> None:
    if future.cancelled():
        task.cancel()


def _begin(warm: Callable[..., None] | None, warm_args: tuple[Any, ...]) -> None:
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    if warm is not None:
        warm(*warm_args)


def _end_with_parent(parent: int) -> None:
    # A kernel that is killed can't stop its workers: they notice that they have been adopted.
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(1.0)
    os._exit(0)
