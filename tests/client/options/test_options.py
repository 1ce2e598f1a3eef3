"""Options: IBM's names and shape, every name and value checked as it is set."""

from __future__ import annotations

import copy
import doctest
import pickle

import numpy as np
import pytest

from qmode_jupyter.client.options import options
from qmode_jupyter.client.options.kinds import Unset, UnsetType
from qmode_jupyter.client.options.options import (
    EstimatorOptions,
    PrimitiveOptions,
    SamplerOptions,
    options_from,
)
from qmode_jupyter.errors import IBMInputValueError, OptionError

BOTH = [SamplerOptions, EstimatorOptions]


@pytest.mark.parametrize("cls", BOTH)
def test_shots_is_the_older_word_for_default_shots(cls: type[PrimitiveOptions]) -> None:
    assert cls(shots=100).default_shots == 100
    options = cls()
    options.shots = np.int64(7)
    assert (options.shots, type(options.default_shots)) == (7, int)


def test_defaults_are_the_services() -> None:
    assert SamplerOptions().shots_of_a_pub() == 4096
    assert SamplerOptions(default_shots=None).shots_of_a_pub() == 4096
    assert EstimatorOptions().precision_of_a_pub() == 1 / 64
    assert EstimatorOptions(default_precision=0.5, default_shots=10_000).precision_of_a_pub() == 0.01


def test_nothing_is_set_at_first_and_unset_is_one_thing() -> None:
    assert SamplerOptions().set_values() == EstimatorOptions().set_values() == {}
    assert not Unset
    assert repr(Unset) == "Unset"
    assert pickle.loads(pickle.dumps(Unset)) is copy.deepcopy(Unset) is UnsetType() is Unset


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"default_shots": 0}, "default_shots must be a whole number of at least 1 or None, not 0"),
        ({"default_shots": -5}, "not -5"),
        ({"default_shots": 1.5}, "not 1.5"),
        ({"default_shots": True}, "not True"),
        ({"default_shots": "100"}, "not '100'"),
        ({"max_execution_time": 0}, "max_execution_time must be a whole number of at least 1"),
        ({"simulator": {"seed_simulator": -1}}, "simulator.seed_simulator must be"),
        ({"simulator": {"exact": "yes"}}, "simulator.exact must be True or False, not 'yes'"),
        ({"simulator": {"noise_model": 3}}, "simulator.noise_model must be a qiskit_aer NoiseModel"),
        ({"simulator": 3}, "simulator is a group: give a dictionary or SimulatorOptions, not 3"),
        ({"twirling": {"strategy": "best"}}, "'active', 'active-accum', 'active-circuit' or 'all'"),
        ({"twirling": {"num_randomizations": "all"}}, "a whole number of at least 1 or 'auto'"),
        ({"execution": {"rep_delay": float("nan")}}, "execution.rep_delay must be a number of at least 0"),
        ({"environment": {"job_tags": "mine"}}, "job_tags needs to be a list of strings."),
        ({"environment": {"job_tags": ["mine", 3]}}, "job_tags needs to be a list of strings."),
        ({"environment": {"job_tags": ["x"] * 9}}, "at most 8 tags, not 9"),
        ({"environment": {"job_tags": ["x" * 87]}}, "has 87"),
        ({"environment": {"image": "latest"}}, '"image" needs to be in form of image_name:tag'),
        ({"environment": {"log_level": "LOUD"}}, "'DEBUG', 'INFO', 'WARNING', 'ERROR' or 'CRITICAL'"),
        ({"dynamical_decoupling": {"sequence_type": "XYZ"}}, "'XX', 'XpXm' or 'XY4'"),
    ],
)
@pytest.mark.parametrize("cls", BOTH)
def test_a_wrong_value_gets_one_clear_line(cls: type[PrimitiveOptions], wrong: dict, expected: str) -> None:
    with pytest.raises(OptionError) as caught:
        cls(**wrong)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, IBMInputValueError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    "wrong",
    [
        {"default_precision": 0},
        {"default_precision": -1},
        {"default_precision": float("inf")},
        {"resilience_level": 3},
        {"seed_estimator": 1.5},
        {"resilience": {"zne": {"noise_factors": [0.5]}}},
        {"resilience": {"zne": {"noise_factors": 3}}},
        {"resilience": {"zne": {"amplifier": "tape"}}},
        {"resilience": {"pec": {"max_overhead": 0}}},
        {"resilience": {"layer_noise_learning": {"layer_pair_depths": [-1]}}},
    ],
)
def test_a_wrong_value_of_the_estimator_alone(wrong: dict) -> None:
    with pytest.raises(OptionError, match="must be"):
        EstimatorOptions(**wrong)


def test_what_a_simulator_can_not_honour_is_told_by_its_dotted_name() -> None:
    options = EstimatorOptions(
        resilience_level=2,
        simulator={"seed_simulator": 0, "coupling_map": [[0, 1]]},
        twirling={"enable_gates": True, "enable_measure": False},
        dynamical_decoupling={"enable": True},
        resilience={"zne_mitigation": True, "zne": {"noise_factors": [1, 3]}},
        environment={"log_level": "DEBUG"},
        experimental={"anything": 1},
    )
    assert {name for name, _ in options.without_effect()} == {
        "dynamical_decoupling.enable",
        "environment.log_level",
        "experimental",
        "resilience.zne.noise_factors",
        "resilience.zne_mitigation",
        "resilience_level",
        "simulator.coupling_map",
        "twirling.enable_gates",
    }


def test_what_asks_for_nothing_is_not_told() -> None:
    options = EstimatorOptions(
        resilience_level=0,
        default_precision=0.1,
        twirling={"enable_gates": False},
        dynamical_decoupling={"enable": False},
        resilience={"layer_noise_model": None},
        environment={"log_level": "WARNING", "job_tags": ["mine"], "private": True},
        execution={"init_qubits": True, "rep_delay": 1e-4},
        max_execution_time=60,
    )
    assert list(options.without_effect()) == []


def test_options_come_from_none_a_dictionary_or_options() -> None:
    assert options_from(SamplerOptions, None) == SamplerOptions()
    assert options_from(SamplerOptions, {"default_shots": 3}) == SamplerOptions(default_shots=3)
    mine = SamplerOptions(default_shots=3)
    theirs = options_from(SamplerOptions, mine)
    theirs.default_shots = 4
    assert mine.default_shots == 3


@pytest.mark.parametrize("wrong", [3, "default_shots=3", [("default_shots", 3)], EstimatorOptions()])
def test_nothing_else_is_options(wrong: object) -> None:
    with pytest.raises(
        TypeError, match=r"Invalid .options. type\. It can only be a dictionary or SamplerOptions"
    ):
        options_from(SamplerOptions, wrong)


def test_options_of_ibm_client_are_taken() -> None:
    theirs = pytest.importorskip("qiskit_ibm_runtime.options").SamplerOptions()
    theirs.default_shots = 12
    theirs.simulator.seed_simulator = 3
    theirs.dynamical_decoupling.enable = True
    assert options_from(SamplerOptions, theirs) == SamplerOptions(
        default_shots=12,
        simulator={"seed_simulator": 3},
        dynamical_decoupling={"enable": True},
        environment={"log_level": "WARNING", "private": False},
    )


@pytest.mark.parametrize("name", ["SamplerOptions", "EstimatorOptions"])
def test_every_option_of_ibm_client_is_known(name: str) -> None:
    theirs = getattr(pytest.importorskip("qiskit_ibm_runtime.options"), name)()

    def names(options: object) -> set[str]:
        return {key for key in vars(options) if not key.startswith("_")}

    def compare(mine: object, theirs: object) -> None:
        assert names(theirs) <= names(mine), type(mine).__name__
        for key in names(theirs):
            if hasattr(getattr(theirs, key), "__dataclass_fields__"):
                compare(getattr(mine, key), getattr(theirs, key))

    compare(SamplerOptions() if name == "SamplerOptions" else EstimatorOptions(), theirs)


def test_the_examples_in_the_docstring() -> None:
    assert doctest.testmod(options) == (0, 4)


MODELS = "qiskit_ibm_runtime.options_models"


@pytest.mark.parametrize("cls", BOTH)
def test_of_a_model_of_ibms_what_was_set_is_taken_and_no_default(cls: type[PrimitiveOptions]) -> None:
    theirs = getattr(pytest.importorskip(MODELS), cls.__name__)()
    assert options_from(cls, theirs).set_values() == {}
    theirs.default_shots = 500
    theirs.twirling.enable_gates = True
    theirs.execution.rep_delay = 1e-4
    theirs.environment.job_tags = ["a", "b"]
    theirs.environment.private = True
    theirs.max_execution_time = 30
    theirs.experimental = {"x": 1}
    assert options_from(cls, theirs).set_values() == {
        "default_shots": 500,
        "twirling": {"enable_gates": True},
        "execution": {"rep_delay": 1e-4},
        "environment": {"job_tags": ["a", "b"], "private": True},
        "max_execution_time": 30,
        "experimental": {"x": 1},
    }


def test_what_a_model_says_at_the_service_s_default_is_taken_when_somebody_said_it() -> None:
    models = pytest.importorskip(MODELS)
    said = models.EstimatorOptions(resilience_level=1, resilience={"zne": {"noise_factors": "auto"}})
    assert options_from(EstimatorOptions, said).set_values() == {
        "resilience_level": 1,
        "resilience": {"zne": {"noise_factors": "auto"}},
    }


def test_a_limit_that_a_model_has_in_its_environment_is_the_job_s() -> None:
    models = pytest.importorskip(MODELS)
    with pytest.warns(DeprecationWarning, match="max_execution_time"):
        said = models.SamplerOptions(environment={"max_execution_time": 20, "private": True})
    assert options_from(SamplerOptions, said).set_values() == {
        "max_execution_time": 20,
        "environment": {"private": True},
    }
    said.max_execution_time = 30  # IBM's client lets it prevail
    assert options_from(SamplerOptions, said).max_execution_time == 30


def test_a_group_of_ibms_is_taken_for_a_group() -> None:
    models = pytest.importorskip(MODELS)
    options = SamplerOptions(twirling=models.TwirlingOptions(enable_measure=True))
    options.dynamical_decoupling = models.DynamicalDecouplingOptions(enable=True, sequence_type="XY4")
    assert options.set_values() == {
        "twirling": {"enable_measure": True},
        "dynamical_decoupling": {"enable": True, "sequence_type": "XY4"},
    }


@pytest.mark.parametrize("cls", BOTH)
def test_every_option_of_a_model_of_ibms_is_known_with_its_default(cls: type[PrimitiveOptions]) -> None:
    def check(ours: object, theirs: object) -> None:
        for name in type(theirs).model_fields:
            value = getattr(theirs, name)
            if hasattr(type(value), "model_fields"):
                check(getattr(ours, name), value)
            elif value is not None:
                setattr(ours, name, value)

    theirs = getattr(pytest.importorskip(MODELS), cls.__name__)()
    check(cls(), theirs)


def test_options_of_the_other_primitive_are_refused() -> None:
    models = pytest.importorskip(MODELS)
    with pytest.raises(TypeError, match=r"a dictionary or SamplerOptions, not EstimatorOptions\.$"):
        options_from(SamplerOptions, models.EstimatorOptions())
