"""Deadlines: one for each kind and owner, in the order of their times."""

from __future__ import annotations

from math import inf

from qmode_jupyter.scheduler.deadlines import Deadline, Deadlines


def test_they_fall_due_in_the_order_of_their_times_and_then_of_their_arming() -> None:
    deadlines = Deadlines()
    assert deadlines.first_at == inf
    deadlines.arm(Deadline.IDLE, "late", 20)
    deadlines.arm(Deadline.UNUSED, "second", 10)
    deadlines.arm(Deadline.EXPIRES, "third", 10)
    deadlines.arm(Deadline.IDLE, "first", 5)
    assert deadlines.first_at == 5
    assert deadlines.pop_due(4.5) is None
    due = [deadlines.pop_due(10) for _ in range(4)]
    assert due == [
        (Deadline.IDLE, "first"),
        (Deadline.UNUSED, "second"),
        (Deadline.EXPIRES, "third"),
        None,
    ]
    assert deadlines.first_at == 20


def test_arming_again_replaces_and_disarming_takes_back() -> None:
    deadlines = Deadlines()
    deadlines.arm(Deadline.IDLE, "w", 10)
    deadlines.arm(Deadline.IDLE, "w", 5)
    deadlines.arm(Deadline.IDLE, "w", 30)
    deadlines.arm(Deadline.EXPIRES, "w", 20)
    assert deadlines.first_at == 20
    deadlines.disarm(Deadline.EXPIRES, "w")
    deadlines.disarm(Deadline.EXPIRES, "w")
    assert deadlines.first_at == 30
    assert deadlines.pop_due(30) == (Deadline.IDLE, "w")
    assert (deadlines.pop_due(100), deadlines.first_at) == (None, inf)


def test_what_was_armed_twice_for_one_time_falls_due_once() -> None:
    deadlines = Deadlines()
    deadlines.arm(Deadline.IDLE, "w", 10)
    deadlines.arm(Deadline.IDLE, "w", 10)
    assert deadlines.pop_due(10) == (Deadline.IDLE, "w")
    assert deadlines.pop_due(10) is None
