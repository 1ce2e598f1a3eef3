"""The file: who may read it, and what becomes of one that is newer, damaged or another program's."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from qmode_jupyter.runtime.store.database import Database, Unwritable, is_damage, transaction
from tests.runtime.store.kept import rows


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    database = Database(tmp_path / "new" / "folder")
    before = os.umask(0)
    try:
        db = database.writer()
        transaction(db, lambda: db.execute("INSERT INTO circuits (key, qpy) VALUES ('k', x'00')"))
    finally:
        os.umask(before)
    assert mode(database.folder) == 0o700
    assert {path.name: mode(path) for path in database.folder.iterdir()} == dict.fromkeys(
        ("history.db", "history.db-wal", "history.db-shm", "opening"), 0o600
    )
    db.close()


def test_where_nothing_is_kept_nothing_is_made_to_look(tmp_path: Path) -> None:
    assert Database(tmp_path / "nowhere").reader() is None
    assert not (tmp_path / "nowhere").exists()


def test_a_newer_file_is_read_and_not_written(tmp_path: Path) -> None:
    database = Database(tmp_path)
    database.writer().close()
    with sqlite3.connect(database.path) as db:
        db.execute("PRAGMA user_version = 99")
        db.execute("INSERT INTO circuits (key, qpy) VALUES ('k', x'00')")
    db.close()
    before = database.path.read_bytes()
    with pytest.raises(Unwritable, match=r"written by a newer version .*its format is 99, .* read only"):
        database.writer()
    reader = database.reader()
    assert reader is not None
    assert reader.execute("SELECT key FROM circuits").fetchall() == [("k",)]
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM circuits")
    reader.close()
    assert database.path.read_bytes() == before


def test_a_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    database = Database(tmp_path)
    with sqlite3.connect(database.path) as db:
        db.execute("CREATE TABLE theirs (n)")
    db.close()
    with pytest.raises(Unwritable, match="belongs to another program"):
        database.writer()
    assert database.reader() is None
    assert rows(tmp_path, "SELECT name FROM sqlite_master") == [("theirs",)]


def test_a_damaged_file_is_set_aside_as_it_is_and_once(tmp_path: Path) -> None:
    database = Database(tmp_path)
    database.path.write_bytes(b"nothing that SQLite knows" * 100)
    with pytest.raises(sqlite3.DatabaseError) as caught:
        database.writer()
    assert is_damage(caught.value)
    name = database.set_aside()
    assert name is not None
    assert (tmp_path / name).read_bytes() == b"nothing that SQLite knows" * 100
    database.writer().close()
    assert database.set_aside() is None  # by another that found the first one damaged
    assert database.path.exists()


def test_a_folder_that_can_not_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unwritable, match=r"file/history: history\.db|[Nn]ot a directory"):
        Database(tmp_path / "file" / "history").writer()


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_ours_to_write_is_said_and_read(tmp_path: Path) -> None:
    database = Database(tmp_path)
    database.writer().close()
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(Unwritable, match="permission denied"):
            database.writer()
        reader = database.reader()
        assert reader is not None
        reader.close()
    finally:
        tmp_path.chmod(0o700)


def test_what_fails_half_way_changes_nothing(tmp_path: Path) -> None:
    db = Database(tmp_path).writer()

    def half() -> None:
        db.execute("INSERT INTO circuits (key, qpy) VALUES ('k', x'00')")
        raise KeyError

    with pytest.raises(KeyError):
        transaction(db, half)
    assert db.execute("SELECT count(*) FROM circuits").fetchone() == (0,)
    db.close()
