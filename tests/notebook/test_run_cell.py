"""A cell's errors show once, with their lines, as they do without a magic."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.notebook.cells import run, said
from tests.notebook.terminal import terminal


def plain(text: str) -> str:
    """What is read of a text in colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_an_error_shows_once_with_its_line_and_closes_the_session(shell: InteractiveShell) -> None:
    shown, error = run(shell, "%%qsession -b aer_simulator\nx = 1\ndef f():\n    raise KeyError('oops')\nf()")
    assert isinstance(error, KeyError)
    text = shown.stdout + shown.stderr
    assert text.count("Traceback") == 1
    assert re.findall(r"Cell In\[\d+\], line (\d+)", plain(text)) == ["5", "4"]  # as the editor numbers them
    assert "workload_cell.py" not in text
    assert "run_cell_magic" not in text
    assert shell.user_ns["session"].status() == "Closed"


def test_a_syntax_error_shows_once(shell: InteractiveShell) -> None:
    shown, error = run(shell, "%%qsession -b aer_simulator\nx = = 1")
    assert isinstance(error.__cause__, SyntaxError)
    text = plain(shown.stdout + shown.stderr)
    assert text.count("SyntaxError: invalid syntax") == 1
    assert re.search(r"Cell In\[\d+\], line 2\n", text)
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
        text = plain(shown.stdout + shown.stderr)
        # A time, and the numbers of lines, which the magic's own line moves on.
        text = re.sub(r"CPU times: .*\n|Wall time: .*\n", "", text).strip()
        return type(error).__name__, re.sub(r"(?m)(line |^ *(?:-+> )?|input-)\d[\w-]*", r"\1N", text)

    without = output("")
    assert output("%%qjob -b aer_simulator -q\n") == without
    assert (without[1] == "") if line is None else (without[1].count(line) == 1)


#: What the service refuses, the line of the cell that is shown for it, and how the message begins.
REFUSALS = {
    "a budget": (
        """%%qbatch -b aer_simulator -q --budget 3s
from scipy.optimize import minimize

def cost(x):
    return Sampler().run([bell]).result()[0].data.meas.num_shots
minimize(cost, [1.0], method='COBYLA')
""",
        ["6", "5"],
        "BudgetExceededError: The job was not submitted",
    ),
    "a closed session": (
        "%%qsession -b aer_simulator -q\n\n\nsession.close()\nSampler().run([bell])",
        ["5"],
        "IBMRuntimeError: The session is closed.",
    ),
    "a circuit": (
        "%%qbatch -b fake_manila -q\nx = 1\nSampler().run([bell])",
        ["3"],
        "NotISAError: The instruction h on qubits (0,)",
    ),
    "an option": (
        "%%qbatch -b aer_simulator -q\nSampler(options={'default_shot': 3})",
        ["2"],
        "OptionError: ",
    ),
    "a result in an ordinary cell": (
        "x = 1\n\njob.result()",
        ["3"],
        "RuntimeJobMaxTimeoutError: ",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize("mode", ["Context", "Plain"])
def test_what_the_service_refuses_shows_the_line_of_the_person_and_one_of_ours(
    shell: InteractiveShell, name: str, mode: str
) -> None:
    cell, lines, message = REFUSALS[name]
    run(shell, "%%qjob -b aer_simulator -q\njob = Sampler(backend, {'max_execution_time': 1}).run([bell])")
    run(shell, f"%xmode {mode}")
    shown, error = run(shell, cell)
    run(shell, "%xmode Context")
    text = plain(shown.stdout + shown.stderr)
    assert type(error).__name__ == message.partition(":")[0]
    assert re.findall(r"Cell In\[\d+\], line (\d+)", text) == lines
    assert text.count(message) == 1
    assert not re.search(r"\.py|run_cell_magic", text)


def test_in_a_terminal_cells_and_lines_have_the_numbers_that_are_seen(tmp_path: Path) -> None:
    with terminal(tmp_path) as ipython:
        ipython.run("%load_ext qmode_jupyter")
        text = ipython.run("%%qsession -b aer_simulator\nx = 1\n1 / 0\n")
        assert "Cell In[2], line 3\r\n" in text
        text = ipython.run("%%qsession -b aer_simulator\nsession.close()\nSampler().run([])\n")
        assert "Cell In[3], line 3\r\n" in text
        assert ".py" not in text
        assert text.count("Error: ") == 1


def test_a_cell_that_awaits_is_refused(shell: InteractiveShell) -> None:
    assert "awaits at its top level" in said(shell, "%%qbatch -b aer_simulator\nawait something")
