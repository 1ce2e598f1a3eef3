"""The fault drills: what people fear most on hardware, as data, to be practised here.

A drill is a service on which one thing goes wrong, by the rules of the real one. `drill_run` lets it
happen; nothing here does anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from qmode_jupyter.scheduler.records import Mode
from qmode_jupyter.style.spelling import did_you_mean

# ---- what can go wrong


@dataclass(frozen=True, slots=True)
class Refuse:
    """The service answers a submission with an HTTP error; `times` None: until you log in again."""

    status_code: int
    said: str
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Think:
    """Your own code takes so many seconds longer than the session's interactive timeout."""

    beyond_s: float


@dataclass(frozen=True, slots=True)
class Calibrate:
    """The QPU wants so many seconds for itself."""

    duration_s: float


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many other users arrive, each with a job of so many seconds, and all have used less than you."""

    jobs: int
    each_s: float


@dataclass(frozen=True, slots=True)
class EndKernel:
    """The kernel is killed: what is in memory is gone, what the store has kept is there."""


@dataclass(frozen=True, slots=True)
class Fail:
    """The job fails."""

    reason: str
    code: int
    system_fault: bool


@dataclass(frozen=True, slots=True)
class HoldQpu:
    """The job does not leave the QPU by itself: its maximum execution time ends it (SEMANTICS J20)."""


@dataclass(frozen=True, slots=True)
class PrepareFor:
    """The job's classical preparation takes so many seconds longer (SEMANTICS J6)."""

    seconds: float


@dataclass(frozen=True, slots=True)
class CancelJob:
    """Somebody else with your instance cancels the job."""


Mishap = Refuse | Think | Calibrate | Crowd | EndKernel | Fail | HoldQpu | PrepareFor | CancelJob
#: The numbers or seconds from which a seed draws one.
Range = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Drill:
    """One thing that goes wrong, and what would have saved you.

    Attributes
    ----------
    happens
        What goes wrong, in a sentence.
    saved_by
        The code that would have saved you.
    at_job
        Of which number the job is that the mishaps strike, or that is submitted when they do.
    mishaps
        What strikes then.
    limits
        Fields of the plan that are otherwise from the beginning.
    max_time_s
        The longest maximum timeout of the first session or batch, in seconds.
    modes
        Where it can happen.
    """

    name: str
    title: str
    happens: str
    saved_by: str
    at_job: Range = (3, 5)
    mishaps: tuple[Mishap, ...] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)
    max_time_s: Range | None = None
    modes: frozenset[Mode] = frozenset(Mode)


_WORKLOADS: Final = frozenset({Mode.SESSION, Mode.BATCH})

_ALL: Final = (
    Drill(
        "max-time",
        "the maximum timeout in the middle of the loop",
        "The session or batch reaches its maximum timeout while your loop runs: it takes no more jobs.",
        "except IBMRuntimeError: session = Session(backend)  # and go on from the last parameters",
        max_time_s=(20, 30),
        modes=_WORKLOADS,
    ),
    Drill(
        "interactive-timeout",
        "the interactive timeout while the optimiser thinks",
        "Your optimiser takes longer between two jobs than the interactive timeout: the session goes "
        "inactive, others get the QPU, and your next job queues again.",
        "sampler.run([next_circuit])  # before the slow step; or single jobs, if every step is slow",
        mishaps=(Crowd(6, 120.0), Think(30.0)),
        modes=frozenset({Mode.SESSION}),
    ),
    Drill(
        "calibration",
        "a calibration that takes an hour",
        "The QPU is calibrated for an hour as soon as your session lets it go, and your next job waits.",
        "job.wait_for_final_state(timeout=600)  # and on a timeout: service.least_busy()",
        mishaps=(Calibrate(3_600.0), Think(30.0)),
    ),
    Drill(
        "job-fails",
        "job 7 fails with 1336",
        "Job 7 fails: the program ran out of memory. The session is still open.",
        "except RuntimeJobFailureError: job = sampler.run(pubs)  # the session is open: only that one",
        at_job=(7, 7),
        mishaps=(Fail("Program runtime ran out of memory", 1336, system_fault=True),),
    ),
    Drill(
        "too-long",
        "a job that runs too long (1305)",
        "A job does not leave the QPU: it is stopped at its maximum execution time, and charged for it.",
        'Sampler(options={"max_execution_time": 60})  # without it the service waits for three hours',
        mishaps=(HoldQpu(),),
    ),
    Drill(
        "server-error",
        "the service answers 500 twice",
        "Two submissions are answered with HTTP 500; the third would be taken.",
        "for attempt in range(5): try: job = sampler.run(pubs); break; except IBMRuntimeError: pass",
        mishaps=(Refuse(500, "500 Server Error: Internal Server Error. Error code: 9999.", times=2),),
    ),
    Drill(
        "token-expired",
        "the token expires (401)",
        "From some job on every submission is answered with HTTP 401, until you log in again.",
        "except IBMRuntimeError: service = RuntimeService(...)  # logs in again; Session.from_id(id) goes on",
        mishaps=(Refuse(401, "401 Client Error: Unauthorized. The token has expired. Error code: 1201."),),
    ),
    Drill(
        "queue-grows",
        "a queue that grows",
        "Thirty other users arrive before your job, each with two minutes on the QPU.",
        "with Session(backend): ...  # a session or a batch queues once, single jobs queue each time",
        mishaps=(Crowd(30, 120.0),),
    ),
    Drill(
        "cost-limit",
        "the cost limit is reached",
        "The instance reaches its cost limit: what runs is stopped with 1305, what is queued is cancelled.",
        "%%qsession --budget 20s  # stops before the limit does; then raise it, with the last parameters",
        limits={"cost_limit_s": 20.0},
    ),
    Drill(
        "kernel-killed",
        "the kernel is killed",
        "The kernel is killed between two jobs: the service is gone, with everything that was in memory.",
        "service.job(job_id).result()  # in the next kernel; keep ids and parameters: job_tags=[repr(x)]",
        mishaps=(EndKernel(),),
    ),
    Drill(
        "batch-expires",
        "a batch loses its queued jobs",
        "The batch reaches its maximum timeout with jobs in the queue: those in the lanes run on, the others "
        "fail.",
        "again = [j for j in jobs if j.errored()]  # a second Batch runs only what the first one lost",
        max_time_s=(6, 10),
        modes=frozenset({Mode.BATCH}),
    ),
    Drill(
        "cancelled",
        "somebody cancels your job",
        "Somebody else with access to the instance cancels one of your jobs.",
        "if job.cancelled(): job = sampler.run(pubs)  # look before job.result(), which raises",
        mishaps=(CancelJob(),),
    ),
    Drill(
        "late-result",
        "a result that comes late",
        "The preparation of one job takes a quarter of an hour. A session is charged while it waits.",
        "job.result(timeout=120)  # and on RuntimeJobTimeoutError: job.cancel(), or do without that one",
        mishaps=(PrepareFor(900.0),),
    ),
    Drill(
        "pending-cap",
        "the cap on pending jobs",
        "The instance may have three pending jobs: one more is refused with 3458.",
        "jobs[-3].wait_for_final_state()  # before the next run: never more than three at once",
        limits={"pending_cap": 3},
    ),
)

#: The drills by name.
DRILLS: Final[Mapping[str, Drill]] = {drill.name: drill for drill in _ALL}


class UnknownDrill(ValueError):
    """No drill has that name."""


def drill(name: str) -> Drill:
    """Return the drill called `name`.

    Raises
    ------
    UnknownDrill
        With the nearest name, if there is none.
    """
    found = DRILLS.get(name.strip().lower())
    if found is None:
        raise UnknownDrill(
            f"No drill is called {name!r}.{did_you_mean(name, DRILLS)} The drills are {', '.join(DRILLS)}."
        )
    return found
