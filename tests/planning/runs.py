"""Finished runs to compare and to advise on."""

from __future__ import annotations

from qmode_jupyter.scheduler.events import grained
from qmode_jupyter.scheduler.trace import Trace
from tests.scheduler.emulation import Emulation


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
