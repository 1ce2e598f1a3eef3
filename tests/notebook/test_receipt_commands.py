"""`%qmode receipt` and `%qmode calibrate`: a person's own receipts, in a real shell."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from qmode_jupyter.runtime import user_settings
from tests.notebook.cells import run, said
from tests.receipt_data import receipt

TWO = [receipt("first", charged_s=16), receipt("second", charged_s=15)]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    contents = {"one": receipt("first"), "two": TWO, "failed": receipt("third", status="ERROR")}
    paths = {name: tmp_path / f"{name}.json" for name in contents}
    for name, content in contents.items():
        paths[name].write_text(json.dumps(content), encoding="utf-8")
    return paths


@pytest.fixture(autouse=True)
def _public_constants_again(shell: InteractiveShell) -> Iterator[None]:
    yield
    run(shell, "%qmode calibrate --reset")


def test_a_receipt_is_laid_beside_the_model(shell: InteractiveShell, files: dict[str, Path]) -> None:
    shown = repr(shell.run_line_magic("qmode", f"receipt {files['one']}"))
    assert shown.startswith("Job first on ibm_marrakesh: charged 14 s\n")
    assert "as modelled" in shown


def test_each_receipt_of_a_list_is(shell: InteractiveShell, files: dict[str, Path]) -> None:
    shown = repr(shell.run_line_magic("qmode", f"receipt {files['two']}"))
    assert "Job first on" in shown
    assert "Job second on" in shown


def test_calibrating_holds_from_now_on_and_is_shown(shell: InteractiveShell, files: dict[str, Path]) -> None:
    before = repr(shell.run_line_magic("qmode", "status"))
    assert "Priced with" not in before
    result, _ = run(shell, f"found = %qmode calibrate {files['two']}")
    assert "%qmode calibrate --reset forgets it." in result.stdout + result.stderr
    assert "fitted to 2 receipts of yours (ibm_marrakesh)" in repr(shell.user_ns["found"])
    status = repr(shell.run_line_magic("qmode", "status"))
    assert "Priced with constants fitted to 2 receipts of yours (ibm_marrakesh)." in status
    assert user_settings.saved_spread().origin == "2 receipts of yours (ibm_marrakesh)"
    shown = repr(shell.run_line_magic("qmode", f"receipt {files['one']}"))
    assert "with the constants of 2 receipts of yours" in shown
    assert "queue" in shown
    assert "not modelled" not in shown


def test_resetting_forgets_it_and_says_so(shell: InteractiveShell, files: dict[str, Path]) -> None:
    run(shell, f"%qmode calibrate {files['two']}")
    result, _ = run(shell, "%qmode calibrate --reset")
    assert "Forgotten: the constants of public receipts hold again." in result.stdout + result.stderr
    assert "Priced with" not in repr(shell.run_line_magic("qmode", "status"))
    assert user_settings.saved() is None
    result, _ = run(shell, "%qmode calibrate --reset")
    assert "Nothing was fitted" in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("receipt", "%qmode receipt takes one file, as in: %qmode receipt receipt.json."),
        ("receipt a b", "%qmode receipt takes one file"),
        ("receipt nowhere.json", "The receipt 'nowhere.json' can't be read: No such file or directory."),
        ("receipt {failed}", "of a job that is 'ERROR'"),
        ("calibrate", "%qmode calibrate takes files of receipts, or --reset alone"),
        ("calibrate {two} --reset", "%qmode calibrate takes files of receipts, or --reset alone"),
        ("calibrate {one}", "Nothing is fitted to 1 receipt: it takes at least two, of different jobs."),
        ("calibrate {two} {failed}", "of a job that is 'ERROR'"),
        ("calibrate nowhere.json", "can't be read"),
    ],
)
def test_what_is_wrong_is_one_line_and_changes_nothing(
    line: str, why: str, shell: InteractiveShell, files: dict[str, Path]
) -> None:
    assert why in said(shell, f"%qmode {line.format(**files)}")
    assert user_settings.saved() is None
    assert "Priced with" not in repr(shell.run_line_magic("qmode", "status"))
