"""`%qmode`: look at what has run, and act on what runs."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from IPython.core.error import UsageError

from qmode_jupyter.notebook import actions
from qmode_jupyter.notebook.display.live import say
from qmode_jupyter.notebook.flags import load_of, sentence, words
from qmode_jupyter.notebook.report import Report
from qmode_jupyter.notebook.services import Desk
from qmode_jupyter.notebook.text import tables as text
from qmode_jupyter.notebook.view_model import snapshot
from qmode_jupyter.runtime.tenants import MOST_LOAD
from qmode_jupyter.scheduler.trace import Trace
from qmode_jupyter.style.spelling import did_you_mean
from qmode_jupyter.style.tables import Table
from qmode_jupyter.style.words import count, printable

USAGE: Final = """%qmode COMMAND

  status [ID]              state, timeouts and usage of what runs, or of one workload
  backends                 the QPUs that can be rehearsed on
  jobs [ID]                the jobs, all or those of one workload
  show ID                  everything about one job or workload
  usage [ID]               where the time went, and what is charged for it
  timeline [ID]            the picture of a workload or job; the newest workload without ID
  compare [ID] [--plans A,B] [--loads X,Y] [--figure]
                           what it would have taken and cost in the other modes, on other plans,
                           in busier queues
  advise [ID]              what the run teaches, with its own numbers
  export ID FILE [--force] save the record of a workload as JSON; --force overwrites a file
  close ID|--all           close a session or batch: no new jobs, the others run on
  cancel ID                cancel a job, or every job of a workload

An ID may be shortened, or be a workload's name.
Example: %qmode timeline vqe"""

#: The flags of each command that has some, and whether a value stands behind them.
FLAGS: Final[dict[str, dict[str, bool]]] = {
    "compare": {"--plans": True, "--loads": True, "--figure": False},
    "export": {"--force": False},
    "close": {"--all": False},
}


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

    def run(self, line: str) -> Any:
        """Run one command line and return what it shows.

        Raises
        ------
        UsageError
            In one line, when there is no such command or what it names does not exist.
        """
        try:
            command, *rest = words(line) or ["help"]
        except ValueError as error:
            raise UsageError(f"%qmode: {sentence(error)}") from None
        if command in ("help", "-h", "--help"):
            return Text(USAGE)
        if command not in COMMANDS:
            hint = did_you_mean(command, COMMANDS)
            raise UsageError(f"%qmode has no command {command!r}.{hint} There are {', '.join(COMMANDS)}.")
        ids, flags = _parted(command, rest)
        return COMMANDS[command](self, ids, **flags)

    def status(self, rest: list[str]) -> Any:
        """One line for each workload that is not closed, or for the one that is named."""
        if rest:
            service, owner = self._one(rest, "status")
            return Text(text.status_line(snapshot(service.runtime), self._owner(service, owner)))
        lines = []
        for service in self._desk.services:
            view = snapshot(service.runtime)
            lines += [
                text.status_line(view, owner)
                for owner, w in view["workloads"].items()
                if w["state"] != "closed"
            ]
        return Text("\n".join(lines) or "Nothing is open.")

    def backends(self, rest: list[str]) -> Table:
        """List the names that `-b` takes."""
        self._none(rest, "backends")
        names = self._desk.service.backend_names()
        rows = tuple((name, _what(name)) for name in names)
        return Table(
            "",
            ("backend", "what it is"),
            rows,
            ("Any BackendV2 in a variable works, too: -b VARIABLE.",),
        )

    def jobs(self, rest: list[str]) -> Text:
        """List jobs."""
        if rest:
            service, owner = self._one(rest, "jobs")
            return Text(text.jobs_table(snapshot(service.runtime), self._owner(service, owner)))
        tables = [text.jobs_table(view) for s in self._desk.services if (view := snapshot(s.runtime))["jobs"]]
        return Text("\n\n".join(tables) or "No job has been submitted yet.")

    def show(self, rest: list[str]) -> Text:
        """All that is known of one job, or of one workload and its jobs."""
        service, name = self._one(rest, "show")
        view = snapshot(service.runtime)
        if name in view["jobs"]:
            return Text(text.describe_job(view, name))
        return Text(text.status_line(view, name) + "\n\n" + text.jobs_table(view, name))

    def usage(self, rest: list[str]) -> Any:
        """Where the time went: of one workload or job, or the sums of all."""
        if rest:
            service, name = self._one(rest, "usage")
            return Report(service.runtime, name)
        tables = [
            text.workloads_table(view)
            for s in self._desk.services
            if (view := snapshot(s.runtime))["workloads"]
        ]
        return Text("\n\n".join(tables) or "Nothing has been charged yet.")

    def timeline(self, rest: list[str]) -> Any:
        """Draw a workload or job."""
        service, name = self._one(rest, "timeline") if rest else self._desk.latest()
        return Report(service.runtime, name).timeline()

    def compare(self, rest: list[str], *, plans: str = "", loads: str = "", figure: bool = False) -> Any:
        """Replay a finished workload under other rules."""
        from qmode_jupyter import compare

        options: dict[str, Any] = {}
        if plans:
            options["plans"] = [word.strip() for word in plans.split(",")]
        if loads:
            options["loads"] = [_load(word) for word in loads.split(",")]
        comparison = self._of(rest, "compare", lambda trace: compare(trace, **options))
        return comparison.figure() if figure else comparison

    def advise(self, rest: list[str]) -> Any:
        """Say what a finished workload teaches."""
        from qmode_jupyter import advise

        return self._of(rest, "advise", advise)

    def export(self, rest: list[str], *, force: bool = False) -> None:
        """Save the trace of a workload, in place of a file that is there only with `force`."""
        if len(rest) != 2 or not all(word.strip() for word in rest):
            raise UsageError("%qmode export takes an ID and a file, as in: %qmode export vqe vqe.json.")
        service, name = self._desk.find(rest[0])
        trace = service.trace(name)
        path = Path(rest[1]).expanduser()
        if path.is_dir():
            raise _unwritten(f"{path} is a folder, and export takes a file")
        if path.exists() and not force:
            raise _unwritten(f"{path} exists already, and --force overwrites it")
        try:
            trace.save(path)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise _unwritten(f"{path} can't be written: {reason[:1].lower()}{reason[1:]}") from None
        say(f"Saved as {printable(str(path))}; Trace.load reads it.")

    def close(self, rest: list[str], *, all: bool = False) -> None:
        """Close a workload, or all."""
        if all and not rest:
            closed = 0
            for service in self._desk.services:
                for workload in service.workloads():
                    if workload.closed_at is None and workload.accepting_jobs:
                        service.runtime.workloads.close(workload.id)
                        closed += 1
            say(f"{count(closed, 'workload')} closed." if closed else "Nothing was open.")
            return
        service, name = self._one([*rest, "--all"] if all else rest, "close", "or --all")
        owner = self._owner(service, name)
        if owner != name:
            raise UsageError(f"%qmode close takes no job, which {name} is: %qmode cancel {name} cancels it.")
        actions.close(service.runtime, owner)
        say(text.status_line(snapshot(service.runtime), owner))

    def cancel(self, rest: list[str]) -> None:
        """Cancel a job, or every job of a workload."""
        from qmode_jupyter.errors import QmodeError

        service, name = self._one(rest, "cancel")
        try:
            if name in service.runtime.jobs:
                service.runtime.cancel_job(name)
                say(f"Job {name} is cancelled.")
            else:
                cancelled = actions.cancel_all(service.runtime, name)
                say(f"{count(cancelled, 'job')} cancelled." if cancelled else "No job was left to cancel.")
        except QmodeError as error:
            raise UsageError(sentence(error)) from None

    # ---- what they name

    def _of(self, rest: list[str], command: str, function: Callable[[Trace], Any]) -> Any:
        service, name = self._one(rest, command) if rest else self._desk.latest()
        try:
            return function(service.trace(name))
        except ValueError as error:  # IBMInputValueError and UnknownPlan are some
            raise UsageError(sentence(error)) from None

    def _one(self, rest: list[str], command: str, other: str = "") -> tuple[Any, str]:
        if len(rest) != 1 or not rest[0].strip():
            wanted = " ".join(part for part in ("one ID", other) if part)
            given = repr(" ".join(rest)) if rest else "nothing"
            raise UsageError(f"%qmode {command} takes {wanted}, not {given}.")
        return self._desk.find(rest[0])

    def _none(self, rest: list[str], command: str) -> None:
        if rest:
            raise UsageError(f"%qmode {command} takes nothing more, not {' '.join(rest)!r}.")

    def _owner(self, service: Any, name: str) -> str:
        jobs = service.runtime.jobs
        return jobs.owner(name) or name if name in jobs else name


#: The commands by their names.
COMMANDS: Final[dict[str, Callable[..., Any]]] = {
    command.__name__: command
    for command in (
        Commands.status, Commands.backends, Commands.jobs, Commands.show, Commands.usage, Commands.timeline,
        Commands.compare, Commands.advise, Commands.export, Commands.close, Commands.cancel,
    )
}  # fmt: skip


def _parted(command: str, rest: list[str]) -> tuple[list[str], dict[str, Any]]:
    """Part what stands behind a command into ids and flags."""
    known = FLAGS.get(command, {})
    ids: list[str] = []
    flags: dict[str, Any] = {}
    words_left = iter(rest)
    for word in words_left:
        flag, is_given, value = word.partition("=")
        if not word.startswith("-"):
            ids.append(word)
            continue
        called = f"%qmode {command}"
        if flag not in known:
            hint = did_you_mean(flag, known)
            raise UsageError(f"{called} has no flag {printable(flag)}.{hint} %qmode lists what there is.")
        if flag[2:] in flags:
            raise UsageError(f"{called} {flag} is there twice.")
        if known[flag]:
            value = value if is_given else next(words_left, "")
            if not value.strip() or value.startswith("--"):
                raise UsageError(f"{called} {flag} takes a value behind it.")
        elif is_given:
            raise UsageError(f"{called} {flag} takes no value, not {value!r}.")
        flags[flag[2:]] = value or True
    return ids, flags


def _unwritten(why: str) -> UsageError:
    return UsageError(f"{printable(why)}. Nothing was written.")


def _load(word: str) -> float:
    try:
        return load_of(word)
    except ArgumentTypeError:
        raise UsageError(
            f"%qmode compare --loads takes numbers from 0 to {MOST_LOAD:g}, such as 0,0.8, not {word!r}."
        ) from None


def _what(name: str) -> str:
    if name == "aer_simulator":
        return "ideal simulator, no noise, any circuit"
    if name.startswith("fake_"):
        return "snapshot of an IBM QPU: its coupling map, noise and durations"
    return "19 qubits in a heavy-hex lattice, with noise and durations (the default)"
