"""Spending limits that a person sets for one workload: a job that could pass them is not submitted."""

from __future__ import annotations

from dataclasses import dataclass

from qmode_jupyter.errors import BudgetExceededError


@dataclass(frozen=True, slots=True)
class Budget:
    """So many seconds of usage, in the words in which they were given ("60s", "$5")."""

    seconds: float
    said: str


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
        """Note that a job of `owner` was submitted."""
        self._expected[owner][job] = estimate_s

    def ended(self, owner: str, job: str) -> None:
        """Note that a job has ended: it is part of the usage from now on."""
        if owner in self._expected:
            self._expected[owner].pop(job, None)
