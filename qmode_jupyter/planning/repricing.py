"""A recording of the same run, had its jobs asked for something else: priced again by the cost model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from qmode_jupyter.cost.model import Cost, cost, on_processor
from qmode_jupyter.cost.processors import HERON_R2, Processor, UnknownProcessor
from qmode_jupyter.cost.processors import processor as find_processor
from qmode_jupyter.cost.work import NOTHING_MITIGATED, Mitigation, Work, merged
from qmode_jupyter.planning.recording import BEGUN, Act, Moment, Need, Recording, Submission
from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler.event_queue import Arrival, Execution, Fault
from qmode_jupyter.scheduler.events import grained
from qmode_jupyter.scheduler.records import Mode
from qmode_jupyter.scheduler.scheduler import charge_s


def processor_of(online: ev.QpuOnline | None) -> Processor:
    """Return what prices the jobs of a QPU, from what is known of it."""
    if online is None:
        return HERON_R2
    try:
        found = find_processor(online.processor)
    except UnknownProcessor:  # one of the person's own making
        found = replace(HERON_R2, name=online.processor)
    return found if online.rep_delay_s is None else replace(found, rep_delay_s=online.rep_delay_s)


def on(recording: Recording, there: Processor) -> Recording:
    """Return a recording as on another processor: its times, its lanes, its prices."""
    here = processor_of(recording.online)
    if here == there:
        return recording
    online = ev.QpuOnline(
        recording.begin, recording.qpu, there.lanes, there.preparations, there.name, there.rep_delay_s
    )
    elsewhere = [
        (position, Arrival(replace(online, at=arrival.event.at)) if _is_of(arrival, recording) else arrival)
        for position, arrival in recording.elsewhere
    ]
    if not any(_is_of(arrival, recording) for _, arrival in elsewhere):
        first = min([recording.begin, *(arrival.event.at for _, arrival in elsewhere)])
        elsewhere.insert(0, (-1, Arrival(replace(online, at=first))))  # before anybody's first job
    moved = replace(recording, online=online, elsewhere=tuple(elsewhere))
    least_s = recording.spread.likely.overhead_s + there.more_overhead_s
    acts = tuple(
        replace(act, event=replace(act.event, overhead_s=least_s))
        if isinstance(act.event, Submission) and act.event.overhead_s
        else act
        for act in recording.acts
    )
    return reworked(replace(moved, acts=acts), lambda work: on_processor(work, here, there), there)


def reworked(
    recording: Recording, change: Callable[[Work], Work], there: Processor | None = None
) -> Recording:
    """Return a recording in which each job asks for what `change` makes of its work.

    A job whose work is not known (it never was prepared) needs what it needed.
    """
    there = processor_of(recording.online) if there is None else there
    needs = dict(recording.needs)
    for job, (_, outcome) in recording.needs.items():
        if isinstance(outcome, Execution) and outcome.work is not None:
            needs[job] = _need(recording, change(outcome.work), there)
    return replace(recording, needs=needs)


def unmitigated(work: Work) -> Work:
    """Return an Estimator's work at resilience level 0."""
    return replace(work, mitigation=NOTHING_MITIGATED)


def readout_mitigated(work: Work) -> Work:
    """Return an Estimator's work at resilience level 1."""
    return replace(work, mitigation=Mitigation(twirled=True, measure=True))


def as_one(recording: Recording, jobs: Sequence[str]) -> Need | None:
    """Return what several jobs need as one with all their PUBs; None where they can't be one."""
    needs = [recording.needs[job] for job in jobs]
    outcomes = [outcome for _, outcome in needs if not isinstance(outcome, Fault)]
    if len(outcomes) < len(jobs):
        return None
    works = [outcome.work for outcome in outcomes if isinstance(outcome, Execution) and outcome.work]
    if len(works) == len(jobs):
        try:
            return _need(recording, merged(tuple(works)), processor_of(recording.online))
        except ValueError:
            return None
    overhead_s = max(event.overhead_s for event in recording.submissions if event.job in jobs)
    qpu_s = [outcome.qpu_s if isinstance(outcome, Execution) else outcome for outcome in outcomes]
    sum_s = overhead_s + sum(max(0.0, seconds - overhead_s) for seconds in qpu_s)
    fixed_s = min([recording.spread.likely.prepare_job_s, *(seconds for seconds, _ in needs)])
    prepared_s = fixed_s + sum(seconds - fixed_s for seconds, _ in needs)
    return grained(prepared_s), grained(charge_s(sum_s, overhead_s, recording.plan.charge_step_s))


def merged_jobs(recording: Recording, groups: Sequence[Sequence[str]]) -> Recording:
    """Return a recording in which each group of jobs is one, submitted where its last one was.

    What came after any of them comes after that one.
    """
    needs = dict(recording.needs)
    kept: dict[str, str] = {}
    for group in groups:
        need = as_one(recording, group)
        if need is None:
            continue
        kept |= dict.fromkeys(group, group[-1])
        for job in group:
            del needs[job]
        needs[group[-1]] = need
    first = {kept_as: job for job, kept_as in reversed(kept.items())}
    acts: list[Act] = []
    for act in recording.acts:
        job = act.event.job if isinstance(act.event, Submission) else ""
        if kept.get(job, job) != job:
            continue
        after = _after(act.after, kept, job)
        if job in first:  # it comes after what its first one came after, too
            begun = next(a for a in recording.acts if _submits(a, [first[job]]))
            between_s = max(0.0, act.event.at - begun.event.at)
            after = _after(begun.after, kept, job)
            acts.append(replace(act, after=after, gap_s=begun.gap_s + between_s))
            continue
        acts.append(replace(act, after=after))
    return replace(recording, acts=tuple(acts), needs=needs)


def closed_at_once(recording: Recording) -> Recording:
    """Return a recording in which a session is closed as soon as its last job has ended."""
    if recording.mode is not Mode.SESSION or recording.workload is None:
        return recording
    ended: tuple[Moment, ...] = tuple(("ended", event.job) for event in recording.submissions)
    acts = [act for act in recording.acts if not isinstance(act.event, ev.WorkloadClosed)]
    closing = ev.WorkloadClosed(recording.begin, recording.workload)
    return replace(recording, acts=(*acts, Act(recording.length, closing, ended, 0.0)))


def _need(recording: Recording, work: Work, there: Processor) -> Need:
    needed: Cost = cost(work, there, recording.spread)
    qpu_s = charge_s(needed.on_qpu_s, needed.overhead_s, recording.plan.charge_step_s)
    return grained(needed.preparation_s), Execution(grained(qpu_s), needed.parts, work)


def _is_of(arrival: Arrival, recording: Recording) -> bool:
    return isinstance(arrival.event, ev.QpuOnline) and arrival.event.qpu == recording.qpu


def _submits(act: Act, jobs: Sequence[str]) -> bool:
    return isinstance(act.event, Submission) and act.event.job in jobs


def _after(moments: tuple[Moment, ...], kept: dict[str, str], job: str) -> tuple[Moment, ...]:
    """Return moments with merged jobs' in the place of those that they are made of, its own left out."""
    moved = [(kind, kept.get(of, of)) for kind, of in moments]
    return tuple(dict.fromkeys(moment for moment in moved if moment[1] != job)) or (BEGUN,)
