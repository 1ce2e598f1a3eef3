"""Groups: job-mode jobs that one cell submits and that are shown together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from qmode_jupyter.errors import IBMInputValueError

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

    from qmode_jupyter.runtime.engine import Engine
    from qmode_jupyter.runtime.ids import Ids
    from qmode_jupyter.scheduler.records import JobRecord
    from qmode_jupyter.scheduler.scheduler import Scheduler


@dataclass(slots=True)
class JobGroup:
    """Jobs in job mode that one cell submitted, shown together."""

    id: str
    name: str
    qpu: str
    opened_at: float
    jobs: list[str] = field(default_factory=list)
    closed_at: float | None = None


class KnownGroups(Protocol):
    """Groups of a runtime that runs, or that was kept."""

    def __contains__(self, group: object) -> bool:
        """Whether there is one of this id."""

    def __getitem__(self, group: str) -> JobGroup:
        """Return one."""


class Groups:
    """All groups, the oldest first; the service itself knows nothing of them. Any thread."""

    def __init__(self, engine: Engine, ids: Ids) -> None:
        self._engine = engine
        self._ids = ids
        self._lock = threading.Lock()
        self._groups: dict[str, JobGroup] = {}
        #: The group that job-mode jobs join which are submitted now.
        self.joined: JobGroup | None = None

    def __contains__(self, group: object) -> bool:
        return group in self._groups

    def __iter__(self) -> Iterator[JobGroup]:
        return iter(tuple(self._groups.values()))

    def __getitem__(self, group: str) -> JobGroup:
        """Return a group; `IBMInputValueError` if there is no such group."""
        if group not in self._groups:
            raise IBMInputValueError(f"Group not found: {group}")
        return self._groups[group]

    def open(self, name: str, backend: BackendV2) -> str:
        """Let job-mode jobs that are submitted from now on be shown together; return the group's id."""
        group = JobGroup(self._ids.workload(), name, backend.name, self._engine.clock.now())
        with self._lock:
            self._groups[group.id] = self.joined = group
        self._engine.post(lambda: self._engine.mark(group.id))
        return group.id

    def close(self, group: str) -> None:
        """End a group: later jobs don't belong to it."""
        closed = self[group]
        with self._lock:
            closed.closed_at = self._engine.clock.now()
            if self.joined is closed:
                self.joined = None
        self._engine.post(lambda: self._engine.mark(group))


def traced(
    of: str, groups: KnownGroups, scheduler: Scheduler, job_record: Callable[[str], JobRecord]
) -> tuple[tuple[str, ...], str]:
    """Return what the trace of a session, batch, group or job looks at, and its QPU."""
    if of in groups:
        group = groups[of]
        return tuple(group.jobs) or (of,), group.qpu
    if of in scheduler.workloads:
        return (of,), scheduler.workloads[of].qpu
    return (of,), job_record(of).qpu
