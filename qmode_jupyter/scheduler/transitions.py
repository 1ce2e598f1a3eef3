"""The states of jobs and workloads: the literal tables of what may follow what, and the theory behind them.

Two rules govern this file.

1. Every change of state in the project is one look-up in one of the two tables below. No other
   code decides what follows what; the state diagrams in the docs are printed from these tables.
2. A change that is not in its table raises `IllegalTransition`, and nothing has changed.

The tables say what *can* happen. The rest of this text says what makes it happen. Three ideas are
enough for that: lanes, exclusivity, charging.

Lanes
-----
A job goes through four stages: it is QUEUED, it is prepared classically (PREPARING), it waits for the
QPU (WAITING), it is executed (ON_QPU). A QPU has a few lanes, five on most, and holds one job at a time
(SEMANTICS B3, A11). A job takes a lane when it is dequeued and keeps it until it has left the QPU
(A22): a job that is prepared and waits still fills its lane. Jobs enter the QPU in the order in which
they finished preparing: a job that is quick to prepare overtakes one that is slow.

The service calls the last three stages RUNNING (J6). They are told apart here because a person has to
tell them apart: only on the QPU does a job cost anything. `records.JOB_STATUS` is the way back to the
service's words.

A free lane is filled by asking who is next (Q3), and the first of these who has a queued job is:

1. the session that has the QPU to itself. It alone; if none of its jobs is queued the lane stays free;
2. a batch that is active, the one that became active first before the others (B2);
3. the head of the line, in which jobs in job mode and workloads that want to become active queue with
   those of everybody else, by fair share (A8). A job that is picked is dequeued. A workload that is
   picked becomes ACTIVE, leaves the line, and its first job is dequeued.

So a workload queues once, whatever number of jobs it has, and again when it had become INACTIVE (S11,
A13). A calibration that is due takes the QPU between two jobs, before any that is prepared (A7).

Exclusivity
-----------
An active session has the QPU to itself. It can't begin while a stranger's job is in a lane or a
calibration is on the QPU: a session at the head of the line holds the line up until the lanes have
drained. It ends only when it gives the QPU up, and that is later than the end of its state ACTIVE:
past its maximum timeout or cost limit a session is CLOSED, and its jobs in lanes still run to their
end; until the last has left, the QPU stays its own (A24). `Qpu.session` says who has the QPU, the
state says who takes jobs.

A batch has priority and nothing more: others, and calibrations, go on between its jobs.

What ends ACTIVE: the interactive timeout, which counts while no job is unfinished (S10); the maximum
timeout, which counts from the first job's start and never pauses (S9); the cost limit; and, once it
takes no more jobs, the end of the last one. A workload that never had a job is closed half an hour
after it was opened (A20).

Charging
--------
Every second that is charged has an entry in the ledger, with a reason:

- a job is charged for its time on the QPU: at least its overhead, in whole seconds (U1, U8, A9), and
  nothing where the system failed (U4);
- a batch for the sum of its jobs (U2);
- a session for every second in which it had the QPU, whatever ran in it (U3), and for no inactive one
  (A12). Its jobs have a figure each, which is shown and not billed;
- a reservation for what its tenant left of it (Q7).

Preparation, the queue and inactive time cost nothing (U5). From this and from exclusivity follows what
`invariants` looks at after every event: what a session is charged for overlaps with nobody else's time.
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
