"""What a runtime writes of itself, and when."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit

from qmode_jupyter import Batch, EstimatorV2, RuntimeService, SamplerV2, Session
from qmode_jupyter.errors import QmodeWarning
from qmode_jupyter.runtime.store import codec
from qmode_jupyter.runtime.store.database import Database, Unwritable
from qmode_jupyter.runtime.store.liveness import runs
from tests.emulated import ansatz, bell, hamiltonian, service
from tests.runtime.store.kept import change, ideal, rows, submit


def states(folder: Path) -> dict[str, tuple[bool, bool]]:
    """Of each job: whether it is written as ended, and whether its result is there."""
    found = rows(folder, "SELECT id, settled, number IN (SELECT job FROM results) FROM jobs")
    return {job: (bool(settled), bool(there)) for job, settled, there in found}


def test_a_job_is_in_the_file_when_it_is_submitted_and_its_result_before_anybody_gets_it(
    tmp_path: Path,
) -> None:
    with service(store=tmp_path) as emulated:
        for _ in range(5):
            job = submit(emulated)
            assert states(tmp_path)[job.job_id()] == (False, False)
            job.result()
            assert states(tmp_path)[job.job_id()] == (True, True)


def test_whoever_comes_back_from_waiting_finds_it_written(tmp_path: Path) -> None:
    with service(store=tmp_path) as emulated, Session(ideal(emulated), service=emulated) as session:
        jobs = [submit(emulated, session) for _ in range(8)]
        jobs[-1].wait_for_final_state()
        assert states(tmp_path)[jobs[-1].job_id()] == (True, True)


def test_a_service_that_keeps_nothing_makes_no_folder(tmp_path: Path) -> None:
    with service(store=None) as emulated:
        submit(emulated).result()
    with service(store=tmp_path / "looked at") as emulated:
        assert emulated.jobs() == []
    assert not list(tmp_path.iterdir())


def test_events_are_written_each_once_and_in_order(tmp_path: Path) -> None:
    with service(store=tmp_path) as emulated:
        with Batch(ideal(emulated), service=emulated) as batch:
            for job in [submit(emulated, batch) for _ in range(3)]:
                job.result()
        log = emulated.runtime.look(lambda scheduler: list(scheduler.log))
    written: list[Any] = []
    for first, count, body in rows(tmp_path, "SELECT first, count, body FROM events ORDER BY first"):
        events = json.loads(codec.plain(body))
        assert (first, count) == (len(written), len(events))
        written += events
    assert [kind for kind, _ in written] == [type(event).__name__ for event in log]


def test_a_circuit_is_written_once_however_often_it_runs(tmp_path: Path) -> None:
    circuit = ansatz().copy()
    with service(store=tmp_path) as emulated:
        estimator = EstimatorV2(ideal(emulated), options={"resilience_level": 0})
        for angle in range(5):
            estimator.run([(circuit, hamiltonian(), [float(angle)] * circuit.num_parameters)]).result()
        assert len(rows(tmp_path, "SELECT 1 FROM circuits")) == 1
        circuit.name = "another"
        estimator.run([(circuit, hamiltonian(), [0.0] * circuit.num_parameters)]).result()
        circuit.x(0)
        estimator.run([(circuit, hamiltonian(), [0.0] * circuit.num_parameters)]).result()
    assert len(rows(tmp_path, "SELECT 1 FROM circuits")) == 3
    assert len(rows(tmp_path, "SELECT 1 FROM uses")) == 7


def test_j18_a_private_jobs_inputs_are_not_written_and_its_result_goes_when_it_is_read(
    tmp_path: Path,
) -> None:
    with service(store=tmp_path) as emulated:
        job = submit(emulated, environment={"private": True})
        job.wait_for_final_state()
        assert states(tmp_path)[job.job_id()] == (True, True)
        assert job.result() is not None
        assert job.result() is None
    assert states(tmp_path)[job.job_id()] == (True, False)
    assert not rows(tmp_path, "SELECT 1 FROM requests")
    assert not rows(tmp_path, "SELECT 1 FROM circuits")


def test_tags_and_deletion_are_written(tmp_path: Path) -> None:
    with service(store=tmp_path) as emulated:
        jobs = [submit(emulated) for _ in range(2)]
        for job in jobs:
            job.result()
        jobs[0].update_tags(["kept"])
        emulated.delete_job(jobs[1].job_id())
    assert rows(tmp_path, "SELECT id, tags FROM jobs") == [(jobs[0].job_id(), '["kept"]')]
    assert len(rows(tmp_path, "SELECT 1 FROM results")) == 1


def test_a_circuit_that_can_not_be_written_costs_its_inputs_and_not_its_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(circuit: QuantumCircuit) -> bytes:
        raise TypeError("no QPY for this")

    monkeypatch.setattr(codec, "circuit_bytes", refuse)
    with service(store=tmp_path) as emulated:
        job = submit(emulated)
        counts = job.result()[0].data.meas.get_counts()
    with service(store=tmp_path) as later:
        again = later.job(job.job_id())
        assert again.result()[0].data.meas.get_counts() == counts
        with pytest.raises(Exception, match=r"inputs of job \w+ are not kept whole: Qiskit could not write"):
            _ = again.inputs


# ---- what goes wrong


def test_a_full_disk_is_warned_about_once_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Database) -> None:
        raise Unwritable(f"{self.path}: database or disk is full")

    with service(store=tmp_path) as emulated:
        with monkeypatch.context() as patch:
            patch.setattr(Database, "writer", full)
            with pytest.warns(
                QmodeWarning, match=r"^History is not kept: .*disk is full\. Jobs run on"
            ) as said:
                job = submit(emulated)
            assert [str(one.filename) for one in said] == [str(Path(__file__).with_name("kept.py"))]
            first = job.result()[0].data.meas.get_counts()
        later = submit(emulated)  # there is room again
        later.result()
        assert states(tmp_path) == {job.job_id(): (True, True), later.job_id(): (True, True)}
    with service(store=tmp_path) as again:
        assert again.job(job.job_id()).result()[0].data.meas.get_counts() == first


def test_a_file_that_is_damaged_while_jobs_run_is_set_aside_and_they_are_kept_in_a_new_one(
    tmp_path: Path,
) -> None:
    with service(store=tmp_path) as emulated:
        submit(emulated).result()
        session = Session(ideal(emulated), service=emulated)
        running = submit(emulated, session)
        rows(tmp_path, "PRAGMA wal_checkpoint(TRUNCATE)")
        path = Database(tmp_path).path
        path.write_bytes(b"x" * path.stat().st_size)
        with pytest.warns(
            QmodeWarning, match=r"is damaged \(.*\): it was set aside as history-damaged-\S+\.db"
        ):
            running.result()
    assert states(tmp_path) == {running.job_id(): (True, True)}
    with service(store=tmp_path) as later:
        assert later.job(running.job_id()).status() == "DONE"
        assert len(later.trace(running.job_id()).jobs) == 1
        assert Session.from_id(str(session.session_id), service=later).status() == "Closed"


def test_a_folder_that_goes_while_jobs_run_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "history"
    with service(store=folder) as emulated:
        submit(emulated).result()
        shutil.rmtree(folder)
        with pytest.warns(QmodeWarning, match=r"history.db was removed while it was in use: .* is lost"):
            job = submit(emulated)
        assert job.result() is not None
        assert set(states(folder)) == {job.job_id()}
        assert runs(folder, emulated.runtime.id), "others would take its jobs for lost"


def test_a_newer_file_is_left_as_it_is_and_said_once(tmp_path: Path) -> None:
    with service(store=tmp_path) as emulated:
        old = submit(emulated)
        old.result()
    change(tmp_path, "PRAGMA user_version = 99")
    with service(store=tmp_path) as later:
        assert later.job(old.job_id()).status() == "DONE"
        with pytest.warns(QmodeWarning, match="written by a newer version of qmode_jupyter") as said:
            submit(later).result()
        assert len(said) == 1
        submit(later).result()
    assert list(states(tmp_path)) == [old.job_id()]


def test_the_same_settings_without_a_store_are_another_account(tmp_path: Path) -> None:
    with RuntimeService(store=None) as nowhere, RuntimeService(store=tmp_path) as somewhere:
        assert nowhere is not somewhere
        assert SamplerV2(somewhere.backend("aer_simulator")).run([bell()]).service is somewhere
