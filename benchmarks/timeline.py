"""How long a timeline takes to draw, to PNG."""

from __future__ import annotations

import dataclasses
import io
import random
import statistics
from collections.abc import Iterator

from benchmarks.rows import Row, at_most, reported
from benchmarks.timing import seconds
from qmode_jupyter.notebook.timeline import timeline
from qmode_jupyter.scheduler.agenda import Agenda, Arrival
from qmode_jupyter.scheduler.events import JobSubmitted, WorkloadClosed, WorkloadOpened
from qmode_jupyter.scheduler.plans import PREMIUM
from qmode_jupyter.scheduler.scheduler import Scheduler
from qmode_jupyter.scheduler.states import Mode
from qmode_jupyter.scheduler.trace import Trace, take

#: Jobs, and the seconds that they may take.
LIMITS_S = {100: None, 1_000: None, 10_000: 0.3, 100_000: 1.0}
_QPU, _BATCH = "generic_19q", "batch"
_ROUNDS = 5


def rows() -> list[Row]:
    draw(_trace(20))  # imports matplotlib and reads its fonts
    found = []
    for jobs, limit_s in LIMITS_S.items():
        trace = _trace(jobs)
        taken_s = statistics.median(seconds(lambda trace=trace: draw(trace)) for _ in range(_ROUNDS))
        name = f"timeline of {jobs:,} jobs as PNG"
        if limit_s is None:
            found.append(reported(name, taken_s, "s"))
        else:
            found.append(at_most(name, taken_s, "s", limit_s))
    return found


def draw(trace: Trace) -> None:
    """Draw a trace into memory."""
    timeline(trace).savefig(io.BytesIO(), format="png")


def _trace(jobs: int) -> Trace:
    """Return the trace of a batch of so many jobs, with its queues, failures and idle times."""
    # No real batch may be open for so long.
    plan = dataclasses.replace(PREMIUM, batch_max_s=1e9)
    scheduler = Scheduler(plan)
    agenda = Agenda(scheduler)
    agenda.happen(WorkloadOpened(0.0, _BATCH, Mode.BATCH, _QPU))
    agenda.feed(_arrivals(jobs))
    agenda.run_until(1e12)
    agenda.happen(WorkloadClosed(scheduler.now + 5.0, _BATCH))
    return take(scheduler, _QPU, [_BATCH])


def _arrivals(jobs: int) -> Iterator[Arrival]:
    dice, at = random.Random(1), 0.0
    for number in range(jobs):
        at += dice.expovariate(1 / 6.0)
        event = JobSubmitted(at, f"job-{number}", _QPU, _BATCH, overhead_s=2.0)
        yield Arrival(event, dice.uniform(1.0, 5.0), dice.uniform(2.0, 7.6))
