"""The facts about a session, batch or job, all of one shape (SEMANTICS S6)."""

from __future__ import annotations

from datetime import datetime

import pytest
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator

from qmode_jupyter import Batch, EstimatorV2, RuntimeService, SamplerV2, Session
from qmode_jupyter.client.details import as_sent, wire_mode
from qmode_jupyter.scheduler.records import Mode
from tests.emulated import bell


def test_details_have_one_shape(aer: AerSimulator) -> None:
    with Session(aer) as session:
        job = EstimatorV2(options={"max_execution_time": 60}).run([(QuantumCircuit(1), "Z")])
        job.result()
    details = job.details()
    assert list(details)[: len(session.details())] == list(session.details())
    assert (details["mode"], details["session_id"]) == ("dedicated", session.session_id)
    assert (details["program"], details["status"], details["state"]) == ("estimator", "DONE", "done")
    assert details["max_time"] == 60
    assert details["usage_time"] == job.usage()
    assert [entry["status"] for entry in details["timestamps"]] == [
        "queued",
        "preparing",
        "waiting",
        "on_qpu",
        "done",
    ]
    seconds = details["seconds"]
    assert list(seconds) == ["queued", "preparing", "waiting", "on_qpu"]
    assert seconds["on_qpu"] == pytest.approx(job.usage(), abs=1)


def test_seconds_are_written_as_the_service_does() -> None:
    assert (as_sent(60.0), type(as_sent(60.0))) == (60, int)
    assert as_sent(1.23456) == 1.235


def test_a_session_is_dedicated_on_the_wire() -> None:
    assert (wire_mode(Mode.SESSION), wire_mode(Mode.BATCH)) == ("dedicated", "batch")


def test_what_means_nothing_to_a_job_is_none_and_job_mode_has_no_session(aer: AerSimulator) -> None:
    job = SamplerV2(aer, {"environment": {"job_tags": ["mine"]}}).run([bell()], shots=10)
    details = job.details()
    nothing = ("interactive_timeout", "active_timeout", "accepting_jobs", "max_time", "session_id")
    assert [details[key] for key in nothing] == [None] * 5
    assert (details["mode"], details["tags"]) == ("job", ["mine"])
    assert details["closed_at"] is None
    job.result()
    assert job.details()["closed_at"] == job.details()["timestamps"][-1]["timestamp"]


def test_the_seconds_of_a_job_add_up_to_its_life(aer: AerSimulator) -> None:
    job = SamplerV2(aer).run([bell()], shots=10)
    job.result()
    details = job.details()
    first, last = (datetime.fromisoformat(details["timestamps"][at]["timestamp"]) for at in (0, -1))
    assert sum(details["seconds"].values()) == pytest.approx((last - first).total_seconds(), abs=0.01)


def test_what_is_left_of_a_session_runs_down_while_it_holds_the_qpu(
    emulated: RuntimeService, aer: AerSimulator
) -> None:
    """SEMANTICS S5, A3, S8."""
    with Session(aer, max_time=600) as session:
        assert (session.details()["active_timeout"], session.details()["usage_time"]) == (600, None)
        SamplerV2().run([bell()], shots=10).result()
        before = session.details()["active_timeout"]
        emulated.clock.advance(10)
        assert session.details()["active_timeout"] == before - 10
    assert session.details()["usage_time"] > 10


def test_a_batch_and_a_session_have_the_same_keys(aer: AerSimulator) -> None:
    with Session(aer) as session, Batch(aer) as batch:
        assert list(session.details()) == list(batch.details())
        assert batch.details()["mode"] == "batch"
