"""The figures of one replay, as a row of a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from qmode_jupyter.cost.processors import Processor
from qmode_jupyter.planning.replay import Replay, Scenario
from qmode_jupyter.scheduler.event_queue import Execution, Fault
from qmode_jupyter.scheduler.plans import Plan
from qmode_jupyter.scheduler.records import TOO_LONG, WORKLOAD_ENDED, JobRecord, JobState, Mode
from qmode_jupyter.style.words import count, duration


@dataclass(frozen=True, slots=True)
class Row:
    """How the run goes under one set of rules; the figures are None where it can't run at all.

    Attributes
    ----------
    mode, plan, load, processor
        The rules; a load of None stands for the other users as they were, no processor for what it was.
    wall_s
        From opening (or the first submission) to the end of the last job.
    queue_s
        Of that, the time in which all that was left to do waited for others: see `in_queue_s`.
    qpu_s
        Seconds that its jobs held the QPU.
    usage_s
        Seconds charged.
    price_usd
        What they cost, an estimate; None where usage is free.
    done, failed, cancelled, refused
        What became of its jobs.
    as_it_ran
        Nothing is changed: these are the figures of the run itself.
    note
        What a person should know about it.
    """

    mode: Mode
    plan: Plan
    load: float | None
    wall_s: float | None
    queue_s: float | None
    qpu_s: float | None
    usage_s: float | None
    price_usd: Decimal | None
    done: int
    failed: int
    cancelled: int
    refused: int
    as_it_ran: bool
    note: str
    processor: Processor | None = None


def row_of(replayed: Replay) -> Row:
    """Return the figures of a replay."""
    jobs, scenario, recording = replayed.jobs, replayed.scenario, replayed.recording
    done = sum(j.state is JobState.DONE for j in jobs)
    cancelled = sum(j.state is JobState.CANCELLED and j.reason_code != TOO_LONG for j in jobs)
    waiting = sum(not j.settled for j in jobs)
    ran = replayed.happened
    usage_s = replayed.usage_s if ran else None
    same = scenario == Scenario(recording.mode, recording.plan, seed=scenario.seed)
    return Row(
        mode=scenario.mode,
        plan=scenario.plan,
        load=scenario.load,
        wall_s=replayed.wall_s if ran else None,
        queue_s=in_queue_s(jobs) if ran else None,
        qpu_s=sum(
            j.ended_at - j.on_qpu_at for j in jobs if j.on_qpu_at is not None and j.ended_at is not None
        )
        if ran
        else None,
        usage_s=usage_s,
        price_usd=scenario.plan.price_usd(usage_s) if usage_s is not None else None,
        done=done,
        failed=len(jobs) - done - cancelled - waiting,
        cancelled=cancelled,
        refused=len(replayed.refusals) if ran else 0,
        as_it_ran=same,
        note="; ".join(_notes(replayed, waiting, same=same)),
        processor=scenario.processor,
    )


def in_queue_s(jobs: Sequence[JobRecord]) -> float:
    """Return for how long all that was left to do waited for others, in seconds.

    Some job was in the queue, or waiting in a lane to be prepared or for the QPU, and none was being
    prepared or on the QPU.
    """
    edges: list[tuple[float, int, int]] = []
    for job in jobs:
        moments = (job.submitted_at, job.preparation_at, job.waiting_at, job.on_qpu_at)
        reached = [at for at in moments if at is not None]
        for number, at in enumerate(reached):
            end = reached[number + 1] if number + 1 < len(reached) else job.ended_at
            if end is not None:
                waits = int(number in (0, 2))
                edges += [(at, waits, 1 - waits), (end, -waits, waits - 1)]
    total, waiting, working, last = 0.0, 0, 0, 0.0
    for at, waits, works in sorted(edges):
        if waiting and not working:
            total += at - last
        waiting, working, last = waiting + waits, working + works, at
    return total


def _notes(replayed: Replay, waiting: int, *, same: bool) -> Iterator[str]:
    if same:
        yield "as it ran"
    if not replayed.happened:
        refusal = replayed.refusals[0]
        yield f"not possible ({refusal.code}): {refusal.message.rstrip('.')}"
        return
    plan = replayed.scenario.plan
    if replayed.scenario.runs_as is not replayed.scenario.mode:
        yield f"no sessions on the {plan.title} plan: in job mode instead"
    unpriced = _unpriced(replayed)
    if unpriced:
        yield f"{count(unpriced, 'job')} as long as on record: what was asked for is not known"
    record = replayed.workload
    if replayed.shortened and record is not None:
        yield f"maximum timeout {duration(record.max_time_s)}, the plan's longest"
    if record is not None and len(record.stretches) > 1:
        yield f"went inactive {count(len(record.stretches) - 1, 'time')} in between"
    if record is not None and record.state_reason in _ENDINGS:
        lost = sum(j.reason_code == WORKLOAD_ENDED for j in replayed.jobs)
        yield _ENDINGS[record.state_reason] + (f", {count(lost, 'job')} lost" if lost else "")
    too_long = sum(j.reason_code == TOO_LONG for j in replayed.jobs)
    if too_long:
        yield f"{count(too_long, 'job')} stopped as too long"
    if replayed.refusals:
        yield f"{count(len(replayed.refusals), 'job')} refused ({replayed.refusals[0].code})"
    if replayed.unfinished:
        why = " for the allowance" if plan.allowance_s is not None else ""
        yield f"{count(waiting, 'job')} still waiting{why} after {duration(replayed.wall_s)}"


def _unpriced(replayed: Replay) -> int:
    """Return how many jobs could not be priced anew for the processor that was asked for."""
    if replayed.scenario.processor is None:
        return 0
    outcomes = (outcome for _, outcome in replayed.recording.needs.values() if not isinstance(outcome, Fault))
    return sum(not (isinstance(outcome, Execution) and outcome.work) for outcome in outcomes)


_ENDINGS: Final = {
    "session_expired_by_max_ttl": "maximum timeout hit",
    "session_closed_by_cost_limit": "cost limit hit",
}
