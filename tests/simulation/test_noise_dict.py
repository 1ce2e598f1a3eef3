"""Aer's dictionary of the errors in use, and single errors in other forms."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit.library import HGate, XGate
from qiskit.quantum_info import SuperOp
from qiskit_aer.noise import (
    NoiseModel,
    ReadoutError,
    amplitude_damping_error,
    coherent_unitary_error,
    depolarizing_error,
    mixed_unitary_error,
    pauli_error,
)

from qmode_jupyter.runtime.backends import find_backend
from qmode_jupyter.simulation import noise_dict as module
from qmode_jupyter.simulation.noise import ModelNoise, device_noise_model, kinds_of, read_model
from qmode_jupyter.simulation.noise_dict import (
    as_json,
    as_superoperator,
    error_matrix,
    noise_dict,
    readout_errors,
    uses_of,
    with_locations,
)


def a_noise():
    model = NoiseModel()
    model.add_all_qubit_quantum_error(pauli_error([("X", 0.1), ("I", 0.9)]), ["h"])
    model.add_quantum_error(depolarizing_error(0.1, 2), ["cx"], [7, 3])
    model.add_quantum_error(depolarizing_error(0.2, 2), ["cx"], [3, 7])
    model.add_quantum_error(amplitude_damping_error(0.3), ["x"], [5])
    model.add_readout_error(ReadoutError([[0.9, 0.1], [0.2, 0.8]]), [7])
    errors = read_model(model)
    return ModelNoise(errors, kinds_of(errors))


def a_circuit():
    """On qubits 0 and 1, which stand for 3 and 7."""
    circuit = QuantumCircuit(2, 1)
    circuit.h(0)
    circuit.cx(1, 0)
    circuit.measure(1, 0)
    return circuit


def test_only_what_is_used_is_in_it_counted_as_the_circuit_counts():
    errors = noise_dict(a_noise(), [a_circuit()], (3, 7))["errors"]
    used = [(e.get("operations"), e.get("gate_qubits")) for e in errors if "elsewhere" not in str(e)]
    assert used == [(["cx"], [[1, 0]]), (["h"], None), (["measure"], [[1]])]


def test_beside_it_stands_an_error_of_every_other_kind():
    elsewhere = [e for e in noise_dict(a_noise(), [a_circuit()], (3, 7))["errors"] if "elsewhere" in str(e)]
    kinds = {operation["name"] for e in elsewhere for term in e["instructions"] for operation in term}
    assert "kraus" in kinds  # of the damping, which rules out Aer's stabilizer method


def test_without_noise_it_is_empty():
    assert noise_dict(None, [a_circuit()], (3, 7)) == {}


def test_channels_in_the_circuit_are_errors_at_their_marks():
    circuit = QuantumCircuit(1)
    channel = amplitude_damping_error(0.4)
    circuit.append(channel.to_instruction(), [0])
    (entry,) = noise_dict(None, [circuit], (0,))["errors"]
    (mark,) = with_locations(circuit).data
    assert entry["operations"] == [mark.operation.label]
    assert with_locations(a_circuit()).data == a_circuit().data


def test_a_control_on_zero_runs_as_x_too():
    circuit = QuantumCircuit(2)
    circuit.cx(0, 1, ctrl_state=0)
    assert {("cx", (3, 7)), ("x", (3,))} < uses_of(circuit, (3, 7))


def test_readout_errors_are_those_of_the_qubits_measured():
    assert [e["gate_qubits"] for e in readout_errors(a_noise(), [(3,), (7,)], {3: 0, 7: 1})] == [[[1]]]


@pytest.mark.parametrize("form", [as_json, as_superoperator])
def test_a_form_is_made_once_for_each_error_itself(form, monkeypatch):
    one, equal = depolarizing_error(0.1, 1), depolarizing_error(0.1, 1)
    assert one == equal
    first = form(one)
    assert form(one) is first
    assert form(equal) is not first


def test_operations_that_errors_share_are_multiplied_out_once():
    module._operation_matrix.cache_clear()
    for probability in (0.1, 0.2, 0.3):
        error_matrix(depolarizing_error(probability, 1))
    assert module._operation_matrix.cache_info().misses == 4  # I, X, Y, Z


def test_an_error_as_one_matrix_is_what_qiskit_makes_of_it():
    model = device_noise_model(find_backend("generic_19q").target)
    errors = [
        *list(model._local_quantum_errors["cx"].values())[:2],
        depolarizing_error(0.1, 3),
        amplitude_damping_error(0.2).tensor(pauli_error([("X", 0.3), ("Z", 0.7)])),
        pauli_error([("XY", 0.5), ("ZI", 0.5)]).compose(depolarizing_error(0.2, 1), qargs=[1]),
        coherent_unitary_error(HGate().to_matrix()),
        mixed_unitary_error([(XGate().to_matrix(), 0.4), (HGate().to_matrix(), 0.6)]),
    ]
    for error in errors:
        assert np.allclose(error_matrix(error), SuperOp(error).data, rtol=0, atol=1e-14)
