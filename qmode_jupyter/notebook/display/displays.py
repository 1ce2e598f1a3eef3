"""What a person sees of a workload: the live card, a still one, a line of text, or nothing.

One function decides, all displays take the same: they are told of changes from any thread, look at the
view model when they draw, and leave their last picture behind.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from html import escape
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from qmode_jupyter.errors import RuntimeClosedError
from qmode_jupyter.notebook.display.html import card_html
from qmode_jupyter.notebook.display.live_line import LiveLine
from qmode_jupyter.notebook.display.throttle import Latest, Outbox, RateLimit, Snapshot, Throttle
from qmode_jupyter.notebook.view_model import Message, Workload
from qmode_jupyter.style.words import printable

if TYPE_CHECKING:
    from qmode_jupyter.notebook.display.widget import StatusWidget

#: What is over sooner is shown only as it ended.
WORTH_WATCHING_S: Final = 0.5
#: Set to anything but "0" to have no progress shown.
SILENCE: Final = "QMODE_NONINTERACTIVE"

_STILL_INTERVAL_S: Final = 1.0
_LINE_INTERVAL_S: Final = 0.25
#: A line has no clock of its own: its countdowns go on with every new one.
_LINE_TICKS_S: Final = 1.0

Act = Callable[[dict[str, Any]], dict[str, Any] | None]
Kind = Literal["widget", "html", "text", "still", "none"]


class Display(Protocol):
    """What shows one workload."""

    def changed(self, ids: Iterable[str] = ()) -> None:
        """Say that something changed; from any thread, cheap."""

    def leave(self) -> None:
        """Say that the cell has ended and the workload goes on; the terminal is the prompt's from now on."""

    def freeze(self) -> None:
        """Leave the final picture in place of the live one, and end; a second time nothing happens."""

    def withdraw(self) -> None:
        """Take everything away, and end: nothing came of it that could be shown."""


def front_end() -> Kind:
    """Return what can be shown here: in a kernel a widget or HTML, in a terminal text, else nothing.

    With ``QMODE_NONINTERACTIVE`` set a kernel still gets the final picture, and a terminal nothing.
    """
    silent = os.environ.get(SILENCE, "0") not in ("", "0")
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        return "none"
    if getattr(shell, "kernel", None) is None:
        return "none" if silent else "text"
    if silent:
        return "still"
    there = all(importlib.util.find_spec(name) for name in ("anywidget", "ipywidgets", "comm"))
    return "widget" if there else "html"


def open_display(
    workload_id: str,
    snapshot: Snapshot,
    act: Act,
    *,
    kind: Kind | None = None,
    limit: RateLimit | None = None,
    after_s: float = WORTH_WATCHING_S,
) -> Display:
    """Show a workload, from now until it has ended or `Display.freeze` is called.

    Parameters
    ----------
    workload_id
        What it is about.
    snapshot
        Returns the view model of that workload: whole for None, else the entries of the ids given.
    act
        Carries out what is clicked; called on a thread of the kernel.
    kind
        Which display; found out when not given.
    limit
        Limits to share with other throttles.
    after_s
        Seconds before the live picture appears.
    """
    kind = kind or front_end()
    if kind == "widget":
        return WidgetDisplay(workload_id, snapshot, act, limit or RateLimit(), after_s)
    if kind == "html":
        return HtmlDisplay(workload_id, snapshot, after_s)
    if kind == "still":
        return StillDisplay(workload_id, snapshot)
    return TextDisplay(workload_id, snapshot, after_s) if kind == "text" else NoDisplay()


class NoDisplay:
    """Nothing to see."""

    def changed(self, ids: Iterable[str] = ()) -> None:
        """Take note of nothing."""

    def leave(self) -> None:
        """Leave nothing behind."""

    def freeze(self) -> None:
        """Leave nothing behind."""

    def withdraw(self) -> None:
        """Leave nothing behind."""


class StillDisplay:
    """The card as it is when the workload has ended."""

    def __init__(self, workload_id: str, snapshot: Snapshot) -> None:
        self._output = CellOutput(workload_id, snapshot)

    def changed(self, ids: Iterable[str] = ()) -> None:
        """Wait for the end."""

    def leave(self) -> None:
        """Show how things stand: the workload goes on when the cell has ended."""
        self._output.draw()

    def freeze(self) -> None:
        """Leave the final picture, and end."""
        self._output.freeze()

    def withdraw(self) -> None:
        """Leave nothing, and end."""
        self._output.withdraw()


class HtmlDisplay:
    """The still card, drawn anew while the workload runs: for a kernel without widgets."""

    def __init__(self, workload_id: str, snapshot: Snapshot, after_s: float) -> None:
        self._output = CellOutput(workload_id, snapshot)
        self._throttle = Throttle(
            Latest(self._output.picture, _STILL_INTERVAL_S), self._output.put, after_s=after_s
        )
        self._throttle.changed()

    def changed(self, ids: Iterable[str] = ()) -> None:
        """Say that something changed; from any thread, cheap."""
        self._throttle.changed(ids)

    def leave(self) -> None:
        """Stay live: the workload goes on when the cell has ended."""

    def freeze(self) -> None:
        """Leave the final picture, and end."""
        self._throttle.close()
        self._output.freeze()

    def withdraw(self) -> None:
        """Leave nothing, and end."""
        self._throttle.close()
        self._output.withdraw()


class WidgetDisplay:
    """The live card; the still one takes its place when the workload has ended."""

    def __init__(
        self, workload_id: str, snapshot: Snapshot, act: Act, limit: RateLimit, after_s: float
    ) -> None:
        self._output = CellOutput(workload_id, snapshot)
        self._workload_id = workload_id
        self._act = act
        self._widget: StatusWidget | None = None
        self._outbox = Outbox(snapshot, limit)
        self._throttle = Throttle(self._outbox, self._send, after_s=after_s)
        self._throttle.changed()

    def changed(self, ids: Iterable[str] = ()) -> None:
        """Say that something changed; from any thread, cheap."""
        self._throttle.changed(ids)

    def leave(self) -> None:
        """Stay live: the workload goes on when the cell has ended."""

    def freeze(self) -> None:
        """Leave the final picture in place of the live one, and end."""
        self._throttle.close()
        self._output.freeze()
        if self._widget is not None:
            self._widget.retire()

    def withdraw(self) -> None:
        """Leave nothing, and end."""
        self._throttle.close()
        self._output.withdraw()
        if self._widget is not None:
            self._widget.retire()

    def _send(self, message: Message) -> None:
        if message["whole"]:
            message = {**message, "focus": self._workload_id}
        if self._widget is None:
            from qmode_jupyter.notebook.display.widget import StatusWidget

            self._widget = StatusWidget(self._output.line, self._output.picture, message)
            self._widget.on_action(self._asked)
            self._output.put(self._widget)
        else:
            self._widget.publish(message)
        if _is_over(message["workloads"].get(self._workload_id)):
            self.freeze()

    def _asked(self, request: dict[str, Any]) -> dict[str, Any] | None:
        if request["action"] != "snapshot":
            return self._act(request)
        self._outbox.start_over()
        self._throttle.changed()
        return None


class TextDisplay:
    """One line in a terminal that is written over, and stays when the workload has ended.

    Whatever else is written to standard output, by the cell or as its value, goes where the line was.
    """

    def __init__(self, workload_id: str, snapshot: Snapshot, after_s: float) -> None:
        self._workload_id = workload_id
        self._snapshot = snapshot
        self._live = LiveLine()
        self._frozen = False
        lines = Latest(self._line, _LINE_INTERVAL_S, ticks_s=_LINE_TICKS_S)
        self._throttle = Throttle(lines, self._live.draw, after_s=after_s)
        self._throttle.changed()

    def changed(self, ids: Iterable[str] = ()) -> None:
        """Say that something changed; from any thread, cheap."""
        self._throttle.changed(ids)

    def leave(self) -> None:
        """Leave the line as it is, and end: a line that goes on would write over the prompt."""
        self.freeze()

    def freeze(self) -> None:
        """Leave the final line, and end."""
        if self._end():
            with suppress(RuntimeClosedError):  # the cell says that its service was closed
                sys.stdout.write(f"{self._line()}\n")

    def withdraw(self) -> None:
        """Leave nothing, and end."""
        self._end()

    def _end(self) -> bool:
        """Take the live line away, and say whether it is for the first time."""
        self._throttle.close()
        self._live.end()
        first, self._frozen = not self._frozen, True
        return first

    def _line(self) -> str:
        from qmode_jupyter.notebook.text.tables import status_line

        # The workload's entry is all that the line needs, however many jobs there are.
        view = self._snapshot(frozenset({self._workload_id}))
        return status_line(view, self._workload_id, width=shutil.get_terminal_size().columns - 1)


class CellOutput:
    """A part of the output of the cell that runs now, which can be shown anew from any thread."""

    def __init__(self, workload_id: str, snapshot: Snapshot) -> None:
        from IPython.display import display

        self._workload_id = workload_id
        self._snapshot = snapshot
        workload = snapshot(frozenset({workload_id}))["workloads"][workload_id]
        name = " ".join(part for part in (workload["mode"], printable(workload.get("name", ""))) if part)
        #: What is shown as text: the same in every run, whatever happened.
        self.line = f"{name} on {workload['backend']}"
        self._handle = display({"text/plain": self.line}, raw=True, display_id=True)
        self._drawing = threading.Lock()
        self._frozen = False

    def picture(self) -> str:
        """Return the still card as it is now."""
        return card_html(self._snapshot(None), self._workload_id)

    def draw(self) -> None:
        """Show the still card as it is now; once it is frozen nothing happens."""
        with self._drawing:
            if not self._frozen:
                self._draw()

    def freeze(self) -> None:
        """Show the still card for the last time; a second time nothing happens."""
        with self._drawing:
            if not self._frozen:
                self._frozen = True
                self._draw()

    def withdraw(self) -> None:
        """Show nothing here any more; an output that was begun stays, empty."""
        with self._drawing:
            self._frozen = True
            self._handle.update({"text/plain": "", "text/html": ""}, raw=True)

    def put(self, content: Any) -> None:
        """Show a widget or HTML here."""
        if isinstance(content, str):
            self._handle.update({"text/plain": self.line, "text/html": content}, raw=True)
        else:
            self._handle.update(content)

    def _draw(self) -> None:
        try:
            picture = self.picture()
        except RuntimeClosedError:
            picture = f"<i>{escape(self.line)}: its service was closed before it was over.</i>"
        self.put(picture)


def _is_over(workload: Workload | None) -> bool:
    if workload is None or workload["closed"] is None:
        return False
    counts = workload["counts"]
    return not (counts["queued"] + counts["preparing"] + counts["waiting"] + counts["on_qpu"])
