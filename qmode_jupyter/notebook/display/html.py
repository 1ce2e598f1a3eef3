"""The card as a still picture: HTML without scripts, readable with no kernel and on any background.

It stays in the saved notebook when a workload has ended. Code hosts and sanitizers drop scripts and
style sheets, some of them every style: so colours and sizes are inline, text has the colour of the
page, bars are an addition, and without any style it is still a heading and two tables.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from qmode_jupyter.notebook.view_model import FAILURES_LISTED, LISTED
from qmode_jupyter.scheduler.records import JobState, shown_state
from qmode_jupyter.style import words
from qmode_jupyter.style.palette import LIGHT

_UNFINISHED: Final = ("on_qpu", "waiting", "preparing", "queued")
_PHASES: Final = ("queued", "preparing", "waiting", "on_qpu")
#: Share of a bar that the time in the queue can take up, as in the live card.
_QUEUE_SHARE: Final = 0.3

_LINE: Final = "rgba(128,128,128,.35)"
_TRACK: Final = "rgba(128,128,128,.2)"
_SOFT: Final = "opacity:.78"
_SMALL: Final = f"{_SOFT};font-size:11.5px"
_CELL: Final = "text-align:left;padding:3px 9px;border:0"
_PILLS: Final = {"open": "queued", "active": "on_qpu", "inactive": "inactive", "closed": "closed"}


def card_html(snapshot: Mapping[str, Any], workload_id: str) -> str:
    """Return a workload's card as one self-contained piece of HTML.

    Parameters
    ----------
    snapshot
        A whole view model.
    workload_id
        The workload that it is about.

    Returns
    -------
    str
        Markup that starts with ``<``, has no script, no style sheet and no link, and in which every
        name and reason is escaped.
    """
    workload = snapshot.get("workloads", {}).get(workload_id)
    if workload is None:
        return f"<p>{escape(words.short_id(workload_id))}: nothing is known of this workload any more.</p>"
    now = snapshot["clock"]["now"]
    jobs = {each: job for each, job in snapshot["jobs"].items() if job["workload"] == workload_id}
    name = words.workload_name(workload["mode"], workload.get("name", ""), workload_id)
    backend = workload.get("backend", "")
    label = escape(f"{name} on {backend}" if backend else name)
    return (
        f'<div role="group" aria-label="{label}" style="max-width:960px;border:1px solid {_LINE};'
        f"border-radius:8px;font:13px/1.45 system-ui,sans-serif;font-variant-numeric:tabular-nums;"
        f'text-align:left;overflow-x:auto">'
        f"{_head(workload, name, backend)}{_figures(snapshot, workload, now)}{_table(jobs, now)}"
        f"{_foot(snapshot, workload, now)}</div>"
    )


def _head(workload: Mapping[str, Any], name: str, backend: str) -> str:
    ink = LIGHT[_PILLS.get(workload["state"], "closed")]
    word = workload.get("word") or words.workload_word(workload["state"])
    why = words.state_reason(workload.get("reason", ""))
    settled = workload["state"] in ("inactive", "closed")
    where = f" on {escape(backend)}" if backend else ""
    more = f"{where} · {escape(why)}" if why and settled else where
    return (
        f'<div style="padding:9px 14px"><b style="background:{ink.fill};color:{ink.on};border-radius:99px;'
        f'padding:3px 10px">{escape(word)}</b> &nbsp;<b style="font-size:14px">{escape(name)}</b>'
        f'<span style="{_SOFT}">{more}</span></div>'
    )


def _figures(snapshot: Mapping[str, Any], workload: Mapping[str, Any], now: float) -> str:
    cells = [
        ("Interactive timeout", *_interactive(workload, now)) if workload.get("idle") else None,
        ("Maximum timeout", *_maximum(workload, now)) if workload.get("max") else None,
        ("Usage", words.clock(workload.get("usage") or 0.0), _usage_note(workload)),
        ("Would cost", *_cost(snapshot, workload)),
    ]
    boxes = "".join(
        f'<div style="box-sizing:border-box;flex:1 1 135px;padding:8px 14px;margin-left:-1px;'
        f'border-left:1px solid {_LINE}">'
        f'<span style="{_SMALL}">{label}</span><br><b style="font-size:19px">{escape(value)}</b><br>'
        f'<span style="{_SMALL}">{_unbroken(escape(note))}</span></div>'
        for label, value, note in (cell for cell in cells if cell is not None)
    )
    return (
        f'<div style="display:flex;flex-wrap:wrap;overflow:hidden;border-top:1px solid {_LINE}">{boxes}</div>'
    )


def _interactive(workload: Mapping[str, Any], now: float) -> tuple[str, str]:
    limit = workload["idle"]
    total = words.clock(limit["timeout"])
    if workload.get("closed") is not None:
        return total, "does not count any more"
    if limit.get("deadline") is None:
        return total, limit.get("note") or "does not count now"
    return words.countdown(max(0.0, limit["deadline"] - now)), f"of {total}"


def _maximum(workload: Mapping[str, Any], now: float) -> tuple[str, str]:
    limit = workload["max"]
    total, started, closed = limit["timeout"], workload.get("started"), workload.get("closed")
    if closed is not None:
        left = total if started is None else min(total, max(0.0, total - (closed - started)))
        return words.countdown(left), f"left of {words.clock(total)} at the end"
    if limit.get("deadline") is None:
        return words.clock(total), limit.get("note") or "does not count now"
    return words.countdown(max(0.0, limit["deadline"] - now)), f"of {words.clock(total)}, never pauses"


def _usage_note(workload: Mapping[str, Any]) -> str:
    usage, qpu = workload.get("usage") or 0.0, workload.get("qpu") or 0.0
    idle = max(0.0, usage - qpu)
    if usage < 0.05:
        return "nothing charged"
    if idle < 0.05 and workload["mode"] != "session":
        return "all of it on the QPU"
    return f"QPU {words.duration(min(qpu, usage))}, idle {words.duration(idle)}"


def _cost(snapshot: Mapping[str, Any], workload: Mapping[str, Any]) -> tuple[str, str]:
    title = (snapshot.get("plan") or {}).get("title", "")
    if workload.get("usd") is None:
        return "free", f"on the {title} plan" if title else ""
    return words.money(workload["usd"]), f"{title}, estimate" if title else "estimate"


def _table(jobs: Mapping[str, Mapping[str, Any]], now: float) -> str:
    if not jobs:
        style = f"border-top:1px solid {_LINE};padding:12px 14px;{_SOFT}"
        return f'<div style="{style}">No job was submitted.</div>'
    listed = _listed(jobs)
    scale = max([1.0, *(sum(s for kind, s in _life(jobs[each], now) if kind != "queued") for each in listed)])
    head = "".join(
        f'<th style="{_CELL};{_SMALL};font-weight:400">{title}</th>'
        for title in ("job", "primitive", "state", "queued · preparing · waiting · QPU", "usage")
    )
    rows = [head, *(_row(each, jobs[each], now, scale) for each in listed)]
    body = "".join(f'<tr style="background:none;border-top:1px solid {_LINE}">{row}</tr>' for row in rows)
    # A notebook's own style for tables is kept out.
    table = (
        "width:100%;margin:0;border:0;border-collapse:collapse;table-layout:auto;color:inherit;font:inherit"
    )
    return f'<table style="{table}">{body}</table>{_rest(jobs, listed)}'


def _row(identifier: str, job: Mapping[str, Any], now: float, scale: float) -> str:
    state = shown_state(JobState(job["state"]), job.get("code"))
    word = escape(words.job_word(state, job.get("place")))
    fill = LIGHT[state].fill if state in LIGHT.inks else LIGHT["queued"].fill
    usage = words.duration(job["usage"]) if job.get("usage") else ""
    return (
        f'<td style="{_CELL}" title="{escape(identifier)}"><code style="background:none;padding:0">'
        f"{escape(words.short_id(identifier))}</code></td>"
        f'<td style="{_CELL}">{escape(job.get("program", ""))}</td>'
        f'<td style="{_CELL};min-width:150px"><span style="color:{fill}">■</span> '
        f"<b>{word}</b>{_why(job, state)}</td>"
        f'<td style="{_CELL};width:35%">{_bar(job, state, now, scale)}</td>'
        f'<td style="{_CELL};white-space:nowrap">{usage}</td>'
    )


def _listed(jobs: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the ids to list: all as submitted, or of many the newest first with the latest failures."""
    order = sorted(jobs, key=lambda each: (jobs[each].get("t") or [0.0])[0])
    if len(order) <= LISTED:
        return order
    newest = order[::-1]
    failed = [j for j in newest if shown_state(JobState(jobs[j]["state"]), jobs[j].get("code")) == "failed"]
    chosen = set(failed[:FAILURES_LISTED])
    chosen |= set([j for j in newest if j not in chosen][: LISTED - len(chosen)])
    return [each for each in newest if each in chosen]


def _rest(jobs: Mapping[str, Mapping[str, Any]], listed: Sequence[str]) -> str:
    rest = [jobs[each] for each in jobs.keys() - set(listed)]
    if not rest:
        return ""
    by_state: dict[str, int] = {}
    for job in rest:
        state = shown_state(JobState(job["state"]), job.get("code"))
        by_state[state] = by_state.get(state, 0) + 1
    text = f"{words.count(len(rest), 'more job')}: {words.counts(by_state)}"
    return f'<div style="border-top:1px solid {_LINE};padding:5px 14px;{_SOFT}">{text}</div>'


def _why(job: Mapping[str, Any], state: str) -> str:
    if state not in ("failed", "cancelled"):
        return ""
    why = words.failure(job.get("code"), job.get("reason", ""))
    if not why:
        return ""
    full = job.get("reason") or ""
    return (
        f': <span title="{escape(full)}">{escape(why)}</span>'
        if full not in ("", why)
        else f": {escape(why)}"
    )


def _life(job: Mapping[str, Any], now: float) -> list[tuple[str, float]]:
    """Return a job's phases so far with their seconds."""
    times = list(job.get("t") or [])
    times += [None] * (5 - len(times))
    there = [moment for moment in times if moment is not None]
    stop = times[4] if times[4] is not None else max([now, *there])
    life = []
    for i, kind in enumerate(_PHASES):
        if times[i] is None:
            continue
        end = next((moment for moment in times[i + 1 : 4] if moment is not None), stop)
        life.append((kind, max(0.0, end - times[i])))
    return life


def _bar(job: Mapping[str, Any], state: str, now: float, scale: float) -> str:
    life = _life(job, now)
    said = ", ".join(f"{words.JOB_WORDS[kind]} {words.duration(s)}" for kind, s in life if s >= 0.05)
    kinds = [kind for kind, _ in life]
    if kinds and state in ("failed", "cancelled"):
        kinds[-1] = state
    shares = [
        _QUEUE_SHARE * s / (s + scale) if kind == "queued" else (1 - _QUEUE_SHARE) * min(1.0, s / scale)
        for kind, s in life
    ]
    parts = "".join(
        f'<i style="width:{100 * share:.1f}%;background:{_fill(kind)}"></i>'
        for kind, share in zip(kinds, shares, strict=True)
    )
    return (
        f'<div role="img" title="{said}" style="display:flex;height:9px;min-width:90px;background:{_TRACK};'
        f'border-radius:3px;overflow:hidden">{parts}</div>'
    )


def _fill(kind: str) -> str:
    fill = LIGHT[kind].fill
    return f"repeating-linear-gradient(135deg,{fill} 0 3px,#a4a9b1 3px 5px)" if kind == "cancelled" else fill


def _foot(snapshot: Mapping[str, Any], workload: Mapping[str, Any], now: float) -> str:
    clock = snapshot["clock"]
    # The clock of the machine that ran it: the reader's may be in another zone.
    at = dt.datetime.fromtimestamp(clock.get("origin_ms", 0) / 1000 + now).strftime("%H:%M:%S")  # noqa: DTZ006
    counts = words.counts(workload.get("counts") or {})
    speed = clock["speed"] if clock["speed"] == "max" else f"{clock['speed']:g}"
    return (
        f'<div style="border-top:1px solid {_LINE};padding:6px 14px;font-size:12px;{_SOFT}">{counts}'
        f" &nbsp;·&nbsp; {at if clock.get('real') else f'emulated {at}, ×{speed}'}</div>"
    )


def _unbroken(text: str) -> str:
    """Return the text with numbers kept on one line with their units."""
    return re.sub(r"(?<=\d) (?=(?:s|min|h|d)\b)|(?<=min|..h|..d) (?=\d)", "\u00a0", text)
