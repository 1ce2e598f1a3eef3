"""What is dropped, and what never is."""

from __future__ import annotations

from pathlib import Path

from qmode_jupyter import Batch
from qmode_jupyter.runtime.store.database import Database
from qmode_jupyter.runtime.store.retention import drop_old, used_bytes
from qmode_jupyter.runtime.store_place import Store
from tests.emulated import service
from tests.runtime.store.kept import change, ideal, rows, submit

DAY_S = 86_400.0


def batches(folder: Path, count: int, shots: int = 10) -> list[str]:
    """Batches of two jobs, each of a service of its own; the names of the jobs."""
    jobs = []
    for number in range(count):
        with (
            service(store=folder, seed=number) as emulated,
            Batch(ideal(emulated), service=emulated) as batch,
        ):
            for job in [submit(emulated, batch, shots) for _ in range(2)]:
                job.result()
                jobs.append(job.job_id())
    return jobs


def kept(folder: Path) -> list[str]:
    return [job for (job,) in rows(folder, "SELECT id FROM jobs ORDER BY number")]


def drop(store: Store, now_s: float) -> None:
    db = Database(store.folder).writer()
    drop_old(db, store, now_s)
    db.close()


def written_s(folder: Path) -> float:
    return float(rows(folder, "SELECT max(written) FROM jobs")[0][0])


def test_what_is_too_old_goes_and_the_newest_batch_stays_however_old(tmp_path: Path) -> None:
    jobs = batches(tmp_path, 3)
    now = written_s(tmp_path)
    drop(Store(tmp_path, keep_days=90), now + 89 * DAY_S)
    assert kept(tmp_path) == jobs
    drop(Store(tmp_path, keep_days=90), now + 91 * DAY_S)
    assert kept(tmp_path) == jobs[-2:]
    assert (
        len(rows(tmp_path, "SELECT 1 FROM workloads")) == len(rows(tmp_path, "SELECT 1 FROM runtimes")) == 1
    )
    assert len(rows(tmp_path, "SELECT 1 FROM results")) == 2
    assert {number for (number,) in rows(tmp_path, "SELECT runtime FROM events")} == {3}


def test_the_oldest_goes_first_when_it_is_too_much(tmp_path: Path) -> None:
    jobs = batches(tmp_path, 4, shots=20_000)
    change(tmp_path, "UPDATE jobs SET written = written + number")
    db = Database(tmp_path).writer()
    bytes_of_all = used_bytes(db)
    db.close()
    drop(Store(tmp_path, keep_bytes=bytes_of_all), written_s(tmp_path) + 1)
    assert kept(tmp_path) == jobs
    drop(Store(tmp_path, keep_bytes=1), written_s(tmp_path) + 1)
    assert kept(tmp_path) == jobs[-2:]


def test_what_has_not_ended_stays(tmp_path: Path) -> None:
    with service(store=tmp_path) as emulated:
        ended, running = submit(emulated), submit(emulated)
        ended.result()
        submit(emulated).result()
        change(tmp_path, "UPDATE jobs SET written = written - 1e9")
        drop(Store(tmp_path), written_s(tmp_path) + 1e9)
        names = kept(tmp_path)
        assert ended.job_id() not in names
        assert len(names) == 1 + (not running.in_final_state())


def test_a_circuit_goes_with_the_last_job_that_used_it(tmp_path: Path) -> None:
    batches(tmp_path, 2)
    assert len(rows(tmp_path, "SELECT 1 FROM circuits")) == 1
    change(tmp_path, "DELETE FROM uses")
    drop(Store(tmp_path), written_s(tmp_path))
    assert not rows(tmp_path, "SELECT 1 FROM circuits")
