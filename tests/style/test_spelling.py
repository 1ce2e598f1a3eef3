"""What was meant by a word that is wrong."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from qmode_jupyter.style.spelling import did_you_mean, nearest

PACKAGE = Path(__file__).resolve().parents[2] / "qmode_jupyter"


@pytest.mark.parametrize(
    ("word", "meant"),
    [("opn", "open"), ("PREMIUM", "premium"), ("Legacy_2032", "legacy_2023"), ("zzz", None), ("", None)],
)
def test_the_nearest_word_whatever_its_case(word: str, meant: str | None) -> None:
    assert nearest(word, ["open", "premium", "legacy_2023"]) == meant


def test_the_word_comes_back_as_it_is_written() -> None:
    assert did_you_mean("my run", ["My Run", "other"]) == " Did you mean 'My Run'?"
    assert did_you_mean("nothing like it", ["My Run"]) == ""


def test_no_other_module_compares_words() -> None:
    users = [
        path.name
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        and "difflib" in (getattr(node, "module", None), *(name.name for name in node.names))
    ]
    assert users == ["spelling.py"]


def test_it_needs_nothing_heavy() -> None:
    script = "import sys, qmode_jupyter.style.spelling; print([m for m in ('numpy', 'qiskit') if m in sys.modules])"  # noqa: E501
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
