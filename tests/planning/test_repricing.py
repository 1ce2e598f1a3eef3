"""The same run, had its jobs asked for something else: times and charges follow from the cost model."""

from __future__ import annotations

import pytest

from qmode_jupyter.cost.model import cost
from qmode_jupyter.cost.processors import EAGLE_R3, HERON_R2, NIGHTHAWK_R1, PHOENIX
from qmode_jupyter.planning.recording import Recording
from qmode_jupyter.planning.replay import Scenario, replay
from qmode_jupyter.planning.repricing import (
    as_one,
    closed_at_once,
    merged_jobs,
    on,
    processor_of,
    readout_mitigated,
    reworked,
    unmitigated,
)
from qmode_jupyter.scheduler.records import JobState
from tests.planning.runs import EXTRAPOLATED, MITIGATED, PLAIN, handful, online, priced
from tests.scheduler.emulation import Emulation


def again(recording: Recording):
    return replay(recording, Scenario(recording.mode, recording.plan))


def session_of_three(work=MITIGATED, processor=HERON_R2, gap_s: float = 0.0) -> Recording:
    """Three jobs submitted together; the session is closed `gap_s` after the last has ended."""
    e = Emulation()
    online(e, processor)
    e.session("s")
    for name in "abc":
        priced(e, name, work, processor, within="s")
    e.result("c")
    e.at(e.now + gap_s)
    e.close("s")
    return Recording.of(e.trace("s"))


def test_nothing_changed_is_the_same_run() -> None:
    recording = session_of_three()
    assert reworked(recording, lambda work: work).needs == recording.needs
    assert on(recording, HERON_R2) is recording
    assert [j.ended_at for j in again(recording).jobs] == [j.ended_at for j in recording.jobs]


def test_a_lower_level_takes_what_the_model_says() -> None:
    recording = session_of_three(EXTRAPOLATED)
    level_0, level_1 = again(reworked(recording, unmitigated)), again(reworked(recording, readout_mitigated))
    # Level 2: 1.802 + 4,096 × 256.7 µs × 3 + ... ; level 1: 13.6 s; level 0: 2.86 s, all rounded up.
    assert [j.qpu_s for j in again(recording).jobs] == [16.0, 16.0, 16.0]
    assert [j.qpu_s for j in level_1.jobs] == [14.0, 14.0, 14.0]
    assert [j.qpu_s for j in level_0.jobs] == [3.0, 3.0, 3.0]
    assert level_0.usage_s < level_1.usage_s < again(recording).usage_s


def test_merged_jobs_pay_their_overhead_and_their_mitigation_once() -> None:
    recording = session_of_three()
    merged = again(merged_jobs(recording, [["a", "b", "c"]]))
    (job,) = merged.jobs
    # 1.8 + 3 × 2 ms + 3 × 1.06 s + 2.4 s + 32,768 × 256 µs
    assert job.qpu_s == 16.0
    assert merged.usage_s == pytest.approx(job.qpu_s + cost(job.work, HERON_R2).preparation_s, abs=1e-5)
    assert merged.usage_s < again(recording).usage_s


def test_jobs_of_which_nothing_is_known_but_their_length_are_merged_too() -> None:
    e = Emulation()
    names = handful(e, e.session("s"), jobs=3, qpu_s=6)
    e.result(names[-1])
    e.close("s")
    recording = Recording.of(e.trace("s"))
    prepared_s, qpu_s = as_one(recording, names)
    assert qpu_s == 2 + 3 * (6 - 2)
    assert prepared_s == pytest.approx(1.6 + 3 * 0.4)


def test_jobs_with_different_options_stay_apart() -> None:
    e = Emulation()
    online(e)
    e.session("s")
    priced(e, "a", MITIGATED, within="s")
    priced(e, "b", PLAIN, within="s")
    e.result("b")
    e.close("s")
    recording = Recording.of(e.trace("s"))
    assert as_one(recording, ["a", "b"]) is None
    assert merged_jobs(recording, [["a", "b"]]).needs == recording.needs


def test_what_came_after_a_merged_job_comes_after_the_one_that_it_is_now() -> None:
    e = Emulation()
    online(e)
    e.session("s")
    for name in "ab":
        priced(e, name, within="s")
    e.result("b")
    e.at(e.now + 5)
    priced(e, "c", within="s", awaited=("a", "b"))
    e.result("c")
    e.close("s")
    merged = again(merged_jobs(Recording.of(e.trace("s")), [["a", "b"]]))
    first, second = merged.jobs
    assert second.submitted_at == first.ended_at + 5
    assert [j.state for j in merged.jobs] == [JobState.DONE, JobState.DONE]


def test_a_session_that_is_closed_at_once_is_charged_to_its_last_jobs_end() -> None:
    recording = session_of_three(gap_s=48.0)
    at_once = again(closed_at_once(recording))
    assert again(recording).usage_s - at_once.usage_s == pytest.approx(48.0)
    assert at_once.workload.closed_at == at_once.jobs[-1].ended_at


def test_a_session_that_was_never_closed_is_closed_too() -> None:
    e = Emulation()
    online(e)
    e.session("s", max_time_s=600)
    e.result(priced(e, "a", within="s"))
    e.at(700)  # inactive after 60 s, expired after 600 s
    recording = Recording.of(e.trace("s"))
    assert again(recording).usage_s - again(closed_at_once(recording)).usage_s == pytest.approx(60.0)


def test_a_job_that_never_was_prepared_needs_what_it_needed() -> None:
    e = Emulation()
    online(e)
    e.batch("b")
    for name in "abcdefg":
        priced(e, name, within="b")
    e.cancel("g")
    e.result("f")
    e.close("b")
    recording = Recording.of(e.trace("b"))
    assert reworked(recording, unmitigated).needs["g"] == recording.needs["g"]
    assert again(reworked(recording, unmitigated)).jobs[-1].state is JobState.CANCELLED


@pytest.mark.parametrize("there", [EAGLE_R3, NIGHTHAWK_R1, PHOENIX])
def test_on_another_processor_each_job_takes_what_it_takes_there(there) -> None:
    recording = session_of_three()
    moved = on(recording, there)
    assert processor_of(moved.online).name == there.name
    for job in again(moved).jobs:
        needed = cost(job.work, there)
        assert job.qpu_s == -(-needed.on_qpu_s // 1)
    assert again(moved).happened


def test_the_lanes_are_those_of_the_other_processor() -> None:
    e = Emulation()
    online(e)
    e.batch("b")
    for n in range(12):
        priced(e, f"j{n}", PLAIN, within="b")
    e.result("j11")
    e.close("b")
    recording = Recording.of(e.trace("b"))

    def at_once(run) -> int:
        edges = sorted((t, d) for j in run.jobs for t, d in ((j.preparing_at, 1), (j.ended_at, -1)))
        running = most = 0
        for _, step in edges:
            running += step
            most = max(most, running)
        return most

    assert (at_once(again(recording)), at_once(again(on(recording, PHOENIX)))) == (5, 12)
    begun = [j.preparation_at for j in again(on(recording, PHOENIX)).jobs]
    assert begun.count(begun[0]) == PHOENIX.preparations == 2


def test_a_record_that_does_not_say_what_its_qpu_is_goes_on_another_with_all_who_were_there() -> None:
    e = Emulation()
    for n in range(3):
        e.job(f"theirs {n}", 50, tenant="ann")
    e.at(20)
    names = [priced(e, f"j{n}", PLAIN) for n in range(5)]
    e.at(400)
    recording = Recording.of(e.trace(*names))
    assert recording.online is None
    here, there = again(recording), again(on(recording, PHOENIX))
    assert [j.on_qpu_at for j in here.jobs] == [150, 153, 156, 159, 162]
    # Overhead there is 1.8 + 0.7 s, and 4,096 executions take 1 + 2.8 + 1.6 + 2.56 µs: 2.53 s, so 3 s too.
    assert [j.on_qpu_at for j in there.jobs] == [150, 153, 156, 159, 162]
    assert [j.preparing_at for j in there.jobs] == [20] * 5
    assert sorted(j.preparation_at for j in there.jobs)[:3] == pytest.approx([20, 20, 20 + 1.95], abs=1e-5)
