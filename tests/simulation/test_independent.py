"""Wide circuits fall apart where qubits never meet, and what is measured is the same."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.providers import BackendV2
from qiskit_aer import AerSimulator
from qiskit_aer.primitives import SamplerV2 as AersSampler

from qmode_jupyter import Batch, RuntimeService, SamplerV2
from qmode_jupyter.simulation.independent import SPLIT_FROM_QUBITS, groups_of, parts_of, widest
from qmode_jupyter.simulation.object_store import ObjectStore
from qmode_jupyter.simulation.pack import pack
from qmode_jupyter.simulation.tasks import SimulationOptions, _sets
from qmode_jupyter.simulation.worker import simulate


def pairs(qubits: int) -> QuantumCircuit:
    """Bell pairs side by side, measured into two registers, with barriers over all."""
    one, two = ClassicalRegister(qubits // 2, "one"), ClassicalRegister(qubits - qubits // 2, "two")
    circuit = QuantumCircuit(QuantumRegister(qubits, "q"), one, two)
    for qubit in range(0, qubits - 1, 2):
        circuit.h(qubit)
        circuit.cx(qubit, qubit + 1)
    circuit.barrier()
    circuit.measure(range(qubits), [*one, *two])
    return circuit


def test_qubits_that_share_a_gate_or_a_classical_bit_are_together() -> None:
    circuit = QuantumCircuit(6, 6)
    circuit.cx(0, 1)
    circuit.barrier()
    circuit.x(2)
    circuit.measure(2, 2)
    circuit.measure(3, 2)
    circuit.measure(4, 4)
    assert sorted(map(sorted, groups_of(circuit))) == [[0, 1], [2, 3], [4]]


@pytest.mark.parametrize("dynamic", [False, True])
def test_a_circuit_with_control_flow_stays_whole(dynamic: bool) -> None:
    circuit = QuantumCircuit(20, 20)
    circuit.x(range(20))
    if dynamic:
        circuit.measure(0, 0)
        with circuit.if_test((0, 1)):
            circuit.x(5)
    circuit.measure(range(20), range(20))
    assert len(groups_of(circuit)) == (1 if dynamic else 20)
    assert widest(circuit) == (20 if dynamic else 1)
    assert bool(parts_of(circuit)) is not dynamic


def test_a_narrow_circuit_is_simulated_whole_to_the_shot_as_aer_does() -> None:
    circuit = pairs(SPLIT_FROM_QUBITS - 1)
    assert parts_of(circuit) == ()
    assert widest(circuit) == SPLIT_FROM_QUBITS - 1


def test_parts_have_their_own_parameters_and_bits_and_those_that_measure_nothing_are_none() -> None:
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(20, 20)
    circuit.rx(b, 1)
    circuit.rx(a + b, 2)
    circuit.cx(2, 3)
    circuit.x(range(4, 20))
    circuit.measure(1, 7)
    circuit.measure([2, 3], [0, 1])
    one, two = parts_of(circuit)
    assert (one.columns, one.clbits) == ((1,), (7,))
    assert (two.columns, two.clbits) == ((0, 1), (0, 1))
    values = np.array([[1.0, 2.0], [3.0, 2.0], [1.0, 2.0]])
    rows, which = one.distinct(values)
    assert (rows.tolist(), which.tolist()) == ([[2.0]], [0, 0, 0])
    rows, which = two.distinct(values)
    assert (len(rows), which.tolist()) == (2, [0, 1, 0])


def test_what_is_read_again_or_over_is_not_read_once() -> None:
    circuit = QuantumCircuit(20, 20)
    circuit.x(range(20))
    circuit.measure(range(20), range(20))
    circuit.x(3)
    circuit.measure(4, 4)
    assert [part.clbits[0] for part in parts_of(circuit) if not part.read_once] == [3, 4]


def test_the_outcomes_are_those_of_the_whole_with_noise_and_without(
    aer: AerSimulator, device: BackendV2
) -> None:
    """Pairs agree within themselves and not with each other; each register has its own bits."""
    result = SamplerV2(aer).run([pairs(20)], shots=3000).result()[0].data
    registers = (result.one, result.two)
    bits = np.concatenate([register.to_bool_array("little") for register in registers], axis=-1)
    assert bits.shape == (3000, 20)
    assert (bits[:, 0::2] == bits[:, 1::2]).all()
    correlations = np.corrcoef(bits[:, 0::2].T)
    assert np.abs(correlations - np.eye(10)).max() < 0.1
    assert bits.mean(axis=0) == pytest.approx(np.full(20, 0.5), abs=0.05)
    turned = QuantumCircuit(19)
    turned.x(range(0, 19, 2))
    turned.measure_all()
    ones = SamplerV2(device).run([turned], shots=4000).result()[0].data.meas
    errors = ones.to_bool_array("little").mean(axis=0)
    target = device.target["measure"]
    expected = [target[(q,)].error if q % 2 else 1 - target[(q,)].error for q in range(19)]
    assert errors == pytest.approx(expected, abs=0.02)


def test_a_part_whose_shots_are_simulated_one_by_one_is_the_same(device: BackendV2) -> None:
    """Too few shots for a density matrix: trajectories, with the readout's errors."""
    together = {0}
    circuit = QuantumCircuit(19)
    for one, other in sorted(device.coupling_map.get_edges()) * 3:
        if one in together and other not in together and len(together) < 8:
            together.add(other)
            circuit.cx(one, other)
    circuit.x(range(19))
    circuit.measure_all()
    assert widest(circuit) == 8
    result = SamplerV2(device).run([circuit], shots=100).result()  # fewer than outcomes
    bits = result[0].data.meas.to_bool_array("little")
    assert bits.shape == (100, 19)
    assert bits.mean() > 0.8


def test_values_are_laid_out_as_they_came(aer: AerSimulator) -> None:
    """Sets with equal values have shots of their own."""
    angle = Parameter("angle")
    circuit = QuantumCircuit(14, 14)
    circuit.rx(angle, range(14))
    circuit.measure(range(14), range(14))
    values = [[0.0], [np.pi], [0.0], [np.pi / 2], [np.pi / 2]]
    bits = SamplerV2(aer).run([(circuit, values, 500)]).result()[0].data.c.to_bool_array("little")
    assert bits.shape == (5, 500, 14)
    assert bits.mean(axis=(1, 2)) == pytest.approx([0, 1, 0, 0.5, 0.5], abs=0.03)
    assert not (bits[3] == bits[4]).all()


def test_a_seed_repeats_it_however_the_sets_are_shared_out(device: BackendV2) -> None:
    angle = Parameter("angle")
    circuit = QuantumCircuit(19, 19)
    circuit.rz(angle, range(19))
    circuit.sx(range(19))
    circuit.measure(range(19), range(19))
    values = np.linspace(0, 3, 6)[:, None]
    store, options = ObjectStore(), SimulationOptions(seed_simulator=5)
    try:
        pub = SamplerPub.coerce((circuit, values, 50))
        task = pack("sampler", [pub], device, options, store)
        (whole,) = simulate(task).pubs
        shared = [
            simulate(dataclasses.replace(task, pubs=(_sets(task.pubs[0], a, b),)))
            for a, b in ((0, 2), (2, 6))
        ]
    finally:
        store.close()
    pieces = [result.pubs[0].arrays["c"] for result in shared]
    assert (np.concatenate(pieces) == whole.arrays["c"]).all()


def test_a_method_that_holds_wide_circuits_gets_them_whole(emulated: RuntimeService) -> None:
    circuit = pairs(20)
    backend = AerSimulator(method="matrix_product_state", seed_simulator=9)
    with Batch(backend, service=emulated) as batch:
        ours = SamplerV2(batch).run([circuit], shots=40).result()[0].data.one.get_counts()
    theirs = AersSampler.from_backend(backend, seed=9).run([circuit], shots=40).result()[0].data.one
    assert ours == theirs.get_counts()
