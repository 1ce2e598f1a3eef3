"""The one view model: a runtime as plain JSON, whole or as a delta. Every display reads this.

`snapshot(runtime)` is everything, `snapshot(runtime, changed=ids)` only what those ids stand for;
both may be limited to one workload or group. Times are emulated seconds; a display that counts down
starts from ``clock.now``, read at the wall time ``clock.at_ms``, and runs at ``clock.rate``.

The pages have the same types in ``labextension/src/core/protocol.ts`` and the same `merge` in
``model.ts``; tests hold them together.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal, NotRequired, TypedDict, overload

from qmode_jupyter.scheduler.events import YOU
from qmode_jupyter.scheduler.records import (
    IN_LANE,
    SETTLED,
    JobState,
    Mode,
    WorkloadRecord,
    WorkloadState,
    shown_state,
)
from qmode_jupyter.style.words import WORKLOAD_WORDS, printable

if TYPE_CHECKING:
    from qmode_jupyter.runtime.groups import JobGroup
    from qmode_jupyter.runtime.runtime import Runtime
    from qmode_jupyter.runtime.store.past import Past
    from qmode_jupyter.scheduler.scheduler import Job as LiveJob
    from qmode_jupyter.scheduler.scheduler import Scheduler
    from qmode_jupyter.scheduler.scheduler import Workload as LiveWorkload

VERSION: Final = 1

#: Up to here all jobs of a workload are listed as they were submitted; of more, at least so many.
LISTED: Final = 10
#: Of the rows that ended jobs get among many, how many failures get before newer jobs.
FAILURES_LISTED: Final = 5

#: How many of a workload's queued jobs are told their place: all of them would change at each step.
PLACES: Final = 10

JobStateName = Literal["queued", "preparing", "waiting", "on_qpu", "done", "failed", "cancelled"]
WorkloadStateName = Literal["open", "active", "inactive", "closed"]
Outcome = Literal["applied", "gap", "stale", "foreign"]


class Clock(TypedDict):
    """The emulated clock, and how it runs on from the moment it was read; ``real``: it is the wall's."""

    now: float
    at_ms: float
    rate: float
    held: bool
    speed: float | Literal["max"]
    origin_ms: float
    real: NotRequired[bool]


class Plan(TypedDict):
    """The plan that usage is priced by; ``usd_per_s`` is None when it is free."""

    name: str
    title: str
    usd_per_s: float | None


class Timeout(TypedDict):
    """A timeout: seconds of it, the emulated second at which it ends the workload while it counts."""

    timeout: float
    deadline: float | None
    note: str


class Counts(TypedDict):
    """How many jobs of a workload are in each state."""

    queued: int
    preparing: int
    waiting: int
    on_qpu: int
    done: int
    failed: int
    cancelled: int


class Workload(TypedDict):
    """A session, a batch, or the jobs of one `%%qjob` cell."""

    mode: str
    name: str
    backend: str
    state: WorkloadStateName
    word: str
    accepting: bool
    reason: str
    opened: float
    started: float | None
    closed: float | None
    idle: Timeout | None
    max: Timeout | None
    usage: float
    qpu: float
    usage_rate: float
    usd: float | None
    place: int | None
    counts: Counts


class Job(TypedDict):
    """A job; ``t`` is submitted, preparing, waiting, on the QPU, ended, cut off behind the last."""

    workload: str | None
    program: str
    state: JobStateName
    t: list[float | None]
    usage: float
    place: NotRequired[int]
    code: NotRequired[int]
    reason: NotRequired[str]


class Message(TypedDict):
    """The view model, whole or as a delta whose entries are complete in themselves."""

    v: int
    runtime: str
    seq: int
    whole: bool
    clock: Clock
    plan: Plan
    workloads: dict[str, Workload]
    jobs: dict[str, Job]
    focus: NotRequired[str]


def empty() -> Message:
    """Return the view model of no runtime at all."""
    return {
        "v": VERSION,
        "runtime": "",
        "seq": 0,
        "whole": True,
        "clock": {"now": 0.0, "at_ms": 0, "rate": 0, "held": False, "speed": "max", "origin_ms": 0},
        "plan": {"name": "", "title": "", "usd_per_s": None},
        "workloads": {},
        "jobs": {},
    }


def merge(view: Message | None, message: Message) -> tuple[Message | None, Outcome]:
    """Return the sum of a view and the next message, and what became of the message.

    Parameters
    ----------
    view
        The sum so far, unchanged by this; None: nothing yet.
    message
        What came. A whole, or a message of another runtime, begins anew.

    Returns
    -------
    tuple
        The new view, its jobs the oldest submission first; it is ``whole`` when nothing was missed. The
        outcome is "applied", "gap" (taken in, but something before it is missing: ask for a whole),
        "stale" (older than what is known) or "foreign" (of another version); the last two change nothing.
    """
    if message["v"] != VERSION:
        return view, "foreign"
    if message["whole"] or view is None or view["runtime"] != message["runtime"]:
        base: Message = {**message, "workloads": {}, "jobs": {}}
        complete = message["whole"]
    elif message["seq"] <= view["seq"]:
        return view, "stale"
    else:
        base = view
        complete = view["whole"] and message["seq"] == view["seq"] + 1
    merged: Message = {
        **base,
        **message,
        "whole": complete,
        "workloads": base["workloads"] | message["workloads"],
        "jobs": _in_order(base["jobs"], message["jobs"]),
    }
    return merged, "applied" if complete else "gap"


def _in_order(known: dict[str, Job], told: dict[str, Job]) -> dict[str, Job]:
    """Return all jobs in the order of submission.

    Of jobs of one instant, those in one message stay in its order, and what comes in a later message is
    older: a kernel with much to tell sends the newest first.
    """
    jobs = known | told
    fresh = {job: jobs[job] for job in told if job not in known}
    order = sorted([*fresh, *known], key=lambda job: jobs[job]["t"][0] or 0.0)
    return {job: jobs[job] for job in order}


def snapshot(
    runtime: Runtime | Past, changed: frozenset[str] | None = None, only: str | None = None
) -> Message:
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
    def __init__(self, runtime: Runtime | Past, scheduler: Scheduler, only: str | None) -> None:
        self._runtime = runtime
        self._scheduler = scheduler
        self._only = only
        self._groups = {g.id: g for g in runtime.groups}
        #: Of each QPU that was asked about, the places of all that wait; of each owner, who is next.
        self._places: dict[str, dict[str, int]] = {}
        self._next: dict[str, dict[str, int]] = {}

    def build(self, changed: frozenset[str] | None) -> Message:
        owners, jobs = self._everything() if changed is None else self._concerned(changed)
        plan, clock = self._runtime.settings.plan, self._runtime.clock
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
                "speed": self._runtime.settings.speed,
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
        jobs = [j for j in self._runtime.jobs if self._only in (None, self._owner_of(j))]
        return owners, jobs

    def _concerned(self, changed: Collection[str]) -> tuple[Iterable[str], Iterable[str]]:
        owners: dict[str, None] = {}
        jobs: dict[str, None] = {}
        for name in changed:
            if name in self._runtime.jobs:
                jobs[name] = None
                owner = self._owner_of(name)
                if owner is not None:
                    owners[owner] = None
            elif name in self._groups or name in self._scheduler.workloads:
                owners[name] = None
        # Whatever moves on a QPU, those next in its line may have another place.
        moved = {self._scheduler.jobs[name].qpu for name in changed if name in self._scheduler.jobs}
        moved |= {self._qpu_of(owner) for owner in owners}
        for owner in self._waiting_on(moved):
            owners[owner] = None
            jobs.update(dict.fromkeys(self._next_of(owner)))
        wanted = [o for o in owners if self._only in (None, o) and self._is_mine(o)]
        return wanted, [j for j in jobs if self._only in (None, self._owner_of(j))]

    def _is_mine(self, owner: str) -> bool:
        workload = self._scheduler.workloads.get(owner)
        return workload is None or workload.tenant == YOU

    def _owner_of(self, job: str) -> str | None:
        return self._runtime.jobs.owner(job)

    # ---- its parts

    def _owner(self, owner: str) -> Workload:
        if owner in self._groups:
            return self._group(self._groups[owner])
        return self._workload(self._scheduler.workloads[owner])

    def _workload(self, workload: LiveWorkload) -> Workload:
        now = self._scheduler.now
        usage = workload.usage_s(now)
        qpu = self._scheduler.qpus[workload.qpu]
        on_qpu = qpu.on_qpu
        here = on_qpu is not None and on_qpu.workload == workload.id
        waiting = sum(j.workload == workload.id for j in qpu.ready)
        ended = self._runtime.jobs.ended(workload.id)
        active = workload.active_since is not None
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
                "note": idle_note(workload),
            },
            "max": {
                "timeout": workload.max_time_s,
                "deadline": _ms(workload.expires_at),
                "note": max_note(workload),
            },
            "usage": _ms(usage),
            "qpu": _ms(workload.jobs_on_qpu_s),
            "usage_rate": 1 if active and workload.mode is Mode.SESSION else 0,
            "usd": self._usd(usage),
            "place": None if active else self._places_on(workload.qpu).get(workload.id),
            "counts": {
                "queued": len(workload.queue),
                "preparing": workload.unfinished - len(workload.queue) - waiting - here,
                "waiting": waiting,
                "on_qpu": int(here),
                "done": ended[JobState.DONE],
                "failed": ended[JobState.FAILED],
                "cancelled": ended[JobState.CANCELLED],
            },
        }

    def _group(self, group: JobGroup) -> Workload:
        jobs = [self._scheduler.jobs[j] for j in group.jobs]
        states = Counter(shown_state(j.state, j.reason_code) for j in jobs)
        usage = sum(j.charged_s for j in jobs)
        over = group.closed_at is not None and all(s in SETTLED for s in states)
        started = min((j.preparing_at for j in jobs if j.preparing_at is not None), default=None)
        ended = max((j.ended_at for j in jobs if j.ended_at is not None), default=group.closed_at)
        running = any(s in IN_LANE for s in states)
        state = WorkloadState.CLOSED if over else WorkloadState.ACTIVE if running else WorkloadState.OPEN
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
            "place": min(self._next_of(group.id).values(), default=None),
            "counts": {
                "queued": states[JobState.QUEUED],
                "preparing": states[JobState.PREPARING],
                "waiting": states[JobState.WAITING],
                "on_qpu": states[JobState.ON_QPU],
                "done": states[JobState.DONE],
                "failed": states[JobState.FAILED],
                "cancelled": states[JobState.CANCELLED],
            },
        }

    def _job(self, job: LiveJob) -> Job:
        times = [job.submitted_at, job.preparing_at, job.waiting_at, job.on_qpu_at, job.ended_at]
        while times[-1] is None:
            times.pop()
        row: Job = {
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

    # ---- places in the line

    def _places_on(self, qpu: str) -> dict[str, int]:
        if qpu not in self._places:
            self._places[qpu] = self._scheduler.places(qpu)
        return self._places[qpu]

    def _qpu_of(self, owner: str) -> str:
        group = self._groups.get(owner)
        return group.qpu if group is not None else self._scheduler.workloads[owner].qpu

    def _next_of(self, owner: str) -> dict[str, int]:
        """Return the queued jobs of a workload or group that are next, with their places."""
        if owner not in self._next:
            places = self._places_on(self._qpu_of(owner))
            group = self._groups.get(owner)
            queue = self._scheduler.workloads[owner].queue if group is None else group.jobs
            self._next[owner] = dict(islice(((j, places[j]) for j in queue if j in places), PLACES))
        return self._next[owner]

    def _place(self, job: LiveJob) -> int | None:
        if job.state is not JobState.QUEUED:
            return None
        owner = self._owner_of(job.id)
        return (self._places_on(job.qpu) if owner is None else self._next_of(owner)).get(job.id)

    def _waiting_on(self, qpus: Collection[str]) -> list[str]:
        """Return the workloads and groups that have jobs in the line of these QPUs."""
        mine = (w.id for w in self._scheduler.workloads.values() if w.tenant == YOU and w.queue)
        return [
            owner
            for owner in (*mine, *self._groups)
            if self._only in (None, owner) and self._qpu_of(owner) in qpus and self._next_of(owner)
        ]

    # ---- prices

    def _usd(self, seconds: float) -> float | None:
        price = self._runtime.settings.plan.price_usd_per_s
        return None if price is None else round(seconds * float(price), 2)


@overload
def _ms(seconds: float) -> float: ...
@overload
def _ms(seconds: None) -> None: ...
@overload
def _ms(seconds: float | None) -> float | None: ...
def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def idle_note(workload: LiveWorkload | WorkloadRecord) -> str:
    """Return why the interactive timeout does not count; "" while it does."""
    if workload.idle_deadline_at is not None:
        return ""
    return {
        WorkloadState.OPEN: "counts after the first job",
        WorkloadState.ACTIVE: "counts when no job is left",
        WorkloadState.INACTIVE: "over: the next job queues again",
        WorkloadState.CLOSED: "",
    }[workload.state]


def max_note(workload: LiveWorkload | WorkloadRecord) -> str:
    """Return how the maximum timeout counts."""
    if workload.state is WorkloadState.CLOSED:
        return ""
    return "counts from the first job" if workload.expires_at is None else "never pauses"
