"""The magics are loaded once, explain themselves and go without a trace."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell

from qmode_jupyter.notebook import workload_cell
from qmode_jupyter.notebook.completion import matcher
from qmode_jupyter.notebook.display.live import LiveDisplay, Source
from qmode_jupyter.notebook.display.throttle import CARDS, RateLimit
from qmode_jupyter.notebook.magics import unload
from tests.notebook.cells import run

NAMES = ("qsession", "qbatch", "qjob", "qmode")


def test_help_is_the_same_behind_a_question_mark(shell: InteractiveShell) -> None:
    shown, _ = run(shell, "%%qsession?")
    assert "--max-time" in shown.stdout
    assert "%%qsession --max-time 10m" in shown.stdout
    for flag in ("-h", "--help", "-b generic_19q --help"):
        assert run(shell, f"%%qsession {flag}\nran = True")[0].stdout == shown.stdout
    assert "ran" not in shell.user_ns


def test_loading_twice_changes_nothing(shell: InteractiveShell) -> None:
    before = shell.magics_manager.magics["cell"]["qsession"]
    _shown, _ = run(shell, "%load_ext qmode_jupyter")
    run(shell, "import qmode_jupyter\nqmode_jupyter.load_ipython_extension(get_ipython())")
    assert shell.magics_manager.magics["cell"]["qsession"] == before


def test_unloading_takes_everything_out_and_loading_puts_it_back(shell: InteractiveShell) -> None:
    def ours() -> tuple[set[str], bool, bool]:
        magics = shell.magics_manager.magics
        there = {name for kind in ("cell", "line") for name in NAMES if name in magics[kind]}
        return (
            there,
            matcher in shell.Completer.custom_matchers,
            "QModeMagics" in shell.magics_manager.registry,
        )

    assert ours() == (set(NAMES), True, True)
    run(shell, "%unload_ext qmode_jupyter")
    assert ours() == (set(), False, False)
    unload(shell)  # a second time nothing happens
    run(shell, "%load_ext qmode_jupyter")
    assert ours() == (set(NAMES), True, True)
    _, error = run(shell, "%%qjob -b aer_simulator -q\nSampler(mode=backend).run([bell]).result()")
    assert error is None


def test_the_cards_of_all_cells_share_one_limit(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = []

    class Noted(LiveDisplay):
        def __init__(self, source: Source, limit: RateLimit, *, quiet: bool) -> None:
            limits.append(limit)
            super().__init__(source, limit, quiet=quiet)

    monkeypatch.setattr(workload_cell, "LiveDisplay", Noted)
    for magic in ("qsession", "qbatch", "qjob"):
        assert run(shell, f"%%{magic} -b aer_simulator -q\nbackend")[1] is None
    assert len(limits) == 3
    assert len(set(map(id, limits))) == 1
    assert limits[0].interval_s == CARDS[0]
