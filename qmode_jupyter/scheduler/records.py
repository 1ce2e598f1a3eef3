"""What is known of jobs, workloads and the QPU at one moment, and the words for it: to be read by anyone.

All times are emulated seconds on the runtime's clock; None where the moment has not come. What may
follow what stands in `transitions`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from qmode_jupyter.cost.model import Part
from qmode_jupyter.cost.work import Work


class Mode(StrEnum):
    """How jobs are grouped: IBM's three execution modes."""

    JOB = "job"
    BATCH = "batch"
    SESSION = "session"


class JobState(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    PREPARING = "preparing"
    WAITING = "waiting"
    ON_QPU = "on_qpu"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class WorkloadState(StrEnum):
    """The states of a session or batch on the wire (SEMANTICS S1)."""

    OPEN = "open"
    ACTIVE = "active"
    INACTIVE = "inactive"
    CLOSED = "closed"


#: A job's state in the client's words (SEMANTICS J1, J2, J6).
JOB_STATUS: Final[dict[JobState, str]] = {
    JobState.QUEUED: "QUEUED",
    JobState.PREPARING: "RUNNING",
    JobState.WAITING: "RUNNING",
    JobState.ON_QPU: "RUNNING",
    JobState.DONE: "DONE",
    JobState.FAILED: "ERROR",
    JobState.CANCELLED: "CANCELLED",
}

#: States in which a job holds a preparation lane (SEMANTICS A22).
IN_LANE: Final = frozenset({JobState.PREPARING, JobState.WAITING, JobState.ON_QPU})

#: States that a job never leaves (SEMANTICS J1).
SETTLED: Final = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})

#: Reason code of a job that ran longer than its maximum execution time (SEMANTICS J3, J20).
TOO_LONG: Final = 1305

#: Reason code of a job whose session or batch ended before it ran (SEMANTICS A1).
WORKLOAD_ENDED: Final = 4001


def job_status(state: JobState, reason_code: int | None) -> str:
    """Return the client's word for a job's state; 1305 turns CANCELLED into ERROR (SEMANTICS J3)."""
    if state is JobState.CANCELLED and reason_code == TOO_LONG:
        return "ERROR"
    return JOB_STATUS[state]


def shown_state(state: JobState, reason_code: int | None) -> JobState:
    """Return the state that a person is shown: a job that ran too long has failed (SEMANTICS J3)."""
    if state is JobState.CANCELLED and reason_code == TOO_LONG:
        return JobState.FAILED
    return state


def workload_status(state: WorkloadState, accepting_jobs: bool) -> str:
    """Return the client's words for a workload's state (SEMANTICS S2)."""
    if state in (WorkloadState.OPEN, WorkloadState.INACTIVE):
        return "Pending"
    if state is WorkloadState.ACTIVE:
        return f"In progress, {'' if accepting_jobs else 'not '}accepting new jobs"
    return "Closed"


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One job's life so far."""

    id: str
    qpu: str
    tenant: str
    workload: str | None
    program: str
    state: JobState
    submitted_at: float
    preparing_at: float | None
    waiting_at: float | None
    on_qpu_at: float | None
    ended_at: float | None
    #: Seconds that its time on the QPU is charged with; inside a session the session is charged.
    charged_s: float
    #: Seconds that it would hold the QPU, known when it is prepared.
    qpu_s: float
    reason: str
    reason_code: int | None
    overhead_s: float
    max_execution_s: float | None
    submitter: int
    awaited: tuple[str, ...]
    #: When its preparation really began; until then others in the lanes were prepared (SEMANTICS A28).
    preparation_at: float | None = None
    #: What `qpu_s` is made of, before it is rounded up, and what that was reckoned from.
    parts: tuple[Part, ...] = ()
    work: Work | None = None
    #: It outlived its workload and runs on its own (SEMANTICS L3).
    outlived: bool = False

    @property
    def settled(self) -> bool:
        """Whether the job has ended."""
        return self.state in SETTLED

    @property
    def status(self) -> str:
        """IBM's word for the state (SEMANTICS J2, J3)."""
        return job_status(self.state, self.reason_code)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of emulated time; `end` is None while it lasts."""

    start: float
    end: float | None = None

    def until(self, now: float) -> float:
        """Return the stretch's length in seconds, taking `now` for an end that has not come."""
        return (now if self.end is None else self.end) - self.start


@dataclass(frozen=True, slots=True)
class WorkloadRecord:
    """One session's or batch's life so far."""

    id: str
    mode: Mode
    qpu: str
    tenant: str
    name: str
    state: WorkloadState
    state_reason: str
    accepting_jobs: bool
    interactive_timeout_s: float
    max_time_s: float
    opened_at: float
    started_at: float | None
    activated_at: float | None
    closed_at: float | None
    last_job_started_at: float | None
    last_job_completed_at: float | None
    #: When the interactive timeout would end it; None while it does not count.
    idle_deadline_at: float | None
    #: When the maximum timeout ends it; None before the first job starts and after the close.
    expires_at: float | None
    #: Jobs that have not ended.
    unfinished: int
    #: Jobs that still wait in the queue.
    queued: int
    jobs: int
    #: Seconds charged so far (SEMANTICS U2, U3).
    usage_s: float
    #: Seconds of its jobs on the QPU so far.
    qpu_s: float
    #: When it held the QPU or its priority: what a session is charged for.
    stretches: tuple[Span, ...]
    #: Every state with the time at which it began.
    history: tuple[tuple[WorkloadState, float], ...]

    @property
    def status(self) -> str:
        """IBM's words for the state (SEMANTICS S2)."""
        return workload_status(self.state, self.accepting_jobs)


def moved(record: WorkloadRecord, seconds: float) -> WorkloadRecord:
    """Return a workload's record with all its times so much later: as on another clock."""

    def later(at: float | None) -> float | None:
        return None if at is None else at + seconds

    return replace(
        record,
        opened_at=record.opened_at + seconds,
        started_at=later(record.started_at),
        activated_at=later(record.activated_at),
        closed_at=later(record.closed_at),
        last_job_started_at=later(record.last_job_started_at),
        last_job_completed_at=later(record.last_job_completed_at),
        idle_deadline_at=later(record.idle_deadline_at),
        expires_at=later(record.expires_at),
        stretches=tuple(Span(span.start + seconds, later(span.end)) for span in record.stretches),
        history=tuple((state, at + seconds) for state, at in record.history),
    )


@dataclass(frozen=True, slots=True)
class CalibrationRecord:
    """One calibration of a QPU; `started_at` is None while it waits for its turn."""

    qpu: str
    due_at: float
    duration_s: float
    started_at: float | None
