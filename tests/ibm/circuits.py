"""Circuits for the tests with IBM's client."""

from __future__ import annotations

from typing import Any

from qiskit import QuantumCircuit
from qiskit.providers import BackendV2
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer.noise import NoiseModel

#: Options of the client with which nothing goes wrong on a QPU.
IDEAL = {"simulator": {"noise_model": NoiseModel()}}


def isa(circuit: QuantumCircuit, backend: BackendV2) -> QuantumCircuit:
    """The circuit as the QPU runs it; the same at every call."""
    manager = generate_preset_pass_manager(optimization_level=1, backend=backend, seed_transpiler=7)
    return manager.run(circuit)


def bell(backend: BackendV2) -> QuantumCircuit:
    circuit = QuantumCircuit(2, name="bell")
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return isa(circuit, backend)


def distance(counts: dict[str, int], others: dict[str, int]) -> float:
    """The total variation distance of two distributions of outcomes."""
    one, other = sum(counts.values()), sum(others.values())
    outcomes: Any = {*counts, *others}
    return sum(abs(counts.get(o, 0) / one - others.get(o, 0) / other) for o in outcomes) / 2
