"""Every place gets the face that it can show, and keeps the last picture."""

from __future__ import annotations

import importlib.util
import io
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbclient
import nbformat
import pytest

from qmode_jupyter.notebook.display import displays as faces
from qmode_jupyter.notebook.display.displays import NoFace, TextFace, front_end, open_face
from tests.notebook.view_models import WORKLOAD, Runtime, job

ROOT = Path(__file__).resolve().parents[2]

KERNEL = SimpleNamespace(kernel=object())
TERMINAL = SimpleNamespace()


def inside(monkeypatch: pytest.MonkeyPatch, shell: object) -> None:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.delenv(faces.SILENCE, raising=False)


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
    monkeypatch.setenv(faces.SILENCE, "1")
    assert front_end() == "still"
    monkeypatch.setenv(faces.SILENCE, "0")
    assert front_end() == "widget"
    inside(monkeypatch, TERMINAL)
    monkeypatch.setenv(faces.SILENCE, "1")
    assert front_end() == "none"


def test_here_nothing_is_shown_and_nothing_printed(capsys: pytest.CaptureFixture[str]) -> None:
    runtime = Runtime()
    face = open_face(WORKLOAD, runtime.snapshot, lambda request: None)
    assert isinstance(face, NoFace)
    face.changed([WORKLOAD])
    face.freeze()
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
    face = open_face(WORKLOAD, runtime.snapshot, lambda request: None, kind="text", after_s=0.0)
    assert terminal.drawn.wait(10)
    runtime.jobs["a"]["state"] = "done"
    face.changed(["a"])
    face.freeze()
    face.freeze()
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
    face = TextFace(WORKLOAD, Runtime().snapshot, 3600.0)
    face.freeze()
    assert terminal.getvalue() == ""
    assert "vqe" in capsys.readouterr().out


def test_between_cells_a_terminal_is_the_prompt_s(capsys: pytest.CaptureFixture[str]) -> None:
    runtime = Runtime()
    face = TextFace(WORKLOAD, runtime.snapshot, 3600.0)
    face.leave()
    asked = len(runtime.asked)
    face.changed([WORKLOAD])
    face.freeze()
    assert len(runtime.asked) == asked
    assert capsys.readouterr().out.count("\n") == 1


def test_a_log_file_gets_the_final_line_only(capsys: pytest.CaptureFixture[str]) -> None:
    runtime = Runtime()
    face = TextFace(WORKLOAD, runtime.snapshot, 0.0)
    face.changed()
    face.freeze()
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.count("\n") == 1


# ---- in a kernel

PREPARE = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import threading
from qmode_jupyter.notebook.display.displays import WidgetFace, open_face
from tests.notebook.view_models import WORKLOAD, Runtime, ended, job

def open_one(kind=None, after_s=0.0):
    global runtime, face
    runtime = Runtime({{"d41fxxxxk2": job("queued", 1.0)}})
    face = open_face(WORKLOAD, runtime.snapshot, lambda request: {{"ok": True}}, kind=kind, after_s=after_s)

def end():
    runtime.jobs["d41fxxxxk2"] = job("done", 1.0, 1.0, 2.0, 3.0, 9.0, usage=6)
    runtime.facts = {{k: v for k, v in ended(runtime.jobs)["workloads"][WORKLOAD].items()}}
"""
LEFT = "[thread.name for thread in threading.enumerate() if thread.name == 'qmode-feed']"
SHOWN = """
for _ in range(1000):
    if face._widget is not None: break
    threading.Event().wait(0.01)
with face._feed._sending:
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
    book = notebook(f"open_one()\n{SHOWN}", "end(); face.freeze(); face.freeze()", LEFT)
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
    wait = "face._feed._thread.join(20)"
    book = notebook(f"open_one()\n{SHOWN}", f"end(); face.changed([WORKLOAD])\n{wait}", LEFT)
    (picture,) = pictures(book.cells[1])
    assert set(picture) == {"text/plain", "text/html"}
    assert "Closed" in picture["text/html"]
    assert book.cells[3].outputs[0].data["text/plain"] == "[]"


def test_a_widget_stays_live_between_cells_and_a_still_face_shows_how_things_stand() -> None:
    book = notebook(f"open_one()\n{SHOWN}\nface.leave()", "open_one('still'); face.leave()")
    assert set(pictures(book.cells[1])[0]) == {"text/plain", "text/html", VIEW}
    assert "In progress" in pictures(book.cells[2])[0]["text/html"]


@pytest.mark.parametrize("kind", ["widget", "html", "still"])
def test_what_is_over_soon_shows_only_its_end(kind: str) -> None:
    script = f"open_one({kind!r}, after_s=3600.0); end(); face.freeze(); 'anywidget' in sys.modules"
    book = notebook(script)
    (picture,) = pictures(book.cells[1])
    assert set(picture) == {"text/plain", "text/html"}
    assert "Closed" in picture["text/html"]
    assert book.cells[1].outputs[-1].data["text/plain"] == "False", "no widget was made for nothing"
