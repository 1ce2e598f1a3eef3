"""Receipts of real jobs are kept between kernels, a file for each."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from qmode_jupyter.client import kept_receipts
from qmode_jupyter.errors import IBMRuntimeError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QMODE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_nothing_is_kept_at_first(home: Path) -> None:
    assert kept_receipts.kept() == []
    assert kept_receipts.of_job("d1") is None
    assert not home.exists()


def test_a_receipt_is_found_by_its_job_and_the_newest_comes_first() -> None:
    files = [kept_receipts.keep({"job": name, "charged": 1}) for name in ("d1", "d2", "d3")]
    for age, path in zip((30, 10, 20), files, strict=True):
        os.utime(path, (1_000 - age, 1_000 - age))
    assert [path.stem for path in kept_receipts.kept()] == ["d2", "d3", "d1"]
    assert kept_receipts.keep({"job": "d1", "charged": 2}) == files[0]
    found = kept_receipts.of_job("d1")
    assert found is not None
    assert json.loads(found.read_text())["charged"] == 2
    assert found.stat().st_mode & 0o777 == 0o600
    assert len(list(found.parent.iterdir())) == 3, "nothing half-written is left"


def test_a_job_is_never_a_path_to_somewhere_else(home: Path) -> None:
    assert kept_receipts.keep({"job": "../../evil"}).parent == home / "receipts"


def test_what_can_not_be_written_is_one_line(home: Path) -> None:
    home.write_text("a file where a folder should be")
    with pytest.raises(IBMRuntimeError, match=r"^The receipt can't be written to '.*receipts/d1\.json': "):
        kept_receipts.keep({"job": "d1"})
