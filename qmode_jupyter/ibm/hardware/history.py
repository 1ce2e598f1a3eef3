"""What the service says of a session or batch and its jobs, as the records that an emulated one has.

Times are seconds since it was opened. The service tells when a job was created, began to run and ended,
and what it is charged for its time on the QPU; that this time was the last of its run is taken as so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

from qmode_jupyter.scheduler.events import YOU, WorkloadCancelled, WorkloadClosed
from qmode_jupyter.scheduler.plans import Plan
from qmode_jupyter.scheduler.records import (
    SETTLED,
    JobRecord,
    JobState,
    Mode,
    Span,
    WorkloadRecord,
    WorkloadState,
)
from qmode_jupyter.scheduler.trace import Trace

_ENDED: Final = {"DONE": JobState.DONE, "ERROR": JobState.FAILED, "CANCELLED": JobState.CANCELLED}
_CODE: Final = re.compile(r"Error code (\d+)[;:]\s*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What is known of a job.

    Attributes
    ----------
    status
        In the client's words (SEMANTICS J1).
    seen_s, over_s
        When it was first seen, and first seen to have ended: Unix seconds.
    metrics, metrics_s
        As the service gave them, and when: Unix seconds.
    reason
        Why it failed, in the service's words.
    """

    id: str
    program: str
    status: str
    seen_s: float
    over_s: float | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    metrics_s: float | None = None
    reason: str = ""

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.status in _ENDED

    @property
    def charge_known(self) -> bool:
        """Whether the service says what it is charged, and won't say anything else later."""
        usage = self.metrics.get("usage") or {}
        if (self.metrics.get("timestamps") or {}).get("finished") is None:
            return False
        return usage.get("status", "complete") != "pending" and "qpu_charge_time_seconds" in usage


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a session or batch at one moment.

    Attributes
    ----------
    details
        As the client's `details` gives them; empty before the first answer.
    opened_s, read_s
        When it was opened here, and when this was so: Unix seconds.
    ended_s, cancelled
        When it was closed or cancelled from here, and whether it was cancelled.
    """

    id: str
    mode: Mode
    qpu: str
    name: str
    plan: Plan
    opened_s: float
    read_s: float
    details: Mapping[str, Any]
    jobs: tuple[JobFacts, ...]
    ended_s: float | None = None
    cancelled: bool = False


def trace_of(facts: Facts) -> Trace:
    """Return the record of it so far: what timeline, tables and widget read."""
    states = [
        (_state(one.get("status")), at)
        for one in facts.details.get("timestamps") or ()
        if (at := moment(one.get("timestamp"))) is not None
    ] or [(WorkloadState.OPEN, facts.opened_s)]
    origin_s = (
        min(states[0][1], *(moment(_times(job).get("created")) or job.seen_s for job in facts.jobs))
        if facts.jobs
        else states[0][1]
    )
    jobs = tuple(_job(job, facts, origin_s) for job in facts.jobs)
    history = tuple((state, max(0.0, at - origin_s)) for state, at in states)
    moments = [at for _, at in history] + [job.ended_at for job in jobs if job.ended_at is not None]
    until = max(facts.read_s - origin_s, *moments, 0.0)
    if history[-1][0] is WorkloadState.CLOSED and all(job.settled for job in jobs):
        until = max(*moments, 0.0)
    events: tuple[Any, ...] = ()
    if facts.ended_s is not None:
        kind = WorkloadCancelled if facts.cancelled else WorkloadClosed
        events = (kind(max(0.0, facts.ended_s - origin_s), facts.id),)
    return Trace(
        plan=facts.plan,
        origin_s=origin_s,
        until=until,
        qpu=facts.qpu,
        focus=(facts.id,),
        events=events,
        jobs=jobs,
        others=(),
        workloads=(_workload(facts, jobs, history, origin_s),),
        calibrations=(),
    )


def moment(text: object) -> float | None:
    """Return a moment in ISO 8601 as Unix seconds; None for what is none."""
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()


def _times(job: JobFacts) -> Mapping[str, Any]:
    times: Mapping[str, Any] = job.metrics.get("timestamps") or {}
    return times


def _job(job: JobFacts, facts: Facts, origin_s: float) -> JobRecord:
    created, running, finished = (
        moment(_times(job).get(word)) for word in ("created", "running", "finished")
    )
    charged_s = float((job.metrics.get("usage") or {}).get("qpu_charge_time_seconds") or 0.0)
    ended_s = (finished or job.over_s or facts.read_s) if job.ended else None
    state = _ENDED.get(job.status, JobState.PREPARING if job.status == "RUNNING" else JobState.QUEUED)
    if running is None and state in (JobState.PREPARING, JobState.DONE):
        running = created or job.seen_s
    on_qpu_s = None
    if running is not None and charged_s > 0:
        on_qpu_s = max(running, (finished or job.metrics_s or facts.read_s) - charged_s)
        state = state if state in SETTLED else JobState.ON_QPU

    def since(at: float | None) -> float | None:
        return None if at is None else max(0.0, at - origin_s)

    coded = _CODE.search(job.reason)
    return JobRecord(
        id=job.id,
        qpu=facts.qpu,
        tenant=YOU,
        workload=facts.id,
        program=job.program,
        state=state,
        submitted_at=since(created or job.seen_s) or 0.0,
        preparing_at=since(running),
        waiting_at=since(on_qpu_s),
        on_qpu_at=since(on_qpu_s),
        ended_at=since(ended_s),
        charged_s=charged_s,
        qpu_s=charged_s,
        reason=coded.group(2) if coded else job.reason,
        reason_code=int(coded.group(1)) if coded else None,
        overhead_s=0.0,
        max_execution_s=None,
        submitter=0,
        awaited=(),
    )


def _workload(
    facts: Facts,
    jobs: tuple[JobRecord, ...],
    history: tuple[tuple[WorkloadState, float], ...],
    origin_s: float,
) -> WorkloadRecord:
    details = facts.details
    plan, mode = facts.plan, facts.mode

    def at(word: str) -> float | None:
        known = moment(details.get(word))
        return None if known is None else max(0.0, known - origin_s)

    state = history[-1][0] if "state" not in details else _state(details["state"])
    closed = at("closed_at") if state is WorkloadState.CLOSED else None
    if state is WorkloadState.CLOSED and closed is None:
        closed = history[-1][1]
    started, unfinished = at("started_at"), [job for job in jobs if not job.settled]
    interactive_s = float(details.get("interactive_timeout") or plan.interactive_s(mode))
    longest_s = float(details.get("max_time") or plan.longest_s(mode))
    last_ended = at("last_job_completed")
    waits = state is WorkloadState.ACTIVE and not unfinished and last_ended is not None
    stretches = [
        Span(since, until)
        for (state_then, since), (_, until) in pairwise(history)
        if state_then is WorkloadState.ACTIVE
    ]
    if history[-1][0] is WorkloadState.ACTIVE:
        stretches.append(Span(history[-1][1], closed))
    return WorkloadRecord(
        id=facts.id,
        mode=mode,
        qpu=facts.qpu,
        tenant=YOU,
        name=facts.name,
        state=state,
        state_reason="",
        accepting_jobs=bool(details.get("accepting_jobs", True)) and facts.ended_s is None,
        interactive_timeout_s=interactive_s,
        max_time_s=longest_s,
        opened_at=history[0][1],
        started_at=started,
        activated_at=at("activated_at"),
        closed_at=closed,
        last_job_started_at=at("last_job_started"),
        last_job_completed_at=last_ended,
        idle_deadline_at=last_ended + interactive_s if waits and last_ended is not None else None,
        expires_at=started + longest_s if started is not None and closed is None else None,
        unfinished=len(unfinished),
        queued=sum(job.state is JobState.QUEUED for job in jobs),
        jobs=len(jobs),
        usage_s=float(details.get("usage_time") or 0.0),
        qpu_s=sum(job.charged_s for job in jobs),
        stretches=tuple(stretches),
        history=history,
    )


def _state(word: object) -> WorkloadState:
    """Return a state of the wire; those of a change that is not done yet are active (SEMANTICS S2)."""
    try:
        return WorkloadState(str(word))
    except ValueError:
        return WorkloadState.ACTIVE if str(word).startswith("pending_") else WorkloadState.OPEN
