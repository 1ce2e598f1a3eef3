"""A job's cost, part by part."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmode_jupyter.cost.constants import PUBLIC
from qmode_jupyter.cost.model import (
    LEARNING,
    MEASURE,
    OVERHEAD,
    PEC,
    REP_DELAY,
    SHOTS,
    TWIRLING,
    ZNE,
    Cost,
    cost,
    executing_s,
    executions,
    on_processor,
    preparation_s,
)
from qmode_jupyter.cost.processors import HERON_R1, HERON_R2, NIGHTHAWK_R1, PHOENIX, PROCESSORS
from qmode_jupyter.cost.work import Mitigation, Run, Work

LEVEL_1 = Mitigation(twirled=True, measure=True)
LEVEL_2 = replace(LEVEL_1, zne_factors=(1.0, 3.0, 5.0))
#: Five PUBs of ten circuits, as a public receipt has them.
WORK = Work("estimator", 5, 0, (Run(10, 1024, 1.8e-6, 1.6e-6),))


def named(found: Cost) -> dict[str, float]:
    totals: dict[str, float] = {}
    for name, seconds in found.parts:
        totals[name] = totals.get(name, 0.0) + seconds
    return totals


def test_without_mitigation_a_job_is_its_overhead_its_pauses_and_its_shots() -> None:
    parts = named(cost(WORK, HERON_R2))
    assert list(parts) == [OVERHEAD, REP_DELAY, SHOTS]
    assert parts[REP_DELAY] == pytest.approx(10 * 1024 * 250e-6)
    assert parts[SHOTS] == pytest.approx(10 * 1024 * (3.4e-6 + HERON_R2.reset_s + 2.8e-6))


def test_the_same_call_at_the_default_level_costs_the_learning_of_the_readout_too() -> None:
    """Receipts marrakesh-L0 and -L1: 5 s and 14 s for the same ten circuits."""
    plain, mitigated = cost(WORK, HERON_R2), cost(replace(WORK, mitigation=LEVEL_1), HERON_R2)
    assert plain.on_qpu_s == pytest.approx(5, rel=0.2)
    assert mitigated.on_qpu_s == pytest.approx(14, rel=0.2)
    assert mitigated.executions - plain.executions == 32 * 1024


def test_learning_the_readout_does_not_follow_the_shots() -> None:
    few = replace(WORK, mitigation=LEVEL_1, runs=(replace(WORK.runs[0], shots=64),))
    learned = executions(few, PUBLIC.likely) - 10 * 64
    assert learned == 32 * 1024


def test_learning_the_readout_with_numbers_of_one_s_own() -> None:
    own = replace(LEVEL_1, learning_randomizations=4, learning_shots=10)
    assert executions(replace(WORK, mitigation=own), PUBLIC.likely) == 10 * 1024 + 40


def test_a_mitigated_pub_runs_64_shots_at_the_least() -> None:
    few = replace(WORK, runs=(Run(10, 16, 0.0, 0.0),))
    assert executions(few, PUBLIC.likely) == 160
    assert executions(replace(few, mitigation=Mitigation(measure=True)), PUBLIC.likely) == 640 + 32 * 1024


def test_folded_circuits_take_longer_and_amplified_ones_do_not() -> None:
    long = replace(WORK, runs=(Run(10, 1024, 100e-6, 1.6e-6),), rep_delay_s=1e-6)
    folded = named(cost(replace(long, mitigation=LEVEL_2), HERON_R2))[ZNE]
    added = named(cost(replace(long, mitigation=replace(LEVEL_2, folded=False)), HERON_R2))[ZNE]
    # Factors 1, 3 and 5: two more runs, of gates 3 and 5 times as long.
    assert folded - added == pytest.approx(10 * 1024 * (2 + 4) * 100e-6)


def test_pec_is_limited_by_the_overhead_that_is_allowed() -> None:
    wide = replace(WORK, mitigation=Mitigation(pec_limit=100.0))
    tight = replace(WORK, mitigation=Mitigation(pec_limit=2.0))
    assert executions(wide, PUBLIC.likely) == 10 * executions(WORK, PUBLIC.likely)
    assert executions(tight, PUBLIC.likely) == 2 * executions(WORK, PUBLIC.likely)
    assert named(cost(wide, HERON_R2))[PEC] > named(cost(tight, HERON_R2))[PEC]


def test_what_a_job_executes_is_what_it_holds_the_qpu_for_without_overhead_and_twirling() -> None:
    mitigated = replace(WORK, mitigation=LEVEL_1)
    parts = named(cost(mitigated, HERON_R2))
    executing = executing_s(mitigated, HERON_R2, PUBLIC.likely)
    assert executing == pytest.approx(sum(parts.values()) - parts[OVERHEAD] - parts[TWIRLING])
    assert executing == pytest.approx(11.348, rel=0.2)  # as the receipt marrakesh-L1 has it


def test_twirling_alone_and_the_learning_of_layers_have_their_own_parts() -> None:
    twirled = named(cost(replace(WORK, mitigation=Mitigation(twirled=True)), HERON_R2))
    assert TWIRLING in twirled
    assert MEASURE not in twirled
    assert LEARNING in named(cost(replace(WORK, mitigation=Mitigation(pec_limit=5.0, layers=2)), HERON_R2))


def test_the_floor_is_two_seconds_and_three_on_phoenix() -> None:
    shot = Work("sampler", 1, 0, (Run(1, 1, 1e-6, 1.6e-6),))
    assert 1 < cost(shot, HERON_R2).on_qpu_s <= 2
    assert 2 < cost(shot, PHOENIX).on_qpu_s <= 3


def test_the_reset_of_the_qubits_counts() -> None:
    saved = cost(WORK, HERON_R2).on_qpu_s - cost(replace(WORK, init_qubits=False), HERON_R2).on_qpu_s
    assert saved == pytest.approx(WORK.executions * HERON_R2.reset_s)


def test_a_job_s_own_rep_delay_goes_before_the_processor_s() -> None:
    assert named(cost(replace(WORK, rep_delay_s=1e-3), HERON_R2))[REP_DELAY] == pytest.approx(10.24)
    assert REP_DELAY in named(cost(WORK, NIGHTHAWK_R1))


def test_six_hundred_circuits_are_loaded_twice_and_pay_the_overhead_once() -> None:
    many = Work("estimator", 300, 0, (Run(600, 4096, 0.9e-6, 2e-6),))
    few = Work("estimator", 3, 0, (Run(6, 4096, 0.9e-6, 2e-6),))
    large, small = cost(many, PHOENIX), cost(few, PHOENIX)
    assert (large.loads, small.loads) == (2, 1)
    assert large.overhead_s - small.overhead_s == pytest.approx(594 * PUBLIC.likely.circuit_s)


def test_a_job_without_an_execution_costs_its_overhead() -> None:
    assert [name for name, _ in cost(Work("sampler", 0, 0, ()), HERON_R2).parts] == [OVERHEAD]


def test_preparation_follows_pubs_instructions_and_noise_factors() -> None:
    one = preparation_s(WORK, PUBLIC.likely)
    assert one == pytest.approx(1.6 + 5 * 0.3)
    assert preparation_s(replace(WORK, mitigation=LEVEL_2), PUBLIC.likely) == pytest.approx(1.6 + 15 * 0.3)
    longer = replace(WORK, instructions=1000)
    assert preparation_s(longer, PUBLIC.likely) > one
    folded = preparation_s(replace(longer, mitigation=LEVEL_2), PUBLIC.likely)
    added = preparation_s(replace(longer, mitigation=replace(LEVEL_2, folded=False)), PUBLIC.likely)
    assert folded > added


def test_work_timed_on_one_processor_is_scaled_to_another() -> None:
    asked = replace(WORK, rep_delay_s=1e-6)
    there = on_processor(asked, HERON_R2, HERON_R1)
    assert there.runs[0].gates_s == pytest.approx(1.8e-6 * HERON_R1.gate_s / HERON_R2.gate_s)
    assert there.runs[0].readout_s == HERON_R1.readout_s
    assert there.rep_delay_s is None
    assert on_processor(asked, HERON_R2, HERON_R2) is asked


works = st.builds(
    Work,
    primitive=st.sampled_from(["sampler", "estimator"]),
    pubs=st.integers(1, 300),
    instructions=st.integers(0, 100_000),
    runs=st.lists(
        st.builds(
            Run,
            circuits=st.integers(0, 600),
            shots=st.integers(1, 100_000),
            gates_s=st.floats(0, 1e-3),
            readout_s=st.floats(0, 1e-5),
        ),
        max_size=4,
    ).map(tuple),
    mitigation=st.builds(
        Mitigation,
        twirled=st.booleans(),
        measure=st.booleans(),
        zne_factors=st.sampled_from([(), (1.0,), (1.0, 3.0, 5.0), (1.2, 2.0)]),
        folded=st.booleans(),
        pec_limit=st.none() | st.floats(1, 1000),
        layers=st.integers(0, 4),
    ),
    rep_delay_s=st.none() | st.floats(0, 4e-3),
    init_qubits=st.booleans(),
)


@given(works, st.sampled_from(list(PROCESSORS.values())))
def test_parts_are_never_negative_and_lie_in_the_range(work: Work, processor: object) -> None:
    found = cost(work, processor)
    assert all(seconds >= 0 for _, seconds in found.parts)
    tolerance = 1e-9 * (1 + found.high_s)
    assert found.low_s - tolerance <= found.on_qpu_s <= found.high_s + tolerance
    assert found.preparation_s > 0
    assert found.executions >= work.executions or not work.executions


@given(works)
def test_more_shots_never_cost_less(work: Work) -> None:
    more = replace(work, runs=tuple(replace(run, shots=2 * run.shots) for run in work.runs))
    assert cost(more, HERON_R2).on_qpu_s >= cost(work, HERON_R2).on_qpu_s * (1 - 1e-12)
