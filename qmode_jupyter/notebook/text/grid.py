"""Columns of plain text: aligned, as wide as the terminal allows, coloured only where there are colours."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TextIO

from qmode_jupyter.style.words import printable

#: Columns of a terminal that doesn't say how many it has, and of a saved notebook.
WIDTH: Final = 100

#: Between two columns.
GAP: Final = "  "

#: A column that gives way keeps so many cells while others can leave, and at least so many when none can.
COMFORTABLE: Final = 18
NARROWEST: Final = 6

ELLIPSIS: Final = "…"

#: Where a line may be broken: at a blank that no unit follows.
_BREAKS: Final = re.compile(r" (?!(?:ms|s|min|h|d)\b)")


_LINE_BREAKS: Final = re.compile(r"\r\n|[\t\n\r]")


@dataclass(frozen=True, slots=True)
class Style:
    """The codes that a meaning starts with; a meaning without one is left as it is."""

    codes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def paint(self, text: str, meaning: str) -> str:
        """Return `text` in the colour of `meaning`."""
        code = self.codes.get(meaning)
        return f"\x1b[{code}m{text}\x1b[0m" if code and text else text


#: No codes: what everything is written in unless a terminal asks for more.
PLAIN: Final = Style()

#: The sixteen colours that every terminal maps to its own theme.
ANSI: Final = Style(
    MappingProxyType(
        {
            "head": "1",
            "muted": "2",
            "queued": "2",
            "preparing": "35",
            "waiting": "35",
            "on_qpu": "94",
            "done": "32",
            "failed": "91",
            "cancelled": "2",
            "soon": "33",
            "urgent": "91",
        }
    )
)


def style_of(stream: TextIO) -> Style:
    """Return the style for what is written to `stream`: colours on a terminal that wants them, else none.

    The environment's ``NO_COLOR`` (set to anything) and ``TERM=dumb`` turn colours off.
    """
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return PLAIN
    return ANSI if stream.isatty() else PLAIN


@dataclass(frozen=True, slots=True)
class Cell:
    """Text with a meaning, which may colour it."""

    text: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title and how it behaves where there is little room.

    Columns that give way are cut to a comfortable width; then the column with the highest `leaves`
    goes, and the next (one with 0 stays); then those that give way are cut further.
    """

    title: str
    right: bool = False
    leaves: int = 0
    gives_way: bool = False


def grid(
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell | str]],
    width: int = WIDTH,
    *,
    totals: Sequence[Cell | str] | None = None,
    style: Style = PLAIN,
) -> list[str]:
    """Return a table as lines of at most `width` cells: titles, rows and, below a rule, totals."""
    body = [[_cell(c) for c in row] for row in (*rows, *([totals] if totals is not None else []))]
    shown = list(range(len(columns)))
    natural = [max([cells(c.title), *(cells(row[i].text) for row in body)]) for i, c in enumerate(columns)]
    while _total(wide := _widths(columns, shown, natural, width, COMFORTABLE), shown) > width:
        leaving = max(shown, key=lambda i: columns[i].leaves)
        if columns[leaving].leaves == 0:
            wide = _widths(columns, shown, natural, width, NARROWEST)
            break
        shown.remove(leaving)
    head = [Cell(column.title, "muted") for column in columns]
    lines = [_line(columns, shown, wide, row, style) for row in (head, *body)]
    if totals is not None:
        lines.insert(-1, style.paint("─" * min(width, _total(wide, shown)), "muted"))
    return lines


def cells(text: str) -> int:
    """Return how many cells of a terminal `text` takes; East Asian wide signs take two."""
    if text.isascii():
        return len(text)
    return sum(_cells_of(sign) for sign in text)


def cut(text: str, width: int) -> str:
    """Return `text` in at most `width` cells, with an ellipsis when something was left out."""
    if cells(text) <= width:
        return text
    kept, taken = [], 0
    for sign in text:
        taken += _cells_of(sign)
        if taken > width - 1:
            break
        kept.append(sign)
    return "".join(kept).rstrip() + ELLIPSIS if width > 0 else ""


def wrapped(text: str, width: int) -> list[str]:
    """Return `text` as lines of at most `width` cells, broken between words; a unit stays with its number."""
    lines: list[str] = []
    for word in _BREAKS.split(text):
        if lines and cells(lines[-1]) + 1 + cells(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def one_line(text: str) -> str:
    """Return `text` without line breaks; whatever else a terminal would obey is shown as its escape."""
    return printable(_LINE_BREAKS.sub(" ", text))


def _cells_of(sign: str) -> int:
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def _cell(cell: Cell | str) -> Cell:
    return Cell(one_line(cell)) if isinstance(cell, str) else Cell(one_line(cell.text), cell.meaning)


def _total(wide: Sequence[int], shown: Sequence[int]) -> int:
    return sum(wide[i] for i in shown) + len(GAP) * (len(shown) - 1)


def _widths(
    columns: Sequence[Column], shown: Sequence[int], natural: Sequence[int], width: int, least: int
) -> list[int]:
    """Return the widths of all columns, those that give way cut as far as needed but not below `least`."""
    wide = list(natural)
    for i in shown:
        if columns[i].gives_way:
            excess = max(0, _total(wide, shown) - width)
            wide[i] = min(wide[i], max(least, wide[i] - excess))
    return wide


def _line(
    columns: Sequence[Column], shown: Sequence[int], wide: Sequence[int], row: Sequence[Cell], style: Style
) -> str:
    parts = []
    for i in shown:
        text = cut(row[i].text, wide[i])
        pad = " " * (wide[i] - cells(text))
        painted = style.paint(text, row[i].meaning)
        parts.append(pad + painted if columns[i].right else painted + pad)
    return GAP.join(parts).rstrip()
