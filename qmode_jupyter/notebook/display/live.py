"""A workload on show: fed by the runtime's changes from the first to the last."""

from __future__ import annotations

from typing import Any

from IPython.core.getipython import get_ipython

from qmode_jupyter.notebook.actions import act
from qmode_jupyter.notebook.display.displays import NoDisplay, front_end, open_display
from qmode_jupyter.notebook.display.throttle import RateLimit
from qmode_jupyter.notebook.report import Report
from qmode_jupyter.notebook.view_model import Message, snapshot
from qmode_jupyter.runtime.runtime import Runtime


class LiveDisplay:
    """What is shown of one session, batch or group, wherever the person is, until it has ended.

    Parameters
    ----------
    limit
        What the live cards of all cells may send together.
    quiet
        Shows nothing at all.
    """

    def __init__(self, runtime: Runtime, owner: str, limit: RateLimit, *, quiet: bool = False) -> None:
        self._quiet = quiet
        if not quiet and front_end() not in ("none", "text"):
            # Half a second that a picture would otherwise cost at the end, also after an interrupt.
            import qmode_jupyter.timeline.figure  # noqa: F401

        def view(changed: frozenset[str] | None) -> Message:
            return snapshot(runtime, changed, only=owner)

        def clicked(request: dict[str, Any]) -> dict[str, Any]:
            return act(runtime, request)

        self._display = NoDisplay() if quiet else open_display(owner, view, clicked, limit=limit)
        self._unsubscribe = runtime.subscribe(self._display.changed, self._display.freeze)
        self._display.changed((owner,))

    def leave(self) -> None:
        """Let it go on by itself until the workload has ended: the cell is over."""
        self._display.leave()

    def finish(self) -> None:
        """Leave the last picture in place of the live one."""
        self._unsubscribe()
        self._display.freeze()

    def draw(self, report: Report) -> None:
        """Show the timeline; in a terminal the table of usage, elsewhere nothing."""
        kind = front_end()
        if self._quiet or kind == "none":
            return
        if kind == "text":
            say(str(report))
        else:
            from IPython.display import display

            display(report.timeline())


def say(line: str) -> None:
    """Print a line to the person, where there is one."""
    if get_ipython() is not None:
        print(line)  # noqa: T201 - this is where the person reads
