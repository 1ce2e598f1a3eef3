"""The ways in which an event does not happen, and the refusals of the service with their texts."""

from __future__ import annotations

from typing import Final

from qmode_jupyter.scheduler.plans import Plan
from qmode_jupyter.scheduler.records import WORKLOAD_ENDED, Mode
from qmode_jupyter.scheduler.transitions import IllegalTransition


class IllegalEvent(Exception):
    """An event that cannot have happened: an unknown name, or time that runs backwards."""


class Refused(Exception):
    """The service says no, with one of its error codes (SEMANTICS section 7)."""

    def __init__(self, code: int, message: str, solution: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.solution = solution


#: What `Scheduler.handle` raises for an event that does not happen; nothing has changed then.
NOT_HAPPENED: Final = (IllegalEvent, IllegalTransition, Refused)


def no_sessions() -> Refused:
    """Return the refusal of a session on a plan that has none (SEMANTICS S16)."""
    return Refused(
        1352,
        "You are not authorized to run a session when using the open plan.",
        "Create an instance of a different plan type or use a different execution mode.",
    )


def max_time_out_of_bounds(wanted_s: float, longest_s: float, plan: Plan) -> Refused:
    """Return the refusal of a maximum timeout, in seconds, that the plan does not allow (SEMANTICS A4)."""
    return Refused(
        1208,
        f"max_ttl must be from 1 to {longest_s:.0f} seconds on the {plan.title} plan, not {wanted_s:g}.",
        f"Leave max_time out for the plan's own maximum of {longest_s:.0f} seconds.",
    )


def closed(mode: Mode, workload: str) -> Refused:
    """Return the refusal of a job in a session or batch that takes none any more (SEMANTICS S21, A6)."""
    return Refused(
        WORKLOAD_ENDED, f"The {mode} {workload} has been closed and takes no more jobs.", "Open a new one."
    )


def too_many_pending(cap: int) -> Refused:
    """Return the refusal of one pending job too many (SEMANTICS Q6)."""
    return Refused(
        3458, f"You have reached the limit of {cap} pending jobs.", "Wait for a job to end, or cancel one."
    )


def too_many_requests(rate: int, wait_s: float) -> Refused:
    """Return the refusal of more than `rate` jobs within a minute (SEMANTICS Q6, A15)."""
    return Refused(
        1202,
        f"Too many requests: {rate} jobs were submitted within a minute.",
        f"Submit the next one {wait_s:.0f} s from now.",
    )


def no_reservations(plan: Plan) -> Refused:
    """Return the refusal of a reservation on a plan that has none (SEMANTICS Q7)."""
    return Refused(
        1200,
        f"You are not authorized to reserve time on the {plan.title} plan.",
        "Open a session: while it is active, the QPU is yours alone.",
    )


def no_such_reservation(start: float, end: float, now: float) -> Refused:
    """Return the refusal of a reservation whose end is not after its start, or whose start is over."""
    return Refused(
        1208,
        f"A reservation must begin before it ends, and not before {now:g} s: from {start:g} s to {end:g} s "
        "is no such time.",
        "Give emulated seconds from now on, such as service.now() + 600.",
    )


def reservation_taken(start: float, end: float) -> Refused:
    """Return the refusal of a reservation that meets another."""
    return Refused(
        1208,
        f"The QPU is reserved from {start:g} s to {end:g} s.",
        "Reserve a time before or after that.",
    )
