"""Files of earlier versions become one of today's, whole or not at all."""

# ruff: noqa: E501
from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from qmode_jupyter.runtime.store import schema
from qmode_jupyter.runtime.store.archive import Archive, Wish
from qmode_jupyter.runtime.store.database import Database
from qmode_jupyter.runtime.store_place import Store
from tests.runtime.store.kept import rows

#: A file as version 1 wrote it, with one job; not made of today's `MIGRATIONS`, which may change by mistake.
VERSION_1 = """
PRAGMA application_id = 1902994533;
PRAGMA user_version = 1;
CREATE TABLE runtimes (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, instance TEXT NOT NULL,
    process INTEGER NOT NULL, began REAL NOT NULL, origin REAL NOT NULL, settings TEXT NOT NULL, until REAL, ended TEXT);
CREATE INDEX running ON runtimes (number) WHERE ended IS NULL;
CREATE TABLE workloads (number INTEGER PRIMARY KEY, runtime INTEGER NOT NULL REFERENCES runtimes ON DELETE CASCADE,
    id TEXT NOT NULL, mode TEXT NOT NULL, name TEXT NOT NULL, qpu TEXT NOT NULL, closed INTEGER NOT NULL,
    record TEXT NOT NULL, written REAL NOT NULL, UNIQUE (runtime, id));
CREATE TABLE jobs (number INTEGER PRIMARY KEY, runtime INTEGER NOT NULL REFERENCES runtimes ON DELETE CASCADE,
    id TEXT NOT NULL, owner TEXT, workload TEXT, qpu TEXT NOT NULL, program TEXT NOT NULL, private INTEGER NOT NULL,
    read INTEGER NOT NULL DEFAULT 0, tags TEXT NOT NULL, settled INTEGER NOT NULL, created REAL NOT NULL,
    shapes TEXT NOT NULL, record TEXT NOT NULL, written REAL NOT NULL, UNIQUE (runtime, id));
INSERT INTO runtimes VALUES (1, 'r', 'emulated/premium', 4711, 1.7e9, 1.7e9, '{}', 5.0, 'closed');
INSERT INTO jobs VALUES (1, 1, 'dold', NULL, NULL, 'aer_simulator', 'sampler', 0, 0, '["old"]', 1, 1.7e9, '[]', '{}', 1.7e9);
"""


def test_a_file_of_version_1_is_brought_up_to_date_with_what_is_in_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    database = Database(tmp_path)
    old = sqlite3.connect(database.path)
    old.executescript(VERSION_1)
    old.close()
    assert [job.id for job in Archive(store).jobs(Wish())] == ["dold"]  # read as it is

    database.writer().close()

    assert rows(tmp_path, "PRAGMA user_version") == [(schema.VERSION,)]
    assert rows(tmp_path, "SELECT name FROM sqlite_master WHERE name = 'jobs_by_age'")
    (job,) = Archive(store).jobs(Wish())
    assert (job.id, job.tags, job.settled) == ("dold", ("old",), True)


def test_a_migration_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(tmp_path)
    old = sqlite3.connect(database.path)
    old.executescript(VERSION_1)
    old.close()
    monkeypatch.setattr(
        schema, "MIGRATIONS", (*schema.MIGRATIONS[:2], "CREATE TABLE new (n); CREATE NONSENSE;")
    )
    with sqlite3.connect(database.path, isolation_level=None) as db, pytest.raises(sqlite3.OperationalError):
        schema.migrate(db)
    db.close()
    assert rows(tmp_path, "PRAGMA user_version") == [(1,)]
    assert not rows(tmp_path, "SELECT name FROM sqlite_master WHERE name IN ('new', 'jobs_by_age')")


def test_a_new_file_has_every_table_and_is_marked_as_ours(tmp_path: Path) -> None:
    Database(tmp_path).writer().close()
    names = {name for (name,) in rows(tmp_path, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert names == {"runtimes", "workloads", "jobs", "requests", "results", "circuits", "uses", "events"}
    assert rows(tmp_path, "PRAGMA application_id") == [(schema.APPLICATION_ID,)]
