"""What IBM's client sees of each rule of jobs, on the manual clock (SEMANTICS section 1)."""

from __future__ import annotations

import logging
from typing import get_args

import pytest
from qiskit import QuantumCircuit
from qiskit.providers import JobTimeoutError
from qiskit_ibm_runtime import IBMBackend, QiskitRuntimeService, RuntimeJobV2, SamplerV2, Session, exceptions
from qiskit_ibm_runtime.runtime_job_v2 import JobStatus

from qmode_jupyter import RuntimeService
from qmode_jupyter.runtime.clock import ManualClock
from tests.ibm.circuits import bell
from tests.ibm.rules.workloads import submit

#: As many as are prepared at once on one QPU.
LANES = 5


@pytest.fixture
def six(patient: QiskitRuntimeService, circuit: QuantumCircuit) -> list[RuntimeJobV2]:
    """One job more than there are lanes, all submitted now."""
    return [submit(patient.backend("ibm_small"), circuit) for _ in range(LANES + 1)]


def test_j1_a_state_is_one_of_six_words(
    six: list[RuntimeJobV2], small: IBMBackend, circuit: QuantumCircuit, emulated: RuntimeService
) -> None:
    seen = {job.status() for job in six}
    six[1].cancel()
    for job in six:
        emulated.runtime.wait(job.job_id())
        seen.add(job.status())
    cut = SamplerV2(small, {"max_execution_time": 5}).run([circuit], shots=40_000)
    cut.wait_for_final_state()
    seen.add(cut.status())
    assert seen == {"QUEUED", "RUNNING", "CANCELLED", "DONE", "ERROR"}
    assert all(type(word) is str for word in seen)
    assert set(get_args(JobStatus)) == seen | {"INITIALIZING"}


def test_j4_initializing_is_what_the_client_says_before_it_has_asked(six: list[RuntimeJobV2]) -> None:
    assert {job._status for job in six} == {"INITIALIZING"}
    assert [job.status() for job in six] == ["RUNNING"] * LANES + ["QUEUED"]
    for job in six:
        job.cancel()


def test_j5_from_queued_to_running_to_done_and_never_back(
    six: list[RuntimeJobV2], patient: QiskitRuntimeService, clock: ManualClock, emulated: RuntimeService
) -> None:
    first, running, *_, waiting = six
    queued = submit(patient.backend("ibm_small"), bell(patient.backend("ibm_small")))
    assert (waiting.status(), queued.status()) == ("QUEUED", "QUEUED")
    queued.cancel()
    emulated.runtime.wait(first.job_id())
    assert (first.status(), waiting.status()) == ("DONE", "RUNNING")
    running.cancel()
    emulated.runtime.wait(waiting.job_id())
    clock.advance(3_600)
    asked_anew = [patient.job(job.job_id()) for job in (first, waiting, queued, running)]
    assert [job.status() for job in asked_anew] == ["DONE", "DONE", "CANCELLED", "CANCELLED"]


def test_j7_what_a_person_cancelled_has_no_reason_and_what_failed_has_one_with_its_code(
    six: list[RuntimeJobV2], patient: QiskitRuntimeService, emulated: RuntimeService
) -> None:
    for job in six:
        job.cancel()
    assert patient.job(six[0].job_id()).error_message() is None
    alien = QuantumCircuit(1, 1)
    alien.h(0)
    alien.measure(0, 0)
    backend = patient.backend("ibm_small")
    failed = patient._run("sampler", {"pubs": [(alien,)], "version": 2}, {"backend": backend})
    emulated.runtime.wait(failed.job_id())
    state = patient._active_api_client.job_get(failed.job_id())["state"]
    assert (state["status"], state["reason_code"]) == ("Failed", 1517)
    assert f"Error code 1517; {state['reason']}" in failed.error_message()


def test_j12_the_log_of_one_that_has_not_ended_warns_and_is_asked_for_all_the_same(
    six: list[RuntimeJobV2], caplog: pytest.LogCaptureFixture, emulated: RuntimeService
) -> None:
    logger = logging.getLogger("qiskit_ibm_runtime")
    logger.addHandler(caplog.handler)
    level, logger.level = logger.level, logging.WARNING
    try:
        assert six[0].logs() == ""
        emulated.runtime.wait(six[0].job_id())
        assert "Job logs are only available after the job finishes." in caplog.text
        caplog.clear()
        assert six[0].logs()
        assert caplog.text == ""
    finally:
        logger.removeHandler(caplog.handler)
        logger.level = level
    for job in six[1:]:
        job.cancel()


def test_j21_a_job_may_be_given_more_than_its_session_has_and_each_limit_acts_on_its_own(
    small: IBMBackend, circuit: QuantumCircuit
) -> None:
    session = Session(small, max_time=300)
    job = SamplerV2(session, {"max_execution_time": 900}).run([circuit], shots=2_000_000)
    other = SamplerV2(session, {"max_execution_time": 5}).run([circuit], shots=40_000)
    for submitted in (job, other):
        submitted.wait_for_final_state()
    assert (job.status(), job.usage() > session.details()["max_time"]) == ("DONE", True)
    assert "maximum execution time" in str(other.error_message())
    assert other.usage() == 5


def test_j22_errors_are_of_the_client_s_own_tree(
    six: list[RuntimeJobV2], patient: QiskitRuntimeService
) -> None:
    with pytest.raises(exceptions.RuntimeJobNotFound) as unknown:
        patient.job("nobody")
    with pytest.raises(exceptions.RuntimeJobTimeoutError) as late:
        six[0].result(timeout=0.1)
    six[0].cancel()
    with pytest.raises(exceptions.RuntimeInvalidStateError) as cancelled:
        six[0].result()
    with pytest.raises(exceptions.RuntimeInvalidStateError):
        patient.job(six[0].job_id()).cancel()
    for raised in (unknown, cancelled):
        assert isinstance(raised.value, exceptions.IBMRuntimeError)
        assert isinstance(raised.value, exceptions.IBMError)
    assert isinstance(late.value, JobTimeoutError)
    assert not isinstance(late.value, exceptions.IBMError)
    assert str(unknown.value).startswith("'Job not found: ")
    for job in six[1:]:
        job.cancel()
