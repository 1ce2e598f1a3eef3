"""The flags of a cell: their help, what they take, and one line for what they don't."""

from __future__ import annotations

import re

import pytest
from IPython.core.interactiveshell import InteractiveShell

from qmode_jupyter.client.service import RuntimeService
from qmode_jupyter.cost.processors import MACHINES, PHOENIX, PROCESSORS
from qmode_jupyter.notebook.commands import COMMANDS
from qmode_jupyter.notebook.completion import choices_for
from qmode_jupyter.notebook.flags import CELL_FLAGS, TIMINGS
from qmode_jupyter.scheduler.plans import PLANS
from tests.notebook.cells import run, said


def test_a_person_reads_of_every_plan_where_one_is_chosen() -> None:
    assert RuntimeService.__doc__ is not None
    listed = re.search(r"plan\n\s+(.+): limits and prices", RuntimeService.__doc__)
    assert listed is not None
    assert re.findall(r'"(\w+)"', listed[1]) == list(PLANS)
    (help_text,) = (flag.help for flag in CELL_FLAGS["qsession"] if flag.names == ("--plan",))
    assert help_text == f"{', '.join(PLANS)} (premium)"
    assert choices_for("qsession", ["--plan"], "") == tuple(PLANS)


def test_tab_offers_the_timings_and_the_commands_that_there_are() -> None:
    assert choices_for("qsession", ["--timing"], "") == TIMINGS
    assert choices_for("qmode", [], "") == tuple(COMMANDS)


def test_tab_offers_processors_and_machines() -> None:
    offered = choices_for("qsession", ["--processor"], "")
    assert set(offered) == {*PROCESSORS, *MACHINES}
    assert choices_for("qmode", ["compare", "--processors"], "") == offered


@pytest.mark.parametrize("name", ["phoenix", "ibm_phoenix", "'Phoenix'"])
def test_a_cell_runs_on_the_processor_that_it_names(shell: InteractiveShell, name: str) -> None:
    cell = f"%%qbatch -b aer_simulator -q --processor {name}\njob = Sampler().run([bell], shots=1)"
    shown, error = run(shell, cell)
    assert error is None, shown.stdout + shown.stderr
    assert shell.user_ns["job"].usage() == 3  # SEMANTICS U8: on a Heron 2
    assert shell.user_ns["job"].backend().service.settings.processor is PHOENIX


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
    ("%%qsession --processor phenix", "is called 'phenix'. Did you mean 'phoenix'? The processors are heron"),
    ("%%qsession --processor ibm_fezz", "Did you mean 'fez'?"),
    ("%%qsession --processor ''", "--processor takes a value, not ''"),
    ("%%qsession --processor", "--processor takes a value behind it"),
    ("%%qbatch -b mine --processor phoenix", "belongs to another service"),
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


@pytest.mark.parametrize(("flags", "line"), WRONG_CELLS)
def test_what_is_wrong_with_a_cell_is_said_before_it_runs(
    with_a_run: InteractiveShell, flags: str, line: str
) -> None:
    with_a_run.user_ns["ran"] = False
    told = said(with_a_run, f"{flags}\nran = True")
    assert line.lower() in told.lower()
    assert told.endswith(" Nothing was run.")
    assert with_a_run.user_ns["ran"] is False


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
