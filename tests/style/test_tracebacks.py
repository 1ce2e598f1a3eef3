"""Of an error of ours a person sees lines of their own."""

from __future__ import annotations

import subprocess
import sys
import traceback
from collections.abc import Callable

import pytest
from scipy.optimize import minimize

from qmode_jupyter.errors import IBMInputValueError, QmodeError
from qmode_jupyter.runtime.budgets import Budget
from qmode_jupyter.scheduler.plans import plan
from qmode_jupyter.style.tracebacks import own_frames, own_lines


def caught(call: Callable[[], object]) -> QmodeError:
    with pytest.raises(QmodeError) as found:
        call()
    return found.value


def lots(*_: object) -> float:
    return Budget.parse("lots", plan("open")).seconds


def test_only_frames_of_the_person_are_left() -> None:
    error = caught(lambda: minimize(lots, [1.0], method="COBYLA"))
    names = [frame.name for frame in traceback.extract_tb(own_frames(error.__traceback__))]
    assert names == ["caught", "<lambda>", "lots"]


def test_without_a_frame_of_the_person_none_is_left() -> None:
    assert own_frames(None) is None
    error = IBMInputValueError("what was wrong")
    assert own_lines(error)[-1].endswith("IBMInputValueError: what was wrong")


def test_without_ipython_the_lines_are_python_s() -> None:
    lines = own_lines(caught(lots))
    assert lines[-1].startswith("qmode_jupyter.errors.IBMInputValueError: A budget is")
    assert [line for line in lines if "budgets.py" in line] == []


def test_plain_python_shows_everything() -> None:
    code = "from qmode_jupyter.runtime.budgets import Budget; Budget.parse('lots', None)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "budgets.py" in run.stderr
    assert "IBMInputValueError: A budget is" in run.stderr
