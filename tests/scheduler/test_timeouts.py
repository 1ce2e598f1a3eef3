"""What a deadline does: above all, who keeps the QPU past the maximum timeout, and what is charged."""

from __future__ import annotations

import pytest

from qmode_jupyter.scheduler.deadlines import Deadline
from qmode_jupyter.scheduler.plans import LEGACY_2023, PREMIUM, with_limits
from qmode_jupyter.scheduler.records import JobState
from qmode_jupyter.scheduler.state import State
from qmode_jupyter.scheduler.timeouts import DUE, act_on_deadlines
from tests.scheduler.emulation import Emulation


def test_every_kind_of_deadline_does_something() -> None:
    assert set(DUE) == set(Deadline)


def test_all_that_is_due_is_done_in_the_order_of_its_time_and_nothing_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state, done = State(PREMIUM), []
    for kind in (Deadline.IDLE, Deadline.UNUSED):
        monkeypatch.setitem(DUE, kind, lambda state, owner, out: done.append(owner))
    for at, owner in enumerate(["first", "second", "not yet"], 1):
        state.deadlines.arm((Deadline.IDLE, Deadline.UNUSED)[at % 2], owner, at)
    state.now = 2.0
    act_on_deadlines(state, [])
    assert done == ["first", "second"]
    assert state.deadlines.first_at == 3


def test_a24_a_calibration_waits_until_the_expired_session_has_left_the_qpu() -> None:
    e = Emulation()
    e.session("s", 30)
    e.job("running", 35, within="s")
    e.job("in a lane", 6, within="s")
    e.at(10).calibrate(600)
    assert e.at(30)["s"].state == "closed"
    e.at(1_000)
    assert e["s"].usage_s == 41
    assert e.of("in a lane").on_qpu_at == 35
    assert e.scheduler.calibrations[0].started_at == 41
    assert e.scheduler.used_s() == 41


def test_a24_nobody_elses_job_runs_before_the_expired_session_has_left_the_qpu() -> None:
    e = Emulation()
    e.session("s", 10)
    e.job("running", 15, within="s")
    e.job("slow to prepare", 5, within="s", prep_s=30)
    e.at(5).job("theirs", 120, tenant="somebody")
    e.session("theirs too", tenant="somebody")
    e.job("first of theirs", 10, within="theirs too", tenant="somebody")
    # From 15 s to 30 s the QPU is free, and still the session's.
    assert e.at(20).of("theirs").state is JobState.QUEUED
    e.at(500)
    assert (e["s"].closed_at, e["s"].usage_s) == (10, 35)
    assert e.of("theirs").preparing_at == 35
    assert [c.seconds for c in e.scheduler.charges if c.workload == "s" and c.billed] == [35]


def test_a24_what_is_cancelled_in_its_lane_lets_the_qpu_go() -> None:
    e = Emulation()
    e.session("s", 10)
    e.job("running", 15, within="s")
    e.job("slow to prepare", 5, within="s", prep_s=30)
    e.job("theirs", 1, tenant="somebody")
    e.at(20).cancel("slow to prepare")
    e.at(30)
    assert e.of("theirs").on_qpu_at == 20
    assert e["s"].usage_s == 20


def test_a24_a_session_over_its_cost_limit_keeps_the_qpu_for_what_may_finish() -> None:
    e = Emulation(with_limits(PREMIUM, cost_limit_s=10, cost_limit_policy="finish_running"))
    e.session("s")
    e.job("running", 15, within="s")
    e.job("in a lane", 5, within="s")
    e.at(5).calibrate(600)
    e.at(1_000)
    assert (e["s"].state_reason, e["s"].closed_at) == ("session_closed_by_cost_limit", 10)
    assert e["s"].usage_s == 20
    assert e.scheduler.calibrations[0].started_at == 20


def test_a24_an_expired_batch_finishes_what_is_in_lanes_and_is_charged_that_alone() -> None:
    """A batch never had the QPU to itself: others, and calibrations, run between its jobs as before."""
    e = Emulation(with_limits(PREMIUM, lanes=2))
    e.batch("b", 30)
    for name in "abcd":
        e.job(name, 20, within="b")
    e.job("theirs", 100, tenant="somebody")
    e.at(25).calibrate(600)
    e.at(2_000)
    # a runs from 0 s, b from 20 s; at 30 s c is in the other lane, and d is queued.
    assert (e["b"].closed_at, e["b"].state_reason) == (30, "session_expired_by_max_ttl")
    assert [str(state) for state in e.states(*"abcd")] == ["done", "done", "done", "failed"]
    assert e.scheduler.calibrations[0].started_at == 40
    assert (e.of("c").on_qpu_at, e.of("theirs").on_qpu_at) == (640, 660)
    assert e["b"].usage_s == e.scheduler.used_s() == 60


@pytest.mark.parametrize("plan", [PREMIUM, LEGACY_2023])
def test_l6_only_the_rules_of_2023_let_a_calibration_in(plan) -> None:
    e = Emulation(plan)
    e.session("s", 30)
    e.job("running", 35, within="s")
    e.job("in a lane", 6, within="s")
    e.at(10).calibrate(600)
    e.at(1_000)
    started, usage_s = (35, 641) if plan is LEGACY_2023 else (41, 41)
    assert (e.scheduler.calibrations[0].started_at, e["s"].usage_s) == (started, usage_s)


SLOW_QUEUE = with_limits("premium", queue_s=0.4)


def test_a_job_waits_in_the_queue_for_as_long_as_the_plan_says_though_nobody_else_does() -> None:
    e = Emulation(SLOW_QUEUE)
    e.job("mine", 3)
    assert e.at(0.3).of("mine").state is JobState.QUEUED
    e.at(0.4)
    assert e.of("mine").preparing_at == pytest.approx(0.4)
    assert e.at(4).of("mine").state is JobState.DONE


def test_only_the_first_job_of_a_session_waits_and_again_when_it_was_inactive() -> None:
    e = Emulation(SLOW_QUEUE)
    e.session("s")
    e.job("first", 3, within="s")
    e.at(0.2).job("second", 3, within="s")
    e.at(10)
    assert (e.of("first").preparing_at, e.of("second").preparing_at) == (pytest.approx(0.4),) * 2
    e.at(20).job("at once", 3, within="s")
    assert e.of("at once").preparing_at == 20
    e.at(100).job("reactivates", 3, within="s")
    assert e["s"].state == "inactive"
    assert e.at(110).of("reactivates").preparing_at == pytest.approx(100.4)


def test_who_is_cancelled_or_closed_before_the_queue_is_in_none() -> None:
    e = Emulation(SLOW_QUEUE)
    e.job("alone", 3)
    e.session("s")
    e.job("within", 3, within="s")
    e.at(0.1).cancel("alone")
    e.cancel("s")
    e.at(5)
    assert {e.of(name).state for name in ("alone", "within")} == {JobState.CANCELLED}
    assert e["s"].state == "closed"


def test_other_people_do_not_wait_longer_for_it() -> None:
    e = Emulation(SLOW_QUEUE)
    e.job("theirs", 3, tenant="somebody")
    assert e.at(0).of("theirs").preparing_at == 0
