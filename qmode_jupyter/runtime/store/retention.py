"""What is dropped: what is too old, and the oldest of what is too much."""

from __future__ import annotations

import sqlite3
from typing import Final

from qmode_jupyter.runtime.store.database import transaction
from qmode_jupyter.runtime.store_place import Store

#: So many jobs go in one transaction: other kernels want to write, too.
_JOBS_AT_ONCE: Final = 200

#: Ended jobs that may go: not those of the newest session, batch or cell, nor the newest job itself.
_MAY_GO: Final = """
    SELECT number FROM jobs WHERE settled AND written < :before
    AND number <> (SELECT max(number) FROM jobs)
    AND NOT EXISTS (
        SELECT 1 FROM workloads AS newest
        WHERE newest.number = (SELECT max(number) FROM workloads)
        AND newest.runtime = jobs.runtime AND newest.id = jobs.owner
    )
    ORDER BY written LIMIT :most
"""

#: What nothing refers to any more.
_UNUSED: Final = (
    """
    DELETE FROM workloads WHERE closed AND written < :before
    AND number <> (SELECT max(number) FROM workloads)
    AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.runtime = workloads.runtime AND jobs.owner = workloads.id)
    """,
    """
    DELETE FROM runtimes WHERE ended IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.runtime = runtimes.number)
    AND NOT EXISTS (SELECT 1 FROM workloads WHERE workloads.runtime = runtimes.number)
    """,
    "DELETE FROM circuits WHERE NOT EXISTS (SELECT 1 FROM uses WHERE uses.circuit = circuits.number)",
)


def drop_old(db: sqlite3.Connection, store: Store, now_s: float) -> None:
    """Drop what the store is not to keep; `now_s` is Unix time."""
    while _drop(db, now_s - store.keep_s):
        pass
    _drop_unused(db, now_s - store.keep_s)
    while used_bytes(db) > store.keep_bytes and _drop(db, now_s):
        _drop_unused(db, now_s)


def used_bytes(db: sqlite3.Connection) -> int:
    """Return how many bytes of the file are in use."""
    pages, free, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    used: int = (pages - free) * size
    return used


def _drop(db: sqlite3.Connection, before_s: float) -> int:
    """Drop some of the oldest ended jobs from before a time; return how many."""
    words = {"before": before_s, "most": _JOBS_AT_ONCE}

    def drop() -> int:
        return db.execute(f"DELETE FROM jobs WHERE number IN ({_MAY_GO})", words).rowcount

    return transaction(db, drop)


def _drop_unused(db: sqlite3.Connection, before_s: float) -> None:
    def drop() -> None:
        for statement in _UNUSED:
            db.execute(statement, {"before": before_s} if ":before" in statement else {})

    transaction(db, drop)
