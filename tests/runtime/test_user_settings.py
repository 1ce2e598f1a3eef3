"""What is kept for a person between kernels."""

from __future__ import annotations

import json
import math
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from qmode_jupyter.cost.constants import PUBLIC
from qmode_jupyter.errors import IBMRuntimeError, QmodeWarning
from qmode_jupyter.runtime import user_settings
from qmode_jupyter.runtime.user_settings import Fitted, reset, save, saved, saved_spread

MINE = Fitted({"overhead_s": (2.0, 2.5, 3.0)}, (1.0, 5.0, 60.0), "12 receipts of yours (ibm_fez)")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QMODE_HOME", str(tmp_path / "qmode"))
    return tmp_path / "qmode"


def test_the_tests_have_a_folder_of_their_own(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    assert user_settings.path() == home / "settings.json"
    monkeypatch.delenv("QMODE_HOME")
    assert user_settings.path().is_relative_to(os.environ["XDG_CONFIG_HOME"])


def test_nothing_is_kept_at_first() -> None:
    assert saved() is None
    assert saved_spread() is PUBLIC
    assert not reset()


def test_what_is_saved_is_there_again() -> None:
    save(MINE)
    assert saved() == MINE
    assert saved_spread().likely.overhead_s == 2.5
    assert saved_spread().origin == "12 receipts of yours (ibm_fez)"


def test_saving_again_replaces_it_and_resetting_forgets_it() -> None:
    save(MINE)
    save(replace(MINE, origin="13 receipts"))
    assert saved().origin == "13 receipts"
    assert reset()
    assert saved() is None
    assert not reset()


def test_only_the_person_can_read_it(home: Path) -> None:
    save(MINE)
    assert stat.S_IMODE(user_settings.path().stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert [path.name for path in home.iterdir()] == ["settings.json"]


def written(**values: object) -> str:
    constants = {"figures": {}, "queue_s": [1, 2, 3], "origin": "x"} | values
    return json.dumps({"version": 1, "constants": constants})


UNREADABLE = {
    "no JSON": ("{", "are no JSON"),
    "not text": (b"\xff\xfe", "are no JSON"),
    "newer": ('{"version": 2, "constants": {}}', "are of version 2, newer than this package's 1"),
    "not ours": ("[1, 2]", "are not ours: they have no version 1"),
    "no constants": ('{"version": 1}', "are damaged"),
    "a list of figures": (written(figures=[]), "are damaged"),
    "an unknown constant": (written(figures={"magic_s": [1, 2, 3]}), "are damaged"),
    "figures out of order": (written(figures={"overhead_s": [3, 2, 1]}), "are damaged"),
    "a figure that is no number": (written(figures={"overhead_s": [None, 2, 3]}), "are damaged"),
    "a huge figure": (written(figures={"overhead_s": [1, 2, 10**400]}), "are damaged"),
    "a queue without end": (written(queue_s=[1, 2, math.inf]), "are damaged"),
    "an origin that is no text": (written(origin=3), "are damaged"),
}


@pytest.mark.parametrize(("content", "why"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cant_be_read_is_left_where_it_is_and_said(content: str | bytes, why: str, home: Path) -> None:
    home.mkdir()
    text = content if isinstance(content, bytes) else content.encode()
    user_settings.path().write_bytes(text)
    with pytest.warns(QmodeWarning, match=why):
        assert saved_spread() is PUBLIC
    assert user_settings.path().read_bytes() == text


@pytest.mark.parametrize(("content", "why"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cant_be_read_is_set_aside_and_never_written_over(
    content: str | bytes, why: str, home: Path
) -> None:
    home.mkdir()
    text = content if isinstance(content, bytes) else content.encode()
    user_settings.path().write_bytes(text)
    with pytest.warns(QmodeWarning, match=rf"{why}.*: set aside as settings\.1\.unread\.json\.$"):
        save(MINE)
    assert (home / "settings.1.unread.json").read_bytes() == text
    assert saved() == MINE
    user_settings.path().write_bytes(text)
    with pytest.warns(QmodeWarning, match=r"settings\.2\.unread\.json"):
        assert reset()
    assert saved() is None


def test_a_folder_in_its_place_is_set_aside(home: Path) -> None:
    user_settings.path().mkdir(parents=True)
    with pytest.warns(QmodeWarning, match="can't be read"):
        save(MINE)
    assert saved() == MINE


def test_what_cant_be_written_is_one_line_and_what_was_kept_is_kept(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(MINE)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(IBMRuntimeError, match=r"can't be written to .*: No space left on device") as caught:
        save(replace(MINE, origin="other"))
    assert "\n" not in str(caught.value)
    assert saved() == MINE
    assert [path.name for path in home.iterdir()] == ["settings.json"]


def test_a_folder_that_cant_be_is_one_line(home: Path) -> None:
    home.write_text("a file where the folder would be")
    assert saved() is None
    with pytest.raises(IBMRuntimeError, match="can't be written to"):
        save(MINE)


def test_it_is_plain_json_with_a_version() -> None:
    save(MINE)
    content = json.loads(user_settings.path().read_text(encoding="utf-8"))
    assert content["version"] == 1
    assert content["constants"]["figures"] == {"overhead_s": [2.0, 2.5, 3.0]}


def test_whoever_is_killed_while_saving_leaves_the_old_or_the_new(home: Path) -> None:
    saving = (
        "from qmode_jupyter.runtime.user_settings import Fitted, save\n"
        "while True:\n"
        "    for origin in ('one', 'two'):\n"
        "        save(Fitted({'overhead_s': (1.0, 2.0, 3.0)}, (0.0, 1.0, 2.0), origin))\n"
        "    print('saved', flush=True)\n"
    )
    for _ in range(3):
        with subprocess.Popen([sys.executable, "-c", saving], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "saved\n"
            process.kill()
        assert saved().origin in ("one", "two")
