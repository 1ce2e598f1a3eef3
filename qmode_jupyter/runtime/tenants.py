"""Other people on the emulated QPU: seeded tenants whose jobs queue, and calibrations.

The length of a real queue can't be known here; this one is a model. What it takes for granted:

- Jobs arrive as a Poisson process, the same by day and by night. Each is a single job; nobody else
  opens a session or a batch.
- A job's time on the QPU is log-normal with a median of 10 s, never under 2 s nor over 10 minutes
  (SEMANTICS U8: most charges are a few seconds, the large ones minutes); its preparation takes 1 to
  6 s, evenly spread.
- Every tenant has a right to an equal part of the QPU, as you have. How much of the load is whose is
  drawn anew for each seed, and so is what each had used of its allocation in the 28 days before; you
  had used as much as they had on average. The least used share goes first (SEMANTICS Q1).
- A QPU is monitored about every hour for a minute or two, and calibrated once a day for about
  three quarters of an hour: less than two hours a day in sum (SEMANTICS Q4).

The queue is there from the first moment: hours of it were played through before.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from heapq import merge
from itertools import chain, count
from math import exp, log
from operator import attrgetter
from statistics import NormalDist
from typing import Final

from qmode_jupyter.scheduler.event_queue import Arrival, EventQueue
from qmode_jupyter.scheduler.events import (
    GRAIN_S,
    YOU,
    CalibrationDue,
    CrowdArrived,
    JobSubmitted,
    TenantArrived,
    grained,
)
from qmode_jupyter.scheduler.plans import PREMIUM
from qmode_jupyter.scheduler.records import JobState
from qmode_jupyter.scheduler.scheduler import Scheduler

#: A QPU that is busier with others than this has a queue without end.
MOST_LOAD: Final = 0.9
#: Over this many hours before the start the queue builds up.
_BEFORE_S: Final = 6 * 3_600.0

_MEDIAN_S: Final = 10.0
_SPREAD: Final = 1.0  # standard deviation of the logarithm
_SHORTEST_S: Final = 2.0  # SEMANTICS U8
_LONGEST_S: Final = 600.0
_OVERHEAD_S: Final = 2.0  # SEMANTICS U6
_PREPARATION_S: Final = (1.0, 6.0)

Range = tuple[float, float]
# How often, and how long, in seconds.
_MONITORING: Final[tuple[Range, Range]] = ((3_000.0, 4_200.0), (60.0, 120.0))
_CALIBRATION: Final[tuple[Range, Range]] = ((23 * 3_600.0, 25 * 3_600.0), (2_400.0, 3_000.0))

_at = attrgetter("event.at")
_NAMES: Final = ("ada", "bo", "chen", "dara", "emeka", "fay", "gus", "hana", "ines", "jon")


class Tenants:
    """Background users of every QPU of a service.

    Parameters
    ----------
    load
        The part of a QPU's time that their jobs hold, from 0 (nobody) to 0.9.
    seed
        The same seed gives the same history, whatever you do.
    tenants
        How many there are beside you.
    calibrations
        Whether the QPU is calibrated, too; with a load of 0 it is not.

    Raises
    ------
    ValueError
        For a load, or a number of tenants, that can't be.
    """

    def __init__(self, load: float, *, seed: int = 0, tenants: int = 5, calibrations: bool = True) -> None:
        if isinstance(load, bool) or not isinstance(load, int | float) or not 0 <= load <= MOST_LOAD:
            raise ValueError(
                f"load must be from 0 (nobody else) to {MOST_LOAD:g} (a QPU that is busier has a queue "
                f"without end), not {load!r}."
            )
        if isinstance(tenants, bool) or not isinstance(tenants, int) or not 1 <= tenants <= 1_000:
            raise ValueError(f"tenants must be from 1 to 1000, not {tenants!r}.")
        self.load = float(load)
        self.seed = seed
        self.names = tuple(
            _NAMES[n] if n < len(_NAMES) else f"{_NAMES[n % len(_NAMES)]} {n // len(_NAMES) + 1}"
            for n in range(tenants)
        )
        self.calibrations = calibrations

    @classmethod
    def of(cls, crowd: CrowdArrived) -> Tenants:
        """Return the tenants that a record names."""
        return cls(crowd.load, seed=crowd.seed, tenants=crowd.tenants, calibrations=crowd.calibrations)

    def __repr__(self) -> str:
        return f"<Tenants load={self.load:g} seed={self.seed} tenants={len(self.names)}>"

    def arrivals(self, qpu: str, start: float = 0.0) -> Iterator[Arrival]:
        """Yield what happens on `qpu` from `start` on, without end; nothing at a load of 0.

        The first arrivals are the tenants themselves, then the queue that is there at `start`.
        """
        if not self.load:
            return
        start = grained(start)
        yield Arrival(CrowdArrived(start, qpu, self.load, self.seed, len(self.names), self.calibrations))
        dice = random.Random(f"{self.seed} {qpu}")
        weights = [dice.gammavariate(2.0, 1.0) for _ in self.names]
        yield from self._tenants(start, weights)
        others = self._arrivals_of_others(qpu, dice, weights)
        before = list(self._tenants(0.0, weights))
        for arrival in others:
            if arrival.event.at >= _BEFORE_S:
                break
            before.append(arrival)
        yield from _left_over(qpu, start, before)
        for later in chain([arrival], others):
            yield replace(later, event=replace(later.event, at=later.event.at - _BEFORE_S + start))

    def _tenants(self, at: float, weights: list[float]) -> Iterator[Arrival]:
        allocation_s = PREMIUM.window_s / (len(self.names) + 1)
        mean_s = PREMIUM.window_s * self.load / len(self.names)
        yield Arrival(TenantArrived(at, YOU, allocation_s, grained(mean_s)))
        for name, weight in zip(self.names, weights, strict=True):
            used_s = mean_s * len(weights) * weight / sum(weights)
            yield Arrival(TenantArrived(at, name, allocation_s, grained(used_s)))

    def _arrivals_of_others(self, qpu: str, dice: random.Random, weights: list[float]) -> Iterator[Arrival]:
        jobs = self._jobs(qpu, dice, weights)
        if not self.calibrations:
            return jobs
        calibration_dice = random.Random(f"{self.seed} {qpu} calibrations")
        return merge(
            jobs,
            _calibrations(qpu, calibration_dice, *_MONITORING),
            _calibrations(qpu, calibration_dice, *_CALIBRATION),
            key=_at,
        )

    def _jobs(self, qpu: str, dice: random.Random, weights: list[float]) -> Iterator[Arrival]:
        per_s = self.load / mean_job_s()
        at = 0.0
        for number in count(1):
            at += dice.expovariate(per_s)
            (tenant,) = dice.choices(self.names, weights)
            qpu_s = min(max(_MEDIAN_S * dice.lognormvariate(0.0, _SPREAD), _SHORTEST_S), _LONGEST_S)
            job = JobSubmitted(
                grained(at), f"{qpu}/{tenant}/{number}", qpu, overhead_s=_OVERHEAD_S, tenant=tenant
            )
            yield Arrival(job, grained(dice.uniform(*_PREPARATION_S)), grained(qpu_s))


def mean_job_s() -> float:
    """Return the mean time of a tenant's job on the QPU, in seconds."""
    normal = NormalDist()
    low, high = (log(bound / _MEDIAN_S) / _SPREAD for bound in (_SHORTEST_S, _LONGEST_S))
    between = _MEDIAN_S * exp(_SPREAD**2 / 2) * (normal.cdf(high - _SPREAD) - normal.cdf(low - _SPREAD))
    return _SHORTEST_S * normal.cdf(low) + between + _LONGEST_S * (1 - normal.cdf(high))


def _calibrations(qpu: str, dice: random.Random, every_s: Range, lasts_s: Range) -> Iterator[Arrival]:
    at = dice.uniform(0.0, every_s[1])
    while True:
        yield Arrival(CalibrationDue(grained(at), qpu, grained(dice.uniform(*lasts_s))))
        at += dice.uniform(*every_s)


def _left_over(qpu: str, start: float, before: list[Arrival]) -> Iterator[Arrival]:
    """Yield what is under way or queues on the QPU when all of `before` has been played through."""
    scheduler = Scheduler(PREMIUM)
    queue = EventQueue(scheduler)
    queue.feed(iter(before))
    queue.run_until(_BEFORE_S)
    now, there = _BEFORE_S, scheduler.qpus.get(qpu)
    if there is None:
        return
    if there.calibrating is not None and there.calibrating.started_at is not None:
        ends_at = there.calibrating.started_at + there.calibrating.duration_s
        yield Arrival(CalibrationDue(start, qpu, ends_at - now))
    asked = {a.event.job: a for a in before if isinstance(a.event, JobSubmitted)}
    first = [there.on_qpu] if there.on_qpu is not None else []
    preparing = [job for job in there.lanes.values() if job.state is JobState.PREPARING]
    queued = [job for job in scheduler.jobs.values() if job.state is JobState.QUEUED]
    for job in (*first, *there.ready, *preparing, *queued):
        arrival = asked[job.id]
        preparation_s, qpu_s = arrival.preparation_s, job.qpu_s or arrival.outcome
        if job.preparing_at is not None:
            preparation_s = 0.0 if job.waiting_at is not None else job.preparing_at + preparation_s - now
        if job.on_qpu_at is not None:
            qpu_s = job.on_qpu_at + job.qpu_s - now
        yield Arrival(replace(arrival.event, at=start), preparation_s, qpu_s)
    for calibration in there.calibrations_due:  # they wait for the job that is on the QPU
        yield Arrival(CalibrationDue(start + GRAIN_S, qpu, calibration.duration_s))
