"""A backend in a worker: whatever gates it has, circuits and turns into a basis are made of them."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit.library import efficient_su2, quantum_volume
from qiskit.providers.basic_provider import BasicSimulator
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import Statevector
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, depolarizing_error

from qmode_jupyter.simulation.backend import LruCache, backend_of
from qmode_jupyter.simulation.pack import pack
from qmode_jupyter.simulation.tasks import SimulationOptions
from tests.simulation.jobs import (
    aer_simulator,
    bell,
    estimator_pub,
    run,
    sampler_pub,
)


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


@pytest.mark.parametrize(
    "gates", [["rz", "sx", "cx"], ["u", "cz"], ["rx", "rz", "cz"], ["r", "cz"], ["h", "sdg"]]
)
def test_whatever_gates_there_are(gates, store):
    circuit = QuantumCircuit(1)
    simulator = AerSimulator(basis_gates=gates)
    task = pack("estimator", [estimator_pub(circuit, "Z")], simulator, SimulationOptions(), store)
    backend = backend_of(task)
    for letter, prepare in (("X", lambda c: c.h(0)), ("Y", lambda c: (c.h(0), c.s(0)))):
        turned = QuantumCircuit(1)
        prepare(turned)
        for operation in backend.rotation(letter, 0):
            assert operation.name in gates
            turned.append(operation, [0])
        assert Statevector(turned).probabilities()[0] == pytest.approx(1)


def test_a_backend_of_somebody_else_s_is_simulated_by_its_target(store):
    result, outcome = run("sampler", [sampler_pub(bell(), shots=400)], BasicSimulator(), store)
    assert set(result[0].data.meas.get_counts()) == {"00", "11"}
    assert outcome.notes == ()


def test_a_device_that_knows_no_errors_has_none(store):
    device = GenericBackendV2(2, seed=1, noise_info=False)
    isa = generate_preset_pass_manager(1, device, seed_transpiler=1).run(bell())
    result, _ = run("sampler", [sampler_pub(isa, shots=400)], device, store)
    assert set(result[0].data.meas.get_counts()) == {"00", "11"}


def test_a_cache_keeps_what_was_used_last():
    made = []
    cache = LruCache(2)
    for key in ("a", "b", "a", "c", "a", "b"):
        assert cache.get_or_make(key, lambda key=key: made.append(key) or key) == key
    assert made == ["a", "b", "c", "b"]
    cache.clear()
    cache.get_or_make("a", lambda: made.append("again"))
    assert made[-1] == "again"


def test_a_worker_keeps_the_backend_of_a_task(store):
    tasks = [
        pack("sampler", [sampler_pub(bell())], backend, SimulationOptions(), store)
        for backend in (aer_simulator(), aer_simulator(), AerSimulator(method="statevector"))
    ]
    one, same, other = map(backend_of, tasks)
    assert one is same
    assert one is not other
    assert other.simulator.options.method == "statevector"
    assert one.fetch_circuit(tasks[0].pubs[0].circuit_key).data == bell().data
