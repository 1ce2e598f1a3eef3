"""What was kept is found by what it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from qmode_jupyter import Batch, EstimatorV2
from qmode_jupyter.errors import QmodeWarning
from qmode_jupyter.runtime.store.archive import Archive, Wish
from qmode_jupyter.runtime.store_place import Store
from tests.emulated import bell, service
from tests.runtime.store.kept import ideal, rows, submit


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two services' jobs: a, b (tagged), and in a batch c and d; then e, of another instance."""
    path = tmp_path_factory.mktemp("archive")
    with service(store=path) as first:
        submit(first).result()
        submit(first, environment={"job_tags": ["x", "y"]}).result()
        with Batch(ideal(first), service=first, name="scan") as batch:
            submit(first, batch).result()
            EstimatorV2(batch, options={"resilience_level": 0}).run(
                [(bell().remove_final_measurements(False), "ZZ")]
            )
    with service(store=path, seed=8, instance="other") as second:
        submit(second).result()
    return path


@pytest.fixture
def archive(folder: Path) -> Iterator[Archive]:
    one = Archive(Store(folder))
    yield one
    one.close()


@pytest.fixture
def names(folder: Path) -> dict[str, str]:
    """The jobs by their ids, in the order in which they were submitted: a to e."""
    ids = [job for (job,) in rows(folder, "SELECT id FROM jobs ORDER BY number")]
    return dict(zip(ids, "abcde", strict=True))


def test_jobs_are_found_by_what_is_wanted(archive: Archive, names: dict[str, str]) -> None:
    batch = archive.workload_named("scan")
    assert batch is not None
    for wish, found in {
        Wish(): "edcba",
        Wish(program="estimator"): "d",
        Wish(workload=batch.id): "dc",
        Wish(tags=("x",)): "b",
        Wish(tags=("x", "y")): "b",
        Wish(tags=("x", "z")): "",
        Wish(instance="other"): "e",
        Wish(qpu="generic_19q"): "",
        Wish(settled=False): "",
        Wish(after_s=1e12): "",
        Wish(before_s=1e12): "edcba",
    }.items():
        assert "".join(names[job.id] for job in archive.jobs(wish)) == found, wish


def test_a_part_of_them_in_either_order(archive: Archive, names: dict[str, str]) -> None:
    def page(*words: object, **more: object) -> str:
        return "".join(names[job.id] for job in archive.jobs(Wish(), *words, **more))  # type: ignore[arg-type]

    assert (page(2), page(2, 1), page(None, 3), page(0)) == ("ed", "dc", "ba", "")
    assert page(2, 1, newest_first=False) == "bc"


def test_one_is_found_by_its_id_or_the_beginning_of_it(archive: Archive, names: dict[str, str]) -> None:
    for job in names:
        found = archive.job(job)
        assert found is not None
        assert found.id == job
        assert archive.beginning_with(job[:10], 5) == [job]
    assert archive.job("d%") is None
    assert len(archive.beginning_with("", 3)) == 3
    assert archive.beginning_with("z", 3) == []


def test_the_newest_of_one_id_is_found(folder: Path, tmp_path: Path) -> None:
    for shots in (10, 20):
        with service(store=tmp_path) as emulated:  # the same seed: the same ids
            job = submit(emulated, shots=shots)
            job.result()
    with service(store=tmp_path, seed=9) as later:
        assert later.job(job.job_id()).result()[0].data.meas.num_shots == 20
        assert [one.result()[0].data.meas.num_shots for one in later.jobs()] == [20, 10]


def test_a_damaged_file_is_set_aside_by_whoever_reads_it(tmp_path: Path) -> None:
    (tmp_path / "history.db").write_bytes(b"x" * 4096)
    archive = Archive(Store(tmp_path))
    with pytest.warns(QmodeWarning, match="is damaged .*: it was set aside as history-damaged-"):
        assert archive.jobs(Wish()) == []
    assert archive.jobs(Wish()) == []


def test_what_reads_does_not_find_its_own(tmp_path: Path) -> None:
    with service(store=tmp_path) as emulated:
        job = submit(emulated)
        job.result()
        assert emulated.runtime.archive is not None
        assert emulated.runtime.archive.job(job.job_id()) is None
        assert len(emulated.jobs()) == 1
