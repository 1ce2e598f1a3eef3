"""Cells that run in a real IPython shell, and what they show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import CapturedIO, capture_output
from traitlets.config import Config

BELL = """
from qiskit import QuantumCircuit
bell = QuantumCircuit(2)
bell.h(0)
bell.cx(0, 1)
bell.measure_all()
"""


@contextmanager
def loaded_shell() -> Iterator[InteractiveShell]:
    """A real shell with the extension and a circuit `bell`; both are taken out again."""
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    shell.run_line_magic("load_ext", "qmode_jupyter")
    shell.run_cell(BELL)
    yield shell
    shell.run_line_magic("unload_ext", "qmode_jupyter")
    InteractiveShell.clear_instance()


def run(shell: InteractiveShell, cell: str) -> tuple[CapturedIO, BaseException | None]:
    with capture_output() as shown:
        result = shell.run_cell(cell)
    return shown, result.error_in_exec or result.error_before_exec


def said(shell: InteractiveShell, cell: str) -> str:
    """The one line that is shown of what is wrong: sentences, up to the last full stop."""
    shown, error = run(shell, cell)
    text = shown.stdout + shown.stderr
    assert type(error).__name__ == "UsageError"
    assert "Traceback" not in text
    assert len(text.strip().splitlines()) == 1
    line = text.strip().removeprefix("UsageError: ")
    assert re.match(r"[A-Z%'/-]", line), line
    assert re.search(r"[^.?:,\s]\.$", line), line
    assert re.search(r"[a-z'\"`)]\s+Nothing was", line) is None, line
    assert re.search(r"\.\.|\s{2}|\?[a-z:]|[.?] [a-z](?!\w*=)", line.replace("...", "")) is None, line
    return line
