"""The widget's kernel end: what it sends, what it hears, and the files that the page gets from it."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

import qmode_jupyter.notebook.display.widget as status
from qmode_jupyter.notebook.display.widget import STATIC, StatusWidget
from tests.notebook.view_models import view


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


def test_the_page_s_files_are_there_and_go_with_the_widget() -> None:
    for name in ("widget.js", "widget.css"):
        assert (STATIC / name).exists(), "the pages are not built: pip install -e ."
    w = widget()
    assert w._esm == (STATIC / "widget.js").read_text(encoding="utf-8")
    assert w._css == (STATIC / "widget.css").read_text(encoding="utf-8")


def test_the_page_shows_what_others_wrote_as_text_only() -> None:
    script = (STATIC / "widget.js").read_text(encoding="utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", script
    )
    loads = r"\bimport\b\s*[({'\"]|@import|url\(|https?://"
    assert not re.search(loads, script + (STATIC / "widget.css").read_text(encoding="utf-8")), (
        "it is one file"
    )
