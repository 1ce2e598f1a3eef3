"""A runtime as it was kept: what a live one answers, it answers too, from what was written.

One that ended answers of everything as it was at its end; one that runs elsewhere, as it was last
written. Nothing in it can be changed but what a service lets one change of an ended job.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from qmode_jupyter.errors import (
    IBMInputValueError,
    IBMRuntimeError,
    RuntimeInvalidStateError,
    RuntimeJobNotFound,
)
from qmode_jupyter.runtime.clock import Clock, timestamp
from qmode_jupyter.runtime.groups import JobGroup, traced
from qmode_jupyter.runtime.jobs import check_ended
from qmode_jupyter.runtime.settings import Settings
from qmode_jupyter.runtime.store import codec
from qmode_jupyter.runtime.store.archive import Archive, KeptJob, KeptRuntime
from qmode_jupyter.runtime.store.database import Unwritable
from qmode_jupyter.runtime.store.ending import KILLED, given_up, replay
from qmode_jupyter.scheduler.records import JobRecord, JobState, WorkloadRecord, shown_state
from qmode_jupyter.scheduler.trace import Trace, plan_from_dict, spread_from_dict, take
from qmode_jupyter.simulation.results import unpack

if TYPE_CHECKING:
    from qiskit.primitives import PrimitiveResult
    from qiskit.providers import BackendV2

    from qmode_jupyter.scheduler.scheduler import Scheduler
    from qmode_jupyter.simulation.tasks import SimulationOptions

T = TypeVar("T")
FindBackend = Callable[[str], "BackendV2"]


class KeptRequest:
    """What was asked of the service, read when it is asked for; see `JobRequest`."""

    def __init__(self, archive: Archive, job: KeptJob, find_backend: FindBackend) -> None:
        self._archive = archive
        self._job = job
        self._find_backend = find_backend
        self.workload = job.workload
        self.program = job.program
        self.private = job.private
        self.tags = job.tags

    @property
    def backend(self) -> BackendV2:
        """The backend; BackendNotFoundError for one of the person's own, of which only the name is kept."""
        return self._find_backend(self._job.qpu)

    @property
    def options(self) -> SimulationOptions:
        """The options; of a noise model, its description."""
        return codec.options_of(self._body)

    @property
    def sent(self) -> dict[str, Any]:
        """The primitive's options that were set."""
        return codec.sent_of(self._body)

    @property
    def pubs(self) -> tuple[Any, ...]:
        """The PUBs; IBMRuntimeError if one has a circuit that could not be kept."""
        keys = set(codec.circuits_in(self._body))
        circuits = {key: self._circuit(key) for key in keys}
        return tuple(codec.pubs_of(self._body, circuits))

    @cached_property
    def _body(self) -> bytes:
        body = self._archive.request(self._job)
        if body is None:
            raise IBMRuntimeError(f"The inputs of job {self._job.id} were not kept.")
        return body

    def _circuit(self, key: str | None) -> Any:
        kept = None if key is None else self._archive.circuit(key)
        if kept is None:
            raise IBMRuntimeError(
                f"The inputs of job {self._job.id} are not kept whole: Qiskit could not "
                "write one of its circuits."
            )
        return codec.circuit_of(kept)


class PastJobs:
    """The jobs of a runtime that was kept, the oldest first; see `Jobs`."""

    def __init__(self, archive: Archive, runtime: int, find_backend: FindBackend) -> None:
        self._archive = archive
        self._runtime = runtime
        self._find_backend = find_backend

    @cached_property
    def _known(self) -> Mapping[str, KeptJob]:
        return {job.id: job for job in self._archive.jobs_of(self._runtime)}

    def __contains__(self, job: object) -> bool:
        return job in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def kept(self, job: str) -> KeptJob:
        """Return what is kept of a job; `RuntimeJobNotFound` if there is no such job."""
        found = self._archive.job_of(self._runtime, job)
        if found is None:
            raise RuntimeJobNotFound(f"Job not found: {job}")
        return found

    def request(self, job: str) -> KeptRequest:
        """Return what was asked for."""
        return KeptRequest(self._archive, self.kept(job), self._find_backend)

    def owner(self, job: str) -> str | None:
        """Return the session, batch or group that a job belongs to."""
        return self._known[job].owner if job in self._known else self.kept(job).owner

    def of_workload(self, workload: str) -> tuple[str, ...]:
        """Return the jobs of a session or batch."""
        return tuple(job.id for job in self._known.values() if job.workload == workload)

    def ended(self, owner: str) -> Counter[JobState]:
        """Return how many jobs of a session, batch or group have ended, by state."""
        records = [
            codec.job_of(job.record) for job in self._known.values() if job.owner == owner and job.settled
        ]
        return Counter(shown_state(record.state, record.reason_code) for record in records)

    def tag(self, job: str, tags: tuple[str, ...]) -> None:
        """Replace a job's tags."""
        self._change("UPDATE jobs SET tags = ? WHERE number = ?", json.dumps(tags), self.kept(job).number)

    def read_once(self, job: str) -> bool:
        """Whether a private job's result is there to be read; it is for the first caller (SEMANTICS J18)."""
        kept = self.kept(job)
        if kept.read:
            return False
        self._change("UPDATE jobs SET read = 1 WHERE number = ?", kept.number)
        return True

    def forget_result(self, job: str) -> None:
        """Drop a job's result."""
        self._change("DELETE FROM results WHERE job = ?", self.kept(job).number)

    def remove(self, job: str) -> None:
        """Drop a job."""
        self._change("DELETE FROM jobs WHERE number = ?", self.kept(job).number)

    def _change(self, statement: str, *values: object) -> None:
        try:
            self._archive.change(statement, *values)
        except Unwritable as error:
            raise IBMRuntimeError(f"Nothing was changed: {error}.") from None


class PastWorkloads:
    """Sessions and batches of a runtime that was kept; see `Workloads`."""

    def __init__(self, archive: Archive, runtime: int, find_backend: FindBackend) -> None:
        self._archive = archive
        self._runtime = runtime
        self._find_backend = find_backend

    def record(self, workload: str) -> WorkloadRecord:
        """Return what is known of a session or batch; `IBMInputValueError` if there is none."""
        for kept in self._archive.workloads_of(self._runtime):
            if kept.id == workload and kept.mode != "job":
                return codec.workload_of(kept.record)
        raise IBMInputValueError(f"Session not found: {workload}")

    def records(self) -> tuple[WorkloadRecord, ...]:
        """Return what is known of all sessions and batches, the oldest first."""
        kept = self._archive.workloads_of(self._runtime)
        return tuple(codec.workload_of(one.record) for one in kept if one.mode != "job")

    def backend(self, workload: str) -> BackendV2:
        """Return the backend of a session or batch; BackendNotFoundError for one of the person's own."""
        return self._find_backend(self.record(workload).qpu)

    def close(self, workload: str) -> None:
        """Leave it as it is: it was closed, or is not ours to close."""

    cancel = close


class PastGroups:
    """Groups of jobs in job mode of a runtime that was kept; see `Groups`."""

    def __init__(self, archive: Archive, runtime: int) -> None:
        self._archive = archive
        self._runtime = runtime

    @cached_property
    def _known(self) -> Mapping[str, JobGroup]:
        groups = {}
        for kept in self._archive.workloads_of(self._runtime):
            if kept.mode == "job":
                jobs = [job.id for job in self._archive.jobs_of(self._runtime, kept.id)]
                times = json.loads(kept.record)
                groups[kept.id] = JobGroup(
                    kept.id, kept.name, kept.qpu, times["opened_at"], jobs, times["closed_at"]
                )
        return groups

    def __contains__(self, group: object) -> bool:
        return group in self._known

    def __iter__(self) -> Iterator[JobGroup]:
        return iter(self._known.values())

    def __getitem__(self, group: str) -> JobGroup:
        """Return a group; `IBMInputValueError` if there is no such group."""
        if group not in self._known:
            raise IBMInputValueError(f"Group not found: {group}")
        return self._known[group]


class Past:
    """A runtime that ended before, or that runs elsewhere; see the module and `Runtime`."""

    def __init__(self, archive: Archive, runtime: KeptRuntime, find_backend: FindBackend) -> None:
        self._archive = archive
        self._kept = runtime
        self.id = runtime.id
        self.origin_s = runtime.origin_s
        made_with = runtime.settings
        self.settings = Settings(
            plan=plan_from_dict(made_with["plan"]),
            timing=made_with["timing"],
            speed=made_with["speed"],
            spread=spread_from_dict(made_with["spread"]),
        )
        self.jobs = PastJobs(archive, runtime.number, find_backend)
        self.workloads = PastWorkloads(archive, runtime.number, find_backend)
        self.groups = PastGroups(archive, runtime.number)

    @property
    def closed(self) -> bool:
        """Always False: what is kept can be read."""
        return False

    @property
    def held_by(self) -> None:
        """No job: nothing runs in it."""
        return

    @cached_property
    def clock(self) -> Clock:
        """A clock that stands where the runtime ended, or was last written."""
        clock = Clock(lambda: 0.0)
        clock.jump(self.now())
        clock.run_at(0.0)
        return clock

    def now(self) -> float:
        """Return the emulated second at which it ended, or was last written."""
        return self._kept.until if self._kept.until is not None else self._scheduler.now

    def running_elsewhere(self) -> str:
        """Say that it runs in another process, if it does; "" for one that has ended."""
        if not self._archive.running(self._kept):
            return ""
        began = timestamp(self._kept.began)
        return f"another service that still runs (process {self._kept.process}, since {began})"

    # ---- jobs

    def job_record(self, job: str) -> JobRecord:
        """Return what is known of a job; `RuntimeJobNotFound` if there is none."""
        kept = self.jobs.kept(job)
        record = codec.job_of(kept.record)
        if kept.settled or self._archive.running(self._kept):
            return record
        return given_up(record, KILLED)  # where that could not be written

    def jobs_of(self, owner: str) -> tuple[str, ...]:
        """Return the jobs of a session, batch or group, the oldest first."""
        return tuple(job.id for job in self._archive.jobs_of(self._kept.number, owner))

    def wait(self, job: str, timeout_s: float | None = None) -> JobRecord:
        """Return the record of a job that has ended.

        Raises
        ------
        RuntimeInvalidStateError
            If it has not: it runs elsewhere.
        """
        del timeout_s
        record = self.job_record(job)
        if not record.settled:
            raise RuntimeInvalidStateError(
                f"Job {job} is of {self.running_elsewhere()}, and is waited for there; here it can be read "
                "when it has ended."
            )
        return record

    def job_result(self, job: str) -> PrimitiveResult[Any]:
        """Return the result of a job that is done."""
        kept = self.jobs.kept(job)
        body = self._archive.result(kept)
        if body is None:
            raise RuntimeInvalidStateError(f"Job {job} has no result.")
        if kept.private:
            self.jobs.forget_result(job)
        result, executing = codec.result_of(body)
        return unpack(codec.outlines_of(kept.shapes), result, executing)

    def job_notes(self, job: str) -> tuple[str, ...]:
        """Return what the person should know of how a job was simulated."""
        body = self._archive.result(self.jobs.kept(job))
        return () if body is None else codec.result_of(body)[0].notes

    def read_once(self, job: str) -> bool:
        """Whether a private job's result is there to be read; it is for the first caller (SEMANTICS J18)."""
        return self.jobs.read_once(job)

    def tag_job(self, job: str, tags: tuple[str, ...]) -> None:
        """Replace a job's tags."""
        self.jobs.tag(job, tags)

    def estimated_s(self, job: str) -> NoReturn:
        """Say that what was never estimated can't be estimated any more.

        Raises
        ------
        IBMRuntimeError
            Always.
        """
        raise IBMRuntimeError(f"Job {job} ended before it was prepared, and was never estimated.")

    def cancel_job(self, job: str) -> NoReturn:
        """Say that it can't be cancelled.

        Raises
        ------
        RuntimeInvalidStateError
            Always.
        """
        record = self.job_record(job)
        why = (
            f"{job} has ended before, it is {record.status}"
            if record.settled
            else f"{job} is of {self.running_elsewhere()}: cancel it there"
        )
        raise RuntimeInvalidStateError(f"Job cannot be cancelled: {why}.")

    def delete_job(self, job: str) -> None:
        """Delete a job that has ended, with its result.

        Raises
        ------
        RuntimeInvalidStateError
            If it has not ended.
        """
        check_ended(self.job_record(job))
        self.jobs.remove(job)

    # ---- what happened

    def look(self, function: Callable[[Scheduler], T]) -> T:
        """Return ``function(scheduler)``, of a scheduler to which all has happened that was written."""
        return function(self._scheduler)

    def trace(self, of: str | None = None) -> Trace:
        """Return the record of a session, batch, group or job."""
        focus: tuple[str, ...]
        if of is None:
            focus, qpu = (), [*self._scheduler.qpus][-1]
        else:
            focus, qpu = traced(of, self.groups, self._scheduler, self.job_record)
        return take(self._scheduler, qpu, focus, self.origin_s, self.settings.spread)

    @cached_property
    def _scheduler(self) -> Scheduler:
        number = self._kept.number
        scheduler = self._archive.read(lambda db: replay(db, number))
        if scheduler is None:
            raise IBMRuntimeError(f"What was kept of the runtime {self.id} can't be read any more.")
        return scheduler
