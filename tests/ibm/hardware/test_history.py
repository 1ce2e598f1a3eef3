"""What the service says, on the wire's own words, as records."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("qiskit_ibm_runtime")

from qmode_jupyter.ibm.hardware.history import Facts, JobFacts, moment, trace_of
from qmode_jupyter.scheduler.plans import PREMIUM
from qmode_jupyter.scheduler.records import Mode, Span, WorkloadState

OPENED = moment("2026-09-19T10:00:00Z")


def at(seconds: float) -> str:
    return f"2026-09-19T10:{int(seconds // 60):02d}:{seconds % 60:06.3f}Z"


def job(name: str, status: str, *times: float | None, charge: float | None = None, **more: Any) -> JobFacts:
    named = zip(("created", "running", "finished"), times, strict=False)
    metrics: dict[str, Any] = {"timestamps": {word: None if t is None else at(t) for word, t in named}}
    if charge is not None:
        metrics["usage"] = {"qpu_charge_time_seconds": charge, "status": "complete"}
    return JobFacts(name, "sampler", status, OPENED + 1, metrics=metrics if times else {}, **more)


def facts(*jobs: JobFacts, now: float = 100.0, mode: Mode = Mode.SESSION, **details: Any) -> Facts:
    return Facts("s1", mode, "ibm_fez", "vqe", PREMIUM, OPENED, OPENED + now, details, jobs)


def states(*pairs: tuple[str, float]) -> list[dict[str, str]]:
    return [{"status": state, "timestamp": at(seconds)} for state, seconds in pairs]


def test_before_the_first_answer_it_is_open_and_has_what_was_submitted() -> None:
    trace = trace_of(facts(job("j1", "INITIALIZING")))
    (workload,) = trace.workloads
    assert (workload.state, workload.opened_at, workload.usage_s, workload.queued) == ("open", 0, 0, 1)
    assert trace.jobs[0].state == "queued"
    assert trace.until == 100


def test_an_active_session_whose_jobs_have_ended_counts_down_to_its_interactive_timeout() -> None:
    trace = trace_of(
        facts(
            job("j1", "DONE", 2, 10, 20, charge=4),
            state="active",
            accepting_jobs=True,
            interactive_timeout=60,
            max_time=600,
            started_at=at(10),
            last_job_completed=at(20),
            usage_time=12,
            timestamps=states(("open", 0), ("active", 10)),
            now=22.0,
        )
    )
    (workload,) = trace.workloads
    assert workload.history == ((WorkloadState.OPEN, 0.0), (WorkloadState.ACTIVE, 10.0))
    assert (workload.idle_deadline_at, workload.expires_at) == (80, 610)
    assert workload.stretches == (Span(10.0, None),)
    assert (workload.usage_s, workload.qpu_s) == (12, 4)
    (done,) = trace.jobs
    times = (done.submitted_at, done.preparing_at, done.waiting_at, done.on_qpu_at, done.ended_at)
    assert times == (2, 10, 16, 16, 20), "the time that is charged is the last of its run"


def test_a_running_job_is_on_the_qpu_when_it_is_charged_for_something() -> None:
    running = trace_of(facts(job("j1", "RUNNING", 2, 10, charge=0))).jobs[0]
    assert (running.state, running.on_qpu_at) == ("preparing", None)
    charged = job("j1", "RUNNING", 2, 10, charge=3, metrics_s=OPENED + 20)
    for now in (20.0, 25.0):  # it began when it began, however old the answer is
        running = trace_of(facts(charged, now=now)).jobs[0]
        assert (running.state, running.on_qpu_at, running.ended_at) == ("on_qpu", 17, None)


def test_a_job_that_was_cancelled_in_the_queue_never_ran() -> None:
    cancelled = trace_of(facts(job("j1", "CANCELLED", 2, None, None, over_s=OPENED + 30))).jobs[0]
    assert (cancelled.state, cancelled.preparing_at, cancelled.ended_at) == ("cancelled", None, 30)


def test_why_a_job_failed_has_its_code() -> None:
    said = "Job j1 has failed:\nError code 1305; Job ran too long"
    failed = trace_of(facts(job("j1", "ERROR", 2, 10, 20, charge=10, reason=said))).jobs[0]
    assert (failed.state, failed.reason_code, failed.reason) == ("failed", 1305, "Job ran too long")
    plain = trace_of(facts(job("j1", "ERROR", 2, 10, 20, reason="Traceback ..."))).jobs[0]
    assert (plain.reason_code, plain.reason) == (None, "Traceback ...")


def test_a_closed_one_ends_with_its_last_moment_whatever_the_clock_here_says() -> None:
    closed = states(("open", 0), ("active", 10), ("inactive", 70), ("active", 75), ("closed", 90))
    for now in (5.0, 9_000.0):
        trace = trace_of(
            facts(job("j1", "DONE", 2, 10, 20, charge=4), state="closed", timestamps=closed, now=now)
        )
        (workload,) = trace.workloads
        assert (trace.until, workload.closed_at, workload.accepting_jobs) == (90, 90, True)
        assert workload.stretches == (Span(10.0, 70.0), Span(75.0, 90.0))


def test_words_that_nobody_knows_and_times_that_are_none_stop_nothing() -> None:
    odd = [*states(("open", 0), ("pending_closed", 10)), {"status": "active", "timestamp": "soon"}, {}]
    (workload,) = trace_of(
        facts(state="pending_inactive", timestamps=odd, started_at="", max_time=None)
    ).workloads
    assert (workload.state, workload.max_time_s) == ("active", 28_800)
    (workload,) = trace_of(facts(state="archived", mode=Mode.BATCH)).workloads
    assert (workload.state, workload.interactive_timeout_s) == ("open", 1)


def test_it_draws_as_any_trace_does() -> None:
    from qmode_jupyter.timeline.draw import timeline

    closed = states(("open", 0), ("active", 10), ("closed", 90))
    jobs = [job("j1", "DONE", 2, 10, 20, charge=4), job("j2", "CANCELLED", 3, None, 12), job("j3", "QUEUED")]
    figure = timeline(trace_of(facts(*jobs, state="closed", timestamps=closed, usage_time=80)))
    assert "session vqe on ibm_fez, 3 jobs, 1 cancelled, 1 not finished" in repr(figure)
