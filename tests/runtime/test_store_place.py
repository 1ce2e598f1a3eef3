"""Where history is kept, and for how long."""

from __future__ import annotations

import inspect
import math
import re
import textwrap
from pathlib import Path
from typing import Any

import platformdirs
import pytest

import qmode_jupyter
from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.runtime.store_place import Store, store_at


def test_it_is_the_users_own_folder_or_the_one_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QMODE_HOME", str(tmp_path))
    assert store_at("user") == Store(tmp_path)
    monkeypatch.delenv("QMODE_HOME")
    assert store_at("user") == Store(platformdirs.user_data_path("qmode_jupyter"))


def test_a_store_without_a_folder_is_the_users_own_with_other_limits(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("QMODE_HOME", str(tmp_path))
    assert Store() == Store("user") == Store(tmp_path)  # type: ignore[arg-type]
    assert Store(keep_days=365).folder == tmp_path
    monkeypatch.setenv("QMODE_HOME", str(tmp_path / "other"))
    assert Store().folder == tmp_path / "other"


def test_the_example_of_its_docstring_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QMODE_HOME", str(tmp_path))
    text = inspect.getdoc(qmode_jupyter.Store) or ""
    (example,) = re.findall(r"\.\. code-block:: python\n\n((?: {4}.*\n|\n)+)", text)
    names: dict[str, Any] = {}
    exec(textwrap.dedent(example), names)
    with names["service"] as service:
        assert service.settings.store == Store(tmp_path, keep_days=365.0, keep_bytes=5e9)


def test_readme_says_how_to_keep_more_by_the_public_name() -> None:
    readme = (Path(qmode_jupyter.__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    kept = readme.split("\n## What is kept\n")[1].split("\n## ")[0]
    assert "from qmode_jupyter import Store" in kept or "`qmode_jupyter.Store" in kept
    assert "store_place" not in kept


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
