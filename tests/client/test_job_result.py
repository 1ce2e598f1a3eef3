"""What an ended job gives: a result, or the error that says why there is none (SEMANTICS J9)."""

from __future__ import annotations

import pickle

import pytest
from qiskit import QuantumCircuit
from qiskit.primitives import PrimitiveResult
from qiskit_aer import AerSimulator

from qmode_jupyter import (
    EstimatorV2,
    RuntimeJob,
    SamplerV2,
)
from qmode_jupyter.client.job_result import check_done, decoded, reason_of
from qmode_jupyter.errors import RuntimeInvalidStateError, RuntimeJobFailureError, RuntimeJobMaxTimeoutError
from qmode_jupyter.scheduler.records import TOO_LONG, JobRecord, JobState
from tests.emulated import bell, refused


def ended(state: JobState, reason: str = "", code: int | None = None) -> JobRecord:
    """A job that has ended so."""
    return JobRecord(
        id="j1",
        qpu="qpu",
        tenant="you",
        workload=None,
        program="sampler",
        state=state,
        submitted_at=0.0,
        preparing_at=0.0,
        waiting_at=0.0,
        on_qpu_at=0.0,
        ended_at=1.0,
        charged_s=1.0,
        qpu_s=1.0,
        overhead_s=0.0,
        max_execution_s=None,
        submitter=0,
        awaited=(),
        reason=reason,
        reason_code=code,
    )


@pytest.fixture
def job(aer: AerSimulator) -> RuntimeJob:
    """A job in job mode of ten shots."""
    return SamplerV2(aer).run([bell()], shots=10)


def test_a_job_that_is_done_has_a_result() -> None:
    check_done(ended(JobState.DONE))


@pytest.mark.parametrize(
    ("record", "kind", "said"),
    [
        (
            ended(JobState.FAILED, "the circuit is too wide", 1517),
            RuntimeJobFailureError,
            "Unable to retrieve job result. Error code 1517; the circuit is too wide",
        ),
        (
            ended(JobState.FAILED),
            RuntimeJobFailureError,
            "Unable to retrieve job result. No reason was given.",
        ),
        (
            ended(JobState.CANCELLED),
            RuntimeInvalidStateError,
            "Unable to retrieve result for job j1. Job was cancelled.",
        ),
        (
            ended(JobState.CANCELLED, "ran too long", TOO_LONG),
            RuntimeJobMaxTimeoutError,
            "Error code 1305; ran too long",
        ),
    ],
    ids=["failed", "failed without a word", "cancelled", "too long"],
)
def test_a_job_without_a_result_raises_a_class_of_its_own(
    record: JobRecord, kind: type[Exception], said: str
) -> None:
    """SEMANTICS J9, J3."""
    with pytest.raises(kind) as caught:
        check_done(record)
    assert type(caught.value) is kind
    assert str(caught.value) == said


def test_a_reason_goes_after_its_code() -> None:
    """SEMANTICS J7."""
    assert reason_of(ended(JobState.FAILED, "it broke")) == "it broke"
    assert reason_of(ended(JobState.FAILED, "it broke", 9999)) == "Error code 9999; it broke"
    assert reason_of(ended(JobState.DONE)) == ""


def test_a_reason_does_not_steer_the_terminal() -> None:
    assert "\x1b" not in reason_of(ended(JobState.FAILED, "red \x1b[31m text"))


def test_without_a_decoder_the_result_is_as_it_was() -> None:
    result = object()
    for none in (None, [], ()):
        assert decoded(result, none) is result


def test_results_in_the_style_of_v1_are_told_the_v2_way(aer: AerSimulator) -> None:
    result = EstimatorV2(aer).run([(QuantumCircuit(1), "Z")]).result()
    assert refused(lambda: result.values, AttributeError).endswith(
        "for the first PUB write result[0].data.evs."
    )
    assert "get_counts()" in refused(lambda: result.quasi_dists, AttributeError)
    assert not hasattr(result, "anything_else")


def test_decoders_are_chained(job: RuntimeJob) -> None:
    class Counts:
        @classmethod
        def decode(cls, result: PrimitiveResult) -> dict[str, int]:
            return result[0].data.meas.get_counts()

    class Total:
        @classmethod
        def decode(cls, counts: dict[str, int]) -> int:
            return sum(counts.values())

    class Never:
        @classmethod
        def is_applicable(cls, result: object) -> bool:
            return False

    assert job.result(decoder=Counts).keys() <= {"00", "11"}
    assert job.result(decoder=[Counts, Never, Total]) == 10


def test_a_result_can_be_pickled(job: RuntimeJob) -> None:
    twin = pickle.loads(pickle.dumps(job.result()))
    assert twin[0].data.meas == job.result()[0].data.meas
