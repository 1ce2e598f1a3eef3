"""The rules of the service as one state machine: events go in, instructions come out.

`Scheduler.handle(event)` is all there is: no thread, no clock, no I/O. Time comes in with each
event; what falls due by itself is told by `next_deadline()` and made to happen by a `Tick` at
exactly that time, before any later event. An event that is refused or illegal raises and changes
nothing. The log of events, fed to a fresh scheduler, gives the same instructions again.

Who may use the QPU (SEMANTICS Q3): the active session alone, if there is one; otherwise running
batches first, then the fair-share line. A session at the head of the line waits until the lanes
have drained, because from its first job on it has the QPU to itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import count
from typing import Any

from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler import refusals
from qmode_jupyter.scheduler.deadlines import Deadline
from qmode_jupyter.scheduler.events import YOU, Changed, Event, Instruction
from qmode_jupyter.scheduler.invariants import check
from qmode_jupyter.scheduler.plans import PREMIUM, Plan
from qmode_jupyter.scheduler.records import JobRecord, WorkloadRecord
from qmode_jupyter.scheduler.refusals import IllegalEvent
from qmode_jupyter.scheduler.state import Calibration, Job, Reservation, Workload
from qmode_jupyter.scheduler.timeouts import Dues
from qmode_jupyter.scheduler.transitions import (
    WORKLOAD_ENDED,
    JobState,
    JobStep,
    Mode,
    WorkloadState,
    job_after,
)


class Scheduler(Dues):
    """All QPUs of one emulated service, with everybody's jobs and workloads.

    Parameters
    ----------
    plan
        The plan of the person at the keyboard; background tenants have no limits.
    """

    def __init__(self, plan: Plan = PREMIUM) -> None:
        super().__init__(plan)
        self._submitted: deque[float] = deque()
        #: Every event that was accepted, in order: what a trace is made of.
        self.log: list[Event] = []
        self._handlers: dict[type, Callable[[Any, list[Instruction]], None]] = {
            ev.WorkloadOpened: self._on_opened,
            ev.JobSubmitted: self._on_submitted,
            ev.JobPrepared: self._on_prepared,
            ev.JobExecuted: self._on_executed,
            ev.JobFailed: self._on_failed,
            ev.JobCancelled: self._on_job_cancelled,
            ev.WorkloadClosed: self._on_closed,
            ev.WorkloadCancelled: self._on_cancelled,
            ev.TenantArrived: self._on_tenant,
            ev.CrowdArrived: lambda event, out: None,
            ev.CalibrationDue: self._on_calibration,
            ev.QpuReserved: self._on_reserved,
            ev.Tick: self._on_tick,
        }

    # ---- what the outside sees

    def handle(self, event: Event) -> list[Instruction]:
        """Let `event` happen and return what must be done, in order.

        Raises
        ------
        IllegalEvent, IllegalTransition
            If it cannot happen now.
        Refused
            If the service would refuse it.
        """
        if event.at < self.now:
            raise IllegalEvent(f"{event} comes after {self.now} s")
        due = self.deadlines.first_at
        if due <= event.at and (due < event.at or type(event) is not ev.Tick):
            raise IllegalEvent(f"a deadline at {due} s comes before {event}: tick it first")
        before, self.now = self.now, event.at
        out: list[Instruction] = []
        try:
            self._handlers[type(event)](event, out)
        except Exception:
            self.now = before  # handlers check before they change anything
            raise
        self.log.append(event)
        return out

    def pass_time(self, at: float) -> None:
        """Note that it is `at` and that nothing has happened since the last event.

        Figures that grow by themselves, such as the usage of an active session, are then those of
        `at`. It is no event: the log and the rules don't see it.
        """
        due = self.deadlines.first_at
        if at < self.now or due < at:
            raise IllegalEvent(f"time can't pass from {self.now} s to {at} s: something is due at {due}")
        self.now = at

    def job(self, job_id: str) -> JobRecord:
        """Return what is known of a job; KeyError if there is none."""
        return self.jobs[job_id].record()

    def workload(self, workload_id: str) -> WorkloadRecord:
        """Return what is known of a workload now; KeyError if there is none."""
        return self.workloads[workload_id].record(self.now)

    def place(self, entry_id: str) -> int | None:
        """Return the place in line (1 is next) of a job or workload, or None if it is in none.

        It is how many queued jobs and workloads would go first if nothing changed, and one more; it
        may grow when somebody with a smaller used share comes.
        """
        job = self.jobs.get(entry_id)
        workload = self.workloads.get(entry_id) if job is None else self._workload_of(job)
        qpu = self.qpus[job.qpu if job is not None else self.workloads[entry_id].qpu]
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
        """Return what `place` says of each of a tenant's workloads and jobs in a QPU's line, in one pass."""
        qpu = self.qpus.get(qpu_id)
        if qpu is None:  # nobody has asked for it yet
            return {}
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
            if owner in self.workloads:
                places.update(zip(self.workloads[owner].queue, count(first), strict=False))
        return places

    def check_invariants(self) -> None:
        """Assert what must hold after every event; meant for tests."""
        check(self)

    # ---- events

    def _on_opened(self, event: ev.WorkloadOpened, out: list[Instruction]) -> None:
        if event.workload in self.workloads:
            raise IllegalEvent(f"workload {event.workload} was opened before")
        plan = self.plan
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
            opened_at=self.now,
            interactive_timeout_s=plan.interactive_s(event.mode),
            max_time_s=wanted,
        )
        workload.history.append((WorkloadState.OPEN, self.now))
        self.workloads[workload.id] = workload
        self._qpu(event.qpu)
        self.deadlines.arm(Deadline.UNUSED, workload.id, self.now + plan.unused_s)
        out.append(Changed(workload.id))

    def _on_submitted(self, event: ev.JobSubmitted, out: list[Instruction]) -> None:
        if event.job in self.jobs:
            raise IllegalEvent(f"job {event.job} was submitted before")
        workload = self._open_workload(event) if event.workload is not None else None
        if event.tenant == YOU:
            self._admit()
        qpu = self._qpu(event.qpu)
        job = Job(
            id=event.job,
            qpu=event.qpu,
            tenant=event.tenant,
            workload=event.workload,
            program=event.program,
            submitted_at=self.now,
            overhead_s=event.overhead_s,
            max_execution_s=event.max_execution_s,
            submitter=event.submitter,
            awaited=event.awaited,
        )
        self.jobs[job.id] = job
        self._pending += job.tenant == YOU
        if workload is None:
            qpu.line.add(job.id, job.tenant, is_workload=False)
        else:
            workload.jobs += 1
            workload.unfinished += 1
            workload.queue[job.id] = job
            workload.idle_deadline_at = None
            self.deadlines.disarm(Deadline.IDLE, workload.id)
            self.deadlines.disarm(Deadline.UNUSED, workload.id)
            if workload.first_job is None:
                workload.first_job = job.id
            if workload.orphaned:
                self._fail(job, out, "the data of the session's first job is gone", WORKLOAD_ENDED)
            elif workload.state is not WorkloadState.ACTIVE and workload.id not in qpu.line:
                # SEMANTICS S11, A13: it waits with everyone else to become active (again)
                qpu.line.add(workload.id, workload.tenant, is_workload=True)
        self._fill(qpu, out)

    def _on_prepared(self, event: ev.JobPrepared, out: list[Instruction]) -> None:
        job = self._known_job(event.job)
        job.state = job_after(job.state, JobStep.PREPARED)
        job.waiting_at = self.now
        job.qpu_s = event.qpu_s
        qpu = self.qpus[job.qpu]
        qpu.ready.append(job)
        self._drive(qpu, out)
        if job.state is JobState.WAITING:
            out.append(Changed(job.id))

    def _on_executed(self, event: ev.JobExecuted, out: list[Instruction]) -> None:
        job = self._known_job(event.job)
        self._settle(job, JobStep.EXECUTED, out)
        self._serve(self.qpus[job.qpu], out)

    def _on_failed(self, event: ev.JobFailed, out: list[Instruction]) -> None:
        job = self._known_job(event.job)
        self._settle(job, JobStep.FAILS, out, event.reason, event.reason_code, free=event.system_fault)
        self._serve(self.qpus[job.qpu], out)

    def _on_job_cancelled(self, event: ev.JobCancelled, out: list[Instruction]) -> None:
        job = self._known_job(event.job)
        self._settle(job, JobStep.IS_CANCELLED, out)
        workload = self.workloads.get(job.workload or "")
        if workload is not None and workload.first_job == job.id and self.plan.cached_first_job:
            workload.orphaned = True  # SEMANTICS L2
            for other in list(workload.queue.values()):
                self._fail(other, out, "the session's first job was cancelled", WORKLOAD_ENDED)
        self._serve(self.qpus[job.qpu], out)

    def _on_closed(self, event: ev.WorkloadClosed, out: list[Instruction]) -> None:
        workload = self._unclosed(event.workload)
        workload.accepting_jobs = False
        out.append(Changed(workload.id))
        if self.plan.close_drops_queue:  # SEMANTICS L4
            for job in list(workload.queue.values()):
                self._fail(job, out, "the session was closed before the job ran", WORKLOAD_ENDED)
        self._finish_when_drained(workload, out)
        self._serve(self.qpus[workload.qpu], out)

    def _on_cancelled(self, event: ev.WorkloadCancelled, out: list[Instruction]) -> None:
        workload = self._unclosed(event.workload)
        workload.accepting_jobs = False
        out.append(Changed(workload.id))
        for job in list(workload.queue.values()):  # SEMANTICS S19, A19, A22: those in lanes finish
            self._settle(job, JobStep.IS_CANCELLED, out)
        self._finish_when_drained(workload, out)
        self._serve(self.qpus[workload.qpu], out)

    def _on_tenant(self, event: ev.TenantArrived, out: list[Instruction]) -> None:
        if event.allocation_s <= 0 or event.used_s < 0:
            raise IllegalEvent(f"tenant {event.tenant} needs an allocation above zero, and no debt")
        self.accounts.admit(event.tenant, event.allocation_s, event.used_s)

    def _on_calibration(self, event: ev.CalibrationDue, out: list[Instruction]) -> None:
        if not event.duration_s > 0:
            raise IllegalEvent(f"{event} takes no time")
        qpu = self._qpu(event.qpu)
        calibration = Calibration(event.qpu, self.now, event.duration_s)
        self.calibrations.append(calibration)
        qpu.calibrations_due.append(calibration)
        self._serve(qpu, out)

    def _on_reserved(self, event: ev.QpuReserved, out: list[Instruction]) -> None:
        if not self.plan.reservations:
            raise refusals.no_reservations(self.plan)  # SEMANTICS Q7
        qpu = self._qpu(event.qpu)
        if not self.now <= event.start < event.end:
            raise refusals.no_such_window(event.start, event.end, self.now)
        for taken in (qpu.reserved, *qpu.reservations):
            if taken is not None and event.start < taken.end and taken.start < event.end:
                raise refusals.window_taken(taken.start, taken.end)
        qpu.reservations.append(Reservation(event.tenant, event.start, event.end))
        qpu.reservations.sort(key=lambda r: r.start)
        self._watch_reservation(qpu)

    def _on_tick(self, event: ev.Tick, out: list[Instruction]) -> None:
        while (due := self.deadlines.pop_due(self.now)) is not None:
            kind, owner = due
            self._due[kind](owner, out)

    # ---- look-ups

    def _known_job(self, job_id: str) -> Job:
        try:
            return self.jobs[job_id]
        except KeyError:
            raise IllegalEvent(f"no job {job_id}") from None

    def _unclosed(self, workload_id: str) -> Workload:
        workload = self.workloads.get(workload_id)
        if workload is None or workload.state is WorkloadState.CLOSED:
            raise IllegalEvent(f"no open workload {workload_id}")
        return workload

    def _admit(self) -> None:
        cap, rate = self.plan.pending_cap, self.plan.submissions_per_min
        if cap is not None and self._pending >= cap:
            raise refusals.too_many_pending(cap)  # SEMANTICS Q6
        if rate is None:
            return
        while self._submitted and self._submitted[0] <= self.now - 60.0:
            self._submitted.popleft()
        if len(self._submitted) >= rate:
            raise refusals.too_many_requests(rate, self._submitted[0] + 60.0 - self.now)
        self._submitted.append(self.now)

    def _open_workload(self, event: ev.JobSubmitted) -> Workload:
        workload = self.workloads.get(event.workload or "")
        if workload is None:
            raise IllegalEvent(f"no workload {event.workload}")
        if workload.qpu != event.qpu:
            raise IllegalEvent(f"workload {workload.id} is on {workload.qpu}, not on {event.qpu}")
        if not workload.accepting_jobs:  # SEMANTICS S21, A6
            raise refusals.closed(workload.mode, workload.id)
        return workload
