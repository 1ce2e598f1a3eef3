"""The rules: who gets the QPU next, and what becomes of workloads and jobs.

Each function does one thing to a `State`, leaves it consistent, and appends to `out` what must be done.
Which event causes which of them is told in `scheduler`, which deadline in `timeouts`.
"""

from __future__ import annotations

import math
from typing import Final

from qmode_jupyter.scheduler.deadlines import Deadline
from qmode_jupyter.scheduler.events import (
    GRAIN_S,
    YOU,
    Changed,
    Execute,
    Instruction,
    Prepare,
    Settle,
    Stop,
)
from qmode_jupyter.scheduler.ledger import charge_s
from qmode_jupyter.scheduler.records import (
    IN_LANE,
    SETTLED,
    TOO_LONG,
    JobState,
    Mode,
    Span,
    WorkloadState,
)
from qmode_jupyter.scheduler.state import Job, Qpu, State, Workload
from qmode_jupyter.scheduler.transitions import JobStep, WorkloadStep, job_after, workload_after

#: Why a second on the QPU is charged.
_ON_QPU: Final = {state: f"on the QPU, {state}" for state in SETTLED}


# ---- the QPU and its lanes


def serve(state: State, qpu: Qpu, out: list[Instruction]) -> None:
    """Do all that can be done on a QPU now: start a job on it, and fill its lanes."""
    if state.plan.cost_limit_s is not None:
        enforce_cost_limit(state, out)
    start_next(state, qpu, out)
    fill_lanes(state, qpu, out)


def start_next(state: State, qpu: Qpu, out: list[Instruction]) -> None:
    """Put what is next on the QPU if it is free: a calibration that is due, or a prepared job."""
    if qpu.on_qpu is not None or qpu.calibrating is not None:
        return
    if qpu.calibrations_due and (qpu.session is None or state.plan.calibration_first):
        # SEMANTICS Q3 (4), A7: between jobs, and in a session only by the rules of 2023
        calibration = qpu.calibrations_due.popleft()
        calibration.started_at = state.now
        qpu.calibrating = calibration
        state.deadlines.arm(Deadline.CALIBRATED, qpu.name, state.now + calibration.duration_s)
    elif qpu.ready:
        job = qpu.ready.popleft()
        job.state = job_after(job.state, JobStep.STARTED)
        job.on_qpu_at = state.now
        qpu.on_qpu = job
        longest = state.plan.job_max_s
        cap = longest if job.max_execution_s is None else min(job.max_execution_s, longest)
        if not 0 < job.qpu_s <= cap:  # SEMANTICS J20: over it, so not at the very moment that it ends
            job.capped = True
            state.deadlines.arm(Deadline.JOB_CAP, job.id, state.now + cap)
        if state.plan.cost_limit_s is not None:
            watch_cost_limit(state)
        out.append(Execute(job.id))


def fill_lanes(state: State, qpu: Qpu, out: list[Instruction]) -> None:
    """Dequeue jobs into the free lanes of a QPU."""
    begin_preparations(state, qpu, out)
    lanes, waiting = qpu.lane_limit, qpu.line.entries
    while len(qpu.lanes) < lanes and (waiting or qpu.batches or qpu.session is not None):
        job = _next_job(state, qpu, out)
        if job is None:
            return
        job.state = job_after(job.state, JobStep.DEQUEUED)
        job.preparing_at = state.now
        qpu.lanes[job.id] = job
        if job.workload is not None:
            state.workloads[job.workload].last_job_started_at = state.now
        if qpu.preparing < qpu.preparation_limit:
            _prepare(state, qpu, job, out)
        else:
            qpu.unprepared[job.id] = job


def begin_preparations(state: State, qpu: Qpu, out: list[Instruction]) -> None:
    """Begin to prepare jobs in the lanes, so many at once as the QPU has room for (SEMANTICS A28)."""
    while qpu.unprepared and qpu.preparing < qpu.preparation_limit:
        _prepare(state, qpu, qpu.unprepared.pop(next(iter(qpu.unprepared))), out)


def _prepare(state: State, qpu: Qpu, job: Job, out: list[Instruction]) -> None:
    job.preparation_at = state.now
    qpu.preparing += 1
    out.append(Prepare(job.id))


def _next_job(state: State, qpu: Qpu, out: list[Instruction]) -> Job | None:
    if qpu.session is not None:  # SEMANTICS Q3 (1)
        return qpu.session.queue.popitem(last=False)[1] if qpu.session.queue else None
    # A reservation begins between jobs; a session that is active when it does keeps the QPU (SEMANTICS L7).
    only = qpu.reserved.tenant if qpu.reserved is not None else None
    for batch in qpu.batches.values():  # SEMANTICS Q3 (2), B2
        if batch.queue and (only is None or batch.tenant == only):
            return batch.queue.popitem(last=False)[1]
    head = qpu.line.head(only)  # SEMANTICS Q3 (3)
    if head is None:
        return None
    if not head.is_workload:
        qpu.line.remove(head.id)
        return state.jobs[head.id]
    workload = state.workloads[head.id]
    if workload.mode is Mode.SESSION and (qpu.lanes or qpu.busy):
        return None
    qpu.line.remove(head.id)
    _activate(state, workload, qpu, out)
    return workload.queue.popitem(last=False)[1]


# ---- workloads


def _activate(state: State, workload: Workload, qpu: Qpu, out: list[Instruction]) -> None:
    workload.state = workload_after(workload.state, WorkloadStep.JOB_DEQUEUED)
    workload.state_reason = ""
    workload.activated_at = state.now
    workload.history.append((workload.state, state.now))
    workload.stretches.append(Span(state.now))
    if workload.started_at is None:  # SEMANTICS S9: the clock starts here and never pauses
        workload.started_at = state.now
        workload.expires_at = state.now + workload.max_time_s
        state.deadlines.arm(Deadline.EXPIRES, workload.id, workload.expires_at)
    if workload.mode is Mode.SESSION:
        qpu.session = workload
        watch_cost_limit(state)
    else:
        qpu.batches[workload.id] = workload
    out.append(Changed(workload.id))


def give_up_qpu(state: State, workload: Workload) -> None:
    """Give up the QPU, or the priority on it, and end the stretch that is charged."""
    qpu = state.qpus[workload.qpu]
    if qpu.session is workload:
        qpu.session = None
    qpu.batches.pop(workload.id, None)
    since = workload.active_since
    if since is None:
        return
    workload.stretches[-1] = Span(since, state.now)
    if workload.mode is Mode.SESSION:
        state.accounts.charge(
            workload.tenant, None, workload.id, since, state.now, state.now - since, "session active"
        )


def close_workload(
    state: State, workload: Workload, step: WorkloadStep, reason: str, out: list[Instruction]
) -> None:
    """Close a workload for good; the QPU is its own until its jobs in lanes have ended."""
    workload.state = workload_after(workload.state, step)
    workload.state_reason = reason
    workload.accepting_jobs = False
    workload.closed_at = state.now
    workload.expires_at = None
    workload.idle_deadline_at = None
    workload.history.append((workload.state, state.now))
    state.qpus[workload.qpu].line.remove(workload.id)
    for kind in (Deadline.UNUSED, Deadline.IDLE, Deadline.EXPIRES):
        state.deadlines.disarm(kind, workload.id)
    if not workload.unfinished:  # SEMANTICS A24: otherwise it keeps the QPU for those in lanes
        give_up_qpu(state, workload)
    out.append(Changed(workload.id))


def close_if_drained(state: State, workload: Workload, out: list[Instruction]) -> None:
    """Close a workload that takes no more jobs once its last one has ended."""
    if workload.state is not WorkloadState.CLOSED and not workload.unfinished:
        close_workload(state, workload, WorkloadStep.DRAINED, "session_closed_early", out)


def _terminate(state: State, workload: Workload, out: list[Instruction]) -> None:
    if workload.state is WorkloadState.CLOSED:
        return
    close_workload(state, workload, WorkloadStep.TERMINATED, "session_closed_by_cost_limit", out)
    for job in list(workload.queue.values()):
        settle(state, job, JobStep.IS_CANCELLED, out, "The instance's cost limit was reached")


# ---- jobs


def fail(state: State, job: Job, out: list[Instruction], reason: str, code: int | None) -> None:
    """End a job as failed."""
    settle(state, job, JobStep.FAILS, out, reason, code)


def settle(
    state: State,
    job: Job,
    step: JobStep,
    out: list[Instruction],
    reason: str = "",
    code: int | None = None,
    *,
    free: bool = False,
) -> None:
    """End a job, charge it for its time on the QPU, and tell its workload."""
    before, job.state = job.state, job_after(job.state, step)
    qpu = state.qpus[job.qpu]
    workload = state.workload_of(job)
    state.pending -= job.tenant == YOU
    job.ended_at = state.now
    job.reason, job.reason_code = reason, code
    if before is JobState.QUEUED:
        qpu.line.remove(job.id)
        if workload is not None:
            workload.queue.pop(job.id, None)
    elif before is JobState.PREPARING:
        if qpu.unprepared.pop(job.id, None) is None:
            qpu.preparing -= 1
    elif before is JobState.WAITING:
        qpu.ready.remove(job)
    elif before is JobState.ON_QPU:
        qpu.on_qpu = None
        _charge(state, job, workload, free=free)
    if before in IN_LANE:
        del qpu.lanes[job.id]
    if step is not JobStep.EXECUTED:
        out.append(Stop(job.id))
    out.append(Settle(job.id, job.state, reason, code, job.charged_s))
    if workload is not None:
        _job_over(state, workload, out, ran=before in IN_LANE)


def _job_over(state: State, workload: Workload, out: list[Instruction], *, ran: bool) -> None:
    workload.unfinished -= 1
    if ran:
        workload.last_job_completed_at = state.now
    if not workload.queue:
        state.qpus[workload.qpu].line.remove(workload.id)
    if workload.unfinished:
        return
    if workload.state is WorkloadState.CLOSED:
        give_up_qpu(state, workload)  # SEMANTICS U3, A5, A24: usage runs to the last job's end
    elif not workload.accepting_jobs:
        close_if_drained(state, workload, out)
    elif workload.state is WorkloadState.ACTIVE:  # SEMANTICS S10
        workload.idle_deadline_at = state.now + workload.interactive_timeout_s
        state.deadlines.arm(Deadline.IDLE, workload.id, workload.idle_deadline_at)
    elif workload.state is WorkloadState.OPEN:  # SEMANTICS A20
        state.deadlines.arm(Deadline.UNUSED, workload.id, state.now + state.plan.unused_s)


def _charge(state: State, job: Job, workload: Workload | None, *, free: bool) -> None:
    assert job.on_qpu_at is not None
    if job.capped:
        state.deadlines.disarm(Deadline.JOB_CAP, job.id)
    elapsed = state.now - job.on_qpu_at
    # SEMANTICS U4: the system's own faults cost nothing
    seconds = 0.0 if free else charge_s(elapsed, job.overhead_s, state.plan.charge_step_s)
    job.charged_s = seconds
    in_session = workload is not None and workload.mode is Mode.SESSION
    if workload is not None:
        workload.jobs_charged_s += seconds
        workload.jobs_on_qpu_s += elapsed
    reason = "fault of the system, not charged" if free else _ON_QPU[job.state]
    state.accounts.charge(
        job.tenant, job.id, job.workload, job.on_qpu_at, state.now, seconds, reason, billed=not in_session
    )
    if job.tenant == YOU:
        watch_allowance(state)


# ---- limits


def watch_cost_limit(state: State) -> None:
    """Have the time at which the cost limit will be reached fall due, if what runs goes on."""
    limit = state.plan.cost_limit_s
    if limit is None:
        return
    running = sum(
        any(holder is not None and holder.tenant == YOU for holder in (qpu.session, qpu.on_qpu))
        for qpu in state.qpus.values()
    )
    if running:
        left = math.ceil(max(0.0, limit - state.used_s()) / running / GRAIN_S) * GRAIN_S
        state.deadlines.arm(Deadline.COST_LIMIT, YOU, state.now + left)


def enforce_cost_limit(state: State, out: list[Instruction]) -> None:
    """End what runs and waits for the person, once the cost limit is reached (SEMANTICS A2)."""
    limit = state.plan.cost_limit_s
    if limit is None or state.used_s() < limit:
        return
    for qpu in state.qpus.values():
        running = [job for job in qpu.lanes.values() if job.tenant == YOU]
        for workload in (qpu.session, *qpu.batches.values(), *map(state.workload_of, running)):
            if workload is not None and workload.tenant == YOU:
                _terminate(state, workload, out)
        if state.plan.cost_limit_policy == "stop_running":
            for job in running:
                settle(state, job, JobStep.IS_CANCELLED, out, "Ran too long", TOO_LONG)
        start_next(state, qpu, out)
        fill_lanes(state, qpu, out)


def watch_allowance(state: State) -> None:
    """Have the time at which a charge leaves the accounting window fall due."""
    frees_at = state.accounts.frees_at(state.now)
    if frees_at is not None:
        state.deadlines.arm(Deadline.WINDOW, YOU, frees_at)


def watch_reservation(state: State, qpu: Qpu) -> None:
    """Have the beginning of the next reservation of a QPU fall due."""
    if qpu.reservations:
        state.deadlines.arm(Deadline.RESERVATION_BEGINS, qpu.name, qpu.reservations[0].start)
