"""The end of a kernel: our processes go first, so that nothing has to be killed.

ipykernel terminates the kernel's child processes one signal after the other and waits in between;
ours would start others in their place meanwhile.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from qmode_jupyter.simulation.workers import close_all


def end_with(kernel: Any) -> Callable[[], None]:
    """End all our processes when `kernel` is told to shut down; return how to take that back."""
    shut_down = getattr(kernel, "do_shutdown", None)
    if shut_down is None:
        return _nothing

    async def do_shutdown(restart: bool) -> Any:
        close_all()
        answer = shut_down(restart)
        return await answer if inspect.isawaitable(answer) else answer

    kernel.do_shutdown = do_shutdown

    def take_back() -> None:
        if kernel.do_shutdown is do_shutdown:
            kernel.do_shutdown = shut_down

    return take_back


def _nothing() -> None:
    """Take nothing back."""
