"""RuntimeJob: what `run()` returns (SEMANTICS section 1)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Protocol

from qiskit import __version__ as qiskit_version
from qiskit.primitives import BasePrimitiveJob, PrimitiveResult

from qmode_jupyter.client.details import (
    as_sent,
    executing_seconds,
    job_details,
    job_moments,
    job_seconds,
    wall,
)
from qmode_jupyter.client.job_result import JobResult, check_done, decoded, reason_of
from qmode_jupyter.client.options import checked_tags
from qmode_jupyter.errors import (
    ApproximationWarning,
    RuntimeClosedError,
    RuntimeInvalidStateError,
    RuntimeJobTimeoutError,
)
from qmode_jupyter.runtime.clock import checked_seconds
from qmode_jupyter.scheduler.records import TOO_LONG
from qmode_jupyter.style.characters import printable, printable_lines
from qmode_jupyter.style.warn import warn

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

    from qmode_jupyter.runtime.jobs import JobRequest
    from qmode_jupyter.runtime.runtime import Runtime
    from qmode_jupyter.runtime.store.past import KeptRequest, Past
    from qmode_jupyter.scheduler.records import JobRecord

JobStatus = Literal["INITIALIZING", "QUEUED", "RUNNING", "CANCELLED", "DONE", "ERROR"]

# IBM's client polls no faster than this, in seconds (SEMANTICS J8).
_MIN_POLL_S: Final = 0.1

# Options that are the job's and not its program's: the client sends them beside its inputs.
_NOT_INPUTS: Final = frozenset({"environment", "max_execution_time"})

_log = logging.getLogger(__name__)


class JobService(Protocol):
    """What a job needs of the service that runs it."""

    @property
    def runtime(self) -> Runtime:
        """Where the job runs."""

    @property
    def instance(self) -> str:
        """The instance that it is charged to."""

    @property
    def legacy_metrics(self) -> bool:
        """Whether metrics also have the keys that the service removed in 2026 (SEMANTICS A10)."""


class Status(str):
    """A job's status: a text, as IBM's client has it, that knows what its older ones answered."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The text itself; it was an enumeration once."""
        return str(self)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"A job's status is a text and has no {name!r}: compare it, as in job.status() == 'DONE'."
        )


class RuntimeJob(BasePrimitiveJob[PrimitiveResult, JobStatus]):
    """One job of an emulated service.

    It is a handle: `RuntimeService.job` with the same id gives another one for the same job. Times
    are those of the emulated clock, unless a text says otherwise.
    """

    JOB_FINAL_STATES: ClassVar[tuple[JobStatus, ...]] = ("DONE", "CANCELLED", "ERROR")
    ERROR: ClassVar[JobStatus] = "ERROR"

    def __init__(self, service: JobService, job_id: str, runtime: Runtime | Past | None = None) -> None:
        super().__init__(job_id)
        self._service = service
        #: What answers of it: the service's runtime, or an earlier one that was kept.
        self._runtime: Runtime | Past = runtime or service.runtime.holder(job_id)
        self._final: JobRecord | None = None
        #: Used by `result` when it is given no decoder.
        self.result_decoder: Any = None

    # ---- how it is

    def record(self) -> JobRecord:
        """Return everything that is known of the job now, in emulated seconds."""
        if self._final is not None:  # SEMANTICS J8: an ended job is never asked for again
            return self._final
        record = self._runtime.job_record(self._job_id)
        if record.settled:
            self._final = record
        return record

    def status(self) -> JobStatus:
        """Return "QUEUED", "RUNNING", "DONE", "CANCELLED" or "ERROR".

        A job is RUNNING from its classical preparation on; `details` tells whether it has reached
        the QPU (SEMANTICS J6).
        """
        return Status(self.record().status)  # type: ignore[return-value]

    def done(self) -> bool:
        """Whether it has its result."""
        return self.status() == "DONE"

    def running(self) -> bool:
        """Whether it is being prepared, waits for the QPU or is on it."""
        return self.status() == "RUNNING"

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self.status() == "CANCELLED"

    def errored(self) -> bool:
        """Whether it failed."""
        return self.status() == "ERROR"

    def in_final_state(self) -> bool:
        """Whether it has ended."""
        return self.status() in self.JOB_FINAL_STATES

    def error_message(self) -> str | None:
        """Return why it failed; None if it did not (SEMANTICS J11)."""
        record = self.record()
        if record.status != "ERROR":
            return None
        if record.reason_code == TOO_LONG:
            return (
                f"Job {record.id} ran longer than maximum execution time. Job was cancelled:\n"
                f"{printable_lines(record.reason)}"
            )
        return f"Job {record.id} has failed:\n{reason_of(record)}"

    def details(self) -> dict[str, Any]:
        """Return what happened, with the keys of `Session.details` and more.

        Returns
        -------
        dict
            As for a session (None for what a job has not), and ``status``, ``program``,
            ``session_id``, ``tags``, ``reason``, ``reason_code`` and ``seconds``: how long it was
            ``queued``, ``preparing``, ``waiting`` for the QPU and ``on_qpu``.
        """
        return job_details(self._runtime, self.record(), self._request)

    # ---- waiting

    def wait_for_final_state(self, timeout: float | None = None, poll_interval: float | None = None) -> None:
        """Wait until it has ended.

        Parameters
        ----------
        timeout
            Emulated seconds; None to wait for as long as it takes.
        poll_interval
            Taken for IBM's sake: nothing is polled here.

        Raises
        ------
        RuntimeJobTimeoutError
            If it has not ended then; it goes on undisturbed.
        IBMInputValueError
            For a timeout that is no number.
        RuntimeClosedError
            If the service was closed meanwhile.
        """
        if poll_interval is not None and 0 < checked_seconds("poll_interval", poll_interval) < _MIN_POLL_S:
            warn(
                "The poll interval specified is lower than the minimal allowed. Using "
                f"{_MIN_POLL_S} as the poll interval.",
                UserWarning,
            )
        self._wait(timeout)

    def result(
        self, timeout: float | None = None, decoder: Any = None, poll_interval: float | None = None
    ) -> Any:
        """Wait until it has ended and return its result.

        Parameters
        ----------
        timeout
            Emulated seconds to wait; None for as long as it takes.
        decoder
            A class with ``decode(result)``, or a list of such: each gets what the one before
            returned, the first the `PrimitiveResult`. One whose ``is_applicable(result)`` is false
            is passed over.
        poll_interval
            Taken for IBM's sake: nothing is polled here.

        Returns
        -------
        PrimitiveResult
            ``result[i]`` belongs to the i-th PUB. None for a private job that was read before.

        Raises
        ------
        RuntimeJobTimeoutError
            If it has not ended in `timeout`; it goes on undisturbed.
        RuntimeJobFailureError
            If it failed.
        RuntimeJobMaxTimeoutError
            If it was stopped at its maximum execution time.
        RuntimeInvalidStateError
            If it was cancelled.
        IBMInputValueError
            For a timeout that is no number.
        RuntimeClosedError
            If the service was closed meanwhile.
        """
        del poll_interval
        self._wait(timeout)
        record = self.record()
        check_done(record)
        if self._request.private and not self._runtime.read_once(self._job_id):
            return None
        try:
            plain = self._runtime.job_result(self._job_id)
        except RuntimeInvalidStateError:
            if self._runtime.closed:
                raise RuntimeClosedError(
                    f"The service of job {record.id} was closed, and its result is gone with it."
                ) from None
            raise
        for note in self._runtime.job_notes(self._job_id):
            warn(note, ApproximationWarning)
        return decoded(JobResult(plain, plain.metadata), decoder or self.result_decoder)

    def _wait(self, timeout: float | None) -> None:
        # Also for a job that has ended: that its result was asked for is part of what happened. Only
        # a closed service can't be told any more.
        if self._final is not None and self._runtime.closed:
            return
        try:
            self._final = self._runtime.wait(self._job_id, timeout)
        except TimeoutError:
            raise RuntimeJobTimeoutError(
                f"Timed out waiting for job to complete after {timeout} secs."
            ) from None

    def cancel(self) -> None:
        """Cancel it.

        Raises
        ------
        RuntimeInvalidStateError
            If it has ended (SEMANTICS J10).
        """
        self._runtime.cancel_job(self._job_id)

    # ---- what it cost

    def usage(self, partial: bool = False) -> float:
        """Return the seconds on the QPU that it is charged.

        Parameters
        ----------
        partial
            True: what it has come to so far. False: 0 until the job has ended (SEMANTICS J13).
        """
        record = self.record()
        if record.settled:
            return as_sent(record.charged_s)
        if not partial:
            return 0
        if record.on_qpu_at is None:
            return 0
        return max(0.0, round(self._runtime.now() - record.on_qpu_at, 3))

    @property
    def usage_estimation(self) -> dict[str, Any]:
        """``quantum_seconds``: seconds that it would hold the QPU (SEMANTICS J15, A26)."""
        seconds = self.record().qpu_s
        if not seconds:
            seconds = self._runtime.estimated_s(self._job_id)
        return {"quantum_seconds": as_sent(seconds)}

    def metrics(self) -> dict[str, Any]:
        """Return its times and usage as the service gives them (SEMANTICS J14).

        Returns
        -------
        dict
            ``timestamps`` (``created``, ``running``, ``finished``: ISO 8601, UTC; None where not
            reached), ``usage`` (``qpu_charge_time_seconds``, ``status``), ``caller``,
            ``qiskit_version``, ``circuits_execution_time_ns``; with the service's
            ``legacy_metrics``, also ``usage.quantum_seconds``, ``usage.seconds`` and
            ``bss.seconds``, which the service removed in 2026.
        """
        record, usage_s = self.record(), self.usage(partial=True)
        usage: dict[str, Any] = {
            "qpu_charge_time_seconds": usage_s,
            "status": "complete" if record.settled else "pending",
        }
        metrics: dict[str, Any] = {
            "timestamps": {
                "created": wall(self._runtime, record.submitted_at),
                "running": wall(self._runtime, record.preparing_at),
                "finished": wall(self._runtime, record.ended_at),
            },
            "usage": usage,
            "caller": f"qmode_jupyter~{record.program}.py",
            "qiskit_version": qiskit_version,
            "circuits_execution_time_ns": round(executing_seconds(self._runtime, record) * 1e9),
        }
        if self._service.legacy_metrics:  # SEMANTICS A10
            usage |= {"quantum_seconds": usage_s, "seconds": usage_s}
            metrics["bss"] = {"seconds": usage_s}
        return metrics

    def logs(self) -> str:
        """Return what happened to it, a line for each step; "" before it has ended (SEMANTICS J12)."""
        record = self.record()
        if not record.settled:
            _log.warning("Job logs are only available after the job finishes.")
            return ""
        lines = [f"{wall(self._runtime, at)} {state}" for state, at in job_moments(record)]
        return "\n".join([*lines, *([reason_of(record)] if record.reason else [])])

    # ---- what it is

    @property
    def _request(self) -> JobRequest | KeptRequest:
        return self._runtime.jobs.request(self._job_id)

    @property
    def service(self) -> JobService:
        """The service that runs it."""
        return self._service

    def backend(self, timeout: float | None = None) -> BackendV2:
        """Return its backend."""
        del timeout  # IBM's waits for a backend that is not known yet
        return self._request.backend

    @property
    def session_id(self) -> str | None:
        """The id of its session or batch; None in job mode."""
        return self._request.workload

    @property
    def primitive_id(self) -> str:
        """Its program: "sampler" or "estimator"."""
        return self._request.program

    @property
    def instance(self) -> str:
        """The instance that it is charged to."""
        return self._service.instance

    @property
    def image(self) -> str:
        """IBM's container image; "" is the default one, and here the only one."""
        return ""

    @property
    def private(self) -> bool:
        """Whether its inputs are kept to itself and its result is read only once (SEMANTICS J18)."""
        return self._request.private

    @property
    def inputs(self) -> dict[str, Any]:
        """Its PUBs and the options that were set (SEMANTICS J16); empty for a private job."""
        asked = self._request
        if asked.private:
            return {}
        options = {name: value for name, value in asked.sent.items() if name not in _NOT_INPUTS}
        level = {"resilience_level": options.pop("resilience_level")} if "resilience_level" in options else {}
        return {"pubs": list(asked.pubs), "options": options, "version": 2} | level

    @property
    def creation_date(self) -> datetime:
        """When it was submitted, in local time."""
        seconds = self._runtime.origin_s + self.record().submitted_at
        return datetime.fromtimestamp(seconds, tz=UTC).astimezone()

    @property
    def tags(self) -> list[str]:
        """Its tags."""
        return list(self._request.tags)

    def update_tags(self, new_tags: Sequence[str]) -> list[str]:
        """Replace its tags and return them, each once.

        Raises
        ------
        OptionError
            For what is no list of texts, more than 8 of them, or one of more than 86 characters.
        """
        tags = tuple(dict.fromkeys(checked_tags(new_tags)))
        self._runtime.tag_job(self._job_id, tags)
        return list(tags)

    def properties(self, refresh: bool = False) -> Any:
        """Return the backend's properties, None where it has none."""
        del refresh
        properties = getattr(self.backend(), "properties", None)
        return properties() if callable(properties) else None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self._job_id!r}, {self.primitive_id!r})>"

    def _repr_html_(self) -> str:
        record, seconds = self.record(), job_seconds(self._runtime, self.record())
        reason = f": {escape(reason_of(record))}" if record.reason else ""
        spent = ", ".join(f"{word.replace('_', ' ')} {value:g} s" for word, value in seconds.items() if value)
        return (
            f"<b>{escape(record.program)}</b> {escape(record.id)} on {escape(printable(record.qpu))}: "
            f"{record.status}{reason}<br>{spent or 'not started'}; usage {as_sent(record.charged_s):g} s"
        )


#: IBM's name, so that existing code needs only its import changed.
RuntimeJobV2 = RuntimeJob
