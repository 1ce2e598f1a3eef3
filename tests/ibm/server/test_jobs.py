"""Jobs at the wire: what is shown of them, and when they can be ended."""

from __future__ import annotations

import httpx
import pytest

from qmode_jupyter import RuntimeService
from tests.ibm.server.bodies import code, ended, job


@pytest.fixture
def waiting(http: httpx.Client, emulated: RuntimeService) -> str:
    """The id of a job that waits: the clock stands still."""
    return str(http.post("/jobs", json=job()).json()["id"])


@pytest.fixture
def done(http: httpx.Client) -> str:
    """The id of a job that has ended well."""
    return ended(http, job(tags=["done"]))


def test_j2_one_that_waits_has_no_result_no_log_and_no_usage_yet(http: httpx.Client, waiting: str) -> None:
    assert http.get(f"/jobs/{waiting}/results").status_code == 204
    assert http.get(f"/jobs/{waiting}/logs").status_code == 204
    metrics = http.get(f"/jobs/{waiting}/metrics").json()
    assert metrics["timestamps"]["created"]
    assert metrics["timestamps"]["finished"] is None
    assert metrics["usage"] == {"qpu_charge_time_seconds": 0, "status": "pending"}


def test_j14_j12_one_that_has_ended_has_its_times_usage_and_log(http: httpx.Client, done: str) -> None:
    metrics = http.get(f"/jobs/{done}/metrics").json()
    moments = metrics["timestamps"]
    assert moments["created"] <= moments["running"] < moments["finished"]
    assert metrics["usage"]["status"] == "complete"
    assert metrics["usage"]["qpu_charge_time_seconds"] > 0
    assert moments["finished"] in http.get(f"/jobs/{done}/logs").text


def test_j10_only_one_that_has_not_ended_can_be_cancelled_and_only_one_that_has_deleted(
    http: httpx.Client, waiting: str
) -> None:
    assert code(http.delete(f"/jobs/{waiting}"), 409) == 409
    assert http.post(f"/jobs/{waiting}/cancel").status_code == 204
    assert http.get(f"/jobs/{waiting}").json()["state"]["status"] == "Cancelled"
    assert code(http.post(f"/jobs/{waiting}/cancel"), 409) == 409
    assert http.delete(f"/jobs/{waiting}").status_code == 204
    assert code(http.get(f"/jobs/{waiting}"), 404) == 1291
    assert code(http.delete(f"/jobs/{waiting}"), 404) == 1291


def test_j17_tags_are_kept_once_each_and_those_of_no_job_are_not_found(http: httpx.Client, done: str) -> None:
    assert http.put(f"/jobs/{done}/tags", json={"tags": ["a", "b", "a"]}).status_code == 204
    assert http.get(f"/jobs/{done}").json()["tags"] == ["a", "b"]
    for wrong, expected in (({}, 1208), ({"tags": [1]}, 1208), ({"tags": ["x"] * 9}, 1204)):
        assert code(http.put(f"/jobs/{done}/tags", json=wrong), 400) == expected
    assert http.get(f"/jobs/{done}").json()["tags"] == ["a", "b"]
    assert code(http.put("/jobs/nothing/tags", json={"tags": ["a"]}), 404) == 1291


def test_j18_a_private_one_has_no_inputs_and_its_result_is_read_once(http: httpx.Client) -> None:
    made = ended(http, job(private=True))
    shown = http.get(f"/jobs/{made}").json()
    assert shown["private"] is True
    assert "params" not in shown
    assert http.get(f"/jobs/{made}/results").status_code == 200
    again = http.get(f"/jobs/{made}/results")
    assert (again.status_code, again.content) == (204, b"")


def test_its_inputs_come_back_as_they_were_sent(http: httpx.Client) -> None:
    body = job()
    made = http.post("/jobs", json=body).json()["id"]
    assert http.get(f"/jobs/{made}").json()["params"] == body["params"]
    assert "params" not in http.get(f"/jobs/{made}?exclude_params=true").json()


def test_j19_a_page_says_how_many_there_are_in_all(http: httpx.Client) -> None:
    made = [http.post("/jobs", json=job(tags=["page", str(i)])).json()["id"] for i in range(3)]

    def ids(query: str) -> tuple[list[str], int]:
        found = http.get(f"/jobs?tags=page&{query}").json()
        return [one["id"] for one in found["jobs"]], found["count"]

    assert ids("") == (made[::-1], 3)
    assert ids("sort=ASC&limit=1&offset=1") == ([made[1]], 3)
    assert ids("limit=0") == ([], 3)
    assert ids("offset=9") == ([], 3)
    assert ids("tags=1") == ([made[1]], 1)
    assert ids("pending=false") == ([], 0)
    assert ids("session_id=nothing") == ([], 0)


def test_one_of_a_session_needs_no_backend_and_a_dry_run_is_none_of_it(
    http: httpx.Client, emulated: RuntimeService
) -> None:
    session = http.post("/sessions", json={"backend": "ibm_small", "mode": "batch"}).json()["id"]
    bodies = [job(session_id=session), job(session_id=session, backend="mock_small")]
    del bodies[0]["backend"]
    inside, dry = (http.post("/jobs", json=body).json() for body in bodies)
    assert inside["backend"] == "ibm_small"
    assert http.get(f"/jobs/{inside['id']}").json()["session_id"] == session
    assert http.get(f"/jobs/{dry['id']}").json()["session_id"] is None


def test_two_hundred_submitted_over_one_connection_are_two_hundred(
    http: httpx.Client, emulated: RuntimeService
) -> None:
    before = len(emulated.runtime.jobs)
    body = job()
    made = {http.post("/jobs", json=body).json()["id"] for _ in range(200)}
    assert len(made) == 200
    assert len(emulated.runtime.jobs) == before + 200
