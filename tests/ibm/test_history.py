"""Jobs that have run before anybody came."""

from __future__ import annotations

from qiskit_ibm_runtime import QiskitRuntimeService

from qmode_jupyter.ibm.history import lead_in
from qmode_jupyter.ibm.server.listening import Server


def test_the_client_finds_them_done_by_turns_on_each_backend(
    server: Server, client: QiskitRuntimeService
) -> None:
    lead_in(server, 4)
    found = client.jobs(job_tags=["history"], descending=False)
    assert [(one.primitive_id, one.backend().name, one.status()) for one in found] == [
        ("sampler", "ibm_small", "DONE"),
        ("estimator", "ibm_device", "DONE"),
        ("sampler", "ibm_small", "DONE"),
        ("estimator", "ibm_device", "DONE"),
    ]
    assert found[0].result()[0].data.meas.num_shots == 100
    assert found[1].result()[0].data.evs.shape == ()
    assert all(one.usage() > 0 for one in found)


def test_none_are_none(server: Server, client: QiskitRuntimeService) -> None:
    before = len(client.jobs())
    lead_in(server, 0)
    assert len(client.jobs()) == before
