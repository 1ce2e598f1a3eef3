"""`%qmode`: look at what has run, and act on what runs.

One table of commands feeds its usage, its dispatch and its completion.
"""

from __future__ import annotations

import json
import shlex
import textwrap
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from IPython.core.error import UsageError

from qmode_jupyter import planning
from qmode_jupyter.client import kept_receipts
from qmode_jupyter.cost.constants import PUBLIC
from qmode_jupyter.cost.processors import MACHINES, PROCESSORS
from qmode_jupyter.notebook import actions
from qmode_jupyter.notebook.display.live import say
from qmode_jupyter.notebook.exported import exported
from qmode_jupyter.notebook.flags import Flag, load_of, parse_command, processor_of, split_words
from qmode_jupyter.notebook.ibm_client import ibm_is_installed
from qmode_jupyter.notebook.report import Report
from qmode_jupyter.notebook.services import Services
from qmode_jupyter.notebook.text import tables as text
from qmode_jupyter.notebook.text.grid import WIDTH
from qmode_jupyter.notebook.view_model import LISTED, snapshot
from qmode_jupyter.runtime import user_settings
from qmode_jupyter.runtime.backends import DEFAULT_BACKEND, offered_names, snapshot_of
from qmode_jupyter.runtime.drills import DRILLS, UnknownDrill
from qmode_jupyter.runtime.drills import drill as find_drill
from qmode_jupyter.runtime.store.past import Past
from qmode_jupyter.runtime.tenants import MOST_LOAD
from qmode_jupyter.runtime.whole_file import whole_file
from qmode_jupyter.scheduler.plans import PLANS
from qmode_jupyter.scheduler.records import Mode
from qmode_jupyter.scheduler.trace import Trace
from qmode_jupyter.style.sentences import sentence
from qmode_jupyter.style.spelling import did_you_mean
from qmode_jupyter.style.tables import Table
from qmode_jupyter.style.words import count, printable

if TYPE_CHECKING:
    from qmode_jupyter.runtime.runtime import Runtime

#: So many of the receipts that are kept are shown when none is named.
_NEWEST_RECEIPTS: Final = 10
#: How far right of the commands their help begins.
_HELP_AT: Final = 27


class Text:
    """Lines that a command returns; they show as they are."""

    def __init__(self, lines: str) -> None:
        self._lines = lines

    def __repr__(self) -> str:
        return self._lines


@dataclass(frozen=True, slots=True)
class Command:
    """One command of `%qmode`.

    Attributes
    ----------
    takes
        What stands behind the name, as the usage shows it; flags that it names are not shown again.
    run
        Called with the services, the words behind the name, and the flags that were given.
    """

    name: str
    takes: str
    help: str
    run: Callable[..., Any]
    flags: tuple[Flag, ...] = ()

    @property
    def usage(self) -> str:
        """How it is written: "export ID FILE [--force]"."""
        written = [" ".join((flag.names[0], flag.metavar or "")).strip() for flag in self.flags]
        flags = (f"[{flag}]" for flag in written if flag not in self.takes)
        return " ".join(part for part in (self.name, self.takes, *flags) if part)


def run(services: Services, line: str) -> Any:
    """Run one command line and return what it shows.

    Raises
    ------
    UsageError
        In one line, when there is no such command or what it names does not exist.
    """
    try:
        name, *rest = split_words(line) or ["help"]
    except ValueError as error:
        raise UsageError(f"%qmode: {sentence(error)}") from None
    if name in ("help", "-h", "--help"):
        return Text(_usage(COMMANDS.values()))
    command = COMMANDS.get(name)
    if command is None:
        hint = did_you_mean(name, COMMANDS)
        raise UsageError(f"%qmode has no command {name!r}.{hint} There are {', '.join(COMMANDS)}.")
    ids, flags = parse_command(f"%qmode {name}", command.flags, rest)
    return command.run(services, ids, **flags)


def _usage(commands: Iterable[Command]) -> str:
    """Return the text that lists the commands."""
    lines: list[str] = []
    for command in commands:
        first, *more = textwrap.wrap(command.help, WIDTH - _HELP_AT)
        start = f"  {command.usage}"
        if len(start) < _HELP_AT:
            lines.append(start.ljust(_HELP_AT) + first)
        else:
            lines += [start, " " * _HELP_AT + first]
        lines += [" " * _HELP_AT + line for line in more]
    return "\n".join(
        [
            "%qmode COMMAND",
            "",
            *lines,
            "",
            "An ID may be shortened, or be a workload's name.",
            "Example: %qmode timeline vqe",
        ]
    )


# ---- the commands


def status(services: Services, ids: Sequence[str]) -> Text:
    """One line for each workload that is not closed, or for the one that is named."""
    if ids:
        runtime, owner = _one(services, ids, "status")
        return Text(text.status_line(snapshot(runtime), _owner(runtime, owner)))
    lines = []
    for service in services.open:
        view = snapshot(service.runtime)
        lines += [
            text.status_line(view, owner) for owner, w in view["workloads"].items() if w["state"] != "closed"
        ]
    lines = lines or ["Nothing is open."]
    return Text("\n".join([*lines, *_constants(services)]))


def backends(services: Services, ids: Sequence[str]) -> Table:
    """List the names that `-b` takes."""
    del services  # they are the same of every service
    if ids:
        raise UsageError(f"%qmode backends takes nothing more, not {' '.join(ids)!r}.")
    rows = tuple((name, _what(name)) for name in sorted(offered_names(), key=DEFAULT_BACKEND.__ne__))
    notes = ("A snapshot's own name and any BackendV2 in a variable work, too: -b fake_fez, -b VARIABLE.",)
    return Table("", ("backend", "what it is"), rows, notes)


def drill(services: Services, ids: Sequence[str]) -> Table | Text:
    """List the fault drills, or tell of one what happens and what saves you."""
    del services
    if not ids:
        rows = tuple((one.name, one.title) for one in DRILLS.values())
        return Table("", ("drill", "what happens"), rows, ("Put %%qsession --drill NAME above a cell.",))
    try:
        one = find_drill(" ".join(ids))
    except UnknownDrill as error:
        raise UsageError(f"%qmode drill: {error}") from None
    where = ", ".join(f"%%q{mode}" for mode in Mode if mode in one.modes)
    return Text(
        f"{one.name}: {one.title}\n{one.happens}\nIt can happen in {where}.\n"
        f"What saves you:\n  {one.saved_by}"
    )


def jobs(services: Services, ids: Sequence[str]) -> Text:
    """List jobs."""
    if ids:
        runtime, owner = _one(services, ids, "jobs")
        return Text(text.jobs_table(snapshot(runtime), _owner(runtime, owner)))
    tables = [text.jobs_table(view) for s in services.open if (view := snapshot(s.runtime))["jobs"]]
    if kept := services.kept_jobs(LISTED):
        tables.append(text.kept_table(kept, most=LISTED))
    return Text("\n\n".join(tables) or "No job has been submitted yet.")


def show(services: Services, ids: Sequence[str]) -> Text:
    """All that is known of one job, or of one workload and its jobs."""
    runtime, name = _one(services, ids, "show")
    view = snapshot(runtime)
    spent = text.parts_line(runtime.trace(name))
    if name in view["jobs"]:
        return Text(text.describe_job(view, name, spent=spent))
    lines = [text.status_line(view, name), *([spent] if spent else [])]
    return Text("\n".join(lines) + "\n\n" + text.jobs_table(view, name))


def usage(services: Services, ids: Sequence[str]) -> Text | Report:
    """Where the time went: of one workload or job, or the sums of all."""
    if ids:
        runtime, name = _one(services, ids, "usage")
        return Report(runtime.trace(name), name)
    tables = [text.workloads_table(view) for s in services.open if (view := snapshot(s.runtime))["workloads"]]
    before = " in this kernel; %qmode usage ID: of what %qmode jobs lists" if services.kept_jobs(1) else ""
    return Text("\n\n".join(tables) or f"Nothing has been charged yet{before}.")


def timeline(services: Services, ids: Sequence[str]) -> Any:
    """Draw a workload or job."""
    runtime, name = _one(services, ids, "timeline") if ids else services.latest()
    return Report(runtime.trace(name), name).timeline()


def compare(services: Services, ids: Sequence[str], *, figure: bool = False, **options: Any) -> Any:
    """Replay a finished workload under other rules: the `plans`, `processors` and `loads` that were given."""
    comparison = _of(services, ids, "compare", lambda trace: planning.compare(trace, **options))
    return comparison.figure() if figure else comparison


def why(services: Services, ids: Sequence[str]) -> Any:
    """Say what each charged second was for, and what would have saved most."""
    return _of(services, ids, "why", planning.why)


def receipt(services: Services, ids: Sequence[str]) -> Any:
    """Lay receipts beside the cost model: those in a file, of a job, or of the last cell on hardware."""
    from qmode_jupyter.client.receipts import read

    if len(ids) > 1:
        raise UsageError(
            "%qmode receipt takes one file or job, or nothing for the last cell on hardware, as in: %qmode "
            "receipt receipt.json."
        )
    sources: list[Any] = list(ids or services.receipts.values() or kept_receipts.kept()[:_NEWEST_RECEIPTS])
    if not sources:
        raise UsageError(
            "No receipt is kept yet: a cell on hardware keeps those of its jobs, or name a file."
        )
    if ids and not Path(ids[0]).expanduser().exists():
        sources = [services.receipts.get(ids[0]) or kept_receipts.of_job(ids[0]) or ids[0]]
    try:
        checks = [services.current.receipt(one) for source in sources for one in read(source)]
    except ValueError as error:  # IBMInputValueError is one
        raise UsageError(sentence(error)) from None
    return checks[0] if len(checks) == 1 else Text("\n\n".join(map(repr, checks)))


def calibrate(services: Services, ids: Sequence[str], *, reset: bool = False) -> Any:
    """Fit the cost model to the receipts in some files, or forget what was fitted."""
    from qmode_jupyter.errors import QmodeError

    if bool(ids) == reset:
        raise UsageError(
            "%qmode calibrate takes files of receipts, or --reset alone, as in: %qmode calibrate mine.json."
        )
    try:
        if reset:
            forgotten = services.current.reset_calibration()
            said = "Forgotten: the constants of public receipts hold again."
            say(said if forgotten else "Nothing was fitted: the constants of public receipts hold.")
            found = None
        else:
            found = services.current.calibrate(list(ids))
            say(f"Kept in {printable(str(user_settings.path()))}; %qmode calibrate --reset forgets it.")
    except QmodeError as error:
        raise UsageError(sentence(error)) from None
    for service in services.open:
        service.runtime.price_with(services.current.settings.spread)
    return found


def advise(services: Services, ids: Sequence[str]) -> Any:
    """Say what a finished workload teaches."""
    return _of(services, ids, "advise", planning.advise)


def export(services: Services, ids: Sequence[str], *, force: bool = False) -> None:
    """Save the trace of a workload and its results, in place of a file that is there only with `force`."""
    if len(ids) != 2 or not all(word.strip() for word in ids):
        raise UsageError("%qmode export takes an ID and a file, as in: %qmode export vqe vqe.json.")
    runtime, name = services.find(ids[0])
    path = Path(ids[1])
    try:
        path = path.expanduser()
        if path.is_dir():
            raise _unwritten(f"{path} is a folder, and export takes a file")
        written = json.dumps(exported(runtime, name))
        with whole_file(path, overwrite=force) as part:
            part.write_text(written, encoding="utf-8")
    except FileExistsError:
        raise _unwritten(f"{path} exists already, and --force overwrites it") from None
    except (OSError, RuntimeError, ValueError) as error:
        reason = sentence(getattr(error, "strerror", None) or error).rstrip(".")
        raise _unwritten(f"{path} can't be written: {reason[:1].lower()}{reason[1:]}") from None
    say(f"Saved as {printable(str(path))}; Trace.load reads it.")


def close(services: Services, ids: Sequence[str], *, all: bool = False) -> None:
    """Close a workload, or all."""
    if all and not ids:
        closed = 0
        for service in services.open:
            for workload in service.runtime.workloads.records():
                if workload.closed_at is None and workload.accepting_jobs:
                    service.runtime.workloads.close(workload.id)
                    closed += 1
        say(f"{count(closed, 'workload')} closed." if closed else "Nothing was open.")
        return
    runtime, name = _one(services, [*ids, "--all"] if all else ids, "close", "or --all")
    owner = _owner(runtime, name)
    if owner != name:
        raise UsageError(f"%qmode close takes no job, which {name} is: %qmode cancel {name} cancels it.")
    if isinstance(runtime, Past):
        of = runtime.running_elsewhere() or "a service that has ended"
        raise UsageError(f"%qmode close can't close {name}: it is of {of}.")
    actions.close(runtime, owner)
    say(text.status_line(snapshot(runtime), owner))


def cancel(services: Services, ids: Sequence[str]) -> None:
    """Cancel a job, or every job of a workload."""
    from qmode_jupyter.errors import QmodeError

    runtime, name = _one(services, ids, "cancel")
    try:
        if name in runtime.jobs:
            runtime.cancel_job(name)
            say(f"Job {name} is cancelled.")
        else:
            cancelled = actions.cancel_all(runtime, name)
            say(f"{count(cancelled, 'job')} cancelled." if cancelled else "No job was left to cancel.")
    except QmodeError as error:
        raise UsageError(sentence(error)) from None


def serve(services: Services, ids: Sequence[str], *, stop: bool = False) -> Text | None:
    """Let IBM's client in other processes use the service, or end that."""
    if ids:
        raise UsageError(f"%qmode serve takes nothing more but --stop, not {' '.join(ids)!r}.")
    if not ibm_is_installed():
        raise UsageError(
            '%qmode serve needs IBM\'s client and a web server: pip install "qmode_jupyter[ibm]".'
        )
    from qmode_jupyter.errors import QmodeError
    from qmode_jupyter.ibm import connect

    if stop:
        stopped = sum(connect.stop(service) for service in services.open)
        say("Nothing is served any more." if stopped else "Nothing was served.")
        return None
    try:
        variables = connect.env(services.current)
    except QmodeError as error:
        raise UsageError(sentence(error)) from None
    lines = [f"  export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return Text(
        "\n".join(
            [
                "This service is served to IBM's client on this machine only, until %qmode serve --stop:",
                f"  URL    {variables['QISKIT_IBM_URL']}",
                f"  CRN    {variables['QISKIT_IBM_INSTANCE']}",
                f"  token  {variables['QISKIT_IBM_TOKEN']}",
                "With these variables QiskitRuntimeService() in another process comes here:",
                *lines,
                "In this notebook: from qmode_jupyter import ibm; service = ibm.service()",
            ]
        )
    )


# ---- what stands behind them


def _plans(given: str) -> list[str]:
    return [word.strip() for word in _some(given).split(",")]


def _processors(given: str) -> list[str]:
    return [processor_of(word) for word in _some(given).split(",")]


def _loads(given: str) -> list[float]:
    return [_load(word) for word in _some(given).split(",")]


def _load(word: str) -> float:
    try:
        return load_of(word)
    except ArgumentTypeError:
        raise ArgumentTypeError(
            f"takes numbers from 0 to {MOST_LOAD:g}, such as 0,0.8, not {word!r}"
        ) from None


def _some(given: str) -> str:
    if not given.strip():
        raise ArgumentTypeError("takes a value behind it")
    return given


def _of(services: Services, ids: Sequence[str], command: str, function: Callable[[Trace], Any]) -> Any:
    runtime, name = _one(services, ids, command) if ids else services.latest()
    try:
        return function(runtime.trace(name))
    except ValueError as error:  # IBMInputValueError and UnknownPlan are some
        raise UsageError(sentence(error)) from None


def _one(services: Services, ids: Sequence[str], command: str, other: str = "") -> tuple[Runtime | Past, str]:
    """Return the runtime and the full id of the one thing that is named."""
    if len(ids) != 1 or not ids[0].strip():
        wanted = " ".join(part for part in ("one ID", other) if part)
        given = repr(" ".join(ids)) if ids else "nothing"
        raise UsageError(f"%qmode {command} takes {wanted}, not {given}.")
    runtime, name = services.find(ids[0])
    if isinstance(runtime, Past) and (elsewhere := runtime.running_elsewhere()):
        say(f"{name} is of {elsewhere}: this is what was last written of it.")
    return runtime, name


def _constants(services: Services) -> list[str]:
    """Return the line that says so where a person's own constants hold."""
    spread = services.current.settings.spread
    return [] if spread.origin == PUBLIC.origin else [f"Priced with constants fitted to {spread.origin}."]


def _owner(runtime: Runtime | Past, name: str) -> str:
    """Return the workload or group itself, or that of a job."""
    return (runtime.jobs.owner(name) or name) if name in runtime.jobs else name


def _unwritten(why: str) -> UsageError:
    return UsageError(f"{printable(why)}. Nothing was written.")


def _what(name: str) -> str:
    if name == "aer_simulator":
        return "ideal simulator, no noise, any circuit"
    if name != DEFAULT_BACKEND:
        return f"IBM's snapshot {snapshot_of(name) or name}: its coupling map, noise and durations"
    return "19 qubits in a heavy-hex lattice, with noise and durations (the default)"


#: The commands by their names, in the order of the usage.
COMMANDS: Final[dict[str, Command]] = {
    command.name: command
    for command in (
        Command("status", "[ID]", "state, timeouts and usage of what runs, or of one workload", status),
        Command("backends", "", "the QPUs that can be rehearsed on", backends),
        Command("jobs", "[ID]", "the jobs, all or those of one workload", jobs),
        Command("show", "ID", "everything about one job or workload", show),
        Command("usage", "[ID]", "where the time went, and what is charged for it", usage),
        Command(
            "timeline",
            "[ID]",
            "the picture of a workload or job; the newest workload without ID",
            timeline,
        ),
        Command(
            "compare",
            "[ID]",
            "what it would have taken and cost in the other modes, on other plans and processors, in "
            "busier queues",
            compare,
            (
                Flag(("--plans",), read=_plans, choices=lambda: PLANS, metavar="A,B"),
                Flag(
                    ("--processors",),
                    read=_processors,
                    choices=lambda: (*PROCESSORS, *MACHINES),
                    metavar="A,B",
                ),
                Flag(("--loads",), read=_loads, metavar="X,Y"),
                Flag(("--figure",)),
            ),
        ),
        Command("why", "[ID]", "what each charged second was for, and what would have saved most", why),
        Command(
            "receipt",
            "[FILE|ID]",
            "what real jobs were charged, beside what the model says; without FILE those of the "
            "last cell on hardware",
            receipt,
        ),
        Command(
            "calibrate",
            "FILE...|--reset",
            "fit the cost model to receipts of your own, for all services to come",
            calibrate,
            (Flag(("--reset",)),),
        ),
        Command("drill", "[NAME]", "the faults that %%qsession --drill NAME lets you practise", drill),
        Command("advise", "[ID]", "what the run teaches, with its own numbers", advise),
        Command(
            "export",
            "ID FILE",
            "save the record and the results of a workload as JSON; --force overwrites a file",
            export,
            (Flag(("--force",)),),
        ),
        Command(
            "close",
            "ID|--all",
            "close a session or batch: no new jobs, the others run on",
            close,
            (Flag(("--all",)),),
        ),
        Command("cancel", "ID", "cancel a job, or every job of a workload", cancel),
        Command(
            "serve",
            "[--stop]",
            "let IBM's client in other processes of this machine use the service",
            serve,
            (Flag(("--stop",)),),
        ),
    )
}
