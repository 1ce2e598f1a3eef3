"""RuntimeJob: status, waiting, results, endings, usage, facts."""

from __future__ import annotations

import json
import logging
import pickle
from datetime import datetime, timedelta

import pytest
from qiskit import QuantumCircuit
from qiskit import __version__ as qiskit_version
from qiskit.primitives import BasePrimitiveJob, PrimitiveResult
from qiskit_aer import AerSimulator

from qmode_jupyter import Batch, RuntimeJob, RuntimeService, SamplerV2
from qmode_jupyter.errors import (
    OptionError,
    RuntimeInvalidStateError,
    RuntimeJobFailureError,
    RuntimeJobMaxTimeoutError,
    RuntimeJobNotFound,
    RuntimeJobTimeoutError,
)
from tests.emulated import bell, service


@pytest.fixture
def job(aer: AerSimulator) -> RuntimeJob:
    """A job in job mode that has not ended: the clock stands until somebody waits."""
    return SamplerV2(aer, {"environment": {"job_tags": ["mine"]}}).run([bell()], shots=10)


def failed(aer: AerSimulator) -> RuntimeJob:
    """A job whose circuit Aer does not know."""
    from qiskit.circuit import Gate

    circuit = QuantumCircuit(1, 1)
    circuit.append(Gate("mystery", 1, []), [0])
    circuit.measure(0, 0)
    job = SamplerV2(aer).run([circuit], shots=10)
    job.wait_for_final_state()
    return job


def test_a_job_from_start_to_end(job: RuntimeJob, emulated: RuntimeService) -> None:
    assert isinstance(job, BasePrimitiveJob)
    assert len(job.job_id()) == 20
    assert job.job_id() == job.job_id().lower()
    assert job.status() == "RUNNING"  # on an idle QPU preparation starts at once
    assert (job.running(), job.done(), job.in_final_state(), job.cancelled(), job.errored()) == (
        True,
        False,
        False,
        False,
        False,
    )
    assert job.usage() == 0
    result = job.result()
    assert isinstance(result, PrimitiveResult)
    assert job.status() == "DONE"
    assert (job.done(), job.in_final_state(), job.running()) == (True, True, False)
    assert job.error_message() is None
    assert job.usage() >= 2
    assert job.result()[0].data.meas.get_counts() == result[0].data.meas.get_counts()
    assert emulated.job(job.job_id()).result()[0].data.meas.num_shots == 10


def test_it_says_who_and_what_it_is(job: RuntimeJob, aer: AerSimulator, emulated: RuntimeService) -> None:
    assert job.backend() is aer
    assert job.service is emulated
    assert (job.primitive_id, job.session_id, job.image, job.private) == ("sampler", None, "", False)
    assert job.instance == "emulated/premium"
    assert job.inputs["pubs"][0].circuit.name == "bell"
    assert job.properties() is None
    assert repr(job) == f"<RuntimeJob('{job.job_id()}', 'sampler')>"
    assert "on aer_simulator: RUNNING" in job._repr_html_()
    created = job.creation_date
    assert created.tzinfo is not None
    assert abs(created.timestamp() - emulated.runtime.origin_s - job.record().submitted_at) < 1e-3


def test_waiting_too_short_leaves_the_job_alone(job: RuntimeJob) -> None:
    for wait in (job.wait_for_final_state, job.result):
        with pytest.raises(RuntimeJobTimeoutError, match=r"job to complete after 0\.5 secs\."):
            wait(timeout=0.5)
    assert job.status() == "RUNNING"
    job.wait_for_final_state(timeout=3600)
    assert job.done()


def test_a_short_poll_interval_is_remarked_on(job: RuntimeJob) -> None:
    with pytest.warns(UserWarning, match="poll interval specified is lower") as caught:
        job.wait_for_final_state(poll_interval=0.01)
    assert caught[0].filename == __file__


def test_a_cancelled_job(job: RuntimeJob) -> None:
    assert job.cancel() is None
    assert (job.status(), job.cancelled(), job.usage(), job.error_message()) == ("CANCELLED", True, 0, None)
    with pytest.raises(
        RuntimeInvalidStateError,
        match=f"^Unable to retrieve result for job {job.job_id()}. Job was cancelled.$",
    ):
        job.result()
    with pytest.raises(RuntimeInvalidStateError, match="Job cannot be cancelled: "):
        job.cancel()


def test_a_job_that_is_done_can_not_be_cancelled(job: RuntimeJob) -> None:
    job.result()
    with pytest.raises(RuntimeInvalidStateError, match="Job cannot be cancelled: "):
        job.cancel()
    assert job.status() == "DONE"


def test_a_failed_job_says_why(aer: AerSimulator) -> None:
    job = failed(aer)
    assert (job.status(), job.errored(), job.usage()) == ("ERROR", True, 0)
    with pytest.raises(RuntimeJobFailureError, match=r"^Unable to retrieve job result\. .*mystery") as caught:
        job.result()
    assert "\n" not in str(caught.value)
    assert job.error_message().startswith(f"Job {job.job_id()} has failed:\n")
    assert "mystery" in job.logs()
    assert "ERROR" in job._repr_html_()


def test_a_circuit_too_large_for_memory_says_how_to_go_on(aer: AerSimulator) -> None:
    circuit = QuantumCircuit(45)
    for qubit in range(45):
        circuit.ry(0.3, qubit)
    for qubit in range(44):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    with pytest.raises(RuntimeJobFailureError, match="45 qubits are too many to simulate here") as caught:
        SamplerV2(aer).run([circuit], shots=10).result()
    assert '{"simulator": {"dry_run": True}}' in str(caught.value)
    assert SamplerV2(aer).run([bell()], shots=10).result()[0].data.meas.num_shots == 10


def test_a_job_that_runs_too_long(aer: AerSimulator) -> None:
    job = SamplerV2(aer, {"max_execution_time": 1}).run([bell()])
    with pytest.raises(RuntimeJobMaxTimeoutError, match=r"^Error code 1305; "):
        job.result()
    assert job.status() == "ERROR"
    assert job.error_message().startswith(f"Job {job.job_id()} ran longer than maximum execution time.")


def test_metrics_have_todays_keys_and_yesterdays(job: RuntimeJob) -> None:
    pending = job.metrics()
    assert pending["usage"]["status"] == "pending"
    assert pending["timestamps"]["finished"] is None
    job.result()
    metrics = job.metrics()
    usage = job.usage()
    assert metrics["usage"] == {
        "qpu_charge_time_seconds": usage,
        "status": "complete",
        "quantum_seconds": usage,
        "seconds": usage,
    }
    assert metrics["bss"] == {"seconds": usage}
    assert metrics["qiskit_version"] == qiskit_version
    assert metrics["circuits_execution_time_ns"] > 0
    times = [datetime.fromisoformat(metrics["timestamps"][key]) for key in ("created", "running", "finished")]
    assert times == sorted(times)
    assert all(time.utcoffset() == timedelta(0) for time in times)


def test_the_older_keys_can_be_left_out() -> None:
    with service(legacy_metrics=False) as strict:
        job = SamplerV2(strict.backend("aer_simulator")).run([bell()])
        job.result()
        assert set(job.metrics()["usage"]) == {"qpu_charge_time_seconds", "status"}
        assert "bss" not in job.metrics()


def test_a_job_cancelled_in_the_queue_never_ran(aer: AerSimulator) -> None:
    with Batch(aer):
        jobs = [SamplerV2().run([bell()]) for _ in range(8)]
        assert jobs[-1].status() == "QUEUED"
        jobs[-1].cancel()
    assert jobs[-1].metrics()["timestamps"]["running"] is None
    assert jobs[-1].usage() == 0


def test_usage_while_it_runs(job: RuntimeJob) -> None:
    assert job.usage(partial=True) == 0
    job.result()
    assert job.usage(partial=True) == job.usage()
    assert job.usage_estimation == {"quantum_seconds": job.usage()}


def test_logs_come_when_it_has_ended(job: RuntimeJob, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "qmode_jupyter.client.job"):
        assert job.logs() == ""
    assert "Job logs are only available after the job finishes." in caplog.text
    job.result()
    assert [line.split()[1] for line in job.logs().splitlines()] == [
        "queued",
        "preparing",
        "waiting",
        "on_qpu",
        "done",
    ]


def test_tags_can_be_changed(job: RuntimeJob) -> None:
    assert job.tags == ["mine"]
    assert job.update_tags(["b", "a", "b"]) == ["b", "a"]
    assert job.tags == ["b", "a"]
    for wrong in ("mine", ["x"] * 9, [3], ["x" * 87]):
        with pytest.raises(OptionError):
            job.update_tags(wrong)
    assert job.tags == ["b", "a"]


def test_a_private_job_is_read_once(aer: AerSimulator, emulated: RuntimeService) -> None:
    job = SamplerV2(aer, {"environment": {"private": True}}).run([bell()], shots=5)
    assert (job.private, job.inputs) == (True, {})
    assert job.result()[0].data.meas.num_shots == 5
    assert job.result() is None
    assert emulated.job(job.job_id()).result() is None


def test_a_deleted_job_is_gone(job: RuntimeJob, emulated: RuntimeService) -> None:
    job.result()
    emulated.delete_job(job.job_id())
    assert job.status() == "DONE"
    with pytest.raises(RuntimeJobNotFound, match=f"Job not found: {job.job_id()}"):
        job.result()


def test_a_status_is_a_text_that_answers_what_older_ones_answered(aer: AerSimulator) -> None:
    job = SamplerV2(aer).run([bell()], shots=1)
    job.result()
    status = job.status()
    assert (status, status.name, repr(status), json.dumps(status)) == ("DONE", "DONE", "'DONE'", '"DONE"')
    assert status in job.JOB_FINAL_STATES
    assert pickle.loads(pickle.dumps(status)) == "DONE"
    with pytest.raises(AttributeError, match=r"has no 'value': compare it, as in job\.status\(\) == 'DONE'"):
        status.value  # noqa: B018 - asking is the test
