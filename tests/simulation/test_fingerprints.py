"""A fingerprint is equal to a later one as long as nothing has changed that could change a result."""

from __future__ import annotations

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.circuit.library import UnitaryGate
from qiskit.providers import QubitProperties
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.transpiler import InstructionProperties
from qiskit_aer.noise import NoiseModel, ReadoutError, depolarizing_error

from qmode_jupyter.simulation.fingerprints import (
    circuit_fingerprint,
    device_fingerprint,
    noise_model_fingerprint,
    same_circuit,
)
from qmode_jupyter.simulation.noise import read_model


def circuit():
    one = QuantumCircuit(2, 2)
    one.rx(Parameter("a"), 0)
    one.cx(0, 1)
    one.measure([0, 1], [0, 1])
    return one


def test_a_circuit_is_known_again_until_it_changes():
    one = circuit()
    before = circuit_fingerprint(one)
    one.name, one.metadata = "another", {"no": "matter"}
    assert same_circuit(before, one)
    one.measure(0, 1)
    assert not same_circuit(before, one)
    assert same_circuit(circuit_fingerprint(one), one)


def test_what_can_be_changed_in_place_is_never_taken_for_the_same():
    own, blocks = circuit(), circuit()
    own.append(UnitaryGate([[1, 0], [0, 1]]), [0])
    with blocks.if_test((blocks.clbits[0], 1)):
        blocks.x(0)
    for one in (own, blocks):
        assert circuit_fingerprint(one) is None
        assert not same_circuit(None, one)


def test_equivalent_circuits_are_not_the_same():
    # Qiskit's == takes them for equal: gates on different qubits commute.
    one, other = QuantumCircuit(2), QuantumCircuit(2)
    one.x(0), one.y(1)
    other.y(1), other.x(0)
    assert one == other
    assert not same_circuit(circuit_fingerprint(one), other)


def longer(target):
    target.update_instruction_properties("x", (0,), InstructionProperties(duration=1e-6, error=0.0))


def worse(target):
    target["cx"][(0, 1)].error = 0.25


def relaxing(target):
    target.qubit_properties = [QubitProperties(t1=1e-9), *target.qubit_properties[1:]]


def finer(target):
    target.dt = 1e-10


@pytest.mark.parametrize("change", [longer, worse, relaxing, finer])
def test_a_device_is_known_by_durations_and_errors(change):
    target = GenericBackendV2(2, seed=1).target
    before = device_fingerprint(target)
    assert device_fingerprint(GenericBackendV2(2, seed=1).target) == before
    change(target)
    assert device_fingerprint(target) != before


def test_a_noise_model_is_known_by_the_errors_in_it():
    model = NoiseModel()
    model.add_quantum_error(depolarizing_error(0.1, 1), ["x"], [0])
    before = noise_model_fingerprint(read_model(model))
    assert noise_model_fingerprint(read_model(model)) == before
    model.add_readout_error(ReadoutError([[0.9, 0.1], [0.2, 0.8]]), [0])
    assert noise_model_fingerprint(read_model(model)) != before
