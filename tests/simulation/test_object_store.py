"""Big things cross to the workers once, and again when they have changed."""

from __future__ import annotations

import gc
import math
import pickle
import shutil
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
from qmode_jupyter.simulation import object_store as object_store
from qmode_jupyter.simulation.object_store import ObjectGoneError, ObjectStore, Pin, error_file, fetch


def ansatz():
    circuit = efficient_su2(4, reps=1)
    circuit.measure_all()
    return circuit


def files(store):
    return sorted(path.name for path in Path(store.directory).iterdir() if path.name != "in-use")


# ---- circuits


def test_a_circuit_that_runs_again_is_written_once(store, monkeypatch):
    circuit = ansatz()
    key = store.put_circuit(circuit).key
    monkeypatch.setattr(object_store, "_pickled", lambda thing: pytest.fail("pickled again"))
    assert [store.put_circuit(circuit).key for _ in range(3)] == [key] * 3
    assert files(store) == [key]


def test_what_arrives_is_the_circuit_without_what_no_worker_needs(store):
    circuit = ansatz()
    circuit.metadata = {"callback": lambda: None}
    arrived = fetch(store.directory, store.put_circuit(circuit).key)
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
def test_a_circuit_that_was_changed_gets_another_key(store, change):
    circuit = ansatz()
    before = store.put_circuit(circuit).key
    change(circuit)
    after = store.put_circuit(circuit).key
    assert after != before
    assert store.put_circuit(circuit).key == after


def test_a_change_that_no_result_depends_on_is_none(store):
    circuit = ansatz()
    key = store.put_circuit(circuit).key
    circuit.name, circuit.metadata = "other", {"a": 1}
    assert store.put_circuit(circuit).key == key


def test_a_changed_angle_of_a_hundred_millionth_of_a_degree_is_noticed(store):
    circuit = QuantumCircuit(1)
    circuit.rx(0.5, 0)
    key = store.put_circuit(circuit).key
    circuit.data[0] = circuit.data[0].replace(params=[math.nextafter(0.5, 1)])
    assert store.put_circuit(circuit).key != key


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


def test_a_gate_that_was_changed_inside_is_noticed(store):
    matrix = np.eye(2, dtype=complex)
    circuit = QuantumCircuit(1)
    circuit.append(Spin(matrix), [0])
    key = store.put_circuit(circuit).key
    assert store.put_circuit(circuit).key == key
    matrix[1, 1] = -1
    assert store.put_circuit(circuit).key != key


def test_a_block_that_was_changed_is_noticed(store):
    def circuit(gates):
        circuit = QuantumCircuit(1, 1)
        circuit.measure(0, 0)
        with circuit.if_test((circuit.clbits[0], 1)):
            for _ in range(gates):
                circuit.x(0)
        return circuit

    changing = circuit(1)
    key = store.put_circuit(changing).key
    assert store.put_circuit(changing).key == key
    changing.data[1] = circuit(2).data[1]
    assert store.put_circuit(changing).key != key


def test_the_default_of_a_switch_arrives(store):
    circuit = QuantumCircuit(1, 2)
    with circuit.switch(circuit.cregs[0]) as case:
        with case(1):
            circuit.x(0)
        with case(case.DEFAULT):
            circuit.h(0)
    arrived = fetch(store.directory, store.put_circuit(circuit).key)
    assert [label for label, _ in arrived.data[0].operation.cases_specifier()] == [(1,), (CASE_DEFAULT,)]


def test_equal_circuits_share_a_file(store):
    theta = Parameter("theta")

    def circuit():
        circuit = QuantumCircuit(1)
        circuit.rx(theta, 0)
        return circuit

    one, other = circuit(), circuit()
    assert store.put_circuit(one).key == store.put_circuit(other).key
    assert len(files(store)) == 1


def test_the_id_of_a_circuit_that_is_gone_means_nothing(store):
    keys = set()
    for angle in range(20):
        circuit = QuantumCircuit(1)
        circuit.rx(angle, 0)
        keys.add(store.put_circuit(circuit).key)
        del circuit
    assert len(keys) == 20


def test_a_stored_circuit_knows_which_qubits_are_touched(store):
    circuit = QuantumCircuit(100, 3)
    circuit.cx(7, 42)
    circuit.barrier()
    circuit.measure(42, 2)
    stored = store.put_circuit(circuit)
    assert (stored.qubits, stored.size, stored.registers) == ({7, 42}, 2, (("c", (0, 1, 2)),))


def test_a_gate_of_the_user_s_notebook_arrives(store, monkeypatch):
    monkeypatch.setattr(Spin, "__module__", "__main__")  # where a worker would look for it in vain
    circuit = QuantumCircuit(1)
    circuit.append(Spin(np.array([[0, 1], [1, 0]])), [0])
    code = (
        "import sys; from qmode_jupyter.simulation.object_store import fetch;"
        " print(dict(fetch(*sys.argv[1:]).decompose().count_ops()))"
    )
    command = [sys.executable, "-c", code, store.directory, store.put_circuit(circuit).key]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "{'unitary': 1}"


# ---- backends


def test_equal_devices_share_a_key(store):
    one, other = find_backend("generic_19q"), find_backend("generic_19q")
    assert store.put_backend(one) == store.put_backend(other)
    assert len(files(store)) == 1


def test_a_device_of_another_seed_has_another(store):
    one, other = (GenericBackendV2(3, seed=seed) for seed in (1, 2))
    other.name = one.name
    assert store.put_backend(one) != store.put_backend(other)


def set_error(target):
    target["cx"][(0, 1)].error = 0.25


def replace_properties(target):
    target.update_instruction_properties("sx", (0,), InstructionProperties(duration=1e-6, error=0.1))


def set_relaxation(target):
    target.qubit_properties = [QubitProperties(t1=1e-9, t2=1e-9), *target.qubit_properties[1:]]


@pytest.mark.parametrize("change", [set_error, replace_properties, set_relaxation])
def test_a_device_whose_target_was_changed_gets_another_key(store, change):
    backend = GenericBackendV2(2, seed=1)
    before = store.put_backend(backend)
    change(backend.target)
    assert store.put_backend(backend) != before


def test_a_device_is_pickled_once(store, monkeypatch):
    backend = find_backend("generic_19q")
    key = store.put_backend(backend)
    monkeypatch.setattr(object_store, "_pickled", lambda thing: pytest.fail("pickled again"))
    assert store.put_backend(backend) == key


def test_a_simulator_s_options_are_part_of_its_key(store):
    simulator = AerSimulator()
    automatic = store.put_backend(simulator)
    assert store.put_backend(AerSimulator()) == automatic
    simulator.set_options(method="statevector")
    statevector = store.put_backend(simulator)
    simulator.set_options(fusion_enable=False)
    assert len({automatic, statevector, store.put_backend(simulator)}) == 3


def noisy(error=0.01):
    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(error, 1), ["sx"])
    model.add_quantum_error(depolarizing_error(error, 2), ["cx"], [0, 1])
    model.add_quantum_error(depolarizing_error(error, 2), ["cx"], [5, 6])
    model.add_readout_error(ReadoutError([[0.9, 0.1], [0.2, 0.8]]), [0])
    return model


def test_so_is_its_noise_model_as_it_is_now(store):
    model = noisy()
    simulator = AerSimulator(noise_model=model)
    before = store.put_backend(simulator)
    assert before != store.put_backend(AerSimulator())
    assert before == store.put_backend(simulator)
    model.add_readout_error(ReadoutError([[0.8, 0.2], [0.2, 0.8]]), [1])
    assert store.put_backend(simulator) != before


def test_of_a_noise_model_only_the_errors_on_the_circuit_s_qubits_are_written(store):
    model = noisy()
    key = store.put_noise_model(model, frozenset({0, 1, 2}))
    assert files(store) == sorted([key, error_file(key, "cx", (0, 1))])
    assert store.put_noise_model(model, frozenset({5, 6})) == key
    assert error_file(key, "cx", (5, 6)) in files(store)
    header = fetch(store.directory, key)
    assert header.local == {"cx": {(0, 1), (5, 6)}}
    assert set(header.default) == {"sx"}
    assert fetch(store.directory, error_file(key, "cx", (0, 1))) == depolarizing_error(0.01, 2)


@pytest.mark.parametrize("name", ["generic_19q", "fake_manila", "aer_simulator"])
def test_every_kind_of_backend_arrives(store, name):
    if name.startswith("fake"):
        pytest.importorskip("qiskit_ibm_runtime")
    backend = find_backend(name)
    arrived = fetch(store.directory, store.put_backend(backend))
    assert arrived.name == name
    made_from = (
        AerSimulator.from_backend(backend) if name != "aer_simulator" else AerSimulator(noise_model=noisy())
    )
    arrived = fetch(store.directory, store.put_backend(made_from))
    assert arrived.noise_key is not None
    assert set(arrived.basis_gates) >= {"cx", "rz", "sx"}


# ---- the folder


def test_the_folder_is_private_and_goes_with_the_store():
    store = ObjectStore()
    folder = Path(store.directory)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    store.put_circuit(ansatz())
    store.close()
    assert not folder.exists()


def test_it_goes_too_when_nobody_closes_it():
    folder = Path(ObjectStore().directory)
    gc.collect()
    assert not folder.exists()


def test_what_is_not_there_is_one_clear_error(store):
    with pytest.raises(ObjectGoneError, match="not there any more: circuit-0"):
        fetch(store.directory, "circuit-0")


def numbered(number):
    circuit = QuantumCircuit(1)
    circuit.rx(number, 0)
    return circuit


def test_old_circuits_make_room_for_new_ones_but_not_those_in_flight(store, monkeypatch):
    monkeypatch.setattr(object_store, "_LIMIT_BYTES", 20_000)
    first = numbered(0)
    held, free = store.put_circuit(first).key, store.put_circuit(numbered(-1)).key
    pin = store.pin([held])
    for number in range(1, 40):
        store.put_circuit(numbered(number))
    assert held in files(store)
    assert free not in files(store)
    assert sum(path.stat().st_size for path in Path(store.directory).iterdir()) <= 21_000
    del pin
    for number in range(40, 80):
        store.put_circuit(numbered(number))
    assert held not in files(store)
    assert store.put_circuit(first).key == held
    assert held in files(store)


def test_a_pin_that_crosses_holds_nothing():
    assert isinstance(pickle.loads(pickle.dumps(Pin())), Pin)


class Planted:
    """A pickle that leaves a mark when it is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = str(mark)

    def __reduce__(self):
        return Path.touch, (Path(self.mark),)


def test_what_somebody_else_put_in_the_folder_s_place_is_never_read(store, tmp_path):
    circuit, mark = ansatz(), tmp_path / "mark"
    key = store.put_circuit(circuit).key
    shutil.rmtree(store.directory)
    theirs = Path(store.directory)
    theirs.mkdir()
    theirs.chmod(0o777)
    (theirs / key).write_bytes(pickle.dumps(Planted(mark)))

    with pytest.raises(ObjectGoneError, match="Somebody has cleared"):
        fetch(str(theirs), key)
    with pytest.raises(ObjectGoneError, match="has gone"):
        store.put_backend(AerSimulator())
    assert sorted(path.name for path in theirs.iterdir()) == [key]

    store.forget()
    assert store.directory != str(theirs)
    assert fetch(store.directory, store.put_circuit(circuit).key).data == circuit.data
    assert not mark.exists()
    shutil.rmtree(theirs, ignore_errors=True)
