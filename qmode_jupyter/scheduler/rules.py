"""What the rules are made of: who gets the QPU next, and the moves of workloads and jobs.

Every move keeps the whole state consistent and says in `out` what must be done. Which event
causes which move is told in `scheduler.py`.
"""

from __future__ import annotations

import math
from typing import Final

from qmode_jupyter.scheduler.deadlines import Deadline, Deadlines
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
from qmode_jupyter.scheduler.fairshare import FairShare
from qmode_jupyter.scheduler.ledger import Accounts, charge_s
from qmode_jupyter.scheduler.plans import Plan
from qmode_jupyter.scheduler.records import IN_LANE, SETTLED, TOO_LONG, JobState, Mode, Span, WorkloadState
from qmode_jupyter.scheduler.state import Calibration, Job, Qpu, Workload
from qmode_jupyter.scheduler.transitions import JobStep, WorkloadStep, job_after, workload_after

#: Why a second on the QPU is charged.
_ON_QPU: Final = {state: f"on the QPU, {state}" for state in SETTLED}


class Moves:
    """The state of the emulated service, and what can be done to it.

    Parameters
    ----------
    plan
        The plan of the person at the keyboard; background tenants have no limits.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.now = 0.0
        self.jobs: dict[str, Job] = {}
        self.workloads: dict[str, Workload] = {}
        self.qpus: dict[str, Qpu] = {}
        self.calibrations: list[Calibration] = []
        self.accounts = Accounts(plan)
        #: What falls due by itself.
        self.deadlines = Deadlines()
        self._pending = 0

    def next_deadline(self) -> float | None:
        """Return when something falls due by itself, or None."""
        due = self.deadlines.first_at
        return None if due == math.inf else due

    def used_s(self, tenant: str = YOU) -> float:
        """Return the tenant's seconds in the accounting window, running sessions and jobs included."""
        return self.accounts.used(tenant, self.now) + self._running_s(tenant)

    def _qpu(self, name: str) -> Qpu:
        if name not in self.qpus:
            self.qpus[name] = Qpu(name, FairShare(self._share))
        return self.qpus[name]

    # ---- the QPU and its lanes

    def _serve(self, qpu: Qpu, out: list[Instruction]) -> None:
        if self.plan.cost_limit_s is not None:
            self._enforce_cost_limit(out)
        self._drive(qpu, out)
        self._fill(qpu, out)

    def _drive(self, qpu: Qpu, out: list[Instruction]) -> None:
        if qpu.on_qpu is not None or qpu.calibrating is not None:
            return
        if qpu.calibrations_due and (qpu.session is None or self.plan.calibration_first):
            # SEMANTICS Q3 (4), A7: between jobs, and in a session only by the rules of 2023
            calibration = qpu.calibrations_due.popleft()
            calibration.started_at = self.now
            qpu.calibrating = calibration
            self.deadlines.arm(Deadline.CALIBRATED, qpu.name, self.now + calibration.duration_s)
        elif qpu.ready:
            job = qpu.ready.popleft()
            job.state = job_after(job.state, JobStep.STARTED)
            job.on_qpu_at = self.now
            qpu.on_qpu = job
            longest = self.plan.job_max_s
            cap = longest if job.max_execution_s is None else min(job.max_execution_s, longest)
            if not 0 < job.qpu_s <= cap:  # SEMANTICS J20: over it, so not at the very moment that it ends
                job.capped = True
                self.deadlines.arm(Deadline.JOB_CAP, job.id, self.now + cap)
            if self.plan.cost_limit_s is not None:
                self._watch_cost()
            out.append(Execute(job.id))

    def _fill(self, qpu: Qpu, out: list[Instruction]) -> None:
        lanes, waiting = self.plan.lanes, qpu.line.entries
        while len(qpu.lanes) < lanes and (waiting or qpu.batches or qpu.session is not None):
            job = self._next(qpu, out)
            if job is None:
                return
            job.state = job_after(job.state, JobStep.DEQUEUED)
            job.preparing_at = self.now
            qpu.lanes[job.id] = job
            if job.workload is not None:
                self.workloads[job.workload].last_job_started_at = self.now
            out.append(Prepare(job.id))

    def _next(self, qpu: Qpu, out: list[Instruction]) -> Job | None:
        if qpu.session is not None:  # SEMANTICS Q3 (1)
            return qpu.session.queue.popitem(last=False)[1] if qpu.session.queue else None
        # A window begins between jobs; a session that is active when it does keeps the QPU (SEMANTICS L7).
        only = qpu.reserved.tenant if qpu.reserved is not None else None
        for batch in qpu.batches.values():  # SEMANTICS Q3 (2), B2
            if batch.queue and (only is None or batch.tenant == only):
                return batch.queue.popitem(last=False)[1]
        head = qpu.line.head(only)  # SEMANTICS Q3 (3)
        if head is None:
            return None
        if not head.is_workload:
            qpu.line.remove(head.id)
            return self.jobs[head.id]
        workload = self.workloads[head.id]
        if workload.mode is Mode.SESSION and (qpu.lanes or qpu.busy):
            return None
        qpu.line.remove(head.id)
        self._activate(workload, qpu, out)
        return workload.queue.popitem(last=False)[1]

    # ---- workloads

    def _activate(self, workload: Workload, qpu: Qpu, out: list[Instruction]) -> None:
        workload.state = workload_after(workload.state, WorkloadStep.JOB_DEQUEUED)
        workload.state_reason = ""
        workload.activated_at = self.now
        workload.history.append((workload.state, self.now))
        workload.stretches.append(Span(self.now))
        if workload.started_at is None:  # SEMANTICS S9: the clock starts here and never pauses
            workload.started_at = self.now
            workload.expires_at = self.now + workload.max_time_s
            self.deadlines.arm(Deadline.EXPIRES, workload.id, workload.expires_at)
        if workload.mode is Mode.SESSION:
            qpu.session = workload
            self._watch_cost()
        else:
            qpu.batches[workload.id] = workload
        out.append(Changed(workload.id))

    def _yield_qpu(self, workload: Workload) -> None:
        """Give up the QPU, or the priority on it, and end the stretch that is charged."""
        qpu = self.qpus[workload.qpu]
        if qpu.session is workload:
            qpu.session = None
        qpu.batches.pop(workload.id, None)
        since = workload.active_since
        if since is None:
            return
        workload.stretches[-1] = Span(since, self.now)
        if workload.mode is Mode.SESSION:
            self.accounts.charge(
                workload.tenant, None, workload.id, since, self.now, self.now - since, "session active"
            )

    def _close(self, workload: Workload, step: WorkloadStep, reason: str, out: list[Instruction]) -> None:
        workload.state = workload_after(workload.state, step)
        workload.state_reason = reason
        workload.accepting_jobs = False
        workload.closed_at = self.now
        workload.expires_at = None
        workload.idle_deadline_at = None
        workload.history.append((workload.state, self.now))
        self.qpus[workload.qpu].line.remove(workload.id)
        for kind in (Deadline.UNUSED, Deadline.IDLE, Deadline.EXPIRES):
            self.deadlines.disarm(kind, workload.id)
        if not workload.unfinished:  # SEMANTICS A24: otherwise it keeps the QPU for those in lanes
            self._yield_qpu(workload)
        out.append(Changed(workload.id))

    def _finish_when_drained(self, workload: Workload, out: list[Instruction]) -> None:
        if workload.state is not WorkloadState.CLOSED and not workload.unfinished:
            self._close(workload, WorkloadStep.DRAINED, "session_closed_early", out)

    def _terminate(self, workload: Workload, out: list[Instruction]) -> None:
        if workload.state is WorkloadState.CLOSED:
            return
        self._close(workload, WorkloadStep.TERMINATED, "session_closed_by_cost_limit", out)
        for job in list(workload.queue.values()):
            self._settle(job, JobStep.IS_CANCELLED, out, "The instance's cost limit was reached")

    # ---- jobs

    def _workload_of(self, job: Job) -> Workload | None:
        return None if job.workload is None or job.outlived else self.workloads[job.workload]

    def _fail(self, job: Job, out: list[Instruction], reason: str, code: int | None) -> None:
        self._settle(job, JobStep.FAILS, out, reason, code)

    def _settle(
        self,
        job: Job,
        step: JobStep,
        out: list[Instruction],
        reason: str = "",
        code: int | None = None,
        *,
        free: bool = False,
    ) -> None:
        before, job.state = job.state, job_after(job.state, step)
        qpu = self.qpus[job.qpu]
        workload = self._workload_of(job)
        self._pending -= job.tenant == YOU
        job.ended_at = self.now
        job.reason, job.reason_code = reason, code
        if before is JobState.QUEUED:
            qpu.line.remove(job.id)
            if workload is not None:
                workload.queue.pop(job.id, None)
        elif before is JobState.WAITING:
            qpu.ready.remove(job)
        elif before is JobState.ON_QPU:
            qpu.on_qpu = None
            self._charge(job, workload, free=free)
        if before in IN_LANE:
            del qpu.lanes[job.id]
        if step is not JobStep.EXECUTED:
            out.append(Stop(job.id))
        out.append(Settle(job.id, job.state, reason, code, job.charged_s))
        if workload is not None:
            self._job_over(workload, out, ran=before in IN_LANE)

    def _job_over(self, workload: Workload, out: list[Instruction], *, ran: bool) -> None:
        workload.unfinished -= 1
        if ran:
            workload.last_job_completed_at = self.now
        if not workload.queue:
            self.qpus[workload.qpu].line.remove(workload.id)
        if workload.unfinished:
            return
        if workload.state is WorkloadState.CLOSED:
            self._yield_qpu(workload)  # SEMANTICS U3, A5, A24: usage runs to the last job's end
        elif not workload.accepting_jobs:
            self._finish_when_drained(workload, out)
        elif workload.state is WorkloadState.ACTIVE:  # SEMANTICS S10
            workload.idle_deadline_at = self.now + workload.interactive_timeout_s
            self.deadlines.arm(Deadline.IDLE, workload.id, workload.idle_deadline_at)
        elif workload.state is WorkloadState.OPEN:  # SEMANTICS A20
            self.deadlines.arm(Deadline.UNUSED, workload.id, self.now + self.plan.unused_s)

    def _charge(self, job: Job, workload: Workload | None, *, free: bool) -> None:
        assert job.on_qpu_at is not None
        if job.capped:
            self.deadlines.disarm(Deadline.JOB_CAP, job.id)
        elapsed = self.now - job.on_qpu_at
        # SEMANTICS U4: the system's own faults cost nothing
        seconds = 0.0 if free else charge_s(elapsed, job.overhead_s, self.plan.charge_step_s)
        job.charged_s = seconds
        in_session = workload is not None and workload.mode is Mode.SESSION
        if workload is not None:
            workload.jobs_charged_s += seconds
            workload.jobs_on_qpu_s += elapsed
        reason = "fault of the system, not charged" if free else _ON_QPU[job.state]
        self.accounts.charge(
            job.tenant, job.id, job.workload, job.on_qpu_at, self.now, seconds, reason, billed=not in_session
        )
        if job.tenant == YOU:
            self._watch_window()

    # ---- limits

    def _share(self, tenant: str) -> float | None:
        return self.accounts.share(tenant, self.now)

    def _running_s(self, tenant: str) -> float:
        since = (qpu.charged_since(tenant) for qpu in self.qpus.values())
        return sum(self.now - start for start in since if start is not None)

    def _watch_cost(self) -> None:
        limit = self.plan.cost_limit_s
        if limit is None:
            return
        running = sum(
            any(holder is not None and holder.tenant == YOU for holder in (qpu.session, qpu.on_qpu))
            for qpu in self.qpus.values()
        )
        if running:
            left = math.ceil(max(0.0, limit - self.used_s()) / running / GRAIN_S) * GRAIN_S
            self.deadlines.arm(Deadline.COST_LIMIT, YOU, self.now + left)

    def _enforce_cost_limit(self, out: list[Instruction]) -> None:
        limit = self.plan.cost_limit_s  # SEMANTICS A2
        if limit is None or self.used_s() < limit:
            return
        for qpu in self.qpus.values():
            running = [job for job in qpu.lanes.values() if job.tenant == YOU]
            for workload in (qpu.session, *qpu.batches.values(), *map(self._workload_of, running)):
                if workload is not None and workload.tenant == YOU:
                    self._terminate(workload, out)
            if self.plan.cost_limit_policy == "stop_running":
                for job in running:
                    self._settle(job, JobStep.IS_CANCELLED, out, "Ran too long", TOO_LONG)
            self._drive(qpu, out)
            self._fill(qpu, out)

    def _watch_window(self) -> None:
        frees_at = self.accounts.frees_at(self.now)
        if frees_at is not None:
            self.deadlines.arm(Deadline.WINDOW, YOU, frees_at)
