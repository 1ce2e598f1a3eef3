"""What a finished run teaches: the service's best practices, with the run's own numbers."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any, Final

from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.planning.best_practices import BEST_PRACTICES, Finding, Run
from qmode_jupyter.planning.recording import Recording
from qmode_jupyter.scheduler.trace import Trace
from qmode_jupyter.style.characters import shown
from qmode_jupyter.style.words import count, printable

#: What went wrong stands before what was dear.
_LOSSES: Final = ("maximum timeout hit", "job too long", "maximum timeout near")
_NOTHING: Final = "Nothing to improve: the mode fits what the run did."


@dataclass(frozen=True, slots=True)
class Advice:
    """The findings on one run, the weightiest first; shows as text and as HTML."""

    title: str
    findings: tuple[Finding, ...]

    def __repr__(self) -> str:
        lines = [self.title]
        for number, finding in enumerate(self.findings, 1):
            lines += [f"{number}. {finding.headline}", f"   {finding.detail}", f"   Rule: {finding.rule}"]
        return "\n".join(lines if self.findings else [*lines, _NOTHING])

    def _repr_html_(self) -> str:
        items = "".join(
            f"<li><b>{escape(f.headline)}</b><br>{escape(f.detail)}<br><small>Rule: {escape(f.rule)}</small>"
            for f in self.findings
        )
        body = f"<ol>{items}</ol>" if items else f"<p>{escape(_NOTHING)}</p>"
        return f"<div><p><b>{escape(self.title)}</b></p>{body}</div>"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data: seconds, US dollars as floats."""
        findings = [
            {name: getattr(f, name) for name in Finding.__slots__}
            | {"saves_usd": None if f.saves_usd is None else float(f.saves_usd)}
            for f in self.findings
        ]
        return {"title": self.title, "findings": findings}


def advise(trace: Trace) -> Advice:
    """Return what the service's best practices say of a run that has ended.

    Parameters
    ----------
    trace
        What ``service.trace(id)`` returns, of a session, batch or jobs.

    Raises
    ------
    IBMInputValueError
        For a run that has not ended.
    """
    if not isinstance(trace, Trace):
        raise IBMInputValueError(
            f"advise takes a trace, as service.trace(id) returns it, not {shown(trace)}."
        )
    run = Run(Recording.of(trace))
    found = [finding for practice in BEST_PRACTICES for finding in practice(run)]
    found.sort(key=lambda f: (f.kind not in _LOSSES, -f.saves_s, -f.quicker_s))
    return Advice(_title(run), tuple(found))


def _title(run: Run) -> str:
    recording = run.recording
    what = (
        f"{recording.mode} {printable(recording.name) or recording.workload}"
        if recording.workload
        else "job mode"
    )
    jobs = count(len(run.jobs), "job")
    return (
        f"Advice for {what} on {recording.qpu}: {jobs}, usage {run.cost(run.usage_s)}, {run.plan.title} plan"
    )
