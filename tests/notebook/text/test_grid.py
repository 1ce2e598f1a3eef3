"""Columns of plain text: aligned, as wide as there is room, coloured where there are colours."""

from __future__ import annotations

import io
import re

import pytest

from qmode_jupyter.notebook.text.grid import (
    ANSI,
    PLAIN,
    Cell,
    Column,
    cells,
    cut,
    grid,
    one_line,
    style_of,
    wrapped,
)


def test_columns_are_aligned_and_wide_signs_count_twice() -> None:
    columns = (Column("name"), Column("n", right=True))
    assert grid(columns, [("量子", "1"), ("ab", "22")]) == ["name   n", "量子   1", "ab    22"]
    assert cells("量子e\u0301") == 5
    assert cut("量子計算", 5) == "量子…"
    assert cut("abc", 0) == ""


def test_columns_give_way_then_leave_then_give_way_further() -> None:
    columns = (Column("keep"), Column("text", gives_way=True), Column("extra", leaves=1))
    row = ("1234", "a long text that can be cut somewhere", "1234567")
    assert grid(columns, [row], 60)[1] == "1234  a long text that can be cut somewhere  1234567"
    assert grid(columns, [row], 40)[1] == "1234  a long text that can be…   1234567"
    assert grid(columns, [row], 30)[1] == "1234  a long text that can be…"
    assert grid(columns, [row], 14)[1] == "1234  a long…"


def test_a_unit_stays_with_its_number() -> None:
    assert wrapped("usage 2 min 48 s and 量子", 14) == ["usage 2 min", "48 s and 量子"]
    assert wrapped("", 10) == [""]


def test_colours_do_not_disturb_the_columns() -> None:
    painted = grid((Column("state"), Column("n")), [(Cell("done", "done"), "1")], style=ANSI)
    plain = grid((Column("state"), Column("n")), [(Cell("done", "done"), "1")])
    assert [re.sub("\x1b\\[[0-9]*m", "", line) for line in painted] == plain
    assert "\x1b[32mdone\x1b[0m" in painted[1]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_only_a_terminal_that_wants_colours_gets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert style_of(Terminal()) is ANSI
    assert style_of(io.StringIO()) is PLAIN
    monkeypatch.setenv("TERM", "dumb")
    assert style_of(Terminal()) is PLAIN
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert style_of(Terminal()) is PLAIN


def test_totals_stand_below_a_rule() -> None:
    columns = (Column("job"), Column("s", right=True))
    assert grid(columns, [("a", "1"), ("b", "12")], totals=("all", "13")) == [
        "job   s", "a     1", "b    12", "───────", "all  13",
    ]  # fmt: skip


def test_a_cell_is_one_line_and_gives_no_orders() -> None:
    assert one_line("two\r\nlines\tand\x1b[2J") == r"two lines and\x1b[2J"
    assert grid((Column("a"),), [("x\ny",)])[1] == "x y"
