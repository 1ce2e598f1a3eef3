"""Pauli strings are measured in as few bases as commute qubit by qubit."""

from __future__ import annotations

import pytest
from qiskit import QuantumCircuit

from tests.simulation.jobs import (
    aer_simulator,
    estimator_pub,
    run,
)


def test_more_than_64_qubits_in_one_string(store):
    circuit = QuantumCircuit(70)
    circuit.x([0, 1, 69])
    pub = estimator_pub(circuit, ["Z" * 70, "Z" * 3 + "I" * 67], precision=0.2)
    assert run("estimator", [pub], aer_simulator(), store)[0][0].data.evs == pytest.approx([-1, -1])
