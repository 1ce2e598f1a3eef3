"""The table of calls: each is answered as it says."""

from __future__ import annotations

import re

import httpx
import pytest

from qmode_jupyter.ibm.server.calls import CLOUD, OPERATIONS
from qmode_jupyter.ibm.server.listening import Server
from tests.ibm.server.bodies import code


def test_only_the_token_is_given_to_anybody() -> None:
    assert [o.path for o in (*OPERATIONS, *CLOUD) if o.asks == "anybody"] == ["/identity/token"]
    assert all(o.asks == "instance" for o in OPERATIONS)


def test_no_call_stands_twice_and_what_has_no_answer_is_a_text_or_204() -> None:
    calls = [(o.method, re.sub(r"{\w+}", "{}", o.path)) for o in (*OPERATIONS, *CLOUD)]
    assert len(set(calls)) == len(calls)
    texts = [o.name for o in OPERATIONS if o.answer is None and o.status != 204]
    assert texts == ["get_jobs_job_results", "get_jobs_job_logs"]


def test_a_form_with_too_many_fields_is_refused(server: Server) -> None:
    form = "&".join(f"a{i}=1" for i in range(50))
    assert code(httpx.post(f"{server.url}/identity/token", content=form), 400) == 1208


@pytest.mark.parametrize(
    "path", ["/backends?include_mocks=perhaps", "/backends/ibm_small/properties?updated_before=yesterday"]
)
def test_a_query_that_can_t_be_is_refused(http: httpx.Client, path: str) -> None:
    assert code(http.get(path), 400) == 1208
