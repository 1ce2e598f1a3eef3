"""Jobs as they were asked for, and which session, batch or group each belongs to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from qmode_jupyter.errors import RuntimeInvalidStateError, RuntimeJobNotFound
from qmode_jupyter.scheduler.records import JobRecord, JobState

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

    from qmode_jupyter.simulation.tasks import Program, SimulationOptions

_NONE: Final[Counter[JobState]] = Counter()


@dataclass(frozen=True, slots=True, eq=False)
class JobRequest:
    """What is asked of the service: one object from the primitive to what is kept of the job.

    Attributes
    ----------
    pubs
        `SamplerPub` or `EstimatorPub` objects, checked.
    workload
        The id of the session or batch that the job is for; None in job mode.
    max_execution_s
        Seconds on the QPU after which the job is stopped; None: the plan's own (SEMANTICS J20).
    private
        Its inputs are kept to itself, its result is read once (SEMANTICS J18).
    sent
        The primitive's options that were set, as IBM's client sends them (SEMANTICS J16).
    flaw
        Why it can't run: it is accepted all the same and fails when it has been prepared, as with a
        service that looks into its inputs only then.
    """

    program: Program
    pubs: tuple[Any, ...]
    backend: BackendV2
    options: SimulationOptions
    workload: str | None = None
    max_execution_s: float | None = None
    tags: tuple[str, ...] = ()
    private: bool = False
    sent: Mapping[str, Any] = field(default_factory=dict)
    flaw: Exception | None = None


class Jobs:
    """The jobs that the service has accepted, the oldest first.

    The owner of a job is its session, its batch or, in job mode, the group of the cell that
    submitted it. Written on the engine's thread, but for tags; read by any.
    """

    def __init__(self) -> None:
        self._requests: dict[str, JobRequest] = {}
        self._groups: dict[str, str] = {}
        self._ended: dict[str, Counter[JobState]] = {}
        self._read: set[str] = set()

    def __contains__(self, job: object) -> bool:
        return job in self._requests

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._requests))

    def __len__(self) -> int:
        return len(self._requests)

    def add(self, job: str, request: JobRequest, group: str | None = None) -> None:
        """Keep an accepted request under the job's id."""
        self._requests[job] = request
        if group is not None:
            self._groups[job] = group

    def request(self, job: str) -> JobRequest:
        """Return what was asked for; `RuntimeJobNotFound` if there is no such job."""
        try:
            return self._requests[job]
        except KeyError:
            raise RuntimeJobNotFound(f"Job not found: {job}") from None

    def owner(self, job: str) -> str | None:
        """Return the session, batch or group that a job belongs to."""
        return self.request(job).workload or self._groups.get(job)

    def of_workload(self, workload: str) -> tuple[str, ...]:
        """Return the jobs of a session or batch."""
        return tuple(job for job, request in list(self._requests.items()) if request.workload == workload)

    def tag(self, job: str, tags: tuple[str, ...]) -> None:
        """Replace a job's tags."""
        self._requests[job] = replace(self.request(job), tags=tags)

    def read_once(self, job: str) -> bool:
        """Whether a private job's result is there to be read; it is for the first caller (SEMANTICS J18)."""
        if job in self._read:
            return False
        self._read.add(job)
        return True

    def note_ended(self, job: str, state: JobState) -> str | None:
        """Count a job that has ended in `state`; return its owner."""
        owner = self.owner(job)
        if owner is not None:
            self._ended.setdefault(owner, Counter())[state] += 1
        return owner

    def ended(self, owner: str) -> Counter[JobState]:
        """Return how many jobs of a session, batch or group have ended, by state."""
        return self._ended.get(owner, _NONE)

    def remove(self, job: str) -> None:
        """Forget a job; `ended` counts it still."""
        del self._requests[job]
        self._groups.pop(job, None)
        self._read.discard(job)


def check_ended(record: JobRecord) -> None:
    """Raise `RuntimeInvalidStateError` for a job that is to be deleted and has not ended."""
    if not record.settled:
        raise RuntimeInvalidStateError(
            f"Job {record.id} is {record.status} and only a job that has ended can be deleted: "
            "cancel it first."
        )
