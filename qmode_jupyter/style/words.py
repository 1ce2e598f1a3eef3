"""The words and number formats that widget, card, timeline and text share.

One thing has one word: a person who reads "waiting for the QPU" in the widget reads the same in the
timeline and in a terminal. Numbers are short, have their unit, and say when they are estimates.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from qmode_jupyter.style.characters import printable as printable

#: Stands for a number that is not there (yet).
NOTHING: Final = "–"

#: A workload's state in one word.
WORKLOAD_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {"open": "Pending", "active": "In progress", "inactive": "Inactive", "closed": "Closed"}
)

#: A job's state; also the order of its life, which is the order in which states are counted up.
JOB_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "queued": "queued",
        "preparing": "preparing",
        "waiting": "waiting for the QPU",
        "on_qpu": "on the QPU",
        "done": "done",
        "failed": "failed",
        "cancelled": "cancelled",
    }
)

#: The same where there is little room.
SHORT_JOB_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    dict(JOB_WORDS) | {"waiting": "waiting", "on_qpu": "QPU"}
)

#: The order of a summary: what is finished first, then what is nearest to being finished.
COUNT_ORDER: Final = ("done", "failed", "cancelled", "on_qpu", "waiting", "preparing", "queued")

#: What else a QPU does.
QPU_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {"other_users": "other users", "calibration": "calibration"}
)

#: Reason codes in a few words, for the row of a job (SEMANTICS 7).
CODE_WORDS: Final[Mapping[int, str]] = MappingProxyType(
    {
        1305: "ran too long",
        1506: "circuits can't be read",
        1517: "not an ISA circuit",
        1519: "options exclude each other",
        1520: "over a system limit",
        1521: "options exclude each other",
        1522: "dynamic circuit on Estimator",
        1603: "circuits can't be read",
        5201: "timed out",
        9999: "internal error",
    }
)

#: Why a workload came to be as it is, by the service's own word (SEMANTICS S4).
STATE_REASON_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "session_created": "",
        "session_closed_early": "by close()",
        "session_unused": "no job in 30 min",
        "session_expired_by_max_ttl": "maximum timeout",
        "session_closed_by_cost_limit": "cost limit",
        "session_inactivated_by_interactive_ttl": "interactive timeout",
    }
)

_MINUTE_S: Final = 60
_HOUR_S: Final = 3_600
_DAY_S: Final = 86_400


def duration(seconds: float | None) -> str:
    """Return a length of time with its units: "40 ms", "0.4 s", "34 s", "3 min 20 s", "2 h 5 min", "3 d 4 h".

    At most two units, and a part that is zero goes; None is a dash.
    """
    if seconds is None:
        return NOTHING
    seconds = max(0.0, seconds)
    if 0 < seconds < 0.0995:
        return f"{seconds * 1_000:.2g} ms"
    if round(seconds, 1) < 10:
        return f"{round(seconds, 1):g} s"
    whole = round(seconds)
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return _pair(whole, _MINUTE_S, "min", 1, "s")
    if whole < 2 * _DAY_S:
        return _pair(round(whole / _MINUTE_S) * _MINUTE_S, _HOUR_S, "h", _MINUTE_S, "min")
    return _pair(round(whole / _HOUR_S) * _HOUR_S, _DAY_S, "d", _HOUR_S, "h")


def timeout(seconds: float) -> str:
    """Return a timeout as the service's documents write it: "60 s", "90 s", "10 min", "8 h"."""
    return f"{seconds:g} s" if seconds < 2 * _MINUTE_S else duration(seconds)


def _pair(whole_s: int, large_s: int, large: str, small_s: int, small: str) -> str:
    many, rest = divmod(whole_s, large_s)
    few = rest // small_s
    return f"{many} {large} {few} {small}" if few else f"{many} {large}"


def clock(seconds: float | None) -> str:
    """Return a length of time as a clock shows it, in whole seconds that are over: "0:47", "8:00:00"."""
    if seconds is None:
        return NOTHING
    whole = int(max(0.0, seconds))
    minutes, rest = divmod(whole, _MINUTE_S)
    hours, minutes = divmod(minutes, _MINUTE_S)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def countdown(seconds: float | None) -> str:
    """Return what is left of a timeout, as a clock; 0:00 shows only when nothing is left."""
    return NOTHING if seconds is None else clock(math.ceil(seconds))


def money(usd: float) -> str:
    """Return an amount of US dollars: "$0.80", "$268.80", "$320", "$12,345"."""
    if 0 < usd < 0.01:
        return "under $0.01"
    cents = round(usd * 100)
    if cents % 100 == 0 or usd >= 1_000:
        return f"${round(usd):,}"
    return f"${usd:,.2f}"


def price(usd: float | None, plan_title: str) -> str:
    """Return what usage would cost, as the estimate that it is: "about $320 pay-as-you-go".

    Parameters
    ----------
    usd
        US dollars; None when the plan is free.
    plan_title
        A plan's `title`, such as "Premium".
    """
    if usd is None:
        return f"free on {plan_title}"
    where = plan_title.lower() if plan_title.lower() == "pay-as-you-go" else f"on {plan_title}"
    return f"about {money(usd)} {where}"


def estimate(usd: float | None, plan_title: str) -> str:
    """Return a price that stands alone: "about $320 pay-as-you-go (estimate)", "free on Open"."""
    return price(usd, plan_title) + ("" if usd is None else " (estimate)")


def count(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: "1 job", "1,000 jobs", "2 batches"."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {plural or (noun + ('es' if noun.endswith('ch') else 's'))}"


def ordinal(place: int) -> str:
    """Return a place in a queue: "1st", "2nd", "13th"."""
    if place % 100 in (11, 12, 13):
        return f"{place:,}th"
    return f"{place:,}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(place % 10, 'th') }"


def job_word(state: str, place: int | None = None) -> str:
    """Return a job's state in words, with its place in the queue when it has one: "queued, 2nd"."""
    word = JOB_WORDS.get(str(state), str(state))
    return f"{word}, {ordinal(place)}" if place and str(state) == "queued" else word


def workload_word(state: str) -> str:
    """Return a workload's state in words: Pending, In progress, Inactive, Closed."""
    return WORKLOAD_WORDS.get(str(state), str(state).capitalize())


def counts(by_state: Mapping[str, Any]) -> str:
    """Return how many jobs are in each state, leaving out the empty ones: "12 done, 1 on the QPU"."""
    parts = [f"{by_state[s]:,} {JOB_WORDS[s]}" for s in COUNT_ORDER if by_state.get(s)]
    return ", ".join(parts) or "no jobs"


def progress(by_state: Mapping[str, Any]) -> str:
    """Return how far the jobs are, in few words: "12 done, 1 failed, 3 left"."""
    left = sum(number for state, number in by_state.items() if state not in ("done", "failed", "cancelled"))
    parts = [f"{by_state.get('done', 0):,} done", f"{by_state.get('failed', 0):,} failed", f"{left:,} left"]
    return ", ".join(part for part in parts if not part.startswith("0 ")) or "no jobs"


def failures(reasons: Iterable[str], most: int | None = None) -> str:
    """Return why jobs failed, the most frequent reason first: "failed: 2 × 1517 not an ISA circuit".

    Of more than `most` reasons the rarer ones become an ellipsis; nothing failed is an empty string.
    """
    ranked = Counter(reason or "no reason given" for reason in reasons).most_common()
    shown = [f"{number:,} × {reason}" for reason, number in ranked[:most]]
    if not shown:
        return ""
    return "failed: " + ", ".join(shown) + (" …" if len(shown) < len(ranked) else "")


def short_id(identifier: str) -> str:
    """Return an id shortened to what tells it apart from its neighbours: "d41f..k2"."""
    return identifier if len(identifier) <= 8 else f"{identifier[:4]}..{identifier[-2:]}"


def workload_name(mode: str, name: str = "", identifier: str = "") -> str:
    """Return what to call a workload: "session vqe", or "session d41f..k2" when it has no name."""
    return f"{mode} {printable(name) or short_id(identifier)}".strip()


def usage(usage_s: float | None, qpu_s: float | None = None) -> str:
    """Return what is charged, and how much of it jobs held the QPU: "usage 3 min 20 s (QPU 1 min 26 s)"."""
    words = f"usage {duration(usage_s)}"
    return words if qpu_s is None else f"{words} (QPU {duration(qpu_s)})"


def failure(code: int | None, reason: str = "") -> str:
    """Return why a job failed, code first: "1517 not an ISA circuit".

    A known code has a few words of its own; for any other the first line of the reason stands.
    """
    said = CODE_WORDS.get(code, "") if code is not None else ""
    said = said or printable((reason.strip().splitlines() or [""])[0].rstrip("."))
    return " ".join(part for part in (str(code) if code is not None else "", said) if part)


def state_reason(reason: str) -> str:
    """Return why a workload is in its state, in a few words; a reason not known stands as it is."""
    return STATE_REASON_WORDS.get(reason, reason.replace("_", " ").strip())
