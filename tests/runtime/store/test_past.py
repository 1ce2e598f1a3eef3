"""A job, session or batch is the same after the process that ran it has gone."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qiskit.providers.fake_provider import GenericBackendV2

from qmode_jupyter import Batch, EstimatorV2, RuntimeJob, RuntimeService, SamplerV2, Session
from qmode_jupyter.errors import (
    BackendNotFoundError,
    IBMInputValueError,
    IBMRuntimeError,
    QmodeWarning,
    RuntimeInvalidStateError,
    RuntimeJobNotFound,
)
from qmode_jupyter.notebook.view_model import snapshot
from tests.emulated import ansatz, bell, hamiltonian, isa, service
from tests.runtime.store.kept import ideal, submit


def facts(job: RuntimeJob) -> dict[str, Any]:
    """Everything that a job says of itself."""
    return {
        "status": job.status(),
        "metrics": job.metrics(),
        "details": job.details(),
        "usage": (job.usage(), job.usage_estimation if job.done() else None),
        "logs": job.logs(),
        "message": job.error_message(),
        "made": (job.session_id, job.primitive_id, job.private, job.tags, job.instance, job.creation_date),
        "backend": job.backend().name,
        "options": job.inputs.get("options"),
    }


def assert_same(one: Any, other: Any) -> None:
    """Two results are the same: data, metadata, execution spans."""
    assert one.metadata == other.metadata
    assert len(one) == len(other)
    for mine, theirs in zip(one, other, strict=True):
        assert mine.metadata == theirs.metadata
        assert list(mine.data) == list(theirs.data)
        for name in mine.data:
            array = getattr(mine.data[name], "array", mine.data[name])
            np.testing.assert_array_equal(array, getattr(theirs.data[name], "array", theirs.data[name]))
            assert mine.data[name].shape == theirs.data[name].shape


def test_every_job_is_the_same_after_a_restart(tmp_path: Path) -> None:
    with service(store=tmp_path) as first:
        device = first.backend("generic_19q")
        circuit = isa(ansatz(), device)
        observable = hamiltonian().apply_layout(circuit.layout)
        angles = np.linspace(0, 1, 2 * circuit.num_parameters).reshape(2, -1)
        with Session(device, service=first) as session:
            estimator = EstimatorV2(session, options={"default_precision": 0.1, "resilience_level": 0})
            jobs = [
                SamplerV2(session, options={"environment": {"job_tags": ["a"]}}).run(
                    [isa(bell(), device)] * 2
                ),
                estimator.run([(circuit, [[observable], [observable]], angles)]),
            ]
            results = [job.result() for job in jobs]
        jobs += [submit(first), submit(first)]
        jobs[3].cancel()
        results.append(jobs[2].result())
        known = [facts(job) for job in jobs]
        whole = first.trace(str(session.session_id))
    with service(store=tmp_path, seed=8) as second:
        again = [second.job(job.job_id()) for job in jobs]
        assert [facts(job) for job in again] == known
        for job, result in zip(again, results, strict=False):
            assert_same(job.result(), result)
        assert again[1].inputs["pubs"][0].circuit == circuit
        np.testing.assert_array_equal(
            again[1].inputs["pubs"][0].parameter_values.as_array(circuit.parameters), angles
        )
        assert [job.job_id() for job in second.jobs()] == [job.job_id() for job in reversed(jobs)]
        read = second.trace(str(session.session_id))
        assert (read.jobs, read.workloads, read.others) == (whole.jobs, whole.workloads, whole.others)


def test_jobs_of_before_stand_behind_those_of_now(tmp_path: Path) -> None:
    def ids(jobs: list[RuntimeJob]) -> list[str]:
        return [job.job_id() for job in jobs]

    with service(store=tmp_path) as first:
        old = [submit(first) for _ in range(3)]
        old[-1].result()
    with service(store=tmp_path, seed=8) as second:
        new = [submit(second) for _ in range(2)]
        everything = ids(old + new)
        for limit in (None, 0, 1, 2, 3, 10):
            for skip in (0, 1, 2, 4, 9):
                end = None if limit is None else skip + limit
                assert ids(second.jobs(limit, skip)) == everything[::-1][skip:end]
                assert ids(second.jobs(limit, skip, descending=False)) == everything[skip:end]
        assert ids(second.jobs(pending=True)) == ids(new)[::-1]
        assert ids(second.jobs(backend_name="generic_19q")) == []
    with service(store=tmp_path, instance="another") as other:
        assert other.jobs() == []  # another instance's
        assert other.job(everything[0]).job_id() == everything[0]


def test_s22_an_old_session_is_found_and_takes_no_jobs(tmp_path: Path) -> None:
    with service(store=tmp_path) as first:
        with Session(ideal(first), service=first, name="vqe", max_time="10m") as session:
            submit(first, session).result()
        details, session_id = session.details(), str(session.session_id)
    with service(store=tmp_path, seed=8) as second:
        again = Session.from_id(session_id, service=second)
        assert (again.details(), again.max_time, again.backend()) == (details, 600, "aer_simulator")
        with pytest.raises(IBMRuntimeError, match=r"^The session is closed\.$"):
            submit(second, again)
        with pytest.raises(IBMInputValueError, match="execution mode dedicated instead of batch"):
            Batch.from_id(session_id, service=second)
        assert [workload.name for workload in second.workloads()] == ["vqe"]
        with pytest.raises(IBMInputValueError, match=r"^Session not found: 'nope'"):
            Session.from_id("nope", service=second)


def test_what_is_over_can_not_be_cancelled_and_can_be_tagged_and_deleted(tmp_path: Path) -> None:
    with service(store=tmp_path) as first:
        job_id = submit(first).job_id()
        first.job(job_id).result()
    with service(store=tmp_path, seed=8) as second:
        job = second.job(job_id)
        with pytest.raises(
            RuntimeInvalidStateError, match=r"Job cannot be cancelled: .* has ended before, it is DONE"
        ):
            job.cancel()
        job.update_tags(["good"])
        assert [one.job_id() for one in second.jobs(job_tags=["good"])] == [job_id]
        second.delete_job(job_id)
        with pytest.raises(RuntimeJobNotFound, match=f"Job not found: {job_id}"):
            second.job(job_id)
        assert second.jobs() == []


def test_j18_a_private_result_is_read_once_by_whichever_process(tmp_path: Path) -> None:
    with service(store=tmp_path) as first:
        job = submit(first, environment={"private": True})
        job.wait_for_final_state()
    with service(store=tmp_path, seed=8) as second:
        assert second.job(job.job_id()).inputs == {}
        assert second.job(job.job_id()).result()[0].data.meas.num_shots == 10
        assert second.job(job.job_id()).result() is None
    with service(store=tmp_path, seed=9) as third:
        assert third.job(job.job_id()).result() is None


def test_a_job_of_a_service_that_still_runs_reads_as_it_was_last_written_and_says_so(tmp_path: Path) -> None:
    with service(store=tmp_path) as running, service(store=tmp_path, seed=8) as other:
        job = submit(running)
        with pytest.warns(QmodeWarning, match=r"is of another service that still runs \(process \d+, since"):
            seen = other.job(job.job_id())
        assert seen.status() in ("QUEUED", "RUNNING")
        with pytest.raises(RuntimeInvalidStateError, match="is waited for there"):
            seen.result()
        with pytest.raises(RuntimeInvalidStateError, match="cancel it there"):
            seen.cancel()
        with pytest.raises(IBMRuntimeError, match="Failed to delete job"):
            other.delete_job(job.job_id())
        job.result()
        assert_same(seen.result(), job.result())
        session = Session(ideal(running), service=running)
        submit(running, session).result()
        with pytest.raises(IBMRuntimeError, match="The session is closed"):
            submit(other, Session.from_id(str(session.session_id), service=other))


def test_of_a_backend_of_ones_own_the_name_is_kept(tmp_path: Path) -> None:
    mine = GenericBackendV2(3, seed=7)
    mine.name = "mine"
    with service(store=tmp_path) as first:
        batch = Batch(mine, service=first)
        job = SamplerV2(batch).run([isa(bell(), mine)], shots=10)
        result = job.result()
        batch.close()
    with service(store=tmp_path, seed=8) as second:
        again = second.job(job.job_id())
        assert again.details()["backend_name"] == "mine"
        assert_same(again.result(), result)
        with pytest.raises(BackendNotFoundError, match="no backend 'mine'"):
            again.backend()


def test_the_view_model_of_a_past_runtime_is_that_of_its_end(tmp_path: Path) -> None:
    with service(store=tmp_path) as first:
        with Batch(ideal(first), service=first, name="scan") as batch:
            for job in [submit(first, batch) for _ in range(3)]:
                job.result()
        group = first.runtime.groups.open("cell", ideal(first))
        submit(first).result()
        first.runtime.groups.close(group)
        view = snapshot(first.runtime)
    with service(store=tmp_path, seed=8) as second:
        past = second.runtime.holder(str(batch.session_id))
        assert second.runtime.holder(group) is past
        again = snapshot(past)
    for part in ("workloads", "jobs", "plan", "runtime"):
        assert again[part] == view[part]  # type: ignore[literal-required]
    assert again["clock"]["rate"] == 0


def test_several_services_write_and_read_one_file_at_once(tmp_path: Path) -> None:
    failed: list[BaseException] = []
    ids: list[list[str]] = [[] for _ in range(3)]

    def work(number: int) -> None:
        try:
            with service(store=tmp_path, seed=number) as emulated:
                for _ in range(10):
                    job = submit(emulated)
                    job.result()
                    ids[number].append(job.job_id())
                    emulated.jobs(limit=5)
        except BaseException as error:  # noqa: BLE001 - what went wrong is what the test asks for
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    assert failed == []
    with RuntimeService(store=tmp_path, seed=99) as later:
        assert sorted(job.job_id() for job in later.jobs(limit=None)) == sorted(
            name for names in ids for name in names
        )
        assert {job.status() for job in later.jobs(limit=None)} == {"DONE"}
