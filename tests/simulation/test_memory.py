"""A worker that may not have all the memory: a job that wants more fails with that reason, others go on."""

from __future__ import annotations

import pytest

from qmode_jupyter.simulation import memory
from qmode_jupyter.simulation.memory import JobOutOfMemory, limit_memory, machine_bytes
from qmode_jupyter.simulation.workers import Workers
from tests.simulation.chores import double, want, wants_as_a_job

MB = 2**20


def test_a_call_that_wants_too_much_fails_and_its_process_goes_on() -> None:
    workers = Workers(1, limit_memory, (256 * MB,))
    try:
        pid, had = workers.submit(want, 64 * MB).result(60)
        assert had == 64 * MB
        with pytest.raises(MemoryError):
            workers.submit(want, 1024 * MB).result(60)
        assert workers.submit(want, 64 * MB).result(60) == (pid, had)  # the same process
        assert workers.submit(double, 4).result(60) == 8
    finally:
        workers.close()


def test_a_job_is_told_what_it_may_have_and_what_to_do() -> None:
    workers = Workers(1, limit_memory, (256 * MB,))
    try:
        with pytest.raises(JobOutOfMemory, match=r"more memory than the \d+\.\d GB .*dry_run") as caught:
            workers.submit(wants_as_a_job).result(60)
        assert caught.value.code == 1336
    finally:
        workers.close()


def test_a_container_may_have_less_than_its_machine(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "two").write_text("123456789\n")
    (tmp_path / "free").write_text("max\n")
    whole = machine_bytes()
    monkeypatch.setattr(memory, "_OF_CONTAINERS", (tmp_path / "free", tmp_path / "none"))
    assert machine_bytes() >= whole
    monkeypatch.setattr(memory, "_OF_CONTAINERS", (tmp_path / "two",))
    assert machine_bytes() == 123456789
