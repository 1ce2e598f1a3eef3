"""Groups of job-mode jobs that one cell submits."""

from __future__ import annotations

import queue

import pytest

from qmode_jupyter import Batch, RuntimeService, SamplerV2
from qmode_jupyter.errors import IBMInputValueError
from tests.emulated import bell, service


def test_job_mode_jobs_join_the_group_that_is_open(emulated: RuntimeService) -> None:
    aer, runtime = emulated.backend("aer_simulator"), emulated.runtime
    before = SamplerV2(aer).run([bell()], shots=1).job_id()
    group = runtime.groups.open("mine", aer)
    inside = SamplerV2(aer).run([bell()], shots=1).job_id()
    with Batch(aer):
        in_batch = SamplerV2().run([bell()], shots=1).job_id()
    runtime.groups.close(group)
    after = SamplerV2(aer).run([bell()], shots=1).job_id()
    assert runtime.jobs_of(group) == (inside,)
    assert [runtime.jobs.owner(job) == group for job in (before, inside, in_batch, after)] == [
        False,
        True,
        False,
        False,
    ]
    assert group in runtime.groups
    assert [(one.id, one.name, one.qpu) for one in runtime.groups] == [(group, "mine", "aer_simulator")]
    assert runtime.groups[group].closed_at == emulated.now()


def test_an_older_group_that_is_closed_leaves_the_newer_one_open(emulated: RuntimeService) -> None:
    aer, groups = emulated.backend("aer_simulator"), emulated.runtime.groups
    first, second = groups.open("first", aer), groups.open("second", aer)
    groups.close(first)
    job = SamplerV2(aer).run([bell()], shots=1).job_id()
    groups.close(second)
    assert groups[second].jobs == [job]
    assert groups[first].jobs == []


def test_opening_and_closing_are_told_to_listeners() -> None:
    told: queue.SimpleQueue[frozenset[str]] = queue.SimpleQueue()
    with service() as emulated:
        emulated.runtime.subscribe(told.put)
        group = emulated.runtime.groups.open("told", emulated.backend("aer_simulator"))
        assert told.get(timeout=30) == {group}
        emulated.runtime.groups.close(group)
        assert told.get(timeout=30) == {group}


def test_an_unknown_group_is_said(emulated: RuntimeService) -> None:
    with pytest.raises(IBMInputValueError, match="Group not found: nowhere"):
        emulated.runtime.groups.close("nowhere")
    with pytest.raises(IBMInputValueError, match="Session not found: nowhere"):
        emulated.runtime.jobs_of("nowhere")
