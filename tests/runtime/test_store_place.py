"""Where history is kept, and for how long."""

from __future__ import annotations

import math
from pathlib import Path

import platformdirs
import pytest

from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.runtime.store_place import Store, store_at


def test_it_is_the_users_own_folder_or_the_one_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QMODE_HOME", str(tmp_path))
    assert store_at("user") == Store(tmp_path)
    monkeypatch.delenv("QMODE_HOME")
    assert store_at("user") == Store(platformdirs.user_data_path("qmode_jupyter"))


def test_it_is_a_folder_a_store_or_nowhere(tmp_path: Path) -> None:
    store = Store(tmp_path, keep_days=1)
    assert store_at(store) is store
    assert store_at(str(tmp_path)) == store_at(tmp_path) == Store(tmp_path)
    assert store_at("~/history") == Store(Path.home() / "history")
    assert store_at(None) is None
    assert (store.keep_s, Store(tmp_path, keep_days=math.inf).keep_s) == (86_400.0, math.inf)


@pytest.mark.parametrize("given", ["", 5, True, b"x", ["x"]], ids=repr)
def test_what_is_none_is_said_in_one_line(given: object) -> None:
    with pytest.raises(IBMInputValueError, match=r'^store must be "user", a folder, a Store or None .*\.$'):
        store_at(given)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(IBMInputValueError, match=r"^store must be a folder, and .*file is a file\.$"):
        store_at(tmp_path / "file")


@pytest.mark.parametrize("limit", [0, -1, math.nan, "90", True, None], ids=repr)
@pytest.mark.parametrize("name", ["keep_days", "keep_bytes"])
def test_limits_are_above_0(tmp_path: Path, name: str, limit: object) -> None:
    with pytest.raises(IBMInputValueError, match=f"^{name} must be a number above 0, not "):
        Store(tmp_path, **{name: limit})  # type: ignore[arg-type]
