"""Big things cross to the workers once, and again when they have changed."""

from __future__ import annotations

import gc
import math
import pickle
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit
from qiskit.circuit import CASE_DEFAULT, Gate, Parameter, Qubit
from qiskit.circuit.library import UnitaryGate, efficient_su2
from qiskit.providers import QubitProperties
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.transpiler import InstructionProperties
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, ReadoutError, depolarizing_error

from qmode_jupyter.runtime.backends import find_backend
from qmode_jupyter.simulation import object_store as parcels_module
from qmode_jupyter.simulation.object_store import Lease, ParcelGoneError, Parcels, error_file, fetch


@pytest.fixture
def parcels():
    parcels = Parcels()
    yield parcels
    parcels.close()


def ansatz():
    circuit = efficient_su2(4, reps=1)
    circuit.measure_all()
    return circuit


def files(parcels):
    return sorted(path.name for path in Path(parcels.directory).iterdir() if path.name != "in-use")


# ---- circuits


def test_a_circuit_that_runs_again_is_written_once(parcels, monkeypatch):
    circuit = ansatz()
    key = parcels.circuit(circuit)
    monkeypatch.setattr(parcels_module, "_pickled", lambda thing: pytest.fail("pickled again"))
    assert [parcels.circuit(circuit) for _ in range(3)] == [key] * 3
    assert files(parcels) == [key]


def test_what_arrives_is_the_circuit_without_what_no_worker_needs(parcels):
    circuit = ansatz()
    circuit.metadata = {"callback": lambda: None}
    arrived = fetch(parcels.directory, parcels.circuit(circuit))
    assert arrived.data == circuit.data
    assert arrived.metadata == {}


def change_angle(circuit):
    circuit.data[0] = circuit.data[0].replace(params=[1e-9])


def change_label(circuit):
    operation = circuit.data[0].operation.to_mutable()
    operation.label = "other"
    circuit.data[0] = circuit.data[0].replace(operation=operation)


def change_classical(circuit):
    circuit.add_register(ClassicalRegister(1, "more"))


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.x(0),
        change_angle,
        change_label,
        lambda c: c.data.pop(),
        lambda c: c.assign_parameters({c.parameters[0]: 0.5}, inplace=True),
        change_classical,
        lambda c: setattr(c, "global_phase", 0.1),
        lambda c: c.remove_final_measurements(),
        lambda c: c.add_bits([Qubit()]),
    ],
)
def test_a_circuit_that_was_changed_gets_another_key(parcels, change):
    circuit = ansatz()
    before = parcels.circuit(circuit)
    change(circuit)
    after = parcels.circuit(circuit)
    assert after != before
    assert parcels.circuit(circuit) == after


def test_a_change_that_no_result_depends_on_is_none(parcels):
    circuit = ansatz()
    key = parcels.circuit(circuit)
    circuit.name, circuit.metadata = "other", {"a": 1}
    assert parcels.circuit(circuit) == key


def test_a_changed_angle_of_a_hundred_millionth_of_a_degree_is_noticed(parcels):
    circuit = QuantumCircuit(1)
    circuit.rx(0.5, 0)
    key = parcels.circuit(circuit)
    circuit.data[0] = circuit.data[0].replace(params=[math.nextafter(0.5, 1)])
    assert parcels.circuit(circuit) != key


class Spin(Gate):
    """A gate that nobody else knows, with a mutable matrix."""

    def __init__(self, matrix):
        super().__init__("spin", 1, [])
        self.matrix = matrix

    def __eq__(self, other):
        return isinstance(other, Spin) and np.array_equal(self.matrix, other.matrix)

    def _define(self):
        self.definition = QuantumCircuit(1)
        self.definition.append(UnitaryGate(self.matrix), [0])


def test_a_gate_that_was_changed_inside_is_noticed(parcels):
    matrix = np.eye(2, dtype=complex)
    circuit = QuantumCircuit(1)
    circuit.append(Spin(matrix), [0])
    key = parcels.circuit(circuit)
    assert parcels.circuit(circuit) == key
    matrix[1, 1] = -1
    assert parcels.circuit(circuit) != key


def test_a_block_that_was_changed_is_noticed(parcels):
    def circuit(gates):
        circuit = QuantumCircuit(1, 1)
        circuit.measure(0, 0)
        with circuit.if_test((circuit.clbits[0], 1)):
            for _ in range(gates):
                circuit.x(0)
        return circuit

    changing = circuit(1)
    key = parcels.circuit(changing)
    assert parcels.circuit(changing) == key
    changing.data[1] = circuit(2).data[1]
    assert parcels.circuit(changing) != key


def test_the_default_of_a_switch_arrives(parcels):
    circuit = QuantumCircuit(1, 2)
    with circuit.switch(circuit.cregs[0]) as case:
        with case(1):
            circuit.x(0)
        with case(case.DEFAULT):
            circuit.h(0)
    arrived = fetch(parcels.directory, parcels.circuit(circuit))
    assert [label for label, _ in arrived.data[0].operation.cases_specifier()] == [(1,), (CASE_DEFAULT,)]


def test_equal_circuits_share_a_file(parcels):
    theta = Parameter("theta")

    def circuit():
        circuit = QuantumCircuit(1)
        circuit.rx(theta, 0)
        return circuit

    one, other = circuit(), circuit()
    assert parcels.circuit(one) == parcels.circuit(other)
    assert len(files(parcels)) == 1


def test_the_id_of_a_circuit_that_is_gone_means_nothing(parcels):
    keys = set()
    for angle in range(20):
        circuit = QuantumCircuit(1)
        circuit.rx(angle, 0)
        keys.add(parcels.circuit(circuit))
        del circuit
    assert len(keys) == 20


def test_a_sketch_knows_which_qubits_are_touched(parcels):
    circuit = QuantumCircuit(100, 3)
    circuit.cx(7, 42)
    circuit.barrier()
    circuit.measure(42, 2)
    sketch = parcels.sketch(circuit)
    assert (sketch.qubits, sketch.size, sketch.registers) == ({7, 42}, 2, (("c", (0, 1, 2)),))


def test_a_gate_of_the_user_s_notebook_arrives(parcels, monkeypatch):
    monkeypatch.setattr(Spin, "__module__", "__main__")  # where a worker would look for it in vain
    circuit = QuantumCircuit(1)
    circuit.append(Spin(np.array([[0, 1], [1, 0]])), [0])
    code = (
        "import sys; from qmode_jupyter.simulation.object_store import fetch;"
        " print(dict(fetch(*sys.argv[1:]).decompose().count_ops()))"
    )
    command = [sys.executable, "-c", code, parcels.directory, parcels.circuit(circuit)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "{'unitary': 1}"


# ---- backends


def test_equal_devices_share_a_key(parcels):
    one, other = find_backend("generic_19q"), find_backend("generic_19q")
    assert parcels.backend(one) == parcels.backend(other)
    assert len(files(parcels)) == 1


def test_a_device_of_another_seed_has_another(parcels):
    one, other = (GenericBackendV2(3, seed=seed) for seed in (1, 2))
    other.name = one.name
    assert parcels.backend(one) != parcels.backend(other)


def set_error(target):
    target["cx"][(0, 1)].error = 0.25


def replace_properties(target):
    target.update_instruction_properties("sx", (0,), InstructionProperties(duration=1e-6, error=0.1))


def set_relaxation(target):
    target.qubit_properties = [QubitProperties(t1=1e-9, t2=1e-9), *target.qubit_properties[1:]]


@pytest.mark.parametrize("change", [set_error, replace_properties, set_relaxation])
def test_a_device_whose_target_was_changed_gets_another_key(parcels, change):
    backend = GenericBackendV2(2, seed=1)
    before = parcels.backend(backend)
    change(backend.target)
    assert parcels.backend(backend) != before


def test_a_device_is_pickled_once(parcels, monkeypatch):
    backend = find_backend("generic_19q")
    key = parcels.backend(backend)
    monkeypatch.setattr(parcels_module, "_pickled", lambda thing: pytest.fail("pickled again"))
    assert parcels.backend(backend) == key


def test_a_simulator_s_options_are_part_of_its_key(parcels):
    simulator = AerSimulator()
    automatic = parcels.backend(simulator)
    assert parcels.backend(AerSimulator()) == automatic
    simulator.set_options(method="statevector")
    statevector = parcels.backend(simulator)
    simulator.set_options(fusion_enable=False)
    assert len({automatic, statevector, parcels.backend(simulator)}) == 3


def noisy(error=0.01):
    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(error, 1), ["sx"])
    model.add_quantum_error(depolarizing_error(error, 2), ["cx"], [0, 1])
    model.add_quantum_error(depolarizing_error(error, 2), ["cx"], [5, 6])
    model.add_readout_error(ReadoutError([[0.9, 0.1], [0.2, 0.8]]), [0])
    return model


def test_so_is_its_noise_model_as_it_is_now(parcels):
    model = noisy()
    simulator = AerSimulator(noise_model=model)
    before = parcels.backend(simulator)
    assert before != parcels.backend(AerSimulator())
    assert before == parcels.backend(simulator)
    model.add_readout_error(ReadoutError([[0.8, 0.2], [0.2, 0.8]]), [1])
    assert parcels.backend(simulator) != before


def test_of_a_noise_model_only_the_errors_on_the_circuit_s_qubits_are_written(parcels):
    model = noisy()
    key = parcels.noise(model, frozenset({0, 1, 2}))
    assert files(parcels) == sorted([key, error_file(key, "cx", (0, 1))])
    assert parcels.noise(model, frozenset({5, 6})) == key
    assert error_file(key, "cx", (5, 6)) in files(parcels)
    header = fetch(parcels.directory, key)
    assert header.local == {"cx": {(0, 1), (5, 6)}}
    assert set(header.default) == {"sx"}
    assert fetch(parcels.directory, error_file(key, "cx", (0, 1))) == depolarizing_error(0.01, 2)


@pytest.mark.parametrize("name", ["generic_19q", "fake_manila", "aer_simulator"])
def test_every_kind_of_backend_arrives(parcels, name):
    if name.startswith("fake"):
        pytest.importorskip("qiskit_ibm_runtime")
    backend = find_backend(name)
    arrived = fetch(parcels.directory, parcels.backend(backend))
    assert arrived.name == name
    made_from = (
        AerSimulator.from_backend(backend) if name != "aer_simulator" else AerSimulator(noise_model=noisy())
    )
    arrived = fetch(parcels.directory, parcels.backend(made_from))
    assert arrived.noise is not None
    assert set(arrived.basis_gates) >= {"cx", "rz", "sx"}


# ---- the folder


def test_the_folder_is_private_and_goes_with_the_parcels():
    parcels = Parcels()
    folder = Path(parcels.directory)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    parcels.circuit(ansatz())
    parcels.close()
    assert not folder.exists()


def test_it_goes_too_when_nobody_closes_it():
    folder = Path(Parcels().directory)
    gc.collect()
    assert not folder.exists()


KILLED = """
import os, signal
from qmode_jupyter.simulation.object_store import Parcels
parcels = Parcels()
print(parcels.directory, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_leaves_is_cleared_by_the_next(parcels):
    killed = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False)
    left = Path(killed.stdout.strip())
    assert left.is_dir()
    later = Parcels()
    assert not left.exists()
    assert Path(parcels.directory).is_dir()
    later.close()


def test_what_is_not_there_is_one_clear_error(parcels):
    with pytest.raises(ParcelGoneError, match="not there any more: circuit-0"):
        fetch(parcels.directory, "circuit-0")


def numbered(number):
    circuit = QuantumCircuit(1)
    circuit.rx(number, 0)
    return circuit


def test_old_circuits_make_room_for_new_ones_but_not_those_in_flight(parcels, monkeypatch):
    monkeypatch.setattr(parcels_module, "_BUDGET_BYTES", 20_000)
    first = numbered(0)
    held, free = parcels.circuit(first), parcels.circuit(numbered(-1))
    lease = parcels.hold([held])
    for number in range(1, 40):
        parcels.circuit(numbered(number))
    assert held in files(parcels)
    assert free not in files(parcels)
    assert sum(path.stat().st_size for path in Path(parcels.directory).iterdir()) <= 21_000
    del lease
    for number in range(40, 80):
        parcels.circuit(numbered(number))
    assert held not in files(parcels)
    assert parcels.circuit(first) == held
    assert held in files(parcels)


def test_a_lease_that_crosses_holds_nothing():
    assert isinstance(pickle.loads(pickle.dumps(Lease())), Lease)
