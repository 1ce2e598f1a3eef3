"""The ledger: every charged second has a job or a workload, and a reason.

A job is charged for its time on the QPU, a batch for the sum of its jobs, a session for the time
it was active, whatever ran in it (SEMANTICS U1-U4). A job inside a session has a figure of its own
too, but the session is what is billed: `Charge.billed` tells the two apart.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import NamedTuple

from qmode_jupyter.scheduler.events import GRAIN_S, YOU
from qmode_jupyter.scheduler.plans import Plan


class Charge(NamedTuple):
    """Seconds put on an account, with the stretch of time that they stand for."""

    tenant: str
    #: The job, or None for a session's active stretch and for a reservation's idle time.
    job: str | None
    #: The session or batch, or None in job mode and for a reservation.
    workload: str | None
    start: float
    end: float
    seconds: float
    reason: str
    #: Whether these seconds are on the bill; a session's jobs are not, the session is.
    billed: bool


def charge_s(elapsed_s: float, overhead_s: float, step_s: float) -> float:
    """Return what time on the QPU costs, in seconds: never less than the overhead, in whole steps (A9, U8).

    Parameters
    ----------
    elapsed_s
        Seconds on the QPU, the overhead included.
    overhead_s
        Charged however short the job is.
    step_s
        The charge is a multiple of it, rounded up; 0, or less than the clock can tell, charges what was
        used. What is more than a multiple by less than the clock can tell is no reason for one more.
    """
    seconds = max(overhead_s, elapsed_s)
    return math.ceil((seconds - GRAIN_S) / step_s) * step_s if step_s > GRAIN_S else seconds


@dataclass(slots=True)
class Account:
    """One tenant's part of the QPU."""

    #: Seconds of QPU time that it has a right to; only their ratios count.
    allocation_s: float = 1.0
    #: Seconds used before this run began, which weigh in fair share alone.
    before_s: float = 0.0
    #: Seconds billed in the window, and the charges (end, seconds) that they come from.
    used_s: float = 0.0
    recent: deque[tuple[float, float]] = field(default_factory=deque)


class Accounts:
    """The charges in the order in which they fell, and every tenant's share of its allocation.

    Parameters
    ----------
    plan
        The plan of the person at the keyboard, whose limits hold for that person alone.
    """

    def __init__(self, plan: Plan) -> None:
        # Plain tuples, which the garbage collector leaves alone however many there are.
        self._ledger: list[tuple[str, str | None, str | None, float, float, float, str, bool]] = []
        limits = [s for s in (plan.allowance_s, plan.cost_limit_s) if s is not None]
        self._limit_s = min(limits, default=math.inf)
        self._window_s = plan.window_s
        self._accounts: defaultdict[str, Account] = defaultdict(Account)

    def admit(self, tenant: str, allocation_s: float, used_s: float) -> None:
        """Note a tenant's allocation, and what it has used of it before."""
        account = self._accounts[tenant]
        account.allocation_s, account.before_s = allocation_s, used_s

    @property
    def charges(self) -> tuple[Charge, ...]:
        """The charges so far, the oldest first."""
        return tuple(Charge(*entry) for entry in self._ledger)

    def charge(
        self,
        tenant: str,
        job: str | None,
        workload: str | None,
        start: float,
        end: float,
        seconds: float,
        reason: str,
        *,
        billed: bool = True,
    ) -> None:
        """Enter a charge; see `Charge`."""
        self._ledger.append((tenant, job, workload, start, end, seconds, reason, billed))
        if billed and seconds:
            account = self._accounts[tenant]
            account.recent.append((end, seconds))
            account.used_s += seconds

    def used(self, tenant: str, now: float) -> float:
        """Return the seconds billed to `tenant` in the window that ends at `now` (SEMANTICS Q1)."""
        return self._brought_to(now, tenant).used_s

    def share(self, tenant: str, now: float) -> float | None:
        """Return the used part of the tenant's allocation; None while it may not run (Q2, V29)."""
        account = self._brought_to(now, tenant)
        if tenant == YOU and account.used_s >= self._limit_s:
            return None
        return (account.used_s + account.before_s) / account.allocation_s

    def frees_at(self, now: float) -> float | None:
        """Return when a charge next falls out of your window, or None while you are within limits."""
        recent = self._accounts[YOU].recent
        if self._limit_s == math.inf or self.used(YOU, now) < self._limit_s or not recent:
            return None
        return recent[0][0] + self._window_s

    def _brought_to(self, now: float, tenant: str) -> Account:
        account = self._accounts[tenant]
        recent, begin = account.recent, now - self._window_s
        while recent and recent[0][0] <= begin:
            account.used_s -= recent.popleft()[1]
        return account
