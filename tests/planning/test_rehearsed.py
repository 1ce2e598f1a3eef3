"""By its rehearsal, what a cell will be charged on hardware."""

from __future__ import annotations

import pytest

from qmode_jupyter.cost.constants import PUBLIC
from qmode_jupyter.cost.model import cost
from qmode_jupyter.cost.processors import EAGLE_R3, HERON_R2
from qmode_jupyter.planning.rehearsed import expected
from qmode_jupyter.scheduler.scheduler import charge_s
from qmode_jupyter.scheduler.trace import Trace
from tests.planning.runs import MITIGATED, handful, online, priced
from tests.scheduler.emulation import Emulation


def rehearsal(mode: str = "session") -> Trace:
    """Three jobs one after the other, with two seconds of thinking between."""
    e = Emulation()
    online(e)
    getattr(e, mode)("s")
    for name in "abc":
        priced(e, name, within="s")
        e.result(name)
        e.at(e.now + 2.0)
    e.close("s")
    return e.trace("s")


@pytest.mark.parametrize("mode", ["session", "batch"])
def test_on_the_processor_that_was_rehearsed_it_is_what_the_rehearsal_was_charged(mode: str) -> None:
    trace = rehearsal(mode)
    found = expected(trace, HERON_R2, PUBLIC)
    assert trace.workloads[0].usage_s <= found.usage_s < trace.workloads[0].usage_s + 1, "in whole seconds"
    assert found.low_s <= found.usage_s < found.high_s


def test_on_another_processor_its_jobs_are_priced_anew_and_the_thinking_stays() -> None:
    trace = rehearsal()
    there = expected(trace, EAGLE_R3, PUBLIC)
    needed = cost(MITIGATED, EAGLE_R3, PUBLIC)
    jobs_s = 3 * charge_s(needed.on_qpu_s, needed.overhead_s, 1.0)
    between_s = trace.workloads[0].usage_s - trace.workloads[0].qpu_s
    assert there.usage_s == pytest.approx(jobs_s + between_s, abs=1.5)


def test_jobs_of_which_nothing_is_known_count_as_they_were() -> None:
    e = Emulation()
    e.batch("s")
    handful(e, "s")
    e.at(e.now + 100.0)
    e.close("s")
    trace = e.trace("s")
    found = expected(trace, EAGLE_R3, PUBLIC)
    assert (found.low_s, found.usage_s, found.high_s) == (trace.workloads[0].usage_s,) * 3
