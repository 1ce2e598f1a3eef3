"""One cell in a real session or batch: what it may cost is said, it is asked for, run, ended and shown."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from IPython.core.error import StdinNotImplementedError, UsageError
from IPython.core.interactiveshell import InteractiveShell
from qiskit.primitives import BasePrimitiveJob

from qmode_jupyter.client import kept_receipts
from qmode_jupyter.client.max_time import max_time_seconds
from qmode_jupyter.client.receipts import receipt_of
from qmode_jupyter.errors import QmodeError
from qmode_jupyter.ibm.hardware.account import place_of
from qmode_jupyter.ibm.hardware.history import trace_of
from qmode_jupyter.ibm.hardware.watch import EVERY_LOCAL_S, EVERY_S, Watch
from qmode_jupyter.ibm.hardware.workload import RealWorkload
from qmode_jupyter.notebook.cell_names import CellNames
from qmode_jupyter.notebook.display.live import LiveDisplay, say
from qmode_jupyter.notebook.display.throttle import RateLimit
from qmode_jupyter.notebook.flags import CellFlags
from qmode_jupyter.notebook.outside_jobs import OutsideJobs, noting
from qmode_jupyter.notebook.record_view import message_of
from qmode_jupyter.notebook.report import Report
from qmode_jupyter.notebook.run_cell import refuse_await, run_body
from qmode_jupyter.notebook.services import Services
from qmode_jupyter.notebook.view_model import Message
from qmode_jupyter.planning.rehearsed import expected
from qmode_jupyter.scheduler.records import Mode
from qmode_jupyter.style.sentences import sentence
from qmode_jupyter.style.words import count, duration, money, printable

_JOINS: Final = (
    "The cell's own Sampler and Estimator, and those of qiskit_ibm_runtime without a mode, join it."
)


class HardwareCell:
    """A cell under `%%qsession` or `%%qbatch` whose backend is one of IBM's client.

    Parameters
    ----------
    cards
        The limits that the live cards of all cells share.
    names
        What the cells of this shell find defined.

    Raises
    ------
    UsageError
        In one line, for flags that hardware has not, and if the service can't be asked.
    """

    def __init__(
        self,
        shell: InteractiveShell,
        services: Services,
        cards: RateLimit,
        names: CellNames,
        mode: Mode,
        flags: CellFlags,
        backend: Any,
    ) -> None:
        self._shell = shell
        self._services = services
        self._cards = cards
        self._names = names
        self._mode = mode
        self._flags = flags
        self._backend = backend
        if flags.only_emulated:
            raise UsageError(
                f"%%q{mode}: {backend.name} is no emulated backend, and {', '.join(flags.only_emulated)} "
                "can't hold there. Nothing was run."
            )
        try:
            self._place = place_of(backend)
        except QmodeError as error:
            raise UsageError(f"%%q{mode}: {sentence(error)} Nothing was run.") from None

    def run(self, body: str) -> None:
        """Run the cell; what it raises is raised again when everything is closed and shown."""
        refuse_await(self._shell, body, f"q{self._mode}")
        for line in self._announcement(body):
            say(line)
        if self._place.plan.price_usd_per_s is not None and not self._flags.yes:
            self._ask()
        workload = self._open()
        watch = Watch(
            workload,
            self._backend.name,
            self._flags.name or "",
            self._place.plan,
            EVERY_LOCAL_S if self._place.local else EVERY_S,
        )
        error: BaseException | None = None
        ended = False
        try:
            watch.start()
            display = LiveDisplay(_Shown(watch, workload), self._cards, quiet=self._flags.quiet)
            error = self._run(body, workload, watch)
            trouble = _end(workload, watch, cancel=isinstance(error, KeyboardInterrupt))
            ended = True
            late = self._wait(workload, watch) if not trouble else None
            error = error or late
        finally:
            if not ended:  # by an interrupt or an error of ours on the way
                trouble = _end(workload, watch, cancel=True)
            watch.stop()
            if trouble:
                say(_not_closed(workload, trouble))
        self._finish(watch, display, error)

    # ---- before it

    def _announcement(self, body: str) -> Iterator[str]:
        """Yield what a person should know before it runs, in a few lines."""
        place, plan = self._place, self._place.plan
        where = (
            f"the service at {place.local}, in the place of IBM's cloud" if place.local else "real hardware"
        )
        yield (
            f"{self._backend.name} is {where}: {place.processor.title}, instance "
            f"{printable(place.instance) or 'without a name'}, {plan.title} plan."
        )
        if not place.known_plan:
            yield "What the plan of this instance costs is not known here: priced as Premium."
        rehearsal = self._services.rehearsed.get((self._mode, body.strip()))
        if rehearsal is not None:
            usage = expected(rehearsal, place.processor, self._services.current.settings.spread)
            yield (
                f"By the rehearsal of this cell: usage {duration(usage.usage_s)} ({duration(usage.low_s)} to "
                f"{duration(usage.high_s)}){self._costs(usage.usage_s, usage.low_s, usage.high_s)}. How long "
                "it waits in the queue, and what the code does with other results, can't be known."
            )
        else:
            asked_s, longest_s = max_time_seconds(self._flags.max_time), plan.longest_s(self._mode)
            longest_s = min(asked_s or longest_s, longest_s)
            yield (
                f"This cell has not been rehearsed here, so what it uses can't be known: at most "
                f"{duration(longest_s)}{self._costs(longest_s)}. Without -b it is rehearsed, and --max-time "
                "bounds it."
            )
        if place.has_dry_runs():
            yield "run(..., dry_run=True) checks and times a job there without the QPU."

    def _costs(self, likely_s: float, low_s: float | None = None, high_s: float | None = None) -> str:
        prices = [
            self._place.plan.price_usd(seconds)
            for seconds in (likely_s, low_s, high_s)
            if seconds is not None
        ]
        written = [money(float(price)) for price in prices if price is not None]
        if not written:
            return ", free of charge"
        return f", {written[0]}" + (f" ({written[1]} to {written[2]})" if len(written) > 1 else "")

    def _ask(self) -> None:
        """Ask whether to run it; raise `UsageError` unless the answer is yes."""
        refused = UsageError(
            f"%%q{self._mode}: nobody is there to ask whether this run on {self._backend.name} may cost "
            "money: --yes says that it may. Nothing was run."
        )
        if getattr(self._shell, "kernel", None) is None and not _asks():
            raise refused
        try:
            answer = input(f"Run it on {self._backend.name}? [y/N] ")
        except (StdinNotImplementedError, EOFError, OSError):
            raise refused from None
        if answer.strip().lower() not in ("y", "yes"):
            raise UsageError(f"%%q{self._mode}: not wanted. Nothing was run.")

    def _open(self) -> RealWorkload:
        try:
            return RealWorkload(self._backend, self._mode, self._flags.max_time)
        except QmodeError as error:
            raise UsageError(f"%%q{self._mode}: {sentence(error)} Nothing was run.") from None

    # ---- it, and its end

    def _run(self, body: str, workload: RealWorkload, watch: Watch) -> BaseException | None:
        names = {self._mode.value: workload.session, "backend": self._backend}
        names |= {"service": self._place.service, **workload.primitives}
        outside = OutsideJobs(self._backend, watch.__contains__, blind="qmode_jupyter")
        error: BaseException | None
        try:
            with (
                self._names.defined(names),
                noting(BasePrimitiveJob, watch.add_if_real),
                outside.watched(),
                workload.in_force(),
            ):
                error = run_body(self._shell, body)
        except KeyboardInterrupt as interrupt:  # it came between two lines of ours
            error = interrupt
        if line := outside.line(self._mode.value, len(watch.jobs), error, _JOINS):
            say(line)
        return error

    def _wait(self, workload: RealWorkload, watch: Watch) -> BaseException | None:
        """Wait until the service has told everything; an interrupt cancels what is left."""
        try:
            self._place.let_it_run(workload.id)
            watch.wait()
        except KeyboardInterrupt as interrupt:
            _end(workload, watch, cancel=True)
            return interrupt
        if watch.failed:
            say("The service does not answer any more: what is shown is what was known last.")
        return None

    def _finish(self, watch: Watch, display: LiveDisplay, error: BaseException | None) -> None:
        facts = watch.facts()
        report = Report(trace_of(facts), facts.id)
        if error is not None and not report.jobs:
            display.withdraw()
        else:
            display.finish()
            if not self._flags.no_timeline:
                display.draw(report)
        if self._flags.out is not None:
            self._shell.push({self._flags.out: report})
        if not isinstance(error, KeyboardInterrupt) and (line := self._keep_receipts(watch)):
            say(line)
        if error is not None:
            raise error

    def _keep_receipts(self, watch: Watch) -> str:
        """Keep the receipts of the jobs that are done; return a line about them, "" where there is none.

        What a stand-in charges teaches nothing of what real jobs cost: its receipts are not written.
        """
        receipts = self._services.receipts = {}
        trouble = ""
        for job, facts in zip(watch.jobs, watch.facts().jobs, strict=True):
            if facts.status != "DONE":
                continue
            try:
                receipts[facts.id] = receipt_of(job)
                if not self._place.local:
                    kept_receipts.keep(receipts[facts.id])
            except QmodeError as error:
                trouble = sentence(error)
            except Exception as error:  # noqa: BLE001 - of the network, of the service
                trouble = sentence(f"Job {facts.id} could not be asked for its receipt: {error}")
        there = f"%qmode receipt lays {count(len(receipts), 'receipt')} beside the model."
        return f"{there if receipts else ''} {trouble}".strip()


@dataclass(frozen=True, slots=True)
class _Shown:
    """A real session or batch as the displays see it."""

    watch: Watch
    workload: RealWorkload

    @property
    def owner(self) -> str:
        return self.workload.id

    def view(self, changed: frozenset[str] | None) -> Message:
        return message_of(trace_of(self.watch.facts()), self.owner, changed)

    def subscribe(
        self, changed: Callable[[frozenset[str]], None], ended: Callable[[], None]
    ) -> Callable[[], None]:
        return self.watch.subscribe(changed, ended)

    def act(self, request: dict[str, Any]) -> dict[str, Any]:
        action, target = request.get("action"), request.get("id")
        jobs = [job for job in self.watch.jobs if action == "cancel_all" or job.job_id() == target]
        try:
            if action in ("cancel_job", "cancel_all"):
                for job in jobs:
                    if action == "cancel_job" or not job.in_final_state():
                        job.cancel()
            elif action == "close":
                self.workload.session.close()
            else:
                return {"ok": False, "error": f"There is no action {action!r}; nothing was changed."}
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the person who clicked is told
            return {"ok": False, "error": sentence(str(error).partition("\n")[0])}
        return {"ok": True}


def _end(workload: RealWorkload, watch: Watch, *, cancel: bool) -> str:
    """Close or cancel it; return what went wrong, "" if nothing did."""
    watch.ended(cancelled=cancel)
    return workload.cancel(watch.jobs) if cancel else workload.close()


def _not_closed(workload: RealWorkload, trouble: str) -> str:
    return (
        f"The {workload.mode} {workload.id} could not be closed, and may be charged until its timeouts end "
        f"it: {trouble} To close it: Session.from_id({workload.id!r}, service).close()."
    )


def _asks() -> bool:
    """Whether somebody sits at a terminal."""
    try:
        return sys.stdin.isatty()
    except (AttributeError, ValueError):
        return False
