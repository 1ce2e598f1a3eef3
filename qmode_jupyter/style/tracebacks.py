"""What IPython shows of an error of ours: the person's own lines, and what went wrong.

Which of our frames noticed it helps nobody who is at a notebook. Imports nothing of the package, so
that errors can use it, too.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import traceback
from pathlib import Path
from types import TracebackType
from typing import Final

_OURS: Final = f"{Path(__file__).parents[1]}{os.sep}"
#: Parts of the paths of what was installed, by whatever means.
_INSTALLED: Final = tuple(f"{os.sep}{name}{os.sep}" for name in ("site-packages", "dist-packages"))


def own_lines(error: BaseException) -> list[str]:
    """Return the lines that IPython shows of `error`: the frames of the person's own code, and its text.

    IPython draws them, in its colours and by its names of cells; it is there, for it is who asks.
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    own = own_frames(error.__traceback__)
    if shell is None:
        return "".join(traceback.format_exception(type(error), error, own, chain=False)).splitlines()
    if own is None:
        return list(shell.InteractiveTB.get_exception_only(type(error), error))
    lines: list[str] = shell.InteractiveTB.structured_traceback(type(error), error, own, 0, 1)
    return lines


def own_frames(frames: TracebackType | None) -> TracebackType | None:
    """Return a traceback of the frames that are of no installed package; None for none."""
    own: TracebackType | None = None
    for frame in reversed(list(_chain(frames))):
        if not _is_installed(frame.tb_frame.f_code.co_filename):
            own = TracebackType(own, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return own


def _chain(frames: TracebackType | None) -> list[TracebackType]:
    found = []
    while frames is not None:
        found.append(frames)
        frames = frames.tb_next
    return found


def _is_installed(file: str) -> bool:
    if file.startswith((_OURS, "<frozen ")) or any(part in file for part in _INSTALLED):
        return True
    return file.startswith(tuple(f"{sysconfig.get_path(name)}{os.sep}" for name in ("stdlib", "platstdlib")))
