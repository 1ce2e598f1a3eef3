"""A table that a magic returns: aligned text in a terminal, HTML in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of words under headings.

    Parameters
    ----------
    columns
        The headings; one that begins with ">" is of numbers and aligned to the right.
    rows
        One text per column each.
    title
        A line above, or nothing.
    note
        A line below: also what is said when there are no rows.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
    note: str = ""

    def __repr__(self) -> str:
        lines = [self.title] if self.title else []
        if self.rows:
            heads = [c.lstrip(">") for c in self.columns]
            widths = [max(map(len, column)) for column in zip(heads, *self.rows, strict=True)]
            lines += [self._line(row, widths) for row in (heads, *self.rows)]
        lines += [self.note] if self.note else []
        return "\n".join(lines)

    def _line(self, row: Sequence[str], widths: Sequence[int]) -> str:
        cells = (
            text.rjust(width) if column.startswith(">") else text.ljust(width)
            for text, width, column in zip(row, widths, self.columns, strict=True)
        )
        return "  ".join(cells).rstrip()

    def _repr_html_(self) -> str:
        parts = ["<div>"]
        if self.title:
            parts.append(f"<p><b>{escape(self.title)}</b></p>")
        if self.rows:
            aligns = ["right" if c.startswith(">") else "left" for c in self.columns]
            heads = "".join(
                f'<th style="text-align:{align}">{escape(c.lstrip(">"))}</th>'
                for c, align in zip(self.columns, aligns, strict=True)
            )
            body = "".join(
                "<tr>"
                + "".join(
                    f'<td style="text-align:{align}">{escape(text)}</td>'
                    for text, align in zip(row, aligns, strict=True)
                )
                + "</tr>"
                for row in self.rows
            )
            parts.append(f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>")
        if self.note:
            parts.append(f"<p>{escape(self.note)}</p>")
        parts.append("</div>")
        return "".join(parts)
