"""The public names, and that nothing of IBM's own classes is missing without a reason."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import importlib.util
import inspect
import pkgutil

import pytest

import qmode_jupyter
from qmode_jupyter import (
    Batch,
    EstimatorV2,
    RuntimeJob,
    RuntimeService,
    SamplerV2,
    Session,
    errors,
    exceptions,
    executor_estimator,
    executor_sampler,
)
from qmode_jupyter.client.absent import absent
from qmode_jupyter.runtime.backends import find_backend
from tests.emulated import refused

NAMES = sorted(name for name in qmode_jupyter.__all__ if name != "__version__")


def test_all_is_sorted_and_every_name_is_listed() -> None:
    assert qmode_jupyter.__all__ == sorted(qmode_jupyter.__all__)
    assert set(qmode_jupyter._HOME) <= set(qmode_jupyter.__all__)
    assert set(qmode_jupyter.__all__) <= set(dir(qmode_jupyter))


@pytest.mark.parametrize("name", sorted(qmode_jupyter._HOME))
def test_a_public_name_is_there(name: str) -> None:
    if qmode_jupyter._HOME[name] == "ibm.reexports":
        pytest.importorskip("qiskit_ibm_runtime")
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
        (qmode_jupyter.Executor, "Executor"),
        (executor_sampler.Sampler, "executor_sampler.Sampler"),
        (executor_estimator.Estimator, "executor_estimator.Estimator"),
    ],
)
def test_what_ibms_class_has_ours_has(ours: type, theirs: str) -> None:
    module, _, name = f"qiskit_ibm_runtime.{theirs}".rpartition(".")
    original = getattr(pytest.importorskip(module), name)
    for name, member in inspect.getmembers(original):
        if name.startswith("_"):
            continue
        assert hasattr(ours, name), f"{ours.__name__}.{name} is missing"
        mine = inspect.getattr_static(ours, name)
        assert isinstance(mine, property) == isinstance(inspect.getattr_static(original, name), property), (
            name
        )
        if inspect.isfunction(member) or inspect.ismethod(member):
            _takes_what_theirs_takes(getattr(ours, name), member)
    _takes_what_theirs_takes(ours.__init__, original.__init__)


def public(thing: object) -> list[str]:
    """What somebody who looks at it would write."""
    return [name for name in dir(thing) if not name.startswith("_")]


def test_every_name_of_ibms_module_is_here_or_answered() -> None:
    theirs = pytest.importorskip("qiskit_ibm_runtime")
    names = [name for name in public(theirs) if not inspect.ismodule(getattr(theirs, name))]
    assert len(names) > 30
    for name in names:
        _is_here_or_answered(qmode_jupyter, name)


#: What of IBM's client nobody imports from: its classes are at the top, or they are its own insides.
INSIDES = {
    "accounts",
    "api",
    "base_primitive",
    "batch",
    "calibrator",
    "decoders",
    "estimator",
    "ibm_qubit_properties",
    "json",
    "proxies",
    "qiskit_runtime_service",
    "runtime_job_v2",
    "runtime_options",
    "sampler",
    "session",
    "utils",
    "version",
}


def modules_of(package: str) -> list[str]:
    """The modules of IBM's client that people import from, those below them by dotted names."""
    found = importlib.util.find_spec(package)
    if found is None or found.submodule_search_locations is None:
        return []
    names = [module.name for module in pkgutil.iter_modules(found.submodule_search_locations)]
    packages = {"circuit": ["library"], "transpiler": ["passes"]}
    below = [f"{name}.{inner}" for name, inners in packages.items() for inner in inners if name in names]
    passes = ["basis", "cliffordization", "scheduling"]
    return [*sorted(set(names) - INSIDES), *below, *(f"transpiler.passes.{name}" for name in passes)]


@pytest.mark.parametrize("module", modules_of("qiskit_ibm_runtime"))
def test_every_name_of_ibms_modules_is_here_or_answered(module: str) -> None:
    try:
        theirs = importlib.import_module(f"qiskit_ibm_runtime.{module}")
    except ImportError:  # its figures need plotly
        pytest.skip(f"qiskit_ibm_runtime.{module} can't be imported")
    ours = importlib.import_module(f"qmode_jupyter.{module}")
    for name in public(theirs):
        value = getattr(theirs, name)
        if inspect.isclass(value) and value.__module__.startswith(theirs.__name__):
            _is_here_or_answered(ours, name)


def _is_here_or_answered(ours: object, name: str) -> None:
    if name in dir(ours) or not isinstance(absent("", name), ImportError):
        assert getattr(ours, name) is not None
    else:
        said = refused(lambda: getattr(ours, name), ImportError)
        assert said.startswith(f"There is no {name} in ")


def test_a_name_that_is_not_here_says_so_where_it_is_imported() -> None:
    with pytest.raises(ImportError, match=r"^There is no NoiseLearner in qmode_jupyter: nothing is mitigat"):
        from qmode_jupyter import NoiseLearner
    with pytest.raises(ImportError, match=r"^There is no NoiseLearner in qmode_jupyter\.noise_learner: noth"):
        from qmode_jupyter.noise_learner import NoiseLearner  # noqa: F401


def test_every_error_of_ours_can_be_imported_from_the_package() -> None:
    for name in errors.__all__:
        assert getattr(qmode_jupyter, name) is getattr(errors, name)
        assert getattr(exceptions, name) is getattr(errors, name)


@pytest.mark.parametrize("name", ["SamplerOptions", "EstimatorOptions"])
def test_every_option_of_ibms_is_an_option_here(name: str) -> None:
    theirs = getattr(pytest.importorskip("qiskit_ibm_runtime"), name)()
    _has_all_of(getattr(qmode_jupyter, name)(), theirs)


def _has_all_of(ours: object, theirs: object) -> None:
    for name in public(theirs):
        assert hasattr(ours, name), f"{type(ours).__name__}.{name}"
        if dataclasses.is_dataclass(getattr(theirs, name)):
            _has_all_of(getattr(ours, name), getattr(theirs, name))


def test_an_option_that_is_read_and_not_there_gets_the_nearest() -> None:
    options = qmode_jupyter.EstimatorOptions()
    with pytest.raises(AttributeError, match=r"no option 'zne_mitigaton': did you mean resilience\.zne_miti"):
        options.resilience.zne_mitigaton  # noqa: B018 - asking is the test
    assert not hasattr(options, "__deepcopy__")
    assert copy.deepcopy(options).resilience == options.resilience


def _takes_what_theirs_takes(ours: object, theirs: object) -> None:
    mine = inspect.signature(ours).parameters
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in mine.values()):
        return
    left_out = {"include_mocks"} | ({"backend", "api_client", "program_id"} if "job_id" in mine else set())
    if "job_id" in mine and "service" in mine:  # a job: nobody makes one by hand
        return
    missing = set(inspect.signature(theirs).parameters) - set(mine) - left_out
    assert not missing, f"{ours.__qualname__} does not take {missing}"


def test_the_noise_of_a_backend_is_taken_for_the_simulation() -> None:
    options = qmode_jupyter.SamplerOptions()
    options.simulator.set_backend(find_backend("generic_19q"))
    assert "measure" in options.simulator.noise_model.noise_instructions
    assert refused(lambda: options.simulator.set_backend("generic_19q")) == (
        "set_backend takes a BackendV2, not str."
    )
