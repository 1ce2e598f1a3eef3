"""An interrupt at a chosen line: what Ctrl-C does at the worst moment, and again at the same one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


class _At:
    """Raises an interrupt at the n-th line of ours that this thread comes to; `came` says if it did."""

    def __init__(self, line: int) -> None:
        self.left, self.came = line, False

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        if "qmode_jupyter" not in frame.f_code.co_filename:
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                self.came = True
                raise KeyboardInterrupt
        return self


def interrupted(call: Callable[[], Any], line: int) -> tuple[bool, Any]:
    """Call, with an interrupt at the n-th line of ours; whether it came, and what was returned."""
    at, returned, before = _At(line), None, sys.gettrace()
    sys.settrace(at)
    try:
        returned = call()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
    return at.came, returned
