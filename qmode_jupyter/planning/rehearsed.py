"""What a cell will be charged on hardware, by its rehearsal: the same jobs, priced for that processor."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from qmode_jupyter.cost.constants import Spread
from qmode_jupyter.cost.model import cost, on_processor
from qmode_jupyter.cost.processors import Processor
from qmode_jupyter.planning.repricing import processor_of
from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler.scheduler import charge_s
from qmode_jupyter.scheduler.trace import Trace


@dataclass(frozen=True, slots=True)
class Expected:
    """Seconds of usage: as is likely, and from what to what."""

    usage_s: float
    low_s: float
    high_s: float


def expected(trace: Trace, there: Processor, spread: Spread) -> Expected:
    """Return what the workload of a rehearsal would be charged on another processor.

    What it is charged for beside its jobs, the time between those of a session, is as it was. A job
    whose work is not known, because it never was prepared, counts as it was, too.
    """
    (workload,) = trace.workloads
    online = next((e for e in trace.events if isinstance(e, ev.QpuOnline) and e.qpu == trace.qpu), None)
    here = processor_of(online)
    sums = [workload.usage_s] * 3
    for job in trace.jobs:
        if job.work is None:
            continue
        needed = cost(on_processor(job.work, here, there), there, spread)
        for position, seconds in enumerate((needed.on_qpu_s, needed.low_s, needed.high_s)):
            charged_s = charge_s(seconds, needed.overhead_s, trace.plan.charge_step_s)
            sums[position] += charged_s - job.charged_s
    likely_s, low_s, high_s = (float(max(0, ceil(round(seconds, 6)))) for seconds in sums)
    return Expected(likely_s, low_s, high_s)
