"""`python -m qmode_jupyter`: status lines from the labextension's messages, and what it leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

import qmode_jupyter.__main__ as program
from qmode_jupyter.__main__ import TutorialClient, main, tutorial
from qmode_jupyter.notebook.labextension import TARGET
from tests.notebook.view_models import WORKLOAD, ended, view


def sent(kind: str, data: dict[str, Any], comm: str = "c1") -> dict[str, Any]:
    return {"msg_type": kind, "content": {"target_name": TARGET, "comm_id": comm, "data": data}}


def test_a_line_shows_when_something_changed_and_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    client = TutorialClient(nbformat.v4.new_notebook())

    def hear(kind: str, data: dict[str, Any], comm: str = "c1") -> None:
        client.process_message(sent(kind, data, comm), None, 0)

    hear("comm_open", view())
    hear("comm_msg", {**view(), "seq": 1, "whole": False})
    hear("comm_msg", {"answer": {"ok": True}, "to": "r1"})
    hear("comm_msg", {**ended(), "seq": 2, "whole": False})
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("  session vqe on generic_19q · In progress")
    assert last.startswith("  session vqe on generic_19q · Closed by close()")


def test_a_delta_is_added_to_what_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    client = TutorialClient(nbformat.v4.new_notebook())
    client.process_message(sent("comm_open", view()), None, 0)
    other = {**ended(name="second"), "seq": 1, "whole": False}
    other["workloads"] = {"w2": other["workloads"][WORKLOAD]}
    client.process_message(sent("comm_msg", other), None, 0)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" on ")[0] for line in lines] == ["  session vqe", "  session second"]


def test_a_tutorial_that_fails_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    monkeypatch.setattr(program, "tutorial", lambda: nbformat.writes(book))
    assert main(["--output", str(tmp_path / "out")]) == 1
    assert "The tutorial stopped:" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_tutorial_is_found_in_the_source_tree() -> None:
    assert "%load_ext qmode_jupyter" in tutorial()


@pytest.mark.slow
def test_it_leaves_the_notebook_and_its_timeline(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--output", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "Closed" in shown
    assert "charged for the time that it was active" in shown
    assert (tmp_path / "timeline.png").read_bytes().startswith(b"\x89PNG")
    assert "qsession" in (tmp_path / "01_first_session.html").read_text(encoding="utf-8")
