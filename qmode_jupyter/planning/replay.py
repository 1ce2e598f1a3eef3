"""A story told again on the pure scheduler: in another mode, on another plan, in another queue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import dropwhile
from math import inf
from typing import Final

from qmode_jupyter.planning.recording import BEGUN, Act, Ending, Moment, Story, Submission
from qmode_jupyter.runtime.tenants import Tenants
from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler.event_queue import Agenda, Arrival
from qmode_jupyter.scheduler.events import YOU, Instruction, Settle
from qmode_jupyter.scheduler.plans import Plan
from qmode_jupyter.scheduler.records import JobRecord, JobState, Mode, WorkloadRecord, WorkloadState
from qmode_jupyter.scheduler.scheduler import NOT_HAPPENED, Refused, Scheduler

#: A retelling may take so much longer than the run; jobs that still wait then (for an allowance, say)
#: are given up.
PATIENCE_S: Final = 3 * 86_400.0
#: The id of a session or batch where the story had none.
_NEW: Final = "retold"


@dataclass(frozen=True, slots=True)
class Retelling:
    """How a story went under other rules."""

    story: Story
    mode: Mode
    plan: Plan
    load: float | None
    jobs: tuple[JobRecord, ...]
    workload: WorkloadRecord | None
    #: Seconds billed for it.
    usage_s: float
    #: The refusals that it met, in order; a refused workload has no jobs at all.
    refusals: tuple[Refused, ...]
    #: The maximum timeout that was asked for is longer than the plan's, which held instead.
    shortened: bool
    #: When it would be given up, and whether it was.
    horizon: float
    unfinished: bool

    @property
    def happened(self) -> bool:
        """Whether there was a run at all."""
        return bool(self.jobs)

    @property
    def wall_s(self) -> float:
        """Seconds from the beginning to the end of the last job, or to where it was given up."""
        ends = (self.horizon if j.ended_at is None else j.ended_at for j in self.jobs)
        return max(ends, default=self.story.begin) - self.story.begin


def retell(
    told: Story,
    mode: Mode,
    plan: Plan,
    *,
    load: float | None = None,
    seed: int = 0,
    max_time_s: float | None = None,
) -> Retelling:
    """Let a story happen again.

    Parameters
    ----------
    told
        The story.
    mode, plan
        The rules. A session on a plan whose sessions fall back runs in job mode.
    load, seed
        Other users; None leaves them as they were.
    max_time_s
        The maximum timeout of the session or batch; None for what the story asked for.
    """
    if mode is Mode.SESSION and plan.sessions == "job mode":
        mode = Mode.JOB
    return _Teller(told, mode, plan, load, seed, max_time_s or told.max_time_s).tell()


class _Recorded(Agenda):
    """An agenda that lets things of the same moment happen in the order in which they are on record."""

    def __init__(self, scheduler: Scheduler, told: Story) -> None:
        super().__init__(scheduler)
        self._order = told.order
        self._number = told.places  # what is not on record comes after all that is

    def first(self) -> tuple[float, int]:
        """Return the time and place of what happens next; infinity if nothing ever does."""
        due = self.scheduler.deadlines.first_at
        coming = self._heap[0][:2] if self._heap else (inf, 0)
        return (due, -1) if due <= coming[0] else coming

    def _push(
        self,
        at: float,
        state: JobState | None,
        job: str,
        event: ev.Event | None = None,
        arrivals: Iterator[Arrival] | None = None,
    ) -> None:
        number = self._order.get((state, job)) if state is not None else None
        if number is None:
            self._number += 1
            number = self._number
        heappush(self._heap, (at, number, state, job, event, arrivals))


class _Teller:
    """Lets the acts of one story happen, each when its moments have come."""

    def __init__(
        self, told: Story, mode: Mode, plan: Plan, load: float | None, seed: int, max_time_s: float | None
    ) -> None:
        self._told, self._mode, self._plan, self._load = told, mode, plan, load
        self._scheduler = Scheduler(plan)
        self._agenda = _Recorded(self._scheduler, told)
        if load is not None:
            self._agenda.feed(Tenants(load, seed=seed).arrivals(told.qpu, told.begin))
        elif told.crowd is not None:  # beyond the record
            course = Tenants.of(told.crowd).arrivals(told.qpu, told.crowd.at)
            self._agenda.feed(dropwhile(lambda arrival: arrival.event.at <= told.until, course))
        self._workload = None if mode is Mode.JOB else told.workload or _NEW
        self._max_time_s = min(max_time_s, plan.longest_s(mode)) if max_time_s is not None else None
        self._shortened = mode is not Mode.JOB and self._max_time_s != max_time_s
        self._refusals: list[Refused] = []
        self._jobs: list[str] = []
        self._unsettled: set[str] = set()
        acts = _acts(told, self._workload)
        self._to_do = len(acts) + 1
        # For each act: how many of its moments have not come, and when the last of the others came.
        self._missing = [len(set(act.after)) for act in acts]
        self._came = [0.0] * len(acts)
        self._awaiting: dict[Moment, list[tuple[int, Act]]] = {}
        for index, act in enumerate(acts):
            for moment in set(act.after):
                self._awaiting.setdefault(moment, []).append((index, act))
        #: What people do at known times: (time, place in the record, what); None is the opening.
        self._planned: list[tuple[float, int, Act | Arrival | None]] = [
            (arrival.event.at, number, arrival) for number, arrival in _others(told, load)
        ]
        heappush(self._planned, (told.begin, told.number, None))
        self._horizon = max(j.ended_at or told.begin for j in told.jobs) + PATIENCE_S

    def tell(self) -> Retelling:
        """Let it happen, until all is over or the horizon has come."""
        while not self._over():
            coming = self._agenda.first()
            planned = self._planned[0][:2] if self._planned else (inf, 0)
            if min(coming, planned)[0] > self._horizon:
                break
            if coming < planned:
                self._note(self._agenda.step())
                continue
            at, _, what = heappop(self._planned)
            if what is None:
                self._open(at)
            elif isinstance(what, Arrival):
                self._arrive(what)
            else:
                self._act(what, at)
        return self._so_far()

    def _over(self) -> bool:
        if self._to_do or self._unsettled:
            return False
        record = self._scheduler.workloads.get(self._workload or "")
        return record is None or record.state is WorkloadState.CLOSED

    def _open(self, at: float) -> None:
        self._to_do -= 1
        if self._workload is not None:
            told = self._told
            opened = ev.WorkloadOpened(at, self._workload, self._mode, told.qpu, told.name, self._max_time_s)
            try:
                self._note(self._agenda.happen(opened))
            except Refused as refusal:
                self._refusals.append(refusal)
                self._to_do = 0
                return
        self._come(BEGUN, at)

    def _arrive(self, arrival: Arrival) -> None:
        event = arrival.event
        if isinstance(event, Submission):
            self._agenda.expect(event.job, arrival.preparation_s)
            self._agenda.found(event.job, arrival.outcome)
        with suppress(*NOT_HAPPENED):  # what somebody else did then may not be possible now
            self._note(self._agenda.happen(event))

    def _act(self, act: Act, at: float) -> None:
        self._to_do -= 1
        if isinstance(act.event, Submission):
            self._submit(act.event, at)
            return
        for ending in self._endings(act.event, at):
            with suppress(*NOT_HAPPENED):  # it may have ended before
                self._note(self._agenda.happen(ending))
        self._come(("ended by", str(act.number)), at)

    def _submit(self, event: Submission, at: float) -> None:
        preparation_s, outcome = self._told.needs[event.job]
        self._agenda.expect(event.job, preparation_s)
        self._agenda.found(event.job, outcome)
        try:
            out = self._agenda.happen(replace(event, at=at, workload=self._workload))
        except Refused as refusal:
            self._refusals.append(refusal)
            self._come(("submitted", event.job), at)
            self._come(("ended", event.job), at)
            return
        self._jobs.append(event.job)
        self._unsettled.add(event.job)
        self._come(("submitted", event.job), at)
        self._note(out)

    def _endings(self, event: Ending, at: float) -> list[Ending]:
        if isinstance(event, ev.JobCancelled):
            return [replace(event, at=at)]
        if self._workload is not None:
            return [replace(event, at=at, workload=self._workload)]
        if isinstance(event, ev.WorkloadClosed):
            return []
        jobs = self._scheduler.jobs
        return [ev.JobCancelled(at, job) for job in self._jobs if jobs[job].state is JobState.QUEUED]

    def _note(self, instructions: list[Instruction]) -> None:
        for instruction in instructions:
            if isinstance(instruction, Settle):
                self._unsettled.discard(instruction.job)
                self._come(("ended", instruction.job), self._scheduler.now)

    def _come(self, moment: Moment, at: float) -> None:
        for index, act in self._awaiting.pop(moment, ()):
            self._came[index] = max(self._came[index], at)
            self._missing[index] -= 1
            if not self._missing[index]:
                heappush(self._planned, (self._came[index] + act.gap_s, act.number, act))

    def _so_far(self) -> Retelling:
        scheduler, workload = self._scheduler, self._workload
        mine = frozenset(self._jobs)
        record = (
            scheduler.workload(workload) if workload is not None and workload in scheduler.workloads else None
        )
        return Retelling(
            story=self._told,
            mode=self._mode,
            plan=self._plan,
            load=self._load,
            jobs=tuple(scheduler.job(job) for job in self._jobs),
            workload=record,
            usage_s=sum(
                charge.seconds
                for charge in scheduler.accounts.charges
                if charge.billed
                and (
                    charge.job in mine if charge.job is not None else charge.workload == workload is not None
                )
            ),
            refusals=tuple(self._refusals),
            shortened=self._shortened,
            horizon=self._horizon,
            unfinished=bool(self._unsettled or self._to_do) and bool(self._jobs),
        )


def _acts(told: Story, workload: str | None) -> tuple[Act, ...]:
    """Return the story's acts; jobs that were on their own are closed behind, as a ``with`` would."""
    if told.workload is not None or workload is None:
        return told.acts
    submitted: tuple[Moment, ...] = tuple(("submitted", event.job) for event in told.submissions)
    return (
        *told.acts,
        Act(told.places, ev.WorkloadClosed(told.begin, workload), submitted, 0.0),
    )


def _others(told: Story, load: float | None) -> Iterator[tuple[int, Arrival]]:
    """Yield what happened elsewhere; with a load of its own, only what the person did."""
    for number, arrival in told.elsewhere:
        event = arrival.event
        theirs = (
            isinstance(event, ev.TenantArrived | ev.CrowdArrived | ev.CalibrationDue)
            or getattr(event, "tenant", YOU) != YOU
        )
        if load is None or not theirs:
            yield number, arrival
