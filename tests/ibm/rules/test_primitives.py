"""What IBM's client sees of each rule of primitives, on the manual clock (SEMANTICS section 4)."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.primitives import BitArray
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import Batch, EstimatorV2, IBMBackend, SamplerV2, Session
from qiskit_ibm_runtime.exceptions import IBMInputValueError, IBMRuntimeError

from qmode_jupyter import RuntimeService


@pytest.fixture
def nothing_submitted(emulated: RuntimeService) -> None:
    """Refused is refused: the service never hears of it."""
    before = len(emulated.runtime.jobs)
    yield
    assert len(emulated.runtime.jobs) == before


def measured(qubits: int) -> QuantumCircuit:
    circuit = QuantumCircuit(qubits)
    circuit.x(0)
    circuit.measure_all()
    return circuit


def test_p1_a_primitive_joins_its_mode_or_the_one_around_it_and_nothing_else_is_a_mode(
    small: IBMBackend, circuit: QuantumCircuit
) -> None:
    with Session(small) as session:
        around = SamplerV2().run([circuit])
    with Batch(small) as batch:
        beside = SamplerV2(mode=small).run([circuit])
        given = SamplerV2(mode=batch).run([circuit])
    alone = SamplerV2(small).run([circuit])
    found = [job.session_id for job in (around, beside, given, alone)]
    assert found == [session.session_id, batch.session_id, batch.session_id, None]
    with pytest.raises(ValueError, match="mode must be of type Backend, Session, Batch or None"):
        SamplerV2(mode="ibm_small")
    with pytest.raises(ValueError, match="A backend or session must be specified"):
        SamplerV2()


def test_p3_made_inside_it_keeps_its_session_when_that_is_over(
    small: IBMBackend, circuit: QuantumCircuit, nothing_submitted: None
) -> None:
    with Session(small) as session:
        sampler = SamplerV2()
    assert session.status() == "Closed"
    with pytest.raises(IBMRuntimeError, match="The session is closed"):
        sampler.run([circuit])


def test_p4_what_is_checked_first_is_said_first(small: IBMBackend, nothing_submitted: None) -> None:
    dynamic = QuantumCircuit(1, 1)
    dynamic.h(0)
    dynamic.measure(0, 0)
    with dynamic.if_test((0, 1)):
        dynamic.x(0)
    decoupled = SamplerV2(small, {"dynamical_decoupling": {"enable": True}})
    with pytest.raises(
        IBMInputValueError, match="Dynamical decoupling currently cannot be used with dynamic"
    ):
        decoupled.run([dynamic])
    with pytest.raises(IBMInputValueError, match="instruction h on qubits"):
        SamplerV2(small).run([dynamic])


def test_p5_circuits_are_written_in_the_qpu_s_own_gates(small: IBMBackend, nothing_submitted: None) -> None:
    with pytest.raises(IBMInputValueError, match=r"circuit has 6 qubits but the target system requires 5"):
        SamplerV2(small).run([measured(6)])
    alien = QuantumCircuit(1)
    alien.h(0)
    alien.measure_all()
    with pytest.raises(IBMInputValueError, match=r"instruction h on qubits \(0,\) is not supported"):
        SamplerV2(small).run([alien])


def test_p5_fewer_qubits_need_no_layout(small: IBMBackend) -> None:
    counts = SamplerV2(small, {"default_shots": 200}).run([measured(1)]).result()[0].data.meas.get_counts()
    assert counts["1"] > 150


def test_p6_what_is_wrong_with_a_pub_is_said_by_name(small: IBMBackend, nothing_submitted: None) -> None:
    bare = QuantumCircuit(1)
    bare.x(0)
    named = QuantumCircuit(QuantumRegister(1), ClassicalRegister(1, "a b"))
    named.measure(0, 0)
    with pytest.raises(IBMInputValueError, match="a b"):
        SamplerV2(small).run([named])
    with pytest.raises((IBMInputValueError, ValueError), match="precision"):
        EstimatorV2(small).run([(bare, SparsePauliOp("Z"))], precision=0)


def test_p6_a_circuit_without_a_measurement_is_warned_of(small: IBMBackend) -> None:
    bare = QuantumCircuit(1)
    bare.x(0)
    with pytest.warns(UserWarning, match="no output classical registers"):
        job = SamplerV2(small).run([bare])
    job.wait_for_final_state()


def test_p8_shots_are_the_pub_s_or_the_run_s_or_the_options_or_4096(
    small: IBMBackend, circuit: QuantumCircuit
) -> None:
    sampler = SamplerV2(small)
    assert sampler.run([circuit]).result()[0].data.meas.num_shots == 4096
    sampler.options.default_shots = 30
    jobs = [
        sampler.run([circuit]),
        sampler.run([circuit], shots=20),
        sampler.run([(circuit, None, 10)], shots=20),
    ]
    assert [job.result()[0].data.meas.num_shots for job in jobs] == [30, 20, 10]
    z = SparsePauliOp("ZZ").apply_layout(circuit.layout)
    estimator = EstimatorV2(small)
    bare = circuit.remove_final_measurements(inplace=False)
    assert estimator.run([(bare, z)]).result()[0].metadata["target_precision"] == 1 / 64
    estimator.options.default_precision = 0.1
    assert estimator.run([(bare, z)]).result()[0].metadata["target_precision"] == 0.1


def test_p9_what_was_sent_is_what_the_job_was_asked(small: IBMBackend, circuit: QuantumCircuit) -> None:
    job = SamplerV2(small, {"default_shots": 7}).run([(circuit, None, 5)])
    sent = job.inputs
    assert (sent["version"], sent["support_qiskit"]) == (2, True)
    assert sent["options"]["default_shots"] == 7
    ((sent_circuit, _, shots),) = sent["pubs"]
    assert (sent_circuit, shots) == (circuit, 5)
    job.wait_for_final_state()


def test_p10_ten_million_executions_are_the_most(small: IBMBackend, circuit: QuantumCircuit) -> None:
    job = SamplerV2(small).run([circuit], shots=10_000_001)
    job.wait_for_final_state()
    assert job.status() == "ERROR"
    assert "Error code 1520" in job.error_message()
    assert job.usage() == 0


def test_p11_results_have_the_service_s_shape(small: IBMBackend, circuit: QuantumCircuit) -> None:
    sampled = SamplerV2(small).run([circuit], shots=10).result()
    assert isinstance(sampled[0].data.meas, BitArray)
    assert set(sampled.metadata) == {"execution", "version"}
    assert set(sampled.metadata["execution"]) == {"execution_spans"}
    assert set(sampled[0].metadata) == {"circuit_metadata"}
    z = SparsePauliOp("ZZ").apply_layout(circuit.layout)
    bare = circuit.remove_final_measurements(inplace=False)
    estimated = EstimatorV2(small).run([(bare, [z, z])]).result()
    data = estimated[0].data
    assert [np.shape(data[name]) for name in ("evs", "stds", "ensemble_standard_error")] == [(2,)] * 3
    assert set(estimated.metadata) == {"dynamical_decoupling", "twirling", "resilience", "version"}
    assert {"shots", "target_precision", "circuit_metadata", "resilience"} <= set(estimated[0].metadata)
