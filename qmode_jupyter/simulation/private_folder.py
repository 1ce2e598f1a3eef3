"""A private folder that goes with the process that made it, whatever way that ends."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from qmode_jupyter.errors import IBMRuntimeError

_IN_MEMORY: Final = Path("/dev/shm")
_ROOM_BYTES: Final = 2 * 2**30
_PREFIX: Final = "qmode-store-"
#: Locked as long as the folder is in use: a lock goes with its process, also with one that is killed.
_LOCK: Final = "in-use"


class PrivateFolder:
    """A new folder that nobody else may read, in memory where there is room; removed by `close`.

    Making one clears those that killed processes have left behind. Only the process that made it
    removes it, not one that was forked from it.

    Raises
    ------
    IBMRuntimeError
        No folder can be made anywhere.
    """

    def __init__(self) -> None:
        self.path, self._lock = _new_folder()
        self._remove = weakref.finalize(self, _remove, self.path, self._lock, os.getpid())

    @property
    def there(self) -> bool:
        """Whether it is still there, and ours alone."""
        try:
            with entered(self.path):
                return True
        except OSError:
            return False

    def close(self) -> None:
        """Remove the folder."""
        self._remove()


@contextmanager
def entered(path: str) -> Iterator[int]:
    """Give the descriptor of a private folder, for files in it to be opened by.

    What is in it may be unpickled: a folder of the same name that somebody else made, when ours had
    been cleared away, must not be taken for it.

    Raises
    ------
    FileNotFoundError
        There is no such folder, or it is not ours alone.
    """
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except (NotADirectoryError, PermissionError) as error:
        raise FileNotFoundError(*error.args) from None
    try:
        found = os.fstat(folder)
        if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
            raise FileNotFoundError(0, "It is not ours alone", path)
        yield folder
    finally:
        os.close(folder)


def _new_folder() -> tuple[str, IO[bytes]]:
    troubles = []
    try:
        for base in _bases():
            try:
                _clear(base)
                return _locked_folder(base)
            except OSError as error:
                troubles.append(f"{base}: {error.strerror or error}")
    except FileNotFoundError as error:
        troubles.append(str(error.strerror))
    raise IBMRuntimeError(
        f"No folder could be made for what goes to the processes that simulate ({'; '.join(troubles)}):"
        " let TMPDIR name a folder that can be written."
    )


def _bases() -> Iterator[Path]:
    """Give the folders to make it in, the best first; FileNotFoundError if the system has none."""
    if _roomy(_IN_MEMORY):
        yield _IN_MEMORY
    yield Path(tempfile.gettempdir())


def _locked_folder(base: Path) -> tuple[str, IO[bytes]]:
    path = tempfile.mkdtemp(prefix=_PREFIX, dir=base)
    try:
        with entered(path):
            pass  # some file systems can't keep others out
        # Under its own name only when it is locked: until then nobody can take it for left behind.
        early = Path(path, _LOCK + ".part")
        lock = early.open("wb")
        fcntl.flock(lock, fcntl.LOCK_EX)
        early.rename(early.with_name(_LOCK))
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return path, lock


def _remove(path: str, lock: IO[bytes], owner: int) -> None:
    if os.getpid() == owner:
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
