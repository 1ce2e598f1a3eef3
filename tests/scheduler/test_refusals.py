"""Every refusal: its code, what was wrong, and what to do instead."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from qmode_jupyter.scheduler import refusals
from qmode_jupyter.scheduler.plans import LEGACY_2023, OPEN, PREMIUM
from qmode_jupyter.scheduler.records import Mode
from qmode_jupyter.scheduler.refusals import Refused


@pytest.mark.parametrize(
    ("make", "code", "message", "solution"),
    [
        (  # SEMANTICS S16
            lambda: refusals.no_sessions(),
            1352,
            "You are not authorized to run a session when using the open plan.",
            "Create an instance of a different plan type or use a different execution mode.",
        ),
        (  # SEMANTICS A4
            lambda: refusals.max_time_out_of_bounds(601, 600, OPEN),
            1208,
            "max_ttl must be from 1 to 600 seconds on the Open plan, not 601.",
            "Leave max_time out for the plan's own maximum of 600 seconds.",
        ),
        (  # SEMANTICS S21, A6
            lambda: refusals.closed(Mode.BATCH, "b1"),
            4001,
            "The batch b1 has been closed and takes no more jobs.",
            "Open a new one.",
        ),
        (  # SEMANTICS Q6
            lambda: refusals.too_many_pending(3),
            3458,
            "You have reached the limit of 3 pending jobs.",
            "Wait for a job to end, or cancel one.",
        ),
        (  # SEMANTICS A15
            lambda: refusals.too_many_requests(5, 12.0),
            1202,
            "Too many requests: 5 jobs were submitted within a minute.",
            "Submit the next one 12 s from now.",
        ),
        (  # SEMANTICS Q7
            lambda: refusals.no_reservations(PREMIUM),
            1200,
            "You are not authorized to reserve time on the Premium plan.",
            "Open a session: while it is active, the QPU is yours alone.",
        ),
        (
            lambda: refusals.no_such_reservation(20, 10, 5),
            1208,
            "A reservation must begin before it ends, and not before 5 s: from 20 s to 10 s is no such time.",
            "Give emulated seconds from now on, such as service.now() + 600.",
        ),
        (
            lambda: refusals.reservation_taken(10, 20),
            1208,
            "The QPU is reserved from 10 s to 20 s.",
            "Reserve a time before or after that.",
        ),
    ],
)
def test_a_refusal_says_what_was_wrong_and_what_to_do(
    make: Callable[[], Refused], code: int, message: str, solution: str
) -> None:
    refusal = make()
    assert (refusal.code, refusal.message, refusal.solution, str(refusal)) == (
        code,
        message,
        solution,
        message,
    )


def test_q7_reservations_meet_in_no_moment() -> None:
    from tests.scheduler.emulation import Emulation

    e = Emulation(LEGACY_2023)
    e.reserve(100, 200)
    e.reserve(300, 400)
    for start, end in ((100, 200), (150, 160), (50, 101), (199, 300), (250, 301), (50, 500)):
        with pytest.raises(Refused, match="is reserved from"):
            e.reserve(start, end)
    e.reserve(200, 300)
    e.reserve(0, 100)
    e.at(50)
    for start, end in ((49, 60), (600, 600), (700, 600)):
        with pytest.raises(Refused, match="must begin before it ends, and not before 50 s"):
            e.reserve(start, end)
    with pytest.raises(Refused, match="is reserved from 0 s to 100 s"):
        e.reserve(60, 90)  # the one that lasts now
