"""A row of the table: a figure, what it should be, and whether it is."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class Row(TypedDict):
    """One figure.

    `ok` is None for a figure that is only reported. `detail` says how it was measured; `why` why it
    falls short, where that is known.
    """

    name: str
    value: float | None
    unit: str
    target: str
    ok: bool | None
    detail: str
    why: NotRequired[str]


def at_most(name: str, value: float, unit: str, limit: float, detail: str = "", why: str = "") -> Row:
    """Return a row for a figure that should not be above `limit`."""
    row = _row(name, value, unit, f"≤ {limit:,g}", value <= limit, detail)
    if value > limit:
        row["why"] = _short(f"{_excess(value, limit)} too much", why)
    return row


def at_least(name: str, value: float, unit: str, limit: float, detail: str = "", why: str = "") -> Row:
    """Return a row for a figure that should not be below `limit`."""
    row = _row(name, value, unit, f"≥ {limit:,g}", value >= limit, detail)
    if value < limit:
        row["why"] = _short(f"{1 - value / limit:.0%} short", why)
    return row


def reported(name: str, value: float, unit: str, detail: str = "") -> Row:
    """Return a row for a figure that has no target."""
    return _row(name, value, unit, "", None, detail)


def failed(name: str, error: str) -> Row:
    """Return the row of a benchmark that did not come to a figure."""
    return {
        "name": name,
        "value": None,
        "unit": "",
        "target": "runs",
        "ok": False,
        "detail": "",
        "why": f"did not run: {error}",
    }


def shown(row: Row) -> str:
    """Return a row's figure with its unit: "1.04 ×", "2,310 ×", "0.31 s"."""
    value = row["value"]
    if value is None:
        return "–"
    figure = f"{value:,.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:.3g}"
    return f"{figure} {row['unit']}".rstrip()


def _row(name: str, value: float, unit: str, target: str, ok: bool | None, detail: str) -> Row:
    return {
        "name": name,
        "value": round(float(value), 6),
        "unit": unit,
        "target": f"{target} {unit}".strip() if target else "",
        "ok": None if ok is None else bool(ok),
        "detail": detail,
    }


def _excess(value: float, limit: float) -> str:
    return f"{value / limit - 1:.0%}" if limit else f"{value:g}"


def _short(how_much: str, why: str) -> str:
    return f"{how_much}: {why}" if why else how_much
