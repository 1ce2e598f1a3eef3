"""Kernels that are killed lose nothing that had ended, and several share one file."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from qmode_jupyter import RuntimeService
from tests.chaos import kills
from tests.chaos.kills import Said, check, killed

TIMES = 5


@pytest.mark.slow
def test_a_kernel_that_is_killed_at_any_moment_loses_nothing_that_had_ended(tmp_path: Path) -> None:
    chance = random.Random(7)
    for _ in range(TIMES):
        lines = chance.randrange(2 * kills.JOBS)
        said = killed(tmp_path, lines)
        assert len(said.submitted) + len(said.ended) >= lines
        lost = check(tmp_path, said)
        assert lost <= len(said.submitted) - len(said.ended)


@pytest.mark.slow
def test_several_kernels_write_one_file_and_the_death_of_one_hurts_no_other(tmp_path: Path) -> None:
    jobs = 20
    said = [Said() for _ in range(3)]
    with (
        kills.kernel(tmp_path, jobs) as first,
        kills.kernel(tmp_path, jobs) as second,
        kills.kernel(tmp_path, jobs) as third,
    ):
        for process, heard in zip((first, second, third), said, strict=True):
            assert process.stdout is not None
            for line in process.stdout:
                if line == "all\n":
                    break
                heard.hear(line)
        second.kill()
        second.wait(60)
        assert [len(heard.ended) for heard in said] == [jobs] * 3
        with RuntimeService(store=tmp_path) as service:  # while two of them run
            assert len(service.jobs(limit=None)) == 3 * jobs
            assert not service.jobs(limit=None, pending=True)
    for heard in said:
        assert check(tmp_path, heard) == 0
