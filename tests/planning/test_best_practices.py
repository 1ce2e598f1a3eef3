"""What a run teaches: one run for each practice, and one that teaches nothing."""

from __future__ import annotations

import dataclasses

import pytest

from qmode_jupyter.cost.constants import PUBLIC
from qmode_jupyter.planning import Advice, advise, compare
from qmode_jupyter.planning.best_practices import Finding
from qmode_jupyter.runtime.tenants import Tenants
from qmode_jupyter.scheduler.events import GRAIN_S
from qmode_jupyter.scheduler.plans import OPEN, PREMIUM, with_limits
from tests.planning.runs import handful, large_jobs, loop
from tests.scheduler.emulation import QPU, Emulation


def kinds(advice: Advice) -> list[str]:
    return [finding.kind for finding in advice.findings]


def only(advice: Advice, kind: str) -> Finding:
    (finding,) = (f for f in advice.findings if f.kind == kind)
    assert finding.rule
    return finding


def test_short_jobs_that_come_together_should_be_merged() -> None:
    e = Emulation()
    handful(e, e.batch("five"))
    e.close("five")
    e.at(60)
    advice = advise(e.trace("five"))
    assert repr(advice).splitlines() == [
        "Advice for batch five on generic_19q: 5 jobs, usage 30 s (about $24), Premium plan",
        "1. Merge short jobs that are submitted together into one with several PUBs.",
        (
            "   5 jobs held the QPU for less than a minute each, 30 s in sum. As one job the same circuits "
            "hold it for 22 s: 8 s (about $6.40) less."
        ),
        "   Rule: Every job pays a fixed overhead of about 2 s on the QPU, however small it is.",
    ]
    assert only(advice, "merge jobs").saves_s == 8
    assert float(only(advice, "merge jobs").saves_usd) == 6.4


def test_long_jobs_and_jobs_that_depend_are_not_merged() -> None:
    e = Emulation()
    handful(e, e.batch("long"), qpu_s=61)
    e.close("long")
    e.at(500)
    assert "merge jobs" not in kinds(advise(e.trace("long")))
    e = Emulation()
    assert "merge jobs" not in kinds(advise(loop(e, e.session("vqe"))))


def test_a_session_of_independent_jobs_should_be_a_batch() -> None:
    e = Emulation()
    handful(e, e.session("five"), qpu_s=70)
    e.at(500)
    e.close("five")
    advice = advise(e.trace("five"))
    assert kinds(advice) == ["batch instead of session", "left open"]
    finding = only(advice, "batch instead of session")
    assert finding.saves_s == (2 + 350 + 60) - 350
    assert finding.detail == (
        "No job waited for another's result. As a batch they are charged 5 min 50 s (about $280) instead of "
        "6 min 52 s (about $329.60), and take as long."
    )


def test_a_session_left_open_costs_its_tail() -> None:
    e = Emulation()
    handful(e, e.session("s"), jobs=1)
    e.at(48).close("s")
    finding = only(advise(e.trace("s")), "left open")
    assert finding.saves_s == 40
    assert (
        finding.detail
        == "After its last job it stayed active for 40 s more, until it was closed: 40 s (about $32)."
    )
    e = Emulation()
    handful(e, e.session("s"), jobs=1)
    e.at(500).close("s")
    finding = only(advise(e.trace("s")), "left open")
    assert "until the interactive timeout of 60 s: 1 min (about $48)" in finding.detail


def test_gaps_longer_than_the_interactive_timeout() -> None:
    e = Emulation()
    e.session("s")
    e.result(e.job("a", 5, within="s", prep_s=1))
    e.at(100)
    for n in range(6):
        e.job(f"theirs {n}", 10, tenant="ann")
    e.result(e.job("b", 5, within="s", prep_s=1, awaited=("a",)))
    e.close("s")
    finding = only(advise(e.trace("s")), "long gaps")
    assert (finding.saves_s, finding.quicker_s) == (60, 60)
    assert finding.detail == (
        "The session became inactive 1 time, 60 s after a job: the timeouts were charged 1 min (about $48), "
        "and coming back took 1 min in the queue."
    )
    e = Emulation()
    e.batch("b")
    e.result(e.job("a", 5, within="b"))
    e.at(30).result(e.job("b1", 5, within="b"))
    e.close("b")
    assert "charged" not in only(advise(e.trace("b")), "long gaps").detail


def test_a_maximum_timeout_that_was_hit_comes_first() -> None:
    e = Emulation(dataclasses.replace(PREMIUM, lanes=1))
    handful(e, e.session("s", 60), qpu_s=20)
    e.at(500)
    advice = advise(e.trace("s"))
    assert kinds(advice)[0] == "maximum timeout hit"
    assert advice.findings[0].detail == "2 jobs of 5 did not run: the maximum timeout of 1 min had come."


def test_a_maximum_timeout_that_was_near() -> None:
    e = Emulation()
    e.session("s", 100)
    e.result(e.job("a", 85, within="s"))
    e.close("s")
    finding = only(advise(e.trace("s")), "maximum timeout near")
    assert finding.detail == (
        "It was closed 1 min 25 s after its first job's start, and the maximum timeout of 1 min 40 s was "
        "near."
    )


def test_jobs_that_ran_too_long() -> None:
    e = Emulation()
    e.job("a", 90, max_execution_s=10)
    e.job("b", 5)
    e.at(60)
    finding = only(advise(e.trace("a", "b")), "job too long")
    assert finding.detail == (
        "1 job of 2 stopped with code 1305 after 10 s (about $8) on the QPU; up to 1 min 30 s were needed."
    )


def test_results_that_were_awaited_one_by_one() -> None:
    """The documented example of a batch asks for each result before it submits the next job."""
    e = Emulation()
    e.batch("b")
    last: tuple[str, ...] = ()
    for n in range(5):
        e.job(f"j{n}", 5, within="b", prep_s=3, overhead_s=2, awaited=last)
        last = (e.result(f"j{n}"),)
    e.close("b")
    finding = only(advise(e.trace("b")), "parallel lanes")
    assert finding.quicker_s == 4 * 3
    assert finding.detail.startswith("4 of 5 jobs were submitted after the result of another.")
    assert "Up to 5 jobs are prepared at the same time" in finding.rule


@pytest.mark.parametrize("mode", ["session", "batch"])
def test_one_job_belongs_in_job_mode(mode: str) -> None:
    e = Emulation()
    (e.session if mode == "session" else e.batch)("w")
    e.result(e.job("a", 70, within="w", prep_s=2))
    e.close("w")
    finding = only(advise(e.trace("w")), "single job")
    assert finding.saves_s == (2 if mode == "session" else 0)
    assert finding.detail.startswith(f"The {mode} held one job and was charged ")


def test_an_iterative_workload_in_a_long_queue_belongs_in_a_session() -> None:
    e = Emulation()
    e.queue.feed(Tenants(0.8, seed=2).arrivals(QPU))
    e.at(50)
    finding = only(advise(loop(e, None)), "queued again")
    assert finding.quicker_s > 60
    e = Emulation()
    assert "queued again" not in kinds(advise(loop(e, None)))
    e = Emulation(OPEN)  # there are no sessions
    e.queue.feed(Tenants(0.8, seed=2).arrivals(QPU))
    e.at(50)
    assert "queued again" not in kinds(advise(loop(e, None, iterations=8)))


def test_independent_single_jobs_in_a_busy_queue_belong_in_a_batch() -> None:
    e = Emulation()
    e.queue.feed(Tenants(0.8, seed=2).arrivals(QPU))
    e.at(50)
    for job in (names := handful(e, None, jobs=20, qpu_s=20)):
        e.result(job)
    trace = e.trace(*names)
    finding = only(advise(trace), "batch instead of jobs")
    as_jobs, as_batch = compare(trace, modes=["job", "batch"]).rows
    assert as_jobs.as_it_ran
    assert finding.quicker_s == as_jobs.wall_s - as_batch.wall_s > 60
    assert finding.saves_s == 0
    assert finding.detail == (
        "No job waited for another's result, and each queued for itself: 5 min 15 s went into waiting for "
        "others. As a batch they end after 10 min 10 s instead of 12 min 19 s, and are charged 6 min 40 s "
        "(about $320) instead of 6 min 40 s (about $320)."
    )


def test_single_jobs_that_nobody_delays_and_those_that_depend_need_no_batch() -> None:
    e = Emulation()
    for job in (names := handful(e, None, jobs=20, qpu_s=20)):
        e.result(job)
    assert "batch instead of jobs" not in kinds(advise(e.trace(*names)))
    e = Emulation()
    e.queue.feed(Tenants(0.8, seed=2).arrivals(QPU))
    e.at(50)
    assert "batch instead of jobs" not in kinds(advise(loop(e, None)))


def test_large_jobs_of_a_session_should_be_split_over_the_lanes() -> None:
    finding = only(advise(large_jobs(Emulation(), 41)), "split large jobs")
    # In one lane: 41 s of preparation and 62 s on the QPU. In five: of each part's preparation 1.6 s are
    # any job's, so 1.6 + 39.4/5 s, and 5 times 2 + 60/5 s.
    assert PUBLIC.likely.prepare_job_s == 1.6
    assert (
        finding.quicker_s
        == finding.saves_s
        == pytest.approx(3 * ((41 + 62) - (9.48 + 5 * 14)), abs=3 * GRAIN_S)
    )
    assert finding.detail == (
        "3 jobs of 3 held the QPU for a minute or more, after a preparation in one lane. In 5 parts each, "
        "prepared side by side, the session takes 3 min 58 s instead of 5 min 9 s and is charged 3 min 58 s "
        "(about $190.75) instead of 5 min 9 s (about $247.20), every part's overhead included."
    )
    two_lanes = Emulation(with_limits(PREMIUM, lanes=2))
    assert "In 2 parts each" in only(advise(large_jobs(two_lanes, 41)), "split large jobs").detail


def test_they_are_split_in_no_more_parts_than_are_prepared_side_by_side() -> None:  # SEMANTICS A28
    e = Emulation()
    e.online(lanes=14, preparations=2)
    finding = only(advise(large_jobs(e, 41)), "split large jobs")
    # 1.6 + 39.4/2 s of preparation, and twice 2 + 60/2 s.
    assert finding.quicker_s == pytest.approx(3 * ((41 + 62) - (21.3 + 2 * 32)), abs=3 * GRAIN_S)
    assert finding.rule == "Up to 2 jobs are prepared at the same time, and a session is charged meanwhile."


@pytest.mark.parametrize(("prep_s", "qpu_s", "lanes"), [(2, 62, 5), (41, 50, 5), (41, 62, 1)])
def test_quickly_prepared_jobs_short_ones_and_a_single_lane_are_not_split(prep_s, qpu_s, lanes) -> None:
    e = Emulation(with_limits(PREMIUM, lanes=lanes))
    assert "split large jobs" not in kinds(advise(large_jobs(e, prep_s, qpu_s)))


def test_a_session_without_a_queue_costs_more_than_it_gives() -> None:
    e = Emulation()
    advice = advise(loop(e, e.session("vqe")))
    assert kinds(advice) == ["session not needed"]
    assert only(advice, "session not needed").saves_s == 24.75
    e = Emulation()
    e.queue.feed(Tenants(0.8, seed=4).arrivals(QPU))
    e.at(50)
    # Five seconds of thinking let a batch go inactive: it queues again, a session does not.
    assert kinds(advise(loop(e, e.session("vqe"), think_s=5))) == []


def test_no_price_on_a_free_plan() -> None:
    e = Emulation(OPEN)
    handful(e, e.batch("five"))
    e.close("five")
    e.at(60)
    advice = advise(e.trace("five"))
    assert "$" not in repr(advice)
    assert only(advice, "merge jobs").saves_usd is None
