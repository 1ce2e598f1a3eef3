"""The one view model: a runtime as plain JSON, whole or as a delta. Every display reads this.

`snapshot(runtime)` is everything, `snapshot(runtime, changed=ids)` only what those ids stand for;
both may be limited to one workload or group. Times are emulated seconds; a display that counts down
starts from ``clock.now``, read at the wall time ``clock.at_ms``, and runs at ``clock.rate``.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable
from itertools import islice
from typing import Any, Final

from qmode_jupyter.runtime.jobs import JobGroup
from qmode_jupyter.runtime.runtime import Runtime
from qmode_jupyter.scheduler.events import YOU
from qmode_jupyter.scheduler.scheduler import Scheduler
from qmode_jupyter.scheduler.state import Job, Workload
from qmode_jupyter.scheduler.transitions import IN_LANE, SETTLED, JobState, Mode, WorkloadState, shown_state
from qmode_jupyter.style.words import WORKLOAD_WORDS, printable

VERSION: Final = 1

#: How many of a workload's queued jobs are told their place: all of them would change at each step.
PLACES: Final = 10


def snapshot(
    runtime: Runtime, changed: frozenset[str] | None = None, only: str | None = None
) -> dict[str, Any]:
    """Return the view model of `runtime`.

    Parameters
    ----------
    changed
        Ids of jobs and workloads: a delta with them and what they imply. None: everything.
    only
        The workload or group to which it is limited.
    """
    return runtime.look(lambda scheduler: _Builder(runtime, scheduler, only).build(changed))


class _Builder:
    def __init__(self, runtime: Runtime, scheduler: Scheduler, only: str | None) -> None:
        self._runtime = runtime
        self._scheduler = scheduler
        self._only = only
        self._groups = {g.id: g for g in runtime.groups()}

    def build(self, changed: frozenset[str] | None) -> dict[str, Any]:
        owners, jobs = self._everything() if changed is None else self._concerned(changed)
        plan, clock = self._runtime.plan, self._runtime.clock
        price = plan.price_usd_per_s
        return {
            "v": VERSION,
            "runtime": self._runtime.id,
            "seq": 0,
            "whole": changed is None,
            "clock": {
                "now": _ms(self._scheduler.now),
                "at_ms": round(time.time() * 1000),
                "rate": clock.rate,
                "held": self._runtime.held_by is not None,
                "speed": self._runtime.speed,
                "origin_ms": round(self._runtime.origin_s * 1000),
            },
            "plan": {
                "name": plan.name,
                "title": plan.title,
                "usd_per_s": None if price is None else float(price),
            },
            "workloads": {owner: self._owner(owner) for owner in owners},
            "jobs": {job: self._job(self._scheduler.jobs[job]) for job in jobs},
        }

    # ---- what belongs in it

    def _everything(self) -> tuple[Iterable[str], Iterable[str]]:
        mine = [w.id for w in self._scheduler.workloads.values() if w.tenant == YOU]
        owners = [o for o in (*mine, *self._groups) if self._only in (None, o)]
        jobs = [j for j in self._runtime.job_ids() if self._only in (None, self._owner_of(j))]
        return owners, jobs

    def _concerned(self, changed: Collection[str]) -> tuple[Iterable[str], Iterable[str]]:
        owners: dict[str, None] = {}
        jobs: dict[str, None] = {}
        known = self._runtime.has_job
        for name in changed:
            if known(name):
                jobs[name] = None
                owner = self._owner_of(name)
                if owner is not None:
                    owners[owner] = None
            elif name in self._groups or name in self._scheduler.workloads:
                owners[name] = None
        for owner in owners:  # the ones next in line have moved up
            workload = self._scheduler.workloads.get(owner)
            if workload is not None:
                jobs.update(dict.fromkeys(islice(workload.queue, PLACES)))
        wanted = [o for o in owners if self._only in (None, o) and self._is_mine(o)]
        return wanted, [j for j in jobs if self._only in (None, self._owner_of(j))]

    def _is_mine(self, owner: str) -> bool:
        workload = self._scheduler.workloads.get(owner)
        return workload is None or workload.tenant == YOU

    def _owner_of(self, job: str) -> str | None:
        facts = self._runtime.job_facts(job)
        return facts.workload or facts.group

    # ---- its parts

    def _owner(self, owner: str) -> dict[str, Any]:
        if owner in self._groups:
            return self._group(self._groups[owner])
        return self._workload(self._scheduler.workloads[owner])

    def _workload(self, workload: Workload) -> dict[str, Any]:
        now = self._scheduler.now
        usage = workload.usage_s(now)
        active_session = workload.mode is Mode.SESSION and workload.active_since is not None
        qpu = self._scheduler.qpus[workload.qpu]
        on_qpu = qpu.on_qpu
        here = on_qpu is not None and on_qpu.workload == workload.id
        waiting = sum(j.workload == workload.id for j in qpu.ready)
        ended = self._runtime.ended(workload.id)
        place = qpu.line.ahead_of(workload.id)
        return {
            "mode": workload.mode.value,
            "name": printable(workload.name),
            "backend": workload.qpu,
            "state": workload.state.value,
            "word": WORKLOAD_WORDS[workload.state],
            "accepting": workload.accepting_jobs,
            "reason": workload.state_reason,
            "opened": _ms(workload.opened_at),
            "started": _ms(workload.started_at),
            "closed": _ms(workload.closed_at),
            "idle": {
                "timeout": workload.interactive_timeout_s,
                "deadline": _ms(workload.idle_deadline_at),
                "note": _idle_note(workload),
            },
            "max": {
                "timeout": workload.max_time_s,
                "deadline": _ms(workload.expires_at),
                "note": _max_note(workload),
            },
            "usage": _ms(usage),
            "qpu": _ms(workload.jobs_on_qpu_s),
            "usage_rate": 1 if active_session else 0,
            "usd": self._usd(usage),
            "place": None if place is None else place + 1,
            "counts": {
                "queued": len(workload.queue),
                "preparing": workload.unfinished - len(workload.queue) - waiting - here,
                "waiting": waiting,
                "on_qpu": int(here),
                **{state.value: ended[state] for state in SETTLED_IN_ORDER},
            },
            "history": [[state.value, _ms(at)] for state, at in workload.history],
        }

    def _group(self, group: JobGroup) -> dict[str, Any]:
        jobs = [self._scheduler.jobs[j] for j in group.jobs]
        states = Counter(shown_state(j.state, j.reason_code) for j in jobs)
        usage = sum(j.charged_s for j in jobs)
        over = group.closed_at is not None and all(s in SETTLED for s in states)
        started = min((j.preparing_at for j in jobs if j.preparing_at is not None), default=None)
        ended = max((j.ended_at for j in jobs if j.ended_at is not None), default=group.closed_at)
        running = any(s in IN_LANE for s in states)
        state = WorkloadState.CLOSED if over else WorkloadState.ACTIVE if running else WorkloadState.OPEN
        places = [self._scheduler.place(j.id) for j in jobs if j.state is JobState.QUEUED]
        return {
            "mode": Mode.JOB.value,
            "name": printable(group.name),
            "backend": group.qpu,
            "state": state.value,
            "word": WORKLOAD_WORDS[state],
            "accepting": group.closed_at is None,
            "reason": "",
            "opened": _ms(group.opened_at),
            "started": _ms(started),
            "closed": _ms(ended) if over else None,
            "idle": None,
            "max": None,
            "usage": _ms(usage),
            "qpu": _ms(usage),
            "usage_rate": 0,
            "usd": self._usd(usage),
            "place": min((p for p in places if p is not None), default=None),
            "counts": {s.value: states[s] for s in JobState},
            "history": [],
        }

    def _job(self, job: Job) -> dict[str, Any]:
        times = [job.submitted_at, job.preparing_at, job.waiting_at, job.on_qpu_at, job.ended_at]
        while times[-1] is None:
            times.pop()
        row: dict[str, Any] = {
            "workload": self._owner_of(job.id),
            "program": job.program,
            "state": shown_state(job.state, job.reason_code).value,
            "t": [_ms(t) for t in times],
            "usage": job.charged_s,
        }
        place = self._place(job)
        if place is not None:
            row["place"] = place
        if job.reason_code is not None:
            row["code"] = job.reason_code
        if job.reason:
            row["reason"] = "\n".join(map(printable, job.reason.splitlines()))
        return row

    def _place(self, job: Job) -> int | None:
        if job.state is not JobState.QUEUED:
            return None
        if job.workload is None:
            return self._scheduler.place(job.id)
        workload = self._scheduler.workloads[job.workload]
        ahead = self._scheduler.qpus[job.qpu].line.ahead_of(workload.id) or 0
        for index, name in enumerate(islice(workload.queue, PLACES)):
            if name == job.id:
                return ahead + 1 + index
        return None

    def _usd(self, seconds: float) -> float | None:
        price = self._runtime.plan.price_usd_per_s
        return None if price is None else round(seconds * float(price), 2)


#: The order in which ended jobs are counted up.
SETTLED_IN_ORDER: Final = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _idle_note(workload: Workload) -> str:
    if workload.idle_deadline_at is not None:
        return ""
    return {
        WorkloadState.OPEN: "counts after the first job",
        WorkloadState.ACTIVE: "counts when no job is left",
        WorkloadState.INACTIVE: "over: the next job queues again",
        WorkloadState.CLOSED: "",
    }[workload.state]


def _max_note(workload: Workload) -> str:
    if workload.state is WorkloadState.CLOSED:
        return ""
    return "counts from the first job" if workload.expires_at is None else "never pauses"
