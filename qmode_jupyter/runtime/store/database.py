"""The file: opened, made, read by many, set aside when it is damaged."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from qmode_jupyter.runtime.store.schema import VERSION, is_ours, migrate, version_of

T = TypeVar("T")

_NAME: Final = "history.db"
#: Held while a file is made, migrated or set aside.
_LOCK: Final = "opening"
#: Seconds that one process waits for another that is writing.
_PATIENCE_S: Final = 60.0
_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class Unwritable(Exception):
    """Nothing can be written to the store; its text says why, in words for the person."""


class Database:
    """The file of history in a folder; each thread that writes or reads opens a connection of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / _NAME

    def identity(self) -> tuple[int, int] | None:
        """Return what tells the file from another one in its place; None if there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def writer(self) -> sqlite3.Connection:
        """Return a connection to write with; the file is made, or brought up to date, if need be.

        Raises
        ------
        Unwritable
            The disk does not take it, or the file is a newer version's.
        """
        try:
            self._make()
            with self._alone():
                return self._opened()
        except (OSError, sqlite3.OperationalError) as error:
            raise Unwritable(f"{self.path}: {_reason(error)}") from error

    def reader(self) -> sqlite3.Connection | None:
        """Return a connection to read with, or None where nothing is kept, or nothing that can be read.

        Raises
        ------
        sqlite3.DatabaseError
            The file is damaged.
        """
        if not self.path.exists():
            return None
        for how in ("mode=ro", "mode=ro&immutable=1"):  # the second where not even a lock can be written
            with contextlib.suppress(sqlite3.OperationalError):
                db = _connection(f"{self.path.as_uri()}?{how}")
                try:
                    if version_of(db) and is_ours(db):
                        return db
                except BaseException:
                    db.close()
                    raise
                db.close()
        return None

    def set_aside(self, db: sqlite3.Connection | None = None) -> str | None:
        """Rename the file, which is damaged; return its new name, None if somebody else has done it.

        Parameters
        ----------
        db
            The connection by which that was found out; it is closed.
        """
        with self._alone():
            with contextlib.suppress(sqlite3.Error):
                if db is not None:
                    db.close()
            if self._sound():
                return None
            name = f"history-damaged-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.db"
            for end in ("", "-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    Path(f"{self.path}{end}").rename(self.folder / f"{name}{end}")
            return name

    # ---- inside

    def _make(self) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700)
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))  # SQLite's own files get its mode

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        descriptor = os.open(self.folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _opened(self) -> sqlite3.Connection:
        db = _connection(self.path.as_uri())
        try:
            version = version_of(db)
            if not is_ours(db):
                raise Unwritable(f"{self.path} belongs to another program")
            if version > VERSION:
                raise Unwritable(
                    f"{self.path} was written by a newer version of qmode_jupyter (its format is {version}, "
                    f"and {VERSION} is the newest that is known here): it can be read only, until this "
                    "one is upgraded"
                )
            db.execute("PRAGMA journal_mode = WAL")
            # A process that is killed loses nothing; the machine that loses its power, a few last jobs.
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA wal_autocheckpoint = 0")
            if version < VERSION:
                migrate(db)
            return db
        except BaseException:
            db.close()
            raise

    def _sound(self) -> bool:
        """Whether what is at our path now can be used: somebody else may have set the damaged one aside."""
        if not self.path.exists():
            return True
        db = _connection(self.path.as_uri())
        try:
            return bool(db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
        except sqlite3.OperationalError:
            return True
        except sqlite3.DatabaseError:
            return False
        finally:
            db.close()


def _connection(uri: str) -> sqlite3.Connection:
    """Return a connection that begins no transaction by itself, and that any thread may use."""
    return sqlite3.connect(uri, uri=True, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False)


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error says that the file is damaged."""
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF in _DAMAGED


def transaction(db: sqlite3.Connection, change: Callable[[], T]) -> T:
    """Return what `change` returns; all that it does to the file is done, or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        changed = change()
        db.execute("COMMIT")
        return changed
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise


def _reason(error: Exception) -> str:
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return said[:1].lower() + said[1:]
