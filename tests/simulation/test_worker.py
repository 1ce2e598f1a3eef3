"""What a worker does with a task: data, what it asks of a QPU, and what goes wrong in a sentence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer import AerSimulator

from qmode_jupyter.cost.work import Mitigation, Run
from qmode_jupyter.simulation import aer
from qmode_jupyter.simulation.pack import pack
from qmode_jupyter.simulation.results import unpack
from qmode_jupyter.simulation.tasks import SimulationOptions
from qmode_jupyter.simulation.worker import simulate, warm_up, work_of
from qmode_jupyter.simulation.workers import Workers
from tests.simulation.jobs import (
    HAMILTONIAN,
    SEED,
    aer_simulator,
    bell,
    charge,
    damping,
    estimator_pub,
    generic,
    random_circuit,
    run,
    sampler_pub,
    state,
)


def test_a_text_of_qiskit_s_is_quoted_whole(store):
    from qiskit.circuit import Gate

    circuit = QuantumCircuit(1)
    circuit.append(Gate("mystery", 1, []), [0])
    circuit.measure_all()
    with pytest.raises(aer.SimulationFailedError) as caught:
        run("sampler", [sampler_pub(circuit)], aer_simulator(), store)
    assert str(caught.value) == (
        'It can\'t be simulated: HighLevelSynthesis is unable to synthesize "mystery".'
    )


def test_a_dry_run_of_127_qubits_is_timed_and_has_random_data_of_the_right_shape(store):
    circuit = random_circuit(127)
    pub = sampler_pub(circuit, shots=1000)
    result, outcome = run("sampler", [pub], aer_simulator(), store, dry_run=True)
    assert result.metadata["dry_run"] is True
    assert result[0].metadata["dry_run"] is True
    bits = result[0].data.meas
    assert (bits.num_bits, bits.array.shape) == (127, (1000, 16))
    assert bits.bitcount().mean() == pytest.approx(63.5, abs=1)
    assert outcome.work.executions == 1000
    assert charge(outcome) == 3
    assert outcome.simulated_s < 1


def test_so_has_an_estimator_s(store):
    circuit = random_circuit(100, measure=False)
    pub = estimator_pub(circuit, [{"Z" * 100: 2.0}, {"X" * 100: 1.0}])
    result, outcome = run("estimator", [pub], aer_simulator(), store, dry_run=True)
    assert result[0].data.evs.shape == (2,)
    assert np.all(np.abs(result[0].data.evs) <= [2, 1])
    assert result[0].data.stds == pytest.approx([0.04, 0.02])
    assert result[0].metadata["dry_run"] is True
    assert outcome.work.executions == 2 * 2500


def test_a_job_is_timed_by_its_circuits_and_shots(store):
    isa = generate_preset_pass_manager(1, generic(), seed_transpiler=1).run(bell())
    duration_s = isa.estimate_duration(generic().target, unit="s")
    _, outcome = run("sampler", [sampler_pub(isa, shots=10_000)] * 2, generic(), store)
    (run_,) = outcome.work.runs
    assert (run_.circuits, run_.shots) == (2, 10_000)
    assert run_.gates_s + run_.readout_s == pytest.approx(duration_s)
    executed_s = 20_000 * duration_s
    assert [(pub, n) for pub, _, n in outcome.shares_s] == [(0, 10_000), (1, 10_000)]
    assert sum(seconds for _, seconds, _ in outcome.shares_s) == pytest.approx(executed_s)
    # 1.8 s, 2 ms for each circuit, and 250 us of pause, 2.8 us and 1.58 us of reset for each execution.
    assert charge(outcome) == math.ceil(1.804 + 20_000 * 254.38e-6 + executed_s) == 7
    assert outcome.simulated_s > 0


def test_it_can_be_timed_without_being_simulated(store):
    pubs = [estimator_pub(state(), HAMILTONIAN), estimator_pub(state(), "ZZ")]
    task = pack("estimator", pubs, aer_simulator(), SimulationOptions(), store)
    assert simulate(task).work == work_of(task)
    assert work_of(task).circuits == 3 + 1  # bases of the Hamiltonian, and of ZZ alone


def test_the_delay_between_executions_is_the_job_s_or_the_backend_s(store):
    pub = sampler_pub(bell(), shots=10_000)
    seconds = {}
    for delay in (None, 0.0, 1e-3):
        _, outcome = run("sampler", [pub], aer_simulator(), store, rep_delay_s=delay)
        assert outcome.work.rep_delay_s == delay
        seconds[delay] = charge(outcome)
    # 1.802 s, and 10,000 times 6.1 us (2.8, reset 1.58, bell 1.716) and the pause: 250 us, none, 1 ms.
    assert seconds == {None: 5, 0.0: 2, 1e-3: 12}


def test_what_options_cost_reaches_the_work_and_leaves_the_data(store):
    pub = estimator_pub(state(), HAMILTONIAN)
    mitigation = Mitigation(twirled=True, measure=True, zne_factors=(1.0, 3.0))
    plain, unmitigated = run("estimator", [pub], aer_simulator(), store)
    same, mitigated = run(
        "estimator", [pub], aer_simulator(), store, mitigation=mitigation, rep_delay_s=1e-4, init_qubits=False
    )
    assert same[0].data.evs == plain[0].data.evs
    assert same[0].data.stds == plain[0].data.stds
    work = mitigated.work
    assert (work.mitigation, work.rep_delay_s, work.init_qubits) == (mitigation, 1e-4, False)
    assert work.runs == unmitigated.work.runs
    assert charge(mitigated) > charge(unmitigated)


def test_circuits_that_take_equally_long_are_one_run(store):
    pubs = [sampler_pub(bell(), shots=10), sampler_pub(bell(), shots=10), sampler_pub(bell(), shots=20)]
    gates_s, readout_s = 24e-9 + 84e-9 + 2 * 24e-9, 1.56e-6
    task = pack("sampler", pubs, aer_simulator(), SimulationOptions(), store)
    expected = (Run(2, 10, gates_s, readout_s), Run(1, 20, gates_s, readout_s))
    found = work_of(task).runs
    assert [(r.circuits, r.shots) for r in found] == [(r.circuits, r.shots) for r in expected]
    for run_ in found:
        assert (run_.gates_s, run_.readout_s) == pytest.approx((gates_s, readout_s))


def test_every_kind_of_backend_runs_in_another_process(store):
    generic_isa = generate_preset_pass_manager(1, generic(), seed_transpiler=1).run(bell())
    backends = [
        (aer_simulator(), bell()),
        (generic(), generic_isa),
        (AerSimulator.from_backend(generic()), generic_isa),
        (AerSimulator(noise_model=damping(), method="density_matrix"), bell()),
    ]
    workers = Workers(1, warm_up)
    for backend, circuit in backends:
        pub = sampler_pub(circuit)
        task = pack("sampler", [pub], backend, SimulationOptions(seed_simulator=SEED), store)
        there = unpack([pub], workers.submit(simulate, task).result())
        here = unpack([pub], simulate(task))
        assert np.array_equal(there[0].data.meas.array, here[0].data.meas.array)
    workers.close()
