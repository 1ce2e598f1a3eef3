"""Errors in the circuit itself: only where Aer would simulate a density matrix, and to the same end."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import DensityMatrix, SuperOp
from qiskit_aer.noise import NoiseModel, amplitude_damping_error, depolarizing_error, pauli_error

from qmode_jupyter.simulation.flat_circuit import flatten
from qmode_jupyter.simulation.noise import ModelNoise, kinds_of, read_model
from qmode_jupyter.simulation.superops import SuperopCircuit, with_superops

DAMPING = amplitude_damping_error(0.3)


def noise(**errors):
    model = NoiseModel()
    for label, error in errors.items():
        model.add_all_qubit_quantum_error(error, [label])
    found = read_model(model)
    return ModelNoise(found, kinds_of(found))


def made(circuit, **errors):
    return with_superops(flatten(circuit), noise(**(errors or {"x": DAMPING})))


def state(found):
    """The density matrix before the measurements."""
    final = found.circuit.copy_empty_like()
    for instruction in found.circuit.data:
        if instruction.name == "superop":
            instruction = instruction.replace(operation=SuperOp(instruction.params[0]).to_instruction())
        if instruction.name != "measure":
            final._append(instruction)
    return DensityMatrix.from_label("0" * final.num_qubits).evolve(SuperOp(final))


def test_behind_each_gate_stands_its_error():
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    found = made(circuit, x=DAMPING, cx=depolarizing_error(0.2, 2))
    assert [i.name for i in found.circuit.data] == ["superop", "cx", "superop", "measure", "measure"]
    x, cx = QuantumCircuit(2), QuantumCircuit(2)
    x.x(0), cx.cx(0, 1)
    expected = DensityMatrix.from_label("00").evolve(x).evolve(SuperOp(DAMPING), [0]).evolve(cx)
    expected = expected.evolve(SuperOp(depolarizing_error(0.2, 2)))
    assert np.allclose(state(found).data, expected.data)


def test_gates_in_a_row_become_one_and_a_free_parameter_keeps_its_gate():
    angle = Parameter("angle")
    circuit = QuantumCircuit(1, 1)
    circuit.x(0), circuit.x(0)
    circuit.rx(angle, 0)
    circuit.x(0)
    circuit.measure(0, 0)
    found = made(circuit)
    assert [i.name for i in found.circuit.data] == ["superop", "rx", "superop", "measure"]
    assert (found.slots, found.columns) == (((1, 0),), (0,))


def test_gates_without_errors_are_left_as_they_are():
    circuit = QuantumCircuit(1, 1)
    circuit.h(0), circuit.s(0)
    circuit.measure(0, 0)
    assert [i.name for i in made(circuit).circuit.data] == ["h", "s", "measure"]


def test_an_error_of_a_measurement_stands_before_it():
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    flip = pauli_error([("X", 0.1), ("I", 0.9)])
    assert [i.name for i in made(circuit, measure=flip).circuit.data] == ["superop", "measure"]


def test_what_no_measurement_depends_on_is_left_out_and_its_qubits_do_not_count():
    circuit = QuantumCircuit(3, 1)
    circuit.x(2)
    circuit.cx(0, 1)
    circuit.measure(1, 0)
    found = made(circuit)
    assert [i.name for i in found.circuit.data] == ["cx", "measure"]
    assert found.num_qubits == 2


def measured_within(circuit):
    circuit.measure(0, 0)
    circuit.x(0)


def unmeasured(circuit):
    circuit.x(0)


def unknown_to_the_method(circuit):
    circuit.initialize([0, 1], 0)
    circuit.measure(0, 0)


@pytest.mark.parametrize("write", [measured_within, unmeasured, unknown_to_the_method])
def test_other_circuits_have_no_such_form(write):
    circuit = QuantumCircuit(1, 1)
    write(circuit)
    assert made(circuit) is None


def test_nor_has_one_whose_error_is_on_fewer_qubits_than_its_gate():
    circuit = QuantumCircuit(2, 2)
    circuit.cx(0, 1)
    circuit.measure([0, 1], [0, 1])
    flat = flatten(circuit)
    narrow = noise(x=DAMPING)
    narrow.gate = lambda label, qubits: DAMPING if label == "cx" else None
    assert with_superops(flat, narrow) is None


@pytest.mark.parametrize(
    ("qubits", "shots", "chosen"), [(3, 8, False), (3, 9, True), (29, 2**29 + 1, True), (30, 2**31, False)]
)
def test_aer_takes_the_density_matrix_for_few_qubits_and_many_shots(qubits, shots, chosen):
    assert SuperopCircuit(QuantumCircuit(), (), (), qubits).is_density_matrix(shots) is chosen
