"""A line that makes room for whatever else is written."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pytest

from qmode_jupyter.notebook.display.live_line import LiveLine
from tests.notebook.terminal import seen, terminal


class Screen(io.StringIO):
    """Both streams, as they come together in a terminal."""

    def isatty(self) -> bool:
        return True


def look(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """Put a screen in front of the person: in a test's own time, for until then the streams are pytest's."""
    both = Screen()
    monkeypatch.setattr(sys, "stdout", both)
    monkeypatch.setattr(sys, "stderr", both)
    return both


def test_what_is_written_takes_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = look(monkeypatch)
    line = LiveLine()
    line.draw("12 s")
    print("a step")
    line.draw("13 s")
    print("of the cell", file=sys.stderr)
    line.draw("14 s")
    line.end()
    assert seen(screen.getvalue()) == ["a step", "of the cell", ""]
    assert re.findall(r"1\d s", screen.getvalue()) == ["12 s", "13 s", "14 s"]


def test_a_line_that_is_half_written_is_not_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = look(monkeypatch)
    line = LiveLine()
    line.draw("12 s")
    print("a step, ", end="")
    line.draw("13 s")
    print("and its end")
    sys.stdout.writelines(["Out[1]: ", ""])  # what goes past us follows
    line.draw("14 s")
    assert seen(screen.getvalue()) == ["a step, and its end", "Out[1]: "]
    line.end()


def test_in_the_end_the_streams_are_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = look(monkeypatch)
    first, second = LiveLine(), LiveLine()
    first.draw("the cell around")
    second.draw("the cell inside")
    kept = sys.stdout
    second.end()
    first.end()
    first.end()
    first.draw("too late")
    assert sys.stdout is sys.stderr is screen
    kept.write("by who kept the stream\n")
    assert seen(screen.getvalue()) == ["by who kept the stream", ""]


def test_streams_that_somebody_else_has_put_in_place_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = look(monkeypatch)
    line = LiveLine()
    line.draw("12 s")
    theirs = io.StringIO()
    monkeypatch.setattr(sys, "stdout", theirs)
    line.end()
    assert sys.stdout is theirs
    assert sys.stderr is screen


def test_where_no_terminal_is_nothing_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    line = LiveLine()
    line.draw("12 s")
    assert sys.stderr is log
    line.end()
    assert log.getvalue() == ""


def test_in_a_terminal_the_line_is_gone_before_a_cell_s_value_is_there(tmp_path: Path) -> None:
    with terminal(tmp_path) as ipython:
        ipython.run("%load_ext qmode_jupyter")
        written = ipython.run(
            "%%qsession -b aer_simulator --name seen\n"
            "import sys, threading\n"
            "while type(sys.stderr).__name__ != '_Stream': threading.Event().wait(0.02)\n"
            "\n"
            "print('a step')\n"
            "40 + 2\n"
        )
        assert written.count("session seen on aer_simulator · Pending") >= 1, "it was there"
        step, value, line, *_ = seen(written)
        assert (step, value) == ("a step", "Out[2]: 42")
        assert line.startswith("session seen on aer_simulator · Closed")
