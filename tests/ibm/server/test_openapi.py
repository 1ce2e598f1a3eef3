"""The description of the calls, and the calls under requests made from it: nothing fails, nothing hangs."""

from __future__ import annotations

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from qmode_jupyter.ibm.server.app import PREFIXES
from qmode_jupyter.ibm.server.calls import CLOUD, OPERATIONS
from qmode_jupyter.ibm.server.listening import Server
from qmode_jupyter.ibm.server.openapi import description

schema = schemathesis.openapi.from_dict(description())


def test_it_is_served_and_has_every_call(server: Server) -> None:
    served = httpx.get(f"{server.url}/openapi.json").json()
    assert served == description()
    described = {
        (method.upper(), path) for path, operations in served["paths"].items() for method in operations
    }
    assert described == {
        *((o.method, PREFIXES[0] + o.path) for o in OPERATIONS),
        *((o.method, o.path) for o in CLOUD),
    }


def test_names_of_calls_are_their_own() -> None:
    names = [operation.name for operation in (*OPERATIONS, *CLOUD)]
    assert len(set(names)) == len(names)


@schema.parametrize()
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_requests_made_from_it_are_answered_as_it_says(case: schemathesis.Case, server: Server) -> None:
    case.headers = {
        **(case.headers or {}),
        "Authorization": f"apikey {server.token}",
        "Service-CRN": server.crn,
    }
    case.call_and_validate(
        base_url=server.url,
        timeout=30,
        checks=[not_a_server_error, status_code_conformance, response_schema_conformance],
    )


@pytest.fixture(scope="module", autouse=True)
def lives_on(server: Server) -> None:
    """Whatever was asked, the server answers still."""
    yield
    headers = {"Authorization": f"apikey {server.token}", "Service-CRN": server.crn}
    assert httpx.get(f"{server.url}/api/v1/jobs", headers=headers).status_code == 200
