"""A job is split over processes, and joined, without a trace in what comes out."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit.circuit.library import efficient_su2
from qiskit_aer import AerSimulator

from qmode_jupyter.cost.work import Mitigation, Run, Work
from qmode_jupyter.simulation import tasks
from qmode_jupyter.simulation.pack import pack
from qmode_jupyter.simulation.results import unpack
from qmode_jupyter.simulation.tasks import SampledPub, SimulationOptions, TaskResult, join
from qmode_jupyter.simulation.worker import simulate
from tests.simulation.jobs import (
    HAMILTONIAN,
    SEED,
    aer_simulator,
    bell,
    charge,
    damping,
    estimator_pub,
    rotation,
    sampler_pub,
    state,
)


@pytest.mark.parametrize("parts", [2, 3, 7, 50])
@pytest.mark.parametrize("program", ["sampler", "estimator"])
def test_the_outcome_does_not_depend_on_how_a_job_is_split(program, parts, store, monkeypatch):
    monkeypatch.setattr(tasks, "_PART_WORTH_S", 1e-9)
    circuit = rotation()
    values = np.linspace(0, 2, 11)[:, None]
    if program == "sampler":
        pubs = [sampler_pub(bell()), sampler_pub(circuit, values), sampler_pub(bell(), shots=7)]
    else:
        circuit = circuit.remove_final_measurements(inplace=False)
        pubs = [
            estimator_pub(state(), HAMILTONIAN, precision=0.1),
            estimator_pub(circuit, [["Z"] * 11, ["X", "Z", "Z"] * 3 + ["X", "Y"]], values, precision=0.1),
        ]
    noisy = AerSimulator(noise_model=damping())
    task = pack(program, pubs, noisy, SimulationOptions(seed_simulator=SEED), store)
    pieces = task.split(parts)
    assert 1 < len(pieces) <= parts
    whole = simulate(task)
    joined = join([simulate(piece) for piece in reversed(pieces)])
    for one, other in zip(unpack(pubs, whole), unpack(pubs, joined), strict=True):
        if program == "sampler":
            assert np.array_equal(one.data.meas.array, other.data.meas.array)
        else:
            assert np.array_equal(one.data.evs, other.data.evs)
            assert np.array_equal(one.data.stds, other.data.stds)
    assert charge(joined) == charge(whole)
    assert joined.work.executions == whole.work.executions
    assert (joined.work.pubs, joined.work.instructions) == (whole.work.pubs, whole.work.instructions)


def test_a_job_that_is_over_soon_is_not_split(store):
    task = pack("sampler", [sampler_pub(bell())] * 5, aer_simulator(), SimulationOptions(), store)
    assert task.split(8) == (task,)


def test_a_long_one_is_split_evenly(store):
    ansatz = efficient_su2(18, reps=4).decompose()
    ansatz.measure_all()
    values = np.zeros((40, ansatz.num_parameters))
    task = pack("sampler", [sampler_pub(ansatz, values)], aer_simulator(), SimulationOptions(), store)
    pieces = task.split(4)
    assert [sum(len(pub.values) for pub in piece.pubs) for piece in pieces] == [10] * 4


def test_parts_come_together_as_the_sum_of_what_they_took():
    twirled = Mitigation(twirled=True)

    def part(number, gates_s, *notes):
        work = Work("sampler", 2, 9, (Run(1, 10, 1e-6, 2e-6), Run(1, 10, gates_s, 2e-6)), twirled, 1e-4)
        share = (number, 20.0, 20)
        return TaskResult("sampler", (SampledPub(number, 0, {}),), work, 0.25, (share,), notes)

    joined = join([part(1, 3e-6, "slow"), part(0, 4e-6, "slow", "odd")])
    runs = (Run(2, 10, 1e-6, 2e-6), Run(1, 10, 3e-6, 2e-6), Run(1, 10, 4e-6, 2e-6))
    assert joined.work == Work("sampler", 2, 9, runs, twirled, 1e-4), "what is the job's is there once"
    assert joined.simulated_s == 0.5
    assert joined.shares_s == ((1, 20.0, 20), (0, 20.0, 20))
    assert joined.notes == ("slow", "odd")
    assert [pub.number for pub in joined.pubs] == [1, 0]
