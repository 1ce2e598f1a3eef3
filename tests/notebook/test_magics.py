"""The magics in a real IPython shell, on the real runtime and Aer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import CapturedIO, capture_output
from traitlets.config import Config

from qmode_jupyter.notebook.services import Services
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
    for name in ("session", "batch", "report", "x", "result", "ran"):
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


#: A line of a cell magic that can't be right, and what is said of it.
WRONG_CELLS = [
    ("%%qsession --backed fake_fez", "no flag --backed. Did you mean '--backend'?"),
    ("%%qsession --backed='a b'", "no flag --backed. Did you mean '--backend'?"),
    ("%%qsession -b generic_19", "Did you mean 'generic_19q'?"),
    ("%%qsession -b bell", "holds a QuantumCircuit"),
    ("%%qsession -b ''", "--backend takes a value, not ''"),
    ("%%qsession fake_fez", "for a backend write -b fake_fez"),
    ("%%qsession --max-time 25", "--max-time takes a time such as 90s, 10m or '2h 30m', not '25'"),
    ("%%qsession --max-time -5", "not '-5'"),
    ("%%qsession --max-time 1H", "not '1H'"),
    ("%%qsession --max-time 0s", "--max-time takes more than nothing, not '0s'"),
    ("%%qsession --max-time ''", "--max-time takes a value, not ''"),
    ("%%qsession --max-time", "--max-time takes a value behind it"),
    ("%%qsession --max-time 100d -b aer_simulator", "max_ttl must be from 1 to 28800 seconds"),
    ("%%qsession --name a -n b", "--name is there twice"),
    ("%%qsession -q --quiet", "--quiet is there twice"),
    ("%%qsession --quiet=yes", "--quiet takes no value, not 'yes'"),
    ("%%qsession --name ' '", "--name takes a value, not ' '"),
    ("%%qsession --n x", "--n could match --name, --no-timeline"),
    ("%%qsession --name it's", "a quotation mark is not closed in: --name it's."),
    ("%%qsession --plan opn", "No plan is called 'opn'. Did you mean 'open'?"),
    ("%%qsession --plan ''", "--plan takes a value, not ''"),
    ("%%qsession --plan open -b aer_simulator", "not authorized to run a session"),
    ("%%qsession --plan legacy_2024 -b aer_simulator", "has no sessions"),
    ("%%qsession --speed fast", "--speed takes \"max\" or a number above 0, not 'fast'"),
    ("%%qsession --speed inf", "not 'inf'"),
    ("%%qsession --speed nan", "not 'nan'"),
    ("%%qsession --speed 0", "not '0'"),
    ("%%qsession --speed -1", "not '-1'"),
    ("%%qsession --timing exact", "--timing takes modelled or measured, not 'exact'"),
    ("%%qsession --timing measurd", "Did you mean 'measured'?"),
    ("%%qsession --load -1", "--load takes a number from 0 to 0.9, not '-1'"),
    ("%%qsession --load 2", "not '2'"),
    ("%%qsession --load nan", "not 'nan'"),
    ("%%qsession --seed x", "--seed takes a whole number, 0 or more, not 'x'"),
    ("%%qsession --seed -1", "not '-1'"),
    ("%%qsession -b aer_simulator --budget lots", "such as 60s, 2m 30s or $5, not 'lots'"),
    ("%%qsession -b aer_simulator --budget 0", "not '0'"),
    ("%%qsession -b aer_simulator --budget 0s", "more than nothing"),
    ("%%qsession -b aer_simulator --budget ''", "--budget takes a value, not ''"),
    ("%%qbatch -b aer_simulator --plan open --budget '$5'", "A budget of $5 means nothing on the Open plan"),
    ("%%qbatch -b mine --seed 3", "belongs to another service"),
    ("%%qsession --out class", "--out takes the name of a variable, such as report, not 'class'"),
    ("%%qsession --out 1abc", "not '1abc'"),
    ("%%qsession --out a.b", "not 'a.b'"),
    ("%%qsession --out ''", "not ''"),
    ("%%qsession --out print", "can't store a report as 'print', which has a meaning already"),
    ("%%qsession --out _", "as '_'"),
    ("%%qsession --out _i3", "as '_i3'"),
    ("%%qsession --out In", "as 'In'"),
    ("%%qsession --out __name__", "as '__name__'"),
    *((f"%%qbatch -o {name}", f"as {name!r}") for name in ("session", "batch", "backend", "service")),
    *((f"%%qjob -o {name}", f"as {name!r}") for name in ("Sampler", "Estimator", "get_ipython")),
    ("%%qjob --max-time 5m", "a job has no maximum timeout. the option max_execution_time bounds"),
    ("%%qjob --keep-open", "no flag --keep-open. A job leaves nothing open"),
    ("%%qjob --zzz", "%%qjob has no flag --zzz."),
    ("%%qsession --zz\x1b[31m", r"no flag --zz\x1b[31m."),
]

#: The same of `%qmode`.
WRONG_COMMANDS = [
    ("stat", "Did you mean 'status'?"),
    ("''", "no command ''"),
    ("show", "takes one ID, not nothing"),
    ("show ''", "takes one ID, not ''"),
    ("show nothing_like_it", "is called 'nothing_like_it'"),
    ("show {ended[0]}", "ids: write more of it."),
    ("show a b", "takes one ID, not 'a b'"),
    ("show 'my", "a quotation mark is not closed in: show 'my."),
    ("show --all", "%qmode show has no flag --all"),
    ("status old_run", "Did you mean 'old run'? %qmode jobs lists them."),
    ("backends fez", "takes nothing more, not 'fez'"),
    ("compare 'old run' --plans", "--plans takes a value behind it"),
    ("compare 'old run' --plans ''", "--plans takes a value behind it"),
    ("compare 'old run' --plans opn", "No plan is called 'opn'. Did you mean 'open'?"),
    ("compare 'old run' --plan open", "no flag --plan. Did you mean '--plans'?"),
    ("compare 'old run' --loads x", "--loads takes numbers from 0 to 0.9, such as 0,0.8, not 'x'"),
    ("compare 'old run' --loads 3", "not '3'"),
    ("compare 'old run' --loads 0 --loads 0", "--loads is there twice"),
    ("compare 'old run' --figure=1", "--figure takes no value, not '1'"),
    ("export", "takes an ID and a file"),
    ("export 'old run'", "takes an ID and a file"),
    ("export 'old run' ''", "takes an ID and a file"),
    ("export 'old run' /", "/ is a folder, and export takes a file. Nothing was written."),
    ("export 'old run' / --force", "/ is a folder"),
    (
        "export 'old run' /no/such/folder/x.json",
        "can't be written: no such file or directory.",
    ),
    ("close", "takes one ID or --all, not nothing"),
    ("close --all x", "takes one ID or --all, not 'x --all'"),
    ("close $ended", "%qmode close takes no job, which"),
    ("cancel", "takes one ID"),
    ("cancel $ended", "has ended before"),
]


@pytest.fixture(scope="module")
def with_a_run(loaded: InteractiveShell) -> InteractiveShell:
    """A shell in which a session called "old run" has run two jobs."""
    cell = (
        "%%qsession -b aer_simulator -q --name 'old run'\n"
        "job, _ = [Sampler().run([bell]) for _ in '12']\nmine = backend"
    )
    assert run(loaded, cell)[1] is None
    loaded.run_cell("ended = job.job_id()")
    return loaded


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


@pytest.mark.parametrize(("flags", "line"), WRONG_CELLS)
def test_what_is_wrong_with_a_cell_is_said_before_it_runs(
    with_a_run: InteractiveShell, flags: str, line: str
) -> None:
    with_a_run.user_ns["ran"] = False
    told = said(with_a_run, f"{flags}\nran = True")
    assert line.lower() in told.lower()
    assert told.endswith(" Nothing was run.")
    assert with_a_run.user_ns["ran"] is False


@pytest.mark.parametrize(("command", "line"), WRONG_COMMANDS)
def test_what_is_wrong_with_a_command_is_said_in_one_line(
    with_a_run: InteractiveShell, command: str, line: str
) -> None:
    assert line in said(with_a_run, f"%qmode {command}")


def test_the_newest_of_nothing_is_told_how_to_begin() -> None:
    services = Services()
    services.choose({"seed": 7})
    try:
        with pytest.raises(UsageError, match=r"^Nothing has run yet: put %%qsession above a cell .*\.$"):
            services.latest()
    finally:
        services.close()


def test_a_cell_that_awaits_is_refused(shell: InteractiveShell) -> None:
    assert "awaits at its top level" in said(shell, "%%qbatch -b aer_simulator\nawait something")


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        ("--name 'my run'", "my run"),
        ('--name "my run"', "my run"),
        ("--name='my run'", "my run"),
        ("-n 'say \"hi\"'", 'say "hi"'),
        ('--name "it\'s"', "it's"),
        (r"--name C:\runs", r"C:\runs"),
        ("--name '#1'", "#1"),
        ("--name #1", "#1"),
        ("--name 'a  b'", "a  b"),
    ],
)
@pytest.mark.parametrize("magic", ["qsession", "qbatch", "qjob"])
def test_quotes_hold_words_together_and_go(
    shell: InteractiveShell, magic: str, flags: str, name: str
) -> None:
    shown, error = run(shell, f"%%{magic} -b aer_simulator -q {flags} --budget '2m 30s'\nbackend.name")
    assert error is None, shown.stdout + shown.stderr
    quoted = f'"{name}"' if "'" in name else f"'{name}'"
    assert name in repr(shell.run_line_magic("qmode", f"status {quoted}"))


@pytest.mark.parametrize("budget", ["$5", "'$5'", '"$ 5"', "'2m 30s'", '"2m 30s"', "1h"])
def test_a_budget_in_quotes_is_a_budget(shell: InteractiveShell, budget: str) -> None:
    _, error = run(shell, f"%%qbatch -b aer_simulator -q --budget {budget}\nSampler().run([bell]).result()")
    assert error is None


def test_an_export_overwrites_nothing_unless_it_is_told_to(
    with_a_run: InteractiveShell, tmp_path: Path
) -> None:
    path = tmp_path / "my file.json"
    path.write_text("precious", encoding="utf-8")
    assert "my file.json exists already, and --force overwrites it." in said(
        with_a_run, f"%qmode export 'old run' '{path}'"
    )
    assert path.read_text(encoding="utf-8") == "precious"
    shown, error = run(with_a_run, f"%qmode export 'old run' '{path}' --force")
    assert error is None
    assert shown.stdout == f"Saved as {path}; Trace.load reads it.\n"
    assert len(Trace.load(path).jobs) == 2


def test_an_export_says_where_it_went_without_obeying_the_name(
    with_a_run: InteractiveShell, tmp_path: Path
) -> None:
    with_a_run.user_ns["odd"] = tmp_path / "\x1b[31m\u202ex.json"
    shown, error = run(with_a_run, "%qmode export 'old run' '{odd}'")
    assert error is None
    assert r"\x1b[31m\u202ex.json" in shown.stdout
    assert "\x1b" not in shown.stdout
    assert with_a_run.user_ns["odd"].is_file()


def test_names_with_control_characters_are_shown_as_escapes(shell: InteractiveShell) -> None:
    odd, seen = "a\x1b[2J\x07\u202eb", r"a\x1b[2J\x07\u202eb"
    shown, error = run(
        shell,
        f"%%qsession -b aer_simulator --name '{odd}' -o report\njob = Sampler().run([bell])\njob.result()",
    )
    assert error is None
    report = shell.user_ns["report"]
    texts = {
        "cell": shown.stdout,
        "report": str(report),
        "page": "".join(report._repr_mimebundle_().values()),
        "trace": repr(report.trace),
        **{c: repr(shell.run_line_magic("qmode", c)) for c in ("jobs", "usage", "status")},
        **{c: str(shell.run_line_magic("qmode", f"{c} '{odd}'")) for c in ("show", "compare", "advise")},
    }
    for face, text in texts.items():
        assert not set(odd) & set(text) - set("a[2Jb"), face
    assert all(seen in texts[face] for face in ("cell", "report", "show", "compare", "advise"))
    labels = [
        text.get_text() for text in report.timeline().findobj(lambda artist: hasattr(artist, "get_text"))
    ]
    assert any(seen in label for label in labels)


def test_help_is_the_same_behind_a_question_mark(shell: InteractiveShell) -> None:
    shown, _ = run(shell, "%%qsession?")
    assert "--max-time" in shown.stdout
    assert "%%qsession --max-time 10m" in shown.stdout
    for flag in ("-h", "--help", "-b generic_19q --help"):
        assert run(shell, f"%%qsession {flag}\nran = True")[0].stdout == shown.stdout
    assert "ran" not in shell.user_ns


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
