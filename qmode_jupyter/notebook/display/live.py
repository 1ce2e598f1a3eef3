"""A workload on show: fed by the runtime's changes from the first to the last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from IPython.core.getipython import get_ipython

from qmode_jupyter.notebook.actions import act
from qmode_jupyter.notebook.display.displays import NoDisplay, front_end, open_display
from qmode_jupyter.notebook.display.throttle import RateLimit
from qmode_jupyter.notebook.report import Report
from qmode_jupyter.notebook.view_model import Message, snapshot
from qmode_jupyter.runtime.runtime import Runtime


class Source(Protocol):
    """One session, batch or group of jobs, as far as it can be shown: an emulated one, or a real one."""

    @property
    def owner(self) -> str:
        """Its id."""

    def view(self, changed: frozenset[str] | None) -> Message:
        """Return its view model, whole for None, else the entries of the ids given."""

    def act(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out what was clicked; see `actions.act`."""

    def subscribe(
        self, changed: Callable[[frozenset[str]], None], ended: Callable[[], None]
    ) -> Callable[[], None]:
        """Call `changed` with the ids of what changed, `ended` at the end; return how to end it."""


@dataclass(frozen=True, slots=True)
class Emulated:
    """A session, batch or group of the emulated service."""

    runtime: Runtime
    owner: str

    def view(self, changed: frozenset[str] | None) -> Message:
        """Return its view model."""
        return snapshot(self.runtime, changed, only=self.owner)

    def act(self, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out what was clicked."""
        return act(self.runtime, request)

    def subscribe(
        self, changed: Callable[[frozenset[str]], None], ended: Callable[[], None]
    ) -> Callable[[], None]:
        """Tell of changes."""
        return self.runtime.subscribe(changed, ended)


class LiveDisplay:
    """What is shown of one session, batch or group, wherever the person is, until it has ended.

    Parameters
    ----------
    source
        What is shown.
    limit
        What the live cards of all cells may send together.
    quiet
        Shows nothing at all.
    """

    def __init__(self, source: Source, limit: RateLimit, *, quiet: bool = False) -> None:
        self._quiet = quiet
        if not quiet and front_end() not in ("none", "text"):
            # Half a second that a picture would otherwise cost at the end, also after an interrupt.
            import qmode_jupyter.timeline.figure  # noqa: F401

        self._display = (
            NoDisplay() if quiet else open_display(source.owner, source.view, source.act, limit=limit)
        )
        self._unsubscribe = source.subscribe(self._display.changed, self._display.freeze)
        self._display.changed((source.owner,))

    def leave(self) -> None:
        """Let it go on by itself until the workload has ended: the cell is over."""
        self._display.leave()

    def finish(self) -> None:
        """Leave the last picture in place of the live one."""
        self._unsubscribe()
        self._display.freeze()

    def withdraw(self) -> None:
        """Leave nothing: the cell went wrong before there was anything to show."""
        self._unsubscribe()
        self._display.withdraw()

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
