"""Finished runs to compare and to advise on."""

from __future__ import annotations

from qmode_jupyter.cost.model import cost
from qmode_jupyter.cost.processors import HERON_R2, Processor
from qmode_jupyter.cost.work import Mitigation, Run, Work
from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler.events import grained
from qmode_jupyter.scheduler.scheduler import charge_s
from qmode_jupyter.scheduler.trace import Trace
from tests.scheduler.emulation import QPU, Emulation


def loop(e: Emulation, within: str | None, iterations: int = 20, think_s: float = 0.25) -> Trace:
    """A variational loop: submit, wait for the result, think for a moment."""
    last: tuple[str, ...] = ()
    names = [f"j{n}" for n in range(iterations)]
    for n, name in enumerate(names):
        e.job(name, 3 + n % 2, within=within, prep_s=1.0, overhead_s=2.0, program="estimator", awaited=last)
        last = (e.result(name),)
        if n < iterations - 1:
            e.at(e.now + grained(think_s))
    if within is not None:
        e.close(within)
    return e.trace(*([within] if within else names))


def handful(e: Emulation, within: str | None, jobs: int = 5, qpu_s: float = 6) -> list[str]:
    """Independent jobs, submitted at once."""
    return [e.job(f"j{n}", qpu_s, within=within, prep_s=2.0, overhead_s=2.0) for n in range(jobs)]


def large_jobs(e: Emulation, prep_s: float, qpu_s: float = 62.0, jobs: int = 3) -> Trace:
    """A session in which each job comes after the result of the one before."""
    e.session("s")
    last: tuple[str, ...] = ()
    for n in range(jobs):
        e.job(f"j{n}", qpu_s, within="s", prep_s=prep_s, overhead_s=2, awaited=last)
        last = (e.result(f"j{n}"),)
    e.close("s")
    return e.trace("s")


#: 4,096 shots of one circuit as a default Estimator runs them, and as one at level 0 and at level 2 does.
MITIGATED = Work("estimator", 1, 50, (Run(1, 4096, 1e-6, 1.56e-6),), Mitigation(twirled=True, measure=True))
PLAIN = Work("estimator", 1, 50, (Run(1, 4096, 1e-6, 1.56e-6),))
EXTRAPOLATED = Work(
    "estimator",
    1,
    50,
    (Run(1, 4096, 1e-6, 1.56e-6),),
    Mitigation(twirled=True, measure=True, zne_factors=(1.0, 3.0, 5.0)),
)


def priced(
    e: Emulation, name: str, work: Work = MITIGATED, processor: Processor = HERON_R2, **words: object
) -> str:
    """Submit a job that needs what the cost model says."""
    needed = cost(work, processor)
    return e.job(
        name,
        charge_s(needed.on_qpu_s, needed.overhead_s, e.scheduler.plan.charge_step_s),
        prep_s=needed.preparation_s,
        parts=needed.parts,
        work=work,
        overhead_s=1.8 + processor.more_overhead_s,
        program=work.primitive,
        **words,  # type: ignore[arg-type]
    )


def online(e: Emulation, processor: Processor = HERON_R2) -> None:
    """Let it be known what the QPU is."""
    e.happen(
        ev.QpuOnline(
            e.now, QPU, processor.lanes, processor.preparations, processor.name, processor.rep_delay_s
        )
    )
