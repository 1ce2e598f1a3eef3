"""What a job asks of a QPU."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from qmode_jupyter.cost.work import NOTHING_MITIGATED, Mitigation, Run, Work, joined, merged

RUN = Run(circuits=40, shots=4096, gates_s=3.5e-6, readout_s=2e-6)
WORK = Work("estimator", pubs=20, instructions=900, runs=(RUN,))


def test_circuits_and_executions_are_summed_over_the_runs() -> None:
    work = replace(WORK, runs=(RUN, Run(1, 100, 0.0, 0.0)))
    assert work.circuits == 41
    assert work.executions == 40 * 4096 + 100


@pytest.mark.parametrize(
    ("mitigation", "shots", "shared"),
    [
        (Mitigation(), 4096, (32, 128)),
        (Mitigation(), 16, (1, 64)),
        (Mitigation(randomizations=8), 4096, (8, 512)),
        (Mitigation(shots_per_randomization=100), 4096, (41, 100)),
        (Mitigation(randomizations=3, shots_per_randomization=5), 4096, (3, 5)),
    ],
)
def test_a_twirled_circuit_s_shots_are_shared_out(
    mitigation: Mitigation, shots: int, shared: tuple[int, int]
) -> None:
    assert mitigation.twirls(shots) == shared


@pytest.mark.parametrize(
    "mitigation",
    [Mitigation(measure=True), Mitigation(zne_factors=(1.0, 3.0)), Mitigation(pec_limit=100.0)],
    ids=["measure", "zne", "pec"],
)
def test_mitigation_is_any_of_three(mitigation: Mitigation) -> None:
    assert mitigation.any


def test_twirling_by_itself_mitigates_nothing() -> None:
    assert not Mitigation(twirled=True).any
    assert not NOTHING_MITIGATED.any


@pytest.mark.parametrize(
    "work",
    [
        WORK,
        replace(WORK, rep_delay_s=0.0, init_qubits=False),
        replace(WORK, mitigation=Mitigation(twirled=True, measure=True, zne_factors=(1.0, 3.0), layers=2)),
        Work("sampler", 0, 0, ()),
    ],
)
def test_work_survives_json(work: Work) -> None:
    assert Work.from_dict(json.loads(json.dumps(work.to_dict()))) == work


def test_what_is_as_usual_is_not_written() -> None:
    assert Work("sampler", 0, 0, ()).to_dict() == {"primitive": "sampler"}


def test_runs_that_differ_in_their_number_alone_are_one() -> None:
    other = Run(1, 100, 0.0, 0.0)
    assert joined((RUN, other, RUN)) == (replace(RUN, circuits=80), other)


def test_jobs_are_merged_into_one_with_all_their_pubs() -> None:
    one = merged((WORK, WORK))
    assert (one.pubs, one.instructions, one.circuits) == (40, 1800, 80)


@pytest.mark.parametrize(
    "other",
    [
        replace(WORK, primitive="sampler"),
        replace(WORK, rep_delay_s=1e-6),
        replace(WORK, init_qubits=False),
        replace(WORK, mitigation=Mitigation(twirled=True)),
    ],
)
def test_jobs_of_different_options_cant_be_one(other: Work) -> None:
    with pytest.raises(ValueError, match="different options"):
        merged((WORK, other))
