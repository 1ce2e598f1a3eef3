"""Why a run cost what it did: every charged second by name, and the changes that would have saved most."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from qmode_jupyter.cost import model
from qmode_jupyter.cost.model import Part, cost
from qmode_jupyter.cost.processors import Processor
from qmode_jupyter.cost.work import Work
from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.planning.best_practices import Run, together
from qmode_jupyter.planning.recording import Recording
from qmode_jupyter.planning.replay import Replay
from qmode_jupyter.planning.repricing import (
    as_one,
    closed_at_once,
    merged_jobs,
    processor_of,
    readout_mitigated,
    reworked,
    unmitigated,
)
from qmode_jupyter.scheduler import breakdown
from qmode_jupyter.scheduler.events import QpuOnline
from qmode_jupyter.scheduler.plans import Plan
from qmode_jupyter.scheduler.records import JobState, Mode, WorkloadState
from qmode_jupyter.scheduler.scheduler import charge_s
from qmode_jupyter.scheduler.trace import Trace
from qmode_jupyter.style.characters import shown
from qmode_jupyter.style.tables import Table
from qmode_jupyter.style.words import count, duration, money, printable

#: What each part is, in a few words.
PART_WORDS: Final[Mapping[str, str]] = {
    model.OVERHEAD: "every job pays it, and each circuit that is loaded",
    model.REP_DELAY: "the pauses between executions",
    model.SHOTS: "the executions themselves: reset, gates, readout",
    model.TWIRLING: "loading the randomizations of the circuits",
    model.MEASURE: "the executions in which readout noise is learned",
    model.ZNE: "the executions at higher noise factors, with longer circuits",
    model.PEC: "the executions that cancel errors on average; how many is unknown before",
    model.LEARNING: "learning the noise of layers of gates",
    breakdown.ROUNDING: "a charge is in whole seconds",
    breakdown.ON_QPU: "time on the QPU",
    breakdown.PREPARING: "the session is active while its jobs are prepared",
    breakdown.BETWEEN: "the session is active, and waits for your code",
    breakdown.TAIL: "the session is active until it is closed, or inactive",
}

#: A change is worth a line from so many seconds of usage.
_WORTH_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Change:
    """Something to do otherwise, and what the model says it would have saved.

    Attributes
    ----------
    what
        What to do.
    keeps
        What becomes of the results.
    usage_s
        What the run would have been charged.
    saves_s, saves_usd
        Less than it was; None where usage is free.
    slower_s
        Wall time that it would have taken more; below 0 when it is quicker.
    """

    what: str
    keeps: str
    usage_s: float
    saves_s: float
    saves_usd: Decimal | None
    slower_s: float


@dataclass(frozen=True, slots=True)
class Why:
    """Why a run cost what it did; shows as text and as HTML.

    Attributes
    ----------
    parts
        Names and seconds of what was charged; they add up to `usage_s`.
    range_s
        From what to what the charge might have been, the model's constants at both ends.
    changes
        Those that would have saved something, most first; none before the run has ended.
    """

    title: str
    plan: Plan
    parts: tuple[Part, ...]
    usage_s: float
    range_s: tuple[float, float]
    changes: tuple[Change, ...]
    note: str = ""

    def __repr__(self) -> str:
        return "\n\n".join(repr(table) for table in self._tables())

    def _repr_html_(self) -> str:
        return f"<div>{''.join(table._repr_html_() for table in self._tables())}</div>"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data: seconds, US dollars as floats."""
        changes = [
            {name: getattr(change, name) for name in Change.__slots__}
            | {"saves_usd": None if change.saves_usd is None else float(change.saves_usd)}
            for change in self.changes
        ]
        price = self.plan.price_usd(self.usage_s)
        return {
            "title": self.title,
            "usage_s": self.usage_s,
            "range_s": list(self.range_s),
            "price_usd": None if price is None else float(price),
            "parts": [list(part) for part in self.parts],
            "changes": changes,
        }

    def _tables(self) -> Iterator[Table]:
        priced = self.plan.price_usd_per_s is not None
        rows = tuple(
            (
                name,
                f"{seconds:,.2f} s",
                *([self._price(seconds)] if priced else []),
                f"{seconds / self.usage_s:.0%}" if self.usage_s else "",
                PART_WORDS.get(name, ""),
            )
            for name, seconds in self.parts
        )
        low, high = map(duration, self.range_s)
        between = "" if low == high else f" A real charge may be from {low} to {high}."
        heads = ("what for", ">usage", *([">price"] if priced else []), ">share", "")
        sum_up = f"The parts add up to {self.usage_s:,.2f} s.{between}" if rows else "Nothing was charged."
        yield Table(self.title, heads, rows, (sum_up,))
        if self.note:
            yield Table("", ("",), (), (self.note,))
            return
        changes = tuple(
            (
                change.what,
                _signed(-change.saves_s),
                *([f"−{self._price(change.saves_s)}"] if priced else []),
                _signed(change.slower_s),
                change.keeps,
            )
            for change in self.changes
        )
        if changes:
            heads = ("change", ">usage", *([">price"] if priced else []), ">wall time", "results")
            yield Table("What would have saved most", heads, changes, ("Each alone, by the model.",))
        else:
            yield Table("", ("",), (), ("No change that keeps the results would have saved anything.",))

    def _price(self, seconds: float) -> str:
        usd = self.plan.price_usd(seconds)
        return "free" if usd is None else money(float(usd))


def why(trace: Trace) -> Why:
    """Return why a run cost what it did.

    Parameters
    ----------
    trace
        What ``service.trace(id)`` returns, of a session, a batch or jobs.

    Raises
    ------
    IBMInputValueError
        For something else, and for a trace without jobs or of several sessions and batches.
    """
    if not isinstance(trace, Trace):
        raise IBMInputValueError(f"why takes a trace, as service.trace(id) returns it, not {shown(trace)}.")
    if len(trace.workloads) > 1:
        raise IBMInputValueError(
            f"The trace is about {len(trace.workloads)} sessions and batches: take the trace of one, with "
            f"service.trace({trace.workloads[-1].id!r})."
        )
    if not trace.jobs:
        raise IBMInputValueError("The trace has no job: nothing was charged.")
    workload = trace.workloads[0] if trace.workloads else None
    if workload is not None:
        over = workload.state is WorkloadState.CLOSED and not workload.unfinished
        name = f"{workload.mode} {printable(workload.name) or workload.id}"
    else:
        over = all(job.settled for job in trace.jobs)
        name = f"job {trace.jobs[0].id}" if len(trace.jobs) == 1 else count(len(trace.jobs), "job")
    usage_s = trace.usage_s
    low_s, high_s = _spread_s(trace)
    usd = trace.plan.price_usd(usage_s)
    price = "free" if usd is None else money(float(usd))
    found: tuple[Change, ...] = ()
    note = "" if over else "What would have saved something is reckoned when it has ended."
    if over:
        found = tuple(_changes(trace))
    return Why(
        title=f"Why {name} on {trace.qpu} cost {duration(usage_s)}, {price} on the {trace.plan.title} plan",
        plan=trace.plan,
        parts=trace.parts,
        usage_s=usage_s,
        range_s=(max(0.0, usage_s + low_s), usage_s + high_s),
        changes=found,
        note=note,
    )


def _spread_s(trace: Trace) -> tuple[float, float]:
    """Return by how much less (below 0), and more, its jobs may be charged than was likely."""
    processor, low_s, high_s = _processor(trace), 0.0, 0.0
    for job in trace.jobs:
        if job.state is JobState.DONE and job.work is not None:
            needed = cost(job.work, processor, trace.spread)
            low_s += charge_s(needed.low_s, 0.0, trace.plan.charge_step_s) - job.qpu_s
            high_s += charge_s(needed.high_s, 0.0, trace.plan.charge_step_s) - job.qpu_s
    return low_s, high_s


def _processor(trace: Trace) -> Processor:
    known = (e for e in trace.events if isinstance(e, QpuOnline) and e.qpu == trace.qpu)
    return processor_of(next(known, None))


def _changes(trace: Trace) -> list[Change]:
    """Return the changes that would have saved something, most first."""
    inside = not trace.workloads and any(job.workload is not None for job in trace.jobs)
    tried = _tried_alone(trace) if inside else _tried(Run(Recording.of(trace)))
    found = [change for change in tried if change.saves_s >= _WORTH_S]
    return sorted(found, key=lambda change: (-change.saves_s, change.slower_s))


def _levels(works: Iterable[Work | None]) -> Iterator[tuple[str, str, Callable[[Work], Work]]]:
    """Yield the lower resilience levels that some work could have had: what to do, for which results."""
    known = [work for work in works if work is not None]
    if any(work.mitigation.zne_factors or work.mitigation.pec_limit is not None for work in known):
        yield "resilience_level=1", "readout errors are mitigated, gate errors stay", readout_mitigated
    if any(work.mitigation.any for work in known):
        yield "resilience_level=0", "as they are measured, no error is mitigated", unmitigated


def _tried_alone(trace: Trace) -> Iterator[Change]:
    """Yield what would have changed some jobs' own time on the QPU; their session is charged for more."""
    processor, step_s = _processor(trace), trace.plan.charge_step_s
    usage_s = sum(job.charged_s for job in trace.jobs)
    for what, keeps, change in _levels(job.work for job in trace.jobs):
        after_s = 0.0
        for job in trace.jobs:
            if job.work is None or job.state is not JobState.DONE:
                after_s += job.charged_s
                continue
            needed = cost(change(job.work), processor, trace.spread)
            after_s += charge_s(needed.on_qpu_s, needed.overhead_s, step_s)
        saves_s = usage_s - after_s
        yield Change(what, keeps, after_s, saves_s, trace.plan.price_usd(saves_s), -saves_s)


def _tried(run: Run) -> Iterator[Change]:
    """Yield what would have changed the run, each change replayed on the scheduler."""
    recording = run.recording
    for what, keeps, change in _levels(job.work for job in run.jobs):
        yield _change(run, what, keeps, run.replayed(reworked(recording, change)))
    groups = [[job.id for job in group if job.state is JobState.DONE] for group in together(run.jobs)]
    groups = [group for group in groups if len(group) > 1 and as_one(recording, group) is not None]
    if groups:
        jobs = sum(map(len, groups))
        into = "one" if len(groups) == 1 else f"{len(groups)}"
        merged = run.replayed(merged_jobs(recording, groups))
        yield _change(run, f"merge {jobs} jobs into {into}, with several PUBs", _SAME, merged)
    if run.session is None:
        return
    at_once = run.replayed(closed_at_once(recording))
    earlier_s = run.usage_s - at_once.usage_s
    yield _change(run, f"close the session {duration(earlier_s)} earlier", _SAME, at_once)
    yield _change(run, "run it as a batch", _SAME, run.as_mode(Mode.BATCH))


_SAME: Final = "the same"


def _change(run: Run, what: str, keeps: str, instead: Replay) -> Change:
    lost = sum(job.state is not JobState.DONE for job in instead.jobs)
    before = sum(job.state is not JobState.DONE for job in run.jobs)
    if not instead.happened or instead.unfinished or lost > before:
        return Change(what, keeps, run.usage_s, 0.0, None, 0.0)
    saves_s = run.usage_s - instead.usage_s
    return Change(
        what, keeps, instead.usage_s, saves_s, run.plan.price_usd(saves_s), instead.wall_s - run.wall_s
    )


def _signed(seconds: float) -> str:
    """Return a difference in words: "−9 s", "+1 min"."""
    if abs(seconds) < _WORTH_S:
        return "as long" if seconds else "0 s"
    return ("−" if seconds < 0 else "+") + duration(abs(seconds))
