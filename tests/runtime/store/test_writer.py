"""The thread that writes: in order, together, and nobody is left waiting for it."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from qmode_jupyter.runtime.store.database import Database, Unwritable
from qmode_jupyter.runtime.store.writer import Change, Writer
from tests.runtime.store.kept import rows
from tests.waiting import outcome


class Disk(Database):
    """A file on a disk that may be full."""

    full = False

    def writer(self) -> sqlite3.Connection:
        if self.full:
            raise Unwritable(f"{self.path}: database or disk is full")
        return super().writer()


def entry(key: str) -> Change:
    def change(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO circuits (key, qpy) VALUES (?, x'00')", (key,))

    return change


def keys(folder: Path) -> list[str]:
    return [key for (key,) in rows(folder, "SELECT key FROM circuits ORDER BY number")]


def written(writer: Writer) -> None:
    """Wait for all that was put."""
    came = threading.Event()
    writer.after(came.set)
    assert came.wait(15)


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


@pytest.fixture
def writer(disk: Disk) -> Iterator[Writer]:
    one = Writer(disk, lambda db: None, lambda db: None)
    yield one
    one.close()


def test_what_was_put_is_in_the_file_when_those_who_wait_are_let_go(writer: Writer, tmp_path: Path) -> None:
    seen: list[list[str]] = []
    came = threading.Event()
    for key in "abc":
        writer.put(entry(key))
        writer.after(lambda: seen.append(keys(tmp_path)))
    writer.after(came.set)
    assert came.wait(15)
    for count, known in enumerate(seen, start=1):
        assert known[:count] == list("abc")[:count]


def test_where_nothing_is_to_be_written_nobody_waits(writer: Writer) -> None:
    called: list[str] = []
    writer.after(lambda: called.append("at once"))
    assert called == ["at once"]
    assert not writer.used


def test_what_comes_together_goes_into_one_transaction(disk: Disk, tmp_path: Path) -> None:
    blocked, go_on, began = threading.Event(), threading.Event(), []

    def first(db: sqlite3.Connection) -> None:
        blocked.set()
        assert go_on.wait(15)

    writer = Writer(disk, began.append, lambda db: None)
    writer.put(first)
    assert blocked.wait(15)
    counts: list[int] = []
    for key in "abc":
        writer.put(entry(key))
        writer.put(lambda db: counts.append(db.total_changes))
        writer.after(lambda: counts.append(-len(keys(tmp_path))))
    go_on.set()
    writer.close()
    assert counts == [1, 2, 3, -3, -3, -3]
    assert len(began) == 1


def test_a_full_disk_is_said_once_and_what_it_did_not_take_is_written_later(
    writer: Writer, disk: Disk, tmp_path: Path
) -> None:
    disk.full = True
    for key in "ab":
        writer.put(entry(key))
        written(writer)
    (line,) = writer.news()
    assert line == (
        f"History is not kept: {disk.path}: database or disk is full. Jobs run on, and this process has "
        "them as long as it lives."
    )
    disk.full = False
    writer.put(entry("c"))
    written(writer)
    assert keys(tmp_path) == ["a", "b", "c"]
    assert (writer.news(), writer.trouble) == ([], "")


def test_what_can_not_be_written_does_not_keep_the_rest_from_it(writer: Writer, tmp_path: Path) -> None:
    def odd(db: sqlite3.Connection) -> None:
        raise TypeError("this is no record")

    for change in (entry("a"), odd, entry("b")):
        writer.put(change)
    written(writer)
    assert keys(tmp_path) == ["a", "b"]
    assert all("this is no record" in line for line in writer.news())


def test_a_file_that_turns_out_damaged_is_set_aside_and_a_new_one_begun(
    writer: Writer, disk: Disk, tmp_path: Path
) -> None:
    writer.put(entry("old"))
    written(writer)

    rows(tmp_path, "PRAGMA wal_checkpoint(TRUNCATE)")  # what SQLite's log still has would mend the file
    disk.path.write_bytes(b"x" * disk.path.stat().st_size)

    writer.put(entry("new"))
    written(writer)
    (aside,) = tmp_path.glob("history-damaged-*.db")
    (line,) = writer.news()
    assert line.endswith(f"it was set aside as {aside.name}, and a new one is begun.")
    assert keys(tmp_path) == ["new"]


def test_a_file_that_is_damaged_from_the_beginning_is_set_aside(
    writer: Writer, disk: Disk, tmp_path: Path
) -> None:
    disk.path.write_bytes(b"x" * 4096)
    writer.put(entry("new"))
    written(writer)
    (aside,) = tmp_path.glob("history-damaged-*.db")
    assert aside.read_bytes() == b"x" * 4096
    assert len(writer.news()) == 1
    assert keys(tmp_path) == ["new"]


def test_what_comes_after_the_end_is_not_written_and_nobody_waits_for_it(
    writer: Writer, tmp_path: Path
) -> None:
    writer.put(entry("a"))
    writer.close()
    writer.put(entry("late"))
    written(writer)
    assert keys(tmp_path) == ["a"]
    assert outcome(writer.close) is None


def test_a_fork_writes_nothing(writer: Writer, tmp_path: Path) -> None:
    writer.put(entry("a"))
    written(writer)
    child = os.fork()
    if not child:
        writer.put(entry("of the fork"))
        writer.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert keys(tmp_path) == ["a"]
