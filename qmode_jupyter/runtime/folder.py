"""A private folder that goes with the process that made it, whatever way that ends."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import weakref
from pathlib import Path
from typing import IO, Final

_IN_MEMORY: Final = Path("/dev/shm")
_ROOM_BYTES: Final = 2 * 2**30
_PREFIX: Final = "qmode-parcels-"
#: Locked as long as the folder is in use: a lock goes with its process, also with one that is killed.
_LOCK: Final = "in-use"


class PrivateFolder:
    """A new folder that nobody else may read, in memory where there is room; removed by `close`.

    Making one clears those that killed processes have left behind.
    """

    def __init__(self) -> None:
        base = _IN_MEMORY if _roomy(_IN_MEMORY) else Path(tempfile.gettempdir())
        _clear(base)
        self.path = tempfile.mkdtemp(prefix=_PREFIX, dir=base)
        # Under its own name only when it is locked: until then nobody can take it for left behind.
        early = Path(self.path, _LOCK + ".part")
        self._lock = early.open("wb")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        early.rename(early.with_name(_LOCK))
        self._remove = weakref.finalize(self, _remove, self.path, self._lock)

    def close(self) -> None:
        """Remove the folder."""
        self._remove()


def _remove(path: str, lock: IO[bytes]) -> None:
    shutil.rmtree(path, ignore_errors=True)
    lock.close()


def _clear(base: Path) -> None:
    for folder in base.glob(_PREFIX + "*"):
        try:
            if folder.stat().st_uid != os.getuid():
                continue
            with Path(folder, _LOCK).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # in use, or being made or removed just now


def _roomy(folder: Path) -> bool:
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        return False
    return shutil.disk_usage(folder).free > _ROOM_BYTES
