"""Details of jobs, sessions and batches: plain dictionaries of one shape."""

from __future__ import annotations

import pytest
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator

from qmode_jupyter import EstimatorV2, Session


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
