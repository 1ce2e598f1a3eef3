"""What IBM's client sees of each rule of batches, on the manual clock (SEMANTICS section 3)."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest
from qiskit import QuantumCircuit
from qiskit_ibm_runtime import Batch, IBMBackend, QiskitRuntimeService, RuntimeJobV2, SamplerV2, Session

from qmode_jupyter.runtime.clock import ManualClock
from tests.ibm.circuits import bell
from tests.ibm.rules.workloads import BUSY, QUEUE_S, backend_of, between, moment, run, states, submit

pytestmark = pytest.mark.usefixtures("nothing_left_open")


def on_qpu(job: RuntimeJobV2) -> tuple[datetime, datetime]:
    """When a job's circuits began to be executed, and when they were done."""
    spans = job.result().metadata["execution"]["execution_spans"]
    return spans.start, spans.stop


def test_b1_it_is_a_session_of_another_mode(small: IBMBackend) -> None:
    batch, session = Batch(small), Session(small)
    assert isinstance(batch, Session)
    assert (batch.details()["mode"], session.details()["mode"]) == ("batch", "dedicated")
    assert set(batch.details()) == set(session.details())


def test_b2_only_its_first_job_waits_in_the_normal_queue() -> None:
    with backend_of(BUSY) as (backend, _):
        circuit = bell(backend)
        batch = Batch(backend)
        first = run(batch, circuit)
        alone, later = submit(backend, circuit), submit(batch, circuit)
        later.wait_for_final_state()
        assert alone.status() == "QUEUED"
        alone.wait_for_final_state()
        waits = [between(moment(job, "created"), moment(job, "running")) for job in (first, later, alone)]
        assert waits == [QUEUE_S, 0, QUEUE_S]


@pytest.mark.parametrize("kind", [Batch, Session])
def test_b2_others_use_what_it_leaves_free_and_not_what_a_session_does(
    small: IBMBackend, circuit: QuantumCircuit, kind: type[Session]
) -> None:
    opened = kind(small)
    jobs = [submit(opened, circuit, shots=20_000) for _ in range(2)]
    alone = submit(small, circuit)
    opened.close()
    for job in (*jobs, alone):
        job.wait_for_final_state()
    closed = opened.details()["closed_at"]
    if kind is Batch:
        assert moment(alone, "running") == moment(jobs[0], "running") < closed
    else:
        assert moment(alone, "running") == closed


def test_b3_v15_five_of_its_jobs_run_at_once_and_one_is_on_the_qpu(
    small: IBMBackend, circuit: QuantumCircuit
) -> None:
    with Batch(small):
        jobs = [SamplerV2().run([circuit]) for _ in range(8)]
    assert [job.status() for job in jobs] == ["RUNNING"] * 5 + ["QUEUED"] * 3
    for job in jobs:
        job.wait_for_final_state()
    assert {job.status() for job in jobs} == {"DONE"}
    running = [moment(job, "running") for job in jobs]
    assert len(set(running[:5])) == 1
    assert running[5:] == sorted(moment(job, "finished") for job in jobs)[:3]
    spans = sorted(on_qpu(job) for job in jobs)
    assert all(done <= begun for (_, done), (begun, _) in pairwise(spans))


def test_b4_v16_the_first_to_be_prepared_is_the_first_on_the_qpu(
    small: IBMBackend, circuit: QuantumCircuit
) -> None:
    with Batch(small):
        slow = SamplerV2().run([circuit] * 40, shots=10)
        quick = SamplerV2().run([circuit], shots=10)
    for job in (slow, quick):
        job.wait_for_final_state()
    assert moment(slow, "running") == moment(quick, "running")
    assert on_qpu(quick) < on_qpu(slow)
    assert moment(quick, "finished") < moment(slow, "finished")


def test_b5_it_takes_any_number_of_jobs(
    small: IBMBackend, client: QiskitRuntimeService, circuit: QuantumCircuit
) -> None:
    with Batch(small) as batch:
        jobs = [SamplerV2().run([circuit], shots=1) for _ in range(60)]
    for job in jobs[-5:]:
        job.wait_for_final_state()
    found = client.jobs(session_id=batch.session_id, limit=None)
    assert {job.job_id() for job in found} == {job.job_id() for job in jobs}
    assert [job.status() for job in found] == ["DONE"] * 60
    assert batch.status() == "Closed"


def test_b6_v18_jobs_may_be_added_later(
    small: IBMBackend, circuit: QuantumCircuit, clock: ManualClock
) -> None:
    batch = Batch(small)
    clock.advance(600)
    assert batch.details()["state"] == "open"
    first = run(batch, circuit)
    clock.advance(30)
    assert batch.details()["state"] == "inactive"
    later = run(batch, circuit)
    assert (first.status(), later.status()) == ("DONE", "DONE")
    assert states(batch) == ["open", "active", "inactive", "active"]


def test_b7_v18_an_idle_one_is_inactive_after_a_second_and_closed_at_its_maximum_time(
    small: IBMBackend, circuit: QuantumCircuit, clock: ManualClock
) -> None:
    batch = Batch(small, max_time=3_000)
    run(batch, circuit)
    assert batch.status() == "In progress, accepting new jobs"
    clock.advance(1)
    details = batch.details()
    assert (details["state"], details["accepting_jobs"], batch.status()) == ("inactive", True, "Pending")
    assert between(details["last_job_completed"], details["timestamps"][-1]["timestamp"]) == 1
    used = batch.usage()
    clock.advance(2_000)
    assert batch.details()["state"] == "inactive"
    clock.advance(1_000)
    details = batch.details()
    assert between(details["started_at"], details["closed_at"]) == 3_000
    assert (batch.status(), batch.usage()) == ("Closed", used)


def test_b8_v17_a_job_that_fails_or_is_cancelled_leaves_its_siblings_alone(
    small: IBMBackend, circuit: QuantumCircuit
) -> None:
    with Batch(small) as batch:
        failing = SamplerV2(options={"max_execution_time": 1}).run([circuit])
        good = [SamplerV2().run([circuit]) for _ in range(5)]
        dropped = SamplerV2().run([circuit])
        dropped.cancel()
    for job in (failing, *good, dropped):
        job.wait_for_final_state()
    assert (failing.status(), dropped.status()) == ("ERROR", "CANCELLED")
    assert [job.result()[0].data.meas.num_shots for job in good] == [4_096] * 5
    assert batch.status() == "Closed"


def test_b9_the_same_circuits_in_more_jobs_cost_more(small: IBMBackend, circuit: QuantumCircuit) -> None:
    used = {}
    for jobs in (1, 4):
        with Batch(small) as batch:
            made = [SamplerV2().run([circuit] * (4 // jobs)) for _ in range(jobs)]
        for job in made:
            job.wait_for_final_state()
        used[jobs] = batch.usage()
        assert used[jobs] == sum(job.usage() for job in made)
    assert used[4] > used[1] > 0
