"""Rows as a picture: one bar for each way to run, long as it takes, blue where it is on the QPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qmode_jupyter.style.palette import THEMES
from qmode_jupyter.style.words import duration, money

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from qmode_jupyter.planning.rows import Row

#: The parts of a bar, in their order, with the words of the legend.
_PARTS: Final = (
    ("queued", "in the queue"),
    ("on_qpu", "on the QPU"),
    ("active", "preparation and classical work"),
)
_ROW_INCHES: Final = 0.42
_UNITS: Final = ((172_800.0, 86_400.0, "d"), (7_200.0, 3_600.0, "h"), (180.0, 60.0, "min"), (0.0, 1.0, "s"))


def bars(title: str, rows: tuple[Row, ...], theme: str = "light") -> Figure:
    """Return a matplotlib figure with one bar for each row; pyplot is left alone.

    Parameters
    ----------
    title
        Stands above them.
    rows
        A bar is as long as the wall time; behind it stands what is charged.
    theme
        "light" or "dark".

    Raises
    ------
    ValueError
        For another theme.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    if theme not in THEMES:
        raise ValueError(f"there is no theme {theme!r}: the themes are {', '.join(THEMES)}")
    colours = THEMES[theme]
    ink = colours.ground.text
    longest_s = max((row.wall_s for row in rows if row.wall_s is not None), default=1.0) or 1.0
    unit_s, unit = next((size, name) for over, size, name in _UNITS if longest_s >= over)
    figure = Figure(
        figsize=(8.0, 1.3 + _ROW_INCHES * len(rows)), layout="constrained", facecolor=colours.ground.page
    )
    axes = figure.add_subplot(facecolor=colours.ground.page)
    seen = set()
    for height, row in enumerate(rows):
        begin = 0.0
        for (meaning, _), length_s in zip(_PARTS, _parts(row), strict=True):
            if length_s:
                length, fill = length_s / unit_s, colours[meaning].fill
                seen.add(meaning)
                axes.barh(height, length, left=begin, height=0.62, color=fill, linewidth=0)
                begin += length
        axes.annotate(
            _behind(row),
            (begin, height),
            (5, 0),
            textcoords="offset points",
            va="center",
            fontsize="small",
            color=ink,
        )
    axes.set_yticks(range(len(rows)), [_label(row, rows) for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, 1.45 * longest_s / unit_s)
    axes.set_xlabel(f"wall time, emulated {unit}", color=ink)
    axes.set_title(title, loc="left", fontsize="medium", color=ink)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(colours.ground.line)
    axes.tick_params(left=False, colors=ink)
    figure.legend(
        handles=[Patch(color=colours[name].fill, label=words) for name, words in _PARTS if name in seen],
        loc="outside lower left",
        ncols=len(_PARTS),
        frameon=False,
        fontsize="small",
        labelcolor=ink,
    )
    return figure


def _parts(row: Row) -> tuple[float, float, float]:
    wall, queue, qpu = row.wall_s or 0.0, row.queue_s or 0.0, row.qpu_s or 0.0
    return queue, qpu, max(0.0, wall - queue - qpu)


def _behind(row: Row) -> str:
    if row.usage_s is None:
        return row.note.partition(":")[0]
    price = "free" if row.price_usd is None else money(float(row.price_usd))
    failed = f", {row.failed} failed" if row.failed else ""
    return f"usage {duration(row.usage_s)}, {price}{failed}"


def _label(row: Row, rows: tuple[Row, ...]) -> str:
    words = [str(row.mode)]
    if len({r.plan for r in rows}) > 1:
        words.append(row.plan.title)
    if len({r.load for r in rows}) > 1:
        words.append(
            "as it was" if row.load is None else f"others {row.load:.0%} busy" if row.load else "nobody else"
        )
    return ", ".join(words)
