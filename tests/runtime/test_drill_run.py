"""Every drill on the manual clock: it strikes as it says, the report tells it, and a VQE survives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qmode_jupyter import Batch, RuntimeJob, RuntimeService, SamplerV2, Session
from qmode_jupyter.errors import IBMInputValueError, IBMRuntimeError, RuntimeClosedError, UsageWarning
from qmode_jupyter.runtime.drill_run import DrillReport
from qmode_jupyter.runtime.drills import DRILLS, UnknownDrill, drill
from qmode_jupyter.scheduler.records import JobState, Mode
from tests.emulated import bell, refused, service
from tests.survivor import Survivor
from tests.waiting import outcome

Make = Callable[..., RuntimeService]


@pytest.fixture
def make() -> Iterator[Make]:
    """Services of a test, closed in the end."""
    made: list[RuntimeService] = []

    def one(**arguments: object) -> RuntimeService:
        made.append(service(**arguments))
        return made[-1]

    yield one
    for each in made:
        each.close()


def sampler(where: object) -> SamplerV2:
    return SamplerV2(where)  # type: ignore[arg-type]


def submit(where: object) -> RuntimeJob:
    return sampler(where).run([bell()], shots=100)


def report(of: RuntimeService) -> DrillReport:
    found = of.drill_report()
    assert found is not None
    return found


def one_after_another(session: Session, number: int) -> list[RuntimeJob]:
    jobs = []
    for _ in range(number):
        jobs.append(submit(session))
        jobs[-1].wait_for_final_state()
    return jobs


def test_there_are_twelve_at_least_and_each_says_what_saves() -> None:
    assert len(DRILLS) >= 12
    for name, one in DRILLS.items():
        assert one.name == name
        assert one.happens.endswith(".")
        assert one.saved_by
        assert one.modes
        assert one.mishaps or one.limits or one.max_time_s


def test_an_unknown_drill_gets_the_nearest_name() -> None:
    with pytest.raises(UnknownDrill, match="Did you mean 'max-time'"):
        drill("max-tim")
    assert "drill" in refused(lambda: service(drill=7), IBMInputValueError)


def test_a_service_without_a_drill_reports_none(emulated: RuntimeService) -> None:
    assert emulated.drill_report() is None


def test_the_maximum_timeout_ends_the_session_in_the_middle(make: Make) -> None:
    one = make(drill="max-time")
    session = Session(one.backend("aer_simulator"), service=one, max_time="1h")
    assert session.max_time is not None
    assert session.max_time <= 30
    with pytest.raises(IBMRuntimeError, match="has been closed and takes no more jobs"):
        one_after_another(session, 50)
    said = report(one)
    assert said.struck_at is not None
    assert len(said.refused) == 1
    assert "Session(backend" in str(said)
    # The second one has the maximum that was asked for: it strikes once.
    assert Session(one.backend("aer_simulator"), service=one, max_time="1h").max_time == 3600


def test_the_optimiser_that_thinks_loses_the_session_to_others(make: Make) -> None:
    one = make(drill="interactive-timeout")
    session = Session(one.backend("aer_simulator"), service=one)
    jobs = one_after_another(session, 5)
    record = session.record()
    assert record is not None
    assert len(record.stretches) == 2  # it became inactive, and active again
    waits = [j.record().on_qpu_at - j.record().submitted_at for j in jobs]  # type: ignore[operator]
    assert max(waits) > 10 * waits[0]
    said = report(one)
    assert said.lost == ()
    assert said.waited_s >= max(waits)
    assert said.lost_usage_s >= 60  # the interactive window was charged, and held nothing


def test_the_calibration_takes_its_hour_before_the_next_job(make: Make) -> None:
    one = make(drill="calibration")
    with Batch(one.backend("aer_simulator"), service=one) as batch:
        jobs = [submit(batch) for _ in range(6)]
    for job in jobs:
        job.wait_for_final_state()
    assert all(job.done() for job in jobs)
    assert one.now() > 3_600
    assert report(one).waited_s > 3_600


def test_job_seven_fails_and_costs_nothing(make: Make) -> None:
    one = make(drill="job-fails")
    session = Session(one.backend("aer_simulator"), service=one)
    jobs = one_after_another(session, 9)
    assert [job.status() for job in jobs] == ["DONE"] * 6 + ["ERROR"] + ["DONE"] * 2
    failed = jobs[6].record()
    assert (failed.reason_code, failed.charged_s) == (1336, 0.0)
    assert report(one).lost == ((failed.id, "Program runtime ran out of memory"),)


def test_a_job_that_never_leaves_is_stopped_and_charged(make: Make) -> None:
    one = make(drill="too-long")
    jobs = [submit(one.backend("aer_simulator")) for _ in range(5)]
    for job in jobs:
        job.wait_for_final_state()
    (lost,) = [job.record() for job in jobs if not job.done()]
    assert lost.reason_code == 1305
    assert lost.charged_s == one.plan.job_max_s == report(one).lost_usage_s
    assert "max_execution_time" in str(report(one))


def test_two_answers_of_500_and_the_third_is_taken(make: Make) -> None:
    one = make(drill="server-error")
    answers = [outcome(lambda: submit(one.backend("aer_simulator"))) for _ in range(7)]
    failed = [n for n, answer in enumerate(answers) if isinstance(answer, IBMRuntimeError)]
    assert len(failed) == 2
    assert failed[1] == failed[0] + 1
    assert "500" in str(answers[failed[0]])
    assert report(one).refused == (report(one).refused[0],) * 2


def test_nothing_is_taken_with_an_expired_token_until_one_logs_in_again(make: Make) -> None:
    one = make(drill="token-expired")
    answers = [outcome(lambda: submit(one.backend("aer_simulator"))) for _ in range(9)]
    assert isinstance(answers[0], RuntimeJob)
    assert all(isinstance(answer, IBMRuntimeError) and "401" in str(answer) for answer in answers[5:])
    one.runtime.log_in()
    assert submit(one.backend("aer_simulator")).result()


def test_making_the_service_again_logs_in_again(tmp_path: Path) -> None:
    with RuntimeService(drill="token-expired", seed=3, store=None) as one:
        [outcome(lambda: submit(one.backend("aer_simulator"))) for _ in range(6)]
        assert isinstance(outcome(lambda: submit(one.backend("aer_simulator"))), IBMRuntimeError)
        assert RuntimeService(drill="token-expired", seed=3, store=None) is one
        assert submit(one.backend("aer_simulator")).result()
        one.close()


def test_the_queue_grows_in_front_of_a_job(make: Make) -> None:
    one = make(drill="queue-grows")
    jobs = []
    for _ in range(5):
        jobs.append(submit(one.backend("aer_simulator")))
        jobs[-1].wait_for_final_state()
    assert all(job.done() for job in jobs)
    assert report(one).waited_s > 25 * 120


def test_the_cost_limit_stops_what_runs(make: Make) -> None:
    one = make(drill="cost-limit")
    session = Session(one.backend("aer_simulator"), service=one)
    with pytest.warns(UsageWarning, match="usage limit"), pytest.raises(IBMRuntimeError, match="closed"):
        one_after_another(session, 40)
    said = report(one)
    assert said.struck_at is not None
    assert said.lost or said.refused
    assert said.usage_s <= 21


def test_the_kernel_is_killed_and_the_store_has_what_had_ended(make: Make, tmp_path: Path) -> None:
    one = make(drill="kernel-killed", store=str(tmp_path))
    session = Session(one.backend("aer_simulator"), service=one)
    kept = submit(session)
    counts = kept.result()[0].data.meas.get_counts()
    in_flight = submit(session).job_id()
    killed = outcome(lambda: [submit(session) for _ in range(5)])
    assert isinstance(killed, RuntimeClosedError)
    assert "kernel was killed" in str(killed)
    assert one.closed
    assert report(one).lost
    after = make(store=str(tmp_path), seed=8)
    assert after.job(kept.job_id()).result()[0].data.meas.get_counts() == counts
    assert after.job(in_flight).status() == "ERROR"
    assert "kernel ended" in str(after.job(in_flight).error_message())


def test_a_batch_loses_what_is_queued_at_its_maximum(make: Make) -> None:
    one = make(drill="batch-expires")
    with Batch(one.backend("aer_simulator"), service=one) as batch:
        jobs = [submit(batch) for _ in range(30)]
    for job in jobs:
        job.wait_for_final_state()
    done = sum(job.done() for job in jobs)
    assert 0 < done < 30
    assert len(report(one).lost) == 30 - done


def test_somebody_cancels_one_job(make: Make) -> None:
    one = make(drill="cancelled")
    jobs = one_after_another(Session(one.backend("aer_simulator"), service=one), 6)
    assert sorted(job.status() for job in jobs) == ["CANCELLED"] + ["DONE"] * 5


def test_a_late_result_is_waited_for_and_in_a_session_paid_for(make: Make) -> None:
    one = make(drill="late-result")
    session = Session(one.backend("aer_simulator"), service=one)
    jobs = one_after_another(session, 5)
    assert all(job.done() for job in jobs)
    assert report(one).lost_usage_s > 900  # the session was charged while its job was prepared


def test_the_fourth_pending_job_is_refused(make: Make) -> None:
    one = make(drill="pending-cap")
    jobs = [submit(one.backend("aer_simulator")) for _ in range(3)]
    with pytest.raises(IBMRuntimeError, match="limit of 3 pending jobs"):
        submit(one.backend("aer_simulator"))
    jobs[0].wait_for_final_state()
    assert submit(one.backend("aer_simulator")).result()
    assert len(report(one).refused) == 1


def test_the_same_seed_strikes_at_the_same_job(make: Make) -> None:
    def cancelled(seed: int) -> list[str]:
        one = make(drill="cancelled", seed=seed)
        return [submit(one.backend("aer_simulator")).status() for _ in range(6)]

    runs = {seed: cancelled(seed) for seed in range(6)}
    assert runs[2] == cancelled(2)
    assert len({tuple(run.index("CANCELLED") for _ in "1") for run in runs.values()}) > 1


def test_a_drill_that_has_not_struck_says_so(make: Make) -> None:
    one = make(drill="job-fails")
    submit(one.backend("aer_simulator")).result()
    assert "did not strike" in str(report(one))
    assert report(one).lost_usage_s == 0


@pytest.fixture(scope="module")
def undisturbed() -> float:
    """The energy that a run without any drill finds."""
    with service(seed=70) as one:
        return Survivor(one, lambda: pytest.fail("nothing goes wrong"), Session).run()


@pytest.mark.filterwarnings("ignore::qmode_jupyter.errors.UsageWarning")
@pytest.mark.parametrize("name", DRILLS)
def test_a_vqe_survives_with_a_warm_start(make: Make, name: str, undisturbed: float) -> None:
    mode = Session if Mode.SESSION in DRILLS[name].modes else Batch
    one = make(drill=name, seed=71)
    survivor = Survivor(one, lambda: make(seed=72), mode)
    assert survivor.run() == pytest.approx(undisturbed)
    assert survivor.evaluations == 13  # nothing that had a result was run again
    said = report(one)
    assert name == "pending-cap" or said.struck_at is not None
    assert len(survivor.troubles) < 8
    ended = [job for job in one.runtime._scheduler.jobs.values() if job.tenant == "you"]
    assert one.closed or all(
        job.state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED) for job in ended
    )
