"""Session and Batch: jobs that are scheduled together (SEMANTICS sections 2 and 3)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, Self

from qmode_jupyter.client.arguments import checked
from qmode_jupyter.client.context import JobContainer
from qmode_jupyter.client.details import as_sent, wire_mode, workload_details, workload_usage
from qmode_jupyter.client.max_time import max_time_seconds
from qmode_jupyter.client.mode import checked_service, service_and_backend, submit
from qmode_jupyter.client.options.kinds import TEXT
from qmode_jupyter.client.primitives import EstimatorV2, SamplerV2
from qmode_jupyter.client.process import with_blocks
from qmode_jupyter.client.service import RuntimeService, default_service
from qmode_jupyter.errors import (
    IBMInputValueError,
    IBMRuntimeError,
    OptionError,
    QmodeError,
    QmodeWarning,
    RuntimeClosedError,
    RuntimeProgramNotFound,
    UnsupportedOptionWarning,
    V1StyleError,
)
from qmode_jupyter.scheduler.records import Mode
from qmode_jupyter.style.characters import printable, shown
from qmode_jupyter.style.warn import warn

if TYPE_CHECKING:
    from types import TracebackType

    from qiskit.providers import BackendV2

    from qmode_jupyter.client.job import RuntimeJob
    from qmode_jupyter.runtime.jobs import JobRequest
    from qmode_jupyter.runtime.runtime import Runtime
    from qmode_jupyter.runtime.store.past import Past
    from qmode_jupyter.scheduler.records import WorkloadRecord

_log = logging.getLogger(__name__)


class Session(JobContainer):
    """Jobs with the QPU to themselves, for iterative work.

    The session is active from its first job's start until it has been idle for the interactive
    timeout, and gets no job any more when the maximum timeout has come. What it is charged is the
    time that it is active: close it, or use ``with``, which does.

    Parameters
    ----------
    backend
        A backend, or the name of one of `service`.
    max_time
        The maximum timeout: seconds, or a text like "2h 30m 40s"; None for the plan's own.
    service
        Where to run; None for the service that `backend` belongs to, or the default one.
    create_new
        False makes an object without a session behind it; `from_id` gives it one.
    name
        What tables and pictures call it.

    Raises
    ------
    IBMInputValueError
        For a backend or `max_time` that can't be; it is a ValueError, too.
    BackendNotFoundError
        For the name of no backend.
    RequestsApiError
        If the service refuses: 1352, the plan has no sessions (SEMANTICS S16); 1208, `max_time` is
        out of the plan's bounds (SEMANTICS A4).

    Examples
    --------
    >>> with Session(backend="generic_19q", max_time="10m") as session:  # doctest: +SKIP
    ...     estimator = EstimatorV2()
    """

    _mode: ClassVar[Mode] = Mode.SESSION

    def __init__(
        self,
        backend: BackendV2 | str,
        max_time: int | str | None = None,
        *,
        service: RuntimeService | None = None,
        create_new: bool | None = True,
        name: str = "",
    ) -> None:
        self._service, self._backend = service_and_backend(backend, service)
        seconds, called = max_time_seconds(max_time), checked("name", TEXT, name)
        self._active = True
        self._session_id: str | None = None
        if create_new and not self._falls_back():
            # A maximum of 0 is not sent: the plan's own holds (SEMANTICS S14).
            self._session_id = self._service.runtime.workloads.open(
                self._mode, self._backend, seconds or None, called
            )

    def _falls_back(self) -> bool:
        if self._mode is not Mode.SESSION or self._service.plan.sessions != "job mode":
            return False
        warn(  # SEMANTICS A16
            f"The {self._service.plan.title} plan has no sessions: jobs will run in job mode instead.",
            QmodeWarning,
        )
        return True

    # ---- what it is

    @property
    def _runtime(self) -> Runtime | Past:
        runtime = self._service.runtime
        return runtime if self._session_id is None else runtime.holder(self._session_id)

    @property
    def service(self) -> RuntimeService:
        """The service that runs it."""
        return self._service

    @property
    def session_id(self) -> str | None:
        """Its id; None when jobs run in job mode."""
        return self._session_id

    @property
    def backend_object(self) -> BackendV2:
        """The backend itself; `backend` is its name."""
        return self._backend

    def backend(self) -> str:
        """Return the name of its backend."""
        return str(self._backend.name)

    @property
    def max_time(self) -> float | None:
        """Its maximum timeout in seconds, the plan's own if none was given; None in job mode."""
        record = self.record()
        return None if record is None else as_sent(record.max_time_s)

    def record(self) -> WorkloadRecord | None:
        """Return everything that is known of it now, in emulated seconds."""
        return None if self._session_id is None else self._runtime.workloads.record(self._session_id)

    def status(self) -> str | None:
        """Return its status in IBM's words (SEMANTICS S2).

        "Pending", "In progress, accepting new jobs", "In progress, not accepting new jobs" or
        "Closed"; None without a session.
        """
        record = self.record()
        return None if record is None else record.status

    def usage(self) -> float | None:
        """Return the seconds it is charged so far; None before its first job has started.

        A session is charged the time that it is active, its classical pauses included; a batch the
        sum of its jobs (SEMANTICS U2, U3).
        """
        record = self.record()
        return None if record is None else workload_usage(record)

    def details(self) -> dict[str, Any] | None:
        """Return the details as the service gives them (SEMANTICS S6).

        Returns
        -------
        dict
            ``id``, ``backend_name``, ``interactive_timeout``, ``max_time`` and ``active_timeout``
            (seconds, the last one what is left of it), ``state`` (open, active, inactive, closed),
            ``accepting_jobs``, ``last_job_started``, ``last_job_completed``, ``started_at``,
            ``closed_at``, ``activated_at`` (ISO 8601, UTC), ``mode`` ("dedicated" or "batch"),
            ``usage_time`` (seconds) and ``timestamps``, a list of ``status`` and ``timestamp``.
        """
        record = self.record()
        return None if record is None else workload_details(self._runtime, record)

    # ---- what it does

    def submit(self, request: JobRequest) -> str:
        """Submit a checked job to it and return the job's id; primitives call this.

        Raises
        ------
        IBMRuntimeError
            If it was closed here (SEMANTICS S21) or the service refuses (SEMANTICS A6).
        """
        if not self._active:
            raise IBMRuntimeError("The session is closed.")
        return submit(self._service, replace(request, workload=self._session_id))

    def run(
        self,
        program_id: str,
        inputs: Mapping[str, Any],
        options: object = None,
        callback: Callable[[str, Any], None] | None = None,
        result_decoder: Any = None,
    ) -> RuntimeJob:
        """Run a program in the session, as clients before 0.30 did.

        Parameters
        ----------
        program_id
            "sampler" or "estimator".
        inputs
            ``{"pubs": [...], "options": {...}}``; ``shots`` or ``precision`` for all PUBs.
        options
            A dictionary or an object with ``job_tags``, ``max_execution_time``, ``private``,
            ``image``, ``log_level``.
        callback
            Called with the job's id and its result when that is there, on a thread of its own.
        result_decoder
            What `RuntimeJob.result` uses when it is given none.

        Raises
        ------
        RuntimeProgramNotFound
            For another program.
        V1StyleError
            For inputs of the V1 primitives.
        """
        if program_id not in ("sampler", "estimator"):
            raise RuntimeProgramNotFound(
                f"Program not found: {program_id!r}; there are 'sampler' and 'estimator'."
            )
        if not isinstance(inputs, Mapping):
            raise V1StyleError(f"The inputs of a V2 {program_id} are {{'pubs': [...]}}, not {shown(inputs)}.")
        if "pubs" not in inputs:
            raise V1StyleError(
                f"The inputs of a V2 {program_id} are {{'pubs': [...]}}, these have "
                f"{', '.join(map(str, inputs)) or 'nothing'}."
            )
        words = options if isinstance(options, Mapping) else _attributes(options)
        given = {word: value for word, value in words.items() if value}
        given.pop("backend", None)
        given.pop("instance", None)
        max_execution_time = given.pop("max_execution_time", None)
        primitive = (SamplerV2 if program_id == "sampler" else EstimatorV2)(self, inputs.get("options") or {})
        primitive.options.update(environment=given)
        if max_execution_time is not None:
            primitive.options.max_execution_time = max_execution_time
        if inputs.get("resilience_level") is not None:
            primitive.options.update(resilience_level=inputs["resilience_level"])
        unit = {word: inputs[word] for word in ("shots", "precision") if inputs.get(word) is not None}
        job = primitive.run(inputs["pubs"], **unit)
        job.result_decoder = result_decoder
        if callback is not None:
            name = f"qmode-callback-{job.job_id()}"
            threading.Thread(target=_call_back, args=(callback, job), name=name, daemon=True).start()
        return job

    def close(self) -> None:
        """Take no more jobs; those it has run on, and it closes with the last (SEMANTICS S18)."""
        self._active = False
        if self._session_id is not None:
            with suppress(RuntimeClosedError):  # a closed service has ended it already
                self._runtime.workloads.close(self._session_id)

    def cancel(self) -> None:
        """Drop its queued jobs and close it; running ones finish (SEMANTICS S19)."""
        self._active = False
        if self._session_id is not None:
            self._runtime.workloads.cancel(self._session_id)

    @classmethod
    def from_id(
        cls,
        session_id: str,
        service: RuntimeService | None = None,
        use_fractional_gates: bool = False,
        calibration_id: str | None = None,
    ) -> Self:
        """Return an object for a session or batch that exists (SEMANTICS S22).

        Raises
        ------
        IBMInputValueError
            If the service has none of this id, or it is of the other kind.
        """
        service = default_service() if service is None else checked_service(service)
        checked("session_id", TEXT, session_id)
        try:
            holder = service.runtime.holder(session_id)
            record = holder.workloads.record(session_id)
        except IBMInputValueError:
            raise IBMInputValueError(
                f"Session not found: {session_id!r} is none of the service's {len(service.workloads())}."
            ) from None
        if record.mode is not cls._mode:
            raise IBMInputValueError(
                f"Input ID {session_id} has execution mode {wire_mode(record.mode)} instead of "
                f"{wire_mode(cls._mode)}."
            )
        if use_fractional_gates or calibration_id:
            warn(
                "use_fractional_gates and calibration_id make no difference: a backend is one snapshot.",
                UnsupportedOptionWarning,
            )
        session = cls(holder.workloads.backend(session_id), service=service, create_new=False)
        session._session_id = session_id
        # One that another process has open takes no jobs from here.
        session._active = record.status != "Closed" and holder is service.runtime
        return session

    def __enter__(self) -> Self:
        with_blocks.enter(self)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        with_blocks.leave(self)
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self._session_id!r}, backend={self.backend()!r})>"

    def _repr_html_(self) -> str:
        record = self.record()
        if record is None:
            return f"<b>{type(self).__name__}</b> in job mode on {escape(printable(self.backend()))}"
        return (
            f"<b>{type(self).__name__}</b> {escape(printable(record.name or record.id))} on "
            f"{escape(printable(record.qpu))}: "
            f"{escape(record.status)}, {record.jobs} jobs, usage {record.usage_s:g} s"
        )


class Batch(Session):
    """Jobs that are independent of each other, scheduled together; see `Session`.

    Their classical preparation runs in parallel, and the charge is the sum of their times on the
    QPU. Others' jobs may run between them.
    """

    _mode = Mode.BATCH


def _call_back(callback: Callable[[str, Any], None], job: RuntimeJob) -> None:
    try:
        result = job.result()
    except (QmodeError, RuntimeError) as error:
        _log.warning("The callback of job %s is not called: %s", job.job_id(), error)
    else:
        callback(job.job_id(), result)


def _attributes(options: object) -> Mapping[str, Any]:
    if options is None:
        return {}
    try:
        return vars(options)
    except TypeError:
        raise OptionError(
            f"options must be a dictionary such as {{'job_tags': [...]}}, not {shown(options)}."
        ) from None
