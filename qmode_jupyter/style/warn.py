"""Warnings that name the line of the person's own code, however many of our frames lie in between."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from types import FrameType
from typing import Final

_OURS: Final = f"{Path(__file__).parents[1]}{os.sep}"


def warn(message: str, category: type[Warning]) -> None:
    """Warn, and blame the nearest line that is not of this package."""
    depth = 1
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_code.co_filename.startswith(_OURS):
        depth, frame = depth + 1, frame.f_back
    warnings.warn(message, category, stacklevel=depth)
