"""What the widget shows, in plain text: for terminals, saved notebooks without a front end, and logs.

Everything here reads the view model that all displays read (or a trace) and returns strings of at most
`width` cells a line. Colours come only with the style of a terminal: `text_grid.style_of(stream)`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from qmode_jupyter.notebook.text.grid import (
    PLAIN,
    WIDTH,
    Cell,
    Column,
    Style,
    cells,
    cut,
    grid,
    one_line,
    wrapped,
)
from qmode_jupyter.notebook.text.rows import PHASE_TITLES, Row, fold, rows_of, usage_of
from qmode_jupyter.notebook.view_model import LISTED, Message, Timeout, Workload
from qmode_jupyter.runtime.store.codec import job_of
from qmode_jupyter.scheduler.records import JobState, shown_state
from qmode_jupyter.style import words

if TYPE_CHECKING:
    from qmode_jupyter.runtime.store.archive import KeptJob
    from qmode_jupyter.scheduler.trace import Trace

SEPARATOR: Final = " · "

#: What of a status line gets shorter, in order, where there is little room; twice is gone.
GIVES_WAY: Final = (
    "maximum", "interactive", "state", "name", "usage", "maximum", "name", "jobs", "usage", "interactive",
)  # fmt: skip

#: A timeout is soon over below the first part of it, and urgently below the second.
SOON: Final = 0.25
URGENT: Final = 0.1


def status_line(
    snapshot: Message, workload_id: str, *, width: int | None = None, style: Style = PLAIN
) -> str:
    """Return a workload's state, timeouts, usage and jobs in one line.

    Parameters
    ----------
    snapshot
        The view model.
    workload_id
        Of a workload in it.
    width
        Cells that the line may take; what matters least goes first. None: as many as it needs.

    Raises
    ------
    KeyError
        If the snapshot has no such workload.
    """
    workload = snapshot["workloads"][workload_id]
    now = snapshot["clock"]["now"]
    name = one_line(words.workload_name(workload["mode"], workload["name"], workload_id))
    usage, qpu = words.clock(workload["usage"]), words.clock(workload["qpu"])
    over = workload["state"] == "closed"
    forms = {
        "name": [f"{name} on {workload['backend']}", name, workload["mode"]],
        "state": [_state(workload), workload["word"]],
        "interactive": [""] if over else _timeout("interactive", workload["idle"], now),
        "maximum": [""] if over else _timeout("maximum", workload["max"], now),
        "usage": [f"usage {usage} (QPU {qpu})", f"usage {usage}", ""],
        "jobs": [words.counts(workload["counts"]), words.progress(workload["counts"])],
    }
    line = _joined(forms)
    for part in GIVES_WAY:
        if width is None or cells(line) <= width:
            break
        forms[part] = forms[part][1:] or forms[part]
        line = _joined(forms)
    return style.paint(line if width is None else cut(line, width), _urgency(workload, now))


def workloads_table(snapshot: Message, *, width: int = WIDTH, style: Style = PLAIN) -> str:
    """Return a table of all workloads: name, QPU, state, jobs, timeouts, usage and price."""
    workloads = snapshot["workloads"]
    if not workloads:
        return "no session, batch or job yet"
    now, title = snapshot["clock"]["now"], snapshot["plan"]["title"]
    columns = (
        Column("workload", gives_way=True),
        Column("id", leaves=3),
        Column("on", leaves=2, gives_way=True),
        Column("state"),
        Column("jobs", gives_way=True, leaves=1),
        Column("interactive", right=True, leaves=4),
        Column("maximum", right=True, leaves=6),
        Column("usage", right=True),
        Column("about", right=True, leaves=5),
    )
    rows = [
        (
            words.workload_name(w["mode"], w["name"], identifier),
            identifier,
            w["backend"],
            w["word"],
            words.progress(w["counts"]),
            _left(w["idle"], now),
            _left(w["max"], now),
            words.duration(w["usage"]),
            "free" if w["usd"] is None else words.money(w["usd"]),
        )
        for identifier, w in sorted(workloads.items(), key=lambda item: item[1]["opened"])
    ]
    foot = f"prices are estimates on {title}; times are emulated"
    return "\n".join([*grid(columns, rows, width, style=style), "", cut(foot, width)])


def kept_table(jobs: Sequence[KeptJob], *, most: int, width: int = WIDTH, style: Style = PLAIN) -> str:
    """Return a table of at most so many of the jobs that were kept."""
    columns = (
        Column("kept from before"),
        Column("primitive", leaves=3),
        Column("on", leaves=2, gives_way=True),
        Column("state"),
        Column("usage", right=True),
        Column("written", leaves=4),
        Column("why", gives_way=True, leaves=1),
    )
    rows = []
    for job in jobs[:most]:
        record = job_of(job.record)
        state = shown_state(record.state, record.reason_code)
        failed = Cell(words.failure(record.reason_code, record.reason), "failed")
        rows.append(
            (
                job.id,
                job.program,
                job.qpu,
                Cell(words.job_word(state), state),
                words.duration(record.charged_s) if record.settled else words.NOTHING,
                time.strftime("%Y-%m-%d %H:%M", time.localtime(job.written)),
                failed if state is JobState.FAILED else "",
            )
        )
    foot = ["", cut("older ones: RuntimeService().jobs(limit, skip)", width)] if len(jobs) > most else []
    return "\n".join([*grid(columns, rows, width, style=style), *foot])


def jobs_table(
    snapshot: Message,
    workload_id: str | None = None,
    *,
    width: int = WIDTH,
    limit: int = LISTED,
    style: Style = PLAIN,
) -> str:
    """Return a table of jobs (of one workload, or all): id, primitive, state, times and what went wrong.

    With more than `limit` jobs, the newest unfinished come first and the finished are counted.
    """
    rows = rows_of(snapshot, workload_id)
    if not rows:
        return "no jobs"
    shown, folded = fold(rows, limit)
    now = snapshot["clock"]["now"]
    names = {
        identifier: words.workload_name(w["mode"], w["name"], identifier)
        for identifier, w in snapshot["workloads"].items()
    }
    columns = (
        Column("job"),
        Column("in", leaves=3, gives_way=True),
        Column("primitive", leaves=4),
        Column("state"),
        Column("submitted", right=True, leaves=5),
        Column("took", right=True, leaves=2),
        Column("usage", right=True),
        Column("why", gives_way=True, leaves=1),
    )
    table = [
        (
            row.id,
            names.get(row.workload or "", words.NOTHING),
            row.program,
            Cell(words.job_word(row.state, row.place), row.state),
            words.clock(row.times[0]),
            words.duration((row.times[4] if row.times[4] is not None else now) - (row.times[0] or 0.0)),
            words.duration(row.usage_s) if row.finished else words.NOTHING,
            Cell(words.failure(row.code, row.reason), "failed") if row.state == "failed" else "",
        )
        for row in shown
    ]
    return "\n".join([*grid(columns, table, width, style=style), *_folded(folded, width, style)])


def usage_table(
    source: Message | Trace,
    workload_id: str | None = None,
    *,
    width: int = WIDTH,
    limit: int = LISTED,
    style: Style = PLAIN,
) -> str:
    """Return where the time of each job went, the sums, and what is charged for it.

    Parameters
    ----------
    source
        A whole snapshot or a trace.
    workload_id
        Of the one workload that it is about; None takes all that `source` has.
    """
    usage = usage_of(source, workload_id)
    rows, now = usage.rows, usage.now
    foot = [
        line
        for charge in usage.charges or ("nothing is charged",)
        for line in wrapped(one_line(charge), width)
    ]
    if not rows:
        return "\n".join(["no jobs", *foot])
    shown, folded = fold(rows, limit)
    numbers = {row.id: number for number, row in enumerate(rows, start=1)}
    columns = (
        Column("#", right=True, leaves=2),
        Column("job"),
        Column("primitive", leaves=3),
        Column("state"),
        *(Column(title, right=True, leaves=4 + (i != 3) * (3 - i)) for i, title in enumerate(PHASE_TITLES)),
        Column("usage", right=True),
    )
    table: list[tuple[Cell | str, ...]] = [
        (
            f"{numbers[row.id]:,}",
            words.short_id(row.id),
            row.program,
            Cell(words.job_word(row.state, row.place), row.state),
            *(_phase(seconds, going_on) for seconds, going_on in row.phases(now)),
            words.duration(row.usage_s) if row.finished else words.NOTHING,
        )
        for row in shown
    ]
    sums = [sum(row.phases(now)[i][0] or 0.0 for row in rows) for i in range(4)]
    totals = (
        "",
        "all",
        "",
        words.count(len(rows), "job"),
        *(words.duration(seconds) for seconds in sums),
        words.duration(sum(row.usage_s for row in rows)),
    )
    lines = grid(columns, table, width, totals=totals, style=style)
    fold_lines = _folded(folded, width, style)
    reasons = words.failures(words.failure(row.code, row.reason) for row in rows if row.state == "failed")
    why = [style.paint(line, "failed") for line in wrapped(one_line(reasons), width) if line]
    return "\n".join([*lines[:-2], *fold_lines, *lines[-2:], "", *why, *foot])


def parts_line(trace: Trace) -> str:
    """Return what was charged by name, in one line: "usage 14 s: overhead 1.8 s, …"; "" for nothing."""
    named = ", ".join(f"{name} {words.duration(seconds)}" for name, seconds in trace.parts)
    return f"usage {words.duration(trace.usage_s)}: {named}" if named else ""


def describe_job(
    snapshot: Message, job_id: str, *, spent: str = "", width: int = WIDTH, style: Style = PLAIN
) -> str:
    """Return everything that the snapshot knows of one job, a fact per line.

    Parameters
    ----------
    spent
        What `parts_line` says of it.

    Raises
    ------
    KeyError
        If the snapshot has no such job.
    """
    row = Row.of(job_id, snapshot["jobs"][job_id])
    now = snapshot["clock"]["now"]
    workload = snapshot["workloads"].get(row.workload or "")
    facts: list[tuple[str, str, str]] = [("job", row.id, "head"), ("primitive", row.program, "")]
    if workload is not None:
        name = words.workload_name(workload["mode"], workload["name"], row.workload or "")
        facts.append(("in", f"{name} on {workload['backend']}", ""))
    facts.append(("state", words.job_word(row.state, row.place), row.state))
    if row.state == "failed":
        facts.append(("why", words.failure(row.code, row.reason), "failed"))
        if row.reason and row.reason not in facts[-1][1]:
            facts.append(("", row.reason, ""))
    facts.append(("submitted", f"{words.clock(row.times[0])} (emulated)", ""))
    for title, (seconds, going_on) in zip(PHASE_TITLES, row.phases(now), strict=True):
        if seconds is not None:
            facts.append((title, _phase(seconds, going_on), ""))
    if row.finished:
        said = spent.removeprefix("usage ") or words.duration(row.usage_s)
        first, *more = wrapped(said, max(24, width - len("on the QPU  ")))
        facts += [("usage", first, ""), *(("", line, "") for line in more)]
    margin = max(len(title) for title, _, _ in facts) + 2
    return "\n".join(
        f"{style.paint(title, 'muted')}{' ' * (margin - len(title))}"
        f"{style.paint(cut(one_line(said), max(8, width - margin)), meaning)}"
        for title, said, meaning in facts
    )


def _folded(folded: Counter[str], width: int, style: Style) -> list[str]:
    if not folded:
        return []
    return [style.paint(cut(f"… and {folded.total():,} more: {words.counts(folded)}", width), "muted")]


def _joined(forms: Mapping[str, Sequence[str]]) -> str:
    return SEPARATOR.join(form[0] for form in forms.values() if form[0])


def _phase(seconds: float | None, going_on: bool) -> str:
    if seconds is None:
        return words.NOTHING
    return words.duration(seconds) + ("…" if going_on else "")


def _state(workload: Workload) -> str:
    word: str = workload["word"]
    if workload["state"] == "closed":
        return f"{word} {words.state_reason(workload['reason'])}".rstrip()
    if workload["place"]:
        return f"{word}, {words.ordinal(workload['place'])} in the queue"
    return word if workload["accepting"] else f"{word}, takes no new jobs"


def _timeout(name: str, timeout: Timeout | None, now: float) -> list[str]:
    """Return the forms of a timeout: what is left while it counts, what it waits for while it doesn't."""
    if timeout is None:
        return [""]
    if timeout["deadline"] is not None:
        left = f"{name} {words.countdown(timeout['deadline'] - now)}"
        return [left, left, ""]
    return [f"{name} {timeout['note']}".rstrip() if timeout["note"] else "", "", ""]


def _left(timeout: Timeout | None, now: float) -> str:
    if timeout is None or timeout["deadline"] is None:
        return words.NOTHING
    return words.countdown(timeout["deadline"] - now)


def _urgency(workload: Workload, now: float) -> str:
    shares = [
        (timeout["deadline"] - now) / timeout["timeout"]
        for timeout in (workload["idle"], workload["max"])
        if timeout is not None and timeout["deadline"] is not None and timeout["timeout"]
    ]
    least = min(shares, default=1.0)
    return "urgent" if least < URGENT else "soon" if least < SOON else ""
