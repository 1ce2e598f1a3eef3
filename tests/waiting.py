"""Calls that might never come back, made on a thread of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

#: Seconds after which a call counts as hanging.
PATIENCE_S = 15.0


class Background:
    """A call that has begun on another thread."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._returned: Any = None
        self.raised: BaseException | None = None

        def run() -> None:
            try:
                self._returned = call()
            except BaseException as error:  # noqa: BLE001 - what it raised is what the test asks for
                self.raised = error

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def outcome(self) -> Any:
        """What it returned or raised; the test fails if it hangs."""
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive(), "it hangs"
        return self._returned if self.raised is None else self.raised


def outcome(call: Callable[[], Any]) -> Any:
    """What `call` returns or raises; the test fails if it hangs."""
    return Background(call).outcome()
