"""What a timeline shows, before anything is drawn: chapters, and the numbers that a person came for.

There is one chapter per workload (and one for jobs that were run by themselves). A chapter is a
band of segments with their words, the marks of its timeouts, and its jobs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from qmode_jupyter.scheduler.events import YOU, WorkloadCancelled, WorkloadClosed
from qmode_jupyter.scheduler.records import shown_state
from qmode_jupyter.style import words
from qmode_jupyter.timeline.chapters import Chapter, jobs_chapter, workload_chapter
from qmode_jupyter.timeline.intervals import OUTCOMES, Phases, Spans

if TYPE_CHECKING:
    from qmode_jupyter.scheduler.records import JobRecord, WorkloadRecord
    from qmode_jupyter.scheduler.trace import Trace

#: Signs of a name that a figure's `repr` has.
NAME_IN_ONE_LINE: Final = 60


@dataclass(frozen=True, slots=True)
class SummaryItem:
    """A number under the title; its meaning, if any, colours it."""

    text: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that a timeline shows, between `start` and `end` (emulated seconds)."""

    name: str
    #: The name without ids, which differ from run to run.
    label: str
    qpu: str
    summary: tuple[SummaryItem, ...]
    since: str
    start: float
    end: float
    chapters: tuple[Chapter, ...]
    #: When the trace was taken; others may go on until then.
    until: float
    #: All jobs of all chapters.
    phases: Phases
    #: Who else was on the QPU: other users, calibrations, and the person's own jobs of other chapters.
    others: Spans
    calibrations: Spans
    elsewhere: Spans
    #: Why jobs failed, from the fullest form to the shortest.
    failures: tuple[str, ...]

    @property
    def one_line(self) -> str:
        """The same every time, so without times and ids: "session vqe on generic_19q, 14 jobs, 1 failed"."""
        stable = [item.text for item in self.summary if not item.text.startswith(("usage", "about", "free"))]
        name = " ".join(self.label.split())
        name = name if len(name) <= NAME_IN_ONE_LINE else f"{name[: NAME_IN_ONE_LINE - 1]}…"
        return ", ".join([f"{name} on {self.qpu}", *stable])


def content_of(trace: Trace) -> Content:
    """Return what a timeline shows of a trace."""
    workloads = [workload for workload in trace.workloads if workload.tenant == YOU]
    jobs = [job for job in trace.jobs if job.tenant == YOU]
    start, end = _limits(workloads, jobs, trace.until)
    closings = {
        event.workload: event
        for event in trace.events
        if type(event) is WorkloadClosed or type(event) is WorkloadCancelled
    }
    by_workload: dict[str | None, list[JobRecord]] = {}
    for job in jobs:
        by_workload.setdefault(job.workload, []).append(job)
    known = {workload.id for workload in workloads}
    chapters = [
        workload_chapter(workload, by_workload.get(workload.id, []), closings.get(workload.id), start, end)
        for workload in workloads
    ]
    alone = [job for job in jobs if job.workload not in known]
    if alone:
        chapters.append(jobs_chapter(alone, start, end))
    phases = chapters[0].phases if len(chapters) == 1 else Phases.of(jobs, end)
    name, since = _names(workloads, chapters)
    until = max(trace.until, end)
    everybody = [*trace.jobs, *trace.others]
    shown = {job.id for job in jobs}
    failed = [
        words.failure(job.reason_code, job.reason)
        for job in jobs
        if shown_state(job.state, job.reason_code) == "failed"
    ]
    return Content(
        name=name,
        label=_label(workloads, jobs) if len(chapters) == 1 else name,
        qpu=trace.qpu,
        summary=_summary(trace, workloads, phases, chapters),
        since=since,
        start=start,
        end=end,
        chapters=tuple(chapters),
        until=until,
        phases=phases,
        others=Phases.of([job for job in everybody if job.tenant != YOU], until).in_phase("on_qpu"),
        calibrations=_calibrations(trace),
        elsewhere=Phases.of(
            [job for job in everybody if job.tenant == YOU and job.id not in shown], until
        ).in_phase("on_qpu"),
        failures=tuple(words.failures(failed, most) for most in (None, 3, 2, 1)) if failed else (),
    )


def _limits(
    workloads: Sequence[WorkloadRecord], jobs: Sequence[JobRecord], until: float
) -> tuple[float, float]:
    """Return where the picture begins and ends: with the focus, or with what is still going on."""
    starts = [w.opened_at for w in workloads] + [j.submitted_at for j in jobs]
    ends = [w.closed_at for w in workloads] + [j.ended_at for j in jobs]
    start = min(starts, default=0.0)
    settled = [end for end in ends if end is not None]
    end = max(settled) if settled and len(settled) == len(ends) else max(until, start)
    return start, end if end > start else start + 1.0


def _calibrations(trace: Trace) -> Spans:
    ran = [
        (c.started_at, c.started_at + c.duration_s) for c in trace.calibrations if c.started_at is not None
    ]
    start, end = np.array(ran, dtype=float).reshape(-1, 2).T
    return Spans(np.arange(len(ran)), start, end)


def _names(workloads: Sequence[WorkloadRecord], chapters: Sequence[Chapter]) -> tuple[str, str]:
    """Return the name for the title, and what second 0 of the axis is."""
    if not chapters:
        return "nothing", "the start"
    if len(chapters) == 1:
        if workloads:
            return chapters[0].name, f"the {workloads[0].mode} was opened"
        first = "the job" if len(chapters[0].jobs) == 1 else "the first job"
        return chapters[0].name, f"{first} was submitted"
    modes = [str(workload.mode) for workload in workloads]
    parts = [words.count(modes.count(mode), mode) for mode in ("session", "batch") if mode in modes]
    alone = [words.count(len(chapters[-1].jobs), "single job")] if len(chapters) > len(workloads) else []
    return ", ".join(parts + alone), "the first was opened"


def _label(workloads: Sequence[WorkloadRecord], jobs: Sequence[JobRecord]) -> str:
    if workloads:
        return f"{workloads[0].mode} {words.printable(workloads[0].name)}".rstrip()
    return "job" if len(jobs) == 1 else "job mode"


def _summary(
    trace: Trace, workloads: Sequence[WorkloadRecord], phases: Phases, chapters: Sequence[Chapter]
) -> tuple[SummaryItem, ...]:
    total = len(phases)
    ended = {name: int(np.count_nonzero(phases.outcome == i)) for i, name in enumerate(OUTCOMES)}
    items = []
    if len(workloads) == 1 and workloads[0].state != "closed":
        items.append(SummaryItem(words.workload_word(workloads[0].state)))
    if total == 1 and not workloads:
        state = shown_state(trace.jobs[0].state, trace.jobs[0].reason_code)
        items.append(SummaryItem(words.job_word(state), state if state in ("failed", "cancelled") else ""))
    else:
        items.append(SummaryItem(words.count(total, "job") if total else "no jobs"))
        items += [
            SummaryItem(f"{ended[name]:,} {name}", name) for name in ("failed", "cancelled") if ended[name]
        ]
        unfinished = total - sum(ended.values())
        if unfinished:
            items.append(SummaryItem(f"{unfinished:,} not finished"))
    usage_s = sum(chapter.usage_s for chapter in chapters)
    qpu_s = float(np.nansum(phases.end[3] - phases.start[3])) if total else 0.0
    items.append(SummaryItem(words.usage(usage_s, qpu_s)))
    per_s = trace.plan.price_usd_per_s
    cost = None if per_s is None else float(per_s) * usage_s
    items.append(SummaryItem(words.estimate(cost, trace.plan.title)))
    return tuple(items)
