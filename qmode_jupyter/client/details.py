"""What the service says of a session, batch or job, as plain dictionaries of one shape.

The keys are those of a session's details (SEMANTICS S6). A job has them too, with None where they
mean nothing to it, and some of its own behind them.
"""

from __future__ import annotations

from typing import Any

from qmode_jupyter.cost.model import NOT_EXECUTING
from qmode_jupyter.runtime.clock import timestamp
from qmode_jupyter.runtime.jobs import JobRequest
from qmode_jupyter.runtime.runtime import Runtime
from qmode_jupyter.runtime.store.past import KeptRequest, Past
from qmode_jupyter.scheduler.breakdown import ROUNDING, job_parts
from qmode_jupyter.scheduler.records import JobRecord, JobState, Mode, WorkloadRecord


def as_sent(seconds: float) -> float:
    """Return seconds as the service writes them: whole ones as an int, others to the millisecond."""
    return int(seconds) if seconds == int(seconds) else round(seconds, 3)


def wall(runtime: Runtime | Past, at: float | None) -> str | None:
    """Return a moment of the emulated clock as the service writes it: ISO 8601, UTC."""
    return None if at is None else timestamp(runtime.origin_s + at)


def wire_mode(mode: Mode) -> str:
    """Return IBM's word for a mode on the wire: a session is "dedicated"."""
    return "dedicated" if mode is Mode.SESSION else str(mode)


def workload_usage(record: WorkloadRecord) -> float | None:
    """Return the seconds charged so far, None before the first job has started (SEMANTICS S8)."""
    return None if record.started_at is None else as_sent(record.usage_s)


def workload_details(runtime: Runtime | Past, record: WorkloadRecord) -> dict[str, Any]:
    """Return the details of a session or batch (SEMANTICS S6, S7)."""
    now = runtime.now()
    held = sum(span.until(now) for span in record.stretches)
    return {
        "id": record.id,
        "backend_name": record.qpu,
        "interactive_timeout": as_sent(record.interactive_timeout_s),
        "max_time": as_sent(record.max_time_s),
        "active_timeout": max(0, int(record.max_time_s - held)),  # SEMANTICS S5, A3: what is left of it
        "state": str(record.state),
        "accepting_jobs": record.accepting_jobs,
        "last_job_started": wall(runtime, record.last_job_started_at),
        "last_job_completed": wall(runtime, record.last_job_completed_at),
        "started_at": wall(runtime, record.started_at),
        "closed_at": wall(runtime, record.closed_at),
        "activated_at": wall(runtime, record.activated_at),
        "mode": wire_mode(record.mode),
        "usage_time": workload_usage(record),
        "timestamps": [
            {"status": str(state), "timestamp": wall(runtime, since)} for state, since in record.history
        ],
    }


def job_moments(record: JobRecord) -> list[tuple[JobState, float]]:
    """Return each state that a job has been in and when that began, in emulated seconds."""
    moments = [
        (JobState.QUEUED, record.submitted_at),
        (JobState.PREPARING, record.preparing_at),
        (JobState.WAITING, record.waiting_at),
        (JobState.ON_QPU, record.on_qpu_at),
        (record.state, record.ended_at),
    ]
    return [(state, at) for state, at in moments if at is not None]


def job_seconds(runtime: Runtime | Past, record: JobRecord) -> dict[str, float]:
    """Return how long a job has been queued, preparing, waiting for the QPU and on it."""
    now = runtime.now() if record.ended_at is None else record.ended_at
    moments = job_moments(record)
    ends = [at for _, at in moments[1:]] + [now]
    seconds = dict.fromkeys((str(s) for s in (JobState.QUEUED, *_RUNNING)), 0.0)
    for (state, begins), end in zip(moments, ends, strict=True):
        if str(state) in seconds:
            seconds[str(state)] = round(end - begins, 3)
    return seconds


def executing_seconds(runtime: Runtime | Past, record: JobRecord) -> float:
    """Return how long a job's circuits were executed: without what is overhead (SEMANTICS J14)."""
    if not record.parts:
        return job_seconds(runtime, record)["on_qpu"]
    named = job_parts(record) if record.settled else ()
    return sum(seconds for name, seconds in named if name not in NOT_EXECUTING and name != ROUNDING)


_RUNNING = (JobState.PREPARING, JobState.WAITING, JobState.ON_QPU)


def _mode_of(runtime: Runtime | Past, record: JobRecord) -> str:
    return "job" if record.workload is None else wire_mode(runtime.workloads.record(record.workload).mode)


def job_details(
    runtime: Runtime | Past, record: JobRecord, request: JobRequest | KeptRequest
) -> dict[str, Any]:
    """Return the details of a job."""
    return {
        "id": record.id,
        "backend_name": record.qpu,
        "interactive_timeout": None,
        "max_time": None if record.max_execution_s is None else as_sent(record.max_execution_s),
        "active_timeout": None,
        "state": str(record.state),
        "accepting_jobs": None,
        "last_job_started": wall(runtime, record.preparing_at),
        "last_job_completed": wall(runtime, record.ended_at),
        "started_at": wall(runtime, record.preparing_at),
        "closed_at": wall(runtime, record.ended_at),
        "activated_at": wall(runtime, record.on_qpu_at),
        "mode": _mode_of(runtime, record),
        "usage_time": as_sent(record.charged_s),
        "timestamps": [
            {"status": str(state), "timestamp": wall(runtime, at)} for state, at in job_moments(record)
        ],
        "status": record.status,
        "program": record.program,
        "session_id": record.workload,
        "tags": list(request.tags),
        "reason": record.reason,
        "reason_code": record.reason_code,
        "seconds": job_seconds(runtime, record),
    }
