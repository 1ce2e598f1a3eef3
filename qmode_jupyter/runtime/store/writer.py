"""The one thread of a runtime that writes: what comes together goes into one transaction.

Nobody is left waiting for it. What can't be written is kept in its line, and tried again with the next
thing; those who wait are let go either way, for the process still has what could not be written.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from qmode_jupyter.runtime.store.database import Database, Unwritable, is_damage, transaction

Change = Callable[[sqlite3.Connection], None]
Then = Callable[[], None]

#: Seconds of quiet after which what has been written is moved from SQLite's log into the file itself.
_QUIET_S: Final = 1.0
#: So many transactions may be in that log, however little quiet there is.
_LOG_TRANSACTIONS: Final = 4000
#: Seconds that the thread gets to write the last things.
_PATIENCE_S: Final = 30.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Item:
    change: Change | None = None
    then: Then | None = None
    last: bool = False


class Writer:
    """Writes changes, in their order, on a thread of its own; the thread begins with the first of them.

    Parameters
    ----------
    database
        The file.
    begin
        Called with each new connection, within the first transaction on it.
    tidy
        Called with the connection when there is nothing else to do.
    """

    def __init__(self, database: Database, begin: Change, tidy: Change) -> None:
        self._database = database
        self._begin = begin
        self._tidy = tidy
        self._queue: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._owner = os.getpid()
        self._closed = False
        #: Things in the queue and in work.
        self._open = 0
        # ---- the thread's own
        self._db: sqlite3.Connection | None = None
        #: Which file that is.
        self._file: tuple[int, int] | None = None
        #: Changes that are not in the file yet, the oldest first.
        self._unwritten: list[Change] = []
        self._in_log = 0
        #: What the person has to be told, once.
        self._news: list[str] = []
        self._trouble = ""

    # ---- any thread

    def put(self, change: Change) -> None:
        """Write `change` some time soon."""
        self._add(_Item(change))

    def after(self, then: Then) -> None:
        """Call `then` when all that was put before is written, or can't be: at once where nothing is."""
        if not self._add(_Item(then=then), only_if_open=True):
            then()

    def news(self) -> list[str]:
        """Return what the person has to be told, each line once."""
        if not self._news:
            return []
        news, self._news = self._news, []
        return news

    @property
    def used(self) -> bool:
        """Whether anything was ever put."""
        return self._thread is not None

    @property
    def trouble(self) -> str:
        """Why nothing can be written; "" mostly."""
        return self._trouble

    def close(self) -> None:
        """Write what is left, and end the thread; what comes later is not written."""
        with self._lock:
            ours = os.getpid() == self._owner
            self._closed, thread = True, self._thread if ours else None
            if thread is not None:
                self._queue.put(_Item(last=True))
        if thread is not None and thread is not threading.current_thread():
            thread.join(_PATIENCE_S)
            if thread.is_alive():
                _log.warning("Not everything has been written to %s yet.", self._database.path)

    def _add(self, item: _Item, *, only_if_open: bool = False) -> bool:
        with self._lock:
            alive = self._thread is not None and self._thread.is_alive()
            if self._closed or os.getpid() != self._owner or (only_if_open and not (alive and self._open)):
                return False
            self._open += 1
            self._queue.put(item)
            if not alive:
                self._thread = threading.Thread(target=self._run, name="qmode-history", daemon=True)
                self._thread.start()
            return True

    # ---- the thread

    def _run(self) -> None:
        items: list[_Item] = []
        try:
            while not (items and items[-1].last):
                items = self._taken()
                self._write([item.change for item in items if item.change is not None])
                self._let_go(items)
        finally:
            self._let_go(items)
            self._end()

    def _taken(self) -> list[_Item]:
        """Return all that has come, at least one thing."""
        try:
            items = [self._queue.get(timeout=_QUIET_S if self._in_log else None)]
        except queue.Empty:
            self._move_log()
            items = [self._queue.get()]
        with contextlib.suppress(queue.Empty):
            while not items[-1].last:
                items.append(self._queue.get_nowait())
        return items

    def _let_go(self, items: list[_Item]) -> None:
        with self._lock:
            self._open -= sum(not item.last for item in items)
        last = [item for item in items if item.last]
        for item in items:
            if item.then is not None:
                try:
                    item.then()
                except Exception:  # noqa: BLE001 - the others wait too
                    _log.exception("somebody who waited could not be let go")
        items[:] = last

    def _write(self, changes: list[Change]) -> None:
        self._unwritten += changes
        if not self._unwritten:
            return
        try:
            self._try()
        except Unwritable as error:
            self._fail(str(error))
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                self._start_anew(error)
            else:
                self._fail(f"{self._database.path}: {error}")
        except Exception as error:  # noqa: BLE001 - one change that can't be written must not stop the others
            _log.exception("history could not be written")
            self._news.append(f"A part of history could not be kept ({type(error).__name__}: {error}).")
            self._one_by_one()

    def _try(self) -> None:
        db, changes = self._connected(), self._unwritten

        def change_all() -> None:
            for change in changes:
                change(db)

        transaction(db, change_all)
        self._unwritten = []
        self._trouble = ""
        self._in_log += 1
        if self._in_log >= _LOG_TRANSACTIONS:
            self._move_log()

    def _connected(self) -> sqlite3.Connection:
        if self._db is not None and self._database.identity() != self._file:
            # SQLite would write on, where nobody ever reads.
            self._disconnect()
            self._news.append(
                f"{self._database.path} was removed while it was in use: what was kept before is lost, and a "
                "new one is begun."
            )
        if self._db is None:
            db = self._database.writer()
            try:
                transaction(db, lambda: self._begin(db))
            except BaseException:
                db.close()
                raise
            self._db, self._file = db, self._database.identity()
        return self._db

    def _one_by_one(self) -> None:
        changes, self._unwritten = self._unwritten, []
        for change in changes:
            with contextlib.suppress(Exception):
                db = self._connected()
                transaction(db, lambda change=change, db=db: change(db))  # type: ignore[misc]

    def _fail(self, why: str) -> None:
        if not self._trouble:
            self._news.append(
                f"History is not kept: {why}. Jobs run on, and this process has them as long as it lives."
            )
        self._trouble = why
        self._disconnect()

    def _start_anew(self, error: sqlite3.Error) -> None:
        db, self._db = self._db, None
        try:
            name = self._database.set_aside(db)
            if name is not None:
                self._news.append(
                    f"{self._database.path} is damaged ({error}): it was set aside as {name}, and a new "
                    "one is begun."
                )
            self._try()
        except (Unwritable, OSError, sqlite3.Error) as again:
            self._fail(f"{self._database.path}: {again}")

    def _move_log(self) -> None:
        self._in_log = 0
        if self._db is None:
            return
        try:
            db = self._db
            self._tidy(db)
            db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error as error:
            _log.debug("the log of %s stays as it is: %s", self._database.path, error)

    def _end(self) -> None:
        if self._unwritten and self._trouble:
            _log.warning("%s: history was not kept.", self._trouble)
        self._move_log()
        self._disconnect()
        with self._lock:
            left: list[_Item] = []
            with contextlib.suppress(queue.Empty):
                while True:
                    left.append(self._queue.get_nowait())
        self._let_go(left)

    def _disconnect(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            with contextlib.suppress(sqlite3.Error):
                db.close()
