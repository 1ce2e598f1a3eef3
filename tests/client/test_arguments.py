"""Arguments of public calls are checked where they come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, timedelta

import pytest

from qmode_jupyter import RuntimeService, SamplerV2
from tests.emulated import bell, refused, service


@pytest.fixture
def emulated() -> Iterator[RuntimeService]:
    with service() as one:
        yield one


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda one: one.backend(5), "name must be the name of a backend, a text like 'generic_19q', not 5."),
        (lambda one: one.backend(None), "name must be the name of a backend"),
        (lambda one: one.backend(b"generic_19q"), "name must be the name of a backend"),
        (lambda one: one.backends(name=5), "name must be the name of a backend"),
        (lambda one: one.backends(min_num_qubits="a"), "min_num_qubits must be a whole number"),
        (lambda one: one.backends(dynamic_circuits=3), "dynamic_circuits must be True or False or None"),
        (
            lambda one: one.least_busy(filters="generic"),
            "filters must be something that can be called or None",
        ),
        (lambda one: one.least_busy(min_num_qubits=float("nan")), "min_num_qubits must be a whole number"),
        (lambda one: one.job(5), "job_id must be a text, not 5."),
        (lambda one: one.job(["a"]), "job_id must be a text, not ['a']."),
        (lambda one: one.delete_job(None), "job_id must be a text, not None."),
        (lambda one: one.jobs(limit="a"), "limit must be a whole number of at least 0 or None, not 'a'."),
        (lambda one: one.jobs(limit=-1), "limit must be a whole number of at least 0 or None, not -1."),
        (lambda one: one.jobs(limit=True), "limit must be a whole number"),
        (lambda one: one.jobs(limit=float("inf")), "limit must be a whole number"),
        (lambda one: one.jobs(skip=-1), "skip must be a whole number of at least 0, not -1."),
        (
            lambda one: one.jobs(backend_name=one.backend()),
            "backend_name must be a text or None, not <q",
        ),
        (lambda one: one.jobs(pending="yes"), "pending must be True or False or None, not 'yes'."),
        (lambda one: one.jobs(job_tags="mine"), "job_tags must be a list, each item of it a text or None"),
        (lambda one: one.jobs(job_tags=[1]), "job_tags must be a list, each item of it a text or None"),
        (lambda one: one.jobs(session_id=4), "session_id must be a text or None, not 4."),
        (
            lambda one: one.jobs(created_after="today"),
            "created_after must be a datetime, local where",
        ),
        (
            lambda one: one.jobs(created_before=date(2026, 1, 1)),
            "created_before must be a datetime, local",
        ),
        (lambda one: one.jobs(descending=None), "descending must be True or False, not None."),
    ],
)
def test_a_wrong_argument_is_one_line(
    emulated: RuntimeService, call: Callable[[RuntimeService], object], said: str
) -> None:
    assert refused(lambda: call(emulated)).startswith(said)


def test_dates_with_and_without_a_zone_are_taken(emulated: RuntimeService) -> None:
    job = SamplerV2(emulated.backend("aer_simulator")).run([bell()], shots=1)
    then = job.creation_date - timedelta(seconds=5)
    for moment in (then, then.astimezone(UTC), then.replace(tzinfo=None)):
        assert [one.job_id() for one in emulated.jobs(created_after=moment)] == [job.job_id()]
        assert emulated.jobs(created_before=moment) == []
