"""The acceptance vectors of SEMANTICS section 12 that concern the rules alone."""

from __future__ import annotations

import dataclasses

import pytest

from qmode_jupyter.cost.model import cost
from qmode_jupyter.cost.processors import HERON_R2, PHOENIX, Processor
from qmode_jupyter.cost.work import Run, Work
from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler.event_queue import Fault
from qmode_jupyter.scheduler.plans import LEGACY_2023, OPEN, PREMIUM
from qmode_jupyter.scheduler.records import JobState
from qmode_jupyter.scheduler.scheduler import Refused, charge_s
from tests.scheduler.emulation import Emulation

ONE_LANE = dataclasses.replace(PREMIUM, lanes=1)


@pytest.fixture
def e() -> Emulation:
    return Emulation()


def test_v1_a_session_that_is_never_used_closes_after_thirty_minutes(e: Emulation) -> None:
    e.session("s", 120)
    assert e.at(1799)["s"].status == "Pending"
    assert e.at(1800)["s"].status == "Closed"
    assert e["s"].usage_s == 0


def test_v2_the_maximum_timeout_counts_from_the_first_job(e: Emulation) -> None:
    e.job("theirs", 500, tenant="somebody")
    e.session("s", 600)
    e.job("mine", 10, within="s")
    assert e.at(499)["s"].started_at is None
    assert e.at(500)["s"].started_at == 500
    assert e["s"].expires_at == 1100


def test_v3_a_job_inside_the_interactive_timeout_runs_at_once(e: Emulation) -> None:
    e.session("s")
    e.job("first", 10, within="s")
    e.at(50).job("second", 3, within="s")
    e.at(50)
    assert e.of("second").state is JobState.ON_QPU
    assert e["s"].status == "In progress, accepting new jobs"


def test_v4_the_interactive_timeout_makes_a_session_inactive(e: Emulation) -> None:
    e.session("s")
    e.job("only", 10, within="s")
    assert e.at(69)["s"].state == "active"
    s = e.at(70)["s"]
    assert (s.state, s.status, s.accepting_jobs) == ("inactive", "Pending", True)
    assert s.state_reason == "session_inactivated_by_interactive_ttl"


def test_v5_a_job_brings_an_inactive_session_back_through_the_normal_queue(e: Emulation) -> None:
    e.session("s")
    e.job("first", 10, within="s")
    e.at(99)
    for n in range(3):
        e.job(f"theirs {n}", 20, tenant="somebody")
    e.at(100).job("second", 5, within="s")
    assert e.of("second").state is JobState.QUEUED
    s = e.at(159)["s"]
    assert (s.state, s.activated_at, s.started_at) == ("active", 159, 0)
    assert e.at(170)["s"].qpu_s == 15


def test_v6_the_maximum_timeout_never_pauses(e: Emulation) -> None:
    e.session("s", 120)
    e.job("only", 10, within="s")
    assert e.at(119)["s"].state == "inactive"
    assert e.at(120)["s"].state == "closed"


def test_v7_at_the_maximum_timeout_running_jobs_finish_and_queued_ones_fail() -> None:
    e = Emulation(ONE_LANE)
    e.session("s", 100)
    e.job("running", 130, within="s")
    e.job("queued", 5, within="s")
    e.job("too", 5, within="s")
    assert e.at(100)["s"].state == "closed"
    assert [e.of(j).status for j in ("running", "queued", "too")] == ["RUNNING", "ERROR", "ERROR"]
    assert (e.of("queued").reason_code, e.of("queued").reason) == (
        4001,
        "the session reached its maximum timeout",
    )
    assert e.at(130).of("running").state is JobState.DONE
    assert e["s"].usage_s == 130  # SEMANTICS A5


def test_v7_with_five_lanes_everything_in_a_lane_finishes(e: Emulation) -> None:
    e.session("s", 100)
    for name in "abcdefg":
        e.job(name, 30, within="s")
    e.at(100)
    assert [e.of(j).status for j in "abcdefg"] == [*["DONE"] * 3, *["RUNNING"] * 4]
    e.job("theirs", 1, tenant="somebody")
    e.at(300)
    assert [e.of(j).status for j in "abcdefg"] == ["DONE"] * 7


def test_v8_a_closed_session_drains_and_ends_without_the_interactive_timeout(e: Emulation) -> None:
    e.session("s")
    for name in "abc":
        e.job(name, 5, within="s")
    e.close("s")
    assert e["s"].status == "In progress, not accepting new jobs"
    s = e.at(15)["s"]
    assert (s.state, s.closed_at) == ("closed", 15)
    assert e.states(*"abc") == [JobState.DONE] * 3


def test_v10_cancelling_a_session_drops_what_is_queued() -> None:
    e = Emulation(ONE_LANE)
    e.session("s")
    for name in "abc":
        e.job(name, 5, within="s")
    e.at(1).cancel("s")
    assert e.states(*"abc") == [JobState.ON_QPU, JobState.CANCELLED, JobState.CANCELLED]
    assert e.of("b").reason == ""
    assert e["s"].state == "active"
    assert (e.at(5)["s"].state, e.of("a").state) == ("closed", JobState.DONE)


def test_v11_v12_a_closed_session_takes_no_job(e: Emulation) -> None:
    e.session("s")
    e.close("s")
    with pytest.raises(Refused, match="has been closed") as refusal:
        e.job("late", within="s")
    assert refusal.value.code == 4001
    assert e.scheduler.jobs == {}


def test_v14_no_session_on_the_open_plan() -> None:
    with pytest.raises(Refused, match="not authorized to run a session") as refusal:
        Emulation(OPEN).session("s")
    assert refusal.value.code == 1352


def test_v15_five_lanes_and_one_qpu(e: Emulation) -> None:
    e.batch("b")
    jobs = [e.job(f"j{n}", 4, within="b", prep_s=1) for n in range(8)]
    e.at(2)
    statuses = [e.of(j).status for j in jobs]
    assert statuses == [*["RUNNING"] * 5, *["QUEUED"] * 3]
    assert e.states(*jobs).count(JobState.ON_QPU) == 1
    e.at(1 + 8 * 4)
    assert set(e.states(*jobs)) == {JobState.DONE}


#: Of each of the fourteen jobs of a batch in September 2026: 300 circuits of some 40 instructions, two
#: parameter sets each, 4,096 shots of 2.9 µs.
LARGE = Work("estimator", 300, 12_000, (Run(600, 4_096, 0.9e-6, 2.0e-6),))


def fourteen(e: Emulation, on: Processor) -> list[str]:
    """The fourteen jobs, submitted at once to a QPU that has that processor."""
    needed = cost(LARGE, on)
    qpu_s, words = charge_s(needed.on_qpu_s, needed.overhead_s, 1.0), {"parts": needed.parts, "work": LARGE}
    e.online(on.lanes, on.preparations, on.name)
    e.batch("b")
    jobs = [
        e.job(f"j{n}", qpu_s, within="b", prep_s=needed.preparation_s, overhead_s=2.5, **words)
        for n in range(14)
    ]
    e.close("b")
    return jobs


def test_a28_fourteen_large_jobs_of_one_batch_take_about_the_fourteen_minutes_that_they_took(
    e: Emulation,
) -> None:
    jobs = fourteen(e, PHOENIX)
    assert [e.of(job).status for job in jobs] == ["RUNNING"] * 14
    while e["b"].state != "closed":
        e.queue.step()
        e.scheduler.check_invariants()
        assert e.states(*jobs).count(JobState.ON_QPU) <= 1
    records = [e.of(job) for job in jobs]
    assert {job.state for job in records} == {JobState.DONE}
    wall_s = max(job.ended_at for job in records)
    # Seven times two are prepared, each in 1.6 + 300 x 0.3 + 12,000 x 0.001 s, and the last two enter the
    # QPU one after the other, for 25 s each.
    assert wall_s == pytest.approx(7 * 103.6 + 2 * 25, abs=1e-3)
    assert wall_s == pytest.approx(14 * 60, rel=0.1)
    # 1.8 + 0.7 + 600 x 0.002 s of overhead, 600 x 4,096 executions of 1 + 2.8 + 1.6 (reset) + 2.9 µs:
    # 24.1 s, and 375 s were charged for all.
    assert e["b"].usage_s == 14 * 25 == pytest.approx(375, rel=0.1)
    running_s = [job.ended_at - job.preparing_at for job in records]
    assert min(running_s) == pytest.approx(115, rel=0.15)
    assert max(running_s) == pytest.approx(822, rel=0.1)


def test_a28_on_a_qpu_of_which_no_more_is_known_five_of_them_run(e: Emulation) -> None:
    jobs = fourteen(e, HERON_R2)
    assert [e.of(job).status for job in jobs] == ["RUNNING"] * 5 + ["QUEUED"] * 9
    while e["b"].state != "closed":
        e.queue.step()
        assert [e.of(job).status for job in jobs].count("RUNNING") <= 5
    assert set(e.states(*jobs)) == {JobState.DONE}


def test_v15_the_jobs_of_a_running_batch_come_before_the_fair_share(e: Emulation) -> None:
    """SEMANTICS Q3: a lane that falls free is the batch's, however small a share others have used."""
    e.tenant("modest", 1_000)
    e.batch("b")
    jobs = [e.job(f"j{n}", 4, within="b", prep_s=1) for n in range(8)]
    e.job("theirs", 4, tenant="modest")
    e.job("mine, alone", 4)
    e.at(100)
    assert [e.of(j).preparing_at for j in jobs] == [0, 0, 0, 0, 0, 5, 9, 13]
    assert [e.of(j).preparing_at for j in ("theirs", "mine, alone")] == [17, 21]


def test_v16_the_first_to_be_prepared_is_the_first_on_the_qpu(e: Emulation) -> None:
    e.batch("b")
    e.job("slow", 4, within="b", prep_s=9)
    e.job("quick", 4, within="b", prep_s=1)
    e.at(30)
    assert (e.of("quick").on_qpu_at, e.of("slow").on_qpu_at) == (1, 9)


def test_v17_a_failing_job_leaves_its_siblings_alone(e: Emulation) -> None:
    e.batch("b")
    e.job("a", 4, within="b")
    e.job("bad", within="b", fault=Fault("not an ISA circuit", 1517))
    e.job("c", 4, within="b")
    e.at(8)
    assert e.states("a", "bad", "c") == [JobState.DONE, JobState.FAILED, JobState.DONE]
    assert (e.of("bad").reason_code, e.of("bad").charged_s) == (1517, 0)
    assert e["b"].state == "active"


def test_v18_a_batch_goes_inactive_and_comes_back(e: Emulation) -> None:
    e.batch("b")
    e.job("a", 4, within="b")
    assert e.at(5)["b"].state == "inactive"
    e.job("theirs", 30, tenant="somebody")
    for n in range(4):
        e.job(f"more {n}", 30, tenant="somebody")
    e.job("late", 3, within="b")
    assert e.of("late").state is JobState.QUEUED
    b = e.at(35)["b"]
    assert (b.state, b.activated_at, b.started_at) == ("active", 35, 0)


def test_v18_an_inactive_batch_closes_at_its_maximum_timeout(e: Emulation) -> None:
    """SEMANTICS B7: it is not closed when it goes idle, but later, and then for good."""
    e.batch("b", 100)
    e.job("a", 4, within="b")
    assert [(str(state), at) for state, at in e.at(99)["b"].history] == [
        ("open", 0),
        ("active", 0),
        ("inactive", 5),
    ]
    b = e.at(100)["b"]
    assert (b.state, b.closed_at, b.state_reason) == ("closed", 100, "session_expired_by_max_ttl")
    assert b.usage_s == 4
    with pytest.raises(Refused, match="has been closed"):
        e.job("late", 3, within="b")
    e.at(200).batch("idle and closed")
    e.job("b", 4, within="idle and closed")
    e.at(210).close("idle and closed")
    assert (e["idle and closed"].state, e["idle and closed"].closed_at) == ("closed", 210)


def test_v19_a_job_over_its_maximum_execution_time(e: Emulation) -> None:
    e.job("long", 9, max_execution_s=5)
    e.at(9)
    job = e.of("long")
    assert (job.status, job.reason_code, job.charged_s, job.ended_at) == ("ERROR", 1305, 5, 5)


def test_v22_a_batch_is_charged_its_jobs_and_a_session_its_time(e: Emulation) -> None:
    e.batch("b")
    e.job("a", 3, within="b")
    e.at(17).job("c", 4, within="b")
    assert e.at(40)["b"].usage_s == 7
    e.session("s")
    e.job("d", 3, within="s")
    e.at(57).job("f", 4, within="s")
    assert e.at(200)["s"].usage_s == 61 - 40 + 60
    assert e["s"].qpu_s == 7


def test_v22_a_single_job_is_charged_its_time_on_the_qpu(e: Emulation) -> None:
    """SEMANTICS U1: on the bill, without its waiting and its preparation."""
    e.job("theirs", 100, tenant="somebody")
    e.job("a", 3, prep_s=5)
    e.job("c", 4, prep_s=50)
    e.at(200)
    assert [e.of(j).charged_s for j in ("a", "c")] == [3, 4]
    assert e.scheduler.used_s() == 7
    assert e.scheduler.used_s("somebody") == 100
    mine = [c for c in e.scheduler.charges if c.tenant == "you"]
    assert [(c.job, c.workload, c.start, c.end, c.seconds, c.billed, c.reason) for c in mine] == [
        ("a", None, 100, 103, 3, True, "on the QPU, done"),
        ("c", None, 103, 107, 4, True, "on the QPU, done"),
    ]


def test_v23_the_tail_is_charged_unless_the_session_is_closed(e: Emulation) -> None:
    """V23 and V24."""
    e.session("left")
    e.job("a", 100, within="left")
    assert e.at(160)["left"].usage_s == 160
    assert e.at(200)["left"].usage_s == 160
    e.session("closed")
    e.job("b", 100, within="closed")
    e.at(300).close("closed")
    assert e["closed"].usage_s == 100
    assert e.at(400)["closed"].usage_s == 100


def test_v29_over_the_allowance_jobs_are_accepted_and_wait() -> None:
    e = Emulation(dataclasses.replace(OPEN, allowance_s=10, window_s=1000))
    e.job("first", 12)
    e.at(20).job("second", 3)
    assert e.at(1011).of("second").state is JobState.QUEUED
    assert e.at(1015).of("second").state is JobState.DONE


def test_v30_the_smallest_share_goes_first_and_inside_first_come(e: Emulation) -> None:
    e.happen(ev.TenantArrived(0, "forty", 100))
    e.happen(ev.TenantArrived(0, "ten", 100))
    e.job("warm-up forty", 40, tenant="forty")
    e.job("warm-up ten", 10, tenant="ten")
    e.at(50)
    for n in range(5):
        e.job(f"fills a lane {n}", 10)
    e.job("f1", 1, tenant="forty")
    e.job("t1", 1, tenant="ten")
    e.job("t2", 1, tenant="ten")
    assert [e.scheduler.place(j) for j in ("t1", "t2", "f1")] == [1, 2, 3]
    e.at(200)
    starts = {j: e.of(j).preparing_at for j in ("t1", "t2", "f1")}
    assert starts["t1"] < starts["t2"] < starts["f1"]


@pytest.mark.parametrize(("plan", "started"), [(PREMIUM, 30.0), (LEGACY_2023, 5.0)])
def test_v31_a_calibration_waits_for_the_session(plan, started) -> None:
    e = Emulation(plan)
    e.session("s")
    e.job("a", 5, within="s")
    e.job("b", 5, within="s")
    e.at(2).calibrate(20)
    e.at(30)
    if plan is PREMIUM:
        e.close("s")
    e.at(100)
    assert e.scheduler.calibrations[0].started_at == started
    assert set(e.states("a", "b")) == {JobState.DONE}


def test_v31_a_calibration_runs_between_the_jobs_of_a_batch(e: Emulation) -> None:
    e.batch("b")
    for name in "abc":
        e.job(name, 5, within="b")
    e.at(2).calibrate(20)
    e.at(60)
    assert e.scheduler.calibrations[0].started_at == 5
    assert e.of("b").on_qpu_at == 25
