"""Circuits as Aer gets them: flat, on the qubits that they touch, with slots for their parameters."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.circuit.classical import expr
from qiskit.transpiler import generate_preset_pass_manager

from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.simulation.flat_circuit import flatten
from tests.simulation.jobs import (
    aer_simulator,
    generic,
    run,
    sampler_pub,
)


def test_a_wide_circuit_on_a_device_is_simulated_on_the_qubits_it_touches(store):
    circuit = QuantumCircuit(19)
    circuit.x(18)
    circuit.measure_all()
    isa = generate_preset_pass_manager(0, generic()).run(circuit)
    only = QuantumCircuit(19, 1)
    only.x(18)
    only.measure(18, 0)
    assert store.put_circuit(only).qubits == {18}
    assert run("sampler", [sampler_pub(only)], generic(), store)[0][0].data.c.get_counts()["1"] > 90
    assert store.put_circuit(isa).qubits == set(range(19))


def test_real_time_variables_are_refused_with_what_to_do_instead(store):
    circuit = QuantumCircuit(1, 1)
    flag = circuit.add_var("flag", expr.lift(True))
    with circuit.if_test(flag):
        circuit.x(0)
    circuit.measure(0, 0)
    with pytest.raises(IBMInputValueError, match=r"real-time variable 'flag' can't be .* ClassicalRegister"):
        run("sampler", [sampler_pub(circuit)], aer_simulator(), store)
    instead = QuantumCircuit(QuantumRegister(1), ClassicalRegister(2, "flag"), ClassicalRegister(1, "c"))
    instead.store(instead.cregs[0], 2)
    with instead.if_test(expr.equal(instead.cregs[0], 2)):
        instead.x(0)
    instead.measure(0, 2)
    result, _ = run("sampler", [sampler_pub(instead)], aer_simulator(), store)
    assert (result[0].data.flag.get_counts(), result[0].data.c.get_counts()) == ({"10": 100}, {"1": 100})
    result, _ = run("sampler", [sampler_pub(circuit)], aer_simulator(), store, dry_run=True)
    assert result[0].data.c.num_shots == 100


def test_a_stretch_is_refused_with_what_to_do_instead(store):
    circuit = QuantumCircuit(1, 1)
    circuit.delay(circuit.add_stretch("wait"), 0)
    circuit.measure(0, 0)
    for backend in (aer_simulator(), generic()):
        with pytest.raises(IBMInputValueError, match="stretch 'wait' can't be simulated"):
            run("sampler", [sampler_pub(circuit)], backend, store)
        result, _ = run("sampler", [sampler_pub(circuit)], backend, store, dry_run=True)
        assert result[0].data.c.num_shots == 100


def test_a_delay_without_its_length_has_no_noise_to_be_simulated_with(store):
    circuit = QuantumCircuit(1, 1)
    circuit.x(0)
    circuit.delay(Parameter("t"), 0, "dt")
    circuit.measure(0, 0)
    with pytest.raises(
        IBMInputValueError, match=r"delay of t dt .* circuit\.assign_parameters\(\) before run"
    ):
        run("sampler", [sampler_pub(circuit, [100])], generic(), store)
    result, _ = run("sampler", [sampler_pub(circuit, [100])], aer_simulator(), store)
    assert result[0].data.c.get_counts() == {"1": 100}
    run("sampler", [sampler_pub(circuit.assign_parameters([100]))], generic(), store)


def test_idle_qubits_and_barriers_go_and_the_measurements_come_last():
    circuit = QuantumCircuit(5, 2)
    circuit.x(4)
    circuit.measure(4, 1)
    circuit.barrier()
    circuit.h(1)
    circuit.measure(1, 0)
    flat = flatten(circuit)
    assert flat.qubits == (1, 4)
    assert [i.name for i in flat.circuit.data] == ["x", "h", "measure", "measure"]
    assert flat.samplable
    assert flatten(circuit, also={0}).qubits == (0, 1, 4)


def test_a_gate_behind_a_measurement_keeps_the_order_and_no_shots_are_sampled():
    circuit = QuantumCircuit(1, 2)
    circuit.measure(0, 0)
    circuit.x(0)
    circuit.measure(0, 1)
    flat = flatten(circuit)
    assert [i.name for i in flat.circuit.data] == ["measure", "x", "measure"]
    assert not flat.samplable


def test_slots_are_filled_with_the_values_of_their_expressions():
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(1, 1)
    circuit.rx(2 * a + 1, 0)  # linear
    circuit.rz(a * b, 0)
    circuit.ry(b.sin(), 0)
    circuit.rx(0.5, 0)
    circuit.measure(0, 0)
    flat = flatten(circuit)
    assert flat.slots == ((0, 0), (1, 0), (2, 0))
    values = np.array([[0.1, 0.2], [3.0, -1.0]])  # a, b
    expected = [[2 * x + 1, x * y, np.sin(y)] for x, y in values]
    assert flat.fill(values) == pytest.approx(np.array(expected))


def test_measurements_and_resets_of_ibms_own_are_those_that_aer_has() -> None:
    library = pytest.importorskip("qiskit_ibm_runtime.circuit")
    circuit = QuantumCircuit(2, 3)
    circuit.x(0)
    circuit.append(library.MidCircuitMeasure(), [0], [0])
    circuit.append(library.MidCircuitReset(), [0], [])
    circuit.append(library.MeasureReset(), [0], [1])
    circuit.append(library.MidCircuitMeasure("measure_3"), [0], [2])
    flat = flatten(circuit).circuit
    assert [instruction.name for instruction in flat.data] == [
        "x",
        "measure",
        "reset",
        "measure",
        "reset",
        "measure",
    ]
    assert [flat.find_bit(i.clbits[0]).index for i in flat.data if i.clbits] == [0, 1, 2]
