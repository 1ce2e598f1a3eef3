"""One cell in one workload: open it, run the cell, end it, show what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from qmode_jupyter.errors import RuntimeClosedError
from qmode_jupyter.notebook.actions import cancel_all
from qmode_jupyter.notebook.cell_names import CellNames
from qmode_jupyter.notebook.display.live import Emulated, LiveDisplay, say
from qmode_jupyter.notebook.display.throttle import RateLimit
from qmode_jupyter.notebook.flags import CellFlags
from qmode_jupyter.notebook.ibm_client import primitives_joined
from qmode_jupyter.notebook.report import Report
from qmode_jupyter.notebook.run_cell import refuse_await, run_body
from qmode_jupyter.notebook.services import Services
from qmode_jupyter.runtime.drills import drill
from qmode_jupyter.scheduler.records import Mode
from qmode_jupyter.style.sentences import sentence

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

    from qmode_jupyter.client.service import RuntimeService
    from qmode_jupyter.client.session import Session
    from qmode_jupyter.runtime.budgets import Budget
    from qmode_jupyter.runtime.runtime import Runtime


class WorkloadCell:
    """A cell under `%%qsession`, `%%qbatch` or `%%qjob`.

    Parameters
    ----------
    cards
        The limits that the live cards of all cells share.
    names
        What the cells of this shell find defined.
    """

    def __init__(
        self,
        shell: InteractiveShell,
        services: Services,
        cards: RateLimit,
        names: CellNames,
        mode: Mode,
        flags: CellFlags,
    ) -> None:
        self._shell = shell
        self._services = services
        self._cards = cards
        self._names = names
        self._mode = mode
        self._flags = flags
        self._service: RuntimeService = services.choose(flags.service)
        self._check_drill(flags.drill)
        self._backend: BackendV2 = services.backend(flags.backend, self._service, shell.user_ns)
        self._service = self._service_of(self._backend)
        self._budget = self._parsed_budget(flags.budget)

    def run(self, body: str) -> None:
        """Run the cell; what it raises is raised again when everything is closed and shown."""
        refuse_await(self._shell, body, f"q{self._mode}")
        self._runtime.begin_drill()
        if self._mode is Mode.JOB:
            self._run_as_jobs(body)
        else:
            self._run_in_workload(body)

    # ---- job mode

    def _run_as_jobs(self, body: str) -> None:
        group = self._runtime.groups.open(self._flags.name or "", self._backend)
        if self._budget is not None:
            self._runtime.limit_usage(group, self._budget)
        display = self._display(group)
        error = self._run(body, group)
        with self._closed_inside(display, error):
            self._runtime.groups.close(group)
            jobs = self._runtime.groups[group].jobs
            unfinished = [job for job in jobs if not self._runtime.job_record(job).settled]
            if isinstance(error, KeyboardInterrupt):
                cancel_all(self._runtime, group)
            elif error is None:
                error = self._wait(lambda: [self._runtime.wait(job) for job in unfinished], group)
            self._finish(group, display, error)

    # ---- sessions and batches

    def _run_in_workload(self, body: str) -> None:
        from qmode_jupyter.client.process import with_blocks

        session = self._open()
        assert session.session_id is not None
        if self._budget is not None:
            self._runtime.limit_usage(session.session_id, self._budget)
        workload = session.session_id
        display = self._display(workload)
        with_blocks.enter(session)
        try:
            error = self._run(body, workload, **{self._mode.value: session})
        finally:
            with_blocks.leave(session)
        self._services.kept = None
        with self._closed_inside(display, error):
            if isinstance(error, KeyboardInterrupt):  # SEMANTICS A23
                self._runtime.workloads.abandon(workload)
            elif self._flags.keep_open and error is None:
                report = Report(self._runtime.trace(workload), workload)
                self._services.kept = session
                display.leave()
                self._store(report)
                return
            else:
                session.close()
                late = self._wait(lambda: self._runtime.workloads.wait(workload), workload)
                error = error or late
            self._finish(workload, display, error)
            self._services.rehearsed[self._mode, body.strip()] = self._runtime.trace(workload)

    @property
    def _runtime(self) -> Runtime:
        return self._service.runtime

    def _open(self) -> Session:
        from qmode_jupyter.client.session import Batch, Session
        from qmode_jupyter.errors import IBMError

        kept = self._services.kept_open(self._mode, self._service, self._backend)
        if kept is not None:
            return kept
        if self._services.kept is not None:
            self._close_kept(self._services.kept)
        if self._mode is Mode.SESSION and self._service.plan.sessions == "job mode":
            raise UsageError(
                f"%%q{self._mode}: the {self._service.plan.title} plan has no sessions, jobs would run in "
                "job mode: use %%qjob. Nothing was run."
            )
        kind = Batch if self._mode is Mode.BATCH else Session
        try:
            opened = kind(
                self._backend,
                max_time=self._flags.max_time,
                service=self._service,
                name=self._flags.name or "",
            )
        except IBMError as error:
            raise UsageError(f"%%q{self._mode}: {sentence(error)} Nothing was run.") from None
        return opened

    def _close_kept(self, kept: Session) -> None:
        self._services.kept = None
        if kept.service.closed:
            return
        record = kept.record()
        if record is not None and record.closed_at is None:
            kept.close()
            say(f"The {record.mode} that was left open on {record.qpu} is closed: this cell opens another.")

    # ---- for all of them

    def _parsed_budget(self, text: str | None) -> Budget | None:
        from qmode_jupyter.errors import IBMInputValueError
        from qmode_jupyter.runtime.budgets import Budget

        if text is None:
            return None
        try:
            return Budget.parse(text, self._service.plan)
        except IBMInputValueError as error:
            raise UsageError(f"%%q{self._mode} --budget: {sentence(error)} Nothing was run.") from None

    def _service_of(self, backend: BackendV2) -> RuntimeService:
        from qmode_jupyter.client.service import belongs, service_of

        if belongs(backend) and self._flags.backend is not None:
            owner = service_of(backend)
            if owner is not self._service and self._flags.service:
                raise UsageError(
                    f"-b {self._flags.backend} belongs to another service, whose plan and timing hold: "
                    "leave those flags out, or name the backend in quotes. Nothing was run."
                )
            return owner
        return self._service

    def _display(self, owner: str) -> LiveDisplay:
        return LiveDisplay(Emulated(self._runtime, owner), self._cards, quiet=self._flags.quiet)

    def _run(self, body: str, owner: str, **names: Any) -> BaseException | None:
        from qmode_jupyter.client.primitives import EstimatorV2, SamplerV2
        from qmode_jupyter.notebook.outside_jobs import OutsideJobs

        names |= {"Sampler": SamplerV2, "Estimator": EstimatorV2}
        names |= {"backend": self._backend, "service": self._service}
        outside = OutsideJobs(self._backend, self._sees)
        try:
            before = self._jobs_of(owner)
            joined = primitives_joined(body, self._service, self._backend, self._mode, owner)
            with self._names.defined(names), outside.watched(), joined:
                error = run_body(self._shell, body)
            noun = "cell" if self._mode is Mode.JOB else self._mode.value
            if line := outside.line(noun, self._jobs_of(owner) - before, error):
                say(line)
            return error
        except KeyboardInterrupt as interrupt:  # it came between two lines of ours
            return interrupt

    def _sees(self, job: str) -> bool:
        """Whether a job is in the cell's service, where widget and tables show it."""
        return not self._service.closed and job in self._runtime.jobs

    def _jobs_of(self, owner: str) -> int:
        """Return how many jobs the cell's workload or group has had; none if its service is closed."""
        try:
            if self._mode is Mode.JOB:
                return len(self._runtime.groups[owner].jobs)
            return self._runtime.workloads.record(owner).jobs
        except RuntimeClosedError:
            return 0

    @contextmanager
    def _closed_inside(self, display: LiveDisplay, error: BaseException | None) -> Iterator[None]:
        """End a cell whose service is closed before the cell is over, by its own code or in the end."""
        try:
            yield
            return
        except RuntimeClosedError:
            if not self._service.closed:
                raise
        display.finish()
        self._show_drill()
        say(
            f"The service of this %%q{self._mode} cell was closed before the cell was over: what had not "
            "ended is cancelled, its results are lost. The next cell uses another service."
        )
        if error is not None:
            raise error

    def _wait(self, wait: Callable[[], object], owner: str) -> BaseException | None:
        try:
            wait()
        except KeyboardInterrupt as interrupt:
            if self._mode is Mode.JOB:
                cancel_all(self._runtime, owner)
            else:
                self._runtime.workloads.abandon(owner)
            return interrupt
        return None

    def _finish(self, owner: str, display: LiveDisplay, error: BaseException | None) -> None:
        report = Report(self._runtime.trace(owner), owner)
        if error is not None and not report.jobs:
            display.withdraw()
        else:
            display.finish()
            if not self._flags.no_timeline:
                display.draw(report)
        self._show_drill()
        self._store(report)
        if error is not None:
            raise error

    def _show_drill(self) -> None:
        report = self._runtime.drill_report()
        if report is not None:
            say(str(report))

    def _check_drill(self, name: str | None) -> None:
        if name is not None and self._mode not in (modes := drill(name).modes):
            where = " or ".join(f"%%q{mode}" for mode in Mode if mode in modes)
            raise UsageError(
                f"--drill {name} can't happen in %%q{self._mode}: it is for {where}. Nothing was run."
            )

    def _store(self, report: Report) -> None:
        if self._flags.out is not None:
            self._shell.push({self._flags.out: report})
