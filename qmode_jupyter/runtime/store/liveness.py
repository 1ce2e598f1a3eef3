"""Whether a runtime still runs: it holds the lock of a file, which goes with its process.

A number of a process says less: another process may get it, and in another container it means another.
"""

from __future__ import annotations

import fcntl
import os
import weakref
from pathlib import Path
from typing import IO, Final

_FOLDER: Final = "running"


class RunningLock:
    """Held by a runtime for as long as it runs.

    Raises
    ------
    OSError
        The file can't be made.
    """

    def __init__(self, folder: Path, runtime: str) -> None:
        self._path = folder / _FOLDER / runtime
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        self._owner = os.getpid()
        self._file: IO[bytes] = self._path.open("wb")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        _held.add(self)

    @property
    def stands(self) -> bool:
        """Whether its file is where others look for it: somebody may have cleared the folder."""
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self._file.fileno()))
        except OSError:
            return False

    def release(self) -> None:
        """Say that the runtime runs no more."""
        if os.getpid() == self._owner:
            self._path.unlink(missing_ok=True)
        self.disown()

    def disown(self) -> None:
        """Let go of the file; in a fork, where the lock would outlive the runtime."""
        self._file.close()
        _held.discard(self)


def runs(folder: Path, runtime: str) -> bool:
    """Whether the process of a runtime still has it; what one that was killed left behind is removed.

    Where that can't be found out it may run: a runtime that is taken for dead loses its jobs.
    """
    path = folder / _FOLDER / runtime
    try:
        with path.open("rb") as file:
            # Shared: two that look at one moment are not in each other's way.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _disown_all() -> None:
    for lock in list(_held):
        lock.disown()


#: Those of this process.
_held: weakref.WeakSet[RunningLock] = weakref.WeakSet()
os.register_at_fork(after_in_child=_disown_all)
