"""One chapter of a timeline: what a workload (or jobs by themselves) did from when to when, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from qmode_jupyter.scheduler.events import WorkloadCancelled, WorkloadClosed
from qmode_jupyter.scheduler.records import shown_state
from qmode_jupyter.style import words
from qmode_jupyter.timeline.intervals import Phases, Spans, gaps

if TYPE_CHECKING:
    from qmode_jupyter.scheduler.records import JobRecord, WorkloadRecord
    from qmode_jupyter.timeline.intervals import Floats

#: What a segment may say, the fullest first: one line, or one and a second below it.
Labels = tuple[tuple[str, ...], ...]

#: A pause shorter than this part of the picture is not worth a segment of its own.
PAUSE_SHARE: Final = 1 / 40

#: How many changes of state a band can show: about one a pixel.
FINEST: Final = 2_000

#: What stands behind the band of what still goes on.
NOW: Final = "now"

#: A deadline that has not come yet stretches the picture by at most this part of it.
OUTLOOK_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a band: its colour by meaning, and its words from the fullest choice to the shortest.

    A choice is what the workload was doing and, where there is room for it, why or how long.
    """

    meaning: str
    start: float
    end: float
    labels: Labels


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment that a line marks through all rows."""

    at: float
    meaning: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """One workload with its jobs; `ending` stands behind the band, one line per entry."""

    name: str
    summary: tuple[str, ...]
    segments: tuple[Segment, ...]
    ending: tuple[str, ...]
    marks: tuple[Mark, ...]
    #: What a session is charged for, and how much that is.
    charged: tuple[tuple[float, float], ...]
    usage_s: float
    jobs: tuple[JobRecord, ...]
    phases: Phases

    @property
    def end(self) -> float:
        """Where the band ends."""
        return self.segments[-1].end if self.segments else 0.0


def workload_chapter(
    workload: WorkloadRecord,
    jobs: Sequence[JobRecord],
    closing: WorkloadClosed | WorkloadCancelled | None,
    start: float,
    end: float,
) -> Chapter:
    """Return the chapter of a session or batch.

    Parameters
    ----------
    jobs
        Its jobs, in the order in which they were submitted.
    closing
        The event with which a person closed or cancelled it, if one did.
    start, end
        Between which emulated seconds the timeline runs.
    """
    phases = Phases.of(jobs, end)
    close_at = closing.at if closing is not None else None
    session = workload.mode == "session"
    return Chapter(
        name=words.workload_name(workload.mode, workload.name, workload.id),
        summary=(words.count(len(jobs), "job"), words.usage(workload.usage_s, workload.qpu_s)),
        segments=tuple(_segments(workload, phases, close_at, end, (end - start) * PAUSE_SHARE)),
        ending=_ending(workload, closing),
        marks=tuple(_marks(workload, start, end)),
        charged=tuple((s.start, end if s.end is None else s.end) for s in workload.stretches)
        if session
        else (),
        usage_s=workload.usage_s,
        jobs=tuple(jobs),
        phases=phases,
    )


def _segments(
    workload: WorkloadRecord, phases: Phases, close_at: float | None, end: float, pause: float
) -> list[Segment]:
    busy = phases.lifetimes()
    submitted = np.sort(phases.start[0])
    last_end = float(phases.ended[~np.isnan(phases.ended)].max(initial=-np.inf))
    segments: list[Segment] = []
    history = _visible(workload.history, (end - workload.opened_at) / FINEST)
    for (state, since), (after, until) in pairwise([*history, (None, end)]):
        if state in ("open", "inactive"):
            segments += _waiting_for_the_qpu(state, since, until, submitted)
        elif state == "active":
            segments += _active(workload, since, until, after, close_at, busy, pause)
        elif last_end > since:  # SEMANTICS A5, A22: jobs in lanes run on after the maximum timeout
            segments.append(
                Segment("closed", since, last_end, (("Closed", "running jobs finish"), ("Closed",)))
            )
    deadline = workload.idle_deadline_at
    if deadline is not None and segments and segments[-1].meaning == "window":
        left = f"{words.countdown(deadline - end)} left"
        segments[-1] = replace(segments[-1], labels=_window(left, left))
    return segments


def _visible(history: Sequence[tuple[str, float]], least: float) -> list[tuple[str, float]]:
    """Return a history as it can be seen: where states follow each other faster, the longest stands."""
    if len(history) <= FINEST:
        return list(history)
    seen = [history[0]]
    lasted: dict[str, float] = {}
    since = history[0][1]
    for (state, start), (_, stop) in pairwise(history):
        lasted[state] = lasted.get(state, 0.0) + stop - start
        if stop - since >= least:
            longest = max(lasted, key=lambda name: lasted[name])
            if longest != seen[-1][0]:
                seen.append((longest, since))
            since, lasted = stop, {}
    return [*seen, history[-1]]


def _ending(workload: WorkloadRecord, closing: WorkloadClosed | WorkloadCancelled | None) -> tuple[str, ...]:
    if workload.state != "closed":
        return (NOW,)
    why = words.state_reason(workload.state_reason)
    if isinstance(closing, WorkloadCancelled) and workload.state_reason == "session_closed_early":
        why = "by cancel()"
    return ("closed", why) if why else ("closed",)


def _waiting_for_the_qpu(state: str, since: float, until: float, submitted: Floats) -> Iterator[Segment]:
    following = submitted[np.searchsorted(submitted, since) :]
    first = min(float(following[0]), until) if len(following) else until
    if first > since:
        if state == "open":
            yield Segment("inactive", since, first, (("Pending", "no job yet"), ("Pending",)))
        else:
            yield Segment("inactive", since, first, (("Inactive", "others have the QPU"), ("Inactive",)))
    if until > first:
        yield Segment("queued", first, until, _queue(until - first))


def _active(
    workload: WorkloadRecord,
    since: float,
    until: float,
    after: str | None,
    close_at: float | None,
    busy: Spans,
    pause: float,
) -> Iterator[Segment]:
    labels = {
        "session": (("Active", "exclusive use of the QPU"), ("Active", "exclusive"), ("Active",)),
        "batch": (
            ("Active", "its jobs go first, others fill gaps"),
            ("Active", "its jobs first"),
            ("Active",),
        ),
    }[str(workload.mode)]
    draining = close_at is not None and since + 3 * pause < close_at < until - 3 * pause
    reached = since
    for gap_start, gap_end in gaps(busy, since, until):
        ran_out = after == "inactive" and gap_end == until
        if not ran_out and gap_end - gap_start < pause:
            continue
        if gap_start > reached:
            yield from _drained(reached, gap_start, labels, close_at if draining else None)
        if ran_out:
            allowed = words.timeout(workload.interactive_timeout_s)
            window = _window(f"{allowed}, ran out", allowed)
        else:
            used = words.duration(gap_end - gap_start)
            window = _window(
                f"{used} until closed" if after == "closed" and gap_end == until else f"{used} used", used
            )
        yield Segment("window", gap_start, gap_end, window)
        reached = gap_end
    if until > reached:
        yield from _drained(reached, until, labels, close_at if draining else None)


def _queue(seconds: float) -> Labels:
    return ("queue", words.duration(seconds)), ("queue",)


def _window(full: str, short: str) -> Labels:
    return ("interactive window", full), ("interactive window", short), ("window", short)


def _drained(start: float, end: float, labels: Labels, close_at: float | None) -> Iterator[Segment]:
    """Yield an active segment, in two when the workload stopped taking jobs on the way."""
    if close_at is None or not start < close_at < end:
        yield Segment("active", start, end, labels)
        return
    yield Segment("active", start, close_at, labels)
    yield Segment("active", close_at, end, (("Active", "takes no new jobs"), ("no new jobs",), ("Active",)))


def _marks(workload: WorkloadRecord, start: float, end: float) -> Iterator[Mark]:
    for (state, _), (after, at) in pairwise(workload.history):
        if state == "active" and after == "inactive":
            yield Mark(at, "interactive", ())
    reach = end + (end - start) * OUTLOOK_SHARE
    if workload.idle_deadline_at is not None and end < workload.idle_deadline_at <= reach:
        yield Mark(workload.idle_deadline_at, "interactive", ("interactive timeout",))
    if workload.started_at is not None:
        expiry = workload.started_at + workload.max_time_s  # SEMANTICS S9
        if expiry <= reach and (workload.closed_at is None or expiry <= workload.closed_at):
            allowed = words.timeout(workload.max_time_s)
            yield Mark(expiry, "maximum", (f"maximum timeout {allowed}", "maximum timeout", "max"))


def jobs_chapter(jobs: Sequence[JobRecord], start: float, end: float) -> Chapter:
    """Return the chapter of jobs that belong to no session or batch, between `start` and `end`."""
    phases = Phases.of(jobs, end)
    pause = (end - start) * PAUSE_SHARE
    if len(jobs) == 1:
        name = words.workload_name("job", "", jobs[0].id)
        ending = shown_state(jobs[0].state, jobs[0].reason_code).value
    else:
        name = "job mode"
        ending = "all ended"
    usage_s = sum(job.charged_s for job in jobs)
    return Chapter(
        name=name,
        summary=(words.count(len(jobs), "job"), words.usage(usage_s)),
        segments=tuple(_in_job_mode(phases, end, pause)),
        ending=(NOW if np.isnan(phases.ended).any() else ending,),
        marks=(),
        charged=(),
        usage_s=usage_s,
        jobs=tuple(jobs),
        phases=phases,
    )


def _in_job_mode(phases: Phases, end: float, pause: float) -> Iterator[Segment]:
    """Yield when any job ran, when all that there were waited in the queue, and when there was none."""
    running = phases.running()
    reached = float(phases.start[0].min())
    idle = [gap for gap in gaps(phases.lifetimes(), reached, end) if gap[1] - gap[0] >= pause]
    for idle_start, idle_end in [*idle, (end, end)]:
        queue = [gap for gap in gaps(running, reached, idle_start) if gap[1] - gap[0] >= pause / 4]
        for queue_start, queue_end in [*queue, (idle_start, idle_start)]:
            if queue_start > reached:
                yield Segment("active", reached, queue_start, (("In progress",), ("running",)))
            if queue_end > queue_start:
                yield Segment("queued", queue_start, queue_end, _queue(queue_end - queue_start))
            reached = queue_end
        if idle_end > idle_start:
            yield Segment("inactive", idle_start, idle_end, (("no job",),))
        reached = idle_end
