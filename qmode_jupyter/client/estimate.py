"""What a job will cost, before it is submitted: a range, and what each second of it is for."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from qmode_jupyter.cost.model import Cost, Part
from qmode_jupyter.cost.processors import Processor
from qmode_jupyter.cost.work import Work
from qmode_jupyter.scheduler.breakdown import ROUNDING
from qmode_jupyter.scheduler.plans import Plan
from qmode_jupyter.scheduler.scheduler import charge_s
from qmode_jupyter.style.tables import Table
from qmode_jupyter.style.words import count, duration, money

if TYPE_CHECKING:
    from qmode_jupyter.client.job import JobService
    from qmode_jupyter.runtime.jobs import JobRequest


class Estimable(Protocol):
    """A primitive, as far as its jobs' estimates need it."""

    @property
    def service(self) -> JobService:
        """The service that its jobs go to."""

    def request(self, pubs: Any, **words: Any) -> JobRequest:
        """Return what its `run` would ask of the service, checked."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one job will be charged in job mode or in a batch; shows as text and as HTML.

    In a session it is the least: there the time between jobs is charged, too (SEMANTICS U3).

    Attributes
    ----------
    work, cost
        What the job asks of a QPU, and what that takes.
    processor, plan
        Where it runs, and whose prices hold.
    """

    work: Work
    cost: Cost
    processor: Processor
    plan: Plan

    @property
    def usage_s(self) -> float:
        """Seconds of usage, as is likely."""
        return self._charge_s(self.cost.on_qpu_s)

    @property
    def range_s(self) -> tuple[float, float]:
        """From what to what the usage may be, in seconds: the constants of the model at both ends."""
        return self._charge_s(self.cost.low_s), self._charge_s(self.cost.high_s)

    @property
    def parts(self) -> tuple[Part, ...]:
        """What the usage is made of: names and seconds, which add up to it."""
        rounded_s = self.usage_s - self.cost.on_qpu_s
        return (*self.cost.parts, (ROUNDING, rounded_s)) if rounded_s else self.cost.parts

    @property
    def price_usd(self) -> Decimal | None:
        """What the usage costs; None where it is free."""
        return self.plan.price_usd(self.usage_s)

    @property
    def price_range_usd(self) -> tuple[Decimal, Decimal] | None:
        """From what to what it may cost; None where usage is free."""
        low, high = (self.plan.price_usd(seconds) for seconds in self.range_s)
        return None if low is None or high is None else (low, high)

    def __repr__(self) -> str:
        return repr(self._table())

    def _repr_html_(self) -> str:
        return self._table()._repr_html_()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data: seconds, US dollars as floats."""
        prices = self.price_range_usd
        return {
            "usage_s": self.usage_s,
            "range_s": list(self.range_s),
            "parts": [list(part) for part in self.parts],
            "price_usd": None if self.price_usd is None else float(self.price_usd),
            "price_range_usd": None if prices is None else [float(usd) for usd in prices],
            "preparation_s": self.cost.preparation_s,
            "executions": self.cost.executions,
            "loads": self.cost.loads,
            "processor": self.processor.name,
            "plan": self.plan.name,
        }

    def _charge_s(self, seconds: float) -> float:
        return charge_s(seconds, 0.0, self.plan.charge_step_s)

    def _price(self, seconds: float) -> str:
        usd = self.plan.price_usd(seconds)
        return "free" if usd is None else money(float(usd))

    def _table(self) -> Table:
        low, high = self.range_s
        between = "" if low == high else f" ({duration(low)} to {duration(high)})"
        executions = f"{count(self.cost.executions, 'execution')} of {count(self.work.circuits, 'circuit')}"
        prepared = duration(self.cost.preparation_s)
        notes = [f"{executions}, after about {prepared} of preparation; priced as {self.processor.title}."]
        if self.cost.loads > 1:
            notes.append(
                f"The circuits are loaded in {self.cost.loads} parts of at most "
                f"{self.processor.max_experiments}."
            )
        return Table(
            f"Usage {duration(self.usage_s)}{between}, {self._price(self.usage_s)} on the "
            f"{self.plan.title} plan",
            ("what for", ">usage"),
            tuple((name, fine(seconds)) for name, seconds in self.parts),
            tuple(notes),
        )


def fine(seconds: float) -> str:
    """Return a part's seconds: parts are read as a sum, so to the hundredth."""
    return f"{seconds:,.2f} s"
