"""The seam to Aer: outcomes are those of `AerSimulator.run`, and a failure is one line."""

from __future__ import annotations

import pickle

import pytest
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel, depolarizing_error

from qmode_jupyter.errors import CircuitTooLargeError
from qmode_jupyter.runtime.backends import find_backend
from qmode_jupyter.simulation import aer
from tests.simulation.jobs import (
    SEED,
    aer_simulator,
    loop,
    random_circuit,
    run,
    sampler_pub,
)


def repeat(circuit):
    with circuit.for_loop(range(3)):
        circuit.h(0)
        circuit.measure(0, 0)
        with circuit.if_test((circuit.clbits[0], 1)):
            circuit.break_loop()


def branch(circuit):
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.x(0)
    with otherwise:
        circuit.h(0)
        circuit.measure(0, 0)


def choose(circuit):
    with circuit.switch(circuit.cregs[0]) as case:
        with case(0):
            circuit.x(0)
        with case(case.DEFAULT):
            loop(circuit)


@pytest.mark.parametrize("control", [loop, repeat, branch, choose])
@pytest.mark.parametrize("noisy", [False, True])
def test_control_flow_on_qubits_that_are_not_measured_afterwards(control, noisy, store):
    circuit = QuantumCircuit(3, 2)
    circuit.h([0, 1])
    circuit.cx(1, 2)
    control(circuit)
    noise = NoiseModel() if noisy else None
    if noise is not None:
        noise.add_all_qubit_quantum_error(depolarizing_error(0.05, 1), ["h", "x"])
    simulator = AerSimulator(noise_model=noise, enable_truncation=False)
    theirs = simulator.run(circuit, shots=500, seed_simulator=SEED).result()
    result, _ = run("sampler", [sampler_pub(circuit, shots=500)], AerSimulator(noise_model=noise), store)
    assert result[0].data.c.get_counts() == theirs.get_counts()


def test_a_circuit_too_large_for_the_memory_is_one_clear_error(store):
    with pytest.raises(CircuitTooLargeError) as caught:
        run("sampler", [sampler_pub(random_circuit(60))], aer_simulator(), store)
    text = str(caught.value)
    assert "60 qubits" in text
    assert "statevector" in text
    assert "16,384 PB" in text
    assert "mode=AerSimulator(method='matrix_product_state')" in text
    assert 'options={"simulator": {"dry_run": True}}' in text
    assert str(pickle.loads(pickle.dumps(caught.value))) == text


def test_the_method_that_it_names_holds_what_is_little_entangled(store):
    circuit = QuantumCircuit(60)
    circuit.t(0)
    circuit.h(0)
    for qubit in range(59):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    with pytest.raises(CircuitTooLargeError, match="60 qubits"):
        run("sampler", [sampler_pub(circuit)], aer_simulator(), store)
    simulator = AerSimulator(method="matrix_product_state")
    result, _ = run("sampler", [sampler_pub(circuit)], simulator, store)
    assert set(result[0].data.meas.get_counts()) == {"0" * 60, "1" * 60}


def test_a_failure_of_aer_is_one_line(store):
    simulator = AerSimulator(method="stabilizer")
    with pytest.raises(aer.SimulationFailedError) as caught:
        run("sampler", [sampler_pub(random_circuit(2))], simulator, store)
    assert "\n" not in str(caught.value)
    assert 'for "stabilizer" method. Circuit' in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_so_is_an_instruction_that_aer_does_not_know(store):
    from qiskit.circuit import Gate

    device = find_backend("generic_19q")
    device.target.add_instruction(Gate("strange", 1, []), {(0,): None})
    circuit = QuantumCircuit(1, 1)
    circuit.append(Gate("strange", 1, []), [0])
    circuit.measure(0, 0)
    with pytest.raises(
        aer.SimulationFailedError, match="Aer can't run this circuit: unknown instruction: strange"
    ):
        run("sampler", [sampler_pub(circuit)], device, store)
