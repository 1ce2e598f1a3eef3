"""`%qmode` in a real shell: what it shows, what it does, and one line for what is wrong."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from qmode_jupyter.scheduler.trace import Trace
from tests.notebook.cells import run, said

USAGE = """%qmode COMMAND

  status [ID]              state, timeouts and usage of what runs, or of one workload
  backends                 the QPUs that can be rehearsed on
  jobs [ID]                the jobs, all or those of one workload
  show ID                  everything about one job or workload
  usage [ID]               where the time went, and what is charged for it
  timeline [ID]            the picture of a workload or job; the newest workload without ID
  compare [ID] [--plans A,B] [--processors A,B] [--loads X,Y] [--figure]
                           what it would have taken and cost in the other modes, on other plans and
                           processors, in busier queues
  why [ID]                 what each charged second was for, and what would have saved most
  receipt [FILE|ID]        what real jobs were charged, beside what the model says; without FILE
                           those of the last cell on hardware
  calibrate FILE...|--reset
                           fit the cost model to receipts of your own, for all services to come
  drill [NAME]             the faults that %%qsession --drill NAME lets you practise
  advise [ID]              what the run teaches, with its own numbers
  export ID FILE [--force] save the record and the results of a workload as JSON; --force overwrites
                           a file
  close ID|--all           close a session or batch: no new jobs, the others run on
  cancel ID                cancel a job, or every job of a workload
  serve [--stop]           let IBM's client in other processes of this machine use the service

An ID may be shortened, or be a workload's name.
Example: %qmode timeline vqe"""


def test_the_usage_is_made_of_the_commands(shell: InteractiveShell) -> None:
    for line in ("", "help", "--help"):
        assert repr(shell.run_line_magic("qmode", line)) == USAGE


def test_flags_may_stand_anywhere_behind_a_command(with_a_run: InteractiveShell) -> None:
    tables = {
        repr(with_a_run.run_line_magic("qmode", f"compare {line}"))
        for line in ("'old run' --plans open", "--plans open 'old run'", "--plans=open 'old run'")
    }
    assert len(tables) == 1


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
    # 4096 shots on a Heron: 1.802 s, 250 us and 6.1 us for each execution, and up to whole seconds.
    spent = "3 s: overhead 1.8 s, rep_delay 1 s, shots 25 ms, rounding up 0.1 s"
    assert f"usage       {spent}" in text(f"show {job}")
    parts = text("show looked_at").splitlines()[1]
    assert f"{spent.removeprefix('3 s: ')}, preparation 1.9 s" in parts  # 1.6 s, a PUB, 5 instructions
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
    table = repr(shell.run_line_magic("qmode", "compare planned --processors phoenix,ibm_torino"))
    assert "phoenix" in table
    assert "Heron r1" in table
    assert shell.run_line_magic("qmode", "compare planned --figure").axes
    assert "Advice for session planned" in repr(shell.run_line_magic("qmode", "advise planned"))
    shown, error = run(shell, f"%qmode export planned {tmp_path / 'planned.json'}")
    assert error is None
    assert "Saved as" in shown.stdout
    assert len(Trace.load(tmp_path / "planned.json").jobs) == 3


def test_why_names_every_second_and_what_would_have_saved(shell: InteractiveShell) -> None:
    cell = (
        "%%qsession -b aer_simulator -q --name asked\n"
        "circuit = bell.remove_final_measurements(inplace=False)\n"
        "for _ in range(2):\n    job = Estimator().run([(circuit, 'ZZ')])\n    job.result()"
    )
    assert run(shell, cell)[1] is None
    told = shell.run_line_magic("qmode", "why asked")
    parts = dict(told.parts)
    assert sum(parts.values()) == pytest.approx(told.usage_s, abs=1e-6)
    # Two default Estimators: 32,768 executions each in which readout noise is learned.
    assert parts["measurement mitigation"] == pytest.approx(2 * 32_768 * 255.94e-6, rel=1e-3)
    saved = {change.what: change.saves_s for change in told.changes}
    assert saved["resilience_level=0"] == pytest.approx(2 * (14 - 3))
    assert "measurement mitigation" in repr(told)
    assert "resilience_level=0" in told._repr_html_()
    of_a_job = shell.run_line_magic("qmode", f"why {shell.user_ns['job'].job_id()}")
    assert of_a_job.usage_s == 14


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
    ("compare 'old run' --processors phenix", "is called 'phenix'. Did you mean 'phoenix'?"),
    ("compare 'old run' --processors phoenix,", "--processors takes a value, not ''"),
    ("compare 'old run' --processors", "--processors takes a value behind it"),
    ("why nothing_like_it", "is called 'nothing_like_it'"),
    ("why 'old run' more", "takes one ID, not "),
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


@pytest.mark.parametrize(("command", "line"), WRONG_COMMANDS)
def test_what_is_wrong_with_a_command_is_said_in_one_line(
    with_a_run: InteractiveShell, command: str, line: str
) -> None:
    assert line in said(with_a_run, f"%qmode {command}")


def test_the_backends_stand_there_once_the_default_first(shell: InteractiveShell) -> None:
    shown, error = run(shell, "%qmode backends")
    assert error is None
    lines = [line.split() for line in shown.stdout.splitlines()]
    names = [words[0] for words in lines if words]
    first = names.index("generic_19q")
    assert names[first + 1 :].count("aer_simulator") == 1
    if find_spec("qiskit_ibm_runtime"):
        assert names[first + 1] == "ibm_fez"
        assert "IBM's snapshot fake_fez: its coupling map" in shown.stdout
        assert "fake_fez" not in names
