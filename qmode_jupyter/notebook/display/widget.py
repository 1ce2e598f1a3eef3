"""The live card as a widget: one trait, one ESM file, one style sheet, both built from ``labextension/``.

Importing this module imports ipywidgets and anywidget; `displays.py` does so only in a kernel, when there
is something to show.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import anywidget
import traitlets

_log = logging.getLogger(__name__)
#: Where the build puts the page's files.
STATIC: Final = Path(__file__).parent / "static"

#: Set when the widget has done its work, so that what is kept of it in a saved notebook is small.
_NO_ESM: Final = "export default {};"


class StatusWidget(anywidget.AnyWidget):
    """The live status of one workload.

    Parameters
    ----------
    line
        What it says where there is only text: one line that is the same in every run.
    picture
        Returns the still card as HTML, for where there are no widgets.
    message
        The first message, a whole one.
    """

    _esm: Any = STATIC / "widget.js"
    _css: Any = STATIC / "widget.css"

    #: The newest message, whole or a delta; the page keeps the sum.
    state = traitlets.Dict().tag(sync=True)

    def __init__(self, line: str, picture: Callable[[], str], message: Mapping[str, Any]) -> None:
        self._line = line
        self._picture = picture
        self._seq = 1
        self._numbering = threading.Lock()
        super().__init__(state={**message, "seq": self._seq})
        _answer_where_asked(self.comm)

    def __repr__(self) -> str:
        return self._line

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        return {**data, "text/plain": self._line, "text/html": self._picture()}, metadata

    def publish(self, message: Mapping[str, Any]) -> None:
        """Send a message to the page, numbered; from any thread."""
        with self._numbering:
            self._seq += 1
            self.state = {**message, "seq": self._seq}

    def on_action(self, callback: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
        """Call `callback` with each request of the page, and send it the answer.

        A request is ``{"runtime": id, "action": name, "id": job or workload}``, an answer ``{"ok":
        True}`` or ``{"ok": False, "error": line}``, or None for none. It runs on a thread of the kernel
        while a cell blocks: it must be quick and must not print.
        """

        def heard(_: Any, content: Any, __: Any) -> None:
            if not isinstance(content, dict) or "action" not in content:
                return
            try:
                answer = callback(content)
            except Exception as error:  # noqa: BLE001 - whatever went wrong, the person who clicked is told
                _log.debug("an action failed", exc_info=True)
                first = (str(error).strip().splitlines() or [""])[0]
                answer = {"ok": False, "error": first or type(error).__name__}
            if answer is not None:
                self.send({"qmode": "answer", "action": content["action"], "id": content.get("id"), **answer})

        self.on_msg(heard)

    def retire(self) -> None:
        """End the widget, when something else stands in its place."""
        if self.comm is None:
            return
        with self.hold_sync():
            self.state = {}
            self._esm = _NO_ESM
            self._css = ""
        self.close()


def _answer_where_asked(comm: Any) -> None:
    """Let the page's messages be handled by the thread that the page chose.

    ipykernel 7.4 hands a comm's messages to the thread that last published on it; ours publishes from
    one while the main thread may be in a cell, and a click would wait for the end of that cell.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda data, default: default
