"""What the instance has used, and its workloads in one list (SEMANTICS U12)."""

from __future__ import annotations

import httpx
import pytest

from qmode_jupyter import RuntimeService
from qmode_jupyter.ibm.server.listening import Server
from tests.ibm.server.bodies import code, ended, job


def test_u12_the_instance_has_used_what_its_jobs_were_charged(
    http: httpx.Client, emulated: RuntimeService, server: Server
) -> None:
    assert http.get("/instances/usage").json()["usage_consumed_seconds"] == 0
    ended(http, job())
    usage = http.get("/instances/usage").json()
    assert usage["usage_consumed_seconds"] == int(emulated.usage()["usage_consumed_seconds"]) > 0
    assert usage["instance_id"] == server.crn
    assert usage["usage_limit_reached"] is False


def test_s12_the_account_has_the_timeouts_of_its_plan(http: httpx.Client, server: Server) -> None:
    account = server.crn.split(":")[6].removeprefix("a/")
    (plan,) = http.get(f"/accounts/{account}").json()["plans"]
    assert plan["session"] == {"max_ttl": 28_800, "active_ttl": 28_800, "interactive_ttl": 60}
    assert code(http.get(f"/accounts/{account[:-1]}"), 404) == 404


@pytest.fixture
def five(http: httpx.Client) -> list[str]:
    """Five workloads, the oldest first: jobs, a batch and a session; a job in a session is none."""
    first = [http.post("/jobs", json=job(tags=["mine"])).json()["id"] for _ in range(2)]
    batch = http.post("/sessions", json={"backend": "ibm_small", "mode": "batch"}).json()["id"]
    http.post("/jobs", json=job(session_id=batch))
    session = http.post("/sessions", json={"backend": "ibm_device"}).json()["id"]
    return [*first, batch, session, http.post("/jobs", json=job()).json()["id"]]


def test_workloads_come_a_page_at_a_time_in_both_directions(http: httpx.Client, five: list[str]) -> None:
    def page(**query: str) -> dict[str, object]:
        return dict(http.get("/workloads", params={"limit": "2", **query}).json())

    def ids(found: dict[str, object]) -> list[str]:
        return [one["id"] for one in found["workloads"]]  # type: ignore[attr-defined]

    everything = [one["id"] for one in http.get("/workloads").json()["workloads"]]
    assert set(five) <= set(everything)
    first = page()
    assert ids(first) == everything[:2]
    assert "previous" not in first
    second = page(next=str(first["next"]))
    assert ids(second) == everything[2:4]
    assert ids(page(previous=str(second["previous"]))) == ids(first)
    assert first["total_count"] == second["total_count"] == len(everything)


def test_workloads_made_at_one_moment_stand_in_the_order_in_which_they_were_made(
    http: httpx.Client, five: list[str]
) -> None:
    for sort, expected in (("createdAt", five), ("-createdAt", five[::-1])):
        listed = [one["id"] for one in http.get(f"/workloads?sort={sort}").json()["workloads"]]
        assert [one for one in listed if one in five] == expected


def test_workloads_are_found_by_what_they_are(http: httpx.Client, five: list[str]) -> None:
    def ids(query: str) -> list[str]:
        found = [one["id"] for one in http.get(f"/workloads?{query}&sort=createdAt").json()["workloads"]]
        return [one for one in found if one in five]

    assert ids("mode=batch") == [five[2]]
    assert ids("mode=job") == [five[0], five[1], five[4]]
    assert ids("backend=ibm_device") == [five[3]]
    assert ids("tags=mine") == ids("search=min") == five[:2]
    assert ids(f"search={five[3]}") == [five[3]]
    assert http.delete(f"/sessions/{five[3]}/close").status_code == 204
    http.post(f"/jobs/{five[0]}/cancel")
    assert ids("status=canceled") == [five[0]]
    assert ids("status=canceled&status=completed") == [five[0], five[3]]
    assert ids("created_after=2999-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    "query",
    ["status=Running", "limit=many", "next=%25%25", "next=bm8=", "next=%C3%A4", "created_before=soon"],
)
def test_a_question_that_can_t_be_is_refused(http: httpx.Client, query: str) -> None:
    assert code(http.get(f"/workloads?{query}"), 400) == 1208
