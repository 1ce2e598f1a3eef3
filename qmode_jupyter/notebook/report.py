"""What a run was: its trace, its figures and its picture; what `-o` stores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmode_jupyter.notebook.text.tables import usage_table
from qmode_jupyter.scheduler.records import JobRecord
from qmode_jupyter.scheduler.trace import Trace
from qmode_jupyter.style.tables import preformatted
from qmode_jupyter.style.words import count

if TYPE_CHECKING:
    from qmode_jupyter.timeline.canvas import Timeline


class Report:
    """One session, batch or group of jobs, as it was when the report was made.

    Attributes
    ----------
    trace
        Every event of it; it can be saved, compared and advised on.
    usage_s
        Seconds that it is charged with.
    """

    def __init__(self, trace: Trace, owner: str) -> None:
        self.id = owner
        self.trace = trace
        self.usage_s = trace.usage_s

    @property
    def jobs(self) -> tuple[JobRecord, ...]:
        """Its jobs, in the order of submission."""
        return self.trace.jobs

    def timeline(self, *, theme: str | None = None) -> Timeline:
        """Return its picture, a matplotlib figure."""
        from qmode_jupyter.timeline.draw import timeline

        return timeline(self.trace, theme=theme)

    def __str__(self) -> str:
        return usage_table(self.trace)

    def __repr__(self) -> str:
        return f"<Report: {count(len(self.jobs), 'job')}, usage {self.usage_s:.0f} s>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        table = str(self)
        return {"text/plain": table, "text/html": preformatted(table)}
