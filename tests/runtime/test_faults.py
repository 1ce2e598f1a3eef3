"""What goes wrong around the service: each job ends with its reason, the others as they would have."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from qmode_jupyter import RuntimeJob, RuntimeService, SamplerV2, Session
from qmode_jupyter.errors import RuntimeJobFailureError
from qmode_jupyter.runtime.clock import Clock
from qmode_jupyter.scheduler.records import SETTLED, JobState
from qmode_jupyter.simulation import executor
from tests.emulated import bell, service
from tests.interrupts import interrupted
from tests.simulation.chores import find_no_memory, never_return


@pytest.fixture
def own() -> Iterator[RuntimeService]:
    with service() as one:
        yield one


def submit(where: Any) -> RuntimeJob:
    return SamplerV2(where).run([bell()], shots=10)


# ---- a simulation that never returns, or wants too much


@pytest.mark.parametrize(
    ("simulate", "reason"),
    [(never_return, "longer than 2 s of wall time"), (find_no_memory, "more memory")],
    ids=["never returns", "wants too much"],
)
def test_one_job_fails_with_its_reason_and_the_others_end_as_they_would(
    monkeypatch: pytest.MonkeyPatch, simulate: Callable[..., Any], reason: str
) -> None:
    with service(prepare_timeout=2.0, workers=2) as one:
        session = Session(one.backend("aer_simulator"), service=one)
        before = submit(session)
        before.result()
        with monkeypatch.context() as patch:
            patch.setattr(executor, "simulate", simulate)
            bad = submit(session)
        after = [submit(session) for _ in range(3)]
        with pytest.raises(RuntimeJobFailureError):
            bad.result()
        assert reason in str(bad.error_message())
        assert bad.usage() == 0.0  # SEMANTICS U4: no fault of the job's own
        assert [job.result()[0].data.meas.num_shots for job in after] == [10] * 3
        assert session.status() == "In progress, accepting new jobs"


# ---- a clock that is set


def test_a_wall_clock_that_is_set_changes_no_emulated_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with service(clock=Clock()) as one:
        session = Session(one.backend("aer_simulator"), service=one)
        submit(session).result()
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + 86_400.0)  # as NTP, or a person, sets it
        assert submit(session).result()
        monkeypatch.setattr(time, "time", lambda: real() - 86_400.0)
        assert submit(session).result()
        record = session.record()
        assert record is not None
        assert record.usage_s < 120
        assert record.status == "In progress, accepting new jobs"


def test_a_machine_that_slept_comes_to_the_next_deadline_and_no_further() -> None:
    slept = [0.0]
    with service(clock=Clock(lambda: time.monotonic() + slept[0])) as one:
        session = Session(one.backend("aer_simulator"), service=one, max_time="1h")
        submit(session).result()
        slept[0] = 7_200.0
        details = session.details()
        assert details is not None
        assert details["state"] == "inactive"  # SEMANTICS S12: the interactive timeout, and no more than that
        assert one.now() < 120
        assert submit(session).result()


def test_a_clock_that_is_set_back_in_the_middle_loses_no_job() -> None:
    back = [0.0]
    with service(clock=Clock(lambda: time.monotonic() - back[0])) as one:
        session = Session(one.backend("aer_simulator"), service=one)
        jobs = [submit(session) for _ in range(3)]
        back[0] = 3_600.0
        jobs += [submit(session) for _ in range(3)]
        assert all(job.result()[0].data.meas.num_shots == 10 for job in jobs)


# ---- an interrupt at any point of run()


def test_an_interrupt_anywhere_in_run_leaves_no_job_without_a_handle(own: RuntimeService) -> None:
    circuit = bell()
    session = Session(own.backend("aer_simulator"), service=own)
    sampler = SamplerV2(session)
    sampler.run([circuit], shots=10).result()
    handles: set[str] = set()
    line, came = 1, True
    while came:
        came, job = interrupted(lambda: sampler.run([circuit], shots=10), line)
        if job is not None:
            handles.add(job.job_id())
        line += 3
    assert line > 300  # it went through all of it
    orphans = [
        job
        for job in own.runtime.look(lambda s: list(s.jobs.values()))
        if job.id not in handles and job.state not in SETTLED
    ]
    assert orphans == []
    for name in own.runtime.jobs:
        record = own.runtime.wait(name)
        assert record.state in (JobState.DONE, JobState.CANCELLED)
    assert sampler.run([circuit], shots=10).result()  # and the service is sound


# ---- a cell in a thread


def test_threads_that_submit_and_end_leave_jobs_that_end(own: RuntimeService) -> None:
    session = Session(own.backend("aer_simulator"), service=own)
    done: list[RuntimeJob] = []
    threads = [threading.Thread(target=lambda: done.append(submit(session))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(done) == 6
    assert all(job.result()[0].data.meas.num_shots == 10 for job in done)
