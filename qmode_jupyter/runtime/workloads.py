"""Sessions, batches and groups of the emulated service: opening, ending, looking at them."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from qmode_jupyter.errors import IBMInputValueError, RequestsApiError
from qmode_jupyter.runtime.clock import Clock, checked_seconds, checked_timeout, timestamp
from qmode_jupyter.runtime.engine import Engine, Speed
from qmode_jupyter.runtime.jobs import JobGroup, Names
from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler.events import YOU, Instruction
from qmode_jupyter.scheduler.plans import Plan
from qmode_jupyter.scheduler.records import SETTLED, Mode, WorkloadRecord, WorkloadState
from qmode_jupyter.scheduler.scheduler import Refused, Scheduler

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

T = TypeVar("T")


class Workloads:
    """The part of a runtime that groups jobs; `Runtime` adds the jobs themselves."""

    def __init__(
        self,
        plan: Plan,
        clock: Clock,
        speed: Speed,
        names: Names,
        *,
        on_instruction: Callable[[Instruction], None],
        on_failure: Callable[[], None],
    ) -> None:
        self.id = uuid.uuid4().hex
        self.plan = plan
        #: Unix time of emulated second 0.
        self.origin_s = time.time() - clock.now()
        self.speed: Speed = speed
        self._names = names
        self._lock = threading.Lock()
        self._groups: dict[str, JobGroup] = {}
        self._open_group: JobGroup | None = None
        self._engine = Engine(
            Scheduler(plan), clock, speed, on_instruction=on_instruction, on_failure=on_failure
        )

    @property
    def clock(self) -> Clock:
        """The emulated clock."""
        return self._engine.clock

    def now(self) -> float:
        """Return the emulated time in seconds since this runtime began."""
        return self.clock.now()

    def subscribe(
        self, listener: Callable[[frozenset[str]], None], ended: Callable[[], None] = lambda: None
    ) -> Callable[[], None]:
        """Call `listener` with the ids of changed jobs and workloads; return how to end it.

        It is called on the engine's thread: be quick, and wait for nothing there. `ended` is called
        once, when the runtime is closed.

        Raises
        ------
        IBMInputValueError
            For a listener that can't be called.
        """
        if not callable(listener) or not callable(ended):
            raise IBMInputValueError(f"A listener is a function, not {listener if ended else ended!r}.")
        return self._engine.subscribe(listener, ended)

    def look(self, function: Callable[[Scheduler], T]) -> T:
        """Return ``function(scheduler)``, run where nothing changes meanwhile, with all that is due done."""
        return self._engine.call(lambda: function(self._up_to_date()))

    def open_workload(
        self, mode: Mode, backend: BackendV2, max_time_s: float | None = None, name: str = ""
    ) -> str:
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
        workload = self._names.workload()
        self._happen(
            lambda at: ev.WorkloadOpened(at, workload, mode, backend.name, name, max_time_s),
        )
        return workload

    def close_workload(self, workload: str) -> None:
        """Take no more jobs; the ones it has run on. A closed workload stays as it is (SEMANTICS S18)."""
        self._end(workload, ev.WorkloadClosed)

    def cancel_workload(self, workload: str) -> None:
        """Drop its queued jobs and close it; running ones finish (SEMANTICS S19)."""
        self._end(workload, ev.WorkloadCancelled)

    def abandon_workload(self, workload: str) -> None:
        """Cancel all its jobs, the running ones too, and close it (SEMANTICS A23)."""

        def abandon() -> None:
            for job in list(self._scheduler.jobs.values()):
                if job.workload == workload and job.state not in SETTLED:
                    self._engine.happen(lambda at, job=job: ev.JobCancelled(at, job.id))  # type: ignore[misc]
            if self._scheduler.workloads[workload].state is not WorkloadState.CLOSED:
                self._engine.happen(lambda at: ev.WorkloadClosed(at, workload))

        self._known_workload(workload)
        self._engine.call(abandon)

    def workload(self, workload: str) -> WorkloadRecord:
        """Return what is known of a session or batch now."""
        self._known_workload(workload)
        return self._engine.call(lambda: self._up_to_date().workload(workload))

    def workloads(self) -> tuple[WorkloadRecord, ...]:
        """Return what is known of all sessions and batches, the oldest first."""

        def records() -> tuple[WorkloadRecord, ...]:
            scheduler = self._up_to_date()
            mine = [w for w in scheduler.workloads.values() if w.tenant == YOU]
            return tuple(w.record(scheduler.now) for w in mine)

        return self._engine.call(records)

    def wait_workload(self, workload: str, timeout_s: float | None = None) -> WorkloadRecord:
        """Wait until a session or batch is closed; TimeoutError after `timeout_s` emulated seconds.

        Raises
        ------
        RuntimeClosedError
            If the runtime is closed first.
        """
        timeout_s = checked_timeout(timeout_s)
        self._known_workload(workload)
        if not self._engine.wait(workload, timeout_s):
            raise TimeoutError(f"{workload} is not closed after {timeout_s:g} s")
        return self.workload(workload)

    def open_group(self, name: str, backend: BackendV2) -> str:
        """Let job-mode jobs that are submitted from now on be shown together; return the group's id."""
        group = JobGroup(self._names.workload(), name, backend.name, self.now())
        with self._lock:
            self._groups[group.id] = self._open_group = group
        self._engine.post(lambda: self._engine.mark(group.id))
        return group.id

    def close_group(self, group: str) -> None:
        """End a group: later jobs don't belong to it."""
        self.group(group)
        with self._lock:
            self._groups[group].closed_at = self.now()
            if self._open_group is self._groups[group]:
                self._open_group = None
        self._engine.post(lambda: self._engine.mark(group))

    def group(self, group: str) -> JobGroup:
        """Return a group of job-mode jobs; `IBMInputValueError` if there is no such group."""
        if group not in self._groups:
            raise IBMInputValueError(f"Group not found: {group}")
        return self._groups[group]

    def groups(self) -> tuple[JobGroup, ...]:
        """Return all groups, the oldest first."""
        return tuple(self._groups.values())

    def usage(self) -> dict[str, Any]:
        """Return the instance's usage in the accounting window, in seconds (SEMANTICS U12, A25).

        What runs counts as it goes. The figure falls only when a charge leaves the window.
        """
        consumed = self._engine.call(lambda: self._up_to_date().used_s(YOU))
        limits = [s for s in (self.plan.allowance_s, self.plan.cost_limit_s) if s is not None]
        limit = min(limits, default=None)
        begins = self.origin_s + self.now() - self.plan.window_s
        return {
            "instance_id": self.id,
            "plan_id": self.plan.name,
            "usage_consumed_seconds": consumed,
            "usage_limit_seconds": limit,
            "usage_allocation_seconds": self.plan.allowance_s,
            "usage_limit_reached": limit is not None and consumed >= limit,
            "usage_remaining_seconds": None if limit is None else max(0.0, limit - consumed),
            "usage_period": {
                "start_time": timestamp(begins),
                "end_time": timestamp(self.origin_s + self.now()),
            },
        }

    # ---- inside

    @property
    def _scheduler(self) -> Scheduler:
        return self._engine.scheduler

    def _up_to_date(self) -> Scheduler:
        self._engine.catch_up()
        return self._scheduler

    def _happen(self, event: Callable[[float], ev.Event]) -> None:
        self._call(lambda: self._engine.happen(event))

    def _call(self, function: Callable[[], None]) -> None:
        try:
            self._engine.call(function)
        except Refused as refusal:
            raise RequestsApiError(
                f"400 Client Error: {refusal.message} {refusal.solution} Error code: {refusal.code}.",
                status_code=400,
            ) from None

    def _end(self, workload: str, kind: type[ev.WorkloadClosed] | type[ev.WorkloadCancelled]) -> None:
        def end() -> None:
            if self._up_to_date().workloads[workload].state is not WorkloadState.CLOSED:
                self._engine.happen(lambda at: kind(at, workload))

        self._known_workload(workload)
        self._engine.call(end)

    def _known_workload(self, workload: str) -> None:
        if workload not in self._scheduler.workloads:
            raise IBMInputValueError(f"Session not found: {workload}")
