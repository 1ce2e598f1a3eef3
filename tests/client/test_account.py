"""What a service is made with, and what IBM's client would ask for."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from qmode_jupyter import QiskitRuntimeService, RuntimeService
from qmode_jupyter.cost.processors import PHOENIX, UnknownProcessor
from qmode_jupyter.errors import QmodeWarning
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
        {"processor": 3},
        {"processor": ["phoenix"]},
        {"processor": True},
    ],
    ids=str,
)
def test_a_wrong_setting_is_one_line_and_leaves_nothing_half_made(wrong: dict[str, object]) -> None:
    before = set(threading.enumerate())
    (name,) = wrong
    assert refused(lambda: RuntimeService(**wrong), ValueError).startswith(f"{name} must be ")
    assert set(threading.enumerate()) == before


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ("phenix", "No processor or machine is called 'phenix'. Did you mean 'phoenix'? The processors are "),
        ("ibm_fezz", "No processor or machine is called 'ibm_fezz'. Did you mean 'fez'? The processors are "),
        ("", "No processor or machine is called ''. The processors are heron_r2, "),
    ],
)
def test_a_processor_that_does_not_exist_is_one_line_with_the_nearest(asked: str, line: str) -> None:
    before = set(threading.enumerate())
    assert refused(lambda: RuntimeService(processor=asked), UnknownProcessor).startswith(line)
    assert set(threading.enumerate()) == before


def test_a_machine_s_processor_makes_the_same_account_as_its_name() -> None:
    one, plain = RuntimeService(processor="ibm_phoenix", seed=7), RuntimeService(seed=7)
    assert one.settings.processor is PHOENIX
    assert RuntimeService(processor=PHOENIX, seed=7) is one
    assert plain is not one
    one.close()
    plain.close()


def test_numbers_of_numpy_are_numbers() -> None:
    with service(seed=np.int64(3), workers=np.int32(1), load=np.float32(0), speed=np.int64(60)) as one:
        assert (one.settings.seed, one.settings.workers, one.settings.load) == (3, 1, 0.0)
        assert one.backends(min_num_qubits=np.int64(2), name="generic_19q")
        assert one.jobs(limit=np.int64(3), skip=np.int8(0)) == []


def test_what_it_takes_can_be_looked_up() -> None:
    with pytest.raises(TypeError, match="too many positional arguments; plan, timing and speed come first"):
        RuntimeService("open", "modelled", "max", 7)
    assert list(inspect.signature(RuntimeService).parameters)[:3] == ["plan", "timing", "speed"]
