"""`%qmode`: look at what has run, and act on what runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from IPython.core.error import UsageError

from qmode_jupyter.notebook import actions, text
from qmode_jupyter.notebook.desk import Desk
from qmode_jupyter.notebook.flags import nearest, words
from qmode_jupyter.notebook.live import say
from qmode_jupyter.notebook.report import Report
from qmode_jupyter.notebook.snapshot import snapshot
from qmode_jupyter.notebook.table import Table

USAGE: Final = """%qmode COMMAND

  status [ID]              state, timeouts and usage of what runs, or of one workload
  backends                 the QPUs that can be rehearsed on
  jobs [ID]                the jobs, all or those of one workload
  show ID                  everything about one job or workload
  usage [ID]               where the time went, and what is charged for it
  timeline [ID]            the picture of a workload or job; the newest workload without ID
  close ID|--all           close a session or batch: no new jobs, the others run on
  cancel ID                cancel a job, or every job of a workload

An ID may be shortened, or be a workload's name.
Example: %qmode timeline vqe"""


class Text:
    """Lines that a command returns; they show as they are."""

    def __init__(self, lines: str) -> None:
        self._lines = lines

    def __repr__(self) -> str:
        return self._lines


class Commands:
    """The subcommands of `%qmode` on one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._table: dict[str, Callable[[list[str]], Any]] = {
            "status": self.status,
            "backends": self.backends,
            "jobs": self.jobs,
            "show": self.show,
            "usage": self.usage,
            "timeline": self.timeline,
            "close": self.close,
            "cancel": self.cancel,
        }

    @property
    def names(self) -> tuple[str, ...]:
        """The commands."""
        return tuple(self._table)

    def run(self, line: str) -> Any:
        """Run one command line and return what it shows.

        Raises
        ------
        UsageError
            In one line, when there is no such command or what it names does not exist.
        """
        command, *rest = words(line) or ["help"]
        if command in ("help", "-h", "--help"):
            return Text(USAGE)
        if command not in self._table:
            raise UsageError(
                f"%qmode has no command {command!r}.{nearest(command, self._table)}"
                f" There are {', '.join(self._table)}."
            )
        return self._table[command](rest)

    def status(self, rest: list[str]) -> Any:
        """One line for each workload that is not closed, or for the one that is named."""
        if rest:
            service, owner = self._one(rest, "status")
            return Text(text.status_line(snapshot(service), self._owner(service, owner)))
        lines = []
        for service in self._desk.services:
            view = snapshot(service)
            lines += [
                text.status_line(view, owner)
                for owner, w in view["workloads"].items()
                if w["state"] != "closed"
            ]
        return Text("\n".join(lines) or "nothing is open")

    def backends(self, rest: list[str]) -> Table:
        """List the names that `-b` takes."""
        self._none(rest, "backends")
        names = self._desk.service.backend_names()
        rows = tuple((name, _what(name)) for name in names)
        return Table(
            ("backend", "what it is"), rows, note="any BackendV2 in a variable works, too: -b VARIABLE"
        )

    def jobs(self, rest: list[str]) -> Text:
        """List jobs."""
        if rest:
            service, owner = self._one(rest, "jobs")
            return Text(text.jobs_table(snapshot(service), self._owner(service, owner)))
        tables = [text.jobs_table(view) for s in self._desk.services if (view := snapshot(s))["jobs"]]
        return Text("\n\n".join(tables) or "no job has been submitted yet")

    def show(self, rest: list[str]) -> Text:
        """All that is known of one job, or of one workload and its jobs."""
        service, name = self._one(rest, "show")
        view = snapshot(service)
        if name in view["jobs"]:
            return Text(text.describe_job(view, name))
        return Text(text.status_line(view, name) + "\n\n" + text.jobs_table(view, name))

    def usage(self, rest: list[str]) -> Any:
        """Where the time went: of one workload or job, or the sums of all."""
        if rest:
            service, name = self._one(rest, "usage")
            return Report(service, name)
        tables = [
            text.workloads_table(view) for s in self._desk.services if (view := snapshot(s))["workloads"]
        ]
        return Text("\n\n".join(tables) or "nothing has been charged yet")

    def timeline(self, rest: list[str]) -> Any:
        """Draw a workload or job."""
        service, name = self._one(rest, "timeline") if rest else self._desk.latest()
        return Report(service, name).timeline()

    def close(self, rest: list[str]) -> None:
        """Close a workload, or all."""
        if rest == ["--all"]:
            closed = 0
            for service in self._desk.services:
                for workload in service.workloads():
                    if workload.closed_at is None and workload.accepting_jobs:
                        service.close_workload(workload.id)
                        closed += 1
            say(f"{closed} closed" if closed else "nothing was open")
            return
        service, name = self._one(rest, "close", "or --all")
        owner = self._owner(service, name)
        if owner != name:
            raise UsageError(f"{name} is a job: %qmode cancel {name} cancels it.")
        actions.close(service, owner)
        say(text.status_line(snapshot(service), owner))

    def cancel(self, rest: list[str]) -> None:
        """Cancel a job, or every job of a workload."""
        from qmode_jupyter.errors import QmodeError

        service, name = self._one(rest, "cancel")
        try:
            if service.has_job(name):
                service.cancel_job(name)
                say(f"job {name} is cancelled")
            else:
                say(f"{actions.cancel_all(service, name)} jobs are cancelled")
        except QmodeError as error:
            raise UsageError(str(error)) from None

    # ---- what they name

    def _one(self, rest: list[str], command: str, other: str = "") -> tuple[Any, str]:
        if len(rest) != 1:
            wanted = " ".join(part for part in ("one ID", other) if part)
            raise UsageError(f"%qmode {command} takes {wanted}, not {' '.join(rest) or 'nothing'!r}.")
        return self._desk.find(rest[0])

    def _none(self, rest: list[str], command: str) -> None:
        if rest:
            raise UsageError(f"%qmode {command} takes nothing more, not {' '.join(rest)!r}.")

    def _owner(self, service: Any, name: str) -> str:
        if not service.has_job(name):
            return name
        facts = service.job_facts(name)
        owner: str = facts.workload or facts.group or name
        return owner


def _what(name: str) -> str:
    if name == "aer_simulator":
        return "ideal simulator, no noise, any circuit"
    if name.startswith("fake_"):
        return "snapshot of an IBM QPU: its coupling map, noise and durations"
    return "19 qubits in a heavy-hex lattice, with noise and durations (the default)"
