"""Runs to draw and to describe, made by the real scheduler with durations that are given."""

from __future__ import annotations

import itertools
import random

from qmode_jupyter.scheduler.event_queue import EventQueue, Fault
from qmode_jupyter.scheduler.events import (
    YOU,
    CalibrationDue,
    JobCancelled,
    JobFailed,
    JobSubmitted,
    TenantArrived,
    WorkloadCancelled,
    WorkloadClosed,
    WorkloadOpened,
    grained,
)
from qmode_jupyter.scheduler.plans import plan
from qmode_jupyter.scheduler.records import Mode
from qmode_jupyter.scheduler.scheduler import Scheduler
from qmode_jupyter.scheduler.trace import Trace, take

QPU = "generic_19q"
ISA_FAULT = Fault("The circuit has a gate that is not in the target", 1517)


class Run:
    """A scheduler whose trace is taken: say what happens when, then take the trace.

    Events are given in any order and happen in the order of their times.
    """

    def __init__(self, plan_name: str = "premium", qpu: str = QPU) -> None:
        self.qpu = qpu
        self.scheduler = Scheduler(plan(plan_name))
        self.queue = EventQueue(self.scheduler)
        self._numbers = itertools.count(1)

    def session(self, at: float = 0.0, name: str = "vqe", max_time_s: float | None = None) -> str:
        """Open a session."""
        return self._open(Mode.SESSION, at, name, max_time_s)

    def batch(self, at: float = 0.0, name: str = "scan", max_time_s: float | None = None) -> str:
        """Open a batch."""
        return self._open(Mode.BATCH, at, name, max_time_s)

    def job(
        self,
        at: float,
        qpu_s: float | Fault = 3.0,
        *,
        workload: str | None = None,
        preparation_s: float = 1.0,
        program: str = "estimator",
        tenant: str = YOU,
        max_execution_s: float | None = None,
    ) -> str:
        """Submit a job that is prepared and on the QPU for so long, or that fails."""
        job = self._id("d41f" if tenant == YOU else "b0b0")
        self.queue.expect(job, preparation_s)
        self.queue.found(job, qpu_s)
        self.queue.schedule(
            JobSubmitted(grained(at), job, self.qpu, workload, program, 2.0, max_execution_s, tenant)
        )
        return job

    def neighbours(self, *stretches: tuple[float, float]) -> None:
        """Let other users' jobs be submitted, each (at, seconds on the QPU)."""
        self.queue.schedule(TenantArrived(grained(stretches[0][0]), "bob", 1.0))
        for at, qpu_s in stretches:
            self.job(at, qpu_s, tenant="bob", preparation_s=0.0)

    def calibration(self, at: float, duration_s: float) -> None:
        """Let a calibration be due."""
        self.queue.schedule(CalibrationDue(grained(at), self.qpu, duration_s))

    def close(self, workload: str, at: float) -> None:
        """Close a workload."""
        self.queue.schedule(WorkloadClosed(grained(at), workload))

    def cancel(self, workload: str, at: float) -> None:
        """Cancel a workload."""
        self.queue.schedule(WorkloadCancelled(grained(at), workload))

    def cancel_job(self, job: str, at: float) -> None:
        """Cancel a job."""
        self.queue.schedule(JobCancelled(grained(at), job))

    def fail_job(self, job: str, at: float, reason: str, code: int | None = None) -> None:
        """Let a job fail, wherever it is."""
        self.queue.schedule(JobFailed(grained(at), job, reason, code))

    def trace(self, until: float, *focus: str) -> Trace:
        """Let everything happen up to `until` and return the trace of `focus` (nothing: of all)."""
        self.queue.run_until(until)
        self.scheduler.pass_time(max(self.scheduler.now, grained(until)))
        return take(self.scheduler, self.qpu, focus, 1_763_625_500.0)

    def _open(self, mode: Mode, at: float, name: str, max_time_s: float | None) -> str:
        workload = self._id("c8s2")
        self.queue.schedule(WorkloadOpened(grained(at), workload, mode, self.qpu, name, max_time_s))
        return workload

    def _id(self, prefix: str) -> str:
        return f"{prefix}{next(self._numbers):016d}"


def reactivated_session(qpu: str = "fake_fez", plan_name: str = "payg") -> Trace:
    """Return a session of 14 jobs, one failed, that ran out of its window once and came back."""
    run = Run(plan_name, qpu)
    run.neighbours((0.0, 34.0), (100.0, 58.0), (225.0, 27.0), (300.0, 27.0))
    run.calibration(205.0, 11.0)
    session = run.session(0.0)
    first = (
        (0, 1.6, 7.4),
        (41, 1, 6),
        (49, 2.4, 8.3),
        (60.5, 1, 9),
        (70, 1.2, 7),
        (78, 2, 8.6),
        (90, 2.5, 6.4),
    )
    for at, preparation_s, qpu_s in (*first, (98.5, 1, 8.2), (110, 2, 6)):
        run.job(at, qpu_s, workload=session, preparation_s=preparation_s)
    for at, qpu_s in ((236.0, 8.0), (274.0, 7.6), (286.0, ISA_FAULT), (297.0, 7.6), (309.0, 7.5)):
        run.job(at, qpu_s, workload=session, preparation_s=1.7)
    run.close(session, 312.0)
    return run.trace(345.0, session)


def cobyla_session(
    iterations: int = 60, classical_s: float = 1.3, until: float = 1e4, close: bool = True
) -> Trace:
    """Return a session in which each job is submitted when the last one's result was looked at."""
    run = Run()
    dice = random.Random(7)
    session = run.session(0.0, "cobyla")
    at = 0.5
    for _ in range(iterations):
        preparation_s, qpu_s = dice.uniform(0.4, 0.8), dice.uniform(2.0, 3.4)
        run.job(at, qpu_s, workload=session, preparation_s=preparation_s)
        at += grained(preparation_s) + grained(qpu_s) + classical_s * dice.uniform(0.6, 1.6)
    if close:
        run.close(session, at + 1)
    return run.trace(min(until, at + 40), session)


def large_batch(jobs: int, failures: int = 0, cancellations: int = 0, neighbours: bool = True) -> Trace:
    """Return a batch with all its jobs submitted at once."""
    run = Run()
    dice = random.Random(11)
    if neighbours:
        run.neighbours((0.0, 20.0))
    batch = run.batch(0.0)
    ids = []
    for index in range(jobs):
        outcome = ISA_FAULT if index % 17 == 5 and index // 17 < failures else dice.uniform(2.0, 5.0)
        ids.append(run.job(1.0 + index * 0.02, outcome, workload=batch, preparation_s=dice.uniform(0.5, 9.0)))
    span = 20 + jobs * 3.6
    for index in range(cancellations):
        run.cancel_job(ids[-1 - index], span * 0.4)
    run.calibration(span * 0.5, 12.0)
    run.close(batch, 2.0 + jobs * 0.02)
    if neighbours:
        run.neighbours(*((span * (0.1 + 0.2 * i), 15.0) for i in range(4)))
    return run.trace(span * 2 + 100, batch)
