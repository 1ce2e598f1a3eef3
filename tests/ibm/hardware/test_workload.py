"""A real session is opened and ended whatever happens; a service of ours stands in the cloud's place."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

pytest.importorskip("qiskit_ibm_runtime")
pytest.importorskip("uvicorn")

from qiskit_ibm_runtime import Batch, Session
from qiskit_ibm_runtime.utils.default_session import get_cm_session

from qmode_jupyter import RuntimeService, ibm
from qmode_jupyter.errors import IBMRuntimeError
from qmode_jupyter.ibm.hardware.workload import RealWorkload
from qmode_jupyter.scheduler.records import Mode


@pytest.fixture(scope="module")
def cloud() -> Iterator[RuntimeService]:
    with RuntimeService(plan="premium", seed=31) as service:
        yield service


@pytest.fixture(scope="module")
def backend(cloud: RuntimeService) -> Any:
    return ibm.service(cloud).backend("ibm_torino")


@pytest.mark.parametrize(("mode", "kind"), [(Mode.SESSION, Session), (Mode.BATCH, Batch)])
def test_it_is_the_clients_own_and_closes(
    cloud: RuntimeService, backend: Any, mode: Mode, kind: type
) -> None:
    workload = RealWorkload(backend, mode, "10m")
    assert type(workload.session) is kind
    with workload.in_force():
        assert get_cm_session() is workload.session
    assert get_cm_session() is None
    record = cloud.runtime.workloads.record(workload.id)
    assert (record.mode, record.max_time_s, record.accepting_jobs) == (mode, 600, True)
    assert workload.close() == ""
    assert cloud.runtime.workloads.record(workload.id).accepting_jobs is False


def test_who_is_interrupted_while_it_is_opened_leaves_none_open(
    cloud: RuntimeService, backend: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted = threading.Event()

    def interrupt(number: int, frame: FrameType | None) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    create = backend._api_client.create_session

    def interrupted_meanwhile(*args: Any, **kwargs: Any) -> Any:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        assert interrupted.wait(30)
        return create(*args, **kwargs)

    monkeypatch.setattr(backend._api_client, "create_session", interrupted_meanwhile)
    before = {one.id for one in cloud.workloads()}
    handler = signal.signal(signal.SIGINT, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            RealWorkload(backend, Mode.SESSION, None)
    finally:
        signal.signal(signal.SIGINT, handler)
    (opened,) = [one for one in cloud.workloads() if one.id not in before]
    assert opened.closed_at is not None


def test_a_refusal_is_in_the_services_words() -> None:
    with RuntimeService(plan="open", seed=32) as free:
        with pytest.raises(IBMRuntimeError) as refused:
            RealWorkload(ibm.service(free).backend("ibm_torino"), Mode.SESSION, None)
        assert str(refused.value) == (
            "You are not authorized to run a session when using the open plan (1352). Create an instance of "
            "a different plan type or use a different execution mode."
        )
        assert list(free.workloads()) == []


def test_what_can_not_be_closed_is_said(backend: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    workload = RealWorkload(backend, Mode.BATCH, None)

    def gone(session: str) -> None:
        raise ConnectionError("the network is gone")

    monkeypatch.setattr(backend._api_client, "close_session", gone)
    assert workload.close() == "The network is gone."
    monkeypatch.undo()
    assert workload.close() == ""
