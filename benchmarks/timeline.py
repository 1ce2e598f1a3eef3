"""How long a timeline takes to draw, to PNG.

A batch whose jobs are all submitted at once, as most are; and one whose jobs come as they may, so that it
falls idle and is active again thousands of times.
"""

from __future__ import annotations

import dataclasses
import io
import random
import statistics
from collections.abc import Iterator
from functools import partial

from benchmarks.rows import Row, at_most, reported
from benchmarks.timing import seconds
from qmode_jupyter.scheduler.event_queue import Arrival, EventQueue
from qmode_jupyter.scheduler.events import JobSubmitted, WorkloadOpened
from qmode_jupyter.scheduler.plans import PREMIUM
from qmode_jupyter.scheduler.records import Mode
from qmode_jupyter.scheduler.scheduler import Scheduler
from qmode_jupyter.scheduler.trace import Trace, take
from qmode_jupyter.timeline.draw import timeline

#: Jobs, and the seconds that they may take.
LIMITS_S = {100: None, 1_000: None, 10_000: 0.3, 100_000: 1.0}
#: Mean seconds from one job to the next, emulated.
AT_ONCE_S, ONE_BY_ONE_S = 0.0, 6.0
_QPU, _BATCH = "generic_19q", "batch"
_ROUNDS = 5


def rows() -> list[Row]:
    _draw(_trace(20, AT_ONCE_S))  # imports matplotlib and reads its fonts
    found = []
    for mean_s, how in ((AT_ONCE_S, ""), (ONE_BY_ONE_S, ", idle in between")):
        for jobs, limit_s in LIMITS_S.items():
            trace = _trace(jobs, mean_s)
            taken_s = statistics.median(seconds(partial(_draw, trace)) for _ in range(_ROUNDS))
            name = f"timeline of a batch of {jobs:,} jobs{how}, as PNG"
            detail = f"active {sum(state == 'active' for state, _ in trace.workloads[0].history):,} times"
            if limit_s is None:
                found.append(reported(name, taken_s, "s", detail))
            else:
                found.append(at_most(name, taken_s, "s", limit_s, detail))
    return found


def _draw(trace: Trace) -> None:
    timeline(trace).savefig(io.BytesIO(), format="png")


def _trace(jobs: int, mean_s: float) -> Trace:
    """Return the trace of a batch of so many jobs."""
    # No real batch may be open for so long.
    plan = dataclasses.replace(PREMIUM, batch_max_s=1e9)
    scheduler = Scheduler(plan)
    queue = EventQueue(scheduler)
    queue.happen(WorkloadOpened(0.0, _BATCH, Mode.BATCH, _QPU))
    queue.feed(_arrivals(jobs, mean_s))
    queue.run_until(1e12)
    return take(scheduler, _QPU, [_BATCH])


def _arrivals(jobs: int, mean_s: float) -> Iterator[Arrival]:
    dice, at = random.Random(1), 0.0
    for number in range(jobs):
        at += dice.expovariate(1.0) * mean_s
        event = JobSubmitted(at, f"job-{number}", _QPU, _BATCH, overhead_s=2.0)
        yield Arrival(event, dice.uniform(1.0, 5.0), dice.uniform(2.0, 7.6))
