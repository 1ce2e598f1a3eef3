"""Probabilities of outcomes: from a circuit, through the readout, to counts."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator
from qiskit_aer.noise import ReadoutError

from qmode_jupyter.simulation.probabilities import draw, misread, without_measurements


def test_a_circuit_ends_in_the_probabilities_of_its_classical_bits():
    circuit = QuantumCircuit(3, 3)
    circuit.x(2)
    circuit.ry(2 * np.arccos(0.8**0.5), 0)
    circuit.measure([0, 1, 2], [1, 2, 0])  # classical bit 0 is qubit 2
    ended, qubits = without_measurements(circuit)
    assert qubits == (2, 0, 1)
    assert "measure" not in ended.count_ops()
    found = AerSimulator().run(ended).result().data()["probabilities"]
    assert found == pytest.approx([0, 0.8, 0, 0.2, 0, 0, 0, 0])


def test_each_digit_is_misread_by_its_own_error():
    there = np.eye(4)  # each outcome for certain, in turn
    low, high = ReadoutError([[0.9, 0.1], [0.3, 0.7]]), ReadoutError([[0.6, 0.4], [0.2, 0.8]])
    assert misread(there, [None, None]) == pytest.approx(there)
    assert misread(there, [low, None])[0b10] == pytest.approx([0, 0, 0.9, 0.1])
    assert misread(there, [None, high])[0b01] == pytest.approx([0, 0.6, 0, 0.4])
    both = misread(there, [low, high])
    assert both[0b11] == pytest.approx([0.2 * 0.3, 0.2 * 0.7, 0.8 * 0.3, 0.8 * 0.7])
    assert both.sum(axis=1) == pytest.approx(1)


def test_all_shots_are_drawn_and_a_seed_draws_the_same():
    probabilities = np.array([0.5, -1e-17, 0.25, 0.25 + 1e-9])  # as Aer rounds them
    times = draw(probabilities, 100_000, (1, 2))
    assert times.sum() == 100_000
    assert times[1] == 0
    assert times / 100_000 == pytest.approx([0.5, 0, 0.25, 0.25], abs=0.01)
    assert np.array_equal(times, draw(probabilities, 100_000, (1, 2)))
    assert not np.array_equal(times, draw(probabilities, 100_000, (1, 3)))
