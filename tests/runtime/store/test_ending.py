"""What becomes of the jobs of a runtime that ended before they had."""

from __future__ import annotations

from pathlib import Path

from qmode_jupyter import Session
from qmode_jupyter.runtime.store.database import Database, transaction
from qmode_jupyter.runtime.store.ending import CLOSED, KILLED, end_runtime, lost, replay
from qmode_jupyter.scheduler.records import JobState, WorkloadState
from tests.emulated import service
from tests.runtime.store.kept import change, ideal, killed, rows, submit


def test_jobs_that_had_not_ended_when_the_service_was_closed_read_error(tmp_path: Path) -> None:
    with service(store=tmp_path) as emulated:
        session = Session(ideal(emulated), service=emulated)
        done = submit(emulated, session)
        done.result()
        left = [submit(emulated, session) for _ in range(3)]
        states = [job.status() for job in left]
    with service(store=tmp_path) as later:
        assert later.job(done.job_id()).status() == "DONE"
        for job, state in zip(left, states, strict=True):
            again = later.job(job.job_id())
            assert (again.status(), again.record().reason) == ("ERROR", lost(CLOSED, state))
            assert again.usage() == 0
        assert Session.from_id(str(session.session_id), service=later).status() == "Closed"


def test_a_killed_kernels_jobs_read_error_and_its_session_is_closed(tmp_path: Path) -> None:
    with service(store=tmp_path / "living") as emulated:
        session = Session(ideal(emulated), service=emulated)
        done = submit(emulated, session)
        counts = done.result()[0].data.meas.get_counts()
        left = [submit(emulated, session) for _ in range(3)]
        words = [job.status() for job in left]
        used = session.usage()
        folder = killed(tmp_path / "living", tmp_path / "left")
    with service(store=folder) as later:
        assert later.job(done.job_id()).result()[0].data.meas.get_counts() == counts
        for job, word in zip(left, words, strict=True):
            message = later.job(job.job_id()).error_message()
            assert message == f"Job {job.job_id()} has failed:\n{lost(KILLED, word)}"
        (workload,) = later.workloads()
        assert (workload.state, round(workload.usage_s, 3)) == (WorkloadState.CLOSED, used)
        trace = later.trace(str(session.session_id))
        assert [job.state for job in trace.jobs] == [JobState.DONE, *[JobState.FAILED] * 3]
    assert rows(folder, "SELECT ended FROM runtimes") == [(KILLED,)]


def test_it_ends_once(tmp_path: Path) -> None:
    with service(store=tmp_path) as emulated:
        submit(emulated)
    before = rows(tmp_path, "SELECT * FROM jobs")
    db = Database(tmp_path).writer()
    transaction(db, lambda: end_runtime(db, 1, KILLED))
    transaction(db, lambda: end_runtime(db, 77, KILLED))  # there is none
    db.close()
    assert rows(tmp_path, "SELECT * FROM jobs") == before
    assert rows(tmp_path, "SELECT ended FROM runtimes") == [(CLOSED,)]


def test_where_its_record_can_not_be_replayed_its_jobs_read_error_all_the_same(tmp_path: Path) -> None:
    with service(store=tmp_path / "living") as emulated:
        Session(ideal(emulated), service=emulated)
        job = submit(emulated)
        folder = killed(tmp_path / "living", tmp_path / "left")
    change(folder, "UPDATE events SET body = x'70'")
    with service(store=folder) as later:
        assert later.job(job.job_id()).status() == "ERROR"
        assert later.workloads()[0].status == "Closed"


def test_what_is_replayed_is_what_the_runtime_had(tmp_path: Path) -> None:
    with service(store=tmp_path, load=0.6) as emulated:
        with Session(ideal(emulated), service=emulated) as session:
            for job in [submit(emulated, session) for _ in range(4)]:
                job.result()
        mine = emulated.runtime.look(
            lambda scheduler: (scheduler.jobs, scheduler.workload(str(session.session_id)))
        )
        records = {name: job.record() for name, job in mine[0].items()}
    db = Database(tmp_path).writer()
    again = replay(db, 1)
    db.close()
    again.check_invariants()
    assert again.workload(str(session.session_id)) == mine[1]
    settled = {name: record for name, record in records.items() if record.settled}
    assert {name: again.job(name) for name in settled} == settled
