"""Every place gets the display that it can show, and keeps the last picture."""

from __future__ import annotations

import importlib.util
import io
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import IPython.display
import nbclient
import nbformat
import pytest

from qmode_jupyter.errors import RuntimeClosedError
from qmode_jupyter.notebook.display import displays
from qmode_jupyter.notebook.display.displays import (
    CellOutput,
    NoDisplay,
    TextDisplay,
    front_end,
    open_display,
)
from tests.notebook.view_models import WORKLOAD, Runtime, ended, job

ROOT = Path(__file__).resolve().parents[3]

KERNEL = SimpleNamespace(kernel=object())
TERMINAL = SimpleNamespace()


def inside(monkeypatch: pytest.MonkeyPatch, shell: object) -> None:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.delenv(displays.SILENCE, raising=False)


# ---- which


def test_plain_python_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    inside(monkeypatch, None)
    assert front_end() == "none"
    monkeypatch.delitem(sys.modules, "IPython")
    assert front_end() == "none"


def test_a_kernel_gets_the_widget_and_a_terminal_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    inside(monkeypatch, KERNEL)
    assert front_end() == "widget"
    inside(monkeypatch, TERMINAL)
    assert front_end() == "text"


@pytest.mark.parametrize("missing", ["anywidget", "ipywidgets"])
def test_without_the_widget_packages_a_kernel_gets_html(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    inside(monkeypatch, KERNEL)
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else find(name))
    assert front_end() == "html"


def test_silence_leaves_a_kernel_the_last_picture_and_a_terminal_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inside(monkeypatch, KERNEL)
    monkeypatch.setenv(displays.SILENCE, "1")
    assert front_end() == "still"
    monkeypatch.setenv(displays.SILENCE, "0")
    assert front_end() == "widget"
    inside(monkeypatch, TERMINAL)
    monkeypatch.setenv(displays.SILENCE, "1")
    assert front_end() == "none"


def test_here_nothing_is_shown_and_nothing_printed(capsys: pytest.CaptureFixture[str]) -> None:
    runtime = Runtime()
    shown = open_display(WORKLOAD, runtime.snapshot, lambda request: None)
    assert isinstance(shown, NoDisplay)
    shown.changed([WORKLOAD])
    shown.freeze()
    assert capsys.readouterr() == ("", "")
    assert runtime.asked == []


# ---- in a terminal


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.drawn.set()
        return super().write(text)


def test_a_terminal_has_one_line_that_is_written_over_and_stays(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    runtime = Runtime({"a": job("queued", 1.0)})
    shown = open_display(WORKLOAD, runtime.snapshot, lambda request: None, kind="text", after_s=0.0)
    assert terminal.drawn.wait(10)
    runtime.jobs["a"]["state"] = "done"
    shown.changed(["a"])
    shown.freeze()
    shown.freeze()
    live, final = terminal.getvalue(), capsys.readouterr().out
    assert live.count("\n") == 0
    assert live.endswith("\r\x1b[2K"), "nothing of it is left in front of the final line"
    assert final.count("\n") == 1
    assert "vqe" in final


def test_a_terminal_is_told_only_the_end_of_what_is_over_soon(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    shown = TextDisplay(WORKLOAD, Runtime().snapshot, 3600.0)
    shown.freeze()
    assert terminal.getvalue() == ""
    assert "vqe" in capsys.readouterr().out


def test_between_cells_a_terminal_is_the_prompt_s(capsys: pytest.CaptureFixture[str]) -> None:
    runtime = Runtime()
    shown = TextDisplay(WORKLOAD, runtime.snapshot, 3600.0)
    shown.leave()
    asked = len(runtime.asked)
    shown.changed([WORKLOAD])
    shown.freeze()
    assert len(runtime.asked) == asked
    assert capsys.readouterr().out.count("\n") == 1


def test_a_log_file_gets_the_final_line_only(capsys: pytest.CaptureFixture[str]) -> None:
    runtime = Runtime()
    shown = TextDisplay(WORKLOAD, runtime.snapshot, 0.0)
    shown.changed()
    shown.freeze()
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.count("\n") == 1


# ---- the output of a cell


def test_what_is_frozen_is_drawn_once_and_not_again(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[dict[str, str]] = []
    handle = SimpleNamespace(update=lambda content, raw: drawn.append(content))
    monkeypatch.setattr(IPython.display, "display", lambda *_, **__: handle)
    runtime = Runtime({"a": job("queued", 1.0)})
    output = CellOutput(WORKLOAD, runtime.snapshot)
    output.draw()
    assert "In progress" in drawn[-1]["text/html"]
    runtime.facts = dict(ended()["workloads"][WORKLOAD])
    output.freeze()
    output.freeze()
    output.draw()
    assert len(drawn) == 2
    assert "Closed" in drawn[-1]["text/html"]
    assert {content["text/plain"] for content in drawn} == {"session vqe on generic_19q"}


def test_a_service_that_is_gone_leaves_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[dict[str, str]] = []
    handle = SimpleNamespace(update=lambda content, raw: drawn.append(content))
    monkeypatch.setattr(IPython.display, "display", lambda *_, **__: handle)
    runtime = Runtime()

    def gone(ids: frozenset[str] | None) -> dict[str, Any]:
        if ids is None:
            raise RuntimeClosedError("closed")
        return runtime.snapshot(ids)

    CellOutput(WORKLOAD, gone).freeze()
    assert drawn[-1]["text/html"].startswith("<i>session vqe on generic_19q: its service was closed")


# ---- in a kernel

PREPARE = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import threading
from qmode_jupyter.notebook.display.displays import WidgetDisplay, open_display
from tests.notebook.view_models import WORKLOAD, Runtime, ended, job

def open_one(kind=None, after_s=0.0):
    global runtime, shown
    runtime = Runtime({{"d41fxxxxk2": job("queued", 1.0)}})
    act = lambda request: {{"ok": True}}
    shown = open_display(WORKLOAD, runtime.snapshot, act, kind=kind, after_s=after_s)

def end():
    runtime.jobs["d41fxxxxk2"] = job("done", 1.0, 1.0, 2.0, 3.0, 9.0, usage=6)
    runtime.facts = {{k: v for k, v in ended(runtime.jobs)["workloads"][WORKLOAD].items()}}
"""
LEFT = "[thread.name for thread in threading.enumerate() if thread.name == 'qmode-throttle']"
SHOWN = """
for _ in range(1000):
    if shown._widget is not None: break
    threading.Event().wait(0.01)
with shown._throttle._sending:
    pass  # it is on the page
"""
VIEW = "application/vnd.jupyter.widget-view+json"


def notebook(*cells: str, **environment: str) -> nbformat.NotebookNode:
    """Return a notebook with these cells run in a kernel of its own."""
    start = "\n".join(f"import os; os.environ[{k!r}] = {v!r}" for k, v in environment.items())
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in (start + PREPARE, *cells)])
    nbclient.NotebookClient(book, timeout=60, kernel_name="python3").execute()
    return book


def pictures(cell: nbformat.NotebookNode) -> list[Any]:
    return [output.data for output in cell.outputs if output.output_type == "display_data"]


def test_a_live_widget_becomes_its_still_picture_and_leaves_nothing_behind() -> None:
    book = notebook(f"open_one()\n{SHOWN}", "end(); shown.freeze(); shown.freeze()", LEFT)
    (picture,) = pictures(book.cells[1])
    assert set(picture) == {"text/plain", "text/html"}, "no view that a reader without a kernel can't see"
    assert picture["text/plain"] == "session vqe on generic_19q"
    assert "Closed" in picture["text/html"]
    assert book.cells[3].outputs[0].data["text/plain"] == "[]"
    assert len(str(book.metadata.get("widgets", ""))) < 4000


def test_a_widget_that_is_not_frozen_has_a_picture_beside_it() -> None:
    book = notebook(f"open_one()\n{SHOWN}")
    (picture,) = pictures(book.cells[1])
    assert set(picture) == {"text/plain", "text/html", VIEW}


def test_a_workload_that_ends_between_cells_freezes_by_itself() -> None:
    wait = "shown._throttle._thread.join(20)"
    book = notebook(f"open_one()\n{SHOWN}", f"end(); shown.changed([WORKLOAD])\n{wait}", LEFT)
    (picture,) = pictures(book.cells[1])
    assert set(picture) == {"text/plain", "text/html"}
    assert "Closed" in picture["text/html"]
    assert book.cells[3].outputs[0].data["text/plain"] == "[]"


def test_a_widget_stays_live_between_cells_and_a_still_face_shows_how_things_stand() -> None:
    book = notebook(f"open_one()\n{SHOWN}\nshown.leave()", "open_one('still'); shown.leave()")
    assert set(pictures(book.cells[1])[0]) == {"text/plain", "text/html", VIEW}
    assert "In progress" in pictures(book.cells[2])[0]["text/html"]


@pytest.mark.parametrize("kind", ["widget", "html", "still"])
def test_what_is_over_soon_shows_only_its_end(kind: str) -> None:
    script = f"open_one({kind!r}, after_s=3600.0); end(); shown.freeze(); 'anywidget' in sys.modules"
    book = notebook(script)
    (picture,) = pictures(book.cells[1])
    assert set(picture) == {"text/plain", "text/html"}
    assert "Closed" in picture["text/html"]
    assert book.cells[1].outputs[-1].data["text/plain"] == "False", "no widget was made for nothing"
