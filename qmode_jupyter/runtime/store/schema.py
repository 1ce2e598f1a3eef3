"""The tables of the file in which history is kept, and how an older file becomes one of today.

A new file is one of version 0. Newer versions may add tables and columns, and take none away: so an
older version of this package can still read it.
"""

from __future__ import annotations

import sqlite3
from typing import Final

#: Marks a file as one of ours ("qmde").
APPLICATION_ID: Final = 0x716D6465

#: What makes a file of each version one of the next.
MIGRATIONS: Final[tuple[str, ...]] = (
    """
    CREATE TABLE runtimes (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        instance TEXT NOT NULL,
        process INTEGER NOT NULL,
        began REAL NOT NULL,     -- Unix time, by the wall
        origin REAL NOT NULL,    -- Unix time of emulated second 0
        settings TEXT NOT NULL,
        until REAL,              -- the emulated second at which it ended
        ended TEXT               -- why, NULL while it runs and while nobody has noticed that it was killed
    );
    CREATE INDEX running ON runtimes (number) WHERE ended IS NULL;
    CREATE TABLE workloads (
        number INTEGER PRIMARY KEY,
        runtime INTEGER NOT NULL REFERENCES runtimes ON DELETE CASCADE,
        id TEXT NOT NULL,
        mode TEXT NOT NULL,      -- "job": the jobs of one cell in job mode
        name TEXT NOT NULL,
        qpu TEXT NOT NULL,
        closed INTEGER NOT NULL,
        record TEXT NOT NULL,
        written REAL NOT NULL,   -- Unix time, by the wall
        UNIQUE (runtime, id)
    );
    CREATE INDEX workloads_by_id ON workloads (id);
    CREATE INDEX workloads_by_name ON workloads (name);
    CREATE TABLE jobs (
        number INTEGER PRIMARY KEY,
        runtime INTEGER NOT NULL REFERENCES runtimes ON DELETE CASCADE,
        id TEXT NOT NULL,
        owner TEXT,              -- its session or batch, or the cell of a job in job mode
        workload TEXT,           -- its session or batch
        qpu TEXT NOT NULL,
        program TEXT NOT NULL,
        private INTEGER NOT NULL,
        read INTEGER NOT NULL DEFAULT 0,
        tags TEXT NOT NULL,
        settled INTEGER NOT NULL,
        created REAL NOT NULL,   -- Unix time, by the emulated clock
        shapes TEXT NOT NULL,    -- what of its PUBs its result needs
        record TEXT NOT NULL,
        written REAL NOT NULL,
        UNIQUE (runtime, id)
    );
    CREATE INDEX jobs_by_id ON jobs (id);
    CREATE INDEX jobs_by_owner ON jobs (owner);
    CREATE INDEX jobs_by_workload ON jobs (workload);
    CREATE TABLE requests (
        job INTEGER PRIMARY KEY REFERENCES jobs ON DELETE CASCADE,
        body BLOB NOT NULL
    );
    CREATE TABLE results (
        job INTEGER PRIMARY KEY REFERENCES jobs ON DELETE CASCADE,
        body BLOB NOT NULL
    );
    CREATE TABLE circuits (
        number INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,
        qpy BLOB NOT NULL
    );
    CREATE TABLE uses (
        job INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
        circuit INTEGER NOT NULL REFERENCES circuits,
        PRIMARY KEY (job, circuit)
    ) WITHOUT ROWID;
    CREATE INDEX uses_of ON uses (circuit);
    CREATE TABLE events (
        runtime INTEGER NOT NULL REFERENCES runtimes ON DELETE CASCADE,
        first INTEGER NOT NULL,  -- the number of the first event in it
        count INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (runtime, first)
    );
    """,
    # What is due to go by its age is found without reading every job.
    "CREATE INDEX jobs_by_age ON jobs (written) WHERE settled;",
)

#: The version of today's files.
VERSION: Final = len(MIGRATIONS)


def version_of(db: sqlite3.Connection) -> int:
    """Return the version of a file; 0 is a new one."""
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version


def is_ours(db: sqlite3.Connection) -> bool:
    """Whether it is a file of ours, or a new one."""
    made_by = db.execute("PRAGMA application_id").fetchone()[0]
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return made_by == APPLICATION_ID or not tables


def migrate(db: sqlite3.Connection) -> None:
    """Make a file one of today's version; whole, or not at all."""
    db.execute("BEGIN IMMEDIATE")
    try:
        for script in MIGRATIONS[version_of(db) :]:
            for statement in script.split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
