"""A service with emulated time and known durations, for scenarios that read like transcripts."""

from __future__ import annotations

import pytest

from qmode_jupyter.cost.model import Part
from qmode_jupyter.cost.work import Work
from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler.breakdown import BETWEEN, PREPARING, ROUNDING, TAIL, job_parts, workload_parts
from qmode_jupyter.scheduler.event_queue import EventQueue, Execution, Fault
from qmode_jupyter.scheduler.events import YOU
from qmode_jupyter.scheduler.plans import PREMIUM, Plan
from qmode_jupyter.scheduler.records import JobRecord, JobState, Mode, WorkloadRecord
from qmode_jupyter.scheduler.scheduler import Scheduler
from qmode_jupyter.scheduler.trace import Trace, take

QPU = "generic_19q"


class Emulation:
    """`at(t)` moves on to t; the verbs happen now."""

    def __init__(self, plan: Plan = PREMIUM) -> None:
        self.scheduler = Scheduler(plan)
        self.queue = EventQueue(self.scheduler)
        self.now = 0.0

    def at(self, seconds: float) -> Emulation:
        self.queue.run_until(seconds)
        self.now = seconds
        due = self.scheduler.next_deadline()
        assert due is None or due > seconds
        self.queue.happen(ev.Tick(seconds))
        self.scheduler.check_invariants()
        return self

    def happen(self, event: ev.Event) -> None:
        """Let a person's act happen now, after all that is due, as the engine does."""
        self.queue.run_until(self.now)
        self.queue.happen(event)

    def online(
        self, lanes: int | None = None, preparations: int | None = None, processor: str = "", qpu: str = QPU
    ) -> None:
        self.happen(ev.QpuOnline(self.now, qpu, lanes, preparations, processor))

    def session(self, name: str = "s", max_time_s: float | None = None, tenant: str = YOU) -> str:
        self.happen(ev.WorkloadOpened(self.now, name, Mode.SESSION, QPU, name, max_time_s, tenant=tenant))
        return name

    def batch(self, name: str = "b", max_time_s: float | None = None) -> str:
        self.happen(ev.WorkloadOpened(self.now, name, Mode.BATCH, QPU, name, max_time_s))
        return name

    def job(
        self,
        name: str,
        qpu_s: float = 3.0,
        *,
        within: str | None = None,
        prep_s: float = 0.0,
        tenant: str = YOU,
        max_execution_s: float | None = None,
        fault: Fault | None = None,
        parts: tuple[Part, ...] = (),
        work: Work | None = None,
        overhead_s: float = 0.0,
        program: str = "sampler",
        submitter: int = 0,
        awaited: tuple[str, ...] = (),
        qpu: str = QPU,
    ) -> str:
        self.queue.expect(name, prep_s)
        self.queue.found(name, fault or Execution(qpu_s, parts, work))
        self.happen(
            ev.JobSubmitted(
                self.now,
                name,
                qpu,
                within,
                program,
                overhead_s=overhead_s,
                max_execution_s=max_execution_s,
                tenant=tenant,
                submitter=submitter,
                awaited=awaited,
            )
        )
        return name

    def result(self, job: str) -> str:
        """Wait until a job has ended."""
        while not self.of(job).settled:
            self.queue.step()
        self.now = self.scheduler.now
        return job

    def trace(self, *focus: str) -> Trace:
        return take(self.scheduler, QPU, focus)

    def close(self, workload: str) -> None:
        self.happen(ev.WorkloadClosed(self.now, workload))

    def cancel(self, name: str) -> None:
        kind = ev.JobCancelled if name in self.scheduler.jobs else ev.WorkloadCancelled
        self.happen(kind(self.now, name))

    def fail(self, job: str, reason: str = "it failed", *, system_fault: bool = False) -> None:
        self.happen(ev.JobFailed(self.now, job, reason, None, system_fault))

    def tenant(self, name: str, allocation_s: float, used_s: float = 0.0) -> str:
        self.happen(ev.TenantArrived(self.now, name, allocation_s, used_s))
        return name

    def reserve(self, start: float, end: float, tenant: str = YOU) -> None:
        self.happen(ev.QpuReserved(self.now, QPU, tenant, start, end))

    def calibrate(self, duration_s: float) -> None:
        self.happen(ev.CalibrationDue(self.now, QPU, duration_s))

    def __getitem__(self, workload: str) -> WorkloadRecord:
        return self.scheduler.workload(workload)

    def of(self, job: str) -> JobRecord:
        return self.scheduler.job(job)

    def states(self, *jobs: str) -> list[JobState]:
        return [self.of(job).state for job in jobs]


def check_parts(e: Emulation) -> None:
    """Assert that all that is charged has a name, now: of every job, session and batch (SEMANTICS U1-U4)."""
    now, step_s = e.scheduler.now, e.scheduler.plan.charge_step_s
    jobs = [e.of(job) for job in e.scheduler.jobs]
    for job in jobs:
        parts = dict(job_parts(job))
        assert sum(parts.values()) == pytest.approx(job.charged_s, abs=1e-6), job
        assert all(seconds > 0 for seconds in parts.values()), parts
        rounded_s = parts.pop(ROUNDING, 0.0)
        assert rounded_s < step_s + 1e-6, parts
        if job.parts and job.charged_s:
            assert job.ended_at is not None
            assert job.on_qpu_at is not None
            whole_s = sum(seconds for _, seconds in job.parts)
            held_s = max(job.ended_at - job.on_qpu_at, job.overhead_s)
            assert sum(parts.values()) == pytest.approx(min(whole_s, held_s), abs=1e-6), job
    for name in e.scheduler.workloads:
        workload = e[name]
        parts = dict(workload_parts(workload, jobs, now))
        assert sum(parts.values()) == pytest.approx(workload.usage_s, abs=1e-6), workload
        assert all(seconds > 0 for seconds in parts.values()), parts
        mine = [job for job in jobs if job.workload == name and job.on_qpu_at is not None]
        assert parts.get(ROUNDING, 0.0) <= len(mine) * (step_s + 1e-6), parts
        if workload.mode is Mode.SESSION:
            running = [now - job.on_qpu_at for job in mine if not (job.settled or job.outlived)]
            idle_s = sum(parts.pop(part, 0.0) for part in (PREPARING, BETWEEN, TAIL))
            assert sum(parts.values()) == pytest.approx(workload.qpu_s + sum(running), abs=1e-6)
            assert idle_s >= 0
