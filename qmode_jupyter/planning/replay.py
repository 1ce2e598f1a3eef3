"""A recording replayed on the pure scheduler: in another mode, on another plan, in another queue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import count, dropwhile
from math import inf
from typing import Final

from qmode_jupyter.cost.processors import Processor
from qmode_jupyter.planning.recording import BEGUN, Act, Ending, Moment, Recording, Submission
from qmode_jupyter.planning.repricing import on
from qmode_jupyter.runtime.tenants import Tenants
from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler.event_queue import Arrival, EventQueue, Order
from qmode_jupyter.scheduler.events import YOU, Instruction, Settle
from qmode_jupyter.scheduler.plans import Plan
from qmode_jupyter.scheduler.records import JobRecord, JobState, Mode, WorkloadRecord, WorkloadState
from qmode_jupyter.scheduler.scheduler import NOT_HAPPENED, Refused, Scheduler

#: A replay may take so much longer than the run; jobs that still wait then (for an allowance, say) are
#: given up.
PATIENCE_S: Final = 3 * 86_400.0
#: The id of a session or batch where the recording had none.
_NEW: Final = "replayed"


@dataclass(frozen=True, slots=True)
class Scenario:
    """The rules and the queue in which a recording is replayed.

    Attributes
    ----------
    mode, plan
        The rules. A session on a plan whose sessions fall back runs in job mode.
    load, seed
        Other users; a load of None leaves them as they were.
    max_time_s
        The maximum timeout of the session or batch; None for what the recording asked for.
    processor
        What the QPU is; None for what it was. Its lanes, delays and overhead are those then.
    """

    mode: Mode
    plan: Plan
    load: float | None = None
    seed: int = 0
    max_time_s: float | None = None
    processor: Processor | None = None

    @property
    def runs_as(self) -> Mode:
        """The mode in which it runs: job mode where the plan's sessions fall back to it (SEMANTICS A16)."""
        falls_back = self.mode is Mode.SESSION and self.plan.sessions == "job mode"
        return Mode.JOB if falls_back else self.mode


@dataclass(frozen=True, slots=True)
class Replay:
    """How a recording went under other rules."""

    recording: Recording
    scenario: Scenario
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
        return max(ends, default=self.recording.begin) - self.recording.begin


def replay(recording: Recording, scenario: Scenario) -> Replay:
    """Let what was recorded happen again, in a scenario."""
    if scenario.processor is not None:
        recording = on(recording, scenario.processor)
    return _Replayer(recording, scenario).run()


def as_recorded(recording: Recording) -> Order:
    """Return the order in which things of the same moment are on record; what is not comes after."""
    later = count(recording.length + 1)

    def number(state: JobState | None, job: str) -> int:
        position = recording.order.get((state, job)) if state is not None else None
        return next(later) if position is None else position

    return number


class _Replayer:
    """Lets the acts of one recording happen, each when its moments have come."""

    def __init__(self, recording: Recording, scenario: Scenario) -> None:
        self._recording, self._scenario = recording, scenario
        self._scheduler = Scheduler(scenario.plan)
        self._queue = EventQueue(self._scheduler, as_recorded(recording))
        if scenario.load is not None:
            others = Tenants(scenario.load, seed=scenario.seed)
            self._queue.feed(others.arrivals(recording.qpu, recording.begin))
        elif recording.crowd is not None:  # beyond the log
            course = Tenants.of(recording.crowd).arrivals(recording.qpu, recording.crowd.at)
            self._queue.feed(dropwhile(lambda arrival: arrival.event.at <= recording.until, course))
        mode = scenario.runs_as
        self._workload = None if mode is Mode.JOB else recording.workload or _NEW
        asked_s = scenario.max_time_s or recording.max_time_s
        self._max_time_s = min(asked_s, scenario.plan.longest_s(mode)) if asked_s is not None else None
        self._shortened = mode is not Mode.JOB and self._max_time_s != asked_s
        self._refusals: list[Refused] = []
        self._jobs: list[str] = []
        self._unsettled: set[str] = set()
        acts = _acts(recording, self._workload)
        self._to_do = len(acts) + 1
        # For each act: how many of its moments have not come, and when the last of the others came.
        self._missing = [len(set(act.after)) for act in acts]
        self._came = [0.0] * len(acts)
        self._awaiting: dict[Moment, list[tuple[int, Act]]] = {}
        for index, act in enumerate(acts):
            for moment in set(act.after):
                self._awaiting.setdefault(moment, []).append((index, act))
        #: What people do at known times: (time, position in the log, what); None is the opening.
        self._planned: list[tuple[float, int, Act | Arrival | None]] = [
            (arrival.event.at, position, arrival) for position, arrival in _others(recording, scenario.load)
        ]
        heappush(self._planned, (recording.begin, recording.position, None))
        self._horizon = max(j.ended_at or recording.begin for j in recording.jobs) + PATIENCE_S

    def run(self) -> Replay:
        """Let it happen, until all is over or the horizon has come."""
        never = (inf, 0)
        while not self._over():
            coming = self._queue.peek() or never
            planned = self._planned[0][:2] if self._planned else never
            if min(coming, planned)[0] > self._horizon:
                break
            if coming < planned:
                self._note(self._queue.step())
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
            mode, name, qpu = self._scenario.runs_as, self._recording.name, self._recording.qpu
            opened = ev.WorkloadOpened(at, self._workload, mode, qpu, name, self._max_time_s)
            try:
                self._note(self._queue.happen(opened))
            except Refused as refusal:
                self._refusals.append(refusal)
                self._to_do = 0
                return
        self._come(BEGUN, at)

    def _arrive(self, arrival: Arrival) -> None:
        event = arrival.event
        if isinstance(event, Submission):
            self._queue.expect(event.job, arrival.preparation_s)
            self._queue.found(event.job, arrival.outcome)
        with suppress(*NOT_HAPPENED):  # what somebody else did then may not be possible now
            self._note(self._queue.happen(event))

    def _act(self, act: Act, at: float) -> None:
        self._to_do -= 1
        if isinstance(act.event, Submission):
            self._submit(act.event, at)
            return
        for ending in self._endings(act.event, at):
            with suppress(*NOT_HAPPENED):  # it may have ended before
                self._note(self._queue.happen(ending))
        self._come(("ended by", str(act.position)), at)

    def _submit(self, event: Submission, at: float) -> None:
        preparation_s, outcome = self._recording.needs[event.job]
        self._queue.expect(event.job, preparation_s)
        self._queue.found(event.job, outcome)
        try:
            out = self._queue.happen(replace(event, at=at, workload=self._workload))
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
                heappush(self._planned, (self._came[index] + act.gap_s, act.position, act))

    def _so_far(self) -> Replay:
        scheduler, workload = self._scheduler, self._workload
        mine = frozenset(self._jobs)
        record = (
            scheduler.workload(workload) if workload is not None and workload in scheduler.workloads else None
        )
        return Replay(
            recording=self._recording,
            scenario=self._scenario,
            jobs=tuple(scheduler.job(job) for job in self._jobs),
            workload=record,
            usage_s=sum(
                charge.seconds
                for charge in scheduler.charges
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


def _acts(recording: Recording, workload: str | None) -> tuple[Act, ...]:
    """Return the recording's acts; a workload made for jobs that had none is closed behind the last one."""
    if recording.workload is not None or workload is None:
        return recording.acts
    submitted: tuple[Moment, ...] = tuple(("submitted", event.job) for event in recording.submissions)
    return (
        *recording.acts,
        Act(recording.length, ev.WorkloadClosed(recording.begin, workload), submitted, 0.0),
    )


def _others(recording: Recording, load: float | None) -> Iterator[tuple[int, Arrival]]:
    """Yield what happened elsewhere; with a load of its own, only what the person did."""
    for position, arrival in recording.elsewhere:
        event = arrival.event
        theirs = (
            isinstance(event, ev.TenantArrived | ev.CrowdArrived | ev.CalibrationDue)
            or getattr(event, "tenant", YOU) != YOU
        )
        if load is None or not theirs:
            yield position, arrival
