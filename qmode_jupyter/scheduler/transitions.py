"""The states of jobs and workloads, and the literal tables of what may follow what.

Two rules govern this file.

1. Every change of state in the project is one look-up in one of the two tables below. No other
   code decides what follows what; the state diagrams in the docs are printed from these tables.
2. A change that is not in its table raises `IllegalTransition`, and nothing has changed.

A job's states are finer than the service's five words: RUNNING on the wire covers preparation,
the wait for the QPU and the QPU itself (SEMANTICS J6), and those three are what a person has to
tell apart. `JOB_STATUS` is the way back to IBM's words.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


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


class JobStep(StrEnum):
    """What moves a job on."""

    DEQUEUED = "dequeued"
    PREPARED = "prepared"
    STARTED = "started"
    EXECUTED = "executed"
    FAILS = "fails"
    IS_CANCELLED = "is cancelled"


class WorkloadState(StrEnum):
    """The states of a session or batch on the wire (SEMANTICS S1)."""

    OPEN = "open"
    ACTIVE = "active"
    INACTIVE = "inactive"
    CLOSED = "closed"


class WorkloadStep(StrEnum):
    """What moves a workload on."""

    JOB_DEQUEUED = "a job is dequeued"
    IDLE = "interactive timeout"
    UNUSED = "no job for 30 minutes"
    DRAINED = "closed or cancelled, and no job left"
    EXPIRED = "maximum timeout"
    TERMINATED = "cost limit"


class IllegalTransition(Exception):
    """Something happened that cannot happen to a job or workload in its state."""


# SEMANTICS J5, refined by J6 and A11.
JOB_TRANSITIONS: Final[dict[JobState, dict[JobStep, JobState]]] = {
    JobState.QUEUED: {
        JobStep.DEQUEUED: JobState.PREPARING,
        JobStep.FAILS: JobState.FAILED,
        JobStep.IS_CANCELLED: JobState.CANCELLED,
    },
    JobState.PREPARING: {
        JobStep.PREPARED: JobState.WAITING,
        JobStep.FAILS: JobState.FAILED,
        JobStep.IS_CANCELLED: JobState.CANCELLED,
    },
    JobState.WAITING: {
        JobStep.STARTED: JobState.ON_QPU,
        JobStep.FAILS: JobState.FAILED,
        JobStep.IS_CANCELLED: JobState.CANCELLED,
    },
    JobState.ON_QPU: {
        JobStep.EXECUTED: JobState.DONE,
        JobStep.FAILS: JobState.FAILED,
        JobStep.IS_CANCELLED: JobState.CANCELLED,
    },
    JobState.DONE: {},
    JobState.FAILED: {},
    JobState.CANCELLED: {},
}

# SEMANTICS S3; S4 makes CLOSED final.
WORKLOAD_TRANSITIONS: Final[dict[WorkloadState, dict[WorkloadStep, WorkloadState]]] = {
    WorkloadState.OPEN: {
        WorkloadStep.JOB_DEQUEUED: WorkloadState.ACTIVE,
        WorkloadStep.UNUSED: WorkloadState.CLOSED,
        WorkloadStep.DRAINED: WorkloadState.CLOSED,
        WorkloadStep.TERMINATED: WorkloadState.CLOSED,
    },
    WorkloadState.ACTIVE: {
        WorkloadStep.IDLE: WorkloadState.INACTIVE,
        WorkloadStep.DRAINED: WorkloadState.CLOSED,
        WorkloadStep.EXPIRED: WorkloadState.CLOSED,
        WorkloadStep.TERMINATED: WorkloadState.CLOSED,
    },
    WorkloadState.INACTIVE: {
        WorkloadStep.JOB_DEQUEUED: WorkloadState.ACTIVE,
        WorkloadStep.DRAINED: WorkloadState.CLOSED,
        WorkloadStep.EXPIRED: WorkloadState.CLOSED,
        WorkloadStep.TERMINATED: WorkloadState.CLOSED,
    },
    WorkloadState.CLOSED: {},
}

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


def job_after(state: JobState, step: JobStep) -> JobState:
    """Return the state that follows `state` on `step`, or raise `IllegalTransition`."""
    try:
        return JOB_TRANSITIONS[state][step]
    except KeyError:
        raise IllegalTransition(f"a job that is {state} can't go on when it {step}") from None


def workload_after(state: WorkloadState, step: WorkloadStep) -> WorkloadState:
    """Return the state that follows `state` on `step`, or raise `IllegalTransition`."""
    try:
        return WORKLOAD_TRANSITIONS[state][step]
    except KeyError:
        raise IllegalTransition(f"a workload that is {state} has no step {step!s}") from None


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
