"""Who gets the QPU next; and what stops work: execution time, cost limit, allowance, too many jobs."""

from __future__ import annotations

import pytest

from qmode_jupyter.scheduler.event_queue import Fault
from qmode_jupyter.scheduler.events import YOU, Execute, JobPrepared, Prepare, Settle, Stop
from qmode_jupyter.scheduler.plans import with_limits
from qmode_jupyter.scheduler.records import JobState
from qmode_jupyter.scheduler.rules import fill_lanes, serve, settle, start_next
from qmode_jupyter.scheduler.scheduler import IllegalEvent, IllegalTransition, Refused
from qmode_jupyter.scheduler.state import Calibration, Job, State
from qmode_jupyter.scheduler.transitions import JobStep
from tests.scheduler.emulation import Emulation


def waiting(state: State, name: str, tenant: str = YOU) -> Job:
    job = state.jobs[name] = Job(name, "lab", tenant, None, "sampler", 0.0, 0.0, None, 0, ())
    state.qpu("lab").line.add(name, tenant, is_workload=False)
    return job


def test_a22_lanes_are_filled_up_to_the_plans_number_and_no_further() -> None:
    state, out = State(with_limits("premium", lanes=3)), []
    jobs = [waiting(state, name) for name in "abcd"]
    fill_lanes(state, state.qpu("lab"), out)
    assert out == [Prepare("a"), Prepare("b"), Prepare("c")]
    assert [job.state for job in jobs] == [*[JobState.PREPARING] * 3, JobState.QUEUED]
    settle(state, jobs[1], JobStep.IS_CANCELLED, out := [])
    assert out == [Stop("b"), Settle("b", JobState.CANCELLED)]
    serve(state, state.qpu("lab"), out := [])
    assert out == [Prepare("d")]


def test_a28_a_qpu_has_lanes_of_its_own_and_prepares_fewer_at_once() -> None:
    e = Emulation()
    e.online(lanes=7, preparations=2)
    jobs = [e.job(f"j{n}", 1, prep_s=10) for n in range(9)]
    assert [e.of(job).status for job in jobs] == ["RUNNING"] * 7 + ["QUEUED"] * 2
    assert [e.of(job).preparing_at for job in jobs[:7]] == [0] * 7
    assert [e.of(job).preparation_at for job in jobs] == [0, 0, *[None] * 7]
    e.at(12)
    # Two were prepared by 10 s and were on the QPU by 12 s; the next two are being prepared since, and two
    # more have come into the lanes.
    assert e.states(*jobs) == [JobState.DONE] * 2 + [JobState.PREPARING] * 7
    assert [e.of(job).preparation_at for job in jobs] == [0, 0, 10, 10, *[None] * 5]
    assert [e.of(job).preparing_at for job in jobs[7:]] == [11, 12]
    e.at(100)
    assert [e.of(job).ended_at for job in jobs] == [11, 12, 21, 22, 31, 32, 41, 42, 51]


@pytest.mark.parametrize("ends", ["is prepared", "fails", "is cancelled"])
def test_a28_the_next_preparation_begins_where_one_ends(ends: str) -> None:
    e = Emulation()
    e.online(lanes=3, preparations=1)
    fault = Fault("bad", 1517) if ends == "fails" else None
    jobs = [e.job("a", 5, prep_s=4, fault=fault), e.job("b", 5, prep_s=4), e.job("c", 5, prep_s=4)]
    e.at(4 if ends != "is cancelled" else 3)
    if ends == "is cancelled":
        e.cancel("a")
    assert [e.of(job).preparation_at for job in jobs] == [0, e.now, None]


def test_a28_a_job_in_a_lane_whose_preparation_has_not_begun_can_be_cancelled_and_nothing_begins() -> None:
    e = Emulation()
    e.online(lanes=3, preparations=1)
    for job in "abc":
        e.job(job, 5, prep_s=4)
    e.at(1).cancel("b")
    assert e.of("b").status == "CANCELLED"
    assert e.of("c").preparation_at is None
    e.at(4)
    assert (e.of("c").preparation_at, e.of("b").preparation_at, e.of("b").charged_s) == (4, None, 0)


def test_a28_what_was_not_begun_can_not_have_ended() -> None:
    e = Emulation()
    e.online(lanes=2, preparations=1)
    e.job("a", 5, prep_s=4)
    e.job("b", 5, prep_s=4)
    with pytest.raises(IllegalEvent, match="the preparation of b has not begun"):
        e.happen(JobPrepared(0.0, "b", 5.0))
    e.scheduler.check_invariants()


@pytest.mark.parametrize(
    ("limits", "lanes", "preparations", "running", "prepared"),
    [
        ({}, None, None, 5, 5),  # SEMANTICS B3: as documented
        ({}, 14, 2, 14, 2),
        ({}, 14, None, 14, 14),
        ({}, None, 3, 5, 3),
        ({"lanes": 3}, 14, 2, 3, 2),  # the plan's own
        ({"lanes": 1}, 14, 2, 1, 1),
    ],
)
def test_a28_whose_lanes_count(limits, lanes, preparations, running: int, prepared: int) -> None:
    e = Emulation(with_limits("premium", **limits))
    e.online(lanes, preparations)
    jobs = [e.of(e.job(f"j{n}", 1, prep_s=10)) for n in range(20)]
    jobs = [e.of(job.id) for job in jobs]
    assert [job.status for job in jobs].count("RUNNING") == running
    assert sum(job.preparation_at is not None for job in jobs) == prepared


def test_a28_one_qpus_lanes_are_not_anothers() -> None:
    e = Emulation()
    e.online(lanes=2, qpu="small")
    for n in range(7):
        e.job(f"here {n}", prep_s=10)
        e.job(f"there {n}", prep_s=10, qpu="small")
    running = [job.id for job in map(e.of, e.scheduler.jobs) if job.status == "RUNNING"]
    assert len([job for job in running if job.startswith("here")]) == 5
    assert len([job for job in running if job.startswith("there")]) == 2


def test_a11_the_qpu_takes_the_first_that_was_prepared_and_one_at_a_time() -> None:
    state, out = State(with_limits("premium", lanes=3)), []
    jobs = {name: waiting(state, name) for name in "abc"}
    qpu = state.qpu("lab")
    fill_lanes(state, qpu, out)
    for name in "cab":
        jobs[name].state = JobState.WAITING
        qpu.ready.append(jobs[name])
    start_next(state, qpu, out := [])
    start_next(state, qpu, out)
    assert out == [Execute("c")]
    assert (qpu.on_qpu, [job.id for job in qpu.ready]) == (jobs["c"], ["a", "b"])


def test_a7_a_calibration_that_is_due_goes_before_what_is_prepared() -> None:
    state, out = State(with_limits("premium")), []
    job = waiting(state, "a")
    qpu = state.qpu("lab")
    fill_lanes(state, qpu, out)
    job.state = JobState.WAITING
    qpu.ready.append(job)
    qpu.calibrations_due.append(Calibration("lab", 0.0, 600.0))
    start_next(state, qpu, out := [])
    assert out == []
    assert (qpu.on_qpu, qpu.calibrating.started_at, state.deadlines.first_at) == (None, 0, 600)


def test_calibrations_take_their_turns_as_they_were_due() -> None:
    e = Emulation()
    e.job("running", 10)
    e.at(1).calibrate(100)
    e.at(2).calibrate(50)
    e.at(500)
    assert [(c.due_at, c.started_at) for c in e.scheduler.calibrations] == [(1, 10), (2, 110)]


def test_what_has_ended_can_not_end_again_and_nothing_has_changed() -> None:
    state = State(with_limits("premium"))
    job = waiting(state, "a")
    settle(state, job, JobStep.IS_CANCELLED, [])
    before, pending = job.record(), state.pending
    with pytest.raises(IllegalTransition):
        settle(state, job, JobStep.FAILS, [], "again")
    assert (job.record(), state.pending, state.accounts.charges) == (before, pending, ())


def test_a_job_that_ends_exactly_at_its_maximum_execution_time_is_done() -> None:
    e = Emulation()
    e.job("exact", 5, max_execution_s=5)
    e.job("over", 5.001, max_execution_s=5)
    e.at(10)
    assert [e.of(j).status for j in ("exact", "over")] == ["DONE", "ERROR"]


def test_the_plans_own_cap_holds_for_every_job() -> None:  # SEMANTICS J20
    e = Emulation()
    e.job("long", 20_000)
    e.job("greedy", 20_000, max_execution_s=15_000)
    e.at(30_000)
    assert [e.of(j).charged_s for j in ("long", "greedy")] == [10_800, 10_800]
    assert {e.of(j).reason_code for j in ("long", "greedy")} == {1305}


def test_a2_a_cost_limit_stops_what_runs_and_closes_its_session() -> None:
    e = Emulation(with_limits("premium", cost_limit_s=30, lanes=1))
    e.session("s")
    e.job("first", 10, within="s")
    e.job("running", 100, within="s")
    e.job("queued", 10, within="s")
    e.at(1).job("unrelated", 10)
    s = e.at(30)["s"]
    assert (s.state, s.state_reason, s.usage_s) == ("closed", "session_closed_by_cost_limit", 30)
    assert [e.of(j).status for j in ("first", "running", "queued", "unrelated")] == [
        "DONE",
        "ERROR",
        "CANCELLED",
        "QUEUED",
    ]
    assert (e.of("running").reason_code, e.of("running").reason) == (1305, "Ran too long")
    assert e.at(1_000).of("unrelated").state is JobState.QUEUED


def test_a2_a_plan_may_let_what_runs_finish() -> None:
    e = Emulation(with_limits("premium", cost_limit_s=30, cost_limit_policy="finish_running"))
    e.batch("b")
    for name in "abcdefg":
        e.job(name, 20, within="b")
    e.at(500)
    # The limit came at 30 s, with b on the QPU and c to f in lanes: they finish.
    assert [str(s) for s in e.states(*"abcdefg")] == [*["done"] * 6, "cancelled"]
    assert e["b"].state == "closed"
    assert e.scheduler.used_s() == 120


def test_a2_a_limit_that_is_passed_by_a_jobs_overhead_starts_no_other_job() -> None:
    e = Emulation(with_limits("payg", cost_limit_s=3))
    e.batch("b")
    e.job("a", 1, within="b", overhead_s=2)
    e.job("b1", 1, within="b", overhead_s=2)
    e.job("c", 1, within="b", overhead_s=2)
    e.at(60)
    assert e.states("a", "b1", "c")[0] is JobState.DONE
    assert e.of("c").on_qpu_at is None
    assert e["b"].state == "closed"


def test_a2_nobody_elses_jobs_are_touched() -> None:
    e = Emulation(with_limits("payg", cost_limit_s=10))
    e.job("mine", 20)
    e.job("theirs", 20, tenant="somebody")
    e.at(30)
    assert (e.of("mine").charged_s, e.of("theirs").charged_s) == (10, 20)


def test_q2_active_work_goes_on_when_the_allowance_is_used_up() -> None:
    e = Emulation(with_limits("open", allowance_s=10, window_s=1_000, lanes=1))
    e.batch("b")
    for name in "abc":
        e.job(name, 8, within="b")
    e.job("alone", 1)
    e.at(24)
    assert e.states(*"abc") == [JobState.DONE] * 3
    assert e.of("alone").state is JobState.QUEUED
    assert e.at(1_017).of("alone").state is JobState.DONE


def test_a15_submissions_a_minute() -> None:
    e = Emulation(with_limits("premium", submissions_per_min=5))
    for n in range(5):
        e.at(n).job(f"j{n}", 1)
    with pytest.raises(Refused, match=r"Too many requests: 5 jobs .* within a minute") as refusal:
        e.job("sixth", 1)
    assert (refusal.value.code, refusal.value.solution) == (1202, "Submit the next one 56 s from now.")
    e.at(60).job("sixth", 1)
    with pytest.raises(Refused, match="Too many requests"):  # those of 1 s to 4 s still count
        e.job("seventh", 1)
    e.at(61).job("seventh", 1)


def test_a4_a_maximum_time_out_of_bounds_is_refused() -> None:
    e = Emulation()
    for wanted in (-5, 0.5, 28_801):
        with pytest.raises(Refused, match="max_ttl must be from 1 to 28800 seconds") as refusal:
            e.session("s", wanted)
        assert refusal.value.code == 1208
    e.session("s", 0)
    assert e["s"].max_time_s == 28_800  # SEMANTICS S14: 0 is not sent


def test_what_cannot_have_happened_changes_nothing() -> None:
    e = Emulation()
    e.job("a", 5)
    e.batch("b")
    before = list(e.scheduler.log)
    for impossible in (
        lambda: e.job("a", 5),
        lambda: e.batch("b"),
        lambda: e.job("c", within="nobody's"),
        lambda: e.cancel("nobody"),
        lambda: e.tenant("ann", 0.0),
    ):
        with pytest.raises(IllegalEvent):
            impossible()
    assert e.scheduler.log == before
