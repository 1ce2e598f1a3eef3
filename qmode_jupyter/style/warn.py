"""Warnings that name the line of the person's own code, however many of our frames lie in between."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import FrameType
from typing import Final

_OURS: Final = f"{Path(__file__).parents[1]}{os.sep}"
_kept: Final[ContextVar[list[str] | None]] = ContextVar("qmode_warnings", default=None)


def warn(message: str, category: type[Warning]) -> None:
    """Warn, and blame the nearest line that is not of this package."""
    kept = _kept.get()
    if kept is not None:
        kept.append(message)
        return
    depth = 1
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        depth, frame = depth + 1, frame.f_back
    warnings.warn(message, category, stacklevel=depth)


@contextmanager
def warnings_kept() -> Iterator[list[str]]:
    """Keep the warnings of a block in a list, where no line of the person's own is behind them."""
    texts: list[str] = []
    token = _kept.set(texts)
    try:
        yield texts
    finally:
        _kept.reset(token)
