"""The kernel's end of the labextension: what runs on the desk, told to every page."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qmode_jupyter.errors import RuntimeClosedError
from qmode_jupyter.notebook.display.throttle import PAGES, Outbox, RateLimit, Throttle
from qmode_jupyter.notebook.link import Link
from qmode_jupyter.notebook.view_model import Message, empty, snapshot

if TYPE_CHECKING:
    from qmode_jupyter.client.service import RuntimeService


class Wire:
    """Follows one service at a time, the one that the magics use.

    Parameters
    ----------
    kernel
        The kernel of this process; None outside of one, and then nothing is ever sent.
    """

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._lock = threading.Lock()
        self._service: RuntimeService | None = None
        self._link = Link(kernel, self._look, self._act)
        self._outbox = Outbox(self._look, RateLimit(*PAGES))
        self._throttle = Throttle(self._outbox, self._link.publish)
        self._unsubscribe: Callable[[], None] = _nothing
        self._closed = False

    def open(self) -> None:
        """Tell the pages that we are here, with nothing to show yet."""
        self._link.open()

    def follow(self, service: RuntimeService) -> None:
        """Tell about this service from now on; any thread."""
        with self._lock:
            if self._kernel is None or self._closed or service is self._service:
                return
            self._unsubscribe()
            self._service = service
            self._outbox.start_over()
            self._unsubscribe = service.subscribe(self._throttle.changed, self._start_over)
            self._throttle.changed()

    def flush(self) -> None:
        """Tell the pages how things stand now: a cell has ended."""
        self._throttle.flush()

    def close(self) -> None:
        """Tell the pages that nothing is here any more."""
        with self._lock:
            self._closed = True
            self._unsubscribe()
            self._throttle.close()
            self._link.close()

    def _look(self, changed: frozenset[str] | None) -> Message:
        if self._service is None:
            return empty()
        try:
            return snapshot(self._service, changed)
        except RuntimeClosedError:
            return empty()

    def _start_over(self) -> None:
        self._outbox.start_over()
        self._throttle.changed()

    def _act(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._service is None:
            return {"ok": False, "error": "Nothing runs here; nothing was changed."}
        # It brings Qiskit; a service has brought that before.
        from qmode_jupyter.notebook.actions import act

        return act(self._service, request)


def _nothing() -> None:
    """Stand for a subscription that there is not."""
