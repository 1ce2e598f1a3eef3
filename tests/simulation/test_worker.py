"""A job on its way: packed, split, simulated, joined, and read again as Qiskit's containers."""

from __future__ import annotations

import dataclasses
import pickle
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.circuit.classical import expr
from qiskit.circuit.library import efficient_su2, quantum_volume
from qiskit.primitives import StatevectorSampler
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.providers.basic_provider import BasicSimulator
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, ReadoutError, amplitude_damping_error, depolarizing_error
from qiskit_aer.primitives import SamplerV2 as AerSampler

from qmode_jupyter.errors import CircuitTooLargeError, IBMInputValueError
from qmode_jupyter.runtime.backends import find_backend
from qmode_jupyter.simulation import aer, tasks
from qmode_jupyter.simulation import noise as noise_module
from qmode_jupyter.simulation.backend import backend
from qmode_jupyter.simulation.compiled import CompiledCircuits
from qmode_jupyter.simulation.execution_spans import ExecutionSpans
from qmode_jupyter.simulation.object_store import ObjectStore
from qmode_jupyter.simulation.worker import SimulationOptions, account, join, pack, simulate, unpack, warm
from qmode_jupyter.simulation.workers import Workers
from qmode_jupyter.style import sentences

SEED = 5


@pytest.fixture
def store():
    store = ObjectStore()
    yield store
    store.close()


@cache
def aer_simulator():
    return AerSimulator()


@cache
def generic():
    return find_backend("generic_19q")


def sampler_pub(circuit, values=None, shots=100):
    return SamplerPub.coerce((circuit, values), shots)


def run(program, pubs, backend, store, **options):
    outcome = simulate(
        pack(program, pubs, backend, SimulationOptions(**{"seed_simulator": SEED, **options}), store)
    )
    return unpack(pubs, outcome), outcome


def bell():
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def rotation():
    circuit = QuantumCircuit(1)
    circuit.ry(Parameter("theta"), 0)
    circuit.measure_all()
    return circuit


# ---- Sampler


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
    assert outcome.timing.executions == 100


@pytest.mark.parametrize("shape", [(0,), (2, 0)])
@pytest.mark.parametrize("backend", [aer_simulator, generic])
@pytest.mark.parametrize("options", [{}, {"exact": True}, {"dry_run": True}])
def test_nor_does_an_estimator_need_any(shape, backend, options, store):
    circuit = isa(rotation().remove_final_measurements(inplace=False), backend())
    values, observable = np.zeros((*shape, 1)), "I" * (circuit.num_qubits - 1) + "Z"
    result, outcome = run(
        "estimator", [estimator_pub(circuit, observable, values)], backend(), store, **options
    )
    data = result[0].data
    assert data.evs.shape == data.stds.shape == shape
    assert outcome.timing.executions == 0


def isa(circuit, backend):
    return generate_preset_pass_manager(0, backend).run(circuit)


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
    assert outcome.timing.executions == 318


def test_shots_that_are_too_many_to_keep_in_order_are_counted(store, monkeypatch):
    monkeypatch.setattr("qmode_jupyter.simulation.sampler._MOST_IN_ORDER", 1000)
    result, _ = run("sampler", [sampler_pub(bell(), shots=2000)], aer_simulator(), store)
    theirs = aer_simulator().run(bell(), shots=2000, seed_simulator=SEED).result()
    assert result[0].data.meas.get_counts() == theirs.get_counts()
    first_half = result[0].data.meas.bitcount()[:1000].sum()
    assert 800 < first_half < 1200


def test_a_circuit_of_other_gates_is_translated_for_a_simulator(store):
    circuit = quantum_volume(3, seed=1)
    circuit.append(efficient_su2(3, reps=1).assign_parameters(np.ones(12)).to_gate(), range(3))
    circuit.measure_all()
    result, _ = run("sampler", [sampler_pub(circuit, shots=4000)], aer_simulator(), store)
    probabilities = Statevector(circuit.remove_final_measurements(inplace=False)).probabilities_dict()
    for outcome, count in result[0].data.meas.get_counts().items():
        assert count / 4000 == pytest.approx(probabilities[outcome], abs=0.04)


def test_a_noisy_simulator_s_own_gates_are_those_it_is_translated_to(store):
    model = NoiseModel(["rz", "sx", "cx"])
    model.add_all_qubit_quantum_error(depolarizing_error(1.0, 1), ["sx"])
    circuit = QuantumCircuit(1)
    hadamard = QuantumCircuit(1, name="mine")
    hadamard.h(0)
    circuit.append(hadamard.to_gate(), [0])
    circuit.append(hadamard.to_gate(), [0])
    circuit.measure_all()
    result, _ = run("sampler", [sampler_pub(circuit, shots=1000)], AerSimulator(noise_model=model), store)
    assert 400 < result[0].data.meas.get_counts()["0"] < 600


def loop(circuit):
    with circuit.while_loop((circuit.clbits[0], 0)):
        circuit.h(0)
        circuit.measure(0, 0)


def repeat(circuit):
    with circuit.for_loop(range(3)):
        circuit.h(0)
        circuit.measure(0, 0)
        with circuit.if_test((circuit.clbits[0], 1)):
            circuit.break_loop()


def branch(circuit):
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.x(0)
    with otherwise:
        circuit.h(0)
        circuit.measure(0, 0)


def choose(circuit):
    with circuit.switch(circuit.cregs[0]) as case:
        with case(0):
            circuit.x(0)
        with case(case.DEFAULT):
            loop(circuit)


@pytest.mark.parametrize("control", [loop, repeat, branch, choose])
@pytest.mark.parametrize("noisy", [False, True])
def test_control_flow_on_qubits_that_are_not_measured_afterwards(control, noisy, store):
    circuit = QuantumCircuit(3, 2)
    circuit.h([0, 1])
    circuit.cx(1, 2)
    control(circuit)
    noise = NoiseModel() if noisy else None
    if noise is not None:
        noise.add_all_qubit_quantum_error(depolarizing_error(0.05, 1), ["h", "x"])
    simulator = AerSimulator(noise_model=noise, enable_truncation=False)
    theirs = simulator.run(circuit, shots=500, seed_simulator=SEED).result()
    result, _ = run("sampler", [sampler_pub(circuit, shots=500)], AerSimulator(noise_model=noise), store)
    assert result[0].data.c.get_counts() == theirs.get_counts()


def test_so_does_the_whole_noise_model(store, monkeypatch):
    monkeypatch.setattr(noise_module, "read_model", _unreadable)
    circuit = QuantumCircuit(2, 2)
    circuit.h(1)
    loop(circuit)
    result, outcome = run("sampler", [sampler_pub(circuit)], AerSimulator(noise_model=damping()), store)
    assert result[0].data.c.get_counts() == {"01": 100}
    assert "simulated whole" in outcome.notes[0]


def _unreadable(model):
    raise noise_module.UnknownNoiseModelError("made so")


def test_a_wide_circuit_on_a_device_is_simulated_on_the_qubits_it_touches(store):
    circuit = QuantumCircuit(19)
    circuit.x(18)
    circuit.measure_all()
    isa = generate_preset_pass_manager(0, generic()).run(circuit)
    only = QuantumCircuit(19, 1)
    only.x(18)
    only.measure(18, 0)
    assert store.sketch(only).qubits == {18}
    assert run("sampler", [sampler_pub(only)], generic(), store)[0][0].data.c.get_counts()["1"] > 90
    assert store.sketch(isa).qubits == set(range(19))


def test_metadata_are_as_ibm_s(store):
    circuit = bell()
    circuit.metadata = {"name": "mine"}
    result, _ = run("sampler", [sampler_pub(circuit)], aer_simulator(), store)
    assert result.metadata == {"execution": {"execution_spans": ExecutionSpans()}, "version": 2}
    assert result[0].metadata == {"circuit_metadata": {"name": "mine"}}


# ---- Estimator


def estimator_pub(circuit, observables, values=None, precision=0.02):
    return EstimatorPub.coerce((circuit, observables, values), precision)


HAMILTONIAN = SparsePauliOp(["ZZ", "XX", "YY", "IZ", "XI", "II"], [1.0, 0.5, -0.5, 0.3, 0.2, 2.0])


def state():
    circuit = QuantumCircuit(2)
    circuit.ry(0.7, 0)
    circuit.cx(0, 1)
    circuit.rz(0.4, 1)
    return circuit


def test_a_value_is_near_the_truth_and_says_how_near(store):
    result, outcome = run("estimator", [estimator_pub(state(), HAMILTONIAN)], aer_simulator(), store)
    data = result[0].data
    truth = Statevector(state()).expectation_value(HAMILTONIAN).real
    assert isinstance(data.evs, np.ndarray)
    assert data.evs.shape == data.stds.shape == ()
    assert abs(data.evs - truth) < 4 * data.stds
    assert 0 < data.stds < 0.02 * 2
    assert data.ensemble_standard_error == data.stds
    assert outcome.timing.executions == 2500 * 3  # bases: X and X, Y and Y, Z and Z


def test_its_standard_error_is_the_scatter_of_repeated_jobs(store):
    pub = estimator_pub(state(), HAMILTONIAN, precision=0.1)
    results = [run("estimator", [pub], aer_simulator(), store, seed_simulator=i)[0][0] for i in range(200)]
    values = np.array([float(r.data.evs) for r in results])
    errors = np.array([float(r.data.stds) for r in results])
    assert values.std() == pytest.approx(errors.mean(), rel=0.2)
    truth = Statevector(state()).expectation_value(HAMILTONIAN).real
    assert values.mean() == pytest.approx(truth, abs=4 * values.std() / 200**0.5)


def test_letters_turn_the_right_qubits(store):
    circuit = QuantumCircuit(3)
    circuit.h(0)  # +X
    circuit.h(1)
    circuit.s(1)  # +Y
    circuit.x(2)  # -Z
    for backend in (aer_simulator(), AerSimulator(basis_gates=["rz", "sx", "x", "cx", "h", "s"])):
        pub = estimator_pub(circuit, ["IIX", "IYI", "ZII", "ZYX", "IIZ", "XII"])
        values = run("estimator", [pub], backend, store)[0][0].data.evs
        assert values[:4] == pytest.approx([1, 1, -1, -1])
        assert values[4:] == pytest.approx([0, 0], abs=0.1)


@pytest.mark.parametrize(
    "gates", [["rz", "sx", "cx"], ["u", "cz"], ["rx", "rz", "cz"], ["r", "cz"], ["h", "sdg"]]
)
def test_whatever_gates_there_are(gates, store):
    circuit = QuantumCircuit(1)
    simulator = AerSimulator(basis_gates=gates)
    task = pack("estimator", [estimator_pub(circuit, "Z")], simulator, SimulationOptions(), store)
    place = backend(task.directory, task.backend, None)
    for letter, prepare in (("X", lambda c: c.h(0)), ("Y", lambda c: (c.h(0), c.s(0)))):
        turned = QuantumCircuit(1)
        prepare(turned)
        for operation in place.rotation(letter, 0):
            assert operation.name in gates
            turned.append(operation, [0])
        assert Statevector(turned).probabilities()[0] == pytest.approx(1)


def test_values_broadcast_as_numpy_does(store):
    theta = Parameter("theta")
    circuit = QuantumCircuit(1)
    circuit.ry(theta, 0)
    angles = np.linspace(0, 2, 4)
    everything = estimator_pub(
        circuit, ["Z", "X", SparsePauliOp(["Z", "I"], [0.5, 1])], angles[:, None, None]
    )
    pairs = estimator_pub(circuit, ["Z", "X", "Z", "X"], angles[:, None])
    result, outcome = run("estimator", [everything, pairs], aer_simulator(), store)
    truth = np.stack([np.cos(angles), np.sin(angles), 0.5 * np.cos(angles) + 1], axis=1)
    assert result[0].data.evs == pytest.approx(truth, abs=0.1)
    assert result[1].data.evs == pytest.approx([truth[0, 0], truth[1, 1], truth[2, 0], truth[3, 1]], abs=0.1)
    # Every set of the first PUB is measured in both bases, each of the second in its own only.
    assert outcome.timing.executions == 2500 * (4 * 2 + 4)


def test_what_a_circuit_measures_by_itself_is_not_mistaken_for_the_basis(store):
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.measure(0, 1)
    result, _ = run("estimator", [estimator_pub(circuit, "ZI")], aer_simulator(), store)
    assert result[0].data.evs == 1
    within = circuit.copy()
    within.x(0)
    result, _ = run("estimator", [estimator_pub(within, ["ZI", "IZ"])], aer_simulator(), store)
    assert result[0].data.evs == pytest.approx([1, 1])


@pytest.mark.parametrize("readout", [False, True])
def test_drawing_all_shots_at_once_is_as_drawing_them_one_by_one(readout, store, monkeypatch):
    model = damping() if readout else None
    if readout:
        model.add_all_qubit_readout_error(ReadoutError([[0.9, 0.1], [0.3, 0.7]]))
    simulator = AerSimulator(noise_model=model)
    pub = estimator_pub(state(), [HAMILTONIAN, "ZZ", "IX"], precision=0.01)
    at_once = run("estimator", [pub], simulator, store)[0][0].data
    monkeypatch.setattr(CompiledCircuits, "distributions", lambda *_, **__: None)
    one_by_one = run("estimator", [pub], simulator, store)[0][0].data
    assert not np.array_equal(at_once.evs, one_by_one.evs)
    assert at_once.evs == pytest.approx(one_by_one.evs, abs=0.06)
    assert at_once.stds == pytest.approx(one_by_one.stds, rel=0.05)


def test_a_constant_needs_no_shot(store):
    result, outcome = run("estimator", [estimator_pub(state(), {"II": 2.5})], aer_simulator(), store)
    assert (result[0].data.evs, result[0].data.stds) == (2.5, 0)
    assert (outcome.timing.executions, outcome.timing.qpu_s) == (0, 2)


def test_more_than_64_qubits_in_one_string(store):
    circuit = QuantumCircuit(70)
    circuit.x([0, 1, 69])
    pub = estimator_pub(circuit, ["Z" * 70, "Z" * 3 + "I" * 67], precision=0.2)
    assert run("estimator", [pub], aer_simulator(), store)[0][0].data.evs == pytest.approx([-1, -1])


def test_exact_values(store):
    pub = estimator_pub(state(), [HAMILTONIAN, "ZI"])
    result, _ = run("estimator", [pub], aer_simulator(), store, exact=True)
    truth = [Statevector(state()).expectation_value(SparsePauliOp(o)).real for o in (HAMILTONIAN, "ZI")]
    assert result[0].data.evs == pytest.approx(truth, abs=1e-12)
    assert result[0].data.stds == pytest.approx([0, 0])


def damping():
    model = NoiseModel(["ry", "x", "h", "cx", "rz"])
    model.add_all_qubit_quantum_error(amplitude_damping_error(0.3), ["x", "ry"])
    return model


def test_exact_values_have_the_backend_s_noise(store):
    circuit = QuantumCircuit(1)
    circuit.x(0)
    simulator = AerSimulator(noise_model=damping())
    result, _ = run("estimator", [estimator_pub(circuit, "Z")], simulator, store, exact=True)
    assert result[0].data.evs == pytest.approx(2 * 0.3 - 1)
    isa = generate_preset_pass_manager(1, generic(), seed_transpiler=1).run(state())
    pub = estimator_pub(isa, HAMILTONIAN.apply_layout(isa.layout), precision=0.01)
    exact = run("estimator", [pub], generic(), store, exact=True)[0][0].data
    sampled = run("estimator", [pub], generic(), store)[0][0].data
    # Readout errors are in the samples alone: they are not in the state.
    assert sampled.evs == pytest.approx(exact.evs, abs=5 * float(sampled.stds) + 0.1)


def test_exact_values_of_a_circuit_that_measures_are_refused(store):
    with pytest.raises(IBMInputValueError, match="without measurements"):
        run("estimator", [estimator_pub(bell(), "ZZ")], aer_simulator(), store, exact=True)


def test_other_letters_are_refused(store):
    with pytest.raises(IBMInputValueError, match="letters I, X, Y and Z"):
        run("estimator", [estimator_pub(state(), {"0I": 1.0})], aer_simulator(), store)


def test_an_estimator_s_metadata_are_as_ibm_s(store):
    result, _ = run("estimator", [estimator_pub(state(), "ZZ")], aer_simulator(), store)
    assert {"dynamical_decoupling", "twirling", "resilience"} < set(result.metadata)
    assert result.metadata["version"] == 2
    assert result[0].metadata == {
        "shots": 2500,
        "target_precision": 0.02,
        "circuit_metadata": {},
        "resilience": {},
        "num_randomizations": 1,
    }


# ---- splitting


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
    assert joined.timing.qpu_s == whole.timing.qpu_s
    assert joined.timing.executions == whole.timing.executions
    assert joined.timing.preparation_s == whole.timing.preparation_s


def test_a_job_that_is_over_soon_is_not_split(store):
    task = pack("sampler", [sampler_pub(bell())] * 5, aer_simulator(), SimulationOptions(), store)
    assert task.split(8) == (task,)


def test_a_long_one_is_split_evenly(store):
    ansatz = efficient_su2(18, reps=4).decompose()
    ansatz.measure_all()
    values = np.zeros((40, ansatz.num_parameters))
    task = pack("sampler", [sampler_pub(ansatz, values)], aer_simulator(), SimulationOptions(), store)
    pieces = task.split(4)
    assert [sum(len(work.values) for work in piece.works) for piece in pieces] == [10] * 4


def test_without_a_seed_each_job_has_one_of_its_own(store):
    pub = sampler_pub(bell(), shots=64)
    seen = {
        tuple(
            run("sampler", [pub], aer_simulator(), store, seed_simulator=None)[0][
                0
            ].data.meas.get_bitstrings()
        )
        for _ in range(3)
    }
    assert len(seen) == 3


# ---- what takes too long or too much


def random_circuit(qubits, measure=True):
    circuit = QuantumCircuit(qubits)
    for qubit in range(qubits):
        circuit.h(qubit)
        circuit.t(qubit)
    for qubit in range(qubits - 1):
        circuit.cx(qubit, qubit + 1)
        circuit.h(qubit)
    if measure:
        circuit.measure_all()
    return circuit


def test_a_circuit_too_large_for_the_memory_is_one_clear_error(store):
    with pytest.raises(CircuitTooLargeError) as caught:
        run("sampler", [sampler_pub(random_circuit(60))], aer_simulator(), store)
    text = str(caught.value)
    assert "60 qubits" in text
    assert "statevector" in text
    assert "16,384 PB" in text
    assert "mode=AerSimulator(method='matrix_product_state')" in text
    assert 'options={"simulator": {"dry_run": True}}' in text
    assert str(pickle.loads(pickle.dumps(caught.value))) == text


def test_the_method_that_it_names_holds_what_is_little_entangled(store):
    circuit = QuantumCircuit(60)
    circuit.t(0)
    circuit.h(0)
    for qubit in range(59):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    with pytest.raises(CircuitTooLargeError, match="60 qubits"):
        run("sampler", [sampler_pub(circuit)], aer_simulator(), store)
    simulator = AerSimulator(method="matrix_product_state")
    result, _ = run("sampler", [sampler_pub(circuit)], simulator, store)
    assert set(result[0].data.meas.get_counts()) == {"0" * 60, "1" * 60}


def test_so_is_one_that_does_not_fit_in_what_is_free(store, monkeypatch):
    monkeypatch.setattr("qmode_jupyter.simulation.compiled.free_megabytes", lambda: 100)
    with pytest.raises(
        CircuitTooLargeError, match=r"26 qubits are too many .* statevector method wants 1 GB"
    ):
        run("sampler", [sampler_pub(random_circuit(26))], aer_simulator(), store)


def test_a_failure_of_aer_is_one_line(store):
    simulator = AerSimulator(method="stabilizer")
    with pytest.raises(aer.SimulationFailedError) as caught:
        run("sampler", [sampler_pub(random_circuit(2))], simulator, store)
    assert "\n" not in str(caught.value)
    assert 'for "stabilizer" method. Circuit' in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


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


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("'a whole in quotes'", "a whole in quotes."),
        ('unable to synthesize "mystery"', 'unable to synthesize "mystery".'),
        ("'a' and 'b'", "'a' and 'b'."),
        ("two\n  lines.", "two lines."),
        (' "', '".'),
        (" .", "no reason was given."),
    ],
)
def test_what_others_say_becomes_a_sentence(text, sentence):
    assert sentences.sentence(text) == sentence


def test_real_time_variables_are_refused_with_what_to_do_instead(store):
    circuit = QuantumCircuit(1, 1)
    flag = circuit.add_var("flag", expr.lift(True))
    with circuit.if_test(flag):
        circuit.x(0)
    circuit.measure(0, 0)
    with pytest.raises(IBMInputValueError, match=r"real-time variable 'flag' can't be .* ClassicalRegister"):
        run("sampler", [sampler_pub(circuit)], aer_simulator(), store)
    instead = QuantumCircuit(QuantumRegister(1), ClassicalRegister(2, "flag"), ClassicalRegister(1, "c"))
    instead.store(instead.cregs[0], 2)
    with instead.if_test(expr.equal(instead.cregs[0], 2)):
        instead.x(0)
    instead.measure(0, 2)
    result, _ = run("sampler", [sampler_pub(instead)], aer_simulator(), store)
    assert (result[0].data.flag.get_counts(), result[0].data.c.get_counts()) == ({"10": 100}, {"1": 100})
    result, _ = run("sampler", [sampler_pub(circuit)], aer_simulator(), store, dry_run=True)
    assert result[0].data.c.num_shots == 100


@pytest.mark.parametrize("seed", [2**63 - 1, 2**63, 2**64 + 5, 10**30])
@pytest.mark.parametrize("backend", [aer_simulator, generic])
def test_a_seed_may_be_any_whole_number(seed, backend, store):
    circuit = QuantumCircuit(1, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    circuit.reset(0)
    circuit.measure(0, 1)
    pubs = [sampler_pub(isa(circuit, backend()))] * 2
    one, other = (run("sampler", pubs, backend(), store, seed_simulator=seed)[0] for _ in "ab")
    for a, b in zip(one, other, strict=True):
        assert np.array_equal(a.data.c.array, b.data.c.array)
    assert not np.array_equal(one[0].data.c.array, one[1].data.c.array)
    values = [
        run(
            "estimator",
            [estimator_pub(state(), HAMILTONIAN, precision=0.1)],
            backend(),
            store,
            seed_simulator=seed,
        )
        for backend in (aer_simulator, aer_simulator)
    ]
    assert values[0][0][0].data.evs == values[1][0][0].data.evs


def test_a_stretch_is_refused_with_what_to_do_instead(store):
    circuit = QuantumCircuit(1, 1)
    circuit.delay(circuit.add_stretch("wait"), 0)
    circuit.measure(0, 0)
    for backend in (aer_simulator(), generic()):
        with pytest.raises(IBMInputValueError, match="stretch 'wait' can't be simulated"):
            run("sampler", [sampler_pub(circuit)], backend, store)
        result, _ = run("sampler", [sampler_pub(circuit)], backend, store, dry_run=True)
        assert result[0].data.c.num_shots == 100


def test_a_delay_without_its_length_has_no_noise_to_be_simulated_with(store):
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.delay(Parameter("t"), 0, "dt")
    circuit.measure(0, 0)
    with pytest.raises(
        IBMInputValueError, match=r"delay of t dt .* circuit\.assign_parameters\(\) before run"
    ):
        run("sampler", [sampler_pub(circuit, [100])], generic(), store)
    result, _ = run("sampler", [sampler_pub(circuit, [100])], aer_simulator(), store)
    assert result[0].data.c.get_counts() == {"1": 100}
    run("sampler", [sampler_pub(circuit.assign_parameters([100]))], generic(), store)


def test_so_is_an_instruction_that_aer_does_not_know(store):
    from qiskit.circuit import Gate

    device = find_backend("generic_19q")
    device.target.add_instruction(Gate("strange", 1, []), {(0,): None})
    circuit = QuantumCircuit(1, 1)
    circuit.append(Gate("strange", 1, []), [0])
    circuit.measure(0, 0)
    with pytest.raises(
        aer.SimulationFailedError, match="Aer can't run this circuit: unknown instruction: strange"
    ):
        run("sampler", [sampler_pub(circuit)], device, store)


@pytest.mark.parametrize("qubits", [16, 18])
def test_before_a_long_simulation_there_is_a_note(qubits, store):
    short = pack("sampler", [sampler_pub(bell())], generic(), SimulationOptions(), store)
    assert short.note == ""
    circuit = random_circuit(qubits)
    task = pack("sampler", [sampler_pub(circuit, shots=4096)], generic(), SimulationOptions(), store)
    assert task.note.startswith(f"Simulating {qubits} qubits with noise, shot by shot, takes about ")
    dry = pack("sampler", [sampler_pub(circuit)], generic(), SimulationOptions(dry_run=True), store)
    assert dry.note == ""


# ---- dry runs


def test_a_dry_run_of_127_qubits_is_timed_and_has_random_data_of_the_right_shape(store):
    circuit = random_circuit(127)
    pub = sampler_pub(circuit, shots=1000)
    result, outcome = run("sampler", [pub], aer_simulator(), store, dry_run=True)
    assert result.metadata["dry_run"] is True
    assert result[0].metadata["dry_run"] is True
    bits = result[0].data.meas
    assert (bits.num_bits, bits.array.shape) == (127, (1000, 16))
    assert bits.bitcount().mean() == pytest.approx(63.5, abs=1)
    assert outcome.timing.executions == 1000
    assert outcome.timing.qpu_s == 3
    assert outcome.timing.simulated_s < 1


def test_so_has_an_estimator_s(store):
    circuit = random_circuit(100, measure=False)
    pub = estimator_pub(circuit, [{"Z" * 100: 2.0}, {"X" * 100: 1.0}])
    result, outcome = run("estimator", [pub], aer_simulator(), store, dry_run=True)
    assert result[0].data.evs.shape == (2,)
    assert np.all(np.abs(result[0].data.evs) <= [2, 1])
    assert result[0].data.stds == pytest.approx([0.04, 0.02])
    assert result[0].metadata["dry_run"] is True
    assert outcome.timing.executions == 2 * 2500


# ---- timing


def test_a_job_is_timed_by_its_circuits_and_shots(store):
    isa = generate_preset_pass_manager(1, generic(), seed_transpiler=1).run(bell())
    duration_s = isa.estimate_duration(generic().target, unit="s")
    _, outcome = run("sampler", [sampler_pub(isa, shots=10_000)] * 2, generic(), store)
    timing = outcome.timing
    assert timing.executing_s == pytest.approx(20_000 * (250e-6 + duration_s))
    assert (timing.qpu_s, timing.overhead_s, timing.executions) == (8, 2, 20_000)
    assert timing.simulated_s > 0


def test_it_can_be_timed_without_being_simulated(store):
    pubs = [estimator_pub(state(), HAMILTONIAN), estimator_pub(state(), "ZZ")]
    task = pack("estimator", pubs, aer_simulator(), SimulationOptions(), store)
    assert dataclasses.replace(simulate(task).timing, simulated_s=0.0) == account(task)


def test_the_delay_between_executions_is_the_job_s_or_the_backend_s(store):
    pub = sampler_pub(bell(), shots=10_000)
    seconds = {}
    for delay in (None, 0.0, 1e-3):
        _, outcome = run("sampler", [pub], aer_simulator(), store, rep_delay_s=delay)
        seconds[delay] = outcome.timing.qpu_s
    assert seconds == {None: 5, 0.0: 3, 1e-3: 13}


# ---- processes


def test_packing_does_not_import_aer():
    script = """
import sys
from qiskit import QuantumCircuit
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.providers.basic_provider import BasicSimulator
from qiskit.providers.fake_provider import GenericBackendV2
from qmode_jupyter.simulation.object_store import ObjectStore
from qmode_jupyter.simulation.worker import SimulationOptions, pack
circuit = QuantumCircuit(1)
circuit.measure_all()
store = ObjectStore()
pack("sampler", [SamplerPub.coerce(circuit, 10)], BasicSimulator(), SimulationOptions(), store)
pack("estimator", [EstimatorPub.coerce((circuit, "Z"), 0.1)], BasicSimulator(), SimulationOptions(), store)
store.close()
print("qiskit_aer" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_backend_of_somebody_else_s_is_simulated_by_its_target(store):
    result, outcome = run("sampler", [sampler_pub(bell(), shots=400)], BasicSimulator(), store)
    assert set(result[0].data.meas.get_counts()) == {"00", "11"}
    assert outcome.notes == ()


def test_a_device_that_knows_no_errors_has_none(store):
    device = GenericBackendV2(2, seed=1, noise_info=False)
    isa = generate_preset_pass_manager(1, device, seed_transpiler=1).run(bell())
    result, _ = run("sampler", [sampler_pub(isa, shots=400)], device, store)
    assert set(result[0].data.meas.get_counts()) == {"00", "11"}


def test_every_kind_of_backend_runs_in_another_process(store):
    generic_isa = generate_preset_pass_manager(1, generic(), seed_transpiler=1).run(bell())
    backends = [
        (aer_simulator(), bell()),
        (generic(), generic_isa),
        (AerSimulator.from_backend(generic()), generic_isa),
        (AerSimulator(noise_model=damping(), method="density_matrix"), bell()),
    ]
    workers = Workers(1, warm)
    for backend, circuit in backends:
        pub = sampler_pub(circuit)
        task = pack("sampler", [pub], backend, SimulationOptions(seed_simulator=SEED), store)
        there = unpack([pub], workers.submit(simulate, task).result())
        here = unpack([pub], simulate(task))
        assert np.array_equal(there[0].data.meas.array, here[0].data.meas.array)
    workers.close()


def test_a_task_is_small_whatever_its_backend(store):
    isa = generate_preset_pass_manager(1, generic(), seed_transpiler=1).run(bell())
    simulator = AerSimulator.from_backend(generic())
    task = pack("sampler", [sampler_pub(isa)], simulator, SimulationOptions(noise_model=damping()), store)
    assert len(pickle.dumps(task)) < 2000
