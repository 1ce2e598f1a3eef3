"""The view model of one session or batch, made of its records: what a real one is shown by."""

from __future__ import annotations

import time
from collections import Counter

from qmode_jupyter.notebook.view_model import VERSION, Job, Message, Workload, idle_note, max_note
from qmode_jupyter.scheduler.records import JobRecord, Mode, WorkloadRecord, WorkloadState, shown_state
from qmode_jupyter.scheduler.trace import Trace
from qmode_jupyter.style.words import WORKLOAD_WORDS, printable


def message_of(trace: Trace, source: str, changed: frozenset[str] | None = None) -> Message:
    """Return the view model of a trace of one session or batch.

    Parameters
    ----------
    trace
        Its time is the wall's.
    source
        Tells what it comes from from everything else that is shown.
    changed
        Ids: a delta with these; None: everything.
    """
    (workload,) = trace.workloads
    plan = trace.plan
    price = plan.price_usd_per_s
    jobs = [job for job in trace.jobs if changed is None or job.id in changed]
    return {
        "v": VERSION,
        "runtime": source,
        "seq": 0,
        "whole": changed is None,
        "clock": {
            "now": round(trace.until, 3),
            "at_ms": round(time.time() * 1000),
            "rate": 0 if workload.state is WorkloadState.CLOSED else 1,
            "held": False,
            "speed": 1,
            "origin_ms": round(trace.origin_s * 1000),
            "real": True,
        },
        "plan": {
            "name": plan.name,
            "title": plan.title,
            "usd_per_s": None if price is None else float(price),
        },
        "workloads": {} if changed is not None and not changed else {workload.id: _workload(workload, trace)},
        "jobs": {job.id: _job(job) for job in jobs},
    }


def _workload(workload: WorkloadRecord, trace: Trace) -> Workload:
    states = Counter(shown_state(job.state, job.reason_code).value for job in trace.jobs)
    usd = trace.plan.price_usd(workload.usage_s)
    active = workload.state is WorkloadState.ACTIVE
    return {
        "mode": workload.mode.value,
        "name": printable(workload.name),
        "backend": workload.qpu,
        "state": workload.state.value,
        "word": WORKLOAD_WORDS[workload.state],
        "accepting": workload.accepting_jobs,
        "reason": workload.state_reason,
        "opened": workload.opened_at,
        "started": workload.started_at,
        "closed": workload.closed_at,
        "idle": {
            "timeout": workload.interactive_timeout_s,
            "deadline": workload.idle_deadline_at,
            "note": idle_note(workload),
        },
        "max": {
            "timeout": workload.max_time_s,
            "deadline": workload.expires_at,
            "note": max_note(workload),
        },
        "usage": workload.usage_s,
        "qpu": workload.qpu_s,
        "usage_rate": 1 if active and workload.mode is Mode.SESSION else 0,
        "usd": None if usd is None else round(float(usd), 2),
        "place": None,
        "counts": {
            "queued": states["queued"],
            "preparing": states["preparing"],
            "waiting": states["waiting"],
            "on_qpu": states["on_qpu"],
            "done": states["done"],
            "failed": states["failed"],
            "cancelled": states["cancelled"],
        },
    }


def _job(job: JobRecord) -> Job:
    times = [job.submitted_at, job.preparing_at, job.waiting_at, job.on_qpu_at, job.ended_at]
    while times[-1] is None:
        times.pop()
    row: Job = {
        "workload": job.workload,
        "program": job.program,
        "state": shown_state(job.state, job.reason_code).value,
        "t": times,
        "usage": job.charged_s,
    }
    if job.reason_code is not None:
        row["code"] = job.reason_code
    if job.reason:
        row["reason"] = "\n".join(map(printable, job.reason.splitlines()))
    return row
