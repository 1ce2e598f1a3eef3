"""A job on its way out: cheap, small, and with a word before a long wait."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer import AerSimulator

from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.simulation.pack import expected_seconds, pack
from qmode_jupyter.simulation.tasks import SimulationOptions
from tests.simulation.jobs import (
    SEED,
    aer_simulator,
    bell,
    damping,
    estimator_pub,
    generic,
    random_circuit,
    rotation,
    run,
    sampler_pub,
    state,
)


def test_other_letters_are_refused(store):
    with pytest.raises(IBMInputValueError, match="letters I, X, Y and Z"):
        run("estimator", [estimator_pub(state(), {"0I": 1.0})], aer_simulator(), store)


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


@pytest.mark.parametrize("qubits", [16, 18])
def test_before_a_long_simulation_there_is_a_note(qubits, store):
    short = pack("sampler", [sampler_pub(bell())], generic(), SimulationOptions(), store)
    assert short.note == ""
    circuit = random_circuit(qubits)
    task = pack("sampler", [sampler_pub(circuit, shots=4096)], generic(), SimulationOptions(), store)
    assert task.note.startswith(f"Simulating {qubits} qubits with noise, shot by shot, takes about ")
    dry = pack("sampler", [sampler_pub(circuit)], generic(), SimulationOptions(dry_run=True), store)
    assert dry.note == ""


def test_packing_does_not_import_aer():
    script = """
import sys
from qiskit import QuantumCircuit
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.providers.basic_provider import BasicSimulator
from qiskit.providers.fake_provider import GenericBackendV2
from qmode_jupyter.simulation.object_store import ObjectStore
from qmode_jupyter.simulation.pack import pack
from qmode_jupyter.simulation.tasks import SimulationOptions
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


def test_a_task_is_small_whatever_its_backend(store):
    isa = generate_preset_pass_manager(1, generic(), seed_transpiler=1).run(bell())
    simulator = AerSimulator.from_backend(generic())
    task = pack("sampler", [sampler_pub(isa)], simulator, SimulationOptions(noise_model=damping()), store)
    assert len(pickle.dumps(task)) < 2000


def test_a_packed_sampler_pub_has_its_values_as_a_table_and_its_number_in_the_job(store):
    pubs = [sampler_pub(rotation(), [[0.1], [0.2]]), sampler_pub(rotation(), np.zeros((2, 3, 1)), shots=7)]
    options = SimulationOptions(seed_simulator=SEED, noise_model=damping())
    task = pack("sampler", pubs, aer_simulator(), options, store)
    first, second = task.pubs
    assert (first.number, first.index, first.shots, first.values.tolist()) == (0, 0, 100, [[0.1], [0.2]])
    assert (second.number, second.index, second.shots, second.values.shape) == (1, 2, 7, (6, 1))
    assert first.registers == (("meas", (0,)),)
    assert (task.options.seed_simulator, task.options.noise_model) == (SEED, None)
    assert task.noise_key is not None
    assert (task.job_pubs, task.instructions) == (2, 2 * rotation().size())


def test_a_packed_estimator_pub_has_each_string_once_and_an_element_for_each_value(store):
    circuit = state()
    pub = estimator_pub(circuit, [{"ZZ": 1.0, "XI": 2.0}, {"II": 3.0, "ZZ": -1.0}])
    (packed,) = pack("estimator", [pub], aer_simulator(), SimulationOptions(), store).pubs
    paulis = dict(zip(packed.paulis, packed.observables.T.tolist(), strict=True))
    assert paulis == {("ZZ", (0, 1)): [1, -1], ("X", (1,)): [2, 0], ("", ()): [0, 3]}
    assert packed.elements.tolist() == [[0, 0, 0], [1, 0, 1]]


def test_a_simulator_s_own_seed_and_noise_model_count_where_the_job_has_none(store):
    simulator = AerSimulator(seed_simulator=99, noise_model=damping())
    task = pack("sampler", [sampler_pub(bell())], simulator, SimulationOptions(), store)
    assert task.options.seed_simulator == 99
    assert task.noise_key == store.put_noise_model(simulator.options.noise_model)
    task = pack("sampler", [sampler_pub(bell())], simulator, SimulationOptions(seed_simulator=1), store)
    assert task.options.seed_simulator == 1


@pytest.mark.parametrize(("qubits", "shots"), [(4, 10), (4, 1000), (16, 100)])
def test_noise_and_size_make_a_simulation_longer(qubits, shots, store):
    small, large = (store.put_circuit(random_circuit(n)) for n in (qubits, qubits + 2))
    assert expected_seconds(small, shots, noisy=False) < expected_seconds(small, shots, noisy=True)
    assert expected_seconds(small, shots, noisy=True) < expected_seconds(large, shots, noisy=True)
