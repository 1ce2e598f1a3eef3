"""Tables as planning shows them: aligned text, and HTML in the notebook's own colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of words under headings, between a title and some notes.

    Attributes
    ----------
    title
        The line above.
    columns
        The headings; one that begins with ">" is of figures, which stand to the right.
    rows
        One text for each column.
    notes
        The lines below.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]

    def text(self) -> str:
        """Return it as plain text."""
        heads = [column.lstrip(">") for column in self.columns]
        widths = [max(map(len, column)) for column in zip(heads, *self.rows, strict=True)]
        lines = [self._line(row, widths) for row in (heads, *self.rows)]
        return "\n".join([self.title, *lines, *self.notes])

    def html(self) -> str:
        """Return it as HTML without scripts or styles of its own, but for the sides that figures stand on."""
        heads = self._cells("th", [column.lstrip(">") for column in self.columns])
        body = "".join(f"<tr>{self._cells('td', row)}</tr>" for row in self.rows)
        return (
            f"<div><p><b>{escape(self.title)}</b></p>"
            f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
            f"<p>{'<br>'.join(map(escape, self.notes))}</p></div>"
        )

    def _line(self, row: Sequence[str], widths: Sequence[int]) -> str:
        cells = zip(row, widths, self.columns, strict=True)
        return "  ".join(c.rjust(w) if head.startswith(">") else c.ljust(w) for c, w, head in cells).rstrip()

    def _cells(self, tag: str, row: Sequence[str]) -> str:
        cells = zip(row, ("right" if head.startswith(">") else "left" for head in self.columns), strict=True)
        return "".join(f'<{tag} style="text-align:{side}">{escape(cell)}</{tag}>' for cell, side in cells)
