"""The client-side primitives of IBM's client, which send quantum programs; and programs of one's own."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import Batch, Executor, IBMBackend, QiskitRuntimeService, QuantumProgram, Session
from qiskit_ibm_runtime.exceptions import IBMRuntimeError, RuntimeJobFailureError
from qiskit_ibm_runtime.executor_estimator import Estimator
from qiskit_ibm_runtime.executor_sampler import Sampler
from samplomatic import build
from samplomatic.transpiler import generate_boxing_pass_manager

from qmode_jupyter import RuntimeService
from tests.ibm.circuits import bell, distance, isa


def flipped(backend: IBMBackend) -> QuantumCircuit:
    """A qubit that is turned over, or not: an angle of pi or 0."""
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("angle"), 0)
    circuit.measure_all()
    return isa(circuit, backend)


@pytest.mark.parametrize("twirled", [False, True])
def test_the_client_side_sampler_samples_as_the_other_one(small: IBMBackend, twirled: bool) -> None:
    from qiskit_ibm_runtime import SamplerV2

    options = {"twirling": {"enable_gates": twirled, "enable_measure": twirled}}
    result = Sampler(small, options).run([bell(small)], shots=8192).result()
    counts = result[0].data.meas.get_counts()
    assert sum(counts.values()) == 8192
    plain = SamplerV2(small).run([bell(small)], shots=8192).result()[0].data.meas.get_counts()
    assert distance(counts, plain) < 0.03
    (chunk,) = result.metadata["executor"].chunk_timing
    assert (chunk.stop - chunk.start).total_seconds() == pytest.approx(8192 * 255e-6, rel=0.1)


def test_its_parameter_values_and_shapes_come_through(small: IBMBackend) -> None:
    values = [[[0.0], [np.pi]], [[np.pi], [0.0]]]
    result = Sampler(small).run([(flipped(small), values)], shots=400).result()
    ones = result[0].data.meas.bitcount().mean(axis=-1)
    assert ones.shape == (2, 2)
    assert ones == pytest.approx(np.array([[0, 1], [1, 0]]), abs=0.1)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_the_client_side_estimator_estimates(small: IBMBackend, level: int) -> None:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    ready = isa(circuit, small)
    observables = [SparsePauliOp(label).apply_layout(ready.layout) for label in ("ZZ", "XX", "ZI")]
    with Session(small) as session:
        job = Estimator(session, {"resilience_level": level}).run([(ready, observables)])
        data = job.result()[0].data
    assert data.evs == pytest.approx([1, 1, 0], abs=0.25 if level < 2 else 0.5)
    assert job.session_id == session.session_id


def test_mitigation_brings_a_noisy_value_nearer(client: QiskitRuntimeService, small: IBMBackend) -> None:
    ready = isa(QuantumCircuit(1), small)
    z = SparsePauliOp("Z").apply_layout(ready.layout)
    estimate = {
        level: float(
            Estimator(small, {"resilience_level": level, "default_shots": 20_000})
            .run([(ready, z)])
            .result()[0]
            .data.evs
        )
        for level in (0, 1)
    }
    assert abs(1 - estimate[1]) < abs(1 - estimate[0])


@pytest.mark.slow
def test_a_device_of_156_qubits_is_calibrated_and_measured_whole() -> None:
    """The Estimator's circuits touch every qubit; no simulator holds them in one piece."""
    from qmode_jupyter import ibm
    from qmode_jupyter.runtime.clock import ManualClock

    with RuntimeService(clock=ManualClock()) as service:
        backend = ibm.service(ibm.serve(service, backends={"ibm_fez": "fake_fez"})).backend("ibm_fez")
        circuit = QuantumCircuit(2)
        circuit.h(0)
        circuit.cx(0, 1)
        ready = isa(circuit, backend)
        zz = SparsePauliOp("ZZ").apply_layout(ready.layout)
        result = Estimator(backend, {"resilience_level": 1}).run([(ready, zz)]).result()
        assert float(result[0].data.evs) == pytest.approx(1, abs=0.15)


def test_a_program_of_one_s_own_has_circuits_and_samplexes(
    client: QiskitRuntimeService, emulated: RuntimeService, small: IBMBackend
) -> None:
    program = QuantumProgram(shots=64, passthrough_data={"mine": [1, "two", np.arange(3.0)]})
    program.append_circuit_item(flipped(small), circuit_arguments=np.array([[0.0], [np.pi], [0.0]]))
    boxes = generate_boxing_pass_manager(enable_gates=True, enable_measures=True).run(bell(small))
    template, samplex = build(boxes)
    program.append_samplex_item(template, samplex=samplex, shape=(4,))
    with Batch(small) as batch:
        job = Executor(batch).run(program)
    result = job.result()
    assert result[0]["meas"].shape == (3, 64, flipped(small).num_clbits)
    assert result[0]["meas"].dtype == bool
    assert result[0]["meas"].any(axis=-1).mean(axis=-1) == pytest.approx([0, 1, 0], abs=0.2)
    assert result[1]["meas"].shape[:2] == (4, 64)
    flips = result[1]["measurement_flips.meas"]
    bits = result[1]["meas"] ^ flips
    assert (bits[..., 0] == bits[..., 1]).mean() > 0.85
    assert result.passthrough_data["mine"][:2] == [1, "two"]
    assert result.passthrough_data["mine"][2] == pytest.approx(np.arange(3.0))
    record = emulated.job(job.job_id()).record()
    assert (record.program, job.primitive_id) == ("executor", "executor")
    assert client.job(job.job_id()).result()[0]["meas"].shape == (3, 64, flipped(small).num_clbits)


def test_a_program_that_can_t_be_run_is_refused_or_fails_and_says_why(small: IBMBackend) -> None:
    program = QuantumProgram(shots=10, meas_level="kerneled")
    program.append_circuit_item(bell(small))
    with pytest.raises(IBMRuntimeError, match=r"Failed to run program.*classified data only"):
        Executor(small).run(program)
    alien = QuantumCircuit(1)
    alien.h(0)
    alien.measure_all()
    program = QuantumProgram(shots=10)
    program.append_circuit_item(alien)
    with pytest.raises(RuntimeJobFailureError, match="Error code 1517; The instruction h on qubits"):
        Executor(small).run(program).result()
    program = QuantumProgram(shots=10_000_001)
    program.append_circuit_item(bell(small))
    with pytest.raises(RuntimeJobFailureError, match="Error code 1520"):
        Executor(small).run(program).result()


def test_a_dry_run_of_a_program_goes_to_the_mock_device(small: IBMBackend) -> None:
    program = QuantumProgram(shots=10)
    program.append_circuit_item(bell(small))
    job = Executor(small).run(program, dry_run=True)
    assert job.backend().name == "mock_small"
    assert job.result()[0]["meas"].shape == (10, 2)
