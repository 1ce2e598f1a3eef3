"""A Sampler's PUBs: outcomes by register, in the order of the shots, those of Aer."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import efficient_su2
from qiskit.primitives import StatevectorSampler
from qiskit_aer import AerSimulator
from qiskit_aer.primitives import SamplerV2 as AerSampler

from qmode_jupyter.simulation.object_store import ObjectStore
from tests.simulation.jobs import (
    SEED,
    aer_simulator,
    bell,
    damping,
    generic,
    isa,
    rotation,
    run,
    sampler_pub,
)


def test_the_first_pub_has_the_outcomes_of_aer_s_run(store):
    result, _ = run("sampler", [sampler_pub(bell(), shots=1000)], aer_simulator(), store)
    theirs = aer_simulator().run(bell(), shots=1000, seed_simulator=SEED, memory=True).result()
    assert result[0].data.meas.get_bitstrings() == theirs.get_memory()
    assert result[0].data.meas.get_counts() == theirs.get_counts()


def test_a_whole_job_has_those_of_aer_s_sampler(store):
    ansatz = efficient_su2(3, reps=1)
    ansatz.measure_all()
    values = np.random.default_rng(1).uniform(0, 3, (2, 3, ansatz.num_parameters))
    pubs = [sampler_pub(bell()), sampler_pub(ansatz, values), sampler_pub(rotation(), [0.3, 0.4])]
    ours, _ = run("sampler", pubs, aer_simulator(), store)
    theirs = AerSampler(seed=SEED).run([(p.circuit, p.parameter_values, p.shots) for p in pubs]).result()
    for our, their in zip(ours, theirs, strict=True):
        assert our.data.meas.shape == their.data.meas.shape
        assert np.array_equal(our.data.meas.array, their.data.meas.array)


def test_each_register_gets_its_bits():
    a, b, c = ClassicalRegister(3, "a"), ClassicalRegister(9, "b"), ClassicalRegister(1, "c")
    circuit = QuantumCircuit(13)
    for register in (a, b, c):
        circuit.add_register(register)
    circuit.x([0, 2, 11, 12])
    circuit.measure(range(13), range(13))
    store = ObjectStore()
    result, _ = run("sampler", [sampler_pub(circuit, shots=3)], aer_simulator(), store)
    data = result[0].data
    assert data.a.get_bitstrings() == ["101"] * 3
    assert data.b.get_bitstrings() == ["100000000"] * 3
    assert data.c.get_bitstrings() == ["1"] * 3
    assert data.b.array.dtype == np.uint8
    assert data.b.array.shape == (3, 2)
    store.close()


def test_registers_may_share_bits(store):
    circuit = QuantumCircuit(2)
    circuit.x(1)
    circuit.measure_all()
    circuit.add_register(ClassicalRegister(bits=[circuit.clbits[1], circuit.clbits[0]], name="turned"))
    result, _ = run("sampler", [sampler_pub(circuit, shots=2)], aer_simulator(), store)
    assert result[0].data.meas.get_bitstrings() == ["10"] * 2
    assert result[0].data.turned.get_bitstrings() == ["01"] * 2


def test_more_than_64_bits(store):
    circuit = QuantumCircuit(70)
    circuit.x([0, 69])
    circuit.h(35)
    circuit.measure_all()
    result, _ = run("sampler", [sampler_pub(circuit, shots=20)], aer_simulator(), store)
    theirs = aer_simulator().run(circuit, shots=20, seed_simulator=SEED, memory=True).result()
    assert result[0].data.meas.get_bitstrings() == theirs.get_memory()


def test_a_circuit_that_measures_nothing_gives_zeros_and_one_without_registers_nothing(store):
    silent, bare = QuantumCircuit(1, 2), QuantumCircuit(1)
    silent.x(0)
    bare.x(0)
    result, _ = run("sampler", [sampler_pub(silent), sampler_pub(bare)], aer_simulator(), store)
    assert result[0].data.c.get_counts() == {"00": 100}
    assert dict(result[1].data) == {}


def test_an_empty_circuit(store):
    result, _ = run("sampler", [sampler_pub(QuantumCircuit(0, 1))], aer_simulator(), store)
    assert result[0].data.c.get_counts() == {"0": 100}


def test_parameters_of_any_shape(store):
    values = np.linspace(0, np.pi, 12).reshape(2, 3, 2, 1)
    result, _ = run("sampler", [sampler_pub(rotation(), values, 400)], aer_simulator(), store)
    bits = result[0].data.meas
    assert bits.shape == (2, 3, 2)
    ones = np.vectorize(lambda i: bits.bitcount().reshape(12, 400)[i].mean())(np.arange(12))
    assert ones == pytest.approx(np.sin(values.ravel() / 2) ** 2, abs=0.1)


@pytest.mark.parametrize("shape", [(0,), (2, 0)])
@pytest.mark.parametrize("backend", [aer_simulator, generic])
@pytest.mark.parametrize("dry_run", [False, True])
def test_no_sets_of_values_give_empty_arrays(shape, backend, dry_run, store):
    values, circuit = np.zeros((*shape, 1)), isa(rotation(), backend())
    pubs = [sampler_pub(circuit, values), sampler_pub(circuit, [0.3])]
    result, outcome = run("sampler", pubs, backend(), store, dry_run=dry_run)
    theirs = StatevectorSampler().run([(rotation(), values)], shots=100).result()[0].data
    assert result[0].data.shape == theirs.shape == shape
    assert result[0].data.meas.array.shape == theirs.meas.array.shape
    assert result[0].data.meas.num_shots == 100
    assert result[1].data.meas.shape == ()
    assert outcome.work.executions == 100


def test_no_parameters_and_yet_several_sets(store):
    theta = Parameter("theta")
    circuit = QuantumCircuit(2, 1)
    circuit.h(0)
    circuit.ry(theta, 1)  # nothing that is measured depends on it
    circuit.measure(0, 0)
    result, _ = run("sampler", [sampler_pub(circuit, [[0.1], [0.2], [0.3]])], aer_simulator(), store)
    assert result[0].data.c.shape == (3,)
    noisy = AerSimulator(noise_model=damping())
    result, _ = run("sampler", [sampler_pub(circuit, [[0.1], [0.2], [0.3]])], noisy, store)
    assert len({tuple(result[0].data.c[i].get_bitstrings()) for i in range(3)}) == 3


def test_shots_of_each_pub(store):
    pubs = [sampler_pub(bell(), shots=shots) for shots in (1, 17, 300)]
    result, outcome = run("sampler", pubs, aer_simulator(), store)
    assert [r.data.meas.num_shots for r in result] == [1, 17, 300]
    assert outcome.work.executions == 318


def test_shots_that_are_too_many_to_keep_in_order_are_counted(store, monkeypatch):
    monkeypatch.setattr("qmode_jupyter.simulation.sampler._MOST_IN_ORDER", 1000)
    result, _ = run("sampler", [sampler_pub(bell(), shots=2000)], aer_simulator(), store)
    theirs = aer_simulator().run(bell(), shots=2000, seed_simulator=SEED).result()
    assert result[0].data.meas.get_counts() == theirs.get_counts()
    first_half = result[0].data.meas.bitcount()[:1000].sum()
    assert 800 < first_half < 1200
