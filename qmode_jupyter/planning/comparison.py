"""What a finished run would have taken, and cost, in other modes, on other plans, in other queues."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from qmode_jupyter.cost.processors import Processor
from qmode_jupyter.cost.processors import processor as find_processor
from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.planning.figure import bars
from qmode_jupyter.planning.recording import Recording
from qmode_jupyter.planning.replay import Scenario, replay
from qmode_jupyter.planning.rows import Row, row_of
from qmode_jupyter.runtime.tenants import Tenants
from qmode_jupyter.scheduler import plans as catalogue
from qmode_jupyter.scheduler.events import grained
from qmode_jupyter.scheduler.plans import Plan, with_limits
from qmode_jupyter.scheduler.records import Mode
from qmode_jupyter.scheduler.trace import Trace
from qmode_jupyter.style.characters import shown
from qmode_jupyter.style.spelling import did_you_mean
from qmode_jupyter.style.tables import Table
from qmode_jupyter.style.words import NOTHING, count, duration, money, printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MODES: Final = ("job", "batch", "session")
_COLUMNS: Final = (
    "mode",
    "plan",
    "processor",
    "others",
    ">wall time",
    ">in queue",
    ">QPU",
    ">usage",
    ">price",
    "jobs",
    "",
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A table of `Row`; shows as text and as HTML, and draws itself."""

    title: str
    rows: tuple[Row, ...]

    def __repr__(self) -> str:
        return repr(self._table())

    def _repr_html_(self) -> str:
        return self._table()._repr_html_()

    def figure(self, theme: str = "light") -> Figure:
        """Return a picture of it, "light" or "dark": for each row its wall time, and what of it was what."""
        return bars(self.title, self.rows, theme)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data: seconds, US dollars as floats."""
        return {"title": self.title, "rows": [_plain(row) for row in self.rows]}

    def _table(self) -> Table:
        rows = [_words(row) for row in self.rows]
        # A plan or a queue that is the same in every row says nothing there.
        shown = [
            n
            for n, head in enumerate(_COLUMNS)
            if head not in ("plan", "processor", "others") or len({row[n] for row in rows}) > 1
        ]
        plans = {row.plan.title for row in self.rows}
        where = f" on the {plans.pop()} plan" if len(plans) == 1 else ""
        return Table(
            self.title,
            tuple(_COLUMNS[n] for n in shown),
            tuple(tuple(row[n] for n in shown) for row in rows),
            (f"Emulated times; prices{where} are estimates.",),
        )


def compare(
    trace: Trace,
    *,
    modes: Iterable[str] = _MODES,
    plans: Iterable[str | Plan] | None = None,
    loads: Iterable[float | None] | None = None,
    processors: Iterable[str | Processor | None] | None = None,
    interactive_timeout_s: float | None = None,
    max_time_s: float | None = None,
    seed: int = 0,
) -> Comparison:
    """Replay a finished run on the pure scheduler as jobs, as a batch, as a session.

    What depended on what stays: a job that was submitted after another's result was awaited is
    submitted after it again, with the classical time that was measured between. With nothing
    changed the figures are those of the run, exactly.

    Parameters
    ----------
    trace
        What ``service.trace(id)`` returns, of a session, batch or jobs that have ended.
    modes
        Any of "job", "batch", "session".
    plans
        Names or `Plan` objects; None for the plan of the run.
    loads
        Other users: parts of the QPU's time from 0 to 0.9, or None for the others as they were (seeded
        ones go on as they would have; any others end with the record).
    processors
        Processors or machines ("heron_r2", "ibm_torino", "phoenix"), or None for the one that it was:
        every job is priced there anew, from what it asked for.
    interactive_timeout_s, max_time_s
        Timeouts in the place of the plan's and of the one that was asked for.
    seed
        Of the other users.

    Raises
    ------
    IBMInputValueError
        For a run that has not ended, and for arguments that can't be.
    ValueError
        For an unknown plan or processor, or a load that can't be.
    """
    if not isinstance(trace, Trace):
        raise IBMInputValueError(
            f"compare takes a trace, as service.trace(id) returns it, not {shown(trace)}."
        )
    recording = Recording.of(trace)
    longest_s = _timeout("max_time_s", max_time_s)
    scenarios = [
        Scenario(
            _mode(mode), _as_here(plan, trace.plan, interactive_timeout_s), load, seed, longest_s, processor
        )
        for processor in (map(_processor, _listed(processors)) if processors is not None else (None,))
        for load in (map(_load, _listed(loads)) if loads is not None else (None,))
        for plan in (_listed(plans) if plans is not None else (trace.plan,))
        for mode in _listed(modes)
    ]
    if not scenarios:
        raise IBMInputValueError(
            "There is nothing to compare: give at least one mode, plan, processor and load."
        )
    return Comparison(
        title=_title(recording),
        rows=tuple(row_of(replay(recording, scenario)) for scenario in scenarios),
    )


def _words(row: Row) -> list[str]:
    load = "as they were" if row.load is None else f"{row.load:.0%} busy" if row.load else "nobody"
    states = (("done", row.done), ("failed", row.failed), ("cancelled", row.cancelled))
    return [
        str(row.mode),
        row.plan.title,
        "as it was" if row.processor is None else row.processor.title,
        load,
        duration(row.wall_s),
        duration(row.queue_s),
        duration(row.qpu_s),
        duration(row.usage_s),
        NOTHING if row.usage_s is None else "free" if row.price_usd is None else money(float(row.price_usd)),
        ", ".join(f"{number} {word}" for word, number in states if number) or NOTHING,
        row.note,
    ]


def _plain(row: Row) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in row.__slots__}
    price = row.price_usd
    return values | {
        "mode": str(row.mode),
        "plan": row.plan.name,
        "processor": None if row.processor is None else row.processor.name,
        "price_usd": None if price is None else float(price),
    }


def _title(recording: Recording) -> str:
    name = printable(recording.name) or recording.workload
    what = f"{recording.mode.capitalize()} {name}" if recording.workload else "Job mode"
    return f"{what} on {recording.qpu}, {count(len(recording.submissions), 'job')}: as it ran and otherwise"


def _mode(name: str) -> Mode:
    try:
        return Mode(str(name).lower())
    except ValueError:
        raise IBMInputValueError(
            f"There is no mode {name!r}.{did_you_mean(str(name), _MODES)} The modes are {', '.join(_MODES)}."
        ) from None


def _as_here(plan: str | Plan, of_the_run: Plan, interactive_s: float | None) -> Plan:
    """Return a plan with what belongs to the run's QPU and timing, and not to the plan."""
    if not isinstance(plan, str | Plan):
        raise IBMInputValueError(f"plans are names of plans or Plans, not {shown(plan)}.")
    if isinstance(plan, str):
        known = catalogue.plan(plan)
        plan = (
            of_the_run
            if known.name == of_the_run.name
            else with_limits(known, lanes=of_the_run.lanes, charge_step_s=of_the_run.charge_step_s)
        )
    timeout_s = _timeout("interactive_timeout_s", interactive_s)
    if timeout_s is None:
        return plan
    return with_limits(plan, session_interactive_s=timeout_s, batch_interactive_s=timeout_s)


def _timeout(name: str, seconds: float | None) -> float | None:
    if seconds is None:
        return None
    if not isinstance(seconds, int | float) or not 0 < seconds < math.inf:
        raise IBMInputValueError(f"{name} must be above 0 seconds, not {shown(seconds)}.")
    return grained(seconds)


def _processor(name: str | Processor | None) -> Processor | None:
    return None if name is None else find_processor(name)


def _load(load: Any) -> float | None:
    return None if load is None else Tenants(load).load


def _listed(values: Any) -> list[Any]:
    """Return `values` as a list; a single one stands for itself."""
    return list(values) if isinstance(values, Iterable) and not isinstance(values, str) else [values]
