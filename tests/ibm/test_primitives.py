"""What people's notebooks do: both primitives of IBM's client in every mode, and the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.primitives import BitArray
from qiskit.quantum_info import SparsePauliOp
from qiskit_aer import AerSimulator
from qiskit_ibm_runtime import Batch, EstimatorV2, IBMBackend, QiskitRuntimeService, SamplerV2, Session
from qiskit_ibm_runtime.execution_span import ExecutionSpans
from qiskit_ibm_runtime.fake_provider import FakeManilaV2

from qmode_jupyter import RuntimeService
from tests.ibm.circuits import IDEAL, bell, distance, isa


def turned(backend: IBMBackend) -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.rx(Parameter("angle"), 0)
    return isa(circuit, backend)


def test_a_bell_state_has_two_outcomes_and_no_other(small: IBMBackend) -> None:
    result = SamplerV2(small, IDEAL).run([bell(small)], shots=4000).result()
    counts = result[0].data.meas.get_counts()
    assert set(counts) == {"00", "11"}
    assert sum(counts.values()) == 4000
    assert abs(counts["00"] - 2000) < 5 * np.sqrt(1000)


def test_a_noisy_distribution_is_that_of_aer(small: IBMBackend) -> None:
    shots = 20_000
    circuit = bell(small)
    ours = SamplerV2(small).run([circuit], shots=shots).result()[0].data.meas.get_counts()
    aer = AerSimulator.from_backend(FakeManilaV2()).run(circuit, shots=shots, seed_simulator=3).result()
    assert distance(ours, aer.get_counts()) < 0.02
    assert ours["01"] + ours["10"] > shots / 100


def test_a_sampler_s_values_shots_and_metadata_come_through(small: IBMBackend) -> None:
    circuit = turned(small)
    circuit.measure_all()
    circuit.metadata = {"about": "a turn"}
    result = SamplerV2(small, IDEAL).run([(circuit, [[0.0], [np.pi]], 50)]).result()
    bits = result[0].data.meas
    assert isinstance(bits, BitArray)
    assert (bits.shape, bits.num_shots) == ((2,), 50)
    assert bits[0].get_counts() == {"0" * circuit.num_qubits: 50}
    assert sum(bits[1].bitcount()) == 50
    assert result[0].metadata["circuit_metadata"] == {"about": "a turn"}
    assert result.metadata["version"] == 2
    spans = result.metadata["execution"]["execution_spans"]
    assert isinstance(spans, ExecutionSpans)
    assert (spans.pub_idxs, spans[0].size) == ([0], 100)


def test_expectation_values_are_exact_where_nothing_is_left_to_chance(small: IBMBackend) -> None:
    circuit = turned(small)
    z = SparsePauliOp(["Z", "I"], [1.0, 0.5]).apply_layout(circuit.layout)
    angles = [[0.0], [np.pi]]
    result = EstimatorV2(small, IDEAL | {"resilience_level": 0}).run([(circuit, z, angles)]).result()
    assert result[0].data.evs == pytest.approx([1.5, -0.5])
    assert result[0].data.stds == pytest.approx([0, 0])
    assert result[0].metadata["shots"] == 4096
    assert result[0].metadata["target_precision"] == 1 / 64


def test_one_value_without_a_shape_comes_back_as_an_array(small: IBMBackend) -> None:
    circuit = turned(small).assign_parameters([np.pi / 2])
    z = SparsePauliOp("Z").apply_layout(circuit.layout)
    data = EstimatorV2(small, IDEAL).run([(circuit, z)], precision=0.05).result()[0].data
    assert isinstance(data.evs, np.ndarray)
    assert data.evs.shape == data.stds.shape == data.ensemble_standard_error.shape == ()
    assert abs(data.evs) < 0.3
    assert float(data.stds) == pytest.approx(0.05, rel=0.2)


def test_all_modes_in_one_notebook_are_one_history(
    client: QiskitRuntimeService, emulated: RuntimeService, small: IBMBackend
) -> None:
    circuit = bell(small)
    alone = SamplerV2(small).run([circuit])
    with Session(small, max_time="10m") as session:
        first = SamplerV2().run([circuit])
        first.result()
        second = SamplerV2(session).run([circuit])
    with Batch(small) as batch:
        jobs = [SamplerV2(mode=batch).run([circuit], shots=100 * (i + 1)) for i in range(3)]
    totals = [sum(job.result()[0].data.meas.get_counts().values()) for job in jobs]
    assert totals == [100, 200, 300]
    alone.result()
    second.result()
    ids = [job.job_id() for job in (alone, first, second, *jobs)]
    assert [job.job_id() for job in reversed(emulated.jobs(limit=6))] == ids
    assert [job.job_id() for job in reversed(client.jobs(limit=6))] == ids
    assert [job.session_id for job in emulated.jobs(limit=6)][:3] == [batch.session_id] * 3
    assert emulated.trace(session.session_id).qpu == "ibm_small"
    assert [w.id for w in emulated.workloads()][-2:] == [session.session_id, batch.session_id]


def test_what_is_simulated_otherwise_than_asked_stands_in_the_log(small: IBMBackend) -> None:
    job = SamplerV2(small, {"twirling": {"enable_gates": True}}).run([bell(small)])
    job.result()
    assert "twirling.enable_gates" in job.logs()
