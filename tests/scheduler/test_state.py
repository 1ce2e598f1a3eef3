"""What is known at one moment: questions get answers, and nothing is decided."""

from __future__ import annotations

from dataclasses import fields

import pytest

from qmode_jupyter.scheduler.events import YOU
from qmode_jupyter.scheduler.plans import PREMIUM, Plan
from qmode_jupyter.scheduler.records import JobRecord, JobState, Mode, Span, WorkloadRecord, WorkloadState
from qmode_jupyter.scheduler.state import Calibration, Job, State, Workload


@pytest.fixture
def state() -> State:
    return State(PREMIUM)


def job(name: str, workload: str | None = None, tenant: str = YOU) -> Job:
    return Job(name, "lab", tenant, workload, "sampler", 0.0, 2.0, None, 0, ())


def workload(mode: Mode, tenant: str = YOU) -> Workload:
    return Workload("w", mode, "lab", tenant, "mine", 0.0, 60.0, 28_800.0)


def test_a_qpu_is_there_from_the_first_time_that_it_is_asked_for(state: State) -> None:
    assert state.qpus == {}
    assert state.qpu("lab") is state.qpu("lab")
    assert list(state.qpus) == ["lab"]


def test_a_job_that_outlived_its_workload_is_on_its_own(state: State) -> None:
    state.workloads["w"] = workload(Mode.BATCH)
    inside, alone = job("a", "w"), job("b")
    assert (state.workload_of(inside), state.workload_of(alone)) == (state.workloads["w"], None)
    inside.outlived = True
    assert state.workload_of(inside) is None


def test_what_runs_counts_as_used_while_it_runs(state: State) -> None:
    state.accounts.charge(YOU, "before", None, 0.0, 5.0, 5.0, "on the QPU, done")
    state.now = 12.0
    assert state.used_s() == 5
    running = job("a")
    running.on_qpu_at = 10.0
    state.qpu("lab").on_qpu = running
    assert (state.used_s(), state.used_s("ann")) == (7, 0)


@pytest.mark.parametrize(("tenant", "since"), [(YOU, 3.0), ("ann", None)])
def test_an_active_session_is_charged_for_the_qpu_whoever_is_on_it(
    state: State, tenant: str, since: float | None
) -> None:
    session = workload(Mode.SESSION)
    session.stretches.append(Span(3.0))
    theirs = job("theirs", tenant="ann")
    theirs.on_qpu_at = 4.0
    qpu = state.qpu("lab")
    qpu.session, qpu.on_qpu = session, theirs
    assert qpu.charged_since(tenant) == since


def test_a_calibration_makes_a_qpu_busy_and_charges_nobody(state: State) -> None:
    qpu = state.qpu("lab")
    assert not qpu.busy
    qpu.calibrating = Calibration("lab", 0.0, 600.0, 0.0)
    assert qpu.busy
    assert qpu.charged_since(YOU) is None


def test_the_usage_of_a_session_is_its_active_time_and_of_a_batch_its_jobs() -> None:
    session, batch = workload(Mode.SESSION), workload(Mode.BATCH)
    for one in (session, batch):
        one.stretches += [Span(0.0, 10.0), Span(20.0)]
        one.jobs_charged_s = 7.0
    assert (session.usage_s(25.0), batch.usage_s(25.0)) == (15, 7)
    assert (session.active_since, workload(Mode.SESSION).active_since) == (20, None)


def test_a_record_is_a_copy_that_stays_as_it_was() -> None:
    live, session = job("a", "w"), workload(Mode.SESSION)
    of_job, of_session = live.record(), session.record(0.0)
    live.state, session.state = JobState.DONE, WorkloadState.CLOSED
    session.history.append((WorkloadState.CLOSED, 9.0))
    assert (of_job.state, of_session.state, of_session.history) == (JobState.QUEUED, WorkloadState.OPEN, ())
    assert {f.name: getattr(of_job, f.name) for f in fields(JobRecord)} | {"state": JobState.DONE} == {
        f.name: getattr(live, f.name) for f in fields(JobRecord)
    }
    assert isinstance(of_session, WorkloadRecord)


def test_states_share_nothing() -> None:
    one, other = State(PREMIUM), State(Plan("mine", "Mine", None, allowance_s=5))
    one.qpu("lab")
    one.accounts.charge(YOU, "a", None, 0.0, 9.0, 9.0, "on the QPU, done")
    assert (other.qpus, other.used_s(), other.share(YOU)) == ({}, 0, 0)
    assert one.share(YOU) == 9
