"""A group of options: names and values are checked as they are set."""

from __future__ import annotations

import copy
import pickle

import pytest

from qmode_jupyter.client.options.kinds import Unset
from qmode_jupyter.client.options.options import (
    EstimatorOptions,
    PrimitiveOptions,
    SamplerOptions,
)
from qmode_jupyter.errors import OptionError

BOTH = [SamplerOptions, EstimatorOptions]


def test_options_are_attributes_and_groups_take_dictionaries() -> None:
    options = SamplerOptions(default_shots=1000, simulator={"seed_simulator": 7})
    options.twirling = {"enable_gates": True}
    options.execution.rep_delay = 1e-4
    assert options.default_shots == 1000
    assert options.simulator.seed_simulator == 7
    assert options.twirling.enable_gates is True
    assert options.set_values() == {
        "default_shots": 1000,
        "execution": {"rep_delay": 1e-4},
        "simulator": {"seed_simulator": 7},
        "twirling": {"enable_gates": True},
    }


def test_update_changes_only_what_it_names() -> None:
    options = EstimatorOptions(simulator={"seed_simulator": 7, "exact": True})
    options.update(default_precision=0.1, simulator={"exact": False})
    assert options.set_values() == {
        "default_precision": 0.1,
        "simulator": {"seed_simulator": 7, "exact": False},
    }


def test_a_group_that_is_assigned_is_replaced() -> None:
    options = SamplerOptions(simulator={"seed_simulator": 7})
    options.simulator = {"dry_run": True}
    assert options.simulator.seed_simulator is Unset


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ({"defalt_shots": 1}, "did you mean default_shots"),
        ({"simulater": {}}, "did you mean simulator"),
        ({"simulator": {"seed_simulater": 1}}, "did you mean simulator.seed_simulator"),
        ({"simulator": {"seed": 1}}, "simulator.seed_simulator it is called"),
        ({"seed_simulator": 1}, "there is simulator.seed_simulator"),
        ({"execution": {"shots": 1}}, "default_shots is at the top level"),
        ({"optimization_level": 3}, "V2 primitives don't transpile"),
        ({"quark": 3}, "there are max_execution_time, environment, simulator"),
    ],
)
@pytest.mark.parametrize("cls", BOTH)
def test_an_unknown_name_gets_the_nearest(cls: type[PrimitiveOptions], wrong: dict, hint: str) -> None:
    with pytest.raises(OptionError, match=hint) as caught:
        cls(**wrong)
    assert "\n" not in str(caught.value)


def test_an_option_of_the_other_primitive_is_named() -> None:
    with pytest.raises(OptionError, match="there is resilience_level, in EstimatorOptions"):
        SamplerOptions(resilience_level=1)


def test_a_wrong_value_leaves_the_option_as_it_was() -> None:
    options = SamplerOptions(default_shots=10)
    with pytest.raises(OptionError):
        options.default_shots = -1
    with pytest.raises(OptionError):
        options.simulator.sed_simulator = 1
    assert options.set_values() == {"default_shots": 10}


def test_options_can_be_copied_compared_and_pickled() -> None:
    options = EstimatorOptions(default_precision=0.1, resilience={"zne": {"noise_factors": (1, 2)}})
    for twin in (options.copy(), copy.deepcopy(options), pickle.loads(pickle.dumps(options))):
        assert twin == options
        twin.resilience.zne.noise_factors = [3]
        assert options.resilience.zne.noise_factors == [1.0, 2.0]


def test_the_repr_is_one_line_of_what_is_set() -> None:
    options = SamplerOptions(default_shots=5, simulator={"seed_simulator": 7})
    assert repr(options) == "SamplerOptions(simulator={'seed_simulator': 7}, default_shots=5)"
    assert "<td style='text-align:left'>5</td>" in options._repr_html_()
