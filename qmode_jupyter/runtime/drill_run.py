"""A drill under way: it lets happen what the drill says, and reports what that did."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from qmode_jupyter.errors import RequestsApiError
from qmode_jupyter.runtime.drills import (
    Calibrate,
    CancelJob,
    Crowd,
    Drill,
    EndKernel,
    Fail,
    HoldQpu,
    Mishap,
    PrepareFor,
    Refuse,
    Think,
)
from qmode_jupyter.runtime.engine import Engine
from qmode_jupyter.runtime.qpus import Qpus
from qmode_jupyter.scheduler.event_queue import Arrival, Execution, Fault, Outcome
from qmode_jupyter.scheduler.events import YOU, JobSubmitted, TenantArrived, grained
from qmode_jupyter.scheduler.records import JobRecord, JobState, Mode
from qmode_jupyter.style.tables import preformatted
from qmode_jupyter.style.words import count

if TYPE_CHECKING:
    from qmode_jupyter.runtime.jobs import JobRequest
    from qmode_jupyter.scheduler.scheduler import Scheduler

#: Another user's own part of the QPU, of all its time.
_SHARE_OF_OTHERS: Final = 1 / 60
#: The overhead in a job of another user's, in seconds (SEMANTICS U6).
_OVERHEAD_S: Final = 2.0

#: What becomes of the job itself; the rest strikes when it is submitted.
_OF_THE_JOB: Final = (Fail, HoldQpu, PrepareFor, CancelJob)


@dataclass(frozen=True, slots=True)
class DrillReport:
    """What a drill did.

    Attributes
    ----------
    struck_at
        The emulated second at which it struck; None: it has not.
    lost
        Your jobs that gave no result, with the reason of each.
    refused
        What submissions were refused with.
    lost_usage_s
        Seconds charged for what gave no result: those jobs, and what a session was charged for while no
        job of its was on the QPU.
    waited_s
        Seconds that your jobs waited, from then on, before the QPU took them, added up.
    usage_s
        Seconds of usage in all.
    lost_usd
        What `lost_usage_s` costs; None where usage is free.
    """

    drill: Drill
    struck_at: float | None
    lost: tuple[tuple[str, str], ...]
    refused: tuple[str, ...]
    lost_usage_s: float
    waited_s: float
    usage_s: float
    lost_usd: Decimal | None

    def lines(self) -> tuple[str, ...]:
        """Return it in lines."""
        head = f"Drill {self.drill.name}: {self.drill.title}."
        if self.struck_at is None:
            return (
                head,
                "It did not strike: the run was over before.",
                f"It would have been: {self.drill.happens}",
            )
        price = "" if self.lost_usd is None else f" (${self.lost_usd:.2f})"
        jobs, submissions = count(len(self.lost), "job"), count(len(self.refused), "submission")
        reasons = list(dict.fromkeys([*(why for _, why in self.lost if why), *self.refused]))
        cost = (
            f"It cost: {self.lost_usage_s:.0f} s of usage{price} that gave nothing, of "
            f"{self.usage_s:.0f} s in all, and {self.waited_s:.0f} s of waiting."
        )
        return (
            f"{head} It struck at {self.struck_at:.0f} s.",
            self.drill.happens,
            f"Lost: {jobs} without a result, {submissions} refused.",
            *(f"  {reason}" for reason in reasons),
            cost,
            f"What would have saved it:\n  {self.drill.saved_by}",
        )

    def __str__(self) -> str:
        return "\n".join(self.lines())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return preformatted(str(self))


class DrillRun:
    """What a runtime goes through under a drill; without one nothing ever happens. Any thread.

    Parameters
    ----------
    seed
        Draws where it strikes.
    end_kernel
        Ends the runtime as a kernel that is killed would.
    """

    def __init__(
        self, drill: Drill | None, seed: int, engine: Engine, qpus: Qpus, end_kernel: Callable[[], None]
    ) -> None:
        self.drill = drill
        self._dice = random.Random(f"{seed} {drill.name if drill else ''}")
        self._engine = engine
        self._qpus = qpus
        self._end_kernel = end_kernel
        self._lock = threading.Lock()
        self._crowds = 0
        self._fates: dict[str, tuple[Mishap, ...]] = {}
        self.begin()

    def begin(self) -> None:
        """Begin anew: it strikes once from now on."""
        with self._lock:
            self._since = self._engine.clock.now()
            self._submitted = 0
            self._struck_at: float | None = None
            self._refused: list[str] = []
            self._refusals: list[Refuse] = []
            drill = self.drill
            self._at_job = self._dice.randint(*drill.at_job) if drill else 0
            self._max_time_s = (
                float(self._dice.randint(*drill.max_time_s)) if drill and drill.max_time_s else None
            )

    def log_in(self) -> None:
        """Let the service know again who asks: what was refused for that is taken from now on."""
        with self._lock:
            self._refusals = [refusal for refusal in self._refusals if refusal.times is not None]

    def max_time_s(self, mode: Mode, wanted_s: float | None) -> float | None:
        """Return the maximum timeout of a session or batch of which `wanted_s` was asked for."""
        with self._lock:
            if self._max_time_s is None or self.drill is None or mode not in self.drill.modes:
                return wanted_s
            short_s, self._max_time_s = self._max_time_s, None
        return short_s if wanted_s is None else min(wanted_s, short_s)

    def strike(self, request: JobRequest) -> tuple[Mishap, ...]:
        """Let strike what strikes before a job is submitted, and return what will become of the job.

        Raises
        ------
        RequestsApiError
            If the drill has the service refuse it; nothing was submitted then.
        """
        if self.drill is None:
            return ()
        with self._lock:
            strikes = self._struck_at is None and self.drill.mishaps and self._submitted + 1 >= self._at_job
            mishaps = self.drill.mishaps if strikes else ()
            if strikes:
                self._struck_at = self._engine.clock.now()
                self._refusals += [m for m in mishaps if isinstance(m, Refuse)]
        for mishap in mishaps:
            self._let_happen(mishap, request)
        self._refuse()
        return tuple(m for m in mishaps if isinstance(m, _OF_THE_JOB))

    def accepted(self, job: str, mishaps: tuple[Mishap, ...]) -> None:
        """Note that a job was submitted, and what will become of it."""
        with self._lock:
            self._submitted += 1
            if mishaps:
                self._fates[job] = mishaps

    def note_refused(self, said: str) -> None:
        """Note what the service itself refused a submission with."""
        with self._lock:
            self._refused.append(said)

    def outcome(self, job: str, outcome: Outcome) -> Outcome:
        """Return what becomes of a job whose simulation ended so."""
        for mishap in self._fates.pop(job, ()):
            if isinstance(mishap, Fail):
                return Fault(mishap.reason, mishap.code, mishap.system_fault)
            if isinstance(mishap, HoldQpu) and not isinstance(outcome, Fault):
                return Execution(self._engine.scheduler.plan.job_max_s + 1.0)
        return outcome

    def report(self) -> DrillReport | None:
        """Return what the drill did; None without one."""
        if self.drill is None:
            return None
        if self._engine.ended:
            return self._report(self._engine.scheduler)
        return self._engine.look(self._report)

    # ---- inside

    def _let_happen(self, mishap: Mishap, request: JobRequest) -> None:
        if isinstance(mishap, Think) and request.workload is not None:
            record = self._engine.look(lambda scheduler: scheduler.workload(request.workload or ""))
            self._engine.wait(request.workload, record.interactive_timeout_s + mishap.beyond_s)
        elif isinstance(mishap, Calibrate):
            self._qpus.calibrate(request.backend, mishap.duration_s)
        elif isinstance(mishap, Crowd):
            self._engine.call(lambda: self._let_come(mishap, request))
        elif isinstance(mishap, EndKernel):
            self._end_kernel()

    def _let_come(self, crowd: Crowd, request: JobRequest) -> None:
        self._qpus.populate(request.backend)
        now, qpu = self._engine.catch_up(), request.backend.name
        self._crowds += 1
        names = [f"newcomer {self._crowds}.{number}" for number in range(1, crowd.jobs + 1)]
        allocation_s = self._engine.scheduler.plan.window_s * _SHARE_OF_OTHERS
        arrivals = [Arrival(TenantArrived(now, name, allocation_s)) for name in names]
        for name in names:
            job = JobSubmitted(now, f"{qpu}/{name}", qpu, overhead_s=_OVERHEAD_S, tenant=name)
            arrivals.append(Arrival(job, 1.0, grained(crowd.each_s)))
        self._engine.event_queue.feed(iter(arrivals))
        self._engine.catch_up()

    def _refuse(self) -> None:
        with self._lock:
            if not self._refusals:
                return
            refusal = self._refusals.pop(0)
            left = None if refusal.times is None else refusal.times - 1
            if left is None or left > 0:
                self._refusals.insert(0, replace(refusal, times=left))
            self._refused.append(refusal.said)
        raise RequestsApiError(refusal.said, status_code=refusal.status_code)

    def _report(self, scheduler: Scheduler) -> DrillReport:
        assert self.drill is not None
        mine = [scheduler.job(job.id) for job in scheduler.jobs.values() if job.tenant == YOU]
        jobs = [job for job in mine if job.submitted_at >= self._since]
        ended = self._engine.ended
        lost = [job for job in jobs if (job.settled or ended) and job.state is not JobState.DONE]
        struck_at = self._struck_at
        if struck_at is None and (lost or self._refused):
            struck_at = min((job.ended_at for job in lost if job.ended_at is not None), default=scheduler.now)
        workloads = [
            scheduler.workload(w.id)
            for w in scheduler.workloads.values()
            if w.tenant == YOU and w.record(scheduler.now).opened_at >= self._since
        ]
        in_sessions = {w.id for w in workloads if w.mode is Mode.SESSION}
        idle_s = sum(max(0.0, w.usage_s - w.qpu_s) for w in workloads if w.id in in_sessions)
        lost_s = idle_s + sum(
            _on_qpu_s(job) if job.workload in in_sessions else job.charged_s for job in lost
        )
        usage_s = sum(w.usage_s for w in workloads) + sum(j.charged_s for j in jobs if j.workload is None)
        return DrillReport(
            self.drill,
            struck_at,
            tuple((job.id, job.reason or f"{job.id} was {job.status}") for job in lost),
            tuple(self._refused),
            lost_s if struck_at is not None else 0.0,
            0.0 if struck_at is None else sum(_waited_s(job, struck_at, scheduler.now) for job in jobs),
            usage_s,
            scheduler.plan.price_usd(lost_s),
        )


def _on_qpu_s(job: JobRecord) -> float:
    return 0.0 if job.on_qpu_at is None or job.ended_at is None else job.ended_at - job.on_qpu_at


def _waited_s(job: JobRecord, since: float, now: float) -> float:
    until = next((at for at in (job.on_qpu_at, job.ended_at) if at is not None), now)
    return max(0.0, until - max(since, job.submitted_at))
