"""A service with emulated time and known durations, for scenarios that read like transcripts."""

from __future__ import annotations

from qmode_jupyter.scheduler import events as ev
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
        execution: Execution | None = None,
        overhead_s: float = 0.0,
        program: str = "sampler",
        submitter: int = 0,
        awaited: tuple[str, ...] = (),
        qpu: str = QPU,
    ) -> str:
        self.queue.expect(name, prep_s)
        self.queue.found(name, fault or execution or qpu_s)
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
