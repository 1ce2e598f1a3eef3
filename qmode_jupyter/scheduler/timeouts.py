"""What happens when a deadline has come: timeouts, limits, the ends of calibrations, reservations.

`DUE` is the table: each kind of deadline with what it does to a `State`, given its owner's id.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from qmode_jupyter.scheduler.deadlines import Deadline
from qmode_jupyter.scheduler.events import Changed, Instruction
from qmode_jupyter.scheduler.records import TOO_LONG, WORKLOAD_ENDED, JobState, WorkloadState
from qmode_jupyter.scheduler.rules import (
    close_workload,
    enforce_cost_limit,
    fail,
    give_up_qpu,
    serve,
    settle,
    watch_allowance,
    watch_cost_limit,
    watch_reservation,
)
from qmode_jupyter.scheduler.state import Qpu, State
from qmode_jupyter.scheduler.transitions import JobStep, WorkloadStep, workload_after


def _unused(state: State, owner: str, out: list[Instruction]) -> None:
    close_workload(state, state.workloads[owner], WorkloadStep.UNUSED, "session_unused", out)


def _idle(state: State, owner: str, out: list[Instruction]) -> None:
    workload = state.workloads[owner]  # SEMANTICS S10
    workload.state = workload_after(workload.state, WorkloadStep.IDLE)
    workload.state_reason = "session_inactivated_by_interactive_ttl"
    workload.idle_deadline_at = None
    workload.history.append((workload.state, state.now))
    give_up_qpu(state, workload)
    out.append(Changed(workload.id))
    serve(state, state.qpus[workload.qpu], out)


def _expired(state: State, owner: str, out: list[Instruction]) -> None:
    workload = state.workloads[owner]  # SEMANTICS S9, S20, A1, A24
    qpu = state.qpus[workload.qpu]
    close_workload(state, workload, WorkloadStep.EXPIRED, "session_expired_by_max_ttl", out)
    for job in list(workload.queue.values()):
        if state.plan.after_expiry == "fair share":  # SEMANTICS L3
            del workload.queue[job.id]
            job.outlived = True
            workload.unfinished -= 1
            qpu.line.add(job.id, job.tenant, is_workload=False)
        else:
            fail(state, job, out, f"the {workload.mode} reached its maximum timeout", WORKLOAD_ENDED)
    if not workload.unfinished:
        give_up_qpu(state, workload)
    serve(state, qpu, out)


def _job_too_long(state: State, owner: str, out: list[Instruction]) -> None:
    job = state.jobs[owner]  # SEMANTICS J20, J3
    settle(state, job, JobStep.IS_CANCELLED, out, "Job ran longer than its maximum execution time", TOO_LONG)
    serve(state, state.qpus[job.qpu], out)


def _calibrated(state: State, owner: str, out: list[Instruction]) -> None:
    qpu = state.qpus[owner]
    qpu.calibrating = None
    serve(state, qpu, out)


def _cost_limit_due(state: State, owner: str, out: list[Instruction]) -> None:
    if state.used_s() < (state.plan.cost_limit_s or 0.0):  # what was running ended meanwhile
        watch_cost_limit(state)
    else:
        enforce_cost_limit(state, out)


def _allowance_frees_up(state: State, owner: str, out: list[Instruction]) -> None:
    for qpu in state.qpus.values():
        serve(state, qpu, out)
    watch_allowance(state)


def _queued(state: State, owner: str, out: list[Instruction]) -> None:
    qpu = state.delayed.pop(owner)
    job, workload = state.jobs.get(owner), state.workloads.get(owner)
    if job is not None and job.state is JobState.QUEUED:
        qpu.line.add(owner, job.tenant, is_workload=False)
    elif workload is not None and workload.queue and workload.state is not WorkloadState.ACTIVE:
        qpu.line.add(owner, workload.tenant, is_workload=True)
    serve(state, qpu, out)


def _reservation_begins(state: State, owner: str, out: list[Instruction]) -> None:
    qpu = state.qpus[owner]
    qpu.reserved = qpu.reservations.pop(0)
    state.deadlines.arm(Deadline.RESERVATION_ENDS, owner, qpu.reserved.end)
    watch_reservation(state, qpu)
    serve(state, qpu, out)


def _reservation_ends(state: State, owner: str, out: list[Instruction]) -> None:
    qpu = state.qpus[owner]
    reservation, qpu.reserved = qpu.reserved, None
    assert reservation is not None
    idle_s = reservation.end - reservation.start - _held_s(state, qpu, reservation.tenant, reservation.start)
    if idle_s > 0:  # SEMANTICS Q7: idle time counts
        state.accounts.charge(
            reservation.tenant, None, None, reservation.start, reservation.end, idle_s, "reserved, idle"
        )
        watch_allowance(state)
    session = qpu.session
    if session is not None and session.tenant == reservation.tenant:
        for job in list(session.queue.values()):  # SEMANTICS L7
            fail(state, job, out, "the reservation ended before the job ran", WORKLOAD_ENDED)
    serve(state, qpu, out)


def _held_s(state: State, qpu: Qpu, tenant: str, start: float) -> float:
    """Return for how long since `start` the tenant was charged on `qpu`, running work included."""
    held = 0.0
    for charge in reversed(state.accounts.charges):
        if charge.end <= start:
            break
        owner = state.jobs.get(charge.job or "") or state.workloads.get(charge.workload or "")
        if charge.billed and charge.tenant == tenant and owner is not None and owner.qpu == qpu.name:
            held += charge.end - max(charge.start, start)
    since = qpu.charged_since(tenant)
    return held if since is None else held + state.now - max(since, start)


DUE: Final[dict[Deadline, Callable[[State, str, list[Instruction]], None]]] = {
    Deadline.UNUSED: _unused,
    Deadline.IDLE: _idle,
    Deadline.EXPIRES: _expired,
    Deadline.JOB_CAP: _job_too_long,
    Deadline.CALIBRATED: _calibrated,
    Deadline.COST_LIMIT: _cost_limit_due,
    Deadline.WINDOW: _allowance_frees_up,
    Deadline.QUEUED: _queued,
    Deadline.RESERVATION_BEGINS: _reservation_begins,
    Deadline.RESERVATION_ENDS: _reservation_ends,
}


def act_on_deadlines(state: State, out: list[Instruction]) -> None:
    """Do what is due now, in order."""
    while (due := state.deadlines.pop_due(state.now)) is not None:
        kind, owner = due
        DUE[kind](state, owner, out)
