"""What the server does with requests that are wrong, many, large, or broken off: it answers, and lives on."""

from __future__ import annotations

import base64
import io
import socket
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest
from qiskit import QuantumCircuit, qpy

from qmode_jupyter import RuntimeService
from qmode_jupyter.ibm.server.app import MAX_BODY
from qmode_jupyter.ibm.server.calls import CLOUD, OPERATIONS
from qmode_jupyter.ibm.server.listening import Server
from tests.ibm.server.bodies import code, job

#: Answers that IBM's client would try again, for a quarter of a minute (SEMANTICS R2).
TRIED_AGAIN = {500, 502, 503, 504, 520, 521, 522, 524}


def connected(server: Server) -> socket.socket:
    """A connection on which anything can be sent."""
    return socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=10)


# ---- who asks


@pytest.mark.parametrize(
    "authorization", ["", "apikey wrong", "Bearer wrong", "Bearer", "Basic eDp5", "apikey"]
)
def test_a_wrong_token_is_refused_everywhere(http: httpx.Client, server: Server, authorization: str) -> None:
    headers = {"Authorization": authorization}
    for operation in (*OPERATIONS, *CLOUD):
        if operation.asks == "anybody":
            continue
        prefix = "/api/v1" if operation in OPERATIONS else ""
        path = operation.path.replace("{", "").replace("}", "")
        answer = http.request(operation.method, server.url + prefix + path, headers=headers)
        assert code(answer, 401) == 1200


def test_another_s_token_is_refused_though_it_is_signed(http: httpx.Client) -> None:
    import jwt

    forged = jwt.encode({"iat": 1, "exp": 2**40}, "x" * 32, algorithm="HS256")
    unsigned = jwt.encode({"iat": 1, "exp": 2**40}, "", algorithm="none")
    for token in (forged, unsigned):
        assert code(http.get("/jobs", headers={"Authorization": f"Bearer {token}"}), 401) == 1200


@pytest.mark.parametrize(
    ("crn", "status", "expected"),
    [("", 400, 1241), ("nonsense", 400, 1241), ("crn:v1:a:b:c:d:e:f:g:", 404, 1279)],
)
def test_a_wrong_instance_is_refused(http: httpx.Client, crn: str, status: int, expected: int) -> None:
    assert code(http.get("/jobs", headers={"Service-CRN": crn}), status) == expected


def test_r5_the_token_service_gives_a_token_that_can_be_decoded(server: Server) -> None:
    import jwt

    asked = httpx.post(f"{server.url}/identity/token", data={"apikey": server.token})
    token = asked.json()
    claims = jwt.decode(token["access_token"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == token["expires_in"] == 3600
    assert token["token_type"] == "Bearer"
    headers = {"Authorization": f"Bearer {token['access_token']}", "Service-CRN": server.crn}
    assert httpx.get(f"{server.url}/api/v1/jobs", headers=headers).status_code == 200
    assert code(httpx.post(f"{server.url}/identity/token", data={"apikey": "wrong"}), 400) == 1200
    assert code(httpx.post(f"{server.url}/identity/token", content=b"\xff\xfe"), 400) == 1208


# ---- what is asked


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe\x00", b"[" * 100_000, b'{"a":' * 50_000, b"{}"],
    ids=["empty", "broken", "list", "null", "text", "no text", "deep list", "deep object", "nothing in it"],
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/jobs"), ("POST", "/sessions"), ("PUT", "/jobs/nothing/tags")]
)
def test_a_body_that_is_no_json_object_is_refused(
    http: httpx.Client, method: str, path: str, body: bytes
) -> None:
    assert code(http.request(method, path, content=body), 400) in (1208, 1007)


@pytest.mark.parametrize(
    ("wrong", "status", "expected"),
    [
        ({"program_id": 3}, 400, 1208),
        ({"program_id": "unheard-of"}, 404, 404),
        ({"program_id": "noise-learner"}, 404, 404),
        ({"backend": "ibm_nowhere"}, 400, 1007),
        ({"backend": None}, 400, 1208),
        ({"params": []}, 400, 1208),
        ({"params": {}}, 400, 1208),
        ({"params": {"pubs": "text"}}, 400, 1208),
        ({"session_id": "unheard-of"}, 400, 1208),
        ({"session_id": "x" * 37}, 400, 1208),
        ({"cost": -1}, 400, 1208),
        ({"cost": 10_801}, 400, 1208),
        ({"cost": True}, 400, 1208),
        ({"tags": "text"}, 400, 1208),
        ({"tags": ["x"] * 9}, 400, 1204),
        ({"tags": ["x" * 87]}, 400, 1205),
        ({"private": "yes"}, 400, 1208),
        ({"start_session": True}, 400, 1208),
        ({"calibration_id": "unheard-of"}, 404, 404),
    ],
    ids=str,
)
def test_a_job_that_can_t_be_is_refused_and_none_is_made(
    http: httpx.Client, emulated: RuntimeService, wrong: dict[str, Any], status: int, expected: int
) -> None:
    before = len(emulated.runtime.jobs)
    assert code(http.post("/jobs", json=job(**wrong)), status) == expected
    assert len(emulated.runtime.jobs) == before


def test_a_job_for_the_session_of_another_backend_is_refused(http: httpx.Client) -> None:
    session = http.post("/sessions", json={"backend": "ibm_device", "mode": "batch"}).json()["id"]
    answer = http.post("/jobs", json=job(session_id=session))
    assert code(answer, 400) == 1208
    assert "is on ibm_device, not on ibm_small" in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        (method, path)
        for method, path in (
            ("GET", "/jobs/nothing"),
            ("DELETE", "/jobs/nothing"),
            ("GET", "/jobs/nothing/results"),
            ("POST", "/jobs/nothing/cancel"),
            ("GET", "/jobs/nothing/logs"),
            ("GET", "/jobs/nothing/metrics"),
            ("GET", "/sessions/nothing"),
            ("DELETE", "/sessions/nothing/close"),
            ("GET", "/backends/ibm_nowhere/configuration"),
            ("GET", "/backends/ibm_nowhere/properties"),
            ("GET", "/backends/ibm_nowhere/status"),
            ("GET", "/accounts/nothing"),
            ("GET", "/nowhere"),
        )
    ],
)
def test_what_there_is_none_of_is_not_found(http: httpx.Client, method: str, path: str) -> None:
    assert code(http.request(method, path), 404)


def test_a_method_that_a_path_has_not_is_refused(http: httpx.Client) -> None:
    assert code(http.delete("/sessions"), 405) == 405


@pytest.mark.parametrize(
    "query",
    ["limit=x", "offset=-1", "pending=maybe", "created_after=yesterday", "limit=1e9", "offset=" + "9" * 99],
)
def test_a_query_that_can_t_be_is_refused(http: httpx.Client, query: str) -> None:
    assert code(http.get(f"/jobs?{query}"), 400) == 1208


# ---- circuits


def failed(http: httpx.Client, body: dict[str, Any]) -> tuple[int, str]:
    """The code and the reason of a job that is accepted and fails."""
    made = http.post("/jobs", json=body)
    assert made.status_code == 200, made.text
    for _ in range(60):  # each is answered when the job has ended, or after a second
        described = http.get(f"/jobs/{made.json()['id']}").json()
        if described["state"]["status"] not in ("Queued", "Running"):
            break
    assert described["state"]["status"] == "Failed"
    assert http.get(f"/jobs/{made.json()['id']}/results").text
    return described["state"]["reason_code"], described["state"]["reason"]


def _typed(data: bytes) -> dict[str, Any]:
    return {"__type__": "QuantumCircuit", "__value__": base64.b64encode(zlib.compress(data)).decode()}


def test_qpy_of_a_newer_version_fails_the_job(http: httpx.Client) -> None:
    written = io.BytesIO()
    qpy.dump(QuantumCircuit(1), written)
    newer = bytearray(written.getvalue())
    newer[6] = 99  # behind "QISKIT": the version
    reason_code, reason = failed(http, job(params={"pubs": [[_typed(bytes(newer)), None, 1]]}))
    assert reason_code == 1506
    assert "can't be read" in reason


@pytest.mark.parametrize("data", [b"", b"no qpy at all", b"QISKIT" + bytes(40)])
def test_circuits_that_can_t_be_read_fail_the_job(http: httpx.Client, data: bytes) -> None:
    assert failed(http, job(params={"pubs": [[_typed(data), None, 1]]}))[0] == 1506


def test_an_instruction_that_the_qpu_has_not_fails_the_job(http: httpx.Client) -> None:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.measure_all()
    written = io.BytesIO()
    qpy.dump(circuit, written)
    reason_code, reason = failed(http, job(params={"pubs": [[_typed(written.getvalue()), None, 1]]}))
    assert reason_code == 1517
    assert reason.startswith("The instruction h on qubits (0,) is not supported by the target system.")


def test_p10_more_executions_than_a_job_may_have_fail_it(http: httpx.Client) -> None:
    body = job()
    body["params"]["pubs"][0][2] = 10_000_001
    assert failed(http, body)[0] == 1520


def test_nothing_is_unpickled(http: httpx.Client) -> None:
    import numpy as np

    written = io.BytesIO()
    np.save(written, np.array([object()], dtype=object), allow_pickle=True)
    body = job()
    body["params"]["pubs"][0][1] = {
        "__type__": "ndarray",
        "__value__": base64.b64encode(zlib.compress(written.getvalue())).decode(),
    }
    assert failed(http, body) == (
        1506,
        "What the job was given can't be read: Object arrays cannot be loaded when allow_pickle=False",
    )


# ---- how it is asked


def test_a_body_of_a_hundred_megabytes_is_refused_and_said_so(http: httpx.Client) -> None:
    hundred = b'{"program_id": "' + bytes(100 * 10**6) + b'"}'
    assert len(hundred) > MAX_BODY
    assert code(http.post("/jobs", content=hundred), 413) == 5302
    assert (
        code(http.post("/jobs", content=(hundred[i : i + 2**20] for i in range(0, 10**8, 2**20))), 413)
        == 5302
    )
    assert http.get("/jobs").status_code == 200


def test_two_hundred_requests_at_once_are_all_answered(server: Server, http: httpx.Client) -> None:
    submitted = http.post("/jobs", json=job()).json()["id"]
    paths = ["/backends", "/instances/usage", f"/jobs/{submitted}", "/jobs", "/workloads"] * 40

    def ask(path: str) -> int:
        connection = HTTPConnection("127.0.0.1", int(server.url.rpartition(":")[2]), timeout=60)
        with closing(connection):
            connection.request("GET", f"/api/v1{path}", headers=dict(http.headers))
            return connection.getresponse().status

    with ThreadPoolExecutor(200) as pool:
        assert list(pool.map(ask, paths)) == [200] * 200


def test_a_client_that_goes_away_leaves_the_server_as_it_was(server: Server, http: httpx.Client) -> None:
    who = f"Authorization: apikey {server.token}\r\nService-CRN: {server.crn}\r\n"
    lines = f"POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\n{who}"
    for sent in ("", "GET /api", lines, f"{lines}Content-Length: 1000\r\n\r\n" + '{"program'):
        with connected(server) as broken:
            broken.sendall(sent.encode())
    assert http.get("/jobs").status_code == 200


def test_what_is_no_http_is_refused(server: Server, http: httpx.Client) -> None:
    for nonsense in (b"\x16\x03\x01\x02\x00\x01", b"nonsense\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n"):
        with connected(server) as raw:
            raw.sendall(nonsense)
            assert raw.recv(4096).startswith(b"HTTP/1.1 400")
    assert http.get("/jobs").status_code == 200


# ---- as a proxy


def test_request_lines_of_a_proxy_are_taken_whatever_the_host(server: Server) -> None:
    headers = {"Authorization": f"apikey {server.token}", "Service-CRN": server.crn}
    with httpx.Client(proxy=server.url, headers=headers) as client:
        assert client.get("http://quantum.nowhere.invalid/api/v1/jobs").status_code == 200
        token = client.post("http://iam.nowhere.invalid/identity/token", data={"apikey": server.token})
        assert "access_token" in token.json()
        found = client.post("http://search.nowhere.invalid/v3/resources/search", json={})
        plan = found.json()["items"][0]["service_plan_unique_id"]
        entry = client.get(f"http://globalcatalog.nowhere.invalid/api/v1/{plan}").json()
        assert entry["overview_ui"]["en"]["display_name"] == "premium"


def test_a_tunnel_is_refused(server: Server, http: httpx.Client) -> None:
    with connected(server) as raw:
        raw.sendall(b"CONNECT cloud.ibm.com:443 HTTP/1.1\r\nHost: cloud.ibm.com:443\r\n\r\n")
        assert raw.recv(4096).startswith(b"HTTP/1.1 405")
    assert http.get("/jobs").status_code == 200


def test_no_refusal_is_one_that_the_client_would_try_again() -> None:
    from qmode_jupyter.ibm.server.openapi import description

    answers = {
        int(status)
        for operations in description()["paths"].values()
        for operation in operations.values()
        for status in operation["responses"]
    }
    assert not answers & TRIED_AGAIN
