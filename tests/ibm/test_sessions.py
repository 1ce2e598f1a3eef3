"""Sessions and batches of IBM's client, as transcripts on the manual clock (SEMANTICS section 12)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest
from qiskit import QuantumCircuit
from qiskit_ibm_runtime import Batch, IBMBackend, QiskitRuntimeService, SamplerV2, Session
from qiskit_ibm_runtime.api.exceptions import RequestsApiError
from qiskit_ibm_runtime.exceptions import (
    IBMInputValueError,
    IBMRuntimeError,
    RuntimeInvalidStateError,
)

from qmode_jupyter import RuntimeService, ibm
from qmode_jupyter.runtime.clock import ManualClock
from tests.ibm.circuits import bell

DETAILS = {
    "id",
    "backend_name",
    "interactive_timeout",
    "max_time",
    "active_timeout",
    "state",
    "accepting_jobs",
    "last_job_started",
    "last_job_completed",
    "started_at",
    "closed_at",
    "activated_at",
    "mode",
    "usage_time",
    "timestamps",
}


@pytest.fixture(scope="module")
def circuit(small: IBMBackend) -> QuantumCircuit:
    return bell(small)


@pytest.fixture(autouse=True)
def nothing_left_open(emulated: RuntimeService) -> Iterator[None]:
    """Each transcript begins on a free QPU."""
    yield
    for workload in emulated.workloads():
        emulated.runtime.workloads.abandon(workload.id)


def run(session: Session, circuit: QuantumCircuit) -> object:
    return SamplerV2(mode=session).run([circuit]).result()


# ---- opening and looking at them


@pytest.mark.parametrize(("kind", "mode", "timeout"), [(Session, "dedicated", 60), (Batch, "batch", 1)])
def test_s7_a_fresh_one_has_the_plan_s_timeouts(
    small: IBMBackend, kind: type[Session], mode: str, timeout: int
) -> None:
    opened = kind(small)
    details = opened.details()
    assert set(details) == DETAILS
    assert (details["mode"], details["interactive_timeout"]) == (mode, timeout)
    assert (details["max_time"], details["active_timeout"]) == (28_800, 28_800)
    assert (details["state"], details["accepting_jobs"]) == ("open", True)
    assert details["backend_name"] == opened.backend() == "ibm_small"
    assert details["started_at"] is details["closed_at"] is details["usage_time"] is None
    assert [step["status"] for step in details["timestamps"]] == ["open"]
    assert opened.status() == "Pending"
    assert opened.usage() is None
    assert opened.session_id == details["id"]


@pytest.mark.parametrize(
    ("max_time", "seconds"), [("10m", 600), ("1.5h", 18_000), ("-1h", 3_600), (0, 28_800)]
)
def test_s13_s14_a_maximum_time_is_read_as_the_client_reads_it(
    small: IBMBackend, max_time: str | int, seconds: int
) -> None:
    assert Session(small, max_time=max_time).details()["max_time"] == seconds


@pytest.mark.parametrize("max_time", [-5, 28_801, "9h"])
def test_a4_a_maximum_time_out_of_bounds_is_refused(small: IBMBackend, max_time: int | str) -> None:
    with pytest.raises(RequestsApiError, match='"code": 1208') as caught:
        Session(small, max_time=max_time)
    assert caught.value.status_code == 400


def test_s16_v14_a_session_on_the_open_plan_is_refused_and_a_batch_is_not() -> None:
    with RuntimeService("open", clock=ManualClock()) as service:
        backend = ibm.service(ibm.serve(service, backends={"ibm_small": "fake_manila"})).backend("ibm_small")
        with pytest.raises(RequestsApiError, match="You are not authorized to run a session when") as caught:
            Session(backend)
        assert '"code": 1352' in str(caught.value)
        assert caught.value.status_code == 400
        assert Batch(backend).details()["max_time"] == 600


# ---- their life


def test_v1_one_that_never_gets_a_job_is_closed_after_thirty_minutes(
    small: IBMBackend, clock: ManualClock
) -> None:
    session = Session(small, max_time="2m")
    clock.advance(1_799)
    assert session.status() == "Pending"
    clock.advance(1)
    assert session.status() == "Closed"
    assert session.usage() is None


def test_v3_v4_v5_it_is_idle_inactive_and_active_again(
    small: IBMBackend, circuit: QuantumCircuit, clock: ManualClock
) -> None:
    session = Session(small)
    run(session, circuit)
    clock.advance(40)
    assert session.status() == "In progress, accepting new jobs"
    run(session, circuit)
    started = session.details()["started_at"]
    clock.advance(60)
    details = session.details()
    assert (session.status(), details["state"], details["accepting_jobs"]) == ("Pending", "inactive", True)
    used = session.usage()
    clock.advance(100)
    assert session.usage() == used
    run(session, circuit)
    again = session.details()
    assert again["state"] == "active"
    assert again["started_at"] == started < again["activated_at"]


def test_v6_the_maximum_time_never_pauses(
    small: IBMBackend, circuit: QuantumCircuit, clock: ManualClock
) -> None:
    session = Session(small, max_time=120)
    run(session, circuit)
    clock.advance(61)
    assert session.details()["state"] == "inactive"
    clock.advance(59)
    assert session.status() == "Closed"


def test_v7_a1_what_is_queued_when_it_expires_fails_and_what_runs_is_done(
    small: IBMBackend, circuit: QuantumCircuit, clock: ManualClock
) -> None:
    session = Session(small, max_time=5)
    jobs = [SamplerV2(session).run([circuit], shots=20_000) for _ in range(7)]
    for job in jobs:
        job.wait_for_final_state()
    assert [job.status() for job in jobs] == ["DONE"] * 5 + ["ERROR"] * 2
    assert "Error code 4001" in str(jobs[-1].error_message())


def test_v8_s18_leaving_it_closes_it_when_the_last_job_has_ended(
    small: IBMBackend, circuit: QuantumCircuit
) -> None:
    with Session(small) as session:
        jobs = [SamplerV2().run([circuit]) for _ in range(3)]
        jobs[0].result()
    assert session.status() == "In progress, not accepting new jobs"
    for job in jobs:
        job.result()
    details = session.details()
    assert session.status() == "Closed"
    assert details["closed_at"] == details["last_job_completed"]


def test_v9_s17_an_error_inside_it_goes_on_and_so_do_the_jobs(
    small: IBMBackend, circuit: QuantumCircuit
) -> None:
    jobs, session = [], Session(small)

    def broken_off() -> None:
        with session:
            jobs.extend(SamplerV2().run([circuit]) for _ in range(2))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_off()
    assert [job.result() is not None for job in jobs] == [True, True]
    assert session.status() == "Closed"


def test_v10_s19_cancelling_drops_what_is_queued(small: IBMBackend, circuit: QuantumCircuit) -> None:
    session = Session(small)
    jobs = [SamplerV2(session).run([circuit]) for _ in range(7)]
    session.cancel()
    for job in jobs:
        job.wait_for_final_state()
    assert [job.status() for job in jobs] == ["DONE"] * 5 + ["CANCELLED"] * 2
    with pytest.raises(RuntimeInvalidStateError, match="Job was cancelled"):
        jobs[-1].result()
    assert session.status() == "Closed"


def test_v11_s21_nothing_is_sent_after_it_was_closed_here(
    small: IBMBackend, circuit: QuantumCircuit, emulated: RuntimeService
) -> None:
    session = Session(small)
    sampler = SamplerV2(session)
    session.close()
    session.close()
    before = len(emulated.runtime.jobs)
    with pytest.raises(IBMRuntimeError, match="The session is closed"):
        sampler.run([circuit])
    assert len(emulated.runtime.jobs) == before


def test_v12_a6_the_service_refuses_a_job_for_one_that_it_has_closed(
    small: IBMBackend, circuit: QuantumCircuit, clock: ManualClock, emulated: RuntimeService
) -> None:
    session = Session(small)
    clock.advance(1_801)
    before = len(emulated.runtime.jobs)
    with pytest.raises(IBMRuntimeError, match=r"Failed to run program.*takes no more jobs") as caught:
        run(session, circuit)
    assert '"code": 4001' in str(caught.value)
    assert len(emulated.runtime.jobs) == before


def test_v13_s22_one_is_found_again_by_its_id_and_kind(
    small: IBMBackend, client: QiskitRuntimeService, circuit: QuantumCircuit
) -> None:
    session, batch = Session(small), Batch(small)
    found = Session.from_id(session.session_id, client)
    assert found.details()["id"] == session.session_id
    assert run(found, circuit) is not None
    assert Batch.from_id(batch.session_id, client).status() == "Pending"
    with pytest.raises(IBMInputValueError, match="has execution mode dedicated instead of batch"):
        Batch.from_id(session.session_id, client)
    with pytest.raises(IBMInputValueError, match="Session not found"):
        Session.from_id("no-such-session", client)
    session.close()
    closed = Session.from_id(session.session_id, client)
    with pytest.raises(IBMRuntimeError, match="The session is closed"):
        run(closed, circuit)


def test_s4_a_closed_one_is_never_opened_again(small: IBMBackend) -> None:
    session = Session(small)
    session.close()
    small._api_client._session.patch(f"/sessions/{session.session_id}", json={"accepting_jobs": True})
    assert session.status() == "Closed"
    assert session.details()["accepting_jobs"] is True


def test_v22_a_batch_is_charged_its_jobs_and_a_session_its_time(
    small: IBMBackend, circuit: QuantumCircuit, clock: ManualClock
) -> None:
    with Batch(small) as batch:
        jobs = [SamplerV2().run([circuit]) for _ in range(2)]
        jobs[0].result()
        clock.advance(20)
    assert batch.usage() == sum(job.usage() for job in jobs)
    with Session(small) as session:
        run(session, circuit)
        clock.advance(20)
        run(session, circuit)
    assert session.usage() > 20 + jobs[0].usage()


def test_v24_closing_it_saves_the_idle_minute(
    small: IBMBackend, circuit: QuantumCircuit, clock: ManualClock
) -> None:
    kept = Session(small)
    run(kept, circuit)
    clock.advance(60)
    with Session(small) as closed:
        run(closed, circuit)
    clock.advance(60)
    assert kept.usage() - closed.usage() == pytest.approx(60, abs=0.1)


# ---- batches


def test_v15_j6_at_most_five_jobs_of_a_batch_run_at_once(small: IBMBackend, circuit: QuantumCircuit) -> None:
    with Batch(small):
        jobs = [SamplerV2().run([circuit]) for _ in range(8)]
    assert [job.status() for job in jobs].count("QUEUED") == 3
    for job in jobs:
        job.wait_for_final_state()
    assert {job.status() for job in jobs} == {"DONE"}


def test_v17_b8_a_job_that_fails_leaves_its_batch_alone(small: IBMBackend, circuit: QuantumCircuit) -> None:
    with Batch(small) as batch:
        bad = SamplerV2(options={"max_execution_time": 1}).run([circuit])
        good = SamplerV2().run([circuit])
    bad.wait_for_final_state()
    assert bad.status() == "ERROR"
    assert good.result() is not None
    assert batch.status() == "Closed"


def test_v18_b7_an_idle_batch_is_inactive_and_takes_jobs_still(
    small: IBMBackend, circuit: QuantumCircuit, clock: ManualClock
) -> None:
    batch = Batch(small)
    run(batch, circuit)
    clock.advance(1)
    assert batch.details()["state"] == "inactive"
    assert run(batch, circuit) is not None
    assert batch.details()["state"] == "active"


# ---- what the client does by itself comes out the same


def test_v25_v32_what_is_in_force_is_the_client_s_own_affair(
    small: IBMBackend, circuit: QuantumCircuit
) -> None:
    said: list[str] = []

    def elsewhere() -> None:
        try:
            SamplerV2()
        except ValueError as error:
            said.append(str(error))

    with Session(small):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join(10)
        with Batch(small):
            pass
        with pytest.raises(ValueError, match="A backend or session must be specified"):
            SamplerV2()
    assert said == ["A backend or session must be specified."]


def test_v26_v27_p2_another_backend_and_a_primitive_from_outside(
    small: IBMBackend, client: QiskitRuntimeService, circuit: QuantumCircuit, caplog: pytest.LogCaptureFixture
) -> None:
    outside = SamplerV2(small)
    logger = logging.getLogger("qiskit_ibm_runtime.base_primitive")
    logger.addHandler(caplog.handler)
    logger.setLevel(logging.WARNING)
    try:
        with Session(small):
            with pytest.raises(ValueError, match="different from the session backend"):
                SamplerV2(client.backend("ibm_device"))
            job = outside.run([circuit])
    finally:
        logger.removeHandler(caplog.handler)
        logger.setLevel(logging.NOTSET)
    assert job.session_id is None
    assert "this job will run in job mode" in caplog.text
    job.result()
