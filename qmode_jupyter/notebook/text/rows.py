"""Jobs as rows of a table, with what is charged for them, from the view model or from a trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from qmode_jupyter.notebook.view_model import Job, Message
from qmode_jupyter.scheduler.events import YOU
from qmode_jupyter.scheduler.records import JobState, shown_state
from qmode_jupyter.style import words

if TYPE_CHECKING:
    from qmode_jupyter.scheduler.trace import Trace

#: The phases of a job as titles of columns, in order.
PHASE_TITLES: Final = ("queued", "preparing", "waiting", "on the QPU")

#: Which rows stay when there are too many: those that are not named here, then these.
_RANK: Final = {"failed": 1, "cancelled": 2, "done": 2}

_FINISHED: Final = frozenset({"done", "failed", "cancelled"})

Times = tuple[float | None, float | None, float | None, float | None, float | None]


@dataclass(frozen=True, slots=True)
class Row:
    """One job; `times` are emulated seconds: submitted, preparing, waiting, on the QPU, ended."""

    id: str
    workload: str | None
    program: str
    #: By the words of `JOB_WORDS`; a job stopped with 1305 has failed.
    state: str
    times: Times
    usage_s: float
    place: int | None = None
    code: int | None = None
    reason: str = ""

    @classmethod
    def of(cls, job_id: str, job: Job) -> Row:
        """Return the row of a job of the view model."""
        times = [*job["t"], None, None, None, None][:5]
        return cls(
            id=job_id,
            workload=job["workload"],
            program=job["program"],
            state=shown_state(JobState(job["state"]), job.get("code")),
            times=(times[0], times[1], times[2], times[3], times[4]),
            usage_s=job["usage"],
            place=job.get("place"),
            code=job.get("code"),
            reason=job.get("reason", ""),
        )

    @property
    def finished(self) -> bool:
        """Whether the job has ended."""
        return self.state in _FINISHED

    def phases(self, now: float) -> list[tuple[float | None, bool]]:
        """Return for each phase its seconds (None: it was not reached) and whether it goes on."""
        out: list[tuple[float | None, bool]] = []
        for index, start in enumerate(self.times[:4]):
            if start is None:
                out.append((None, False))
                continue
            end = next((t for t in self.times[index + 1 :] if t is not None), None)
            out.append(((now if end is None else end) - start, end is None))
        return out


def rows_of(snapshot: Message, workload_id: str | None = None) -> list[Row]:
    """Return the jobs of a workload (None: all) in the order in which they were submitted."""
    rows = (Row.of(job_id, job) for job_id, job in snapshot["jobs"].items())
    return sorted((r for r in rows if workload_id in (None, r.workload)), key=lambda row: row.times[0] or 0.0)


def rows_of_trace(trace: Trace, workload_id: str | None = None) -> list[Row]:
    """Return the person's own jobs in a trace."""
    return [
        Row(
            id=job.id,
            workload=job.workload,
            program=job.program,
            state=shown_state(job.state, job.reason_code),
            times=(job.submitted_at, job.preparing_at, job.waiting_at, job.on_qpu_at, job.ended_at),
            usage_s=job.charged_s,
            code=job.reason_code,
            reason=job.reason,
        )
        for job in trace.jobs
        if job.tenant == YOU and workload_id in (None, job.workload)
    ]


@dataclass(frozen=True, slots=True)
class Usage:
    """The rows of some jobs at one moment, and a line for each charge that they led to."""

    rows: list[Row]
    now: float
    charges: tuple[str, ...]


def usage_of(source: Message | Trace, workload_id: str | None = None) -> Usage:
    """Return the usage of a workload (None: of all that `source` has)."""
    if isinstance(source, dict):
        rows = rows_of(source, workload_id)
        return Usage(rows, source["clock"]["now"], tuple(_charges_of(source, workload_id)))
    rows = rows_of_trace(source, workload_id)
    return Usage(rows, source.until, tuple(_charges_of_trace(source, rows, workload_id)))


def fold(rows: Sequence[Row], limit: int) -> tuple[list[Row], Counter[str]]:
    """Return the rows to show and how many of each state are left out.

    Up to `limit` rows stay as they are. Of more, the newest unfinished come first, then what failed,
    then the newest of the others.
    """
    if len(rows) <= limit:
        return list(rows), Counter()
    newest_first = list(reversed(rows))
    ordered = [row for rank in range(3) for row in newest_first if _RANK.get(row.state, 0) == rank]
    return ordered[:limit], Counter(row.state for row in ordered[limit:])


def _charge(mode: str, name: str, usage_s: float, qpu_s: float, price: str) -> str:
    if mode != "session":
        return f"{name}: {words.usage(usage_s, qpu_s)}, {price}; charged for the time of its jobs on the QPU"
    idle_s = max(0, round(usage_s) - round(qpu_s))  # so that the three add up as they are read
    spent = f"QPU {words.duration(qpu_s)}, idle {words.duration(idle_s)}"
    return f"{name}: {words.usage(usage_s)} ({spent}), {price}; charged for the time that it was active"


def _charges_of(snapshot: Message, workload_id: str | None) -> Iterator[str]:
    title = snapshot["plan"]["title"]
    for identifier, w in snapshot["workloads"].items():
        if workload_id in (None, identifier):
            name = words.workload_name(w["mode"], w["name"], identifier)
            yield _charge(w["mode"], name, w["usage"], w["qpu"], words.estimate(w["usd"], title))


def _charges_of_trace(trace: Trace, rows: Sequence[Row], workload_id: str | None) -> Iterator[str]:
    per_s, title = trace.plan.price_usd_per_s, trace.plan.title

    def price(usage_s: float) -> str:
        return words.estimate(None if per_s is None else float(per_s) * usage_s, title)

    mine = [w for w in trace.workloads if w.tenant == YOU and workload_id in (None, w.id)]
    for w in mine:
        name = words.workload_name(w.mode, w.name, w.id)
        yield _charge(w.mode, name, w.usage_s, w.qpu_s, price(w.usage_s))
    alone = [row for row in rows if row.workload not in {w.id for w in trace.workloads}]
    if alone:
        usage_s = sum(row.usage_s for row in alone)
        qpu_s = sum(row.phases(trace.until)[3][0] or 0.0 for row in alone)
        name = words.workload_name("job", "", alone[0].id) if len(alone) == 1 else "job mode"
        yield _charge("job", name, usage_s, qpu_s, price(usage_s))
