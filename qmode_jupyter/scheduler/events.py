"""What can happen to the emulated service, and what it then asks its surroundings to do.

Events go into `Scheduler.handle`, instructions come out. Both are small frozen records; every
event carries the time at which it happened (`at`, emulated seconds, a multiple of `GRAIN_S`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from qmode_jupyter.cost.model import Part
from qmode_jupyter.cost.work import Work
from qmode_jupyter.scheduler.records import JobState, Mode

#: Emulated times are multiples of this. Sums and differences of such numbers are exact in a
#: float for ages (2**33 s), which is what lets a trace replay to the byte.
GRAIN_S: Final = 2.0**-20

#: The tenant that is the person at the keyboard; any other is a background user.
YOU: Final = "you"


def grained(seconds: float) -> float:
    """Return `seconds` rounded to the nearest multiple of `GRAIN_S`."""
    return round(seconds / GRAIN_S) * GRAIN_S


@dataclass(frozen=True, slots=True)
class WorkloadOpened:
    """A session or batch was created; `max_time_s` is None for the plan's own maximum."""

    at: float
    workload: str
    mode: Mode
    qpu: str
    name: str = ""
    max_time_s: float | None = None
    tenant: str = YOU


@dataclass(frozen=True, slots=True)
class JobSubmitted:
    """A job arrived, in a workload or (None) by itself.

    `submitter` numbers the thread that submitted it and `awaited` names the jobs whose results
    that thread had waited for since its last submission: what a comparison of modes must keep.
    `overhead_s` is charged in full as soon as the job has been on the QPU (SEMANTICS A9).
    """

    at: float
    job: str
    qpu: str
    workload: str | None = None
    program: str = "sampler"
    overhead_s: float = 0.0
    max_execution_s: float | None = None
    tenant: str = YOU
    submitter: int = 0
    awaited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JobPrepared:
    """A job's classical preparation ended; it would hold the QPU for `qpu_s` seconds.

    `parts` name them, before they are rounded up; `work` is what they were reckoned from. Other users'
    jobs have neither.
    """

    at: float
    job: str
    qpu_s: float = 0.0
    parts: tuple[Part, ...] = ()
    work: Work | None = None


@dataclass(frozen=True, slots=True)
class JobExecuted:
    """A job left the QPU with its result."""

    at: float
    job: str


@dataclass(frozen=True, slots=True)
class JobFailed:
    """A job failed; a fault of the system is not charged (SEMANTICS U4)."""

    at: float
    job: str
    reason: str
    reason_code: int | None = None
    system_fault: bool = False


@dataclass(frozen=True, slots=True)
class JobCancelled:
    """The user cancelled a job that had not ended."""

    at: float
    job: str


@dataclass(frozen=True, slots=True)
class WorkloadClosed:
    """The user closed a workload: no new jobs, the ones it has run on (SEMANTICS S18)."""

    at: float
    workload: str


@dataclass(frozen=True, slots=True)
class WorkloadCancelled:
    """The user cancelled a workload: queued jobs are dropped, running ones finish (SEMANTICS S19)."""

    at: float
    workload: str


@dataclass(frozen=True, slots=True)
class TenantArrived:
    """An instance that shares the QPUs is known, with its allocation of QPU seconds.

    `used_s` is what it had used of it before: it weighs in fair share, and is no usage of this run.
    """

    at: float
    tenant: str
    allocation_s: float
    used_s: float = 0.0


@dataclass(frozen=True, slots=True)
class CrowdArrived:
    """Seeded background users begin on a QPU; all that they will ever do follows from these numbers.

    It changes nothing by itself: what they do are events of their own. It lets a replay go on where
    the log ends.
    """

    at: float
    qpu: str
    load: float
    seed: int
    tenants: int
    calibrations: bool


@dataclass(frozen=True, slots=True)
class QpuOnline:
    """It is known what a QPU is, before its first job.

    `lanes` jobs are RUNNING at once (None: as many as the plan says), of which `preparations` (None:
    all) are really being prepared (SEMANTICS A28). `processor` prices its jobs.
    """

    at: float
    qpu: str
    lanes: int | None = None
    preparations: int | None = None
    processor: str = ""
    rep_delay_s: float | None = None


@dataclass(frozen=True, slots=True)
class CalibrationDue:
    """A QPU wants `duration_s` seconds for itself, as soon as the rules let it (SEMANTICS A7)."""

    at: float
    qpu: str
    duration_s: float


@dataclass(frozen=True, slots=True)
class QpuReserved:
    """A tenant has a QPU to itself from `start` to `end` (SEMANTICS L7, Q7)."""

    at: float
    qpu: str
    tenant: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing but time: deadlines up to `at` have passed."""

    at: float


Event = (
    WorkloadOpened
    | JobSubmitted
    | JobPrepared
    | JobExecuted
    | JobFailed
    | JobCancelled
    | WorkloadClosed
    | WorkloadCancelled
    | TenantArrived
    | CrowdArrived
    | QpuOnline
    | CalibrationDue
    | QpuReserved
    | Tick
)


@dataclass(frozen=True, slots=True)
class Prepare:
    """Begin a job's classical preparation; answer with `JobPrepared` or `JobFailed`."""

    job: str


@dataclass(frozen=True, slots=True)
class Execute:
    """Put a job on the QPU; answer with `JobExecuted` or `JobFailed`."""

    job: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Give up what was begun for a job; no answer is wanted."""

    job: str


@dataclass(frozen=True, slots=True)
class Settle:
    """A job has ended: tell whoever waits for it. `charged_s` is what of it was on the QPU."""

    job: str
    state: JobState
    reason: str = ""
    reason_code: int | None = None
    charged_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Changed:
    """A workload's state, clocks or acceptance of jobs changed, or a job waits for the QPU now."""

    id: str


Instruction = Prepare | Execute | Stop | Settle | Changed
