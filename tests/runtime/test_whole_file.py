"""A file is there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from qmode_jupyter.runtime.whole_file import whole_file


def written(path: Path, *, overwrite: bool = False) -> None:
    with whole_file(path, overwrite=overwrite) as part:
        part.write_text("new")


def test_what_was_written_gets_the_name_and_nothing_else_is_left(tmp_path: Path) -> None:
    written(tmp_path / "run.json")
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"run.json": "new"}


def test_its_mode_is_that_of_any_new_file_or_of_the_one_before(tmp_path: Path) -> None:
    plain, mine = tmp_path / "plain", tmp_path / "mine"
    plain.touch()
    written(tmp_path / "new")
    mine.touch(mode=0o600)
    written(mine, overwrite=True)
    assert (tmp_path / "new").stat().st_mode == plain.stat().st_mode
    assert mine.stat().st_mode & 0o777 == 0o600


def held(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


@pytest.mark.parametrize("before", [{}, {"run.json": "old"}])
def test_a_failure_in_the_middle_changes_nothing(tmp_path: Path, before: dict[str, str]) -> None:
    for name, text in before.items():
        (tmp_path / name).write_text(text)

    def interrupted() -> None:
        with whole_file(tmp_path / "run.json", overwrite=True) as part:
            part.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert held(tmp_path) == before


def test_of_two_that_write_at_once_one_gets_the_name(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    with whole_file(path, overwrite=False) as part:
        part.write_text("first")
        with pytest.raises(FileExistsError):
            written(path)
    assert held(tmp_path) == {"run.json": "first"}


def test_a_link_is_followed_only_where_overwriting_was_asked_for(tmp_path: Path) -> None:
    elsewhere, link = tmp_path / "elsewhere", tmp_path / "link"
    link.symlink_to(elsewhere)
    with pytest.raises(FileExistsError):
        written(link)
    assert not elsewhere.exists()
    elsewhere.write_text("old")
    written(link, overwrite=True)
    assert (link.is_symlink(), elsewhere.read_text()) == (True, "new")


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_a_folder_or_a_pipe_is_never_replaced(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "run.json"
    make(path)
    before = path.stat()
    with pytest.raises(OSError, match="no ordinary file"):
        written(path, overwrite=True)
    assert path.stat() == before


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        written(tmp_path / "no" / "run.json")
    assert list(tmp_path.iterdir()) == []
