"""What a service is made with, and what IBM's client would ask for."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from qmode_jupyter import QiskitRuntimeService, RuntimeService
from qmode_jupyter.errors import (
    QmodeWarning,
)
from tests.emulated import refused, service


@pytest.fixture
def emulated() -> Iterator[RuntimeService]:
    with service() as one:
        yield one


def test_an_ibm_account_is_taken_and_said_to_be_unused() -> None:
    with pytest.warns(QmodeWarning, match="channel, token of an IBM account is not used") as caught:
        one = QiskitRuntimeService(channel="ibm_cloud", token="secret", instance="crn:mine")
    assert caught[0].filename == __file__
    assert one.instance == "crn:mine"
    assert "secret" not in repr(vars(one))
    one.close()
    with pytest.raises(TypeError, match=r"no argument 'plann'\. Did you mean 'plan'"):
        RuntimeService(plann="open")


@pytest.mark.parametrize(
    "wrong",
    [
        {"plan": 7},
        {"plan": None},
        {"timing": 3},
        {"speed": True},
        {"speed": float("nan")},
        {"speed": float("inf")},
        {"seed": "x"},
        {"seed": 1.5},
        {"seed": True},
        {"workers": 0},
        {"workers": 1.5},
        {"workers": float("inf")},
        {"clock": 3},
        {"load": "a"},
        {"load": float("nan")},
        {"load": 0.95},
        {"load": False},
        {"tenants": ["ada"]},
        {"legacy_metrics": "yes"},
        {"instance": 5},
    ],
    ids=str,
)
def test_a_wrong_setting_is_one_line_and_leaves_nothing_half_made(wrong: dict[str, object]) -> None:
    before = set(threading.enumerate())
    (name,) = wrong
    assert refused(lambda: RuntimeService(**wrong), ValueError).startswith(f"{name} must be ")
    assert set(threading.enumerate()) == before


def test_numbers_of_numpy_are_numbers() -> None:
    with service(seed=np.int64(3), workers=np.int32(1), load=np.float32(0), speed=np.int64(60)) as one:
        assert (one.settings.seed, one.settings.workers, one.settings.load) == (3, 1, 0.0)
        assert one.backends(min_num_qubits=np.int64(2), name="generic_19q")
        assert one.jobs(limit=np.int64(3), skip=np.int8(0)) == []


def test_what_it_takes_can_be_looked_up() -> None:
    with pytest.raises(TypeError, match="too many positional arguments; plan, timing and speed come first"):
        RuntimeService("open", "modelled", "max", 7)
    assert list(inspect.signature(RuntimeService).parameters)[:3] == ["plan", "timing", "speed"]
