"""What falls due by itself: timeouts, limits, the ends of calibrations, reservations."""

from __future__ import annotations

from collections.abc import Callable

from qmode_jupyter.scheduler.deadlines import Deadline
from qmode_jupyter.scheduler.events import Changed, Instruction
from qmode_jupyter.scheduler.plans import Plan
from qmode_jupyter.scheduler.records import TOO_LONG, WORKLOAD_ENDED
from qmode_jupyter.scheduler.rules import Moves
from qmode_jupyter.scheduler.state import Qpu
from qmode_jupyter.scheduler.transitions import JobStep, WorkloadStep, workload_after


class Dues(Moves):
    """The part of a scheduler that acts when a deadline has come; `Scheduler` adds the events.

    Parameters
    ----------
    plan
        The plan of the person at the keyboard.
    """

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self._due: dict[Deadline, Callable[[str, list[Instruction]], None]] = {
            Deadline.UNUSED: self._due_unused,
            Deadline.IDLE: self._due_idle,
            Deadline.EXPIRES: self._due_expires,
            Deadline.JOB_CAP: self._due_job_cap,
            Deadline.CALIBRATED: self._due_calibrated,
            Deadline.COST_LIMIT: self._due_cost_limit,
            Deadline.WINDOW: self._due_window,
            Deadline.RESERVATION_BEGINS: self._due_reservation,
            Deadline.RESERVATION_ENDS: self._due_reservation_over,
        }

    def _due_unused(self, owner: str, out: list[Instruction]) -> None:
        self._close(self.workloads[owner], WorkloadStep.UNUSED, "session_unused", out)

    def _due_idle(self, owner: str, out: list[Instruction]) -> None:
        workload = self.workloads[owner]  # SEMANTICS S10
        workload.state = workload_after(workload.state, WorkloadStep.IDLE)
        workload.state_reason = "session_inactivated_by_interactive_ttl"
        workload.idle_deadline_at = None
        workload.history.append((workload.state, self.now))
        self._yield_qpu(workload)
        out.append(Changed(workload.id))
        self._serve(self.qpus[workload.qpu], out)

    def _due_expires(self, owner: str, out: list[Instruction]) -> None:
        workload = self.workloads[owner]  # SEMANTICS S9, S20, A1, A24
        qpu = self.qpus[workload.qpu]
        self._close(workload, WorkloadStep.EXPIRED, "session_expired_by_max_ttl", out)
        for job in list(workload.queue.values()):
            if self.plan.after_expiry == "fair share":  # SEMANTICS L3
                del workload.queue[job.id]
                job.outlived = True
                workload.unfinished -= 1
                qpu.line.add(job.id, job.tenant, is_workload=False)
            else:
                self._fail(job, out, f"the {workload.mode} reached its maximum timeout", WORKLOAD_ENDED)
        if not workload.unfinished:
            self._yield_qpu(workload)
        self._serve(qpu, out)

    def _due_job_cap(self, owner: str, out: list[Instruction]) -> None:
        job = self.jobs[owner]  # SEMANTICS J20, J3
        self._settle(
            job, JobStep.IS_CANCELLED, out, "Job ran longer than its maximum execution time", TOO_LONG
        )
        self._serve(self.qpus[job.qpu], out)

    def _due_calibrated(self, owner: str, out: list[Instruction]) -> None:
        qpu = self.qpus[owner]
        qpu.calibrating = None
        self._serve(qpu, out)

    def _due_cost_limit(self, owner: str, out: list[Instruction]) -> None:
        if self.used_s() < (self.plan.cost_limit_s or 0.0):  # what was running ended meanwhile
            self._watch_cost()
        else:
            self._enforce_cost_limit(out)

    def _due_window(self, owner: str, out: list[Instruction]) -> None:
        for qpu in self.qpus.values():
            self._serve(qpu, out)
        self._watch_window()

    def _due_reservation(self, owner: str, out: list[Instruction]) -> None:
        qpu = self.qpus[owner]
        qpu.reserved = qpu.reservations.pop(0)
        self.deadlines.arm(Deadline.RESERVATION_ENDS, owner, qpu.reserved.end)
        self._watch_reservation(qpu)
        self._serve(qpu, out)

    def _due_reservation_over(self, owner: str, out: list[Instruction]) -> None:
        qpu = self.qpus[owner]
        window, qpu.reserved = qpu.reserved, None
        assert window is not None
        idle_s = window.end - window.start - self._held_s(qpu, window.tenant, window.start)
        if idle_s > 0:  # SEMANTICS Q7: idle time counts
            self.accounts.charge(
                window.tenant, None, None, window.start, window.end, idle_s, "reserved, idle"
            )
            self._watch_window()
        session = qpu.session
        if session is not None and session.tenant == window.tenant:
            for job in list(session.queue.values()):  # SEMANTICS L7
                self._fail(job, out, "the reservation ended before the job ran", WORKLOAD_ENDED)
        self._serve(qpu, out)

    def _held_s(self, qpu: Qpu, tenant: str, start: float) -> float:
        """Return for how long since `start` the tenant was charged on `qpu`, running work included."""
        held = 0.0
        for charge in reversed(self.accounts.charges):
            if charge.end <= start:
                break
            owner = self.jobs.get(charge.job or "") or self.workloads.get(charge.workload or "")
            if charge.billed and charge.tenant == tenant and owner is not None and owner.qpu == qpu.name:
                held += charge.end - max(charge.start, start)
        since = qpu.charged_since(tenant)
        return held if since is None else held + self.now - max(since, start)

    def _watch_reservation(self, qpu: Qpu) -> None:
        if qpu.reservations:
            self.deadlines.arm(Deadline.RESERVATION_BEGINS, qpu.name, qpu.reservations[0].start)
