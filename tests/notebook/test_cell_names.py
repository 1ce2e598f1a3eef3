"""The names that a cell finds defined, and what they hide of the person's."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell

from qmode_jupyter import SamplerV2
from qmode_jupyter.notebook.cell_names import CellNames
from tests.notebook.cells import run

CELL = "%%qsession -b aer_simulator -q\n"


def test_what_a_cell_hid_is_there_again(shell: InteractiveShell) -> None:
    run(shell, "Sampler, Estimator, backend, service, session = 'my sampler', 1, 2, 3, 4")
    _, error = run(shell, CELL + "x = Sampler().run([bell], shots=10).session_id == session.session_id")
    assert error is None
    names = ("Sampler", "Estimator", "backend", "service", "session")
    assert [shell.user_ns[name] for name in names] == ["my sampler", 1, 2, 3, 4]
    assert shell.user_ns["x"] is True
    run(shell, "del Sampler, Estimator, backend, service, session")


def test_it_is_there_again_after_an_error_too(shell: InteractiveShell) -> None:
    run(shell, "Sampler = 'my sampler'")
    _, error = run(shell, CELL + "raise KeyboardInterrupt")
    assert isinstance(error, KeyboardInterrupt)
    assert shell.user_ns["Sampler"] == "my sampler"
    _, error = run(shell, CELL + "1 / 0")
    assert isinstance(error, ZeroDivisionError)
    assert shell.user_ns["Sampler"] == "my sampler"
    run(shell, "del Sampler")


def test_what_the_cell_sets_or_deletes_stays_so(shell: InteractiveShell) -> None:
    run(shell, "Sampler, Estimator = 'my sampler', 'my estimator'")
    run(shell, CELL + "Sampler = 'new'\ndel Estimator")
    assert shell.user_ns["Sampler"] == "new"
    assert "Estimator" not in shell.user_ns
    run(shell, "del Sampler")


def test_a_name_that_hid_nothing_stays_and_the_next_cell_s_takes_its_place(shell: InteractiveShell) -> None:
    for name in ("session", "Sampler"):
        shell.user_ns.pop(name, None)
    run(shell, CELL + "x = session")
    assert shell.user_ns["session"] is shell.user_ns["x"]
    assert shell.user_ns["Sampler"] is SamplerV2
    first = shell.user_ns["session"].session_id
    run(shell, CELL + "pass")
    assert shell.user_ns["session"].session_id != first
    run(shell, "session = 'mine'")
    run(shell, CELL + "pass")
    assert shell.user_ns["session"] == "mine"


def test_one_inside_another_puts_back_what_each_hid(shell: InteractiveShell) -> None:
    names = CellNames(shell)
    run(shell, "mine = 'of the person'")
    shell.user_ns.pop("new", None)
    with names.defined({"mine": 1, "new": 2}):
        with names.defined({"mine": 3}):
            assert shell.user_ns["mine"] == 3
        assert shell.user_ns["mine"] == 1
    assert (shell.user_ns["mine"], shell.user_ns["new"]) == ("of the person", 2)
    with pytest.raises(ZeroDivisionError), names.defined({"mine": 1}):
        1 / 0  # noqa: B018 - raising is the test
    assert shell.user_ns["mine"] == "of the person"
    run(shell, "del mine, new")
