"""What each event does: what is on record after it, and what is asked of the surroundings."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest

from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler.events import YOU, Changed, Execute, Prepare, Settle, Stop
from qmode_jupyter.scheduler.plans import LEGACY_2023, PREMIUM, with_limits
from qmode_jupyter.scheduler.records import JobState, Mode
from qmode_jupyter.scheduler.scheduler import _HANDLERS, IllegalEvent, Refused, Scheduler
from tests.scheduler.emulation import QPU, Emulation

ONE_LANE = with_limits(PREMIUM, lanes=1)


def test_what_each_event_asks_for() -> None:
    handle = Scheduler(ONE_LANE).handle
    assert handle(ev.WorkloadOpened(0, "s", Mode.SESSION, QPU)) == [Changed("s")]
    assert handle(ev.JobSubmitted(1, "a", QPU, "s")) == [Changed("s"), Prepare("a")]
    assert handle(ev.JobSubmitted(2, "b", QPU, "s")) == []
    assert handle(ev.JobPrepared(3, "a", 5)) == [Execute("a")]
    assert handle(ev.JobExecuted(8, "a")) == [Settle("a", JobState.DONE, charged_s=5), Prepare("b")]
    assert handle(ev.JobSubmitted(9, "c", QPU, "s")) == []
    assert handle(ev.JobCancelled(9, "c")) == [Stop("c"), Settle("c", JobState.CANCELLED)]
    assert handle(ev.JobSubmitted(9, "d", QPU, "s")) == []
    assert handle(ev.JobFailed(10, "b", "bad", 1517)) == [
        Stop("b"),
        Settle("b", JobState.FAILED, "bad", 1517),
        Prepare("d"),
    ]
    assert handle(ev.WorkloadClosed(11, "s")) == [Changed("s")]
    assert handle(ev.JobPrepared(12, "d", 1)) == [Execute("d")]
    assert handle(ev.JobExecuted(13, "d")) == [Settle("d", JobState.DONE, charged_s=1), Changed("s")]


def test_what_cancelling_a_workload_asks_for() -> None:
    handle = Scheduler(ONE_LANE).handle
    handle(ev.WorkloadOpened(0, "b", Mode.BATCH, QPU))
    handle(ev.JobSubmitted(0, "a", QPU, "b"))
    handle(ev.JobSubmitted(0, "c", QPU, "b"))
    assert handle(ev.WorkloadCancelled(1, "b")) == [Changed("b"), Stop("c"), Settle("c", JobState.CANCELLED)]
    assert handle(ev.JobCancelled(2, "a")) == [Stop("a"), Settle("a", JobState.CANCELLED), Changed("b")]


def test_a_job_that_waits_for_the_qpu_is_told_of() -> None:
    handle = Scheduler().handle
    for job in "ab":
        handle(ev.JobSubmitted(0, job, QPU))
    assert handle(ev.JobPrepared(1, "a", 5)) == [Execute("a")]
    assert handle(ev.JobPrepared(1, "b", 5)) == [Changed("b")]
    assert handle(ev.JobExecuted(6, "a"))[-1] == Execute("b")


def test_what_deadlines_ask_for() -> None:
    scheduler = Scheduler()
    handle = scheduler.handle
    handle(ev.WorkloadOpened(0, "unused", Mode.SESSION, QPU))
    assert scheduler.next_deadline() == 1800
    assert handle(ev.Tick(1800)) == [Changed("unused")]
    assert scheduler.next_deadline() is None
    handle(ev.WorkloadOpened(1800, "s", Mode.SESSION, QPU, max_time_s=100))
    handle(ev.JobSubmitted(1800, "a", QPU, "s"))
    assert scheduler.next_deadline() == 1900
    handle(ev.JobPrepared(1801, "a", 5))
    handle(ev.JobExecuted(1806, "a"))
    assert scheduler.next_deadline() == 1866
    assert handle(ev.Tick(1866)) == [Changed("s")]
    assert handle(ev.Tick(1900)) == [Changed("s")]


def test_a_workloads_record_from_beginning_to_end() -> None:
    e = Emulation()
    e.at(5).session("s", 100)
    s = e["s"]
    assert (s.state_reason, s.opened_at, s.jobs, s.unfinished, s.queued) == ("session_created", 5, 0, 0, 0)
    assert (s.started_at, s.activated_at, s.last_job_started_at, s.idle_deadline_at, s.expires_at) == (
        None,
    ) * 5
    assert (s.usage_s, s.qpu_s, s.stretches, s.tenant, s.name) == (0, 0, (), YOU, "s")
    e.at(10).job("a", 20, within="s")
    s = e.at(12)["s"]
    assert (s.state_reason, s.started_at, s.activated_at, s.expires_at) == ("", 10, 10, 110)
    assert (s.last_job_started_at, s.last_job_completed_at, s.idle_deadline_at) == (10, None, None)
    assert (s.jobs, s.unfinished, s.queued, s.usage_s) == (1, 1, 0, 2)
    s = e.at(35)["s"]
    assert (s.last_job_completed_at, s.idle_deadline_at, s.qpu_s) == (30, 90, 20)
    e.job("b", 5, within="s")
    assert (e["s"].idle_deadline_at, e["s"].last_job_started_at) == (None, 35)
    e.at(40).close("s")
    s = e["s"]
    assert (s.state, s.state_reason, s.closed_at, s.expires_at) == (
        "closed",
        "session_closed_early",
        40,
        None,
    )
    assert (s.accepting_jobs, s.idle_deadline_at, s.usage_s, s.jobs, s.unfinished) == (False, None, 30, 2, 0)
    assert [(str(state), at) for state, at in s.history] == [("open", 5), ("active", 10), ("closed", 40)]
    assert [(span.start, span.end) for span in s.stretches] == [(10, 40)]
    assert e.at(200)["s"] == s  # its maximum timeout comes no more


def test_a_jobs_record_from_beginning_to_end() -> None:
    e = Emulation(ONE_LANE)
    e.job("first", 10, prep_s=1)
    e.at(2).job("a", 3, prep_s=4, overhead_s=2, max_execution_s=60, program="estimator")
    moments = ("preparing_at", "waiting_at", "on_qpu_at", "ended_at")
    a = e.of("a")
    assert (a.submitted_at, a.program, a.overhead_s, a.max_execution_s) == (2, "estimator", 2, 60)
    assert ([getattr(a, m) for m in moments], a.qpu_s, a.charged_s, a.reason) == ([None] * 4, 0, 0, "")
    a = e.at(16).of("a")
    assert ([getattr(a, m) for m in moments], a.qpu_s, a.charged_s) == ([11, 15, 15, None], 3, 0)
    a = e.at(30).of("a")
    assert ([getattr(a, m) for m in moments], a.qpu_s, a.charged_s) == ([11, 15, 15, 18], 3, 3)
    assert (a.reason, a.reason_code, a.status) == ("", None, "DONE")


def test_why_a_workload_came_to_its_end() -> None:
    e = Emulation(ONE_LANE)
    e.session("unused")
    e.session("expired", 10)
    e.job("a", 20, within="expired")
    e.at(2_000)
    assert [e[w].state_reason for w in ("unused", "expired")] == [
        "session_unused",
        "session_expired_by_max_ttl",
    ]
    e = Emulation(with_limits(ONE_LANE, cost_limit_s=5))
    e.batch("dear")
    e.job("a", 20, within="dear")
    e.job("b", 20, within="dear")
    e.at(10)
    assert e["dear"].state_reason == "session_closed_by_cost_limit"
    assert e.of("b").reason == "The instance's cost limit was reached"
    e = Emulation(with_limits(LEGACY_2023, lanes=1))
    e.batch("old")
    e.job("a", 20, within="old")
    e.job("b", 20, within="old")
    e.at(1).close("old")
    assert (e.of("b").reason, e.of("b").reason_code) == ("the session was closed before the job ran", 4001)


def test_a20_the_half_hour_counts_again_when_the_only_job_is_cancelled() -> None:
    e = Emulation()
    e.session("s")
    e.job("theirs", 4_000, tenant="somebody")
    e.at(1_000).job("mine", 5, within="s")
    assert e.at(1_900)["s"].state == "open"
    e.cancel("mine")
    assert (e["s"].last_job_completed_at, e.scheduler.place("s")) == (None, None)
    e.job("alone", 5)
    assert e.of("alone").state is JobState.PREPARING  # the session is in nobody's way
    assert e.at(3_699)["s"].state == "open"
    assert e.at(3_700)["s"].state_reason == "session_unused"


def test_s10_an_inactive_session_whose_only_job_is_cancelled_stays_inactive() -> None:
    e = Emulation()
    e.session("s", 10_000)
    e.job("first", 5, within="s")
    e.at(100).job("theirs", 5_000, tenant="somebody")
    e.at(110).job("second", 5, within="s")
    e.at(120).cancel("second")
    assert e.at(9_999)["s"].state == "inactive"
    assert e.at(10_000)["s"].state == "closed"


def test_an_expired_session_that_waited_for_the_qpu_lets_the_next_one_go_at_once() -> None:
    e = Emulation()
    e.session("s", 100)
    e.job("first", 5, within="s")
    e.at(80).job("theirs", 200, tenant="somebody")
    e.at(85).job("second", 5, within="s")
    e.job("next", 5)
    # The session is first in line and waits until the lanes have drained, and so does who comes after it.
    assert e.at(99).of("next").state is JobState.QUEUED
    e.at(100)
    assert (e.of("second").state, e.of("next").preparing_at) == (JobState.FAILED, 100)


def test_a4_from_one_second_to_the_plans_longest() -> None:
    e = Emulation()
    for name, wanted in (("shortest", 1), ("longest", 28_800), ("default", None)):
        e.session(name, wanted)
    assert [e[w].max_time_s for w in ("shortest", "longest", "default")] == [1, 28_800, 28_800]
    with pytest.raises(Refused, match="not 28801"):
        e.batch("too long", 28_801)
    assert "too long" not in e.scheduler.workloads


def test_time_passes_up_to_what_is_due_and_never_back() -> None:
    scheduler = Scheduler()
    scheduler.handle(ev.WorkloadOpened(0, "s", Mode.SESSION, QPU))
    scheduler.pass_time(1_800)
    with pytest.raises(IllegalEvent, match=r"time can't pass .* something is due at 1800"):
        scheduler.pass_time(1_801)
    with pytest.raises(IllegalEvent, match="time can't pass"):
        scheduler.pass_time(1_799)
    for event in (ev.CalibrationDue(1_800, QPU, 5), ev.Tick(1_801), ev.CalibrationDue(1_900, QPU, 5)):
        with pytest.raises(IllegalEvent, match=r"a deadline at 1800.* comes before"):
            scheduler.handle(event)
    scheduler.handle(ev.Tick(1_800))
    scheduler.handle(ev.CalibrationDue(1_800, QPU, 5))
    with pytest.raises(IllegalEvent, match="comes after 1800"):
        scheduler.handle(ev.Tick(1_799))


@pytest.mark.parametrize(
    ("impossible", "why"),
    [
        (lambda e: e.job("a"), "job a was submitted before"),
        (lambda e: e.batch("b"), "workload b was opened before"),
        (lambda e: e.job("c", within="nobody's"), "no workload nobody's"),
        (lambda e: e.job("c", within="b", qpu="another"), "workload b is on generic_19q, not on another"),
        (lambda e: e.happen(ev.JobPrepared(0, "nobody", 1)), "no job nobody"),
        (lambda e: e.close("closed"), "no open workload closed"),
        (lambda e: e.close("nothing"), "no open workload nothing"),
        (lambda e: e.tenant("ann", 0), "tenant ann needs an allocation above zero, and no debt"),
        (lambda e: e.tenant("ann", 1, -1), "tenant ann needs an allocation above zero, and no debt"),
        (lambda e: e.calibrate(0), "takes no time"),
        (lambda e: e.online(lanes=0), "has no lane"),
        (lambda e: e.online(lanes=4, preparations=0), "has no lane"),
        (lambda e: e.online(lanes=4), "comes when there are jobs in its lanes"),
    ],
)
def test_an_event_that_cannot_be_says_why_and_changes_nothing(
    impossible: Callable[[Emulation], object], why: str
) -> None:
    e = Emulation()
    e.job("a", 5)
    e.batch("b")
    e.batch("closed")
    e.close("closed")
    log, jobs = list(e.scheduler.log), dict(e.scheduler.jobs)
    with pytest.raises(IllegalEvent, match=why):
        impossible(e)
    assert (e.scheduler.log, e.scheduler.jobs, e.scheduler.now) == (log, jobs, 0)
    e.scheduler.check_invariants()


def test_an_event_that_cannot_be_does_not_move_the_time() -> None:
    e = Emulation()
    with pytest.raises(IllegalEvent):
        e.scheduler.handle(ev.JobPrepared(10, "nobody", 1))
    assert e.scheduler.now == 0


def test_the_invariants_are_looked_at() -> None:
    e = Emulation()
    e.job("a", 5)
    e.scheduler.jobs["a"].state = JobState.DONE
    with pytest.raises(AssertionError, match="lanes"):
        e.scheduler.check_invariants()


def test_two_qpus_share_one_cost_limit() -> None:  # SEMANTICS A2
    e = Emulation(with_limits(PREMIUM, cost_limit_s=30))
    e.job("short", 10)
    e.job("long", 100, qpu="another")
    # Two seconds a second until the short one has ended, one after that: 10 + 20 = 30.
    e.at(15)
    assert e.scheduler.used_s() == 25
    e.at(100)
    assert (e.of("long").ended_at, e.of("long").charged_s, e.of("long").reason_code) == (20, 20, 1305)
    assert e.scheduler.used_s() == 30


def test_whose_time_it_is() -> None:
    e = Emulation()
    e.session("s")
    e.job("a", 10, within="s")
    e.at(5)
    assert (e.scheduler.used_s(), e.scheduler.used_s("ann")) == (5, 0)
    e.close("s")
    e.at(10).job("theirs", 10, tenant="ann")
    e.at(14)
    assert (e.scheduler.used_s(), e.scheduler.used_s("ann")) == (10, 4)


def test_q1_who_is_not_known_has_the_allocation_of_one_second() -> None:
    e = Emulation(ONE_LANE)
    e.tenant("ann", 1, used_s=0.5)
    e.tenant("bob", 1, used_s=1.5)
    e.job("first", 1, tenant="unknown")
    for tenant in ("bob", "unknown", "ann"):
        e.job(f"of {tenant}", 1, tenant=tenant)
    e.at(10)
    started = sorted((e.of(f"of {t}").on_qpu_at, t) for t in ("ann", "bob", "unknown"))
    assert started == [(1, "ann"), (2, "unknown"), (3, "bob")]


def test_q7_idle_time_of_a_reservation_is_charged_to_the_fraction() -> None:
    e = Emulation(with_limits(LEGACY_2023, charge_step_s=0))
    e.reserve(10, 20)
    e.at(10).job("all but a little", 9.5)
    e.at(20)
    assert e.scheduler.used_s() == 10
    e.reserve(30, 40)
    e.at(30).job("all of it", 10)
    e.at(50)
    assert e.scheduler.used_s() == 20
    assert [c.seconds for c in e.scheduler.charges if c.job is None] == [0.5]


def test_q7_only_what_was_held_inside_the_window_counts() -> None:
    e = Emulation(LEGACY_2023)
    e.job("before", 15)
    e.reserve(10, 20)
    e.job("elsewhere", 30, qpu="another")
    e.at(20)
    # "before" held the QPU for 5 s of the window; what ran on another QPU counts nothing here.
    idle = [(c.start, c.end, c.seconds) for c in e.scheduler.charges if c.job is None]
    assert idle == [(10, 20, 5)]
    e.reserve(30, 40)
    e.at(35).job("under way at the end", 100)
    e.at(50)
    idle = [(c.start, c.end, c.seconds) for c in e.scheduler.charges if c.job is None]
    assert idle[1:] == [(30, 40, 5)]
    e.at(200).reserve(200, 220, tenant="ann")
    e.at(205).session("theirs", tenant="ann")
    e.job("in a session", 5, within="theirs", tenant="ann")
    e.at(230)
    idle = [(c.tenant, c.seconds) for c in e.scheduler.charges if c.job is c.workload is None]
    assert idle[2:] == [("ann", 5)]


def test_q7_a_session_that_was_closed_inside_the_reservation_was_no_idle_time() -> None:
    e = Emulation(LEGACY_2023)
    e.reserve(10, 40)
    e.at(15).session("s")
    e.job("a", 5, within="s")
    e.at(25).close("s")
    e.at(50)
    assert e["s"].usage_s == 10
    assert [c.seconds for c in e.scheduler.charges if c.reason == "reserved, idle"] == [20]


def test_q7_idle_time_uses_up_an_allowance_like_any_other() -> None:
    e = Emulation(with_limits(LEGACY_2023, allowance_s=10, window_s=1_000))
    e.reserve(10, 20)
    e.at(30).job("late", 5)
    assert e.at(1_019).of("late").state is JobState.QUEUED
    assert e.at(1_020).of("late").state is JobState.ON_QPU


def test_a2_a_session_reaches_its_cost_limit_while_it_still_prepares() -> None:
    e = Emulation(with_limits(PREMIUM, cost_limit_s=10))
    e.session("s")
    e.job("slow to prepare", 5, within="s", prep_s=50)
    e.at(60)
    assert (e["s"].closed_at, e["s"].usage_s, e.scheduler.used_s()) == (10, 10, 10)
    job = e.of("slow to prepare")
    assert (job.status, job.reason_code, job.ended_at, job.charged_s) == ("ERROR", 1305, 10, 0)


def test_l3_jobs_of_a_session_that_expires_in_line_go_on_in_fair_share() -> None:
    e = Emulation(with_limits(LEGACY_2023, session_interactive_s=10))
    e.session("s", 100)
    e.job("first", 5, within="s")
    e.at(80).job("theirs", 50, tenant="somebody")
    e.at(85).job("second", 5, within="s")
    e.at(200)
    assert (e["s"].state, e["s"].closed_at) == ("closed", 100)
    second = e.of("second")
    assert (second.state, second.preparing_at, second.on_qpu_at) == (JobState.DONE, 100, 130)
    assert e["s"].usage_s == 15
    assert e.scheduler.used_s() == 20


def test_q7_a_reservation_begins_for_who_was_held_up_by_anothers_session() -> None:
    e = Emulation(LEGACY_2023)
    e.job("theirs", 200, tenant="ann")
    e.session("waits for the lanes", tenant="ann")
    e.at(1).job("ann's", 5, within="waits for the lanes", tenant="ann")
    e.tenant(YOU, 1, used_s=1_000)
    e.at(2).job("mine", 5)
    e.reserve(100, 300)
    assert e.at(99).of("mine").state is JobState.QUEUED
    assert e.at(100).of("mine").preparing_at == 100


def test_an_inactive_session_counts_no_idle_time() -> None:
    e = Emulation()
    e.session("s")
    e.job("a", 5, within="s")
    assert e.at(64)["s"].idle_deadline_at == 65
    assert e.at(66)["s"].idle_deadline_at is None


@pytest.mark.parametrize(
    ("plan", "act"),
    [
        (PREMIUM, lambda e: e.cancel("s")),  # SEMANTICS S19
        (PREMIUM, lambda e: e.cancel("its job")),
        (LEGACY_2023, lambda e: e.close("s")),  # SEMANTICS L4
    ],
)
def test_a_session_that_leaves_the_line_lets_the_next_one_go_at_once(plan, act) -> None:
    e = Emulation(plan)
    e.job("theirs", 200, tenant="somebody")
    e.at(10).session("s")
    e.job("its job", 5, within="s")
    e.job("next", 5)
    assert e.at(20).of("next").state is JobState.QUEUED
    act(e)
    assert e.of("next").preparing_at == 20


def test_the_ledger_says_why() -> None:
    e = Emulation()
    e.session("s")
    e.job("done", 5, within="s")
    e.job("cancelled", 50, within="s")
    e.at(10).cancel("cancelled")
    e.close("s")
    charges = [(c.job, c.workload, c.start, c.end, c.seconds, c.reason) for c in e.scheduler.charges]
    assert charges == [
        ("done", "s", 0, 5, 5, "on the QPU, done"),
        ("cancelled", "s", 5, 10, 5, "on the QPU, cancelled"),
        (None, "s", 0, 10, 10, "session active"),
    ]


def test_a2_the_last_half_second_of_a_cost_limit() -> None:
    e = Emulation(with_limits(PREMIUM, cost_limit_s=10.5, charge_step_s=0))
    e.job("a", 10)
    e.job("b", 10)
    e.at(30)
    assert (e.of("b").ended_at, e.of("b").reason_code, e.scheduler.used_s()) == (10.5, 1305, 10.5)


def test_q7_reservations_come_in_the_order_of_their_times() -> None:
    e = Emulation(LEGACY_2023)
    e.reserve(300, 400)
    e.reserve(100, 200)
    e.at(150).job("theirs", 5, tenant="ann")
    assert e.at(199).of("theirs").state is JobState.QUEUED
    assert e.at(250).of("theirs").on_qpu_at == 200
    e.at(350).job("theirs too", 5, tenant="ann")
    assert e.at(500).of("theirs too").on_qpu_at == 400
    assert e.scheduler.used_s() == 200


def test_a2_a_cost_limit_of_nothing_lets_nothing_run() -> None:
    e = Emulation(with_limits(PREMIUM, cost_limit_s=0))
    e.job("a", 10)
    e.at(10)
    assert (e.of("a").state, e.of("a").preparing_at) == (JobState.QUEUED, None)


def test_j20_why_a_job_was_stopped() -> None:
    e = Emulation()
    e.job("a", 10, max_execution_s=5)
    e.at(5)
    assert (e.of("a").reason, e.of("a").reason_code) == (
        "Job ran longer than its maximum execution time",
        1305,
    )


def test_l3_a_batch_that_expires_with_nothing_in_a_lane_gives_its_priority_up() -> None:
    e = Emulation(with_limits(LEGACY_2023, lanes=1))
    e.batch("b", 100)
    e.job("a", 20, within="b")
    e.job("held up", 20, within="b")
    e.reserve(10, 200, tenant="ann")
    b = e.at(150)["b"]
    assert (b.state, b.closed_at, [(span.start, span.end) for span in b.stretches]) == (
        "closed",
        100,
        [(0, 100)],
    )
    assert e.of("held up").state is JobState.QUEUED
    e.at(300)
    assert (e.of("held up").on_qpu_at, e["b"].usage_s) == (200, 20)


def test_a2_a_charge_that_passes_the_cost_limit_lets_nothing_else_begin() -> None:
    e = Emulation(with_limits(PREMIUM, cost_limit_s=3))
    e.job("a", 1, overhead_s=5)
    e.job("b", 1, overhead_s=5)
    e.at(60)
    assert (e.of("a").charged_s, e.of("b").on_qpu_at, e.of("b").reason) == (5, None, "Ran too long")


def test_q6_the_pending_cap_is_yours_alone() -> None:
    e = Emulation(LEGACY_2023)
    for name in "abc":
        e.job(name, 5)
    e.job("theirs", 5, tenant="ann")
    with pytest.raises(Refused, match="limit of 3 pending jobs"):
        e.job("d", 5)


def test_a_qpu_that_nobody_has_come_to_has_no_line() -> None:
    assert Scheduler().places("generic_19q") == {}


@pytest.mark.parametrize(
    "event",
    [
        ev.QpuReserved(5.0, "new", "you", 3.0, 9.0),
        ev.QpuReserved(5.0, "new", "you", 9.0, 9.0),
        ev.CalibrationDue(5.0, "new", 0.0),
        ev.QpuOnline(5.0, "new", lanes=0),
        ev.WorkloadOpened(5.0, "s", Mode.SESSION, "new", max_time_s=0.5),
    ],
)
def test_what_is_refused_makes_no_qpu_known(event: ev.Event) -> None:
    scheduler = Scheduler(LEGACY_2023)
    with pytest.raises((Refused, IllegalEvent)):
        scheduler.handle(event)
    assert (scheduler.qpus, scheduler.now, scheduler.log) == ({}, 0, [])


def test_each_event_has_a_handler() -> None:
    assert set(_HANDLERS) == set(get_args(ev.Event))


def test_what_it_shows_is_enough_for_everybody_outside() -> None:
    scheduler = Scheduler()
    scheduler.handle(ev.JobSubmitted(1.0, "a", QPU))
    assert (scheduler.now, list(scheduler.jobs), list(scheduler.qpus)) == (1, ["a"], [QPU])
    assert (scheduler.workloads, list(scheduler.calibrations), scheduler.charges) == ({}, [], ())
    assert (scheduler.share("you"), scheduler.used_s()) == (0, 0)
