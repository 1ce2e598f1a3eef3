"""The client's account, instances, backends and usage."""

from __future__ import annotations

import pytest
from qiskit.providers.exceptions import QiskitBackendNotFoundError
from qiskit_ibm_runtime import IBMBackend, IBMQuantumComputeService, QiskitRuntimeService, SamplerV2
from qiskit_ibm_runtime.exceptions import IBMInputValueError
from qiskit_ibm_runtime.fake_provider import FakeManilaV2

from qmode_jupyter import RuntimeService, ibm, with_limits
from qmode_jupyter.ibm.server.listening import Server
from qmode_jupyter.runtime.backends import snapshot_configuration
from qmode_jupyter.runtime.clock import ManualClock
from tests.ibm.circuits import bell


def test_it_is_ibm_s_own_class_under_both_names(client: QiskitRuntimeService) -> None:
    assert type(client) is QiskitRuntimeService
    assert isinstance(client, IBMQuantumComputeService)
    assert client.channel == "ibm_quantum_platform"


def test_there_is_one_instance_with_its_plan(client: QiskitRuntimeService, server: Server) -> None:
    (instance,) = client.instances()
    assert instance == {
        "crn": server.crn,
        "plan": "premium",
        "name": "emulated-premium",
        "tags": [],
        "pricing_type": "paid",
    }
    assert client.active_instance() == server.crn
    assert client.active_account()["instance"] == server.crn


def test_backends_have_the_figures_of_their_snapshots(
    client: QiskitRuntimeService, small: IBMBackend
) -> None:
    snapshot = FakeManilaV2()
    assert small.name == small.configuration().backend_name == "ibm_small"
    assert small.num_qubits == 5
    assert set(small.target.operation_names) == set(snapshot.target.operation_names)
    for name in ("cx", "sx", "measure"):
        for qubits, known in snapshot.target[name].items():
            assert small.target[name][qubits].error == pytest.approx(known.error)
            assert small.target[name][qubits].duration == pytest.approx(known.duration)
    assert small.properties().backend_name == "ibm_small"
    assert small.properties().t1(0) == pytest.approx(snapshot.properties().t1(0))
    assert (small.dt, small.simulator) == (snapshot.dt, False)
    status = small.status()
    assert (status.operational, status.status_msg, status.pending_jobs) == (True, "active", 0)


def test_our_own_device_is_one_too(client: QiskitRuntimeService, emulated: RuntimeService) -> None:
    device, ours = client.backend("ibm_device"), emulated.backend("generic_19q")
    assert device.num_qubits == 19
    assert set(device.target.operation_names) >= {"cx", "sx", "rz", "measure", "if_else"}
    for name in ("cx", "sx"):
        for qubits, known in ours.target[name].items():
            assert device.target[name][qubits].error == pytest.approx(known.error)
            assert device.target[name][qubits].duration == pytest.approx(known.duration, rel=1e-3)


def test_backends_are_found_by_what_the_client_filters_with(client: QiskitRuntimeService) -> None:
    assert [b.name for b in client.backends()] == ["ibm_small", "ibm_device"]
    assert [b.name for b in client.backends(min_num_qubits=10)] == ["ibm_device"]
    assert [b.name for b in client.backends(dynamic_circuits=True)] == ["ibm_small", "ibm_device"]
    assert [b.name for b in client.backends(filters=lambda b: b.num_qubits < 10)] == ["ibm_small"]
    assert [b.name for b in client.backends(operational=True, simulator=False)] == ["ibm_small", "ibm_device"]
    assert client.backend("ibm_small").name == "ibm_small"
    with pytest.raises(QiskitBackendNotFoundError, match="No backend matches the criteria"):
        client.backend("ibm_nowhere")


def test_the_least_busy_is_the_one_with_the_shortest_queue(emulated: RuntimeService, server: Server) -> None:
    client = ibm.service(server)
    busy = client.backend("ibm_small")
    assert client.least_busy().name == "ibm_small"
    job = SamplerV2(busy).run([bell(busy)])
    later = ibm.service(server)  # the client asks for the queues once
    assert busy.status().pending_jobs == 1
    assert later.least_busy().name == "ibm_device"
    assert later.least_busy(filters=lambda b: b.num_qubits == 5).name == "ibm_small"
    job.result()


def test_a_calibration_that_there_is_none_of_is_not_found(client: QiskitRuntimeService) -> None:
    with pytest.raises(QiskitBackendNotFoundError):
        client.backend("ibm_small", calibration_id="some-calibration")


def test_the_published_devices_are_offered_where_nobody_names_any() -> None:
    with RuntimeService(clock=ManualClock()) as service:
        client = ibm.service(ibm.serve(service))
        names = [b["name"] for b in client._active_api_client.list_backends()]
        assert names[0] == "ibm_fez"
        assert {"ibm_torino", "ibm_brisbane", "generic_19q"} <= set(names)
        assert client.backend("ibm_fez").num_qubits == 156
        assert client.least_busy(min_num_qubits=150).num_qubits == 156
        assert all(snapshot_configuration(name.replace("ibm", "fake")) for name in names[:-1])


def test_u12_usage_is_that_of_the_plan(client: QiskitRuntimeService, emulated: RuntimeService) -> None:
    usage = client.usage()
    assert usage["usage_consumed_seconds"] == int(emulated.usage()["usage_consumed_seconds"])
    assert usage["usage_limit_reached"] is False
    assert "usage_remaining_seconds" not in usage


def test_q2_p7_v29_over_its_limit_an_instance_s_jobs_wait_and_the_client_warns() -> None:
    with RuntimeService(with_limits("open", allowance_s=3), clock=(clock := ManualClock())) as service:
        client = ibm.service(ibm.serve(service, backends={"ibm_small": "fake_manila"}, hold="never"))
        backend = client.backend("ibm_small")
        sampler, circuit = SamplerV2(backend), bell(backend)
        assert client.usage()["usage_remaining_seconds"] == 3
        first = sampler.run([circuit])
        service.runtime.wait(first.job_id())
        assert client.usage()["usage_limit_reached"] is True
        with pytest.warns(UserWarning, match="This instance has met its usage limit"):
            second = sampler.run([circuit])
        clock.advance(3_600)
        assert second.status() == "QUEUED"
        service.runtime.wait(second.job_id())
        assert second.status() == "DONE"


def test_another_instance_is_none_of_ours(client: QiskitRuntimeService) -> None:
    other = "crn:v1:bluemix:public:quantum-computing:us-east:a/0:1::"
    with pytest.raises(IBMInputValueError, match="Instance not found"):
        client.jobs(instance=other)
