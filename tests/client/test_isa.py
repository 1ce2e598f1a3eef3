"""Circuits that a QPU can run as they are, and those that it can't (SEMANTICS P4, P5)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit_aer import AerSimulator

from qmode_jupyter import Batch, RuntimeService, SamplerV2
from qmode_jupyter.client.isa import check_isa, check_rzz, is_simulator
from qmode_jupyter.errors import (
    NotISAError,
)
from tests.emulated import bell, isa, refused


def test_a_circuit_that_is_not_isa(device: GenericBackendV2) -> None:
    text = refused(lambda: SamplerV2(device).run([bell()]), NotISAError)
    assert text.startswith("The instruction h on qubits (0,) is not supported by the target system. ")
    assert "generate_preset_pass_manager" in text
    wide = QuantumCircuit(20, 1)
    wide.measure(0, 0)
    assert refused(lambda: SamplerV2(device).run([wide])).startswith(
        "The circuit has 20 qubits but the target system requires 19 qubits."
    )


def test_a_gate_between_qubits_that_are_not_neighbours(device: GenericBackendV2) -> None:
    near = next(iter(device.coupling_map.get_edges()))
    far = next((0, b) for b in range(1, 19) if device.coupling_map.distance(0, b) > 1)
    for pair, works in ((near, True), (far, False)):
        circuit = QuantumCircuit(19, 1)
        circuit.cx(*pair)
        circuit.barrier()
        circuit.measure(0, 0)
        if works:
            SamplerV2(device).run([circuit], shots=1)
        else:
            assert f"cx on qubits {far}" in refused(lambda c=circuit: SamplerV2(device).run([c]))


def test_blocks_of_control_flow_are_checked_too(device: GenericBackendV2) -> None:
    for gate, works in (("x", True), ("h", False)):
        circuit = QuantumCircuit(19, 2)
        circuit.measure(3, 0)
        with circuit.if_test((circuit.clbits[0], 1)):
            getattr(circuit, gate)(3)
        circuit.measure(3, 1)
        if works:
            SamplerV2(device).run([circuit], shots=1)
        else:
            assert "h on qubits (3,)" in refused(lambda c=circuit: SamplerV2(device).run([c]))


def test_a_mutated_circuit_is_checked_again(device: GenericBackendV2) -> None:
    circuit = isa(bell(), device)
    SamplerV2(device).run([circuit], shots=1)
    circuit.h(0)
    assert "instruction h" in refused(lambda: SamplerV2(device).run([circuit], shots=1))


def test_aer_takes_any_circuit(aer: AerSimulator) -> None:
    assert SamplerV2(aer).run([bell()], shots=1).result()[0].data.meas.num_shots == 1


def test_rzz_angles_on_a_qpu_that_has_the_gate(emulated: RuntimeService) -> None:
    fractional = GenericBackendV2(3, basis_gates=["rz", "sx", "x", "cz", "rzz"], seed=1)
    session = Batch(fractional, service=emulated)
    angle = Parameter("a")
    edge = next(iter(fractional.coupling_map.get_edges()))

    def circuit(value: object) -> QuantumCircuit:
        made = QuantumCircuit(3, 1)
        made.rzz(value, *edge)
        made.measure(0, 0)
        return made

    sampler = SamplerV2(session)
    sampler.run([circuit(0.3)], shots=1)
    sampler.run([(circuit(2 * angle), [0.3])], shots=1)
    assert "in the range [0, pi/2], not for -0.3" in refused(lambda: sampler.run([circuit(-0.3)]))
    assert "not for 2 (a=1 in 2*a)" in refused(lambda: sampler.run([(circuit(2 * angle), [[0.3], [1]])]))

    other = Parameter("b")
    both = circuit(angle - other)
    both.rz(Parameter("z"), 0)
    both.rzz(other, *edge)
    fit = np.broadcast_to([1.0, 0.5, 9.0], (2, 3, 3))
    assert sampler.run([(both, fit)], shots=1).result()[0].data.c.shape == (2, 3)
    named = {"b": [0.5, 0.25], "a": [1.0, 0.75], "z": [9.0, 9.0]}
    assert sampler.run([(both, named)], shots=1).result()[0].data.c.shape == (2,)
    bad = fit.copy()
    bad[1, 2] = (0.5, 1.0, 9.0)
    text = refused(lambda: sampler.run([(both, bad)]))
    assert "not for -0.5 (a=0.5, b=1 in a - b)" in text
    assert sampler.run([(both, bad[:0])], shots=1).result()[0].data.c.shape == (0, 3)
    session.close()


def rotated(angle: object) -> QuantumCircuit:
    """An rzz on the first two qubits."""
    circuit = QuantumCircuit(2)
    circuit.rzz(angle, 0, 1)
    return circuit


@pytest.fixture
def fractional() -> GenericBackendV2:
    """A QPU that has the rzz gate."""
    return GenericBackendV2(2, basis_gates=["rz", "sx", "x", "cz", "rzz"], seed=1)


def test_rzz_is_calibrated_from_0_to_half_pi_ends_included(fractional: GenericBackendV2) -> None:
    """SEMANTICS P4."""
    check_isa([rotated(0), rotated(math.pi / 2)], fractional)
    for angle in (-1e-6, math.pi / 2 + 1e-6):
        assert "in the range [0, pi/2]" in refused(
            lambda angle=angle: check_isa([rotated(angle)], fractional)
        )


def test_an_angle_that_values_give_is_checked_inside_blocks_too(fractional: GenericBackendV2) -> None:
    circuit = QuantumCircuit(2, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.rzz(Parameter("a"), 0, 1)
    check_rzz([SamplerPub.coerce((circuit, [1.5]))], fractional)
    pub = SamplerPub.coerce((circuit, [[1.5], [1.6]]))
    assert "not for 1.6 (a=1.6 in a)" in refused(lambda: check_rzz([pub], fractional))


def test_angles_are_free_where_nothing_calibrates_them(aer: AerSimulator, device: GenericBackendV2) -> None:
    pub = SamplerPub.coerce((rotated(Parameter("a")), [9.0]))
    for backend in (aer, device):
        check_rzz([pub], backend)


def test_the_first_circuit_that_does_not_fit_is_refused(fractional: GenericBackendV2) -> None:
    fits, other = QuantumCircuit(2), QuantumCircuit(2)
    fits.cz(0, 1)
    fits.barrier()
    other.h(1)
    check_isa([fits, fits], fractional)
    assert "h on qubits (1,)" in refused(lambda: check_isa([fits, fits, other], fractional), NotISAError)


def test_aer_calls_itself_a_simulator_and_a_fake_backend_does_not(
    aer: AerSimulator, fractional: GenericBackendV2
) -> None:
    assert is_simulator(aer)
    assert not is_simulator(fractional)
