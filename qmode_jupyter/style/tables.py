"""Tables that show themselves: aligned text in a terminal, HTML in a notebook's own colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


def preformatted(text: str) -> str:
    """Return text that is laid out in lines and columns as HTML, every character of it as it is."""
    # Said here, because pages that show a notebook give text in HTML their own font.
    style = "font-family:ui-monospace,Menlo,Consolas,monospace;line-height:1.25;overflow-x:auto"
    return f'<pre style="{style}">{escape(text)}</pre>'


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of words under headings.

    Attributes
    ----------
    title
        A line above, or nothing.
    columns
        The headings; one that begins with ">" is of figures, which stand to the right.
    rows
        One text for each column.
    notes
        Lines below: also what is said when there are no rows.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        lines = [self.title] if self.title else []
        if self.rows:
            heads = [column.lstrip(">") for column in self.columns]
            widths = [max(map(len, column)) for column in zip(heads, *self.rows, strict=True)]
            lines += [self._line(row, widths) for row in (heads, *self.rows)]
        return "\n".join([*lines, *self.notes])

    def _repr_html_(self) -> str:
        parts = [f"<p><b>{escape(self.title)}</b></p>"] if self.title else []
        if self.rows:
            heads = self._cells("th", [column.lstrip(">") for column in self.columns])
            body = "".join(f"<tr>{self._cells('td', row)}</tr>" for row in self.rows)
            parts.append(f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>")
        if self.notes:
            parts.append(f"<p>{'<br>'.join(map(escape, self.notes))}</p>")
        return f"<div>{''.join(parts)}</div>"

    def _line(self, row: Sequence[str], widths: Sequence[int]) -> str:
        cells = zip(row, widths, self.columns, strict=True)
        return "  ".join(c.rjust(w) if head.startswith(">") else c.ljust(w) for c, w, head in cells).rstrip()

    def _cells(self, tag: str, row: Sequence[str]) -> str:
        # Figures stay on one line; what is said in words may break.
        styles = (
            "text-align:right;white-space:nowrap" if head.startswith(">") else "text-align:left"
            for head in self.columns
        )
        return "".join(
            f'<{tag} style="{style}">{escape(cell)}</{tag}>' for cell, style in zip(row, styles, strict=True)
        )
