"""How fast the rules run: a long trace replayed, and a queue against the same queue in simpy.

``python -m benchmarks.replay`` prints a table. The queue is one QPU with five preparation lanes,
Poisson arrivals, and given times of preparation and on the QPU; what both programs say of every job
(when it is prepared, when it is on the QPU, when it ends) is compared first. Simpy then only counts
the time; the scheduler also keeps its log and its ledger, and looks at every limit.
"""

from __future__ import annotations

import gc
import random
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.rows import Row, at_most, shown
from qmode_jupyter.scheduler.event_queue import Arrival, EventQueue
from qmode_jupyter.scheduler.events import Event, JobSubmitted, grained
from qmode_jupyter.scheduler.plans import PREMIUM
from qmode_jupyter.scheduler.scheduler import Scheduler

QPU = "generic_19q"
TENANTS = 5
#: Jobs of the long trace, of the short one, and of the queue that is compared with simpy.
MANY, FEW, QUEUE = 100_000, 1_000, 10_000
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
    queue = EventQueue(scheduler)
    queue.feed(iter(coming))
    queue.run_until(1e12)
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


def rerun(log: list[Event]) -> Scheduler:
    """Feed a log to a fresh scheduler, as reading a trace does."""
    scheduler = Scheduler(PREMIUM)
    for event in log:
        scheduler.handle(event)
    return scheduler


def rows() -> list[Row]:
    """Return the rows of this benchmark; the process should be its own, for its memory is measured."""
    return [*long_trace(), *against_simpy()]


def long_trace() -> list[Row]:
    """Replay a trace of 100,000 jobs, and short ones beside it."""
    many = run_here(arrivals(orders(MANY), TENANTS))
    begin = time.perf_counter()
    again = rerun(many.log)
    took_s = time.perf_counter() - begin
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert again.job(f"job-{MANY - 1}") == many.job(f"job-{MANY - 1}")
    few = run_here(arrivals(orders(FEW), TENANTS)).log
    costs: dict[int, list[float]] = {MANY: [], FEW: []}
    for _ in range(REPETITIONS):
        costs[FEW].append(min(seconds(lambda: rerun(few)) for _ in range(5)) / len(few))
        costs[MANY].append(seconds(lambda: rerun(many.log)) / len(many.log))
    per_event = {number: statistics.median(times) for number, times in costs.items()}
    return [
        at_most(
            f"replay of a trace of {MANY:,} jobs",
            took_s,
            "s",
            10,
            f"{len(many.log):,} events, {TENANTS} tenants",
        ),
        at_most("memory with that trace and its replay", peak_mb, "MB", 1_000, "peak of the process"),
        at_most(
            f"cost per event, {MANY:,} jobs against {FEW:,}",
            per_event[MANY] / per_event[FEW],
            "×",
            1.5,
            f"{per_event[MANY] * 1e6:.1f} µs against {per_event[FEW] * 1e6:.1f} µs",
        ),
    ]


def against_simpy() -> list[Row]:
    """Time the same queue here and in simpy, in turns, after comparing what they say."""
    jobs = orders(QUEUE)
    coming = arrivals(jobs, tenants=1)
    log = run_here(coming).log
    _compare(run_here(coming), run_in_simpy(jobs))
    times: dict[str, list[float]] = {"simpy": [], "queue": [], "replay": []}
    for _ in range(REPETITIONS):
        times["simpy"].append(seconds(lambda: run_in_simpy(jobs)))
        times["queue"].append(seconds(lambda: run_here(coming)))
        times["replay"].append(seconds(lambda: rerun(log)))
    per_job = {name: statistics.median(taken) / QUEUE * 1e6 for name, taken in times.items()}
    detail = f"{QUEUE:,} jobs, 5 lanes, 1 QPU; {{:.1f}} µs a job, simpy {per_job['simpy']:.1f} µs"
    return [
        at_most(
            f"{what} against the same queue in simpy",
            per_job[name] / per_job["simpy"],
            "×",
            1.0,
            detail.format(per_job[name]),
        )
        for name, what in (("replay", "replay of a trace"), ("queue", "a queue from its arrivals"))
    ]


def seconds(work: Callable[[], object]) -> float:
    """Return the processor time of `work`, begun with a clean heap."""
    gc.collect()
    begin = time.process_time()
    work()
    return time.process_time() - begin


def _compare(here: Scheduler, there: list[list[float]]) -> None:
    for job, times in zip(here.jobs.values(), there, strict=True):
        ours = (job.preparing_at, job.waiting_at, job.on_qpu_at, job.ended_at)
        if any(a is None or abs(a - b) > 1e-3 for a, b in zip(ours, times, strict=True)):
            raise AssertionError(f"{job.id} lives at {ours} here and at {times} in simpy")


if __name__ == "__main__":
    for row in rows():
        print(f"{row['name']:50} {shown(row):>10}   target {row['target']:10} {row['detail']}")
