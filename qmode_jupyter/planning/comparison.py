"""What a finished run would have taken, and cost, in other modes, on other plans, in other queues."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.planning.recording import Story, story
from qmode_jupyter.planning.replay import Retelling, retell
from qmode_jupyter.runtime.tenants import Tenants
from qmode_jupyter.scheduler import plans as catalogue
from qmode_jupyter.scheduler.events import grained
from qmode_jupyter.scheduler.plans import Plan, with_limits
from qmode_jupyter.scheduler.records import TOO_LONG, WORKLOAD_ENDED, JobRecord, JobState, Mode
from qmode_jupyter.scheduler.trace import Trace
from qmode_jupyter.style.spelling import did_you_mean
from qmode_jupyter.style.tables import Table
from qmode_jupyter.style.words import NOTHING, count, duration, money, printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MODES: Final = ("job", "batch", "session")
_COLUMNS: Final = (
    "mode",
    "plan",
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
class Row:
    """How the run goes under one set of rules; the figures are None where it can't run at all.

    Attributes
    ----------
    mode, plan, load
        The rules; a load of None stands for the other users as they were.
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
        from qmode_jupyter.planning.figure import comparison_figure

        return comparison_figure(self, theme)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data: seconds, US dollars as floats."""
        return {"title": self.title, "rows": [_plain(row) for row in self.rows]}

    def _table(self) -> Table:
        rows = [_words(row) for row in self.rows]
        # A plan or a queue that is the same in every row says nothing there.
        shown = [
            n
            for n, head in enumerate(_COLUMNS)
            if head not in ("plan", "others") or len({row[n] for row in rows}) > 1
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
    interactive_timeout_s, max_time_s
        Timeouts in the place of the plan's and of the one that was asked for.
    seed
        Of the other users.

    Raises
    ------
    IBMInputValueError
        For a run that has not ended, and for arguments that can't be.
    ValueError
        For an unknown plan or a load that can't be.
    """
    if not isinstance(trace, Trace):
        raise IBMInputValueError(
            f"compare takes a trace, as service.trace(id) returns it, not a {type(trace).__name__}."
        )
    told = story(trace)
    changed = interactive_timeout_s is not None or max_time_s is not None
    settings = [
        (_mode(mode), _as_here(plan, trace.plan, interactive_timeout_s), load)
        for load in (map(_load, _listed(loads)) if loads is not None else (None,))
        for plan in (_listed(plans) if plans is not None else (trace.plan,))
        for mode in _listed(modes)
    ]
    if not settings:
        raise IBMInputValueError("There is nothing to compare: give at least one mode, plan and load.")
    longest_s = _timeout("max_time_s", max_time_s)
    return Comparison(
        title=_title(told),
        rows=tuple(
            _row(told, mode, retell(told, mode, plan, load=load, seed=seed, max_time_s=longest_s), changed)
            for mode, plan, load in settings
        ),
    )


def _row(told: Story, mode: Mode, retold: Retelling, changed: bool) -> Row:
    """Return the figures of one retelling."""
    jobs = retold.jobs
    done = sum(j.state is JobState.DONE for j in jobs)
    cancelled = sum(j.state is JobState.CANCELLED and j.reason_code != TOO_LONG for j in jobs)
    waiting = sum(not j.settled for j in jobs)
    ran = retold.happened
    usage_s = retold.usage_s if ran else None
    same = mode is told.mode and retold.plan == told.plan and retold.load is None and not changed
    return Row(
        mode=mode,
        plan=retold.plan,
        load=retold.load,
        wall_s=retold.wall_s if ran else None,
        queue_s=in_queue_s(jobs) if ran else None,
        qpu_s=sum(
            j.ended_at - j.on_qpu_at for j in jobs if j.on_qpu_at is not None and j.ended_at is not None
        )
        if ran
        else None,
        usage_s=usage_s,
        price_usd=retold.plan.price_usd(usage_s) if usage_s is not None else None,
        done=done,
        failed=len(jobs) - done - cancelled - waiting,
        cancelled=cancelled,
        refused=len(retold.refusals) if ran else 0,
        as_it_ran=same,
        note="; ".join(_notes(mode, retold, waiting, same=same)),
    )


def in_queue_s(jobs: Sequence[JobRecord]) -> float:
    """Return for how long all that was left to do waited for others, in seconds.

    Some job was in the queue, or prepared and waiting for the QPU, and none was being prepared or on
    the QPU.
    """
    edges: list[tuple[float, int, int]] = []
    for job in jobs:
        moments = (job.submitted_at, job.preparing_at, job.waiting_at, job.on_qpu_at)
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


def _notes(mode: Mode, retold: Retelling, waiting: int, *, same: bool) -> Iterator[str]:
    if same:
        yield "as it ran"
    if not retold.happened:
        refusal = retold.refusals[0]
        yield f"not possible ({refusal.code}): {refusal.message.rstrip('.')}"
        return
    if mode is not retold.mode:
        yield f"no sessions on the {retold.plan.title} plan: in job mode instead"
    record = retold.workload
    if retold.shortened and record is not None:
        yield f"maximum timeout {duration(record.max_time_s)}, the plan's longest"
    if record is not None and len(record.stretches) > 1:
        yield f"went inactive {count(len(record.stretches) - 1, 'time')} in between"
    if record is not None and record.state_reason in _ENDINGS:
        lost = sum(j.reason_code == WORKLOAD_ENDED for j in retold.jobs)
        yield _ENDINGS[record.state_reason] + (f", {count(lost, 'job')} lost" if lost else "")
    too_long = sum(j.reason_code == TOO_LONG for j in retold.jobs)
    if too_long:
        yield f"{count(too_long, 'job')} stopped as too long"
    if retold.refusals:
        yield f"{count(len(retold.refusals), 'job')} refused ({retold.refusals[0].code})"
    if retold.unfinished:
        why = " for the allowance" if retold.plan.allowance_s is not None else ""
        yield f"{count(waiting, 'job')} still waiting{why} after {duration(retold.wall_s)}"


_ENDINGS: Final = {
    "session_expired_by_max_ttl": "maximum timeout hit",
    "session_closed_by_cost_limit": "cost limit hit",
}


def _words(row: Row) -> list[str]:
    load = "as they were" if row.load is None else f"{row.load:.0%} busy" if row.load else "nobody"
    states = (("done", row.done), ("failed", row.failed), ("cancelled", row.cancelled))
    return [
        str(row.mode),
        row.plan.title,
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
        "price_usd": None if price is None else float(price),
    }


def _title(told: Story) -> str:
    name = printable(told.name) or told.workload
    what = f"{told.mode.capitalize()} {name}" if told.workload else "Job mode"
    return f"{what} on {told.qpu}, {count(len(told.submissions), 'job')}: as it ran and otherwise"


def _mode(name: str) -> Mode:
    try:
        return Mode(str(name).lower())
    except ValueError:
        raise IBMInputValueError(
            f"There is no mode {name!r}.{did_you_mean(str(name), _MODES)} The modes are {', '.join(_MODES)}."
        ) from None


def _as_here(plan: str | Plan, of_the_run: Plan, interactive_s: float | None) -> Plan:
    """Return a plan with what belongs to the run's QPU and timing, and not to the plan."""
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
    if seconds is not None and not seconds > 0:
        raise IBMInputValueError(f"{name} must be above 0 seconds, not {seconds!r}.")
    return None if seconds is None else grained(seconds)


def _load(load: Any) -> float | None:
    return None if load is None else Tenants(load).load


def _listed(values: Any) -> list[Any]:
    """Return `values` as a list; a single one stands for itself."""
    return list(values) if isinstance(values, Iterable) and not isinstance(values, str) else [values]
