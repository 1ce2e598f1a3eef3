"""The widget's two ends: what Python sends, and what the page's own logic makes of it."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import qmode_jupyter.notebook.display.widget as status
from qmode_jupyter.notebook.display.widget import StatusWidget
from qmode_jupyter.scheduler.transitions import JobState, shown_state
from qmode_jupyter.style import words
from tests.notebook.view_models import view

STATIC = Path(status.__file__).parent / "static"
NODE = shutil.which("node")


def node(*arguments: str, text: str = "") -> str:
    """Run Node.js and return what it printed; without one that reads modules the test is skipped."""
    version = (
        subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True) if NODE else None
    )
    if version is None or int(version.stdout.strip("v").split(".")[0]) < 20:
        pytest.skip("needs Node.js 20 or newer on PATH: install the package nodejs")
    run = subprocess.run([NODE, *arguments], input=text, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def widget() -> StatusWidget:
    return StatusWidget("session vqe on generic_19q", lambda: "<p>still</p>", view())


def test_the_page_gets_one_trait_that_holds_the_newest_message() -> None:
    w = widget()
    w.publish({**view(), "whole": False})
    own = {name for name in w.traits(sync=True) if name not in type(w).mro()[2].class_trait_names()}
    assert own == {"state", "_esm", "_css", "_anywidget_id"}
    assert w.state["seq"] == 2
    assert w.state["whole"] is False


def test_messages_are_numbered_one_by_one_whatever_the_snapshot_says() -> None:
    w = widget()
    numbers = [w.state["seq"]]
    for _ in range(3):
        w.publish({**view(), "seq": 0})
        numbers.append(w.state["seq"])
    assert numbers == [1, 2, 3, 4]


def test_its_output_has_a_line_and_a_picture_beside_the_view() -> None:
    w = widget()
    data, _ = w._repr_mimebundle_()
    assert data["text/plain"] == repr(w) == "session vqe on generic_19q"
    assert data["text/html"] == "<p>still</p>"
    assert "application/vnd.jupyter.widget-view+json" in data


class Page:
    """The other end of a widget's comm."""

    def __init__(self, w: StatusWidget) -> None:
        self._widget = w
        self.heard: list[Any] = []
        w.send = lambda content, buffers=None: self.heard.append(content)

    def send(self, content: Any) -> None:
        data = {"method": "custom", "content": content}
        self._widget._handle_msg({"content": {"data": data}, "buffers": []})


def test_a_click_reaches_the_callback_and_its_answer_the_page() -> None:
    w = widget()
    page = Page(w)
    asked: list[dict[str, Any]] = []

    def act(request: dict[str, Any]) -> dict[str, Any]:
        asked.append(request)
        return {"ok": True}

    w.on_action(act)
    page.send({"runtime": "9f3c", "action": "cancel_job", "id": "a"})
    assert asked == [{"runtime": "9f3c", "action": "cancel_job", "id": "a"}]
    assert page.heard == [{"qmode": "answer", "action": "cancel_job", "id": "a", "ok": True}]


def test_an_error_of_the_callback_is_told_to_who_clicked(capsys: pytest.CaptureFixture[str]) -> None:
    w = widget()
    page = Page(w)

    def act(request: dict[str, Any]) -> dict[str, Any]:
        raise LookupError("Job a has ended.\nsecond line")

    w.on_action(act)
    page.send({"runtime": "9f3c", "action": "cancel_job", "id": "a"})
    assert page.heard[0]["error"] == "Job a has ended."
    assert page.heard[0]["ok"] is False
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("noise", ["text", 7, None, {}, {"kind": "anywidget-command", "id": "1"}])
def test_what_is_no_request_is_let_pass(noise: Any) -> None:
    w = widget()
    page = Page(w)
    w.on_action(lambda request: {"ok": True})
    page.send(noise)
    assert [answer for answer in page.heard if "qmode" in (answer or {})] == []


def test_clicks_are_handled_where_the_page_sent_them() -> None:
    comm = SimpleNamespace(_reply_subshell_for=lambda data, default: "the thread that published last")
    status._answer_where_asked(comm)
    assert comm._reply_subshell_for({}, "the page's choice") == "the page's choice"
    older = SimpleNamespace()
    status._answer_where_asked(older)
    assert vars(older) == {}, "a kernel that has no such thing is left alone"


def test_a_retired_widget_leaves_little_to_be_saved() -> None:
    w = widget()
    kept: dict[str, Any] = {}
    w.comm.send = lambda data=None, **more: kept.update((data or {}).get("state", {}))
    w.retire()
    assert kept == {"state": {}, "_esm": "export default {};", "_css": ""}
    assert w.comm is None
    w.retire()


# ---- the page's side


def test_the_logic_of_the_page() -> None:
    node("--test", str(Path(__file__).parent / "static"))


def said_by_the_page(calls: list[tuple[str, list[Any]]]) -> list[str]:
    script = (
        f"import * as page from {json.dumps((STATIC / 'status.js').as_uri())};"
        "let text = ''; for await (const part of process.stdin) text += part;"
        "console.log(JSON.stringify(JSON.parse(text).map(([name, given]) => page[name](...given))));"
    )
    return json.loads(node("--input-type=module", "--eval", script, text=json.dumps(calls)))


def test_the_page_uses_the_same_words_and_numbers() -> None:
    rng = random.Random(7)
    seconds: list[float | None] = [None, 0, 0.04, 0.05, 0.4, 9.94, 9.96, 10, 59.4, 59.6, 60, 61.5, 89, 119]
    seconds += [3599.6, 3600, 7265, 172_799, 172_800, 200_000]
    seconds += [round(rng.uniform(0, 10 ** rng.randint(0, 6)), 3) for _ in range(200)]
    dollars = [0, 0.004, 0.01, 0.8, 70.4, 268.8, 320, 999.99, 1000.4, 12_345.6]
    names = {
        words.duration: ("duration", seconds),
        words.clock: ("clock", seconds),
        words.countdown: ("countdown", seconds),
        words.money: ("money", dollars),
        words.ordinal: ("ordinal", [1, 2, 3, 4, 11, 12, 13, 21, 111, 112, 1001]),
        words.short_id: ("shortId", ["", "job", "d41f8k2", "d41fxxxxk2"]),
        words.state_reason: ("stateReason", ["", "my_own_reason", *words.STATE_REASON_WORDS]),
    }
    calls: list[tuple[str, list[Any]]] = []
    expected: list[str] = []
    for function, (name, values) in names.items():
        calls += [(name, [value]) for value in values]
        expected += [function(value) for value in values]
    for state in words.JOB_WORDS:
        calls += [("jobWord", [state, 3]), ("outcome", [state, 1305]), ("counts", [{state: 1200, "done": 2}])]
        expected += [
            words.job_word(state, 3),
            shown_state(JobState(state), 1305),
            words.counts({state: 1200, "done": 2}),
        ]
    for code in [None, 7, *words.CODE_WORDS]:
        calls.append(("failure", [code, "Its circuit is wrong.\nVery."]))
        expected.append(words.failure(code, "Its circuit is wrong.\nVery."))
    for name in ("", "vqe"):
        calls.append(("workloadName", ["session", name, "d41fxxxxk2"]))
        expected.append(words.workload_name("session", name, "d41fxxxxk2"))
    said = said_by_the_page(calls)
    differing = [
        (call, page, ours) for call, page, ours in zip(calls, said, expected, strict=True) if page != ours
    ]
    assert differing == []


def test_the_page_shows_what_others_wrote_as_text_only() -> None:
    script = (STATIC / "status.js").read_text(encoding="utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", script
    )
    assert not re.search(r"\bimport\b\s*[({'\"]|https?://", script), "it depends on nothing and loads nothing"


def test_the_files_go_with_the_widget() -> None:
    w = widget()
    assert w._esm == (STATIC / "status.js").read_text(encoding="utf-8")
    assert w._css == (STATIC / "status.css").read_text(encoding="utf-8")
