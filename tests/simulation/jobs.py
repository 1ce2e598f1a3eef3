"""Circuits, PUBs and jobs that the tests of the simulation share."""

from __future__ import annotations

from functools import cache

from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, amplitude_damping_error

from qmode_jupyter.cost.model import cost
from qmode_jupyter.cost.processors import HERON_R2
from qmode_jupyter.runtime.backends import find_backend
from qmode_jupyter.scheduler.scheduler import charge_s
from qmode_jupyter.simulation.pack import pack
from qmode_jupyter.simulation.results import unpack
from qmode_jupyter.simulation.tasks import SimulationOptions, TaskResult
from qmode_jupyter.simulation.worker import simulate

SEED = 5
HAMILTONIAN = SparsePauliOp(["ZZ", "XX", "YY", "IZ", "XI", "II"], [1.0, 0.5, -0.5, 0.3, 0.2, 2.0])


@cache
def aer_simulator():
    return AerSimulator()


@cache
def generic():
    return find_backend("generic_19q")


def sampler_pub(circuit, values=None, shots=100):
    return SamplerPub.coerce((circuit, values), shots)


def estimator_pub(circuit, observables, values=None, precision=0.02):
    return EstimatorPub.coerce((circuit, observables, values), precision)


def run(program, pubs, backend, store, **options):
    outcome = simulate(
        pack(program, pubs, backend, SimulationOptions(**{"seed_simulator": SEED, **options}), store)
    )
    return unpack(pubs, outcome), outcome


def isa(circuit, backend):
    return generate_preset_pass_manager(0, backend).run(circuit)


def bell():
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def rotation():
    circuit = QuantumCircuit(1)
    circuit.ry(Parameter("theta"), 0)
    circuit.measure_all()
    return circuit


def state():
    circuit = QuantumCircuit(2)
    circuit.ry(0.7, 0)
    circuit.cx(0, 1)
    circuit.rz(0.4, 1)
    return circuit


def damping():
    model = NoiseModel(["ry", "x", "h", "cx", "rz"])
    model.add_all_qubit_quantum_error(amplitude_damping_error(0.3), ["x", "ry"])
    return model


def random_circuit(qubits, measure=True):
    circuit = QuantumCircuit(qubits)
    for qubit in range(qubits):
        circuit.h(qubit)
        circuit.t(qubit)
    for qubit in range(qubits - 1):
        circuit.cx(qubit, qubit + 1)
        circuit.h(qubit)
    if measure:
        circuit.measure_all()
    return circuit


def loop(circuit):
    with circuit.while_loop((circuit.clbits[0], 0)):
        circuit.h(0)
        circuit.measure(0, 0)


def charge(outcome: TaskResult) -> float:
    """What the ledger charges for a job on a Heron r2, in whole seconds."""
    needed = cost(outcome.work, HERON_R2)
    return charge_s(needed.on_qpu_s, needed.overhead_s, 1.0)
