"""How fast the rules run: a long trace replayed, and a queue against the same queue in simpy.

``python -m benchmarks.replay`` prints a table. The queue is one QPU with five preparation lanes,
Poisson arrivals of five tenants, and given times of preparation and on the QPU; what both programs
say of every job (when it is prepared, when it is on the QPU, when it ends) is compared first.
"""

from __future__ import annotations

import gc
import json
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from qmode_jupyter.scheduler.agenda import Agenda, Arrival
from qmode_jupyter.scheduler.events import JobSubmitted, grained
from qmode_jupyter.scheduler.plans import PREMIUM
from qmode_jupyter.scheduler.scheduler import Scheduler
from qmode_jupyter.scheduler.trace import replay

QPU = "generic_19q"
TENANTS = 5
#: Jobs of the long trace, of the short one, and of the queue that is compared with simpy.
MANY, FEW, QUEUE = 100_000, 1_000, 20_000
REPETITIONS = 7


@dataclass(frozen=True, slots=True)
class Order:
    """A job that comes at `at`, takes `preparation_s` in a lane and then `qpu_s` on the QPU."""

    at: float
    preparation_s: float
    qpu_s: float


def orders(number: int, seed: int = 1) -> list[Order]:
    """Return jobs that keep the QPU busy for four fifths of the time."""
    dice, at, made = random.Random(seed), 0.0, []
    for _ in range(number):
        at += dice.expovariate(1 / 6.0)
        made.append(Order(grained(at), grained(dice.uniform(1.0, 5.0)), grained(dice.uniform(2.0, 7.6))))
    return made


def arrivals(jobs: list[Order], tenants: int) -> list[Arrival]:
    """Return the jobs as the scheduler's surroundings see them come."""
    return [
        Arrival(
            JobSubmitted(job.at, f"job-{n}", QPU, overhead_s=2.0, tenant=f"tenant-{n % tenants}"),
            job.preparation_s,
            job.qpu_s,
        )
        for n, job in enumerate(jobs)
    ]


def run_here(coming: list[Arrival]) -> Scheduler:
    """Let the scheduler work through the jobs."""
    scheduler = Scheduler(PREMIUM)
    agenda = Agenda(scheduler)
    agenda.feed(iter(coming))
    agenda.run_until(1e12)
    return scheduler


def run_in_simpy(jobs: list[Order]) -> list[list[float]]:
    """Let simpy work through the jobs; return each one's (preparing, waiting, on the QPU, ended)."""
    import simpy

    environment = simpy.Environment()
    lanes = simpy.Resource(environment, PREMIUM.lanes)
    qpu = simpy.Resource(environment, 1)
    lives: list[list[float]] = [[] for _ in jobs]

    def life(job: Order, times: list[float]) -> Iterator[Any]:
        with lanes.request() as lane:
            yield lane
            times.append(environment.now)
            yield environment.timeout(job.preparation_s)
            times.append(environment.now)
            with qpu.request() as turn:
                yield turn
                times.append(environment.now)
                yield environment.timeout(job.qpu_s)
                times.append(environment.now)

    def source() -> Iterator[Any]:
        for job, times in zip(jobs, lives, strict=True):
            yield environment.timeout(job.at - environment.now)
            environment.process(life(job, times))

    environment.process(source())
    environment.run()
    return lives


def seconds(work: Callable[[], object]) -> float:
    """Return the processor time of `work`, begun with a clean heap."""
    gc.collect()
    begin = time.process_time()
    work()
    return time.process_time() - begin
