"""What the person did in a finished run, kept so that it can happen again under other rules.

A trace says when each thing happened. A recording says what it happened *after*: a submission comes
after the one before it by the same thread and after the ends of the jobs that the thread had
awaited, with the classical time that really passed between. All times are multiples of `GRAIN_S`,
so a recording that is replayed with nothing changed gives the same times, exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any, Final, Literal

from qmode_jupyter.cost.constants import PUBLIC, Spread
from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.runtime.tenants import Tenants
from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler.event_queue import Arrival, Execution, Fault, Outcome
from qmode_jupyter.scheduler.events import YOU, Event, Instruction, Settle, grained
from qmode_jupyter.scheduler.plans import Plan
from qmode_jupyter.scheduler.records import JobRecord, JobState, Mode, WorkloadRecord, WorkloadState
from qmode_jupyter.scheduler.scheduler import Job, Scheduler, charge_s
from qmode_jupyter.scheduler.trace import Trace
from qmode_jupyter.style.words import printable

#: A moment of a recording: its beginning, a job's submission or end, or an act that ended something.
Moment = tuple[Literal["begun", "submitted", "ended", "ended by"], str]
BEGUN: Final[Moment] = ("begun", "")

#: What a job that was never prepared is taken to need, where its siblings don't tell.
_UNKNOWN_PREPARATION_S: Final = 1.0
_UNKNOWN_QPU_S: Final = 2.0

_OTHERS_DO: Final = (
    ev.WorkloadOpened,
    ev.JobCancelled,
    ev.WorkloadClosed,
    ev.WorkloadCancelled,
    ev.TenantArrived,
    ev.CrowdArrived,
    ev.QpuOnline,
    ev.CalibrationDue,
    ev.QpuReserved,
)

Submission = ev.JobSubmitted
#: What a job needs: seconds of preparation, and what becomes of it then.
Need = tuple[float, Outcome]
Ending = ev.JobCancelled | ev.WorkloadClosed | ev.WorkloadCancelled


@dataclass(frozen=True, slots=True)
class Act:
    """Something that the person did `gap_s` after the last of the moments in `after`."""

    #: Its position in the log; of two things at one time, the one that came first comes first again.
    position: int
    event: Submission | Ending
    after: tuple[Moment, ...]
    gap_s: float


@dataclass(frozen=True, slots=True)
class Recording:
    """One finished workload, or jobs in job mode, with everything else that happened meanwhile."""

    plan: Plan
    mode: Mode
    qpu: str
    name: str
    #: When, and at which position in the log, it was opened or the first job submitted.
    begin: float
    position: int
    #: The id of the session or batch, None in job mode; and the maximum timeout that was asked for.
    workload: str | None
    max_time_s: float | None
    acts: tuple[Act, ...]
    #: What each of its jobs needs: preparation, and seconds on the QPU or why it can't run.
    needs: dict[str, Need]
    #: What others did, and the person elsewhere, at their times, each with its position in the log.
    elsewhere: tuple[tuple[int, Arrival], ...]
    #: The positions in the log at which jobs ended their preparation and their time on the QPU.
    order: dict[tuple[JobState, str], int]
    #: How many events the log has, and when it ends.
    length: int
    until: float
    #: The seeded users among the others, who go on when the log has ended.
    crowd: ev.CrowdArrived | None
    #: How it went.
    jobs: tuple[JobRecord, ...]
    record: WorkloadRecord | None
    #: What is known of its QPU, and the constants that its jobs were priced with.
    online: ev.QpuOnline | None = None
    spread: Spread = PUBLIC

    @classmethod
    def of(cls, trace: Trace) -> Recording:
        """Return the recording of what a trace is about.

        Raises
        ------
        IBMInputValueError
            If the trace is not about one workload or some jobs, or if they have not ended.
        """
        record = _one_workload(trace)
        jobs = tuple(j for j in trace.jobs if record is None or j.workload == record.id)
        _check_ended(record, jobs)
        again = Scheduler(trace.plan)
        log = [(event, _settled(again.handle(event))) for event in trace.events]
        mine = frozenset(j.id for j in jobs)
        crowd = next((e for e, _ in log if isinstance(e, ev.CrowdArrived) and e.qpu == trace.qpu), None)
        needs = _needs(log, again.jobs) | _of_the_crowd(crowd, again.jobs)
        position, first = next((n, e) for n, (e, _) in enumerate(log) if _begins(e, record, mine))
        return cls(
            plan=trace.plan,
            mode=Mode.JOB if record is None else record.mode,
            qpu=trace.qpu,
            name=record.name if record is not None else "",
            begin=first.at,
            position=position,
            workload=record.id if record is not None else None,
            max_time_s=first.max_time_s if isinstance(first, ev.WorkloadOpened) else None,
            acts=tuple(_acts(log, record, mine, again.jobs, first.at)),
            needs={job: needs[job] for job in mine},
            elsewhere=tuple(_elsewhere(log, record, mine, needs)),
            order=_order(log),
            length=len(log),
            until=trace.until,
            crowd=crowd,
            jobs=jobs,
            record=record,
            online=next((e for e, _ in log if isinstance(e, ev.QpuOnline) and e.qpu == trace.qpu), None),
            spread=trace.spread,
        )

    @property
    def preparations(self) -> int:
        """Jobs that are prepared side by side on its QPU: one in each lane, or fewer (SEMANTICS A28)."""
        if self.online is None:
            return self.plan.lanes
        lanes = self.plan.lanes_of(self.online.lanes)
        return min(lanes, self.online.preparations or lanes)

    @property
    def submissions(self) -> tuple[Submission, ...]:
        """Its jobs in the order in which they were submitted."""
        return tuple(act.event for act in self.acts if isinstance(act.event, Submission))


def _begins(event: Event, record: WorkloadRecord | None, mine: frozenset[str]) -> bool:
    if isinstance(event, ev.WorkloadOpened):
        return record is not None and event.workload == record.id
    return record is None and isinstance(event, Submission) and event.job in mine


def unawaited(recording: Recording) -> Recording:
    """Return a recording in which no submission waits for a result any more."""
    acts = tuple(
        replace(act, after=tuple(m for m in act.after if m[0] != "ended"))
        if isinstance(act.event, Submission)
        else act
        for act in recording.acts
    )
    return replace(recording, acts=acts)


def split(recording: Recording, jobs: frozenset[str], parts: int) -> Recording:
    """Return a recording in which each of `jobs` is submitted as so many smaller ones, one after the other.

    Each part pays the whole overhead (SEMANTICS B9) and the fixed part of the preparation; the rest of
    both times is shared out. What came after the job comes after all of its parts.
    """
    pieces = {job: tuple(f"{job}/{number}" for number in range(1, parts + 1)) for job in jobs}

    def moments(moment: Moment) -> tuple[Moment, ...]:
        kind, job = moment
        if job not in pieces:
            return (moment,)
        if kind == "submitted":
            return (("submitted", pieces[job][-1]),)
        return tuple((kind, piece) for piece in pieces[job])

    acts: list[Act] = []
    needs = dict(recording.needs)
    for act in recording.acts:
        moved = replace(act, after=tuple(new for old in act.after for new in moments(old)))
        if not isinstance(act.event, Submission) or act.event.job not in pieces:
            acts.append(moved)
            continue
        need = _part(
            *needs.pop(act.event.job),
            act.event.overhead_s,
            parts,
            recording.plan.charge_step_s,
            recording.spread.likely.prepare_job_s,
        )
        for piece in pieces[act.event.job]:
            needs[piece] = need
            acts.append(replace(moved, event=replace(act.event, job=piece)))
            moved = replace(moved, after=(("submitted", piece),), gap_s=0.0)
    return replace(recording, acts=tuple(acts), needs=needs)


def _part(
    preparation_s: float, outcome: Outcome, overhead_s: float, parts: int, step_s: float, fixed_s: float
) -> Need:
    fixed_s = min(preparation_s, fixed_s)
    prepared_s = grained(fixed_s + (preparation_s - fixed_s) / parts)
    if isinstance(outcome, Fault):
        return prepared_s, outcome
    qpu_s = outcome.qpu_s if isinstance(outcome, Execution) else outcome
    part_s = overhead_s + max(0.0, qpu_s - overhead_s) / parts
    return prepared_s, grained(charge_s(part_s, overhead_s, step_s))


def _settled(instructions: list[Instruction]) -> tuple[str, ...]:
    return tuple(i.job for i in instructions if isinstance(i, Settle))


def _one_workload(trace: Trace) -> WorkloadRecord | None:
    mine = [w for w in trace.workloads if w.tenant == YOU]
    if len(mine) > 1:
        raise IBMInputValueError(
            f"The trace is about {len(mine)} sessions and batches: take the trace of one, with "
            f"service.trace({mine[-1].id!r})."
        )
    outside = [j for j in trace.jobs if j.workload is None]
    inside = [j for j in trace.jobs if j.workload is not None]
    if mine and outside:
        raise IBMInputValueError(
            f"The trace mixes a {mine[0].mode} with {len(outside)} jobs outside it: take the trace of one, "
            f"with service.trace({mine[0].id!r})."
        )
    if inside and not mine:
        raise IBMInputValueError(
            f"The job {inside[0].id} ran in the session or batch {inside[0].workload}: take the trace of "
            f"that, with service.trace({inside[0].workload!r})."
        )
    return mine[0] if mine else None


def _called(record: WorkloadRecord) -> str:
    return f"The {record.mode} {printable(record.name) or record.id}"


def _check_ended(record: WorkloadRecord | None, jobs: tuple[JobRecord, ...]) -> None:
    unfinished = [j for j in jobs if not j.settled]
    if record is not None and record.state is not WorkloadState.CLOSED:
        raise IBMInputValueError(
            f"{_called(record)} is still {record.state} with {len(unfinished)} "
            f"unfinished of {len(jobs)} jobs: close it and let it end first."
        )
    if unfinished:
        one = len(unfinished) == 1
        raise IBMInputValueError(
            f"{'1 job has' if one else f'{len(unfinished)} jobs have'} not ended, of {len(jobs)}: wait for "
            f"{'it' if one else 'them'}, and take the trace again."
        )
    if not jobs:
        what = "The trace" if record is None else _called(record)
        raise IBMInputValueError(f"{what} has no job: there is nothing to replay.")


#: The events of a trace, each with the jobs that ended with it.
Log = list[tuple[Event, tuple[str, ...]]]


def _acts(
    log: Log, record: WorkloadRecord | None, mine: frozenset[str], jobs: Mapping[str, Job], begin: float
) -> Iterator[Act]:
    last_by: dict[int, str] = {}
    #: What has happened since the person last ended something; what they end next comes after that.
    since: list[tuple[Moment, float]] = [(BEGUN, begin)]
    for position, (event, settled) in enumerate(log):
        if isinstance(event, Submission) and event.job in mine:
            after = [(BEGUN, begin)]
            if event.submitter in last_by:
                before = last_by[event.submitter]
                after = [(("submitted", before), jobs[before].submitted_at)]
            # What was awaited outside the recording counts as time that passed, not as something to wait for.
            after += [(("ended", j), jobs[j].ended_at or event.at) for j in event.awaited if j in mine]
            yield _act(position, event, after)
            last_by[event.submitter] = event.job
            since.append((("submitted", event.job), event.at))
        elif _ends(event, record, mine):
            yield _act(position, event, since)
            since = [(("ended by", str(position)), event.at)]
        since += [(("ended", j), event.at) for j in settled if j in mine]


def _act(position: int, event: Any, after: list[tuple[Moment, float]]) -> Act:
    latest = max(at for _, at in after)
    return Act(position, event, tuple(moment for moment, _ in after), max(0.0, event.at - latest))


def _ends(event: Event, record: WorkloadRecord | None, mine: frozenset[str]) -> bool:
    if isinstance(event, ev.JobCancelled):
        return event.job in mine
    if isinstance(event, ev.WorkloadClosed | ev.WorkloadCancelled):
        return record is not None and event.workload == record.id
    return False


def _needs(log: Log, jobs: Mapping[str, Job]) -> dict[str, Need]:
    """Return what every job needs; where one never got so far, what its siblings needed on average."""
    faults = {
        e.job: Fault(e.reason, e.reason_code, e.system_fault) for e, _ in log if isinstance(e, ev.JobFailed)
    }
    needs: dict[str, Need] = {}
    known: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for job in jobs.values():
        if job.preparation_at is not None and job.waiting_at is not None:
            execution = Execution(job.qpu_s, job.parts, job.work) if job.work is not None else job.qpu_s
            needs[job.id] = job.waiting_at - job.preparation_at, faults.get(job.id, execution)
            known.setdefault((job.tenant, job.program), []).append((needs[job.id][0], job.qpu_s))
    usual = {
        siblings: (grained(fmean(prep for prep, _ in pairs)), grained(fmean(qpu for _, qpu in pairs)))
        for siblings, pairs in known.items()
    }
    for job in jobs.values():
        if job.id in needs:
            continue
        unknown = _UNKNOWN_PREPARATION_S, max(job.overhead_s, _UNKNOWN_QPU_S)
        preparation_s, qpu_s = usual.get((job.tenant, job.program), unknown)
        if job.preparation_at is not None and job.ended_at is not None:
            so_far = job.ended_at - job.preparation_at
            preparation_s = so_far if job.id in faults else so_far + preparation_s
        needs[job.id] = preparation_s, faults.get(job.id, qpu_s)
    return needs


def _of_the_crowd(crowd: ev.CrowdArrived | None, jobs: Mapping[str, Job]) -> dict[str, Need]:
    """Return what those jobs of seeded users need that had not been prepared when the log ended."""
    unknown = {
        j.id for j in jobs.values() if j.waiting_at is None and crowd is not None and j.qpu == crowd.qpu
    }
    if crowd is None or not unknown:
        return {}
    known = {}
    latest = max(jobs[job].submitted_at for job in unknown)
    for arrival in Tenants.of(crowd).arrivals(crowd.qpu, crowd.at):
        if arrival.event.at > latest:
            break
        if isinstance(arrival.event, Submission) and arrival.event.job in unknown:
            known[arrival.event.job] = arrival.preparation_s, arrival.outcome
    return known


def _elsewhere(
    log: Log,
    record: WorkloadRecord | None,
    mine: frozenset[str],
    needs: dict[str, Need],
) -> Iterator[tuple[int, Arrival]]:
    for position, (event, _) in enumerate(log):
        if isinstance(event, Submission):
            if event.job not in mine:
                yield position, Arrival(event, *needs[event.job])
        elif isinstance(event, _OTHERS_DO) and not (
            _ends(event, record, mine) or _begins(event, record, mine)
        ):
            yield position, Arrival(event)


def _order(log: Log) -> dict[tuple[JobState, str], int]:
    order = {}
    for position, (event, _) in enumerate(log):
        if isinstance(event, ev.JobPrepared | ev.JobFailed):
            order[JobState.PREPARING, event.job] = position
        elif isinstance(event, ev.JobExecuted):
            order[JobState.ON_QPU, event.job] = position
    return order
