"""What one runtime writes of itself, as it happens.

A job is written when it is submitted and when it has ended, before anybody who waits for it is let
go; a session, a batch or the cell of jobs in job mode whenever its state changes. With each goes
what has happened since: the events, of which every record and trace can be made again.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import math
import os
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from qmode_jupyter.runtime.store import codec
from qmode_jupyter.runtime.store.database import Database
from qmode_jupyter.runtime.store.ending import append_events, end_runtime
from qmode_jupyter.runtime.store.liveness import RunningLock
from qmode_jupyter.runtime.store.retention import drop_old
from qmode_jupyter.runtime.store.writer import Change, Writer
from qmode_jupyter.runtime.store_place import Store
from qmode_jupyter.scheduler.events import Event

if TYPE_CHECKING:
    from qmode_jupyter.runtime.groups import JobGroup
    from qmode_jupyter.runtime.jobs import JobRequest
    from qmode_jupyter.scheduler.records import JobRecord, WorkloadRecord
    from qmode_jupyter.simulation.execution_spans import Executing
    from qmode_jupyter.simulation.tasks import Task, TaskResult

#: So many circuits that were written last are known without making QPY of them again.
_CIRCUITS_KNOWN: Final = 256
#: Seconds between two looks for what is too old or too much, while a runtime writes.
_TIDY_EVERY_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Identity:
    """What is written of a runtime itself, and stays as it is."""

    id: str
    instance: str
    origin_s: float


class History:
    """Writes what happens to one runtime; see the module.

    `settings` is what it was made with, as JSON, and `log` its scheduler's list of events.

    Its methods are called on the engine's thread, if nothing else is said; none of them waits.
    """

    def __init__(self, store: Store, identity: Identity, settings: str, log: Sequence[Event]) -> None:
        self.store = store
        self._identity = identity
        self._settings = settings
        self._log = log
        self._database = Database(store.folder)
        self._writer = Writer(self._database, self._begin, self._tidy)
        self._lock: RunningLock | None = None
        #: What is written of jobs, sessions, batches and cells that are not over: it is written again into a
        #: file that is begun anew.
        self._unfinished: dict[str, Change] = {}
        #: Of each session, batch and cell the state that was written last.
        self._states: dict[str, object] = {}
        self._began = time.time()
        # ---- the writer's own
        self._number = 0
        self._circuits: OrderedDict[object, tuple[object, str, bytes]] = OrderedDict()
        self._tidied_s = -math.inf
        atexit.register(self._exit)

    @property
    def after(self) -> Callable[[Callable[[], None]], None]:
        """Calls a function when all that was written so far is in the file; any thread."""
        return self._writer.after

    def news(self) -> list[str]:
        """Return what the person has to be told, each line once; any thread."""
        return self._writer.news()

    # ---- what happens

    def submitted(self, record: JobRecord, request: JobRequest, task: Task, owner: str | None) -> None:
        """Write a job that was accepted."""
        keys = [pub.circuit_key for pub in task.pubs]
        self._unfinished[record.id] = change = self._with_events(
            lambda db: self._insert_job(db, record, request, keys, owner)
        )
        self._writer.put(change)

    def settled(self, record: JobRecord, result: TaskResult | None, executing: Executing | None) -> None:
        """Write a job that has ended."""
        self._writer.put(self._with_events(lambda db: self._update_job(db, record, result, executing)))
        self._writer.after(lambda: _done(self._unfinished.pop(record.id, None)))

    def is_news(self, owner: str, state: object) -> bool:
        """Whether a session, batch or cell has another state than when this was asked last."""
        if owner in self._states and self._states[owner] == state:
            return False
        self._states[owner] = state
        return True

    def workload(self, record: WorkloadRecord) -> None:
        """Write a session or batch."""
        closed, written = record.closed_at is not None, codec.workload_json(record)
        self._put_owner((record.id, str(record.mode), record.name, record.qpu, closed, written))

    def group(self, group: JobGroup) -> None:
        """Write the cell of jobs in job mode."""
        times = json.dumps({"opened_at": group.opened_at, "closed_at": group.closed_at})
        self._put_owner((group.id, "job", group.name, group.qpu, group.closed_at is not None, times))

    def _put_owner(self, row: tuple[str, str, str, str, bool, str]) -> None:
        name, closed = row[0], row[4]
        self._unfinished[name] = change = self._with_events(lambda db: self._put_workload(db, row))
        self._writer.put(change)
        if closed:
            self._writer.after(lambda: _done(self._unfinished.pop(name, None)))

    # ---- any thread

    def tagged(self, job: str, tags: tuple[str, ...]) -> None:
        """Write a job's new tags."""
        self._change_job("UPDATE jobs SET tags = ? WHERE runtime = ? AND id = ?", json.dumps(tags), job)

    def read(self, job: str) -> None:
        """Note that a private job's result was read: it can't be read again, and is dropped."""
        self._change_job("UPDATE jobs SET read = ? WHERE runtime = ? AND id = ?", 1, job)
        self._change_job(
            "DELETE FROM results WHERE ? AND job IN (SELECT number FROM jobs WHERE runtime = ? AND id = ?)",
            1,
            job,
        )

    def deleted(self, job: str) -> None:
        """Drop a job."""
        self._change_job("DELETE FROM jobs WHERE ? AND runtime = ? AND id = ?", 1, job)

    def made_with(self, settings: str) -> None:
        """Write other settings."""
        self._settings = settings
        if self._writer.used:
            statement = "UPDATE runtimes SET settings = ? WHERE number = ?"
            self._writer.put(lambda db: _done(db.execute(statement, (settings, self._number))))

    def close(self, why: str, until: float) -> None:
        """Write why the runtime has ended, and end the thread; jobs that have not ended are given up."""
        atexit.unregister(self._exit)
        if self._writer.used:
            self._writer.put(self._with_events(lambda db: self._end(db, why, until)))
        self._writer.close()
        if self._lock is not None:
            self._lock.release()

    # ---- on the writer's thread

    def _begin(self, db: sqlite3.Connection) -> None:
        """Enter the runtime, in a file that may know it or not."""
        me = self._identity
        if self._lock is not None and not self._lock.stands:
            self._lock.disown()
            self._lock = None
        if self._lock is None:
            self._lock = RunningLock(self.store.folder, me.id)
        known = db.execute("SELECT number FROM runtimes WHERE id = ?", (me.id,)).fetchone()
        if known is not None:
            self._number = known[0]
            return
        values = (me.id, me.instance, os.getpid(), self._began, me.origin_s, self._settings)
        self._number = _inserted(
            db,
            "INSERT INTO runtimes (id, instance, process, began, origin, settings) VALUES (?, ?, ?, ?, ?, ?)",
            values,
        )
        # A file that is begun anew gets all that has happened, and the jobs that have not ended.
        for change in list(self._unfinished.values()):
            change(db)

    def _with_events(self, change: Change) -> Change:
        """Return a change that comes with what has happened up to now."""
        count = len(self._log)

        def both(db: sqlite3.Connection) -> None:
            append_events(db, self._number, self._log, count)
            change(db)

        return both

    def _insert_job(
        self,
        db: sqlite3.Connection,
        record: JobRecord,
        request: JobRequest,
        circuit_keys: Sequence[str],
        owner: str | None,
    ) -> None:
        inserted = db.execute(
            "INSERT OR IGNORE INTO jobs (runtime, id, owner, workload, qpu, program, private, tags, settled, "
            "created, shapes, record, written) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._number,
                record.id,
                owner,
                record.workload,
                record.qpu,
                record.program,
                request.private,
                json.dumps(request.tags),
                record.settled,
                self._identity.origin_s + record.submitted_at,
                codec.outlines(request.pubs),
                codec.job_json(record),
                time.time(),
            ),
        )
        number = inserted.lastrowid
        if (
            inserted.rowcount and number is not None and not request.private
        ):  # SEMANTICS J18: its inputs are kept to itself
            kept = [
                self._put_circuit(db, number, *pair) for pair in zip(request.pubs, circuit_keys, strict=True)
            ]
            asked = codec.request_body(request, kept)
            db.execute("INSERT INTO requests (job, body) VALUES (?, ?)", (number, asked))

    def _put_circuit(self, db: sqlite3.Connection, job: int, pub: Any, circuit_key: str) -> str | None:
        """Write the circuit of a PUB, unless it is there, and return its key; None where Qiskit can't."""
        circuit = pub.circuit
        layout = getattr(circuit, "_layout", None)
        # The key in the object store is of the operations alone.
        known_as = (circuit_key, circuit.name, repr(circuit.metadata), id(layout))
        if known_as not in self._circuits:
            try:
                written = codec.circuit_bytes(circuit)
            except Exception:  # noqa: BLE001 - a gate of somebody's own; the result does not need it
                return None
            key = hashlib.blake2b(written, digest_size=16).hexdigest()
            self._circuits[known_as] = (layout, key, written)  # the layout lives, so its id stays its own
            if len(self._circuits) > _CIRCUITS_KNOWN:
                self._circuits.popitem(last=False)
        _, key, written = self._circuits[known_as]
        row = db.execute("SELECT number FROM circuits WHERE key = ?", (key,)).fetchone()
        number = (
            row[0]
            if row is not None
            else _inserted(db, "INSERT INTO circuits (key, qpy) VALUES (?, ?)", (key, written))
        )
        db.execute("INSERT OR IGNORE INTO uses (job, circuit) VALUES (?, ?)", (job, number))
        return key

    def _update_job(
        self,
        db: sqlite3.Connection,
        record: JobRecord,
        result: TaskResult | None,
        executing: Executing | None,
    ) -> None:
        me = (self._number, record.id)
        db.execute(
            "UPDATE jobs SET settled = 1, record = ?, written = ? WHERE runtime = ? AND id = ?",
            (codec.job_json(record), time.time(), *me),
        )
        if result is not None:
            db.execute(
                "INSERT OR REPLACE INTO results (job, body) SELECT number, ? FROM jobs "
                "WHERE runtime = ? AND id = ?",
                (codec.result_body(result, executing), *me),
            )

    def _put_workload(self, db: sqlite3.Connection, row: tuple[Any, ...]) -> None:
        db.execute(
            "INSERT INTO workloads (runtime, id, mode, name, qpu, closed, record, written) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (runtime, id) DO UPDATE SET "
            "closed = excluded.closed, record = excluded.record, written = excluded.written",
            (self._number, *row, time.time()),
        )

    def _change_job(self, statement: str, value: object, job: str) -> None:
        self._writer.put(lambda db: _done(db.execute(statement, (value, self._number, job))))

    def _end(self, db: sqlite3.Connection, why: str, until: float) -> None:
        end_runtime(db, self._number, why, until)

    def _exit(self) -> None:
        """Write what is left when the process ends without an end of the runtime."""
        self._writer.close()

    def _tidy(self, db: sqlite3.Connection) -> None:
        now = time.monotonic()
        if now - self._tidied_s >= _TIDY_EVERY_S:
            self._tidied_s = now
            drop_old(db, self.store, time.time())


class NoHistory:
    """Writes nothing; see `History`."""

    def after(self, then: Callable[[], None]) -> None:
        """Call a function at once."""
        then()

    def news(self) -> list[str]:
        """Return nothing."""
        return []

    def submitted(self, record: JobRecord, request: JobRequest, task: Task, owner: str | None) -> None:
        """Do nothing."""

    def settled(self, record: JobRecord, result: TaskResult | None, executing: Executing | None) -> None:
        """Do nothing."""

    def is_news(self, owner: str, state: object) -> bool:
        """Return False."""
        return False

    def workload(self, record: WorkloadRecord) -> None:
        """Do nothing."""

    def group(self, group: JobGroup) -> None:
        """Do nothing."""

    def tagged(self, job: str, tags: tuple[str, ...]) -> None:
        """Do nothing."""

    def read(self, job: str) -> None:
        """Do nothing."""

    def deleted(self, job: str) -> None:
        """Do nothing."""

    def made_with(self, settings: str) -> None:
        """Do nothing."""

    def close(self, why: str, until: float) -> None:
        """Do nothing."""


def _inserted(db: sqlite3.Connection, statement: str, values: Sequence[object]) -> int:
    number = db.execute(statement, values).lastrowid
    assert number is not None
    return number


def _done(_: object) -> None:
    """Take what a statement returned."""
