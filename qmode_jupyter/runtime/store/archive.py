"""What was kept, found: jobs, sessions and batches of runtimes that have ended or that run elsewhere.

Before anything is read, the jobs of runtimes whose process was killed are given up: they read ERROR.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from qmode_jupyter.errors import IBMRuntimeError, QmodeWarning
from qmode_jupyter.runtime.store.database import Database, Unwritable, is_damage, transaction
from qmode_jupyter.runtime.store.ending import KILLED, end_runtime
from qmode_jupyter.runtime.store.liveness import runs
from qmode_jupyter.runtime.store_place import Store
from qmode_jupyter.style.warn import warn

T = TypeVar("T")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeptRuntime:
    """A runtime as it was kept; `process` is its number, `settings` what it was made with."""

    number: int
    id: str
    instance: str
    process: int
    began: float
    origin_s: float
    settings: Mapping[str, Any]
    until: float | None
    ended: str | None


@dataclass(frozen=True, slots=True)
class KeptJob:
    """A job as it was kept; `runtime` is its runtime's number, `record` JSON, `written` when (Unix time)."""

    number: int
    runtime: int
    id: str
    owner: str | None
    workload: str | None
    qpu: str
    program: str
    private: bool
    read: bool
    tags: tuple[str, ...]
    settled: bool
    shapes: str
    record: str
    written: float


@dataclass(frozen=True, slots=True)
class KeptWorkload:
    """A session, a batch or a cell of jobs in job mode as it was kept; see `KeptJob`."""

    number: int
    runtime: int
    id: str
    mode: str
    name: str
    qpu: str
    closed: bool
    record: str
    written: float


_RUNTIME: Final = "number, id, instance, process, began, origin, settings, until, ended"
_JOB: Final = (
    "number, runtime, id, owner, workload, qpu, program, private, read, tags, settled, "
    "shapes, record, written"
)
_WORKLOAD: Final = "number, runtime, id, mode, name, qpu, closed, record, written"


@dataclass(frozen=True, slots=True)
class Wish:
    """Which jobs are wanted; None stands for any.

    Attributes
    ----------
    instance
        Of the services that they were charged to.
    tags
        All of which they have.
    after_s, before_s
        When they were created, Unix time by their emulated clock.
    """

    instance: str | None = None
    qpu: str | None = None
    program: str | None = None
    workload: str | None = None
    settled: bool | None = None
    tags: Sequence[str] = ()
    after_s: float | None = None
    before_s: float | None = None

    def where(self) -> tuple[str, list[object]]:
        """Return it as SQL, and its values."""
        terms = {
            "qpu = ?": self.qpu,
            "program = ?": self.program,
            "workload = ?": self.workload,
            "settled = ?": self.settled,
            "created > ?": self.after_s,
            "created < ?": self.before_s,
            "runtime IN (SELECT number FROM runtimes WHERE instance = ?)": self.instance,
        }
        asked: list[tuple[str, object]] = [(term, v) for term, v in terms.items() if v is not None]
        asked += [("EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)", tag) for tag in self.tags]
        return " AND ".join(term for term, _ in asked) or "1", [value for _, value in asked]


class Archive:
    """Reads what was kept; any thread. `without` is the id of the runtime that reads: it has its own.

    Where nothing is kept, or nothing can be read, nothing is found.
    """

    def __init__(self, store: Store, without: str = "") -> None:
        self.store = store
        self._without = without
        self._database = Database(store.folder)
        self._lock = threading.Lock()
        #: Of which file, in which process, and the connection.
        self._db: tuple[tuple[int, int], int, sqlite3.Connection] | None = None

    # ---- what there is

    def runtime(self, number: int) -> KeptRuntime | None:
        """Return a runtime."""
        rows = self._rows(f"SELECT {_RUNTIME} FROM runtimes WHERE number = ?", (number,))
        if not rows:
            return None
        name, instance, process, began, origin_s, settings, until, ended = rows[0][1:]
        return KeptRuntime(
            number, name, instance, process, began, origin_s, json.loads(settings), until, ended
        )

    def job(self, job: str) -> KeptJob | None:
        """Return the newest job of this id."""
        return next(iter(self._jobs("id = ? AND runtime NOT IN ({own})", [job], 1)), None)

    def job_of(self, runtime: int, job: str) -> KeptJob | None:
        """Return a job of a runtime."""
        return next(iter(self._jobs("id = ? AND runtime = ?", [job, runtime], 1)), None)

    def jobs(
        self, wish: Wish, limit: int | None = None, skip: int = 0, newest_first: bool = True
    ) -> list[KeptJob]:
        """Return jobs of other runtimes, in the order in which they were submitted."""
        where, values = wish.where()
        return self._jobs(where + " AND runtime NOT IN ({own})", values, limit, skip, newest_first)

    def jobs_of(self, runtime: int, owner: str | None = None) -> list[KeptJob]:
        """Return the jobs of a runtime, or of one session, batch or cell in it, the oldest first."""
        mine, values = ("", []) if owner is None else (" AND owner = ?", [owner])
        return self._jobs("runtime = ?" + mine, [runtime, *values], None, newest_first=False)

    def workload(self, workload: str) -> KeptWorkload | None:
        """Return the newest session, batch or cell of this id."""
        return next(iter(self._workloads("id = ? AND runtime NOT IN ({own})", [workload], 1)), None)

    def workload_named(self, name: str) -> KeptWorkload | None:
        """Return the newest session, batch or cell of this name."""
        return next(iter(self._workloads("name = ? AND runtime NOT IN ({own})", [name], 1)), None)

    def workloads(
        self, instance: str | None = None, limit: int | None = None, newest_first: bool = True
    ) -> list[KeptWorkload]:
        """Return sessions, batches and cells of other runtimes."""
        terms, values = "runtime NOT IN ({own})", []
        if instance is not None:
            terms += " AND runtime IN (SELECT number FROM runtimes WHERE instance = ?)"
            values.append(instance)
        return self._workloads(terms, values, limit, newest_first)

    def workloads_of(self, runtime: int) -> list[KeptWorkload]:
        """Return the sessions, batches and cells of a runtime, the oldest first."""
        return self._workloads("runtime = ?", [runtime], None, newest_first=False)

    def beginning_with(self, word: str, most: int) -> list[str]:
        """Return ids of jobs, sessions, batches and cells that begin with a word, so many at most."""
        found: dict[str, None] = {}
        for table in ("workloads", "jobs"):
            rows = self._rows(
                f"SELECT DISTINCT id FROM {table} WHERE id >= ? AND id < ? "
                "AND runtime NOT IN ({own}) LIMIT ?",
                (word, word + "\U0010ffff", most),
            )
            found.update(dict.fromkeys(row[0] for row in rows))
        return list(found)[:most]

    def request(self, job: KeptJob) -> bytes | None:
        """Return what was asked for, None where that is not kept."""
        return self._body("requests", job)

    def result(self, job: KeptJob) -> bytes | None:
        """Return what came of a job, None where that is not kept."""
        return self._body("results", job)

    def circuit(self, key: str) -> bytes | None:
        """Return a circuit."""
        rows = self._rows("SELECT qpy FROM circuits WHERE key = ?", (key,))
        return rows[0][0] if rows else None

    def running(self, runtime: KeptRuntime) -> bool:
        """Whether the process of a runtime still has it."""
        return runtime.ended is None and runs(self.store.folder, runtime.id)

    def read(self, function: Callable[[sqlite3.Connection], T]) -> T | None:
        """Return ``function(connection)``, None where nothing is kept."""
        with self._lock:
            try:
                db = self._connected()
                return None if db is None else function(db)
            except sqlite3.DatabaseError as error:
                self._disconnect()
                if not is_damage(error):
                    raise IBMRuntimeError(
                        f"History can't be read from {self._database.path}: {error}."
                    ) from error
                name = self._database.set_aside()
                if name is not None:
                    warn(
                        f"{self._database.path} is damaged ({error}): it was set aside as {name}.",
                        QmodeWarning,
                    )
                return None

    # ---- what is changed of what is over

    def change(self, statement: str, *values: object) -> None:
        """Change what was kept of another runtime.

        Raises
        ------
        Unwritable
            If nothing can be written.
        """
        db = self._database.writer()
        try:
            transaction(db, lambda: db.execute(statement, values))
        except sqlite3.DatabaseError as error:
            raise Unwritable(f"{self._database.path}: {error}") from error
        finally:
            db.close()

    def give_up_the_killed(self) -> None:
        """Fail the jobs of runtimes whose process has gone."""
        running = "SELECT number, id FROM runtimes WHERE ended IS NULL AND id <> ?"
        rows = self.read(lambda db: db.execute(running, (self._without,)).fetchall())
        killed = [number for number, name in rows or () if not runs(self.store.folder, name)]
        if not killed:
            return
        try:
            db = self._database.writer()
        except Unwritable:
            return
        try:
            for number in killed:
                transaction(db, partial(end_runtime, db, number, KILLED))
        except sqlite3.Error as error:
            _log.debug("nobody could be given up: %s", error)
        finally:
            db.close()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._disconnect()

    # ---- inside

    def _body(self, table: str, job: KeptJob) -> bytes | None:
        rows = self._rows(f"SELECT body FROM {table} WHERE job = ?", (job.number,))
        return rows[0][0] if rows else None

    def _jobs(
        self,
        where: str,
        values: Sequence[object],
        limit: int | None,
        skip: int = 0,
        newest_first: bool = True,
    ) -> list[KeptJob]:
        self.give_up_the_killed()
        query = (
            f"SELECT {_JOB} FROM jobs WHERE {where} ORDER BY number {_order(newest_first)} LIMIT ? OFFSET ?"
        )
        rows = self._rows(query, (*values, -1 if limit is None else limit, skip))
        return [_kept_job(row) for row in rows]

    def _workloads(
        self, where: str, values: Sequence[object], limit: int | None, newest_first: bool = True
    ) -> list[KeptWorkload]:
        self.give_up_the_killed()
        query = (
            f"SELECT {_WORKLOAD} FROM workloads WHERE {where} ORDER BY number {_order(newest_first)} LIMIT ?"
        )
        rows = self._rows(query, (*values, -1 if limit is None else limit))
        return [_kept_workload(row) for row in rows]

    def _rows(self, query: str, values: Sequence[object]) -> list[Any]:
        return self.read(lambda db: db.execute(self._own(db, query), tuple(values)).fetchall()) or []

    def _own(self, db: sqlite3.Connection, query: str) -> str:
        """Put the number of the runtime that reads where a query names it."""
        if "{own}" not in query:
            return query
        row = db.execute("SELECT number FROM runtimes WHERE id = ?", (self._without,)).fetchone()
        return query.replace("{own}", "" if row is None else str(row[0]))

    def _connected(self) -> sqlite3.Connection | None:
        file = self._database.identity()
        if file is None:
            self._disconnect()
            return None
        here = (file, os.getpid())
        if self._db is None or self._db[:2] != here:  # another file was put there, or this is a fork
            self._disconnect()
            db = self._database.reader()
            if db is None:
                return None
            self._db = (*here, db)
        return self._db[2]

    def _disconnect(self) -> None:
        db, self._db = self._db, None
        if db is not None and db[1] == os.getpid():
            db[2].close()


def _order(newest_first: bool) -> str:
    return "DESC" if newest_first else "ASC"


def _kept_job(row: Sequence[Any]) -> KeptJob:
    number, runtime, job, owner, workload, qpu, program, private, read, tags, settled, *rest = row
    shapes, record, written = rest
    return KeptJob(
        number, runtime, job, owner, workload, qpu, program, bool(private), bool(read),
        tuple(json.loads(tags)), bool(settled), shapes, record, written,
    )  # fmt: skip


def _kept_workload(row: Sequence[Any]) -> KeptWorkload:
    number, runtime, workload, mode, name, qpu, closed, record, written = row
    return KeptWorkload(number, runtime, workload, mode, name, qpu, bool(closed), record, written)
