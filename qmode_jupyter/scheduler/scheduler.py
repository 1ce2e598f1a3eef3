"""The rules of the service as one state machine: events go in, instructions come out.

`Scheduler.handle(event)` is all there is: no thread, no clock, no I/O. Time comes in with each
event; what falls due by itself is told by `next_deadline()` and made to happen by a `Tick` at
exactly that time, before any later event. An event that is refused or illegal raises and changes
nothing. The log of events, fed to a fresh scheduler, gives the same instructions again.

The scheduler holds a `State`; what each event does to it stands in the table `_HANDLERS`, made of the
functions in `rules`. The theory of it (lanes, exclusivity, charging) stands in `transitions`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, Final

from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler import refusals
from qmode_jupyter.scheduler.deadlines import Deadline, Deadlines
from qmode_jupyter.scheduler.events import YOU, Changed, Event, Instruction
from qmode_jupyter.scheduler.invariants import check
from qmode_jupyter.scheduler.ledger import Charge, charge_s
from qmode_jupyter.scheduler.plans import PREMIUM, Plan
from qmode_jupyter.scheduler.records import (
    WORKLOAD_ENDED,
    JobRecord,
    JobState,
    Mode,
    WorkloadRecord,
    WorkloadState,
)
from qmode_jupyter.scheduler.refusals import NOT_HAPPENED, IllegalEvent, Refused
from qmode_jupyter.scheduler.rules import (
    begin_preparations,
    close_if_drained,
    fail,
    fill_lanes,
    serve,
    settle,
    start_next,
    watch_reservation,
)
from qmode_jupyter.scheduler.state import Calibration, Job, Qpu, Reservation, State, Workload
from qmode_jupyter.scheduler.timeouts import act_on_deadlines
from qmode_jupyter.scheduler.transitions import IllegalTransition, JobStep, job_after

#: What the outside may use of the rules; the other modules of this package are its own.
__all__ = [
    "NOT_HAPPENED",
    "IllegalEvent",
    "IllegalTransition",
    "Job",
    "Refused",
    "Scheduler",
    "Workload",
    "charge_s",
]


class Scheduler:
    """All QPUs of one emulated service, with everybody's jobs and workloads.

    Parameters
    ----------
    plan
        The plan of the person at the keyboard; background tenants have no limits.
    """

    def __init__(self, plan: Plan = PREMIUM) -> None:
        self._state = State(plan)
        #: Every event that was accepted, in order: what a trace is made of.
        self.log: list[Event] = []

    def handle(self, event: Event) -> list[Instruction]:
        """Let `event` happen and return what must be done, in order.

        Raises
        ------
        IllegalEvent, IllegalTransition
            If it cannot happen now.
        Refused
            If the service would refuse it.
        """
        state = self._state
        if event.at < state.now:
            raise IllegalEvent(f"{event} comes after {state.now} s")
        due = state.deadlines.first_at
        if due <= event.at and (due < event.at or type(event) is not ev.Tick):
            raise IllegalEvent(f"a deadline at {due} s comes before {event}: tick it first")
        before, state.now = state.now, event.at
        out: list[Instruction] = []
        try:
            _HANDLERS[type(event)](state, event, out)
        except Exception:
            state.now = before
            raise
        self.log.append(event)
        return out

    def pass_time(self, at: float) -> None:
        """Note that it is `at` and that nothing has happened since the last event.

        Figures that grow by themselves, such as the usage of an active session, are then those of
        `at`. It is no event: the log and the rules don't see it.
        """
        due = self._state.deadlines.first_at
        if at < self.now or due < at:
            raise IllegalEvent(f"time can't pass from {self.now} s to {at} s: something is due at {due}")
        self._state.now = at

    # ---- what the outside sees

    @property
    def plan(self) -> Plan:
        """The plan of the person at the keyboard."""
        return self._state.plan

    @property
    def now(self) -> float:
        """The time of the last event, or what was passed since; emulated seconds."""
        return self._state.now

    @property
    def jobs(self) -> Mapping[str, Job]:
        """Every job by its id, as it is now; in the order of submission."""
        return self._state.jobs

    @property
    def workloads(self) -> Mapping[str, Workload]:
        """Every session and batch by its id, as it is now; in the order of opening."""
        return self._state.workloads

    @property
    def qpus(self) -> Mapping[str, Qpu]:
        """Every QPU that was ever used by its name, as it is now; in the order of their first use."""
        return self._state.qpus

    @property
    def calibrations(self) -> Sequence[Calibration]:
        """Every calibration that was ever due, in order."""
        return self._state.calibrations

    @property
    def deadlines(self) -> Deadlines:
        """What falls due by itself: `first_at` is when, and infinite if nothing ever does."""
        return self._state.deadlines

    @property
    def charges(self) -> tuple[Charge, ...]:
        """Every charge, the oldest first."""
        return self._state.accounts.charges

    def job(self, job_id: str) -> JobRecord:
        """Return what is known of a job; KeyError if there is none."""
        return self._state.jobs[job_id].record()

    def workload(self, workload_id: str) -> WorkloadRecord:
        """Return what is known of a workload now; KeyError if there is none."""
        return self._state.workloads[workload_id].record(self._state.now)

    def next_deadline(self) -> float | None:
        """Return when something falls due by itself, or None."""
        due = self._state.deadlines.first_at
        return None if due == math.inf else due

    def used_s(self, tenant: str = YOU) -> float:
        """Return the tenant's seconds in the accounting window, running sessions and jobs included."""
        return self._state.used_s(tenant)

    def share(self, tenant: str) -> float | None:
        """Return the used part of the tenant's allocation; None while it may not run (SEMANTICS Q2)."""
        return self._state.share(tenant)

    def place(self, entry_id: str) -> int | None:
        """Return the place in line (1 is next) of a job or workload, or None if it is in none.

        It is how many queued jobs and workloads would go first if nothing changed, and one more; it
        may grow when somebody with a smaller used share comes.
        """
        state = self._state
        job = state.jobs.get(entry_id)
        workload = state.workloads.get(entry_id) if job is None else state.workload_of(job)
        qpu = state.qpus[job.qpu if job is not None else state.workloads[entry_id].qpu]
        inside = 0
        if job is not None and workload is not None:
            if entry_id not in workload.queue:
                return None
            inside = list(workload.queue).index(entry_id)
        active = [qpu.session] if qpu.session is not None else list(qpu.batches.values())
        if workload in active:
            before = active[: active.index(workload)]
            return sum(len(w.queue) for w in before if w is not None) + inside + 1
        waiting = qpu.line.ahead_of(workload.id if workload is not None else entry_id)
        return None if waiting is None else sum(len(w.queue) for w in active) + waiting + inside + 1

    def places(self, qpu_id: str, tenant: str = YOU) -> dict[str, int]:
        """Return what `place` says of each of a tenant's workloads and jobs in a QPU's line, in one pass.

        A QPU that nobody has come to yet has no line.
        """
        if qpu_id not in self._state.qpus:
            return {}
        qpu = self._state.qpus[qpu_id]
        active = [qpu.session] if qpu.session is not None else list(qpu.batches.values())
        firsts: dict[str, int] = {}
        before = 0
        for workload in active:
            if workload.tenant == tenant:
                firsts[workload.id] = before + 1
            before += len(workload.queue)
        for entry, ahead in qpu.line.all_ahead_of(tenant).items():
            firsts.setdefault(entry, before + ahead + 1)
        places = dict(firsts)
        for owner, first in firsts.items():
            if owner in self._state.workloads:
                places.update(zip(self._state.workloads[owner].queue, count(first), strict=False))
        return places

    def check_invariants(self) -> None:
        """Assert what must hold after every event; meant for tests."""
        check(self._state)


# ---- events


def _opened(state: State, event: ev.WorkloadOpened, out: list[Instruction]) -> None:
    if event.workload in state.workloads:
        raise IllegalEvent(f"workload {event.workload} was opened before")
    plan = state.plan
    if event.mode is Mode.SESSION and event.tenant == YOU and plan.sessions != "allowed":
        raise refusals.no_sessions()  # SEMANTICS S16
    longest = plan.longest_s(event.mode)
    wanted = event.max_time_s or longest  # SEMANTICS S14: 0 is not sent
    if not 1 <= wanted <= longest:  # SEMANTICS A4
        raise refusals.max_time_out_of_bounds(wanted, longest, plan)
    workload = Workload(
        id=event.workload,
        mode=event.mode,
        qpu=event.qpu,
        tenant=event.tenant,
        name=event.name,
        opened_at=state.now,
        interactive_timeout_s=plan.interactive_s(event.mode),
        max_time_s=wanted,
    )
    workload.history.append((WorkloadState.OPEN, state.now))
    state.workloads[workload.id] = workload
    state.qpu(event.qpu)
    state.deadlines.arm(Deadline.UNUSED, workload.id, state.now + plan.unused_s)
    out.append(Changed(workload.id))


def _submitted(state: State, event: ev.JobSubmitted, out: list[Instruction]) -> None:
    if event.job in state.jobs:
        raise IllegalEvent(f"job {event.job} was submitted before")
    workload = _open_workload(state, event) if event.workload is not None else None
    if event.tenant == YOU:
        _admit(state)
    qpu = state.qpu(event.qpu)
    job = Job(
        id=event.job,
        qpu=event.qpu,
        tenant=event.tenant,
        workload=event.workload,
        program=event.program,
        submitted_at=state.now,
        overhead_s=event.overhead_s,
        max_execution_s=event.max_execution_s,
        submitter=event.submitter,
        awaited=event.awaited,
    )
    state.jobs[job.id] = job
    state.pending += job.tenant == YOU
    if workload is None:
        qpu.line.add(job.id, job.tenant, is_workload=False)
    else:
        workload.jobs += 1
        workload.unfinished += 1
        workload.queue[job.id] = job
        workload.idle_deadline_at = None
        state.deadlines.disarm(Deadline.IDLE, workload.id)
        state.deadlines.disarm(Deadline.UNUSED, workload.id)
        if workload.first_job is None:
            workload.first_job = job.id
        if workload.orphaned:
            fail(state, job, out, "the data of the session's first job is gone", WORKLOAD_ENDED)
        elif workload.state is not WorkloadState.ACTIVE and workload.id not in qpu.line:
            # SEMANTICS S11, A13: it waits with everyone else to become active (again)
            qpu.line.add(workload.id, workload.tenant, is_workload=True)
    fill_lanes(state, qpu, out)


def _prepared(state: State, event: ev.JobPrepared, out: list[Instruction]) -> None:
    job = _known_job(state, event.job)
    qpu = state.qpus[job.qpu]
    if job.id in qpu.unprepared:
        raise IllegalEvent(f"the preparation of {job.id} has not begun")
    job.state = job_after(job.state, JobStep.PREPARED)
    job.waiting_at = state.now
    job.qpu_s, job.parts, job.work = event.qpu_s, event.parts, event.work
    qpu.preparing -= 1
    qpu.ready.append(job)
    start_next(state, qpu, out)
    begin_preparations(state, qpu, out)
    if job.state is JobState.WAITING:
        out.append(Changed(job.id))


def _executed(state: State, event: ev.JobExecuted, out: list[Instruction]) -> None:
    job = _known_job(state, event.job)
    settle(state, job, JobStep.EXECUTED, out)
    serve(state, state.qpus[job.qpu], out)


def _failed(state: State, event: ev.JobFailed, out: list[Instruction]) -> None:
    job = _known_job(state, event.job)
    settle(state, job, JobStep.FAILS, out, event.reason, event.reason_code, free=event.system_fault)
    serve(state, state.qpus[job.qpu], out)


def _job_cancelled(state: State, event: ev.JobCancelled, out: list[Instruction]) -> None:
    job = _known_job(state, event.job)
    settle(state, job, JobStep.IS_CANCELLED, out)
    workload = state.workloads.get(job.workload or "")
    if workload is not None and workload.first_job == job.id and state.plan.cached_first_job:
        workload.orphaned = True  # SEMANTICS L2
        for other in list(workload.queue.values()):
            fail(state, other, out, "the session's first job was cancelled", WORKLOAD_ENDED)
    serve(state, state.qpus[job.qpu], out)


def _closed(state: State, event: ev.WorkloadClosed, out: list[Instruction]) -> None:
    workload = _unclosed(state, event.workload)
    workload.accepting_jobs = False
    out.append(Changed(workload.id))
    if state.plan.close_drops_queue:  # SEMANTICS L4
        for job in list(workload.queue.values()):
            fail(state, job, out, "the session was closed before the job ran", WORKLOAD_ENDED)
    close_if_drained(state, workload, out)
    serve(state, state.qpus[workload.qpu], out)


def _cancelled(state: State, event: ev.WorkloadCancelled, out: list[Instruction]) -> None:
    workload = _unclosed(state, event.workload)
    workload.accepting_jobs = False
    out.append(Changed(workload.id))
    for job in list(workload.queue.values()):  # SEMANTICS S19, A19, A22: those in lanes finish
        settle(state, job, JobStep.IS_CANCELLED, out)
    close_if_drained(state, workload, out)
    serve(state, state.qpus[workload.qpu], out)


def _tenant_arrived(state: State, event: ev.TenantArrived, out: list[Instruction]) -> None:
    if event.allocation_s <= 0 or event.used_s < 0:
        raise IllegalEvent(f"tenant {event.tenant} needs an allocation above zero, and no debt")
    state.accounts.admit(event.tenant, event.allocation_s, event.used_s)


def _qpu_online(state: State, event: ev.QpuOnline, out: list[Instruction]) -> None:
    if any(limit is not None and limit < 1 for limit in (event.lanes, event.preparations)):
        raise IllegalEvent(f"{event} has no lane")
    if event.qpu in state.qpus and state.qpus[event.qpu].lanes:
        raise IllegalEvent(f"{event} comes when there are jobs in its lanes")
    qpu = state.qpu(event.qpu)
    qpu.lane_limit = state.plan.lanes_of(event.lanes)
    qpu.preparation_limit = event.preparations or qpu.lane_limit
    fill_lanes(state, qpu, out)


def _calibration_due(state: State, event: ev.CalibrationDue, out: list[Instruction]) -> None:
    if not event.duration_s > 0:
        raise IllegalEvent(f"{event} takes no time")
    qpu = state.qpu(event.qpu)
    calibration = Calibration(event.qpu, state.now, event.duration_s)
    state.calibrations.append(calibration)
    qpu.calibrations_due.append(calibration)
    serve(state, qpu, out)


def _reserved(state: State, event: ev.QpuReserved, out: list[Instruction]) -> None:
    if not state.plan.reservations:
        raise refusals.no_reservations(state.plan)  # SEMANTICS Q7
    if not state.now <= event.start < event.end:
        raise refusals.no_such_reservation(event.start, event.end, state.now)
    qpu = state.qpu(event.qpu)
    for taken in (qpu.reserved, *qpu.reservations):
        if taken is not None and event.start < taken.end and taken.start < event.end:
            raise refusals.reservation_taken(taken.start, taken.end)
    qpu.reservations.append(Reservation(event.tenant, event.start, event.end))
    qpu.reservations.sort(key=lambda r: r.start)
    watch_reservation(state, qpu)


# ---- look-ups


def _known_job(state: State, job_id: str) -> Job:
    try:
        return state.jobs[job_id]
    except KeyError:
        raise IllegalEvent(f"no job {job_id}") from None


def _unclosed(state: State, workload_id: str) -> Workload:
    workload = state.workloads.get(workload_id)
    if workload is None or workload.state is WorkloadState.CLOSED:
        raise IllegalEvent(f"no open workload {workload_id}")
    return workload


def _admit(state: State) -> None:
    cap, rate = state.plan.pending_cap, state.plan.submissions_per_min
    if cap is not None and state.pending >= cap:
        raise refusals.too_many_pending(cap)  # SEMANTICS Q6
    if rate is None:
        return
    while state.recent_submissions and state.recent_submissions[0] <= state.now - 60.0:
        state.recent_submissions.popleft()
    if len(state.recent_submissions) >= rate:
        raise refusals.too_many_requests(rate, state.recent_submissions[0] + 60.0 - state.now)
    state.recent_submissions.append(state.now)


def _open_workload(state: State, event: ev.JobSubmitted) -> Workload:
    workload = state.workloads.get(event.workload or "")
    if workload is None:
        raise IllegalEvent(f"no workload {event.workload}")
    if workload.qpu != event.qpu:
        raise IllegalEvent(f"workload {workload.id} is on {workload.qpu}, not on {event.qpu}")
    if not workload.accepting_jobs:  # SEMANTICS S21, A6
        raise refusals.closed(workload.mode, workload.id)
    return workload


#: What each event does. A handler checks before it changes anything, so that one that raises changes nothing.
_HANDLERS: Final[dict[type, Callable[[State, Any, list[Instruction]], None]]] = {
    ev.WorkloadOpened: _opened,
    ev.JobSubmitted: _submitted,
    ev.JobPrepared: _prepared,
    ev.JobExecuted: _executed,
    ev.JobFailed: _failed,
    ev.JobCancelled: _job_cancelled,
    ev.WorkloadClosed: _closed,
    ev.WorkloadCancelled: _cancelled,
    ev.TenantArrived: _tenant_arrived,
    ev.CrowdArrived: lambda state, event, out: None,
    ev.QpuOnline: _qpu_online,
    ev.CalibrationDue: _calibration_due,
    ev.QpuReserved: _reserved,
    ev.Tick: lambda state, event, out: act_on_deadlines(state, out),
}
