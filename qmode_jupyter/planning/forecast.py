"""Before anything is submitted: what it will be charged, with the parts that make it up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.scheduler import plans as catalogue
from qmode_jupyter.scheduler.plans import Plan
from qmode_jupyter.scheduler.scheduler import charge_s
from qmode_jupyter.simulation.timing import JobTiming
from qmode_jupyter.style.tables import Table
from qmode_jupyter.style.words import count, duration, money


@dataclass(frozen=True, slots=True)
class Forecast:
    """What jobs that are not submitted yet will be charged; shows as text and as HTML.

    Attributes
    ----------
    jobs
        The parts of each job's estimate, by a name for it.
    plan
        Whose prices hold.
    """

    jobs: Mapping[str, JobTiming]
    plan: Plan

    @property
    def usage_s(self) -> float:
        """Seconds of usage as jobs or as a batch; in a session these are the least (SEMANTICS U2, U3)."""
        return sum(map(self._charge_s, self.jobs.values()))

    @property
    def price_usd(self) -> Decimal | None:
        """What that costs, an estimate; None where usage is free."""
        return self.plan.price_usd(self.usage_s)

    def __repr__(self) -> str:
        return repr(self._table())

    def _repr_html_(self) -> str:
        return self._table()._repr_html_()

    def _table(self) -> Table:
        rows = [
            (
                name,
                f"{job.executions:,}",
                duration(job.overhead_s),
                duration(job.executing_s),
                duration(self._charge_s(job)),
                self._price(self._charge_s(job)),
            )
            for name, job in self.jobs.items()
        ]
        jobs, usage = count(len(self.jobs), "job"), duration(self.usage_s)
        return Table(
            f"Forecast for {jobs}: usage {usage}, {self._price(self.usage_s)} on the {self.plan.title} plan",
            ("job", ">executions", ">overhead", ">executing", ">usage", ">price"),
            tuple(rows),
            (
                "Usage: overhead + (repetition delay + circuit duration) × executions, in whole seconds.",
                "In a session it is the least: there the time between the jobs is charged, too.",
            ),
        )

    def _charge_s(self, job: JobTiming) -> float:
        return charge_s(job.on_qpu_s, job.overhead_s, self.plan.charge_step_s)

    def _price(self, usage_s: float) -> str:
        usd = self.plan.price_usd(usage_s)
        return "free" if usd is None else money(float(usd))


def forecast(jobs: Mapping[str, JobTiming], plan: str | Plan) -> Forecast:
    """Return what jobs will be charged, from what ``service.runtime.estimate`` says of each.

    Raises
    ------
    IBMInputValueError
        For no job.
    """
    if not jobs:
        raise IBMInputValueError("There is no job to forecast: give the estimate of one at least.")
    return Forecast(dict(jobs), catalogue.plan(plan))
