"""Ids look like the service's own (SEMANTICS R9)."""

from __future__ import annotations

import re
import uuid

from qmode_jupyter.runtime.ids import Ids


def test_r9_a_job_has_twenty_characters_and_a_workload_is_a_uuid() -> None:
    ids = Ids(None)
    jobs = {ids.job() for _ in range(1_000)}
    assert len(jobs) == 1_000
    assert all(re.fullmatch(r"d[0-9a-v]{19}", job) for job in jobs)
    assert uuid.UUID(ids.workload()).version == 4


def test_the_same_seed_gives_the_same_ids_and_another_one_others() -> None:
    first, again, other = (Ids(seed) for seed in (7, 7, 8))
    names = [first.job(), first.workload(), first.job()]
    assert [again.job(), again.workload(), again.job()] == names
    assert other.job() not in names
