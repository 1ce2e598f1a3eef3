"""Sessions and batches of the emulated service: opening, ending, looking at them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.runtime.clock import checked_seconds, checked_timeout
from qmode_jupyter.runtime.engine import Engine
from qmode_jupyter.runtime.ids import Ids
from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler.events import YOU
from qmode_jupyter.scheduler.records import SETTLED, Mode, WorkloadRecord, WorkloadState

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

    from qmode_jupyter.scheduler.scheduler import Scheduler


class Workloads:
    """Your sessions and batches, the oldest first. Any thread.

    `max_time_s` returns the maximum timeout that a session or batch gets, of the one that was asked for.

    Each method that takes the id of one raises `IBMInputValueError` if there is none.
    """

    def __init__(
        self,
        engine: Engine,
        ids: Ids,
        max_time_s: Callable[[Mode, float | None], float | None] = lambda _, wanted_s: wanted_s,
    ) -> None:
        self._engine = engine
        self._ids = ids
        self._max_time_s = max_time_s
        self._backends: dict[str, BackendV2] = {}

    def open(self, mode: Mode, backend: BackendV2, max_time_s: float | None = None, name: str = "") -> str:
        """Open a session or batch and return its id.

        Raises
        ------
        RequestsApiError
            If the plan has no sessions (1352) or `max_time_s` is out of bounds (1208).
        IBMInputValueError
            For a mode or `max_time_s` that can't be.
        """
        if max_time_s is not None:
            max_time_s = checked_seconds("max_time", max_time_s)
        if mode not in (Mode.SESSION, Mode.BATCH):
            raise IBMInputValueError(f"A workload is a session or a batch, not {mode!r}.")
        max_time_s = self._max_time_s(mode, max_time_s)
        workload = self._ids.workload()

        def enter() -> None:
            self._engine.happen(
                lambda at: ev.WorkloadOpened(at, workload, mode, backend.name, name, max_time_s)
            )
            self._backends[workload] = backend

        self._engine.call(enter)
        return workload

    def close(self, workload: str) -> None:
        """Take no more jobs; the ones it has run on. A closed workload stays as it is (SEMANTICS S18)."""
        self._end(workload, ev.WorkloadClosed)

    def cancel(self, workload: str) -> None:
        """Drop its queued jobs and close it; running ones finish (SEMANTICS S19)."""
        self._end(workload, ev.WorkloadCancelled)

    def abandon(self, workload: str) -> None:
        """Cancel all its jobs, the running ones too, and close it (SEMANTICS A23)."""

        def abandon() -> None:
            scheduler = self._engine.scheduler
            for job in list(scheduler.jobs.values()):
                if job.workload == workload and job.state not in SETTLED:
                    self._engine.happen(lambda at, job=job: ev.JobCancelled(at, job.id))  # type: ignore[misc]
            if scheduler.workloads[workload].state is not WorkloadState.CLOSED:
                self._engine.happen(lambda at: ev.WorkloadClosed(at, workload))

        self.require(workload)
        self._engine.call(abandon)

    def record(self, workload: str) -> WorkloadRecord:
        """Return what is known of a session or batch now."""
        self.require(workload)
        return self._engine.look(lambda scheduler: scheduler.workload(workload))

    def records(self) -> tuple[WorkloadRecord, ...]:
        """Return what is known of all sessions and batches, the oldest first."""

        def records(scheduler: Scheduler) -> tuple[WorkloadRecord, ...]:
            mine = [w for w in scheduler.workloads.values() if w.tenant == YOU]
            return tuple(w.record(scheduler.now) for w in mine)

        return self._engine.look(records)

    def backend(self, workload: str) -> BackendV2:
        """Return the backend that a session or batch was opened on."""
        self.require(workload)
        return self._backends[workload]

    def wait(self, workload: str, timeout_s: float | None = None) -> WorkloadRecord:
        """Wait until a session or batch is closed; TimeoutError after `timeout_s` emulated seconds.

        Raises
        ------
        RuntimeClosedError
            If the runtime is closed first.
        """
        timeout_s = checked_timeout(timeout_s)
        self.require(workload)
        if not self._engine.wait(workload, timeout_s):
            raise TimeoutError(f"{workload} is not closed after {timeout_s:g} s")
        return self.record(workload)

    def require(self, workload: str) -> None:
        """Raise `IBMInputValueError` if there is no such session or batch."""
        if workload not in self._engine.scheduler.workloads:
            raise IBMInputValueError(f"Session not found: {workload}")

    def _end(self, workload: str, kind: type[ev.WorkloadClosed] | type[ev.WorkloadCancelled]) -> None:
        def end() -> None:
            self._engine.catch_up()
            if self._engine.scheduler.workloads[workload].state is not WorkloadState.CLOSED:
                self._engine.happen(lambda at: kind(at, workload))

        self.require(workload)
        self._engine.call(end)
