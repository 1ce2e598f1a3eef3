"""The circuits and observables that the benchmarks run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import SparsePauliOp

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

#: Shots of a Sampler job.
SHOTS = 1024
#: Of an Estimator's values: the default of IBM's client, 4,096 shots.
PRECISION = 1 / 64
#: So that a circuit is laid out alike in every run.
_SEED = 1


def ansatz(num_qubits: int, reps: int = 3) -> QuantumCircuit:
    """Return the ansatz of the tutorials, with free parameters."""
    return efficient_su2(num_qubits, reps=reps)


def angles(circuit: QuantumCircuit) -> NDArray[np.float64]:
    """Return values for a circuit's parameters."""
    return np.linspace(0.1, 1.0, circuit.num_parameters)


def measured(num_qubits: int, reps: int = 3) -> QuantumCircuit:
    """Return the ansatz with values for its parameters, all qubits measured."""
    circuit = ansatz(num_qubits, reps)
    bound = circuit.assign_parameters(angles(circuit))
    bound.measure_all()
    return bound


def ghz(num_qubits: int) -> QuantumCircuit:
    """Return the circuit of a GHZ state, all qubits measured."""
    circuit = QuantumCircuit(num_qubits)
    circuit.h(0)
    for qubit in range(num_qubits - 1):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    return circuit


def hamiltonian() -> SparsePauliOp:
    """Return an observable on four qubits with seven terms, which take two bases to measure."""
    coupling = [("ZZII", 1.0), ("IZZI", 1.0), ("IIZZ", 1.0)]
    field = [("XIII", 0.5), ("IXII", 0.5), ("IIXI", 0.5), ("IIIX", 0.5)]
    return SparsePauliOp.from_list(coupling + field)


def laid_out(circuit: QuantumCircuit, backend: BackendV2) -> QuantumCircuit:
    """Return the circuit in the gates and on the qubits of a backend."""
    return transpile(circuit, backend, optimization_level=1, seed_transpiler=_SEED)
