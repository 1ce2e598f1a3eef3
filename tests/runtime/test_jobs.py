"""Jobs as they were asked for."""

from __future__ import annotations

import dataclasses

import pytest

from qmode_jupyter.errors import RuntimeJobNotFound
from qmode_jupyter.runtime.backends import find_backend
from qmode_jupyter.runtime.jobs import JobRequest, Jobs
from qmode_jupyter.scheduler.records import JobState
from qmode_jupyter.simulation.tasks import SimulationOptions


def request(workload: str | None = None, **more: object) -> JobRequest:
    return JobRequest("sampler", (), find_backend("generic_19q"), SimulationOptions(), workload, **more)


def test_what_was_asked_for_is_kept_and_can_not_be_changed() -> None:
    jobs, asked = Jobs(), request(tags=("a",))
    jobs.add("j", asked)
    assert jobs.request("j") is asked
    with pytest.raises(dataclasses.FrozenInstanceError):
        asked.private = True  # type: ignore[misc]
    jobs.tag("j", ("b",))
    assert (jobs.request("j").tags, asked.tags) == (("b",), ("a",))


def test_a_job_belongs_to_its_session_or_to_the_group_of_its_cell() -> None:
    jobs = Jobs()
    jobs.add("in session", request("s"))
    jobs.add("in group", request(), "g")
    jobs.add("alone", request())
    assert [jobs.owner(job) for job in jobs] == ["s", "g", None]
    assert jobs.of_workload("s") == ("in session",)
    assert jobs.of_workload("g") == ()


def test_ends_are_counted_for_the_owner_and_stay_counted() -> None:
    jobs = Jobs()
    jobs.add("a", request("s"))
    jobs.add("b", request("s"))
    jobs.add("alone", request())
    assert jobs.ended("s").total() == 0
    assert jobs.note_ended("a", JobState.DONE) == "s"
    assert jobs.note_ended("b", JobState.FAILED) == "s"
    assert jobs.note_ended("alone", JobState.DONE) is None
    jobs.remove("a")
    assert jobs.ended("s") == {JobState.DONE: 1, JobState.FAILED: 1}


def test_a_removed_job_is_not_there() -> None:
    jobs = Jobs()
    jobs.add("j", request(), "g")
    jobs.remove("j")
    assert "j" not in jobs
    assert len(jobs) == 0
    for ask in (jobs.request, jobs.owner, lambda job: jobs.tag(job, ())):
        with pytest.raises(RuntimeJobNotFound, match="Job not found: j"):
            ask("j")


def test_jobs_may_come_while_they_are_gone_through() -> None:
    jobs = Jobs()
    jobs.add("a", request())
    for job in jobs:
        jobs.add(job + "'", request())
    assert list(jobs) == ["a", "a'"]


def test_j18_a_private_result_is_read_once() -> None:
    jobs = Jobs()
    jobs.add("j", request(private=True))
    assert [jobs.read_once("j") for _ in range(3)] == [True, False, False]
