"""Every public method of the client's jobs, and of its service about jobs (SEMANTICS section 1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from qiskit import QuantumCircuit
from qiskit_ibm_runtime import IBMBackend, QiskitRuntimeService, RuntimeJobV2, SamplerV2, Session
from qiskit_ibm_runtime.api.exceptions import RequestsApiError
from qiskit_ibm_runtime.exceptions import (
    IBMRuntimeError,
    RuntimeInvalidStateError,
    RuntimeJobFailureError,
    RuntimeJobMaxTimeoutError,
    RuntimeJobNotFound,
    RuntimeJobTimeoutError,
)

from qmode_jupyter import RuntimeService, ibm
from qmode_jupyter.runtime.clock import ManualClock
from tests.ibm.circuits import bell

# ---- its life


def test_j2_j6_its_states_as_time_goes_on(
    patient: QiskitRuntimeService, circuit: QuantumCircuit, clock: ManualClock, emulated: RuntimeService
) -> None:
    sampler = SamplerV2(patient.backend("ibm_small"))
    jobs = [sampler.run([circuit]) for _ in range(6)]
    assert [job.status() for job in jobs] == ["RUNNING"] * 5 + ["QUEUED"]
    assert (jobs[0].running(), jobs[0].done(), jobs[0].in_final_state()) == (True, False, False)
    for job in jobs:
        emulated.runtime.wait(job.job_id())
    assert [job.status() for job in jobs] == ["DONE"] * 6
    assert (jobs[0].done(), jobs[0].errored(), jobs[0].cancelled()) == (True, False, False)


def test_j8_v21_a_wait_that_is_too_short_leaves_the_job_alone(
    patient: QiskitRuntimeService, circuit: QuantumCircuit, emulated: RuntimeService
) -> None:
    job = SamplerV2(patient.backend("ibm_small")).run([circuit])
    with pytest.raises(RuntimeJobTimeoutError, match="Timed out waiting for job to complete"):
        job.result(timeout=0.1)
    emulated.runtime.wait(job.job_id())
    assert job.result()[0].data.meas.num_shots == 4096


def test_j14_j13_its_times_and_its_usage(
    patient: QiskitRuntimeService, circuit: QuantumCircuit, emulated: RuntimeService
) -> None:
    job = SamplerV2(patient.backend("ibm_small")).run([circuit])
    fresh = job.metrics()
    assert fresh["usage"] == {"qpu_charge_time_seconds": 0, "status": "pending"}
    assert fresh["timestamps"]["finished"] is None
    assert job.usage() == job.usage(partial=True) == 0
    record = emulated.runtime.wait(job.job_id())
    ended = job.metrics()
    assert ended["usage"] == {"qpu_charge_time_seconds": record.charged_s, "status": "complete"}
    assert job.usage() == record.charged_s > 0
    created, running, finished = (
        datetime.fromisoformat(ended["timestamps"][word]) for word in ("created", "running", "finished")
    )
    assert created <= running < finished
    assert (finished - running).total_seconds() == pytest.approx(
        record.ended_at - record.preparing_at, abs=0.002
    )
    assert ended["qiskit_version"]
    assert "quantum_seconds" not in ended["usage"]


def test_j10_v20_cancelling(
    patient: QiskitRuntimeService, circuit: QuantumCircuit, emulated: RuntimeService
) -> None:
    sampler = SamplerV2(patient.backend("ibm_small"))
    job = sampler.run([circuit])
    other = patient.job(job.job_id())
    job.cancel()
    assert job.status() == other.status() == "CANCELLED"
    assert (job.usage(), job.error_message()) == (0, None)
    with pytest.raises(RuntimeInvalidStateError, match=f"Unable to retrieve result for job {job.job_id()}"):
        job.result()
    with pytest.raises(RuntimeInvalidStateError, match="Job cannot be cancelled"):
        other.cancel()
    done = sampler.run([circuit])
    emulated.runtime.wait(done.job_id())
    with pytest.raises(RuntimeInvalidStateError, match="Job cannot be cancelled"):
        done.cancel()


def test_j3_j20_v19_one_that_runs_longer_than_it_may_is_an_error_of_its_own_class(
    small: IBMBackend, circuit: QuantumCircuit
) -> None:
    job = SamplerV2(small, {"max_execution_time": 5}).run([circuit], shots=40_000)
    with pytest.raises(RuntimeJobMaxTimeoutError, match="maximum execution time"):
        job.result()
    assert job.status() == "ERROR"
    assert job.usage() == 5
    assert "ran longer than maximum execution time" in job.error_message()


def test_j7_j11_j9_one_that_failed_says_why(small: IBMBackend, client: QiskitRuntimeService) -> None:
    # What the client would not let through: a circuit that the QPU can't run.
    alien = QuantumCircuit(2)
    alien.h(0)
    alien.measure_all()
    job = client._run("sampler", {"pubs": [(alien,)], "version": 2}, {"backend": small})
    with pytest.raises(RuntimeJobFailureError, match="Error code 1517; The instruction h on qubits"):
        job.result()
    assert job.error_message().startswith(f"Job {job.job_id()} has failed:\nError code 1517; ")
    assert job.errored()
    assert "1517" in job.logs()
    assert job.usage() == 0


# ---- what it is


def test_j15_j16_its_properties(
    client: QiskitRuntimeService, small: IBMBackend, circuit: QuantumCircuit
) -> None:
    options = {"environment": {"job_tags": ["a", "b"], "log_level": "DEBUG"}}
    with Session(small) as session:
        job = SamplerV2(options=options).run([circuit], shots=123)
        job.result()
    for one in (job, client.job(job.job_id())):
        assert isinstance(one, RuntimeJobV2)
        assert one.session_id == session.session_id
        assert one.tags == ["a", "b"]
        assert one.primitive_id == "sampler"
        assert one.backend().name == "ibm_small"
        assert one.instance == client.active_instance()
        assert one.private is False
        assert one.properties().backend_name == "ibm_small"
        assert abs(one.creation_date - datetime.now(UTC)) < timedelta(days=2)
        assert one.usage_estimation["quantum_seconds"] == 2  # 1.8 s and 123 executions, in whole seconds
        inputs = one.inputs
        assert inputs["pubs"][0][0] == circuit
        assert inputs["pubs"][0][2] == 123
        assert inputs["version"] == 2
    assert job.logs().splitlines()[0].endswith("queued")


def test_j17_tags_are_replaced_and_there_are_not_too_many(
    client: QiskitRuntimeService, small: IBMBackend, circuit: QuantumCircuit
) -> None:
    job = SamplerV2(small).run([circuit])
    job.update_tags(["new", "new", "other"])
    assert set(job.tags) == {"new", "other"}
    assert [one.job_id() for one in client.jobs(job_tags=["other", "new"])] == [job.job_id()]
    with pytest.raises(RequestsApiError, match='"code": 1204'):
        job.update_tags([str(i) for i in range(9)])
    with pytest.raises(RequestsApiError, match='"code": 1205'):
        job.update_tags(["x" * 87])
    with pytest.raises(IBMRuntimeError, match="1204"):
        SamplerV2(small, {"environment": {"job_tags": [str(i) for i in range(9)]}}).run([circuit])
    job.result()


def test_j18_a_private_job_s_result_is_read_once_and_its_inputs_never(
    client: QiskitRuntimeService, small: IBMBackend, circuit: QuantumCircuit
) -> None:
    job = SamplerV2(small, {"environment": {"private": True}}).run([circuit])
    assert job.private is True
    assert job.result()[0].data.meas.num_shots == 4096
    assert job.result() is None
    found = client.job(job.job_id())
    assert found.private is True
    assert not found.inputs


# ---- finding them


def test_j19_jobs_are_found_by_everything_that_the_client_asks_for(small: IBMBackend) -> None:
    with RuntimeService(clock=(clock := ManualClock()), seed=3) as service:
        client = ibm.service(
            ibm.serve(service, backends={"ibm_small": "fake_manila", "ibm_other": "fake_manila"})
        )
        backends = [client.backend("ibm_small"), client.backend("ibm_other")]
        circuit = bell(backends[0])
        jobs = [
            SamplerV2(backends[i % 2], {"environment": {"job_tags": [f"n{i}"]}}).run([circuit])
            for i in range(4)
        ]
        for job in jobs:
            job.result()
        clock.advance(100)
        with Session(backends[0]) as session:
            late = SamplerV2().run([circuit])
        ids = [job.job_id() for job in (*jobs, late)]

        def found(**wanted: object) -> list[int]:
            return [ids.index(job.job_id()) for job in client.jobs(**wanted)]

        assert found() == [4, 3, 2, 1, 0]
        assert found(limit=2) == [4, 3]
        assert found(limit=2, skip=1) == [3, 2]
        assert found(limit=None) == [4, 3, 2, 1, 0]
        assert found(descending=False, limit=3) == [0, 1, 2]
        assert found(backend_name="ibm_other") == [3, 1]
        assert found(pending=True) == [4]
        assert found(pending=False, limit=1) == [3]
        assert found(program_id="estimator") == []
        assert found(job_tags=["n2"]) == [2]
        assert found(job_tags=["n2", "n3"]) == []
        assert found(session_id=session.session_id) == [4]
        assert found(session_id="unknown") == []
        moment = jobs[3].creation_date + timedelta(seconds=50)
        assert found(created_after=moment) == [4]
        assert found(created_before=moment) == [3, 2, 1, 0]
        assert late.result() is not None


def test_j19_unknown_jobs_and_deleting(
    client: QiskitRuntimeService, small: IBMBackend, circuit: QuantumCircuit
) -> None:
    with pytest.raises(RuntimeJobNotFound, match="Job not found: nothing"):
        client.job("nothing")
    with pytest.raises(RuntimeJobNotFound):
        client.delete_job("nothing")
    job = SamplerV2(small).run([circuit])
    with pytest.raises(IBMRuntimeError, match="Failed to delete job"):
        client.delete_job(job.job_id())
    job.result()
    client.delete_job(job.job_id())
    with pytest.raises(RuntimeJobNotFound):
        client.job(job.job_id())


def test_a_job_of_our_own_is_the_client_s_too(
    client: QiskitRuntimeService, emulated: RuntimeService, small: IBMBackend, circuit: QuantumCircuit
) -> None:
    from qmode_jupyter import EstimatorV2, SamplerV2

    backend = emulated.backend("ibm_small")
    sampled = SamplerV2(backend).run([circuit], shots=77)
    sampled.result()
    found = client.job(sampled.job_id())
    assert found.result()[0].data.meas.num_shots == 77
    assert found.inputs["pubs"][0][2] == 77
    estimated = EstimatorV2(backend).run([(circuit.remove_final_measurements(inplace=False), "IIIIZ")])
    evs = estimated.result()[0].data.evs
    assert client.job(estimated.job_id()).result()[0].data.evs == evs


def test_a_dry_run_goes_to_the_mock_device(
    client: QiskitRuntimeService, small: IBMBackend, circuit: QuantumCircuit
) -> None:
    job = SamplerV2(small).run([circuit], dry_run=True)
    assert job.backend().name == "mock_small"
    result = job.result()
    assert result.metadata["dry_run"] is True
    assert result[0].data.meas.num_shots == 4096
    assert [b.name for b in client.backends()] == ["ibm_small", "ibm_device"]
    assert "mock_small" in [b.name for b in client.backends(include_mocks=True)]


def test_wrong_options_are_refused_by_name(small: IBMBackend, circuit: QuantumCircuit) -> None:
    with pytest.raises(IBMRuntimeError, match=r'Failed to run program.*"code": 1208.*meas_type'):
        SamplerV2(small, {"execution": {"meas_type": "kerneled"}}).run([circuit])
