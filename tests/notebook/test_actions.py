"""What a click does to a runtime, and what it is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qmode_jupyter import Batch, RuntimeJob, RuntimeService, SamplerV2
from qmode_jupyter.notebook.actions import act, cancel_all, close
from tests.emulated import bell, service


@pytest.fixture
def busy() -> Iterator[tuple[RuntimeService, Batch, list[RuntimeJob]]]:
    """A service with a batch of three jobs, none of which has ended."""
    with service() as one:
        batch = Batch(one.backend("aer_simulator"))
        yield one, batch, [SamplerV2(batch).run([bell()], shots=10) for _ in range(3)]


def test_one_job_is_cancelled_and_only_once(busy: tuple[RuntimeService, Batch, list[RuntimeJob]]) -> None:
    one, _, jobs = busy
    request = {"runtime": one.runtime.id, "action": "cancel_job", "id": jobs[2].job_id()}
    assert act(one.runtime, request) == {"ok": True}
    assert jobs[2].status() == "CANCELLED"
    assert "CANCELLED" not in {job.status() for job in jobs[:2]}
    again = act(one.runtime, request)
    assert again["ok"] is False
    assert "\n" not in again["error"]


def test_all_jobs_are_cancelled(busy: tuple[RuntimeService, Batch, list[RuntimeJob]]) -> None:
    one, batch, jobs = busy
    assert act(one.runtime, {"runtime": one.runtime.id, "action": "cancel_all", "id": batch.session_id}) == {
        "ok": True
    }
    assert {job.status() for job in jobs} == {"CANCELLED"}
    assert cancel_all(one.runtime, str(batch.session_id)) == 0


def test_a_closed_batch_takes_no_more_and_its_jobs_run_on(
    busy: tuple[RuntimeService, Batch, list[RuntimeJob]],
) -> None:
    one, batch, jobs = busy
    assert act(one.runtime, {"runtime": one.runtime.id, "action": "close", "id": batch.session_id}) == {
        "ok": True
    }
    assert "not accepting" in str(batch.status())
    assert "CANCELLED" not in {job.status() for job in jobs}


def test_a_group_of_jobs_is_closed_like_a_workload() -> None:
    with service() as one:
        group = one.runtime.groups.open("g", one.backend("aer_simulator"))
        close(one.runtime, group)
        assert one.runtime.groups[group].closed_at is not None


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"runtime": "gone"}, "This button belongs to a runtime that is gone; nothing was changed."),
        ({"action": "explode", "id": "x"}, "There is no action 'explode'; nothing was changed."),
        ({"action": "cancel_job", "id": "nobody"}, "nobody"),
        ({"action": "close", "id": "nobody"}, "nobody"),
    ],
)
def test_what_can_t_be_done_is_said_in_one_line(request_: dict[str, str], error: str) -> None:
    with service() as one:
        answer = act(one.runtime, {"runtime": one.runtime.id, **request_})
    assert answer["ok"] is False
    assert error in answer["error"]
    assert "\n" not in answer["error"]
