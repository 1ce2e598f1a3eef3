"""A job on its way out: cheap, small, and with a word before a long wait."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer import AerSimulator

from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.simulation.pack import pack
from qmode_jupyter.simulation.tasks import SimulationOptions
from tests.simulation.jobs import (
    aer_simulator,
    bell,
    damping,
    estimator_pub,
    generic,
    random_circuit,
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
