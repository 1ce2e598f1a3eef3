"""Spending limits that a person sets for one workload: a job that could pass them is not submitted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from qmode_jupyter.errors import BudgetExceededError, IBMInputValueError
from qmode_jupyter.scheduler.plans import Plan

_UNITS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0}


@dataclass(frozen=True, slots=True)
class Budget:
    """So many seconds of usage, in the words in which they were given ("60s", "$5")."""

    seconds: float
    said: str

    @classmethod
    def parse(cls, text: str, plan: Plan) -> Budget:
        """Return the budget that a text such as "60s", "2m 30s", "1h" or "$5" means on a plan.

        Raises
        ------
        IBMInputValueError
            For any other text, for nothing or less, and for dollars on a plan that is free.
        """
        said = text.strip()
        dollars = re.fullmatch(r"\$\s*(\d+(?:\.\d+)?)", said)
        terms = re.fullmatch(r"(?:\d+(?:\.\d+)?\s*[hms]\s*)+", said)
        if dollars is not None:
            if plan.price_usd_per_s is None:
                raise IBMInputValueError(
                    f"A budget of {said} means nothing on the {plan.title} plan, which is free: "
                    "give seconds, such as 60s."
                )
            seconds = float(Decimal(dollars[1]) / plan.price_usd_per_s)
        elif terms is not None:
            seconds = sum(float(n) * _UNITS[unit] for n, unit in re.findall(r"([\d.]+)\s*([hms])", said))
        else:
            raise IBMInputValueError(
                f"A budget is a time of usage or a price, such as 60s, 2m 30s or $5, not {text!r}."
            )
        if seconds <= 0:
            raise IBMInputValueError(
                f"A budget is more than nothing, not {text!r}: give one such as 60s or $5."
            )
        return cls(seconds, said)


class Budgets:
    """The budgets of sessions, batches and groups, and what their jobs are expected to cost."""

    def __init__(self) -> None:
        self._budgets: dict[str, Budget] = {}
        self._expected: dict[str, dict[str, float]] = {}

    def set(self, owner: str, budget: Budget) -> None:
        """Hold `owner` to `budget` from now on."""
        self._budgets[owner] = budget
        self._expected.setdefault(owner, {})

    def __contains__(self, owner: object) -> bool:
        return owner in self._budgets

    def check(self, owner: str, used_s: float, estimate_s: float) -> None:
        """Raise `BudgetExceededError` if one more job could pass the owner's budget.

        Parameters
        ----------
        used_s
            What the owner has been charged so far.
        estimate_s
            What the new job would hold the QPU for.
        """
        budget = self._budgets[owner]
        pending_s = sum(self._expected[owner].values())
        total_s = used_s + pending_s + estimate_s
        if total_s > budget.seconds:
            under_way = f", {pending_s:.0f} s more are under way" if pending_s else ""
            raise BudgetExceededError(
                f"The job was not submitted: it would take about {estimate_s:.0f} s and the usage past the "
                f"budget of {budget.said}, {budget.seconds:.0f} s. {used_s:.0f} s are used{under_way}; what "
                "was submitted before goes on, and its results are kept."
            )

    def expect(self, owner: str, job: str, estimate_s: float) -> None:
        """Note that a job of `owner`, which may have no budget, was submitted."""
        if owner in self._expected:
            self._expected[owner][job] = estimate_s

    def ended(self, owner: str, job: str) -> None:
        """Note that a job has ended: it is part of the usage from now on."""
        if owner in self._expected:
            self._expected[owner].pop(job, None)
