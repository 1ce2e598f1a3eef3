"""The states of jobs and workloads, and the literal tables of what may follow what.

Two rules govern this file.

1. Every change of state in the project is one look-up in one of the two tables below. No other
   code decides what follows what; the state diagrams in the docs are printed from these tables.
2. A change that is not in its table raises `IllegalTransition`, and nothing has changed.

A job's states are finer than the service's five words: RUNNING on the wire covers preparation,
the wait for the QPU and the QPU itself (SEMANTICS J6), and those three are what a person has to
tell apart. `records.JOB_STATUS` is the way back to IBM's words.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from qmode_jupyter.scheduler.records import JobState, WorkloadState


class JobStep(StrEnum):
    """What moves a job on."""

    DEQUEUED = "dequeued"
    PREPARED = "prepared"
    STARTED = "started"
    EXECUTED = "executed"
    FAILS = "fails"
    IS_CANCELLED = "is cancelled"


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
