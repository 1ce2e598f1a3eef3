"""The errors in use, in a dictionary or in the circuit itself, give the outcomes of the whole model."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Delay, Parameter
from qiskit.circuit.library import CXGate, HGate, XGate, efficient_su2
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer import AerSimulator
from qiskit_aer.noise import (
    NoiseModel,
    ReadoutError,
    amplitude_damping_error,
    coherent_unitary_error,
    depolarizing_error,
    pauli_error,
)

from qmode_jupyter.runtime.backends import find_backend
from qmode_jupyter.simulation import backend, compiled, noise
from qmode_jupyter.simulation.pack import pack
from qmode_jupyter.simulation.results import unpack
from qmode_jupyter.simulation.tasks import SimulationOptions
from qmode_jupyter.simulation.worker import simulate

SEED = 77


@pytest.fixture(autouse=True)
def no_backend_kept():
    """A worker keeps the backends used last: none of another test."""
    backend._backend.cache_clear()


@pytest.fixture
def forms(monkeypatch):
    """The forms in which circuits were run: with "superops", with a noise "dictionary", or "publicly"."""
    seen = []
    execute, publicly = compiled.CompiledCircuits._execute, compiled.CompiledCircuits._run_publicly

    def spy(self, circuits, *rest):
        seen.extend("superops" if circuit.density_matrix else "dictionary" for circuit in circuits)
        return execute(self, circuits, *rest)

    def spy_on_public(self, *rest):
        seen.append("publicly")
        return publicly(self, *rest)

    monkeypatch.setattr(compiled.CompiledCircuits, "_execute", spy)
    monkeypatch.setattr(compiled.CompiledCircuits, "_run_publicly", spy_on_public)
    return seen


@cache
def device(name):
    if name.startswith("fake_"):
        pytest.importorskip("qiskit_ibm_runtime")
    return find_backend(name)


@cache
def whole(name):
    """Aer with the whole noise model of a device: made once, it takes seconds."""
    return AerSimulator.from_backend(device(name))


def expected(name, circuit, shots, simulator=None):
    """The outcomes of `AerSimulator.run`, shot by shot, and Aer's method."""
    simulator = simulator or whole(name)
    result = simulator.run(
        circuit, shots=shots, seed_simulator=SEED, memory=True, max_parallel_threads=1
    ).result()
    assert result.success, result.status
    return [shot.replace(" ", "") for shot in result.get_memory()], result.results[0].metadata["method"]


def outcomes(backend, circuit, shots, store):
    """Ours."""
    pub = SamplerPub.coerce(circuit, shots)
    task = pack("sampler", [pub], backend, SimulationOptions(seed_simulator=SEED), store)
    return unpack([pub], simulate(task))[0].join_data().get_bitstrings()


def isa(name, circuit):
    """The circuit on the device, on qubits that are coupled in a line; its delays are as long everywhere."""
    target = device(name).target
    circuit = circuit.copy()
    for number, instruction in enumerate(circuit.data):
        if instruction.name == "delay":
            # A multiple of the device's own step, and of 16: else Qiskit rounds it, and warns.
            steps = 16 * round(instruction.params[0] * 1e-6 / target.dt / 16)
            circuit.data[number] = instruction.replace(operation=Delay(steps, "dt"))
    line = next(p for p in PATHS[name] if len(p) >= circuit.num_qubits)
    passes = generate_preset_pass_manager(
        1, target=target, initial_layout=line[: circuit.num_qubits], seed_transpiler=1
    )
    return passes.run(circuit)


PATHS = {
    "fake_manila": [[0, 1, 2, 3, 4]],
    "fake_sherbrooke": [[10, 11, 12, 13, 14]],
    "fake_fez": [[3, 4, 5, 6, 7]],
    "fake_torino": [[20, 21, 22, 23, 24]],
    "generic_19q": [[0, 9, 1, 10, 2]],
}


def ansatz(qubits=3):
    circuit = efficient_su2(qubits, reps=1)
    circuit.assign_parameters(np.linspace(0.1, 2.0, circuit.num_parameters), inplace=True)
    circuit.measure_all()
    return circuit


def ghz(qubits=3):
    circuit = QuantumCircuit(qubits)
    circuit.h(0)
    for qubit in range(qubits - 1):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    return circuit


def with_delays():
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.x(1)
    circuit.t(0)
    circuit.delay(80, 0)  # us, see `isa`
    circuit.delay(60, 1)
    circuit.h(0)
    circuit.measure_all()
    return circuit


def with_reset():
    circuit = QuantumCircuit(2)
    circuit.x(0)
    circuit.x(1)
    circuit.reset(0)
    circuit.h(0)
    circuit.t(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def partly_measured():
    """What no measurement depends on is left out, by Aer too: here one qubit of three."""
    circuit = QuantumCircuit(3, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.sx(2)
    circuit.measure([1, 0], [0, 1])
    circuit.x(2)
    return circuit


def measured_early():
    """A measurement that is not the last instruction, and yet has nothing after it."""
    circuit = QuantumCircuit(3, 3)
    circuit.h(0)
    circuit.measure(0, 2)
    circuit.h(1)
    circuit.cx(1, 2)
    circuit.measure([1, 2], [0, 1])
    return circuit


def measured_within():
    circuit = QuantumCircuit(2, 3)
    circuit.h(0)
    circuit.measure(0, 0)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [1, 2])
    return circuit


def with_if_else():
    circuit = QuantumCircuit(3, 3)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.x(1)
    with otherwise:
        circuit.x(2)
        circuit.delay(1600, 1, unit="dt")
    circuit.measure([1, 2], [1, 2])
    return circuit


def with_loop():
    circuit = QuantumCircuit(2, 2)
    with circuit.for_loop(range(3)):
        circuit.sx(0)
        circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    return circuit


def with_registers():
    a, b = ClassicalRegister(2, "alpha"), ClassicalRegister(1, "beta")
    circuit = QuantumCircuit(QuantumRegister(3), a, b)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.x(2)
    circuit.measure([0, 1, 2], [2, 0, 1])
    return circuit


CIRCUITS = [
    (ansatz, "superops"),
    (ghz, "superops"),
    (with_delays, "superops"),
    (with_reset, "superops"),
    (partly_measured, "superops"),
    (measured_early, "superops"),
    (with_registers, "superops"),
    (measured_within, "dictionary"),
    (with_if_else, "dictionary"),
    (with_loop, "dictionary"),
]


@pytest.mark.parametrize("name", ["fake_manila", "generic_19q"])
@pytest.mark.parametrize(("circuit", "form"), CIRCUITS, ids=lambda value: getattr(value, "__name__", value))
def test_outcomes_are_those_of_the_whole_model(name, circuit, form, store, forms):
    circuit = isa(name, circuit())
    wanted, _ = expected(name, circuit, 250)
    assert outcomes(device(name), circuit, 250, store) == wanted
    assert outcomes(whole(name), circuit, 250, store) == wanted
    assert forms == [form] * 2


@pytest.mark.parametrize("name", ["fake_sherbrooke", "fake_torino", "fake_fez"])
def test_so_are_those_on_a_large_device(name, store, forms):
    circuit = isa(name, ansatz())
    assert outcomes(device(name), circuit, 300, store) == expected(name, circuit, 300)[0]
    assert forms == ["superops"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["fake_sherbrooke", "fake_torino"])
@pytest.mark.parametrize(("circuit", "form"), [(with_delays, "superops"), (with_if_else, "dictionary")])
def test_so_are_those_of_less_simple_circuits_there(name, circuit, form, store, forms):
    circuit = isa(name, circuit())
    assert outcomes(device(name), circuit, 200, store) == expected(name, circuit, 200)[0]
    assert forms == [form]


def test_a_simulator_made_of_a_large_device_needs_only_the_errors_in_use(store, forms):
    circuit = isa("fake_fez", ansatz())
    assert outcomes(whole("fake_fez"), circuit, 200, store) == outcomes(
        device("fake_fez"), circuit, 200, store
    )
    assert forms == ["superops"] * 2


@pytest.mark.parametrize("shots", [7, 9, 8])
def test_the_method_is_the_one_that_aer_chooses(shots, store, forms):
    # 2^3 = 8: with more shots than that Aer takes the density matrix. The errors of qubits 0-2 of
    # fake_manila are of all kinds; without the rest of the device the choice could be another.
    for make in (ansatz, ghz):
        circuit = isa("fake_manila", make())
        wanted, method = expected("fake_manila", circuit, shots)
        assert outcomes(device("fake_manila"), circuit, shots, store) == wanted
        assert (forms.pop() == "superops") == (method == "density_matrix") == (shots > 8)


def test_a_hundred_thousand_shots_agree_in_every_outcome(store):
    circuit = isa("fake_manila", ansatz(5))
    assert (
        outcomes(device("fake_manila"), circuit, 100_000, store)
        == (expected("fake_manila", circuit, 100_000)[0])
    )


def test_an_error_elsewhere_on_the_device_counts_for_the_method(store, forms):
    # By itself the error of this circuit's gate would let Aer take the stabilizer method.
    model = NoiseModel(["cx", "h", "x"])
    model.add_quantum_error(pauli_error([("X", 0.1), ("I", 0.9)]), ["h"], [0])
    model.add_quantum_error(amplitude_damping_error(0.3), ["x"], [7])
    simulator = AerSimulator(noise_model=model)
    wanted, method = expected("", ghz(5), 20, simulator)
    assert method == "statevector"
    assert outcomes(simulator, ghz(5), 20, store) == wanted


def labelled():
    circuit = QuantumCircuit(2)
    circuit.append(XGate(label="slow"), [0])
    circuit.append(XGate(), [1])
    circuit.append(CXGate(label="odd"), [1, 0])  # its error is on one qubit
    circuit.measure_all()
    return circuit


def controlled_on_zero():
    circuit = QuantumCircuit(2)
    circuit.append(CXGate(ctrl_state=0), [0, 1])
    circuit.measure_all()
    return circuit


def a_model():
    model = NoiseModel()
    model.add_all_qubit_quantum_error(pauli_error([("Y", 0.2), ("I", 0.8)]), ["x", "h"])
    model.add_quantum_error(amplitude_damping_error(0.4), ["x"], [1])
    model.add_all_qubit_quantum_error(amplitude_damping_error(0.5), "slow")
    model.add_all_qubit_quantum_error(depolarizing_error(0.9, 1), "odd")
    model.add_all_qubit_quantum_error(depolarizing_error(0.3, 2), ["cx"])
    model.add_all_qubit_quantum_error(pauli_error([("X", 0.1), ("I", 0.9)]), ["measure"])
    model.add_quantum_error(pauli_error([("X", 0.3), ("I", 0.7)]), ["reset"], [0])
    model.add_all_qubit_readout_error(ReadoutError([[0.95, 0.05], [0.2, 0.8]]))
    model.add_readout_error(ReadoutError([[0.7, 0.3], [0.1, 0.9]]), [2])
    return model


@pytest.mark.parametrize("method", ["automatic", "density_matrix", "statevector"])
@pytest.mark.parametrize(
    "circuit",
    [ghz, with_reset, labelled, controlled_on_zero, partly_measured, measured_within, with_if_else],
    ids=lambda make: make.__name__,
)
def test_a_model_of_one_s_own_is_cut_exactly_too(circuit, method, store):
    simulator = AerSimulator(noise_model=a_model(), method=method)
    wanted, _ = expected("", circuit(), 300, simulator)
    assert outcomes(simulator, circuit(), 300, store) == wanted


def test_readout_errors_alone(store):
    model = NoiseModel()
    model.add_all_qubit_readout_error(ReadoutError([[0.9, 0.1], [0.2, 0.8]]))
    simulator = AerSimulator(noise_model=model)
    assert outcomes(simulator, ghz(), 300, store) == expected("", ghz(), 300, simulator)[0]


def test_a_channel_in_the_circuit_itself(store):
    circuit = QuantumCircuit(1)
    circuit.x(0)
    circuit.append(amplitude_damping_error(0.4).to_instruction(), [0])
    circuit.measure_all()
    for simulator in (AerSimulator(), AerSimulator(noise_model=a_model())):
        assert outcomes(simulator, circuit, 300, store) == expected("", circuit, 300, simulator)[0]


def test_a_noise_model_option_stands_in_for_the_backend_s_own(store):
    circuit = isa("generic_19q", ansatz())
    pub = SamplerPub.coerce(circuit, 200)
    options = SimulationOptions(seed_simulator=SEED, noise_model=a_model())
    outcome = simulate(pack("sampler", [pub], device("generic_19q"), options, store))
    wanted, _ = expected("", circuit, 200, AerSimulator(noise_model=a_model()))
    assert unpack([pub], outcome)[0].join_data().get_bitstrings() == wanted


@pytest.mark.parametrize("serializable", [False, True])
def test_a_model_s_dictionary_is_the_model(serializable):
    model = NoiseModel()
    model.add_quantum_error(depolarizing_error(0.1, 1).compose(amplitude_damping_error(0.2)), ["x"], [1])
    model.add_all_qubit_quantum_error(coherent_unitary_error(HGate().to_matrix()), ["h"])
    model.add_all_qubit_quantum_error(depolarizing_error(0.2, 2), ["cx", "cz"])
    model.add_all_qubit_quantum_error(pauli_error([("XY", 0.5), ("ZI", 0.5)]), ["ecr"])
    model.add_readout_error(ReadoutError([[0.9, 0.1], [0.2, 0.8]]), [0])
    model.add_all_qubit_readout_error(ReadoutError([[0.8, 0.2], [0.1, 0.9]]))
    read = noise.model_from(model.to_dict(serializable=serializable))
    assert read == model


def test_parameters_reach_their_gates_in_every_form(store):
    theta, phi = Parameter("theta"), Parameter("phi")
    circuit = QuantumCircuit(2, 3)
    circuit.ry(theta, 0)
    circuit.measure(0, 0)
    circuit.ry(2 * phi + 0.1, 1)
    circuit.rz(theta * phi, 1)
    circuit.measure(1, 1)
    begun = QuantumCircuit(2, 3)
    begun.initialize([0.6, 0.8], 0)
    begun.compose(circuit, inplace=True)
    again = circuit.copy()
    again.initialize([0.6, 0.8], 1)
    again.ry(theta + phi, 1)
    again.measure(1, 1)
    within = circuit.copy()
    within.ry(theta - phi, 0)
    within.measure(0, 2)
    values = np.array([[0.3, 1.1], [2.0, 0.2]])
    for simulator in (AerSimulator(), AerSimulator(noise_model=a_model())):
        for made in (circuit, begun, within, again):
            pub = SamplerPub.coerce((made, {(phi, theta): values}), 100)
            options = SimulationOptions(seed_simulator=SEED)
            result = unpack([pub], simulate(pack("sampler", [pub], simulator, options, store)))[0]
            for number, row in enumerate(values):
                bound = made.assign_parameters({phi: row[0], theta: row[1]})
                run = simulator.run(
                    bound, shots=100, seed_simulator=SEED + 2113 * number, memory=True, max_parallel_threads=1
                )
                assert result.data.c[number].get_bitstrings() == run.result().get_memory()


@pytest.mark.parametrize("threads", [1, 2, 0])
def test_under_the_same_setting_of_aer_s_threads(threads, store):
    circuit = isa("generic_19q", measured_within())
    settings = {"max_parallel_threads": threads} if threads else {}
    result = (
        whole("generic_19q").run(circuit, shots=64, seed_simulator=SEED, memory=True, **settings).result()
    )
    pub = SamplerPub.coerce(circuit, 64)
    options = SimulationOptions(seed_simulator=SEED, threads=threads)
    ours = unpack([pub], simulate(pack("sampler", [pub], device("generic_19q"), options, store)))
    assert ours[0].data.c.get_bitstrings() == result.get_memory()


def test_runs_of_many_shots_share_no_random_numbers(store):
    # Aer gives each shot of a trajectory the next seed, and the next circuit a seed 2113 higher.
    theta = Parameter("theta")
    circuit = QuantumCircuit(1, 2)
    circuit.ry(theta, 0)
    circuit.measure(0, 0)
    circuit.ry(theta, 0)
    circuit.measure(0, 1)
    pub = SamplerPub.coerce((circuit, [[1.5], [1.5]]), 3000)
    options = SimulationOptions(seed_simulator=SEED)
    simulator = AerSimulator(noise_model=a_model())
    shots = unpack([pub], simulate(pack("sampler", [pub], simulator, options, store)))[0].data.c
    first, second = shots[0].get_bitstrings(), shots[1].get_bitstrings()
    assert first == expected("", circuit.assign_parameters([1.5]), 3000, simulator)[0]
    assert first[2113:] != second[: 3000 - 2113]


HAMILTONIAN = SparsePauliOp(["ZZI", "IZZ", "XXI", "IYY"], [1.0, -0.5, 0.7, 0.2])


def estimate(backend, store):
    circuit = isa("fake_manila", ansatz().remove_final_measurements(inplace=False))
    pub = EstimatorPub.coerce((circuit, HAMILTONIAN.apply_layout(circuit.layout)), 0.05)
    options = SimulationOptions(seed_simulator=SEED)
    return unpack([pub], simulate(pack("estimator", [pub], backend, options, store)))[0].data.evs.item()


def test_an_estimator_s_counts_are_those_of_the_whole_model(store, forms, monkeypatch):
    monkeypatch.setattr(compiled.CompiledCircuits, "distributions", lambda *_, **__: None)
    unknown = AerSimulator.from_backend(device("fake_manila"))
    unknown.options.noise_model.more = {}
    values = {estimate(backend, store) for backend in (device("fake_manila"), whole("fake_manila"), unknown)}
    assert len(values) == 1
    assert set(forms) == {"superops", "publicly"}


def test_so_are_the_probabilities_that_it_draws_from(store, forms, monkeypatch):
    seen = []
    distributions = compiled.CompiledCircuits.distributions

    def spy(self, *args, **kwargs):
        found = distributions(self, *args, **kwargs)
        seen.extend(zip(self._circuits, found, strict=True))
        return found

    monkeypatch.setattr(compiled.CompiledCircuits, "distributions", spy)
    assert estimate(device("fake_manila"), store) == estimate(whole("fake_manila"), store)
    assert set(forms) == {"superops"}
    assert len(seen) == 2 * 3  # a circuit for each basis
    for circuit, ours in seen:
        shots = 50_000
        counts = whole("fake_manila").run(circuit, shots=shots, seed_simulator=SEED).result().get_counts()
        for outcome, probability in enumerate(ours[0]):
            share = counts.get(f"{outcome:0{circuit.num_clbits}b}", 0) / shots
            assert share == pytest.approx(probability, abs=5 * (probability / shots) ** 0.5 + 1e-4)


# ---- a model that can't be taken apart


def test_a_model_with_other_fields_is_simulated_whole_and_that_is_said(store, forms):
    model = a_model()
    model.nonlocal_errors = {}
    simulator = AerSimulator(noise_model=model)
    wanted, _ = expected("", ghz(), 300, simulator)
    pub = SamplerPub.coerce(ghz(), 300)
    task = pack("sampler", [pub], simulator, SimulationOptions(seed_simulator=SEED), store)
    outcome = simulate(task)
    assert unpack([pub], outcome)[0].join_data().get_bitstrings() == wanted
    assert forms == ["publicly"]
    assert len(outcome.notes) == 1
    assert "simulated whole" in outcome.notes[0]
    assert simulate(task).notes == outcome.notes


def test_so_is_a_device_s_when_aer_makes_its_models_otherwise(store, forms, monkeypatch):
    monkeypatch.setattr(noise, "_FIELDS", {**noise._FIELDS, "_more": dict})
    circuit = isa("fake_manila", ansatz())
    wanted, _ = expected("fake_manila", circuit, 100)
    assert outcomes(device("fake_manila"), circuit, 100, store) == wanted
    assert forms == ["publicly"]


def test_a_model_whose_fields_are_of_another_type_is_not_read():
    model = a_model()
    model._local_readout_errors = {"0": None}
    with pytest.raises(noise.UnknownNoiseModelError):
        noise.read_model(model)
    model = a_model()
    model._custom_noise_passes = ()
    with pytest.raises(noise.UnknownNoiseModelError):
        noise.read_model(model)


def test_the_error_of_a_device_is_made_once(monkeypatch):
    made = []
    build = noise.device_noise_model
    monkeypatch.setattr(noise, "device_noise_model", lambda target: made.append(1) or build(target))
    errors = noise.DeviceNoise(device("fake_manila").target)
    for _ in range(3):
        errors.fetch([("sx", (0,)), ("cx", (0, 1)), ("measure", (1,))])
        assert errors.gate("sx", (0,)) is not None
        assert errors.readout((1,)) is not None
    assert made == [1]
    assert errors.gate("sx", (3,)) is None
