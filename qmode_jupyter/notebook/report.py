"""What a run was: its trace, its figures and its picture; what `-o` stores."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from qmode_jupyter.notebook.text.tables import usage_table
from qmode_jupyter.runtime.runtime import Runtime
from qmode_jupyter.runtime.store.past import Past
from qmode_jupyter.scheduler.records import JobRecord
from qmode_jupyter.scheduler.trace import Trace
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

    def __init__(self, runtime: Runtime | Past, owner: str) -> None:
        self.id = owner
        self.trace: Trace = runtime.trace(owner)
        workloads = self.trace.workloads
        self.usage_s: float = workloads[0].usage_s if workloads else sum(j.charged_s for j in self.jobs)

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
        # Said here, because pages that show a notebook give text in HTML their own font.
        style = "font-family:ui-monospace,Menlo,Consolas,monospace;line-height:1.25;overflow-x:auto"
        return {"text/plain": table, "text/html": f'<pre style="{style}">{escape(table)}</pre>'}
