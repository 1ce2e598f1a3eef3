"""The magics are loaded once, explain themselves and go without a trace."""

from __future__ import annotations

from IPython.core.interactiveshell import InteractiveShell

from tests.notebook.cells import run


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
