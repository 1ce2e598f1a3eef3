"""The record of a run: every event, and what came of them. It saves, loads and replays.

Timeline, advice, comparison and export read traces; nothing else of a run outlives it. Feeding
the events of a trace to a fresh scheduler gives the same instructions and the same records.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from qmode_jupyter.cost.constants import PUBLIC, Spread
from qmode_jupyter.cost.model import Part
from qmode_jupyter.cost.work import Work
from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler.breakdown import added, job_parts, workload_parts
from qmode_jupyter.scheduler.events import YOU, Event, Instruction
from qmode_jupyter.scheduler.plans import Plan
from qmode_jupyter.scheduler.records import CalibrationRecord, JobRecord, Mode, WorkloadRecord
from qmode_jupyter.scheduler.refusals import NOT_HAPPENED
from qmode_jupyter.scheduler.scheduler import Scheduler

#: The version of the file format.
VERSION: Final = 2

_KINDS: Final[dict[str, type]] = {
    kind.__name__: kind
    for kind in (
        ev.WorkloadOpened,
        ev.JobSubmitted,
        ev.JobPrepared,
        ev.JobExecuted,
        ev.JobFailed,
        ev.JobCancelled,
        ev.WorkloadClosed,
        ev.WorkloadCancelled,
        ev.TenantArrived,
        ev.CrowdArrived,
        ev.QpuOnline,
        ev.CalibrationDue,
        ev.QpuReserved,
        ev.Tick,
    )
}
_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    name: tuple(f.name for f in fields(kind)) for name, kind in _KINDS.items()
}


#: What reading something that is no trace comes to.
_MISREAD: Final = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError)


class UnreadableTrace(ValueError):
    """A file that is no trace, or a trace of a newer version."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What happened, seen from one workload or job, or (focus None) from the whole service.

    Times are emulated seconds; `origin_s` is the Unix time of second 0.
    """

    plan: Plan
    origin_s: float
    #: The emulated time at which it was taken.
    until: float
    qpu: str
    #: The workload or the jobs that it is about; empty for all of yours on the QPU.
    focus: tuple[str, ...]
    #: Everything that happened, on other QPUs too: one account pays for all.
    events: tuple[Event, ...]
    jobs: tuple[JobRecord, ...]
    #: All other jobs on the same QPU in the same stretch of time.
    others: tuple[JobRecord, ...]
    workloads: tuple[WorkloadRecord, ...]
    calibrations: tuple[CalibrationRecord, ...]
    #: The constants of the cost model that its jobs were priced with.
    spread: Spread = PUBLIC

    @property
    def usage_s(self) -> float:
        """Seconds charged for what it is about: the first workload, or else its jobs."""
        return self.workloads[0].usage_s if self.workloads else sum(job.charged_s for job in self.jobs)

    @property
    def parts(self) -> tuple[Part, ...]:
        """What that is made of, by name; the seconds add up to it."""
        if self.workloads:
            return workload_parts(self.workloads[0], self.jobs, self.until)
        return added(job_parts(job) for job in self.jobs)

    def __repr__(self) -> str:
        names = (w.name or w.id for w in self.workloads)
        what = ", ".join(n if n.isprintable() else ascii(n) for n in names) or "jobs"
        return f"<Trace of {what} on {self.qpu}: {len(self.jobs)} jobs, {len(self.events)} events>"

    def save(self, path: str | Path) -> Path:
        """Write the trace as JSON and return its path."""
        path = Path(path)
        path.write_text(json.dumps(self.to_dict()), encoding="utf-8")
        return path

    def to_dict(self) -> dict[str, Any]:
        """Return what `save` writes."""
        return {
            "qmode_trace": VERSION,
            "plan": plan_to_dict(self.plan),
            "origin_s": self.origin_s,
            "until": self.until,
            "qpu": self.qpu,
            "focus": self.focus,
            "spread": spread_to_dict(self.spread),
            "events": [event_to_list(event) for event in self.events],
        }

    @classmethod
    def load(cls, path: str | Path) -> Trace:
        """Read a trace that `save` wrote.

        Raises
        ------
        UnreadableTrace
            If the file is something else or was written by a newer version.
        """
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
            version = int(content["qmode_trace"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise UnreadableTrace(f"{path} is not a trace that was exported from here.") from None
        if version < 1:
            raise UnreadableTrace(f"{path} is a trace of version {version}, which there never was.")
        if version > VERSION:
            raise UnreadableTrace(
                f"{path} is a trace of version {version} and this package reads up to {VERSION}: "
                "upgrade qmode_jupyter."
            )
        part = "plan"
        try:
            scheduler = Scheduler(plan_from_dict(content["plan"]))
            part = "list of events"
            for number, event in enumerate(content["events"], 1):
                part = f"event {number}"
                if not isinstance(event, list) or len(event) != 2:
                    raise TypeError
                kind, values = event
                scheduler.handle(event_from_list(kind, values))
            part = "end, until,"
            scheduler.pass_time(float(content["until"]))
            part = "spread"
            spread = spread_from_dict(content.get("spread"))
            part = "qpu, focus or origin_s"
            qpu, focus = str(content["qpu"]), tuple(map(str, content["focus"]))
            return take(scheduler, qpu, focus, float(content["origin_s"]), spread)
        except (*_MISREAD, *NOT_HAPPENED) as error:
            raise UnreadableTrace(f"{path} is a damaged trace: its {part} {_damage(error)}.") from None


def _damage(error: Exception) -> str:
    """Return what an error in a part says of it; Python's own words say nothing to who reads them."""
    if isinstance(error, KeyError):
        return f"has no {error}"
    if isinstance(error, TypeError | AttributeError | ArithmeticError):
        return "is not as it was exported"
    return f"can't be: {str(error).partition(chr(10))[0]}"


def take(
    scheduler: Scheduler,
    qpu: str,
    focus: Collection[str] = (),
    origin_s: float = 0.0,
    spread: Spread = PUBLIC,
) -> Trace:
    """Return the trace of what `focus` names (workloads or jobs; empty: all of yours) on `qpu`."""
    wanted = frozenset(focus)
    on_qpu = [j for j in scheduler.jobs.values() if j.qpu == qpu]
    if wanted:
        jobs = [j for j in on_qpu if j.id in wanted or j.workload in wanted]
    else:
        jobs = [j for j in on_qpu if j.tenant == YOU]
    workloads = tuple(
        w.record(scheduler.now)
        for w in scheduler.workloads.values()
        if w.qpu == qpu and (not wanted or w.id in wanted)
    )
    starts = [w.opened_at for w in workloads] + [j.submitted_at for j in jobs]
    ends = [w.closed_at for w in workloads] + [j.ended_at for j in jobs]
    start = min(starts, default=0.0)
    end = max((e if e is not None else scheduler.now for e in ends), default=scheduler.now)
    mine = {j.id for j in jobs}
    others = tuple(
        j.record()
        for j in on_qpu
        if j.id not in mine and j.submitted_at <= end and (j.ended_at is None or j.ended_at >= start)
    )
    return Trace(
        plan=scheduler.plan,
        origin_s=origin_s,
        until=scheduler.now,
        qpu=qpu,
        focus=tuple(focus),
        events=tuple(scheduler.log),
        jobs=tuple(j.record() for j in jobs),
        others=others,
        workloads=workloads,
        calibrations=tuple(c.record() for c in scheduler.calibrations if c.qpu == qpu),
        spread=spread,
    )


def rerun(events: Iterable[Event], plan: Plan) -> tuple[Scheduler, list[list[Instruction]]]:
    """Feed `events` to a fresh scheduler; return it and the instructions of each event."""
    scheduler = Scheduler(plan)
    return scheduler, [scheduler.handle(event) for event in events]


def plan_to_dict(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON takes it."""
    return {k: str(v) if isinstance(v, Decimal) else v for k, v in asdict(plan).items()}


def plan_from_dict(values: Mapping[str, Any]) -> Plan:
    """Return what `plan_to_dict` wrote."""
    own = dict(values)
    price = own.pop("price_usd_per_s")
    return Plan(**own, price_usd_per_s=None if price is None else Decimal(price))


def spread_to_dict(spread: Spread) -> dict[str, Any] | None:
    """Return the constants of a cost model as JSON takes them; None for the public ones."""
    return None if spread == PUBLIC else asdict(spread)


def spread_from_dict(written: Mapping[str, Any] | None) -> Spread:
    """Return what `spread_to_dict` wrote."""
    if written is None:
        return PUBLIC
    low, likely, high = (written[end] for end in ("low", "likely", "high"))
    figures = {name: (low[name], likely[name], high[name]) for name in likely}
    return PUBLIC.with_figures(figures, str(written["origin"]))


def event_to_list(event: Event) -> list[Any]:
    """Return an event as JSON takes it: its kind, and its fields by name."""
    kind = type(event).__name__
    values = {name: getattr(event, name) for name in _FIELDS[kind]}
    if values.get("work") is not None:
        values["work"] = values["work"].to_dict()
    return [kind, values]


def event_from_list(kind: str, written: Mapping[str, Any]) -> Event:
    """Return what `event_to_list` wrote.

    Raises
    ------
    ValueError, TypeError
        For what is no event.
    """
    if kind not in _KINDS:
        raise ValueError(f"there is no event {kind}")
    values = dict(written)
    if "mode" in values:
        values["mode"] = Mode(values["mode"])
    if "awaited" in values:
        values["awaited"] = tuple(values["awaited"])
    if "parts" in values:
        values["parts"] = tuple((str(name), float(seconds)) for name, seconds in values["parts"])
    if values.get("work") is not None:
        values["work"] = Work.from_dict(values["work"])
    unknown = set(values).difference(_FIELDS[kind])
    if unknown:
        raise ValueError(f"{kind} has no {', '.join(sorted(unknown))}")
    event: Event = _KINDS[kind](**values)
    return event
