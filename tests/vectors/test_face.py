"""The acceptance vectors of SEMANTICS section 12 that concern the public classes."""

from __future__ import annotations

import logging
import threading

import pytest
from qiskit_aer import AerSimulator

from qmode_jupyter import Batch, RuntimeService, SamplerV2, Session
from qmode_jupyter.errors import (
    IBMInputValueError,
    IBMRuntimeError,
    QmodeWarning,
    RequestsApiError,
    RuntimeInvalidStateError,
    RuntimeJobTimeoutError,
)
from tests.emulated import bell, service


def test_v9_an_exception_in_the_with_closes_and_lets_the_jobs_finish(aer: AerSimulator) -> None:
    class Mine(Exception):
        pass

    def body() -> None:
        with session:
            jobs.extend(SamplerV2().run([bell()]) for _ in range(2))
            raise Mine

    session, jobs = Session(aer), []
    with pytest.raises(Mine):
        body()
    assert session.details()["accepting_jobs"] is False
    for job in jobs:
        job.wait_for_final_state()
    assert [job.status() for job in jobs] == ["DONE", "DONE"]
    assert session.status() == "Closed"


def test_v10_cancelling_a_session_drops_what_is_queued(aer: AerSimulator) -> None:
    # Five lanes: of seven jobs five run and finish, two are queued and dropped (SEMANTICS A22).
    session = Session(aer)
    sampler = SamplerV2(session)
    jobs = [sampler.run([bell()]) for _ in range(7)]
    assert [job.status() for job in jobs] == ["RUNNING"] * 5 + ["QUEUED"] * 2
    session.cancel()
    for job in jobs[:5]:
        job.result()
    assert [job.status() for job in jobs] == ["DONE"] * 5 + ["CANCELLED"] * 2
    for job in jobs[5:]:
        with pytest.raises(RuntimeInvalidStateError, match="Job was cancelled"):
            job.result()
    assert session.status() == "Closed"


def test_v11_running_after_close_is_refused_without_asking_the_service(
    aer: AerSimulator, emulated: RuntimeService
) -> None:
    session = Session(aer)
    sampler = SamplerV2(session)
    session.close()
    before = tuple(emulated.runtime.jobs)
    with pytest.raises(IBMRuntimeError, match=r"^The session is closed\.$"):
        sampler.run([bell()])
    assert tuple(emulated.runtime.jobs) == before


def test_v12_the_service_closed_it_and_the_client_does_not_know(
    aer: AerSimulator, emulated: RuntimeService
) -> None:
    session = Session(aer, max_time=120)
    sampler = SamplerV2(session)
    sampler.run([bell()]).result()
    emulated.clock.advance(120)
    assert session.status() == "Closed"
    before = tuple(emulated.runtime.jobs)
    with pytest.raises(IBMRuntimeError, match=r"^Failed to run program: .*4001"):
        sampler.run([bell()])
    assert tuple(emulated.runtime.jobs) == before


def test_v13_a_batch_is_not_found_by_the_id_of_a_session(aer: AerSimulator, emulated: RuntimeService) -> None:
    with Session(aer) as session, pytest.raises(IBMInputValueError) as caught:
        Batch.from_id(session.session_id, service=emulated)
    assert str(caught.value) == (
        f"Input ID {session.session_id} has execution mode dedicated instead of batch."
    )


@pytest.mark.parametrize(("processor", "running"), [("phoenix", 14), (None, 5)])
def test_a28_how_many_jobs_of_a_batch_run_at_once(processor: str | None, running: int) -> None:
    with service(processor=processor) as one:
        with Batch(one.backend("aer_simulator"), service=one):
            jobs = [SamplerV2().run([bell()]) for _ in range(16)]
            assert [job.status() for job in jobs] == ["RUNNING"] * running + ["QUEUED"] * (16 - running)
        for job in jobs:
            job.result()


def test_v20_a_job_that_is_done_can_not_be_cancelled(aer: AerSimulator) -> None:
    job = SamplerV2(aer).run([bell()])
    job.result()
    with pytest.raises(RuntimeInvalidStateError, match=r"^Job cannot be cancelled: "):
        job.cancel()


def test_v21_a_wait_that_is_too_short_does_nothing_to_the_job(aer: AerSimulator) -> None:
    with Batch(aer):
        jobs = [SamplerV2().run([bell()]) for _ in range(6)]
        assert jobs[-1].status() == "QUEUED"
        with pytest.raises(RuntimeJobTimeoutError):
            jobs[-1].result(timeout=1)
        jobs[-1].result()
    assert jobs[-1].status() == "DONE"


def test_v25_leaving_an_inner_with_leaves_no_session(aer: AerSimulator) -> None:
    with Session(aer):
        with Batch(aer):
            SamplerV2()
        with pytest.raises(ValueError, match="A backend or session") as caught:
            SamplerV2()
    assert str(caught.value) == "A backend or session must be specified."


def test_v26_another_backend_inside_a_with(aer: AerSimulator, emulated: RuntimeService) -> None:
    with (
        Session(aer),
        pytest.raises(
            ValueError,
            match=r"^The backend passed in to the primitive is different from the session backend",
        ),
    ):
        SamplerV2(mode=emulated.backend("generic_19q"))


def test_v27_a_primitive_from_outside_runs_in_job_mode(
    aer: AerSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    sampler = SamplerV2(mode=aer)
    with Session(aer), caplog.at_level(logging.WARNING, "qmode_jupyter.client.primitives"):
        job = sampler.run([bell()])
    assert job.session_id is None
    assert "will run in job mode because the sampler primitive was initialized outside" in caplog.text


def test_v28_how_a_maximum_time_is_read(aer: AerSimulator) -> None:
    for text, seconds in (("1.5h", 18000), ("-1h", 3600)):
        with pytest.warns(QmodeWarning, match="as IBM's client does"), Session(aer, max_time=text) as session:
            assert session.details()["max_time"] == seconds
    for text in ("25", "1H"):
        with pytest.raises(IBMInputValueError, match=r"^Invalid max_time value: "):
            Session(aer, max_time=text)


def test_v32_threads_do_not_inherit_the_session(aer: AerSimulator) -> None:
    found: list[BaseException] = []

    def elsewhere() -> None:
        try:
            SamplerV2()
        except ValueError as error:
            found.append(error)

    with Session(aer):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert str(found[0]) == "A backend or session must be specified."


def test_a16_in_2024_a_session_on_the_open_plan_fell_back_to_job_mode() -> None:
    """A16: with today's Open plan it is refused (V14), with that of 2024 it warns and runs."""
    with service(plan="legacy_2024") as one:
        backend = one.backend("aer_simulator")
        with pytest.warns(QmodeWarning, match="no sessions: jobs will run in job mode"):
            session = Session(backend)
        assert session.session_id is None
        with session:
            job = SamplerV2().run([bell()], shots=10)
        assert job.session_id is None
        assert job.result()[0].data.meas.num_shots == 10
    with service(plan="open") as one, pytest.raises(RequestsApiError, match="1352"):
        Session(one.backend("aer_simulator"))
