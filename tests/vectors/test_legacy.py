"""Rules of earlier years (SEMANTICS section 9): what they did, and that they are off by default."""

from __future__ import annotations

import dataclasses

import pytest

from qmode_jupyter.scheduler.plans import LEGACY_2023, LEGACY_2024, OPEN, PLANS, PREMIUM, Plan
from qmode_jupyter.scheduler.records import JobState
from qmode_jupyter.scheduler.scheduler import Refused
from tests.scheduler.emulation import Emulation


def one_lane(plan: Plan) -> Emulation:
    return Emulation(dataclasses.replace(plan, lanes=1))


def test_legacy_rules_are_off_in_todays_plans() -> None:
    rules = ("calibration_first", "cached_first_job", "close_drops_queue", "reservations")
    today = [plan for name, plan in PLANS.items() if not name.startswith("legacy")]
    assert len(today) == 4
    for plan in today:
        assert not any(getattr(plan, rule) for rule in rules)
        assert (plan.after_expiry, plan.pending_cap, plan.submissions_per_min) == ("fail", None, None)


@pytest.mark.parametrize(("plan", "fate"), [(LEGACY_2023, "failed"), (PREMIUM, "done")])
def test_l2_a_cancelled_first_job_takes_its_session_along(plan: Plan, fate: str) -> None:
    e = one_lane(plan)
    e.session("s")
    e.job("first", 5, within="s")
    e.job("queued", 5, within="s")
    e.at(1).cancel("first")
    e.at(2).job("later", 5, within="s")
    e.at(30)
    assert [str(s) for s in e.states("first", "queued", "later")] == ["cancelled", fate, fate]
    if plan is LEGACY_2023:
        assert e.of("queued").reason == "the session's first job was cancelled"
        assert e.of("later").reason == "the data of the session's first job is gone"


@pytest.mark.parametrize(("plan", "fate"), [(LEGACY_2023, "done"), (PREMIUM, "failed")])
def test_l3_what_is_left_at_the_maximum_timeout_goes_on_in_fair_share(plan: Plan, fate: str) -> None:
    e = one_lane(plan)
    e.session("s", 100)
    e.job("running", 90, within="s")
    e.at(1).job("last", 20, within="s")
    e.job("queued", 20, within="s")
    s = e.at(100)["s"]
    assert s.state == "closed"
    e.job("theirs", 1, tenant="somebody")
    s = e.at(200)["s"]
    assert [str(state) for state in e.states("running", "last", "queued")] == ["done", "done", fate]
    # What goes on by itself is a job of its own: the session is charged to the end of what it ran.
    assert s.usage_s == 110
    assert e.scheduler.used_s() == (130 if plan is LEGACY_2023 else 110)
    assert e.of("queued").workload == "s"


@pytest.mark.parametrize(("plan", "fate"), [(LEGACY_2023, "failed"), (PREMIUM, "done")])
def test_l4_close_was_what_cancel_is_today(plan: Plan, fate: str) -> None:
    e = one_lane(plan)
    e.session("s")
    e.job("running", 5, within="s")
    e.job("queued", 5, within="s")
    e.at(1).close("s")
    e.at(30)
    assert [str(s) for s in e.states("running", "queued")] == ["done", fate]
    assert e["s"].closed_at == (5 if plan is LEGACY_2023 else 10)


@pytest.mark.parametrize(("plan", "timeout_s"), [(LEGACY_2023, 300), (PREMIUM, 60)])
def test_l5_l9_the_interactive_timeout_was_five_minutes(plan: Plan, timeout_s: float) -> None:
    e = Emulation(plan)
    e.session("s")
    e.job("only", 10, within="s")
    assert e.at(10 + timeout_s - 1)["s"].state == "active"
    e.job("theirs", 1, tenant="somebody")
    assert e.at(10 + timeout_s - 1).of("theirs").state is JobState.QUEUED
    assert e.at(10 + timeout_s)["s"].state == "inactive"
    assert e.at(10 + timeout_s + 1).of("theirs").state is JobState.DONE


@pytest.mark.parametrize(("plan", "started"), [(LEGACY_2023, 5.0), (PREMIUM, 70.0)])
def test_l6_calibrations_came_before_session_jobs(plan: Plan, started: float) -> None:
    e = Emulation(plan)
    e.session("s")
    e.job("a", 5, within="s")
    e.job("b", 5, within="s")
    e.at(2).calibrate(20)
    e.at(200)
    assert e.scheduler.calibrations[0].started_at == started


def test_l7_a_reservation_is_one_tenants_alone_and_its_idle_time_counts() -> None:
    e = Emulation(LEGACY_2023)
    e.tenant("ann", 1.0)
    e.reserve(100, 200)
    e.at(99).job("theirs before", 5, tenant="ann")
    e.at(150).job("theirs", 5, tenant="ann")
    e.job("mine", 10)
    e.job("mine too", 10)
    e.at(199)
    assert [e.of(j).on_qpu_at for j in ("theirs before", "mine", "mine too")] == [99, 150, 160]
    assert e.of("theirs").state is JobState.QUEUED
    assert e.at(200).of("theirs").state is JobState.ON_QPU
    assert e.scheduler.used_s() == 100
    assert [c.reason for c in e.scheduler.charges if c.job is None] == ["reserved, idle"]


def test_l7_session_jobs_that_outlast_the_reservation_fail() -> None:
    e = one_lane(LEGACY_2023)
    e.reserve(10, 40)
    e.at(10).session("s")
    for name in "abc":
        e.job(name, 20, within="s")
    e.at(60)
    assert [str(s) for s in e.states(*"abc")] == ["done", "done", "failed"]
    assert e.of("c").reason == "the reservation ended before the job ran"


def test_l7_there_are_no_reservations_today() -> None:
    with pytest.raises(Refused, match="not authorized to reserve time on the Premium plan"):
        Emulation(PREMIUM).reserve(10, 20)


def test_l8_a_batch_was_a_session_and_waited_as_long() -> None:
    for plan, state in ((LEGACY_2023, "active"), (PREMIUM, "inactive")):
        e = Emulation(plan)
        e.batch("b")
        e.job("a", 5, within="b")
        assert e.at(100)["b"].state == state


@pytest.mark.parametrize("plan", [LEGACY_2023, LEGACY_2024])
def test_q6_three_pending_jobs_at_most(plan: Plan) -> None:
    e = Emulation(plan)
    for name in "abc":
        e.job(name, 5)
    with pytest.raises(Refused, match=r"You have reached the limit of 3 pending jobs\.") as refusal:
        e.job("d", 5)
    assert refusal.value.code == 3458
    e.at(5).job("d", 5)
    today = Emulation(PREMIUM)
    for n in range(10):
        today.job(f"j{n}", 5)


def test_a16_a_session_on_the_open_plan_fell_back_to_job_mode() -> None:
    # The rules refuse it in both years; falling back is the client's part, told by the plan.
    for plan in (LEGACY_2024, OPEN):
        with pytest.raises(Refused):
            Emulation(plan).session("s")
    assert (LEGACY_2024.sessions, OPEN.sessions) == ("job mode", "refused")
