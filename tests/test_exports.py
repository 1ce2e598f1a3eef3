"""The public names, and that nothing of IBM's own classes is missing without a reason."""

from __future__ import annotations

import importlib
import inspect

import pytest

import qmode_jupyter
from qmode_jupyter import Batch, EstimatorV2, RuntimeJob, RuntimeService, SamplerV2, Session

NAMES = sorted(name for name in qmode_jupyter.__all__ if name != "__version__")

# What IBM's classes have and ours have not, and why.
MISSING = {
    "RuntimeService": {
        "active_account": "there is no account",
        "channel": "there is no account",
        "delete_account": "there is no account",
        "is_local": "it is, and emulates one that is not",
        "saved_accounts": "there is no account",
    },
}


def test_all_is_sorted_and_every_name_is_listed() -> None:
    assert qmode_jupyter.__all__ == sorted(qmode_jupyter.__all__)
    assert set(qmode_jupyter._HOME) <= set(qmode_jupyter.__all__)
    assert set(qmode_jupyter.__all__) <= set(dir(qmode_jupyter))


@pytest.mark.parametrize("name", sorted(qmode_jupyter._HOME))
def test_a_public_name_is_there(name: str) -> None:
    if name == "compare" and not hasattr(importlib.import_module("qmode_jupyter.planning"), name):
        pytest.skip("it comes with planning/")
    assert getattr(qmode_jupyter, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'qmode_jupyter' has no attribute 'sessions'"):
        qmode_jupyter.sessions  # noqa: B018 - asking is the test


def test_ibms_other_names_are_the_same_things() -> None:
    assert qmode_jupyter.QiskitRuntimeService is RuntimeService
    assert qmode_jupyter.RuntimeJobV2 is RuntimeJob
    assert qmode_jupyter.Sampler is SamplerV2
    assert qmode_jupyter.Estimator is EstimatorV2


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (RuntimeJob, "RuntimeJobV2"),
        (Session, "Session"),
        (Batch, "Batch"),
        (SamplerV2, "SamplerV2"),
        (EstimatorV2, "EstimatorV2"),
        (RuntimeService, "QiskitRuntimeService"),
    ],
)
def test_what_ibms_class_has_ours_has(ours: type, theirs: str) -> None:
    original = getattr(pytest.importorskip("qiskit_ibm_runtime"), theirs)
    excused = MISSING.get(ours.__name__, {})
    for name, member in inspect.getmembers(original):
        if name.startswith("_") or name in excused:
            continue
        assert hasattr(ours, name), f"{ours.__name__}.{name} is missing"
        mine = inspect.getattr_static(ours, name)
        assert isinstance(mine, property) == isinstance(inspect.getattr_static(original, name), property), (
            name
        )
        if inspect.isfunction(member) or inspect.ismethod(member):
            _takes_what_theirs_takes(getattr(ours, name), member)
    _takes_what_theirs_takes(ours.__init__, original.__init__)
    assert not [name for name in excused if hasattr(ours, name)]


def _takes_what_theirs_takes(ours: object, theirs: object) -> None:
    mine = inspect.signature(ours).parameters
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in mine.values()):
        return
    left_out = {"include_mocks"} | ({"backend", "api_client", "program_id"} if "job_id" in mine else set())
    if "job_id" in mine and "service" in mine:  # a job: nobody makes one by hand
        return
    missing = set(inspect.signature(theirs).parameters) - set(mine) - left_out
    assert not missing, f"{ours.__qualname__} does not take {missing}"
