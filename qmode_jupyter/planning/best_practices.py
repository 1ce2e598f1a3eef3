"""The service's best practices, each as a look at one finished run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final

from qmode_jupyter.planning.recording import Recording, split, unawaited
from qmode_jupyter.planning.replay import Replay, Scenario, replay
from qmode_jupyter.planning.repricing import as_one
from qmode_jupyter.planning.rows import in_queue_s
from qmode_jupyter.scheduler.event_queue import Execution, Fault
from qmode_jupyter.scheduler.records import (
    TOO_LONG,
    WORKLOAD_ENDED,
    JobRecord,
    JobState,
    Mode,
    WorkloadRecord,
)
from qmode_jupyter.style.words import count, duration, money

#: A job with less QPU time than this is worth merging with others, in seconds (SEMANTICS B9).
SHORT_S: Final = 60.0
#: A difference is worth a word from so many seconds, and in wall time from this part of it.
_WORTH_S: Final = 1.0
_WORTH_PART: Final = 0.1
#: A workload that used this part of its maximum timeout came close to it.
_CLOSE_PART: Final = 0.8


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to do differently.

    Attributes
    ----------
    kind
        A word for it, always the same.
    headline
        What to do.
    detail
        Why, in the run's own numbers.
    rule
        The rule of the service behind it.
    saves_s, saves_usd
        Usage that it would have saved, and an estimate of its price (None where usage is free).
    quicker_s
        Wall time that it would have saved.
    """

    kind: str
    headline: str
    detail: str
    rule: str
    saves_s: float = 0.0
    saves_usd: Decimal | None = None
    quicker_s: float = 0.0


class Run:
    """A finished run, with the figures that several best practices need."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.plan = recording.plan
        self.mode = recording.mode
        self.jobs = recording.jobs
        self.record = recording.record

    @property
    def session(self) -> WorkloadRecord | None:
        """The session, if it was one."""
        return self.record if self.mode is Mode.SESSION else None

    @cached_property
    def usage_s(self) -> float:
        """Seconds charged."""
        return self.record.usage_s if self.record is not None else sum(j.charged_s for j in self.jobs)

    @cached_property
    def wall_s(self) -> float:
        """From the beginning to the end of the last job, in seconds."""
        return max(j.ended_at or 0.0 for j in self.jobs) - self.recording.begin

    @property
    def depends(self) -> bool:
        """Whether any job was submitted after another's result was awaited."""
        return any(job.awaited for job in self.jobs)

    def as_mode(self, mode: Mode) -> Replay:
        """Return how it goes in another mode, on the same plan and among the same others."""
        return replay(self.recording, Scenario(mode, self.plan))

    def replayed(self, changed: Recording) -> Replay:
        """Return how a changed recording of it goes, under the same rules and among the same others."""
        return replay(changed, Scenario(self.mode, self.plan))

    def cost(self, usage_s: float) -> str:
        """Return seconds of usage, with what they cost where they cost."""
        usd = self.plan.price_usd(usage_s)
        return duration(usage_s) + (f" (about {money(float(usd))})" if usd is not None else "")

    def finding(
        self, kind: str, headline: str, detail: str, rule: str, saves_s: float = 0.0, quicker_s: float = 0.0
    ) -> Finding:
        """Return a finding with its price."""
        return Finding(kind, headline, detail, rule, saves_s, self.plan.price_usd(saves_s), quicker_s)


def timeout_hit(run: Run) -> Iterator[Finding]:
    """Yield that the maximum timeout ended it, or nearly did."""
    record = run.record
    if record is None or record.started_at is None or record.closed_at is None:
        return
    rule = (
        "The maximum timeout counts from the first job's start and never pauses; when it ends, running jobs "
        "finish and queued ones fail."
    )
    limit = f"the maximum timeout of {duration(record.max_time_s)}"
    if record.state_reason == "session_expired_by_max_ttl":
        lost = [j for j in run.jobs if j.reason_code == WORKLOAD_ENDED]
        if lost:
            yield run.finding(
                "maximum timeout hit",
                f"Give the {run.mode} a longer max_time, or less to do.",
                f"{count(len(lost), 'job')} of {len(run.jobs)} did not run: {limit} had come.",
                rule,
            )
        return
    used_s = record.closed_at - record.started_at
    if used_s >= _CLOSE_PART * record.max_time_s:
        yield run.finding(
            "maximum timeout near",
            f"Give the {run.mode} a longer max_time.",
            f"It was closed {duration(used_s)} after its first job's start, and {limit} was near.",
            rule,
        )


def too_long(run: Run) -> Iterator[Finding]:
    """Yield that jobs ran into their maximum execution time."""
    stopped = [j for j in run.jobs if j.reason_code == TOO_LONG]
    if stopped:
        used, needed = run.cost(sum(j.charged_s for j in stopped)), duration(max(j.qpu_s for j in stopped))
        yield run.finding(
            "job too long",
            "Raise max_execution_time, or split what these jobs run.",
            f"{count(len(stopped), 'job')} of {len(run.jobs)} stopped with code {TOO_LONG} after {used} on "
            f"the QPU; up to {needed} were needed.",
            "A job that passes its maximum execution time is cancelled, and what it used is charged.",
        )


def single_job(run: Run) -> Iterator[Finding]:
    """Yield that a session or batch held one job."""
    if run.record is None or len(run.jobs) != 1:
        return
    alone = run.as_mode(Mode.JOB)
    saves_s = max(0.0, run.usage_s - alone.usage_s)
    yield run.finding(
        "single job",
        "Run a single job in job mode.",
        f"The {run.mode} held one job and was charged {run.cost(run.usage_s)}; in job mode it is "
        f"{run.cost(alone.usage_s)}.",
        f"A {run.mode} does not shorten the queue for its first job.",
        saves_s,
    )


def independent(run: Run) -> Iterator[Finding]:
    """Yield that a session's jobs never depended on each other."""
    if run.session is None or len(run.jobs) < 2 or run.depends:
        return
    batch = run.as_mode(Mode.BATCH)
    saves_s = run.usage_s - batch.usage_s
    if batch.happened and saves_s >= _WORTH_S:
        before, after = duration(run.wall_s), duration(batch.wall_s)
        longer = "as long" if before == after else f"{after} instead of {before}"
        yield run.finding(
            "batch instead of session",
            "Run these jobs as a batch.",
            f"No job waited for another's result. As a batch they are charged {run.cost(batch.usage_s)} "
            f"instead of {run.cost(run.usage_s)}, and take {longer}.",
            "A batch is charged what its jobs hold the QPU, a session all the time that it is active.",
            saves_s,
        )


def together_as_a_batch(run: Run) -> Iterator[Finding]:
    """Yield that independent single jobs queued one by one, though a batch queues once."""
    if run.record is not None or len(run.jobs) < 2 or run.depends:
        return
    batch = run.as_mode(Mode.BATCH)
    quicker_s = run.wall_s - batch.wall_s
    if not batch.happened or batch.unfinished or _lost(batch.jobs) > _lost(run.jobs):
        return
    if quicker_s >= max(_WORTH_S, _WORTH_PART * run.wall_s):
        yield run.finding(
            "batch instead of jobs",
            "Run these jobs as a batch: submit them in a `with Batch(...)` block.",
            "No job waited for another's result, and each queued for itself: "
            f"{duration(in_queue_s(run.jobs))} went into waiting for others. As a batch they end after "
            f"{duration(batch.wall_s)} instead of {duration(run.wall_s)}, and are charged "
            f"{run.cost(batch.usage_s)} instead of {run.cost(run.usage_s)}.",
            "A batch is scheduled as one: only its first job queues, and the rest follow ahead of others.",
            run.usage_s - batch.usage_s,
            quicker_s,
        )


def split_large_jobs(run: Run) -> Iterator[Finding]:
    """Yield that a session's large jobs, split over the lanes, would have been through sooner."""
    if run.session is None:
        return
    large = frozenset(j.id for j in run.jobs if j.state is JobState.DONE and j.qpu_s >= SHORT_S)
    if not large:
        return
    # Every part pays the overhead, so as few as do it, or as many as are prepared side by side.
    at_once = run.recording.preparations
    split_in = {parts: run.replayed(split(run.recording, large, parts)) for parts in (2, at_once)}
    parts, best = min(split_in.items(), key=lambda tried: (tried[1].wall_s, tried[0]))
    quicker_s = run.wall_s - best.wall_s
    if quicker_s >= max(_WORTH_S, _WORTH_PART * run.wall_s) and _lost(best.jobs) <= _lost(run.jobs):
        yield run.finding(
            "split large jobs",
            "Split large jobs into smaller ones, by PUBs or by shots, and submit those together.",
            f"{count(len(large), 'job')} of {len(run.jobs)} held the QPU for a minute or more, after a "
            f"preparation in one lane. In {parts} parts each, prepared side by side, the session takes "
            f"{duration(best.wall_s)} instead of {duration(run.wall_s)} and is charged "
            f"{run.cost(best.usage_s)} instead of {run.cost(run.usage_s)}, every part's overhead included.",
            f"Up to {at_once} jobs are prepared at the same time, and a session is charged meanwhile.",
            run.usage_s - best.usage_s,
            quicker_s,
        )


def left_open(run: Run) -> Iterator[Finding]:
    """Yield that a session was still active after its last job."""
    session = run.session
    if session is None or not session.stretches or session.stretches[-1].end is None:
        return
    end = session.stretches[-1].end
    tail_s = end - max(j.ended_at or 0.0 for j in run.jobs)
    if tail_s < _WORTH_S:
        return
    closed = session.closed_at == end
    how = (
        "until it was closed"
        if closed
        else f"until the interactive timeout of {session.interactive_timeout_s:g} s"
    )
    yield run.finding(
        "left open",
        "Close the session right after its last job: call close(), or use it in a `with` block.",
        f"After its last job it stayed active for {duration(tail_s)} more, {how}: {run.cost(tail_s)}.",
        "A session is charged until it is closed or becomes inactive, whatever runs in it.",
        tail_s,
    )


def long_gaps(run: Run) -> Iterator[Finding]:
    """Yield that pauses were longer than the interactive timeout, and what coming back took."""
    record = run.record
    if record is None or len(record.stretches) < 2:
        return
    idle_s = back_s = 0.0
    for before, after in zip(record.stretches, record.stretches[1:], strict=False):
        inside = [
            j.ended_at for j in run.jobs if j.ended_at is not None and j.ended_at <= (before.end or 0.0)
        ]
        idle_s += (before.end or 0.0) - max(inside, default=before.start)
        came = [j.submitted_at for j in run.jobs if (before.end or 0.0) <= j.submitted_at <= after.start]
        back_s += after.start - min(came, default=after.start)
    times = count(len(record.stretches) - 1, "time")
    back = f"coming back took {duration(back_s)} in the queue"
    charged = f"the timeouts were charged {run.cost(idle_s)}, and " if run.session is not None else ""
    yield run.finding(
        "long gaps",
        "Keep the pauses between jobs shorter than the interactive timeout, or close in between.",
        f"The {run.mode} became inactive {times}, {record.interactive_timeout_s:g} s after a job: "
        f"{charged}{back}.",
        "A job brings an inactive session or batch back only through the normal queue.",
        idle_s if run.session is not None else 0.0,
        back_s,
    )


def merge(run: Run) -> Iterator[Finding]:
    """Yield that jobs under a minute were submitted together."""
    before_s = after_s = 0.0
    merged = groups = 0
    for group in together(run.jobs):
        short = [j for j in group if j.state is JobState.DONE and j.qpu_s < SHORT_S]
        need = as_one(run.recording, [j.id for j in short]) if len(short) > 1 else None
        if need is None or isinstance(need[1], Fault):
            continue
        groups += 1
        merged += len(short)
        before_s += sum(j.charged_s for j in short)
        after_s += need[1].qpu_s if isinstance(need[1], Execution) else need[1]
    saves_s = before_s - after_s
    if saves_s >= _WORTH_S:
        what = "one job" if groups == 1 else f"{groups} jobs"
        yield run.finding(
            "merge jobs",
            "Merge short jobs that are submitted together into one with several PUBs.",
            f"{count(merged, 'job')} held the QPU for less than a minute each, {duration(before_s)} in sum. "
            f"As {what} the same circuits hold it for {duration(after_s)}: {run.cost(saves_s)} less.",
            "Every job pays a fixed overhead of about 2 s on the QPU, however small it is.",
            saves_s,
        )


def parallel_lanes(run: Run) -> Iterator[Finding]:
    """Yield that results were awaited one by one before the next job was submitted."""
    if run.session is not None or len(run.jobs) < 2 or not run.depends:
        return
    waited = sum(bool(job.awaited) for job in run.jobs)
    at_once, prepared = run.replayed(unawaited(run.recording)), run.recording.preparations
    quicker_s = run.wall_s - at_once.wall_s
    if quicker_s >= max(_WORTH_S, _WORTH_PART * run.wall_s):
        yield run.finding(
            "parallel lanes",
            "Submit all jobs first, and ask for the results then, if they don't need each other's results.",
            f"{waited} of {len(run.jobs)} jobs were submitted after the result of another. Submitted at "
            f"once, they end after {duration(at_once.wall_s)} instead of {duration(run.wall_s)}.",
            f"Up to {prepared} jobs are prepared at the same time, while one is on the QPU.",
            quicker_s=quicker_s,
        )


def queued_again(run: Run) -> Iterator[Finding]:
    """Yield that jobs queued anew each time, though a session queues once."""
    if run.session is not None or not run.depends:
        return
    queue_s = in_queue_s(run.jobs)
    session = run.as_mode(Mode.SESSION)
    quicker_s = run.wall_s - session.wall_s
    if session.scenario.runs_as is not Mode.SESSION or not session.happened or session.unfinished:
        return
    if quicker_s >= max(_WORTH_S, _WORTH_PART * run.wall_s) and queue_s > quicker_s / 2:
        yield run.finding(
            "queued again",
            "Run an iterative workload in a session when the queue is long.",
            f"Its jobs waited {duration(queue_s)} for others. In a session the run takes "
            f"{duration(run.wall_s - quicker_s)} instead of {duration(run.wall_s)}, and is charged "
            f"{run.cost(session.usage_s)} instead of {run.cost(run.usage_s)}.",
            "While a session is active no other job runs, and its own don't queue.",
            quicker_s=quicker_s,
        )


def no_need_of_a_session(run: Run) -> Iterator[Finding]:
    """Yield that a session was no quicker than a batch, in the queue that there was."""
    if run.session is None or len(run.jobs) < 2 or not run.depends:
        return
    batch = run.as_mode(Mode.BATCH)
    saves_s = run.usage_s - batch.usage_s
    slower_s = batch.wall_s - run.wall_s
    if not batch.happened or saves_s < _WORTH_S or slower_s > _WORTH_PART * run.wall_s:
        return
    yield run.finding(
        "session not needed",
        "Run it as a batch: in this queue that is as quick, and costs less.",
        f"Jobs held the QPU for {duration(run.session.qpu_s)} of the {duration(run.usage_s)} charged; the "
        f"rest went into preparation and your own code between jobs. As a batch it is charged "
        f"{run.cost(batch.usage_s)} and takes {duration(batch.wall_s)}.",
        "A session is worth its price when others would get in between.",
        saves_s,
    )


#: All of them.
BEST_PRACTICES: Final[tuple[Callable[[Run], Iterator[Finding]], ...]] = (
    timeout_hit,
    too_long,
    single_job,
    independent,
    together_as_a_batch,
    split_large_jobs,
    left_open,
    long_gaps,
    merge,
    parallel_lanes,
    queued_again,
    no_need_of_a_session,
)


def _lost(jobs: tuple[JobRecord, ...]) -> int:
    return sum(job.state is not JobState.DONE for job in jobs)


def together(jobs: tuple[JobRecord, ...]) -> Iterator[list[JobRecord]]:
    """Yield runs of jobs of one thread and program with no result awaited between them."""
    groups: dict[tuple[int, str], list[JobRecord]] = {}
    for job in jobs:
        key = job.submitter, job.program
        if job.awaited and key in groups:
            yield groups.pop(key)
        groups.setdefault(key, []).append(job)
    yield from groups.values()
