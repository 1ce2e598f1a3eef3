"""The end of a kernel: our processes go first, so that nothing has to be killed.

ipykernel terminates the kernel's child processes one signal after the other and waits in between.
The trackers of shared resources that Python and loky start beside a process pool ignore these
signals: a kernel with a pool would take seconds to end, and be killed itself.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable
from multiprocessing import resource_tracker
from typing import Any

from loky.backend import resource_tracker as loky_tracker

from qmode_jupyter.runtime.workers import close_all


def end_with(kernel: Any) -> Callable[[], None]:
    """End all our processes when `kernel` is told to shut down; return how to take that back."""
    shut_down = getattr(kernel, "do_shutdown", None)
    if shut_down is None:
        return _nothing

    async def do_shutdown(restart: bool) -> Any:
        close_all()
        _stop_trackers()
        answer = shut_down(restart)
        return await answer if inspect.isawaitable(answer) else answer

    kernel.do_shutdown = do_shutdown

    def take_back() -> None:
        if kernel.do_shutdown is do_shutdown:
            kernel.do_shutdown = shut_down

    return take_back


def _stop_trackers() -> None:
    for tracker in (loky_tracker, resource_tracker):
        # Python's own way to end one has no public name.
        stop = getattr(getattr(tracker, "_resource_tracker", None), "_stop", None)
        if stop is not None:
            with contextlib.suppress(OSError, RuntimeError, ChildProcessError):
                stop()


def _nothing() -> None:
    """Take nothing back."""
