"""Sessions and batches behind the client's names."""

from __future__ import annotations

import pytest

from qmode_jupyter import RuntimeService, SamplerV2, Session
from qmode_jupyter.errors import IBMInputValueError, RequestsApiError
from qmode_jupyter.scheduler.records import JobState, Mode, WorkloadState
from tests.emulated import bell, service


def test_one_is_opened_looked_at_and_closed_once() -> None:
    with service() as emulated:
        workloads, aer = emulated.runtime.workloads, emulated.backend("aer_simulator")
        first = workloads.open(Mode.BATCH, aer, 60, "mine")
        second = workloads.open(Mode.SESSION, aer)
        assert [(w.id, w.mode, w.name) for w in workloads.records()] == [
            (first, Mode.BATCH, "mine"),
            (second, Mode.SESSION, ""),
        ]
        assert workloads.record(first).max_time_s == 60
        assert workloads.backend(second) is aer
        workloads.close(first)
        closed = workloads.wait(first)
        assert closed.state is WorkloadState.CLOSED
        emulated.clock.advance(5)
        workloads.close(first)
        workloads.cancel(first)
        assert workloads.record(first) == closed


def test_s18_s19_a23_what_becomes_of_its_jobs() -> None:
    ended: dict[str, list[JobState]] = {}
    for end in ("close", "cancel", "abandon"):
        with service() as emulated:
            session = Session(emulated.backend("aer_simulator"))
            sampler = SamplerV2(session, {"simulator": {"dry_run": True}})
            jobs = [sampler.run([bell()], shots=10) for _ in range(7)]
            getattr(emulated.runtime.workloads, end)(session.session_id)
            emulated.runtime.workloads.wait(session.session_id)
            for job in jobs:
                job.wait_for_final_state()
            ended[end] = [job.record().state for job in jobs]
    assert ended["close"] == [JobState.DONE] * 7
    # Five are in the classical lanes when it is cancelled: those finish.
    assert ended["cancel"] == [JobState.DONE] * 5 + [JobState.CANCELLED] * 2
    assert ended["abandon"] == [JobState.CANCELLED] * 7


def test_a_refused_one_is_not_there() -> None:
    with service(plan="open") as emulated:
        workloads, aer = emulated.runtime.workloads, emulated.backend("aer_simulator")
        with pytest.raises(RequestsApiError, match="1352"):
            workloads.open(Mode.SESSION, aer)
        assert workloads.records() == ()


def test_a_wait_may_be_too_short(emulated: RuntimeService) -> None:
    workloads = emulated.runtime.workloads
    batch = workloads.open(Mode.BATCH, emulated.backend("aer_simulator"))
    with pytest.raises(TimeoutError, match="is not closed after 3 s"):
        workloads.wait(batch, 3)
    assert workloads.record(batch).state is WorkloadState.OPEN


@pytest.mark.parametrize("call", ["close", "cancel", "abandon", "record", "backend", "wait", "require"])
def test_one_that_does_not_exist_is_said(emulated: RuntimeService, call: str) -> None:
    with pytest.raises(IBMInputValueError, match="Session not found: nowhere"):
        getattr(emulated.runtime.workloads, call)("nowhere")
