"""Before anything is submitted: what several jobs will be charged, each as a range, and what for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from qmode_jupyter.client.estimate import Estimate, fine
from qmode_jupyter.cost.model import Part
from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.scheduler import plans as catalogue
from qmode_jupyter.scheduler.breakdown import added
from qmode_jupyter.scheduler.plans import Plan
from qmode_jupyter.style.characters import shown
from qmode_jupyter.style.tables import Table
from qmode_jupyter.style.words import count, duration, money


@dataclass(frozen=True, slots=True)
class Forecast:
    """What jobs that are not submitted yet will be charged; shows as text and as HTML.

    Attributes
    ----------
    jobs
        Each job's estimate, by a name for it.
    plan
        Whose prices hold.
    """

    jobs: Mapping[str, Estimate]
    plan: Plan

    @property
    def usage_s(self) -> float:
        """Seconds of usage as jobs or as a batch; in a session these are the least (SEMANTICS U2, U3)."""
        return sum(job.usage_s for job in self.jobs.values())

    @property
    def range_s(self) -> tuple[float, float]:
        """From what to what that may be."""
        ranges = [job.range_s for job in self.jobs.values()]
        return sum(low for low, _ in ranges), sum(high for _, high in ranges)

    @property
    def parts(self) -> tuple[Part, ...]:
        """What the usage is made of: names and seconds, which add up to it."""
        return added(job.parts for job in self.jobs.values())

    @property
    def price_usd(self) -> Decimal | None:
        """What that costs, an estimate; None where usage is free."""
        return self.plan.price_usd(self.usage_s)

    def __repr__(self) -> str:
        return repr(self._table())

    def _repr_html_(self) -> str:
        return self._table()._repr_html_()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data: seconds, US dollars as floats."""
        return {
            "usage_s": self.usage_s,
            "range_s": list(self.range_s),
            "parts": [list(part) for part in self.parts],
            "price_usd": None if self.price_usd is None else float(self.price_usd),
            "jobs": {name: job.to_dict() for name, job in self.jobs.items()},
        }

    def _table(self) -> Table:
        named = [part for part, _ in self.parts]
        rows = [
            (
                name,
                f"{job.cost.executions:,}",
                *(fine(dict(job.parts).get(part, 0.0)) for part in named),
                duration(job.usage_s),
                "{} to {}".format(*map(duration, job.range_s)),
                self._price(job.usage_s),
            )
            for name, job in self.jobs.items()
        ]
        jobs, usage = count(len(self.jobs), "job"), duration(self.usage_s)
        low, high = map(duration, self.range_s)
        return Table(
            f"Forecast for {jobs}: usage {usage} ({low} to {high}), {self._price(self.usage_s)} on the "
            f"{self.plan.title} plan",
            ("job", ">executions", *(f">{part}" for part in named), ">usage", ">range", ">price"),
            tuple(rows),
            (
                "The parts add up to the usage, which is charged in whole seconds.",
                "In a session it is the least: there the time between the jobs is charged, too.",
            ),
        )

    def _price(self, usage_s: float) -> str:
        usd = self.plan.price_usd(usage_s)
        return "free" if usd is None else money(float(usd))


def forecast(jobs: Mapping[str, Estimate], plan: str | Plan | None = None) -> Forecast:
    """Return what jobs will be charged, from what `RuntimeService.estimate` says of each.

    Parameters
    ----------
    jobs
        Estimates, by a name for each.
    plan
        Whose prices hold; None for the plan of the first estimate.

    Raises
    ------
    IBMInputValueError
        For no job, and for something that is no estimate.
    UnknownPlan
        For no such plan, with the nearest.
    """
    if not isinstance(jobs, Mapping):
        raise IBMInputValueError(f"forecast takes a dictionary of estimates by name, not {shown(jobs)}.")
    if not jobs:
        raise IBMInputValueError("There is no job to forecast: give the estimate of one at least.")
    for name, job in jobs.items():
        if not isinstance(job, Estimate):
            raise IBMInputValueError(
                f"forecast takes estimates, as service.estimate(primitive, pubs) returns them; {name!r} is "
                f"a {type(job).__name__}."
            )
    priced = next(iter(jobs.values())).plan if plan is None else catalogue.plan(plan)
    return Forecast({name: replace(job, plan=priced) for name, job in jobs.items()}, priced)
