"""What IBM's client sees of each rule of sessions, on the manual clock (SEMANTICS section 2)."""

from __future__ import annotations

import gc
import threading

import pytest
from qiskit import QuantumCircuit
from qiskit_ibm_runtime import Batch, IBMBackend, QiskitRuntimeService, SamplerV2, Session
from qiskit_ibm_runtime.api.exceptions import RequestsApiError
from qiskit_ibm_runtime.exceptions import (
    IBMInputValueError,
    IBMRuntimeError,
    RuntimeInvalidStateError,
)
from qiskit_ibm_runtime.fake_provider import FakeManilaV2

from qmode_jupyter import RuntimeService
from qmode_jupyter.runtime.clock import ManualClock
from tests.client.test_session import DETAILS
from tests.ibm.circuits import bell
from tests.ibm.rules.workloads import BUSY, QUEUE_S, backend_of, between, moment, run, states, submit

pytestmark = pytest.mark.usefixtures("nothing_left_open")

MOMENTS = ("last_job_started", "last_job_completed", "started_at", "closed_at", "activated_at")


# ---- states


def test_s1_it_is_open_active_inactive_and_closed(
    small: IBMBackend, circuit: QuantumCircuit, clock: ManualClock
) -> None:
    session = Session(small)
    assert session.details()["state"] == "open"
    run(session, circuit)
    assert session.details()["state"] == "active"
    clock.advance(60)
    assert session.details()["state"] == "inactive"
    clock.advance(5)
    session.close()
    details = session.details()
    assert details["state"] == "closed"
    assert states(session) == ["open", "active", "inactive", "closed"]
    _, active, inactive, closed = (step["timestamp"] for step in details["timestamps"])
    assert (active, closed) == (details["started_at"], details["closed_at"])
    assert between(details["last_job_completed"], inactive) == 60
    assert between(inactive, closed) == 5


def test_s2_the_client_has_words_of_its_own_for_them(
    small: IBMBackend, circuit: QuantumCircuit, clock: ManualClock
) -> None:
    session = Session(small)
    assert session.status() == "Pending"
    run(session, circuit)
    assert session.status() == "In progress, accepting new jobs"
    clock.advance(60)
    assert session.status() == "Pending"
    run(session, circuit)
    job = submit(session, circuit)
    session.close()
    assert session.status() == "In progress, not accepting new jobs"
    job.wait_for_final_state()
    assert session.status() == "Closed"


def test_s3_v1_one_that_never_gets_a_job_is_closed_after_thirty_minutes(
    small: IBMBackend, clock: ManualClock
) -> None:
    session = Session(small, max_time="2m")
    clock.advance(1_799)
    assert session.status() == "Pending"
    clock.advance(1)
    details = session.details()
    assert session.status() == "Closed"
    assert between(details["timestamps"][0]["timestamp"], details["closed_at"]) == 1_800
    assert session.usage() is None


@pytest.mark.parametrize("idle_s", [None, 0, 60], ids=["open", "active", "inactive"])
@pytest.mark.parametrize("end", [Session.close, Session.cancel])
def test_s3_one_without_jobs_is_closed_as_soon_as_it_is_ended(
    small: IBMBackend, circuit: QuantumCircuit, clock: ManualClock, idle_s: float | None, end: object
) -> None:
    session = Session(small)
    if idle_s is not None:
        run(session, circuit)
        clock.advance(idle_s)
    end(session)  # type: ignore[operator]
    details = session.details()
    assert (session.status(), details["accepting_jobs"]) == ("Closed", False)
    if idle_s is not None:
        assert between(details["last_job_completed"], details["closed_at"]) == idle_s


def test_s4_a_closed_one_may_say_that_it_takes_jobs_and_takes_none(
    small: IBMBackend, client: QiskitRuntimeService, circuit: QuantumCircuit
) -> None:
    session = Session(small)
    elsewhere = Session.from_id(session.session_id, client)
    session.close()
    small._api_client._session.patch(f"/sessions/{session.session_id}", json={"accepting_jobs": True})
    details = elsewhere.details()
    assert (elsewhere.status(), details["state"], details["accepting_jobs"]) == ("Closed", "closed", True)
    with pytest.raises(IBMRuntimeError, match='"code": 4001'):
        run(elsewhere, circuit)
    session.close()
    assert session.details()["accepting_jobs"] is False


def test_s5_a3_what_is_left_of_its_active_time_is_counted_down_while_it_is_active(
    small: IBMBackend, circuit: QuantumCircuit, clock: ManualClock
) -> None:
    session = Session(small, max_time=1_000)
    left = [session.details()["active_timeout"]]
    run(session, circuit)
    for seconds in (0, 20, 40, 100):
        clock.advance(seconds)
        left.append(session.details()["active_timeout"])
    fresh, ran, later, inactive, still = left
    used = session.usage()
    assert used is not None
    assert fresh == 1_000 > ran
    assert later == ran - 20
    assert inactive == still == int(1_000 - used)


# ---- what is shown


@pytest.mark.parametrize("kind", [Session, Batch])
def test_s6_its_details_have_fifteen_keys(
    small: IBMBackend, circuit: QuantumCircuit, kind: type[Session]
) -> None:
    with kind(small, max_time=700) as opened:
        assert set(opened.details()) == set(DETAILS)
        job = run(opened, circuit)
    details = opened.details()
    said = {word for word in DETAILS if details[word] not in (None, [])}
    assert said == set(DETAILS), "the service sends each"
    assert (details["id"], details["backend_name"]) == (opened.session_id, "ibm_small")
    assert (details["mode"], details["max_time"]) == ("dedicated" if kind is Session else "batch", 700)
    assert details["usage_time"] == opened.usage() > 0
    assert details["started_at"] == details["last_job_started"] == moment(job, "running")
    assert details["closed_at"] == details["last_job_completed"] == moment(job, "finished")


@pytest.mark.parametrize(("kind", "mode", "timeout"), [(Session, "dedicated", 60), (Batch, "batch", 1)])
def test_s7_a_fresh_one_has_the_plan_s_timeouts_and_no_moments(
    small: IBMBackend, kind: type[Session], mode: str, timeout: int
) -> None:
    opened = kind(small)
    details = opened.details()
    assert (details["mode"], details["interactive_timeout"]) == (mode, timeout)
    assert (details["max_time"], details["active_timeout"]) == (28_800, 28_800)
    assert (details["state"], details["accepting_jobs"]) == ("open", True)
    assert details["backend_name"] == opened.backend() == "ibm_small"
    assert [details[word] for word in MOMENTS] == [None] * 5
    assert details["usage_time"] is None
    assert states(opened) == ["open"]
    assert opened.session_id == details["id"]


def test_s8_v22_v23_its_usage_is_the_service_s_figure(
    small: IBMBackend, circuit: QuantumCircuit, clock: ManualClock, emulated: RuntimeService
) -> None:
    session = Session(small)
    assert session.usage() is None
    first = run(session, circuit)
    clock.advance(20)
    last = run(session, circuit)
    clock.advance(200)
    used = session.usage()
    assert used == session.details()["usage_time"]
    assert used == round(emulated.runtime.workloads.record(session.session_id).usage_s, 3)
    assert used == between(moment(first, "running"), moment(last, "finished")) + 60


# ---- its timeouts


def test_s9_v2_v6_the_maximum_time_counts_from_the_first_job_that_executes_and_never_pauses() -> None:
    with backend_of(BUSY) as (backend, clock):
        session = Session(backend, max_time=120)
        clock.advance(40)
        job = run(session, bell(backend))
        details = session.details()
        assert between(details["timestamps"][0]["timestamp"], details["started_at"]) == 40 + QUEUE_S
        assert details["started_at"] == moment(job, "running")
        clock.advance(110)
        assert session.details()["state"] == "inactive"
        clock.advance(10)
        details = session.details()
        assert session.status() == "Closed"
        assert between(details["started_at"], details["closed_at"]) == 120


def test_s10_v3_v4_the_interactive_timeout_counts_from_the_last_job_s_end() -> None:
    with backend_of(BUSY) as (backend, clock):
        circuit = bell(backend)
        session = Session(backend)
        run(session, circuit)
        clock.advance(59)
        inside = run(session, circuit)
        assert moment(inside, "created") == moment(inside, "running"), "it waits for nobody"
        clock.advance(59)
        assert session.status() == "In progress, accepting new jobs"
        clock.advance(1)
        details = session.details()
        assert (session.status(), details["accepting_jobs"]) == ("Pending", True)
        assert states(session) == ["open", "active", "inactive"]
        assert between(moment(inside, "finished"), details["timestamps"][-1]["timestamp"]) == 60


def test_s11_v5_a_job_brings_an_inactive_one_back_through_the_normal_queue() -> None:
    with backend_of(BUSY) as (backend, clock):
        circuit = bell(backend)
        session = Session(backend)
        run(session, circuit)
        started = session.details()["started_at"]
        clock.advance(60)
        used = session.usage()
        job = submit(session, circuit)
        clock.advance(QUEUE_S - 1)
        assert (session.status(), job.status()) == ("Pending", "QUEUED")
        assert session.usage() == used, "an inactive one is charged nothing"
        job.wait_for_final_state()
        details = session.details()
        assert states(session) == ["open", "active", "inactive", "active"]
        assert between(moment(job, "created"), details["activated_at"]) == QUEUE_S
        assert details["started_at"] == started < details["activated_at"]


@pytest.mark.parametrize(
    ("plan", "session_s", "batch_s"),
    [
        ("open", None, (1, 600)),
        ("payg", (60, 28_800), (1, 28_800)),
        ("flex", (60, 28_800), (1, 28_800)),
        ("premium", (60, 28_800), (1, 28_800)),
    ],
)
def test_s12_a_plan_has_its_timeouts(
    plan: str, session_s: tuple[int, int] | None, batch_s: tuple[int, int]
) -> None:
    with backend_of(plan) as (backend, _):
        for kind, expected in ((Session, session_s), (Batch, batch_s)):
            if expected is not None:
                details = kind(backend).details()
                assert (details["interactive_timeout"], details["max_time"]) == expected


# ---- the maximum time that is asked for


@pytest.mark.parametrize(
    ("max_time", "seconds"),
    [
        ("10m", 600),
        ("2h 30m 40s", 9_040),
        ("40s 1h", 3_640),
        ("1h1h", 7_200),
        ("1.5h", 18_000),
        ("-1h", 3_600),
    ],
)
def test_s13_v28_a_text_is_read_as_the_client_reads_it(
    small: IBMBackend, max_time: str, seconds: int
) -> None:
    assert Session(small, max_time=max_time).details()["max_time"] == seconds


@pytest.mark.parametrize("max_time", ["25", "", "1H", "3 h"])
def test_s13_v28_a_text_without_a_unit_is_refused_and_nothing_is_opened(
    small: IBMBackend, emulated: RuntimeService, max_time: str
) -> None:
    before = len(emulated.runtime.workloads.records())
    with pytest.raises(IBMInputValueError, match=r"Invalid max_time value:  Invalid input: \[\]"):
        Session(small, max_time=max_time)
    assert len(emulated.runtime.workloads.records()) == before


@pytest.mark.parametrize(("max_time", "seconds"), [(0, 28_800), (None, 28_800), (1, 1), (28_800, 28_800)])
def test_s14_a_number_is_taken_as_it_is_and_0_is_the_default(
    small: IBMBackend, max_time: int | None, seconds: int
) -> None:
    assert Session(small, max_time=max_time).details()["max_time"] == seconds


@pytest.mark.parametrize("max_time", [-5, 28_801, "9h"])
def test_s14_a4_one_out_of_bounds_is_refused_by_the_service(small: IBMBackend, max_time: int | str) -> None:
    with pytest.raises(RequestsApiError, match='"code": 1208') as caught:
        Session(small, max_time=max_time)
    assert caught.value.status_code == 400


# ---- opening


@pytest.mark.parametrize("wrong", ["ibm_small", None, 3])
@pytest.mark.parametrize("kind", [Session, Batch])
def test_s15_what_is_no_backend_is_refused(kind: type[Session], wrong: object) -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'backend'"):
        kind()  # type: ignore[call-arg]
    with pytest.raises(ValueError, match=f"Invalid backend type <class '{type(wrong).__name__}'>"):
        kind(wrong)  # type: ignore[arg-type]


def test_s15_one_on_a_fake_backend_is_none_of_the_service_s(
    small: IBMBackend, emulated: RuntimeService
) -> None:
    before = len(emulated.runtime.workloads.records())
    local = Session(FakeManilaV2())
    assert local.session_id is local.status() is local.details() is local.usage() is None
    local.close()
    assert len(emulated.runtime.workloads.records()) == before
    assert Session(small).session_id in {one.id for one in emulated.runtime.workloads.records()[before:]}


def test_s16_v14_a_session_on_the_open_plan_is_refused_and_a_batch_is_not() -> None:
    with backend_of("open") as (backend, _):
        with pytest.raises(RequestsApiError, match="You are not authorized to run a session when") as caught:
            Session(backend)
        assert '"code": 1352' in str(caught.value)
        assert caught.value.status_code == 400
        assert Batch(backend).status() == "Pending"


# ---- the context


def test_s17_v25_v32_leaving_an_inner_one_loses_the_outer_and_a_thread_knows_none(small: IBMBackend) -> None:
    said: list[str] = []

    def elsewhere() -> None:
        try:
            SamplerV2()
        except ValueError as error:
            said.append(str(error))

    with Session(small) as outer:
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join(10)
        with Batch(small) as inner:
            assert SamplerV2().mode is inner
        assert (inner.status(), outer.status()) == ("Closed", "Pending")
        with pytest.raises(ValueError, match="A backend or session must be specified"):
            SamplerV2()
    assert said == ["A backend or session must be specified."]
    assert outer.status() == "Closed"


def test_s17_v9_an_error_inside_it_goes_on_and_so_do_the_jobs(
    small: IBMBackend, circuit: QuantumCircuit
) -> None:
    jobs, session = [], Session(small)

    def broken_off() -> None:
        with session:
            jobs.extend(SamplerV2().run([circuit]) for _ in range(7))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_off()
    assert session.details()["accepting_jobs"] is False
    assert [job.result()[0].data.meas.num_shots for job in jobs] == [4_096] * 7
    assert session.status() == "Closed"


# ---- ending


def test_s18_v8_closing_lets_what_was_submitted_finish_and_ends_at_once(
    small: IBMBackend, circuit: QuantumCircuit
) -> None:
    with Session(small) as session:
        jobs = [SamplerV2().run([circuit]) for _ in range(7)]
        jobs[0].result()
    assert session.status() == "In progress, not accepting new jobs"
    for job in jobs:
        job.wait_for_final_state()
    details = session.details()
    assert [job.status() for job in jobs] == ["DONE"] * 7
    assert session.status() == "Closed"
    assert details["closed_at"] == details["last_job_completed"]
    session.close()
    assert session.details() == details, "it may be closed again"


def test_s18_v24_closing_saves_the_idle_minute(
    small: IBMBackend, circuit: QuantumCircuit, clock: ManualClock
) -> None:
    used = {}
    for name in ("kept", "closed"):
        session = Session(small)
        job = run(session, circuit)
        if name == "closed":
            session.close()
        clock.advance(60)
        used[name] = round(session.usage() - between(moment(job, "running"), moment(job, "finished")), 3)
    assert used == {"kept": 60, "closed": 0}


def test_s19_v10_cancelling_drops_what_is_queued(small: IBMBackend, circuit: QuantumCircuit) -> None:
    session = Session(small)
    jobs = [submit(session, circuit) for _ in range(7)]
    session.cancel()
    for job in jobs:
        job.wait_for_final_state()
    assert [job.status() for job in jobs] == ["DONE"] * 5 + ["CANCELLED"] * 2
    with pytest.raises(RuntimeInvalidStateError, match="Job was cancelled"):
        jobs[-1].result()
    assert session.status() == "Closed"
    with pytest.raises(IBMRuntimeError, match="The session is closed"):
        submit(session, circuit)


def test_s20_v7_a1_at_the_maximum_time_what_is_queued_fails_and_what_runs_is_done(
    small: IBMBackend, circuit: QuantumCircuit, client: QiskitRuntimeService
) -> None:
    session = Session(small, max_time=5)
    elsewhere = Session.from_id(session.session_id, client)
    jobs = [submit(session, circuit, shots=20_000) for _ in range(7)]
    for job in jobs:
        job.wait_for_final_state()
    assert [job.status() for job in jobs] == ["DONE"] * 5 + ["ERROR"] * 2
    assert "Error code 4001" in str(jobs[-1].error_message())
    details = session.details()
    assert session.status() == "Closed"
    assert between(details["started_at"], moment(jobs[-1], "finished")) == 5
    assert between(details["started_at"], moment(jobs[4], "finished")) > 5
    with pytest.raises(IBMRuntimeError, match='"code": 4001'):
        submit(elsewhere, circuit)


def test_s21_v11_nothing_is_sent_after_it_was_closed_here(
    small: IBMBackend, circuit: QuantumCircuit, emulated: RuntimeService
) -> None:
    session = Session(small)
    sampler = SamplerV2(session)
    session.close()
    before = len(emulated.runtime.jobs)
    with pytest.raises(IBMRuntimeError, match="The session is closed"):
        sampler.run([circuit])
    assert len(emulated.runtime.jobs) == before


def test_s21_v12_a6_the_service_refuses_a_job_for_one_that_it_has_closed(
    small: IBMBackend, circuit: QuantumCircuit, clock: ManualClock, emulated: RuntimeService
) -> None:
    session = Session(small)
    clock.advance(1_801)
    before = len(emulated.runtime.jobs)
    with pytest.raises(IBMRuntimeError, match=r"Failed to run program.*takes no more jobs") as caught:
        run(session, circuit)
    assert '"code": 4001' in str(caught.value)
    assert len(emulated.runtime.jobs) == before


def test_s22_v13_one_is_found_again_by_its_id_and_kind(
    small: IBMBackend, client: QiskitRuntimeService, circuit: QuantumCircuit
) -> None:
    session, batch = Session(small, max_time=700), Batch(small)
    found = Session.from_id(session.session_id, client)
    assert (found.details()["id"], found.details()["max_time"]) == (session.session_id, 700)
    assert run(found, circuit).session_id == session.session_id
    assert Batch.from_id(batch.session_id, client).status() == "Pending"
    with pytest.raises(IBMInputValueError, match="has execution mode dedicated instead of batch"):
        Batch.from_id(session.session_id, client)
    with pytest.raises(IBMInputValueError, match="has execution mode batch instead of dedicated"):
        Session.from_id(batch.session_id, client)
    with pytest.raises(IBMInputValueError, match="Session not found"):
        Session.from_id("no-such-session", client)
    session.close()
    closed = Session.from_id(session.session_id, client)
    with pytest.raises(IBMRuntimeError, match="The session is closed"):
        run(closed, circuit)


def test_s23_losing_the_python_object_closes_nothing(
    small: IBMBackend, client: QiskitRuntimeService, circuit: QuantumCircuit, clock: ManualClock
) -> None:
    session = Session(small)
    run(session, circuit)
    name = session.session_id
    del session
    gc.collect()
    found = Session.from_id(name, client)
    assert found.status() == "In progress, accepting new jobs"
    clock.advance(60)
    assert states(found) == ["open", "active", "inactive"]
    assert run(found, circuit).status() == "DONE"
