"""The magics in a real IPython shell, on the real runtime and Aer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import CapturedIO, capture_output
from traitlets.config import Config

from qmode_jupyter.scheduler.trace import Trace

BELL = """
from qiskit import QuantumCircuit
bell = QuantumCircuit(2)
bell.h(0)
bell.cx(0, 1)
bell.measure_all()
"""


@pytest.fixture(scope="module")
def loaded() -> Iterator[InteractiveShell]:
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    shell.run_line_magic("load_ext", "qmode_jupyter")
    shell.run_cell(BELL)
    yield shell
    shell.run_line_magic("unload_ext", "qmode_jupyter")
    InteractiveShell.clear_instance()


@pytest.fixture
def shell(loaded: InteractiveShell) -> InteractiveShell:
    for name in ("session", "batch", "report", "x", "result"):
        loaded.user_ns.pop(name, None)
    return loaded


def run(shell: InteractiveShell, cell: str) -> tuple[CapturedIO, BaseException | None]:
    with capture_output() as shown:
        result = shell.run_cell(cell)
    return shown, result.error_in_exec or result.error_before_exec


def test_a_session_cell_runs_ordinary_code(shell: InteractiveShell) -> None:
    shown, error = run(
        shell,
        "%%qsession -b aer_simulator --name first --out report\n"
        "sampler = Sampler()\n"
        "counts = sampler.run([bell], shots=100).result()[0].data.meas.get_counts()\n"
        "x = 40\n"
        "x + 2",
    )
    assert error is None
    assert "42" in shown.stdout  # the last expression shows
    assert shell.user_ns["x"] == 40
    assert set(shell.user_ns["counts"]) <= {"00", "11"}
    assert sum(shell.user_ns["counts"].values()) == 100
    assert shell.user_ns["session"].status() == "Closed"
    report = shell.user_ns["report"]
    assert [j.state.value for j in report.jobs] == ["done"]
    assert report.usage_s >= report.jobs[0].charged_s == 3
    assert "session first on aer_simulator" in shown.stdout


def test_a_batch_cell_and_a_job_cell(shell: InteractiveShell) -> None:
    _, error = run(
        shell, "%%qbatch -b aer_simulator -q -o report\njobs = [Sampler().run([bell]) for _ in range(3)]"
    )
    assert error is None
    report = shell.user_ns["report"]
    assert report.usage_s == sum(j.charged_s for j in report.jobs)
    assert {j.state.value for j in report.jobs} == {"done"}  # the end of the cell waits for them
    _, error = run(shell, "%%qjob -b aer_simulator -q -o report\njob = Sampler(mode=backend).run([bell])")
    assert error is None
    assert shell.user_ns["job"].status() == "DONE"
    assert shell.user_ns["job"].session_id is None
    assert len(shell.user_ns["report"].jobs) == 1


def test_an_error_shows_once_with_its_line_and_closes_the_session(shell: InteractiveShell) -> None:
    shown, error = run(shell, "%%qsession -b aer_simulator\nx = 1\ndef f():\n    raise KeyError('oops')\nf()")
    assert isinstance(error, KeyError)
    text = shown.stdout + shown.stderr
    assert text.count("Traceback") == 1
    assert "line 4, in f()" in text or "line 4" in text
    assert "rehearsal.py" not in text
    assert "run_cell_magic" not in text
    assert shell.user_ns["session"].status() == "Closed"


def test_a_syntax_error_shows_once(shell: InteractiveShell) -> None:
    shown, error = run(shell, "%%qsession -b aer_simulator\nx = = 1")
    assert isinstance(error.__cause__, SyntaxError)
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown.stdout + shown.stderr)
    assert text.count("SyntaxError: invalid syntax") == 1
    assert "rehearsal.py" not in text


def test_an_interrupt_cancels_what_runs_and_what_waits(shell: InteractiveShell) -> None:
    _shown, error = run(
        shell,
        "%%qsession -b aer_simulator -o report\n"
        "jobs = [Sampler().run([bell]) for _ in range(8)]\n"
        "raise KeyboardInterrupt",
    )
    assert isinstance(error, KeyboardInterrupt)
    assert {j.state.value for j in shell.user_ns["report"].jobs} <= {"cancelled", "done"}
    assert shell.user_ns["session"].status() == "Closed"
    _, error = run(shell, "%%qsession -b aer_simulator -q\nSampler().run([bell]).result()")
    assert error is None


def test_a_cell_run_twice_opens_two_sessions(shell: InteractiveShell) -> None:
    cell = "%%qsession -b aer_simulator -q\nSampler().run([bell]).result()\nids.append(session.session_id)"
    shell.user_ns["ids"] = []
    assert run(shell, cell)[1] is None
    assert run(shell, cell)[1] is None
    assert len(set(shell.user_ns["ids"])) == 2


def test_a_session_left_open_goes_on_in_the_next_cell(shell: InteractiveShell) -> None:
    cell = "%%qsession -b aer_simulator -q --keep-open\nSampler().run([bell]).result()"
    assert run(shell, cell)[1] is None
    first = shell.user_ns["session"]
    assert first.status() == "In progress, accepting new jobs"
    assert run(shell, cell)[1] is None
    assert shell.user_ns["session"].session_id == first.session_id
    assert run(shell, "%%qsession -b aer_simulator -q\nSampler().run([bell]).result()")[1] is None
    assert shell.user_ns["session"].session_id == first.session_id
    assert first.status() == "Closed"


def test_another_workload_closes_the_one_left_open(shell: InteractiveShell) -> None:
    assert run(shell, "%%qsession -b aer_simulator -q --keep-open\nSampler().run([bell]).result()")[1] is None
    left = shell.user_ns["session"]
    shown, error = run(shell, "%%qbatch -b aer_simulator -q\nSampler().run([bell]).result()")
    assert error is None
    assert "session that was left open on aer_simulator is closed" in shown.stdout
    assert left.status() == "Closed"


@pytest.mark.parametrize(
    ("cell", "line"),
    [
        ("%%qsession --backed fake_fez\n1", "no flag --backed. Did you mean '--backend'?"),
        ("%%qsession -b generic_19\n1", "Did you mean 'generic_19q'?"),
        ("%%qsession -b bell\n1", "holds a QuantumCircuit"),
        ("%%qsession fake_fez\n1", "for a backend write -b fake_fez"),
        ("%%qsession --max-time 25\n1", "25"),
        ("%%qsession --max-time 1H\n1", "1H"),
        ("%%qsession --plan opn\n1", "Did you mean 'open'?"),
        ("%%qsession --plan open -b aer_simulator\n1", "not authorized to run a session"),
        ("%%qsession --speed fast\n1", "not 'fast'"),
        ("%%qsession --timing exact\n1", "takes modelled or measured, not 'exact'"),
        ("%%qbatch -b aer_simulator\nawait something", "awaits at its top level"),
        ("%%qjob --keep-open\n1", "no flag --keep-open"),
        ("%%qsession --load -1\n1", "--load takes a number from 0 to 0.9, not '-1'"),
        ("%%qsession --load 2\n1", "not '2'"),
        ("%%qsession -b aer_simulator --budget lots\n1", "such as 60s, 2m 30s or $5, not 'lots'"),
        ("%qmode compare vqe --plans", "--plans takes a value"),
        ("%qmode export", "takes an ID and a file"),
        ("%qmode stat", "Did you mean 'status'?"),
        ("%qmode show nothing_like_it", "is called 'nothing_like_it'"),
        ("%qmode close", "takes one ID or --all"),
        ("%qmode cancel", "takes one ID"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(shell: InteractiveShell, cell: str, line: str) -> None:
    shown, error = run(shell, cell)
    text = shown.stdout + shown.stderr
    assert error is not None
    assert line in text
    assert "Traceback" not in text
    assert text.startswith("UsageError: ")
    assert len(text.strip().splitlines()) == 1


def test_help_is_the_same_behind_a_question_mark(shell: InteractiveShell) -> None:
    shown, _ = run(shell, "%%qsession?")
    assert "--max-time" in shown.stdout
    assert "%%qsession --max-time 10m" in shown.stdout


def test_the_commands(shell: InteractiveShell) -> None:
    cell = "%%qsession -b aer_simulator -q --name looked_at\njob = Sampler().run([bell])\njob.result()"
    assert run(shell, cell)[1] is None
    job = shell.user_ns["job"].job_id()

    def text(line: str) -> str:
        return repr(shell.run_line_magic("qmode", line))

    assert "timeline [ID]" in text("")
    assert "looked_at" in text("status looked_at")
    assert "generic_19q" in text("backends")
    assert job in text("jobs looked_at")
    assert "on the QPU" in text(f"show {job[:8]}")
    assert "looked_at" in text("usage")
    assert str(shell.run_line_magic("qmode", "usage looked_at")).count("sampler") == 1
    assert shell.run_line_magic("qmode", "timeline looked_at").axes
    assert shell.run_line_magic("qmode", f"timeline {job}").axes
    shown, _ = run(shell, "%qmode close --all")
    assert "Nothing was open." in shown.stdout
    shown, _ = run(shell, f"%qmode cancel {job}")
    assert "has ended before" in shown.stderr + shown.stdout


def test_planning_commands(shell: InteractiveShell, tmp_path: Path) -> None:
    cell = (
        "%%qsession -b aer_simulator -q --name planned\n"
        "for _ in range(3):\n    Sampler().run([bell]).result()"
    )
    assert run(shell, cell)[1] is None
    table = repr(shell.run_line_magic("qmode", "compare planned"))
    assert "as it ran" in table
    assert [line.split()[0] for line in table.splitlines()[2:5]] == ["job", "batch", "session"]
    table = repr(shell.run_line_magic("qmode", "compare planned --plans open,payg --loads 0,0.5"))
    assert "1352" in table
    assert shell.run_line_magic("qmode", "compare planned --figure").axes
    assert "Advice for session planned" in repr(shell.run_line_magic("qmode", "advise planned"))
    shown, error = run(shell, f"%qmode export planned {tmp_path / 'planned.json'}")
    assert error is None
    assert "Saved as" in shown.stdout
    assert len(Trace.load(tmp_path / "planned.json").jobs) == 3


def test_a_budget_stops_the_loop_and_keeps_what_was_done(shell: InteractiveShell) -> None:
    cell = (
        "%%qbatch -b aer_simulator -q --budget 7s -o report\n"
        "results = []\n"
        "while True:\n"
        "    results.append(Sampler().run([bell], shots=1000).result())"
    )
    shown, error = run(shell, cell)
    assert type(error).__name__ == "BudgetExceededError"
    assert len(shell.user_ns["results"]) == 2
    assert shell.user_ns["report"].usage_s == 6
    assert "past the budget of 7s" in shown.stdout + shown.stderr


def test_loading_twice_changes_nothing(shell: InteractiveShell) -> None:
    before = shell.magics_manager.magics["cell"]["qsession"]
    _shown, _ = run(shell, "%load_ext qmode_jupyter")
    run(shell, "import qmode_jupyter\nqmode_jupyter.load_ipython_extension(get_ipython())")
    assert shell.magics_manager.magics["cell"]["qsession"] == before
