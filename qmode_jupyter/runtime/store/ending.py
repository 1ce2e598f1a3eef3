"""The events of a runtime in the file, and what becomes of the jobs of one that ended before them."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from typing import Final

from qmode_jupyter.runtime.store import codec
from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler.events import YOU, Event
from qmode_jupyter.scheduler.records import SETTLED, JobRecord, JobState, WorkloadState
from qmode_jupyter.scheduler.scheduler import NOT_HAPPENED, Scheduler
from qmode_jupyter.scheduler.trace import event_from_list, event_to_list, plan_from_dict

#: How a runtime can end, and what a job that had not ended is told.
CLOSED: Final = "closed"
KILLED: Final = "killed"
_WHAT_ENDED: Final = {CLOSED: "The service was closed", KILLED: "The kernel ended"}

_UNREADABLE: Final = (ValueError, TypeError, KeyError, ArithmeticError, *NOT_HAPPENED)


def lost(why: str, status: str) -> str:
    """Return the reason of a job that was lost with its runtime."""
    return f"{_WHAT_ENDED.get(why, 'The service ended')} while the job was {status}: run it again."


def append_events(db: sqlite3.Connection, runtime: int, log: Sequence[Event], count: int) -> None:
    """Write of the first `count` events of a runtime those that are not in the file yet."""
    row = db.execute(
        "SELECT first + count FROM events WHERE runtime = ? ORDER BY first DESC LIMIT 1", (runtime,)
    ).fetchone()
    first = 0 if row is None else row[0]
    if count > first:
        written = json.dumps([event_to_list(event) for event in log[first:count]])
        db.execute(
            "INSERT INTO events (runtime, first, count, body) VALUES (?, ?, ?, ?)",
            (runtime, first, count - first, codec.compressed(written.encode())),
        )


def replay(db: sqlite3.Connection, runtime: int) -> Scheduler:
    """Return a scheduler to which all has happened that was written of a runtime.

    Raises
    ------
    Unreadable
        If what was written is damaged, or was allowed by the rules of another version only.
    """
    settings, until = db.execute(
        "SELECT settings, until FROM runtimes WHERE number = ?", (runtime,)
    ).fetchone()
    bodies = db.execute("SELECT body FROM events WHERE runtime = ? ORDER BY first", (runtime,))
    try:
        scheduler = Scheduler(plan_from_dict(json.loads(settings)["plan"]))
        for (body,) in bodies:
            for kind, values in json.loads(codec.plain(body)):
                scheduler.handle(event_from_list(kind, values))
        if until is not None:
            scheduler.pass_time(until)
    except _UNREADABLE as error:
        raise codec.Unreadable(f"its record can't be replayed: {error}") from None
    return scheduler


def end_runtime(db: sqlite3.Connection, runtime: int, why: str, until: float | None = None) -> None:
    """Write that a runtime has ended, and fail its jobs that had not; once, in a transaction of the caller's.

    Parameters
    ----------
    why
        `CLOSED` or `KILLED`.
    until
        The emulated second at which it ended; None: that of the last thing that was written.
    """
    row = db.execute("SELECT ended FROM runtimes WHERE number = ?", (runtime,)).fetchone()
    if row is None or row[0] is not None:
        return
    jobs = db.execute(
        "SELECT number, record FROM jobs WHERE runtime = ? AND NOT settled", (runtime,)
    ).fetchall()
    open_ones = db.execute(
        "SELECT number, id, mode, record FROM workloads WHERE runtime = ? AND NOT closed", (runtime,)
    ).fetchall()
    if jobs or open_ones:
        try:
            scheduler = replay(db, runtime)
            _give_up(scheduler, why, until)
            append_events(db, runtime, scheduler.log, len(scheduler.log))
            until = scheduler.now if until is None else until
        except _UNREADABLE:
            scheduler = Scheduler()  # it knows none of them
        for number, written in jobs:
            _put(db, "jobs", "settled", number, codec.job_json(_fate(scheduler, codec.job_of(written), why)))
        for number, name, mode, written in open_ones:
            if mode == "job":
                times = json.loads(written)
                closed = json.dumps(times | {"closed_at": until})
            elif name in scheduler.workloads:
                closed = codec.workload_json(scheduler.workload(name))
            else:
                record = codec.workload_of(written)
                closed = codec.workload_json(
                    dataclasses.replace(record, state=WorkloadState.CLOSED, accepting_jobs=False)
                )
            _put(db, "workloads", "closed", number, closed)
    db.execute("UPDATE runtimes SET ended = ?, until = ? WHERE number = ?", (why, until, runtime))


def given_up(record: JobRecord, why: str) -> JobRecord:
    """Return what becomes of a job of which no more is known than this."""
    times = (record.on_qpu_at, record.waiting_at, record.preparing_at, record.submitted_at)
    return dataclasses.replace(
        record,
        state=JobState.FAILED,
        reason=lost(why, record.status),
        ended_at=next(at for at in times if at is not None),
    )


def _fate(scheduler: Scheduler, record: JobRecord, why: str) -> JobRecord:
    job = scheduler.jobs.get(record.id)
    return given_up(record, why) if job is None or job.state not in SETTLED else scheduler.job(record.id)


def _give_up(scheduler: Scheduler, why: str, until: float | None) -> None:
    """Let all that has not ended end now: jobs in the queue first, so that no other begins."""

    def happen(event: Callable[[float], Event]) -> None:
        now = scheduler.now if until is None else max(until, scheduler.now)
        while (due := scheduler.next_deadline()) is not None and due <= now:
            scheduler.handle(ev.Tick(due))
        scheduler.handle(event(now))

    def fail(job: str) -> None:
        if scheduler.jobs[job].state not in SETTLED:
            reason = lost(why, scheduler.job(job).status)
            happen(lambda at: ev.JobFailed(at, job, reason, system_fault=True))

    mine = [job for job in scheduler.jobs.values() if job.tenant == YOU]
    in_queue = [job.id for job in mine if job.state is JobState.QUEUED]
    for job in [*in_queue, *(job.id for job in mine)]:
        fail(job)
    for workload in list(scheduler.workloads.values()):
        if workload.tenant == YOU and workload.state is not WorkloadState.CLOSED:
            happen(lambda at, name=workload.id: ev.WorkloadClosed(at, name))  # type: ignore[misc]


def _put(db: sqlite3.Connection, table: str, over: str, number: int, record: str) -> None:
    db.execute(
        f"UPDATE {table} SET {over} = 1, record = ?, written = ? WHERE number = ?",
        (record, time.time(), number),
    )
