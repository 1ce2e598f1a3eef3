"""What is sent to the server without IBM's client, and what is read from its refusals."""

from __future__ import annotations

import json
from typing import Any

import httpx
from qiskit_ibm_runtime import RuntimeEncoder
from qiskit_ibm_runtime.fake_provider import FakeManilaV2

from tests.ibm.circuits import bell


def code(answer: httpx.Response, status: int) -> int:
    """The code of a refusal, whose body is of IBM's shape."""
    body = answer.json()
    assert answer.status_code == status, body
    (error,) = body["errors"]
    assert set(error) == {"code", "message", "solution", "more_info"}
    assert error["message"]
    assert body["trace"]
    return int(error["code"])


def job(**more: Any) -> dict[str, Any]:
    """The body of a job that can be run."""
    params = {"pubs": [[bell(FakeManilaV2()), None, 10]], "version": 2}
    plain = json.dumps(
        {"program_id": "sampler", "backend": "ibm_small", "params": params}, cls=RuntimeEncoder
    )
    return json.loads(plain) | more


def ended(http: httpx.Client, body: dict[str, Any]) -> str:
    """Submit a job, wait for its end over the same connection, and return its id."""
    made = str(http.post("/jobs", json=body).json()["id"])
    for _ in range(60):  # each is answered when the job has ended, or after a second
        if http.get(f"/jobs/{made}").json()["state"]["status"] not in ("Queued", "Running"):
            return made
    raise AssertionError(f"{made} has not ended")
