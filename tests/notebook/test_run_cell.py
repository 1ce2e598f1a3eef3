"""A cell's errors show once, with their lines, as they do without a magic."""

from __future__ import annotations

import re

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.notebook.cells import run, said


def test_an_error_shows_once_with_its_line_and_closes_the_session(shell: InteractiveShell) -> None:
    shown, error = run(shell, "%%qsession -b aer_simulator\nx = 1\ndef f():\n    raise KeyError('oops')\nf()")
    assert isinstance(error, KeyError)
    text = shown.stdout + shown.stderr
    assert text.count("Traceback") == 1
    assert "line 4, in f()" in text or "line 4" in text
    assert "workload_cell.py" not in text
    assert "run_cell_magic" not in text
    assert shell.user_ns["session"].status() == "Closed"


def test_a_syntax_error_shows_once(shell: InteractiveShell) -> None:
    shown, error = run(shell, "%%qsession -b aer_simulator\nx = = 1")
    assert isinstance(error.__cause__, SyntaxError)
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown.stdout + shown.stderr)
    assert text.count("SyntaxError: invalid syntax") == 1
    assert "workload_cell.py" not in text


#: Cells that go wrong, and how often what they say is shown.
ERRORS = {
    "a group": ("raise ExceptionGroup('both', [ValueError('a'), KeyError('b')])", "both (2 sub-exceptions)"),
    "after a group": (
        "try:\n  raise ExceptionGroup('two', [OSError()])\nexcept* OSError:\n  raise TypeError('after')",
        "TypeError: after",
    ),
    "a note": (
        "e = ValueError('noted')\ne.add_note('a note of it')\nraise e",
        "ValueError: noted\na note of it",
    ),
    "a cause": (
        "try:\n    1 / 0\nexcept Exception as e:\n    raise OSError('so') from e",
        "OSError: so",
    ),
    "syntax": ("x = = 1", "SyntaxError: invalid syntax"),
    "indentation": ("if True:\nx", "IndentationError: expected an indented block"),
    "syntax, raised": ("raise SyntaxError('made up')", "SyntaxError: made up"),
    "syntax, executed": ("exec('x = = 2')", "SyntaxError: invalid syntax"),
    "an exit": ("raise SystemExit('goodbye')", "SystemExit: goodbye"),
    "an interrupt": ("raise KeyboardInterrupt('now')", "KeyboardInterrupt: now"),
    "slots": ("class E(Exception):\n    __slots__ = ()\nraise E('small')", "E: small"),
    "a usage error": ("%nonesuch", "UsageError: Line magic function `%nonesuch` not found"),
    "in %%time": ("%%time\nraise OSError('timed')", "OSError: timed"),
    "in %%capture": ("%%capture caught\nraise OSError('captured')", None),
    "in a cell of ours": ("%%qbatch -b aer_simulator -q\nraise OSError('inside')", "OSError: inside"),
    "in a cell in the cell": (
        "get_ipython().run_cell('raise OSError(\"nested\")')\nprint('on')",
        "OSError: nested",
    ),
    "shown by the cell": (
        "try:\n    raise OSError('caught')\nexcept OSError:\n    get_ipython().showtraceback()\nprint('on')",
        "OSError: caught",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.filterwarnings("ignore:To exit")
def test_what_goes_wrong_shows_as_it_does_without_a_magic(shell: InteractiveShell, name: str) -> None:
    cell, line = ERRORS[name]

    def output(magic: str) -> tuple[str, str]:
        shown, error = run(shell, magic + cell)
        text = re.sub(r"\x1b\[[0-9;]*m", "", shown.stdout + shown.stderr)
        # A time, and the line that a magic may make of a cell.
        return type(error).__name__, re.sub(r"CPU times: .*\n|Wall time: .*\n", "", text).strip()

    plain = output("")
    assert output("%%qjob -b aer_simulator -q\n") == plain
    assert (plain[1] == "") if line is None else (plain[1].count(line) == 1)


def test_a_cell_that_awaits_is_refused(shell: InteractiveShell) -> None:
    assert "awaits at its top level" in said(shell, "%%qbatch -b aer_simulator\nawait something")
