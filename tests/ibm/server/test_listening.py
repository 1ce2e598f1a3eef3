"""A service on a port of this machine, until it is closed."""

from __future__ import annotations

import threading

import httpx
import pytest

from qmode_jupyter import RuntimeService
from qmode_jupyter.errors import IBMRuntimeError
from qmode_jupyter.ibm.server.listening import Server
from qmode_jupyter.runtime.clock import ManualClock


def test_it_listens_here_only_and_no_more_when_it_is_closed() -> None:
    before = set(threading.enumerate())
    with RuntimeService(clock=ManualClock()) as service:
        with Server(service) as server:
            assert server.url.startswith("http://127.0.0.1:")
            assert httpx.get(f"{server.url}/openapi.json").status_code == 200
            assert server.token not in repr(server)
        assert server.closed
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.url}/openapi.json")
        server.close()
        assert not [
            t.name
            for t in set(threading.enumerate()) - before
            if t.name.startswith(("qmode-server", "qmode-call"))
        ]


def test_a_port_that_can_t_be_had_is_one_line(server: Server, emulated: RuntimeService) -> None:
    port = int(server.url.rpartition(":")[2])
    for taken in (port, 70_000):
        with pytest.raises(IBMRuntimeError, match=rf"^The port {taken} of 127\.0\.0\.1 can't be had: "):
            Server(emulated, port=taken)


def test_the_token_and_the_instance_are_those_that_were_asked_for(emulated: RuntimeService) -> None:
    crn = "crn:v1:bluemix:public:quantum-computing:us-east:a/abc:def::"
    with Server(emulated, token="mine", crn=crn) as server:
        headers = {"Authorization": "apikey mine", "Service-CRN": crn}
        assert httpx.get(f"{server.url}/api/v1/jobs", headers=headers).status_code == 200
