"""Session and Batch: making, looking at, ending, finding again."""

from __future__ import annotations

import dataclasses
import threading
import warnings
from datetime import datetime
from types import SimpleNamespace

import pytest
from qiskit.primitives import PrimitiveResult
from qiskit_aer import AerSimulator

from qmode_jupyter import Batch, EstimatorV2, RuntimeService, SamplerV2, Session
from qmode_jupyter.errors import (
    IBMRuntimeError,
    OptionError,
    QmodeWarning,
    RequestsApiError,
    RuntimeProgramNotFound,
    UnsupportedOptionWarning,
    V1StyleError,
)
from qmode_jupyter.scheduler.plans import OPEN
from tests.emulated import ansatz, bell, hamiltonian, isa, refused, service

BOTH = [Session, Batch]

DETAILS = [
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
]


# ---- making


@pytest.mark.parametrize("cls", BOTH)
def test_a_new_one_shows_the_plan_s_timeouts(cls: type[Session], aer: AerSimulator) -> None:
    with cls(backend=aer) as workload:
        details = workload.details()
        assert list(details) == DETAILS
        assert details | {"timestamps": []} == {
            "id": workload.session_id,
            "backend_name": "aer_simulator",
            "interactive_timeout": 60 if cls is Session else 1,
            "max_time": 28800,
            "active_timeout": 28800,
            "state": "open",
            "accepting_jobs": True,
            "last_job_started": None,
            "last_job_completed": None,
            "started_at": None,
            "closed_at": None,
            "activated_at": None,
            "mode": "dedicated" if cls is Session else "batch",
            "usage_time": None,
            "timestamps": [],
        }
        assert [entry["status"] for entry in details["timestamps"]] == ["open"]
        assert workload.status() == "Pending"
        assert workload.usage() is None
        assert (workload.backend(), workload.backend_object) == ("aer_simulator", aer)


@pytest.mark.parametrize("cls", BOTH)
def test_a_backend_s_name_and_a_service_are_taken(cls: type[Session], emulated: RuntimeService) -> None:
    workload = cls(service=emulated, backend="aer_simulator", max_time="10m")
    assert workload.service is emulated
    assert workload.backend() == "aer_simulator"
    assert workload.details()["max_time"] == workload.max_time == 600
    workload.close()


@pytest.mark.parametrize("max_time", [-1, 28801, "9h"])
def test_what_the_plan_does_not_allow(aer: AerSimulator, max_time: int | str) -> None:
    with pytest.raises(RequestsApiError, match="1208") as caught:
        Session(aer, max_time)
    assert caught.value.status_code == 400
    assert "from 1 to 28800 seconds" in str(caught.value)


def test_sessions_are_refused_where_the_plan_has_none() -> None:
    with service(plan="open") as small:
        aer = small.backend("aer_simulator")
        with pytest.raises(RequestsApiError, match="1352") as caught:
            Session(aer)
        assert caught.value.status_code == 400
        assert "You are not authorized to run a session when using the open plan." in str(caught.value)
        with Batch(aer) as batch:
            assert batch.details()["max_time"] == 600


def test_sessions_once_fell_back_to_job_mode() -> None:
    with service(plan=dataclasses.replace(OPEN, sessions="job mode")) as old:
        with pytest.warns(QmodeWarning, match="jobs will run in job mode instead") as caught:
            session = Session(old.backend("aer_simulator"))
        assert caught[0].filename == __file__
        with session:
            job = SamplerV2().run([bell()], shots=3)
        assert (session.session_id, session.status(), session.usage(), session.details()) == (None,) * 4
        assert job.session_id is None
        assert job.result()[0].data.meas.num_shots == 3
        assert "in job mode" in session._repr_html_()


# ---- a life


def test_a_session_lives_and_is_charged_its_pauses(emulated: RuntimeService, aer: AerSimulator) -> None:
    clock = emulated.clock
    with Session(aer, name="vqe") as session:
        sampler = SamplerV2()
        first = sampler.run([bell()])
        first.result()
        clock.advance(30)
        assert session.status() == "In progress, accepting new jobs"
        last = sampler.run([bell()])
        last.result()
    details = session.details()
    assert session.status() == "Closed"
    assert [entry["status"] for entry in details["timestamps"]] == ["open", "active", "closed"]
    started, closed = (datetime.fromisoformat(details[key]) for key in ("started_at", "closed_at"))
    assert (
        details["usage_time"] == session.usage() == pytest.approx((closed - started).total_seconds(), abs=1)
    )
    assert session.usage() >= 30 + first.usage() + last.usage()
    assert details["active_timeout"] == pytest.approx(28800 - session.usage(), abs=1)
    assert details["last_job_completed"] == last.metrics()["timestamps"]["finished"]
    assert "vqe" in session._repr_html_()
    assert repr(session) == f"<Session({session.session_id!r}, backend='aer_simulator')>"


def test_a_batch_is_charged_its_jobs(emulated: RuntimeService, aer: AerSimulator) -> None:
    with Batch(aer) as batch:
        jobs = [SamplerV2().run([bell()]) for _ in range(3)]
        for job in jobs:
            job.result()
        emulated.clock.advance(30)
    assert batch.status() == "Closed"
    assert batch.usage() == sum(job.usage() for job in jobs)


def test_close_lets_jobs_run_on_and_can_be_repeated(aer: AerSimulator) -> None:
    session = Session(aer)
    job = SamplerV2(session).run([bell()])
    session.close()
    assert session.status() == "In progress, not accepting new jobs"
    assert session.details()["accepting_jobs"] is False
    session.close()
    job.result()
    assert session.status() == "Closed"
    session.close()
    session.cancel()


def test_a_closed_one_takes_no_jobs(aer: AerSimulator) -> None:
    for end in (Session.close, Session.cancel):
        session = Session(aer)
        sampler = SamplerV2(session)
        end(session)
        assert (
            refused(lambda sampler=sampler: sampler.run([bell()]), IBMRuntimeError)
            == "The session is closed."
        )


def test_a_primitive_keeps_its_session_after_the_with(aer: AerSimulator) -> None:
    with Batch(aer):
        sampler = SamplerV2()
    assert refused(lambda: sampler.run([bell()]), IBMRuntimeError) == "The session is closed."


def test_entering_a_closed_one_is_allowed_and_submitting_is_not(aer: AerSimulator) -> None:
    session = Session(aer)
    with session:
        pass
    with session:
        sampler = SamplerV2()
        assert refused(lambda: sampler.run([bell()]), IBMRuntimeError) == "The session is closed."


def test_the_end_of_its_service_is_the_end_of_it() -> None:
    other = service()
    with Session(other.backend("aer_simulator")):
        other.close()


# ---- finding it again


@pytest.mark.parametrize("cls", BOTH)
def test_one_is_found_by_its_id(cls: type[Session], emulated: RuntimeService, aer: AerSimulator) -> None:
    made = cls(aer, max_time=900)
    found = cls.from_id(made.session_id, service=emulated)
    assert type(found) is cls
    assert found.details() == made.details()
    assert SamplerV2(found).run([bell()], shots=1).session_id == made.session_id
    made.close()
    made.service.runtime.workloads.wait(made.session_id)
    again = cls.from_id(made.session_id, emulated)
    assert again.status() == "Closed"
    assert refused(lambda: SamplerV2(again).run([bell()]), IBMRuntimeError) == "The session is closed."


def test_an_unknown_id_and_the_wrong_kind(emulated: RuntimeService, aer: AerSimulator) -> None:
    session, batch = Session(aer), Batch(aer)
    assert refused(lambda: Session.from_id("nothing", emulated)).startswith("Session not found: 'nothing'")
    assert refused(lambda: Batch.from_id(session.session_id, emulated)) == (
        f"Input ID {session.session_id} has execution mode dedicated instead of batch."
    )
    assert refused(lambda: Session.from_id(batch.session_id, emulated)) == (
        f"Input ID {batch.session_id} has execution mode batch instead of dedicated."
    )
    with pytest.warns(UnsupportedOptionWarning, match="make no difference"):
        Session.from_id(session.session_id, emulated, use_fractional_gates=True)
    session.close()
    batch.close()


# ---- run(), as the older reference has it


def test_a_program_is_run_by_its_name(aer: AerSimulator) -> None:
    with Batch(aer) as batch:
        job = batch.run("sampler", {"pubs": [bell()], "options": {"default_shots": 9}}, {"job_tags": ["old"]})
        values = [0.1] * ansatz().num_parameters
        other = batch.run(
            "estimator",
            {"pubs": [(ansatz(), hamiltonian(), values)], "precision": 0.1, "resilience_level": 0},
            {"max_execution_time": 77, "backend": "aer_simulator", "private": None},
        )
    assert (job.session_id, job.tags, job.primitive_id) == (batch.session_id, ["old"], "sampler")
    assert job.result()[0].data.meas.num_shots == 9
    assert other.details()["max_time"] == 77
    assert other.result()[0].metadata["target_precision"] == 0.1


def test_runtime_options_may_be_an_object(aer: AerSimulator) -> None:
    options = SimpleNamespace(job_tags=["object"], private=False, max_execution_time=None, session_time=None)
    with Batch(aer) as batch:
        job = batch.run("sampler", {"pubs": [bell()]}, options)
    assert (job.tags, job.private) == (["object"], False)


def test_a_callback_gets_the_result_and_a_decoder_changes_it(aer: AerSimulator) -> None:
    called: list[tuple[str, object]] = []
    there = threading.Event()

    def callback(job_id: str, result: object) -> None:
        called.append((job_id, result))
        there.set()

    class Shots:
        @classmethod
        def decode(cls, result: PrimitiveResult) -> int:
            return result[0].data.meas.num_shots

    with Batch(aer) as batch:
        job = batch.run("sampler", {"pubs": [bell()], "shots": 12}, callback=callback, result_decoder=Shots)
        assert job.result() == 12
        assert there.wait(30)
    assert called == [(job.job_id(), 12)]


def test_other_programs_and_inputs(aer: AerSimulator) -> None:
    with Batch(aer) as batch:
        assert refused(lambda: batch.run("sampler-2", {}), RuntimeProgramNotFound).startswith(
            "Program not found: 'sampler-2'"
        )
        assert "{'pubs': [...]}, these have circuits" in refused(
            lambda: batch.run("sampler", {"circuits": [bell()]}), V1StyleError
        )
        assert "has no option" in refused(
            lambda: batch.run("sampler", {"pubs": [bell()]}, {"job_tag": ["x"]}), OptionError
        )


# ---- the documents the project started from


def test_fifty_circuits_in_five_jobs(emulated: RuntimeService) -> None:
    from qiskit.circuit.random import random_circuit

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", QmodeWarning)  # it says what ibm_fez is here
        backend = emulated.least_busy(operational=True, simulator=False)
    circuits = [isa(random_circuit(3, 2, measure=True, seed=seed), backend) for seed in range(50)]
    partitions = [circuits[i : i + 10] for i in range(0, len(circuits), 10)]
    with Batch(backend=backend) as batch:
        sampler = SamplerV2()
        jobs = [sampler.run(partition, shots=20) for partition in partitions]
        for job in jobs:
            assert sum(job.result()[0].data.c.get_counts().values()) == 20
    assert len({job.job_id() for job in jobs}) == 5
    assert batch.usage() == sum(job.usage() for job in jobs)


def test_a_minimiser_around_an_estimator(emulated: RuntimeService) -> None:
    from scipy.optimize import minimize

    backend = emulated.backend("generic_19q")
    circuit = isa(ansatz(), backend)
    observable = hamiltonian().apply_layout(circuit.layout)
    session = Session(backend=backend)
    estimator = EstimatorV2(mode=session, options={"shots": int(1e4)})

    def energy(values: list[float]) -> float:
        return float(estimator.run([(circuit, observable, values)]).result()[0].data.evs)

    found = minimize(energy, [0.1] * circuit.num_parameters, method="cobyla", options={"maxiter": 20})
    session.close()
    assert found.nfev <= 20
    assert session.status() == "Closed"
    assert session.usage() >= 2 * found.nfev
