"""All that is known of the emulated service at one moment; the rules alone change it.

`State` answers questions and decides nothing: what happens to it stands in `rules` and `timeouts`.
What others are told of it are the frozen copies in `records`.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field, fields
from operator import attrgetter

from qmode_jupyter.cost.model import Part
from qmode_jupyter.cost.work import Work
from qmode_jupyter.scheduler.deadlines import Deadlines
from qmode_jupyter.scheduler.events import YOU
from qmode_jupyter.scheduler.fairshare import FairShare
from qmode_jupyter.scheduler.ledger import Accounts
from qmode_jupyter.scheduler.plans import Plan
from qmode_jupyter.scheduler.records import (
    CalibrationRecord,
    JobRecord,
    JobState,
    Mode,
    Span,
    WorkloadRecord,
    WorkloadState,
)


@dataclass(slots=True, eq=False)
class Job:
    """One job; the fields are those of `JobRecord`."""

    id: str
    qpu: str
    tenant: str
    workload: str | None
    program: str
    submitted_at: float
    overhead_s: float
    max_execution_s: float | None
    submitter: int
    awaited: tuple[str, ...]
    state: JobState = JobState.QUEUED
    preparing_at: float | None = None
    waiting_at: float | None = None
    on_qpu_at: float | None = None
    ended_at: float | None = None
    charged_s: float = 0.0
    qpu_s: float = 0.0
    reason: str = ""
    reason_code: int | None = None
    preparation_at: float | None = None
    parts: tuple[Part, ...] = ()
    work: Work | None = None
    #: A deadline for its time on the QPU is armed.
    capped: bool = False
    #: It outlived its workload and runs on its own (SEMANTICS L3).
    outlived: bool = False

    def record(self) -> JobRecord:
        """Return a frozen copy."""
        return JobRecord(*_values(self))


_values = attrgetter(*(f.name for f in fields(JobRecord)))


@dataclass(slots=True, eq=False)
class Workload:
    """One session or batch."""

    id: str
    mode: Mode
    qpu: str
    tenant: str
    name: str
    opened_at: float
    interactive_timeout_s: float
    max_time_s: float
    state: WorkloadState = WorkloadState.OPEN
    state_reason: str = "session_created"
    accepting_jobs: bool = True
    started_at: float | None = None
    activated_at: float | None = None
    closed_at: float | None = None
    last_job_started_at: float | None = None
    last_job_completed_at: float | None = None
    idle_deadline_at: float | None = None
    expires_at: float | None = None
    first_job: str | None = None
    #: The data of its first job is gone, so no other can run (SEMANTICS L2).
    orphaned: bool = False
    jobs: int = 0
    unfinished: int = 0
    #: Its queued jobs, first come first.
    queue: OrderedDict[str, Job] = field(default_factory=OrderedDict)
    #: Seconds of its jobs on the QPU, and of closed stretches.
    jobs_charged_s: float = 0.0
    jobs_on_qpu_s: float = 0.0
    stretches: list[Span] = field(default_factory=list)
    history: list[tuple[WorkloadState, float]] = field(default_factory=list)

    @property
    def active_since(self) -> float | None:
        """When the stretch began that is not over yet."""
        last = self.stretches[-1] if self.stretches else None
        return last.start if last is not None and last.end is None else None

    def usage_s(self, now: float) -> float:
        """Return what is charged so far: active time of a session, sum of a batch (SEMANTICS U2, U3)."""
        if self.mode is Mode.SESSION:
            return sum(span.until(now) for span in self.stretches)
        return self.jobs_charged_s

    def record(self, now: float) -> WorkloadRecord:
        """Return a frozen copy with the figures of `now`."""
        return WorkloadRecord(
            id=self.id,
            mode=self.mode,
            qpu=self.qpu,
            tenant=self.tenant,
            name=self.name,
            state=self.state,
            state_reason=self.state_reason,
            accepting_jobs=self.accepting_jobs,
            interactive_timeout_s=self.interactive_timeout_s,
            max_time_s=self.max_time_s,
            opened_at=self.opened_at,
            started_at=self.started_at,
            activated_at=self.activated_at,
            closed_at=self.closed_at,
            last_job_started_at=self.last_job_started_at,
            last_job_completed_at=self.last_job_completed_at,
            idle_deadline_at=self.idle_deadline_at,
            expires_at=self.expires_at,
            unfinished=self.unfinished,
            queued=len(self.queue),
            jobs=self.jobs,
            usage_s=self.usage_s(now),
            qpu_s=self.jobs_on_qpu_s,
            stretches=tuple(self.stretches),
            history=tuple(self.history),
        )


@dataclass(slots=True)
class Calibration:
    """One calibration that is due, running or over."""

    qpu: str
    due_at: float
    duration_s: float
    started_at: float | None = None

    def record(self) -> CalibrationRecord:
        """Return a frozen copy."""
        return CalibrationRecord(self.qpu, self.due_at, self.duration_s, self.started_at)


@dataclass(frozen=True, slots=True)
class Reservation:
    """A stretch of time in which a QPU is one tenant's (SEMANTICS L7)."""

    tenant: str
    start: float
    end: float


@dataclass(slots=True)
class Qpu:
    """One QPU with its lanes and its line."""

    name: str
    line: FairShare
    #: Jobs that are RUNNING at once, and of them those that are really being prepared (SEMANTICS B3, A28).
    lane_limit: int
    preparation_limit: int
    #: The session that has it to itself, until its last job has left (SEMANTICS A24).
    session: Workload | None = None
    #: Batches with priority, in order of activation.
    batches: dict[str, Workload] = field(default_factory=dict)
    #: Jobs that hold a lane (SEMANTICS A22).
    lanes: dict[str, Job] = field(default_factory=dict)
    #: Of these, those whose preparation has not begun, first come first; and how many are being prepared.
    unprepared: dict[str, Job] = field(default_factory=dict)
    preparing: int = 0
    #: Prepared jobs, in the order in which they will enter the QPU (SEMANTICS A11).
    ready: deque[Job] = field(default_factory=deque)
    on_qpu: Job | None = None
    calibrating: Calibration | None = None
    calibrations_due: deque[Calibration] = field(default_factory=deque)
    #: The reservation that holds now, and those to come, the next one first.
    reserved: Reservation | None = None
    reservations: list[Reservation] = field(default_factory=list)

    @property
    def busy(self) -> bool:
        """Whether a job or a calibration is on the QPU."""
        return self.on_qpu is not None or self.calibrating is not None

    def charged_since(self, tenant: str) -> float | None:
        """Return since when time on it is charged to `tenant`, or None while none is (SEMANTICS U1, U3)."""
        if self.session is not None:
            return self.session.active_since if self.session.tenant == tenant else None
        job = self.on_qpu
        return job.on_qpu_at if job is not None and job.tenant == tenant else None


@dataclass(slots=True, eq=False)
class State:
    """One emulated service: the QPUs, and everybody's jobs, workloads and accounts.

    Parameters
    ----------
    plan
        The plan of the person at the keyboard; background tenants have no limits.
    """

    plan: Plan
    #: Emulated seconds.
    now: float = 0.0
    jobs: dict[str, Job] = field(default_factory=dict)
    workloads: dict[str, Workload] = field(default_factory=dict)
    qpus: dict[str, Qpu] = field(default_factory=dict)
    calibrations: list[Calibration] = field(default_factory=list)
    accounts: Accounts = field(init=False)
    #: What falls due by itself.
    deadlines: Deadlines = field(default_factory=Deadlines)
    #: Who waits for a place in a line: jobs and workloads, and where.
    delayed: dict[str, Qpu] = field(default_factory=dict)
    #: Your jobs that have not ended, and the times at which jobs of yours came within the last minute.
    pending: int = 0
    recent_submissions: deque[float] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.accounts = Accounts(self.plan)

    def qpu(self, name: str) -> Qpu:
        """Return the QPU of that name; it is there from the first time that it is asked for."""
        if name not in self.qpus:
            lanes = self.plan.lanes
            self.qpus[name] = Qpu(name, FairShare(self.share), lanes, lanes)
        return self.qpus[name]

    def workload_of(self, job: Job) -> Workload | None:
        """Return the session or batch that a job runs in, or None for one on its own."""
        return None if job.workload is None or job.outlived else self.workloads[job.workload]

    def used_s(self, tenant: str = YOU) -> float:
        """Return the tenant's seconds in the accounting window, running sessions and jobs included."""
        since = (qpu.charged_since(tenant) for qpu in self.qpus.values())
        running_s = sum(self.now - start for start in since if start is not None)
        return self.accounts.used(tenant, self.now) + running_s

    def share(self, tenant: str) -> float | None:
        """Return the used part of the tenant's allocation; None while it may not run (SEMANTICS Q2)."""
        return self.accounts.share(tenant, self.now)
