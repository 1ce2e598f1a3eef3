"""What options make a QPU run beside the circuits: levels and defaults, as the service resolves them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import fields, replace
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit_aer import AerSimulator

from qmode_jupyter import EstimatorV2, RuntimeService, SamplerV2
from qmode_jupyter.client.options import (
    COUNTED,
    EstimatorOptions,
    PrimitiveOptions,
    SamplerOptions,
    mitigation_of,
)
from qmode_jupyter.client.options.group import OptionGroup
from qmode_jupyter.cost.model import LEARNING, MEASURE, PEC, TWIRLING, ZNE, cost
from qmode_jupyter.cost.processors import HERON_R2
from qmode_jupyter.cost.work import NOTHING_MITIGATED, Mitigation, Run, Work
from qmode_jupyter.errors import UnsupportedOptionWarning
from tests.emulated import ansatz, bell, hamiltonian

LEVEL_1 = Mitigation(twirled=True, measure=True)
LEVEL_2 = replace(LEVEL_1, zne_factors=(1.0, 3.0, 5.0))
PEA = {"zne_mitigation": True, "zne": {"amplifier": "pea"}}
PEC_ON = {"pec_mitigation": True}


def estimator(**options: object) -> Mitigation:
    return mitigation_of(EstimatorOptions(**options))


def resilience(level: int, **options: object) -> Mitigation:
    return estimator(resilience_level=level, resilience=options)


# ---- levels, and what is set by name before them


def test_a_level_is_what_ibm_says_it_is() -> None:
    assert estimator(resilience_level=0) == NOTHING_MITIGATED
    assert estimator(resilience_level=1) == LEVEL_1
    assert estimator(resilience_level=2) == LEVEL_2
    assert estimator() == LEVEL_1, "nobody said one"


def test_a_sampler_has_no_level_and_twirls_what_it_is_told_to() -> None:
    assert mitigation_of(SamplerOptions()) == NOTHING_MITIGATED
    for what in ("enable_gates", "enable_measure"):
        assert mitigation_of(SamplerOptions(twirling={what: True})) == Mitigation(twirled=True)
    numbers = {"num_randomizations": 8, "shots_per_randomization": 100}
    assert mitigation_of(SamplerOptions(twirling={"enable_gates": True, **numbers})) == Mitigation(
        twirled=True, randomizations=8, shots_per_randomization=100
    )
    assert not mitigation_of(SamplerOptions(twirling=numbers)).twirled, "numbers alone twirl nothing"


def test_a_flag_that_is_set_goes_before_the_level() -> None:
    assert resilience(0, measure_mitigation=True) == LEVEL_1
    assert resilience(1, measure_mitigation=False) == NOTHING_MITIGATED
    assert resilience(2, measure_mitigation=False) == replace(LEVEL_2, measure=False), "gates are twirled"
    assert resilience(2, zne_mitigation=False) == LEVEL_1
    assert resilience(0, zne_mitigation=True) == Mitigation(zne_factors=(1.0, 3.0, 5.0))
    assert estimator(twirling={"enable_measure": False}) == replace(LEVEL_1, twirled=False)
    unmeasured = {"enable_gates": False, "enable_measure": False}
    assert estimator(resilience_level=2, twirling=unmeasured) == replace(LEVEL_2, twirled=False)
    assert estimator(resilience_level=0, twirling={"enable_gates": True}) == Mitigation(twirled=True)


def test_zero_noise_extrapolation_takes_the_factors_that_are_set() -> None:
    mitigation = resilience(2, zne={"noise_factors": [1, 2, 4]})
    assert mitigation.zne_factors == (1.0, 2.0, 4.0)
    assert resilience(1, zne={"noise_factors": [1, 2, 4]}) == LEVEL_1, "factors alone extrapolate nothing"
    for amplifier in ("gate_folding", "gate_folding_front", "gate_folding_back"):
        assert resilience(2, zne={"amplifier": amplifier}) == LEVEL_2


def test_noise_that_is_added_is_learned_first_and_makes_circuits_no_longer() -> None:
    assert resilience(2, zne={"amplifier": "pea"}) == replace(LEVEL_2, folded=False, layers=4)
    assert resilience(0, **PEA).twirled, "PEA twirls gates, whether or not they were to be"
    assert resilience(1, zne={"amplifier": "pea"}) == LEVEL_1, "nothing is extrapolated"


def test_error_cancellation_learns_twirls_and_has_a_limit() -> None:
    assert resilience(0, **PEC_ON) == Mitigation(twirled=True, pec_limit=100.0, layers=4)
    assert resilience(0, **PEC_ON, pec={"max_overhead": 7}).pec_limit == 7
    at_2 = resilience(2, **PEC_ON)
    assert (at_2.pec_limit, at_2.zne_factors) == (100, ()), "the two exclude each other"


@pytest.mark.parametrize("how", [PEC_ON, PEA], ids=["PEC", "PEA"])
def test_layers_are_learned_as_the_options_say_or_not_where_their_noise_is_known(how: dict) -> None:
    def layers(**options: object) -> tuple[int, int]:
        mitigation = resilience(1, **how, **options)
        return mitigation.layers, mitigation.layer_executions

    def learning(**options: object) -> tuple[int, int]:
        return layers(layer_noise_learning=options)

    assert layers() == (4, 6 * 9 * 32 * 128)
    assert learning(max_layers_to_learn=2) == (2, 6 * 9 * 32 * 128)
    assert learning(max_layers_to_learn=0)[0] == 0
    assert learning(layer_pair_depths=[0, 1]) == (4, 2 * 9 * 32 * 128)
    assert learning(num_randomizations=8) == (4, 6 * 9 * 8 * 128)
    assert learning(shots_per_randomization=64) == (4, 6 * 9 * 32 * 64)
    assert layers(layer_noise_model=["of a layer"])[0] == 0
    assert layers(layer_noise_model=None)[0] == 4


def test_readout_noise_is_learned_as_the_options_say() -> None:
    def learning(**options: object) -> tuple[int | None, int | None]:
        mitigation = resilience(1, measure_mitigation=True, measure_noise_learning=options)
        return mitigation.learning_randomizations, mitigation.learning_shots

    assert learning() == learning(shots_per_randomization="auto") == (None, None), "the service's numbers"
    assert learning(num_randomizations=8, shots_per_randomization=100) == (8, 100)


# ---- how shots are shared out


@pytest.mark.parametrize(
    ("options", "shots", "shared"),
    [
        ({}, 4096, (32, 128)),  # 32 randomizations …
        ({}, 10_000, (32, 313)),  # … which may be a few shots more
        ({}, 1024, (16, 64)),  # … but of 64 shots at least
        ({}, 100, (2, 64)),
        ({"num_randomizations": 10}, 4096, (10, 410)),
        ({"num_randomizations": 8}, 16, (8, 2)),
        ({"shots_per_randomization": 100}, 4096, (41, 100)),
        ({"num_randomizations": 7, "shots_per_randomization": 11}, 4096, (7, 11)),
        ({"num_randomizations": "auto", "shots_per_randomization": "auto"}, 1024, (16, 64)),
    ],
    ids=str,
)
def test_twirling_shares_out_shots_by_the_client_s_rule(options: dict, shots: int, shared: object) -> None:
    assert estimator(twirling=options).twirls(shots) == shared
    assert mitigation_of(SamplerOptions(twirling=options | {"enable_gates": True})).twirls(shots) == shared


def test_under_error_cancellation_each_randomization_has_64_shots() -> None:
    assert resilience(1, **PEC_ON).twirls(4096) == (64, 64)
    set_by_name = estimator(resilience=PEC_ON, twirling={"num_randomizations": 32})
    assert set_by_name.twirls(4096) == (32, 128)


@given(
    shots=st.integers(1, 10**6),
    number=st.none() | st.integers(1, 10**4),
    each=st.none() | st.integers(1, 10**4),
    pec=st.booleans(),
)
def test_what_is_shared_out_are_all_shots_and_less_than_a_randomization_more(
    shots: int, number: int | None, each: int | None, pec: bool
) -> None:
    mitigation = Mitigation(
        twirled=True,
        randomizations=number,
        shots_per_randomization=each,
        pec_limit=100.0 if pec else None,
    )
    randomizations, shots_of_each = mitigation.twirls(shots)
    if number is None or each is None:
        assert shots <= randomizations * shots_of_each
        assert (randomizations - 1) * shots_of_each < shots or shots_of_each == ceil(shots / randomizations)
    assert number in (None, randomizations)
    assert each in (None, shots_of_each)


# ---- an option that is said to be counted is


#: For each option that is "counted in time and charge": options in which it matters, and its value.
MATTERS: dict[str, tuple[dict[str, object], object]] = {
    "resilience_level": ({}, 2),
    "twirling.enable_gates": ({"resilience_level": 0}, True),
    "twirling.enable_measure": ({"resilience_level": 0}, True),
    "twirling.num_randomizations": ({}, 100),
    "twirling.shots_per_randomization": ({}, 1000),
    "resilience.measure_mitigation": ({}, False),
    "resilience.measure_noise_learning.num_randomizations": ({"resilience": {"measure_mitigation": True}}, 8),
    "resilience.measure_noise_learning.shots_per_randomization": (
        {"resilience": {"measure_mitigation": True}},
        64,
    ),
    "resilience.zne_mitigation": ({}, True),
    "resilience.zne.amplifier": ({"resilience_level": 2}, "pea"),
    "resilience.zne.noise_factors": ({"resilience_level": 2}, [1, 2]),
    "resilience.pec_mitigation": ({}, True),
    "resilience.pec.max_overhead": ({"resilience": PEC_ON}, 3),
    "resilience.layer_noise_learning.max_layers_to_learn": ({"resilience": PEC_ON}, 1),
    "resilience.layer_noise_learning.shots_per_randomization": ({"resilience": PEC_ON}, 64),
    "resilience.layer_noise_learning.num_randomizations": ({"resilience": PEC_ON}, 8),
    "resilience.layer_noise_learning.layer_pair_depths": ({"resilience": PEC_ON}, [0, 1]),
    "resilience.layer_noise_model": ({"resilience": PEC_ON}, ["of a layer"]),
}


def counted(options: OptionGroup, prefix: str = "") -> Iterator[str]:
    """Yield the dotted names of the options that are said to be counted."""
    for item in fields(options):
        value = getattr(options, item.name)
        if isinstance(value, OptionGroup):
            yield from counted(value, f"{prefix}{item.name}.")
        elif item.metadata["no_effect"] == COUNTED:
            yield prefix + item.name


def test_these_are_all_that_are_said_to_be_counted() -> None:
    assert set(counted(EstimatorOptions())) == set(MATTERS)
    assert set(counted(SamplerOptions())) < set(MATTERS)


@pytest.mark.parametrize("name", MATTERS)
def test_an_option_that_is_said_to_be_counted_changes_what_a_job_takes(name: str) -> None:
    given_options, value = MATTERS[name]

    def seconds(options: PrimitiveOptions) -> float:
        one = Run(1, 4096, 1e-6, 2e-6)
        return cost(Work("estimator", 1, 5, (one,), mitigation_of(options)), HERON_R2).on_qpu_s

    options = EstimatorOptions(**given_options)
    before_s = seconds(options)
    *groups, last = name.split(".")
    group: object = options
    for word in groups:
        group = getattr(group, word)
    setattr(group, last, value)
    assert name in dict(options.without_effect()) or value is False, "it is told"
    assert seconds(options) != pytest.approx(before_s, rel=1e-6)


@pytest.mark.parametrize(
    "options",
    [
        {"dynamical_decoupling": {"enable": True, "sequence_type": "XY4"}},
        {"twirling": {"strategy": "all"}},
        {"resilience": {"zne": {"extrapolator": "linear", "extrapolated_noise_factors": [0, 1]}}},
        {"resilience": {"pec": {"noise_gain": 0.5}}},
    ],
    ids=str,
)
def test_what_takes_no_time_is_not_counted(options: dict) -> None:
    assert estimator(**options) == estimator()


# ---- results are Aer's


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"resilience_level": 1}, {TWIRLING, MEASURE}),
        ({"resilience_level": 2}, {TWIRLING, MEASURE, ZNE}),
        ({"resilience_level": 2, "resilience": {"zne": {"amplifier": "pea"}}}, {MEASURE, ZNE, LEARNING}),
        ({"resilience": PEC_ON}, {MEASURE, PEC, LEARNING}),
        ({"resilience_level": 0, "twirling": {"enable_gates": True}}, {TWIRLING}),
    ],
    ids=str,
)
def test_values_are_those_without_mitigation_and_the_charge_is_not(
    emulated: RuntimeService, aer: AerSimulator, options: dict, parts: set[str]
) -> None:
    def ran(options: dict) -> tuple[object, object, dict[str, float], float]:
        primitive = EstimatorV2(aer, options | {"seed_estimator": 3, "default_precision": 0.1})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnsupportedOptionWarning)
            job = primitive.run([(ansatz(), hamiltonian(), [0.1] * ansatz().num_parameters)])
        data = job.result()[0].data
        return data.evs, data.stds, dict(emulated.runtime.job_record(job.job_id()).parts), job.usage()

    evs, stds, plain, usage_s = ran({"resilience_level": 0})
    same_evs, same_stds, named, more_s = ran(options)
    assert (same_evs, same_stds) == (evs, stds)
    assert parts <= set(named)
    assert not parts & set(plain)
    assert more_s > usage_s


def test_samples_are_those_without_twirling(aer: AerSimulator) -> None:
    simulator = {"seed_simulator": 3}
    plain = SamplerV2(aer, {"simulator": simulator}).run([bell()], shots=1000)
    twirled = SamplerV2(aer, {"simulator": simulator, "twirling": {"enable_gates": True}})
    with pytest.warns(UnsupportedOptionWarning, match=r"results are Aer's, unmitigated: twirling\.enable_g"):
        job = twirled.run([bell()], shots=1000)
    bits, same = (one.result()[0].data.meas for one in (plain, job))
    assert bits.get_bitstrings() == same.get_bitstrings()
    assert same.num_shots == 1000
    # 16 randomizations of 64 shots: 0.075 s for each, and 24 executions of about 256 us more.
    assert (plain.usage(), job.usage()) == (ceil(1.802 + 0.2561), ceil(1.802 + 1.2 + 0.2623))
