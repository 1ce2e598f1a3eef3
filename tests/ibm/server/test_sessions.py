"""Sessions and batches at the wire."""

from __future__ import annotations

import httpx
import pytest

from qmode_jupyter import RuntimeService, ibm
from qmode_jupyter.runtime.clock import ManualClock
from tests.ibm.server.bodies import code, job


def opened(http: httpx.Client, **more: object) -> str:
    return str(http.post("/sessions", json={"backend": "ibm_small", **more}).json()["id"])


def test_s16_a_session_on_the_open_plan_is_refused_with_a_solution_and_none_is_made() -> None:
    with RuntimeService("open", clock=ManualClock()) as service:
        server = ibm.serve(service, backends={"ibm_small": "fake_manila"})
        headers = {"Authorization": f"apikey {server.token}", "Service-CRN": server.crn}
        with httpx.Client(base_url=f"{server.url}/api/v1", headers=headers, trust_env=False) as http:
            refused = http.post("/sessions", json={"backend": "ibm_small", "mode": "dedicated"})
            assert code(refused, 400) == 1352
            assert refused.json()["errors"][0]["solution"]
            assert not service.runtime.workloads.records()
            assert http.post("/sessions", json={"backend": "ibm_small", "mode": "batch"}).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "job"},
        {"mode": 3},
        {"backend": None},
        {"backend": 3},
        {"max_ttl": -1},
        {"max_ttl": "1h"},
        {"max_ttl": True},
        {"max_ttl": 1.5},
        {"max_ttl": 28_801},
        {"max_ttl": 10**40},
    ],
    ids=str,
)
def test_a4_one_that_can_t_be_is_refused_and_none_is_made(
    http: httpx.Client, emulated: RuntimeService, wrong: dict[str, object]
) -> None:
    before = len(emulated.runtime.workloads.records())
    assert code(http.post("/sessions", json={"backend": "ibm_small"} | wrong), 400) == 1208
    assert len(emulated.runtime.workloads.records()) == before


def test_one_on_a_backend_that_there_is_none_of_is_refused(http: httpx.Client) -> None:
    assert code(http.post("/sessions", json={"backend": "ibm_smal"}), 400) == 1007


def test_s6_s12_it_is_shown_with_all_its_fields(http: httpx.Client) -> None:
    shown = http.get(f"/sessions/{opened(http, mode='batch', max_ttl=700)}").json()
    assert (shown["mode"], shown["state"], shown["accepting_jobs"]) == ("batch", "open", True)
    assert (shown["max_ttl"], shown["backend_name"]) == (700, "ibm_small")
    assert shown["started_at"] is shown["activated_at"] is shown["closed_at"] is None
    assert http.get(f"/sessions/{opened(http)}").json()["mode"] == "dedicated"


def test_s4_s18_one_that_was_closed_takes_no_job_and_is_not_opened_again(http: httpx.Client) -> None:
    session = opened(http, mode="batch")
    assert code(http.patch(f"/sessions/{session}", json={"accepting_jobs": "no"}), 400) == 1208
    assert http.get(f"/sessions/{session}").json()["accepting_jobs"] is True
    for accepting in (False, True, False):
        assert http.patch(f"/sessions/{session}", json={"accepting_jobs": accepting}).status_code == 204
        shown = http.get(f"/sessions/{session}").json()
        assert (shown["state"], shown["accepting_jobs"]) == ("closed", accepting)
        assert code(http.post("/jobs", json=job(session_id=session)), 400) == 4001


def test_s18_one_that_is_closing_is_not_opened_again(http: httpx.Client) -> None:
    session = opened(http, mode="batch")
    made = http.post("/jobs", json=job(session_id=session)).json()["id"]
    assert http.patch(f"/sessions/{session}", json={"accepting_jobs": True}).status_code == 204
    http.patch(f"/sessions/{session}", json={"accepting_jobs": False})
    assert http.get(f"/jobs/{made}").json()["state"]["status"] in ("Queued", "Running")
    assert code(http.patch(f"/sessions/{session}", json={"accepting_jobs": True}), 409) == 4001
    shown = http.get(f"/sessions/{session}").json()
    assert (shown["state"] != "closed", shown["accepting_jobs"]) == (True, False)


def test_s19_cancelling_it_drops_what_waits_in_it(http: httpx.Client) -> None:
    session = opened(http)
    made = [http.post("/jobs", json=job(session_id=session)).json()["id"] for _ in range(8)]
    assert http.delete(f"/sessions/{session}/close").status_code == 204
    assert http.get(f"/sessions/{session}").json()["accepting_jobs"] is False
    states = [http.get(f"/jobs/{one}").json()["state"]["status"] for one in made]
    assert "Queued" not in states
    assert states[-1] in ("Cancelled", "Failed")
    assert http.delete(f"/sessions/{session}/close").status_code == 204


@pytest.mark.parametrize("body", [{"accepting_jobs": False}, {}])
def test_changing_one_that_there_is_none_of_is_not_found(http: httpx.Client, body: dict[str, bool]) -> None:
    assert code(http.patch("/sessions/nothing", json=body), 404) == 404
