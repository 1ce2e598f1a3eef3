"""The server spoken to without IBM's client."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from qmode_jupyter.ibm.server.listening import Server


@pytest.fixture
def http(server: Server) -> Iterator[httpx.Client]:
    """Somebody who has the token and names the instance."""
    headers = {"Authorization": f"apikey {server.token}", "Service-CRN": server.crn}
    with httpx.Client(
        base_url=f"{server.url}/api/v1", headers=headers, timeout=30, trust_env=False
    ) as client:
        yield client
