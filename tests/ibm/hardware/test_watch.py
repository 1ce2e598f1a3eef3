"""A real batch is watched with one request at a time; a service of ours stands in the cloud's place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from qmode_jupyter.scheduler.records import Mode
from tests.emulated import bell

pytest.importorskip("qiskit_ibm_runtime")
pytest.importorskip("uvicorn")

from qiskit import transpile
from qiskit_ibm_runtime import SamplerV2

from qmode_jupyter import RuntimeService, ibm
from qmode_jupyter.ibm.hardware.history import trace_of
from qmode_jupyter.ibm.hardware.watch import Watch
from qmode_jupyter.ibm.hardware.workload import RealWorkload
from qmode_jupyter.notebook.record_view import message_of
from qmode_jupyter.notebook.view_model import snapshot
from qmode_jupyter.scheduler.plans import PREMIUM

pytestmark = pytest.mark.filterwarnings("ignore:The SamplerV2 class is deprecated")


@pytest.fixture(scope="module")
def cloud() -> Iterator[RuntimeService]:
    with RuntimeService(plan="premium", seed=3) as service:
        yield service


@pytest.fixture(scope="module")
def backend(cloud: RuntimeService) -> Any:
    return ibm.service(cloud).backend("ibm_torino")


@pytest.fixture
def requests(backend: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the client asks for from now on, in order."""
    sent: list[str] = []
    session = backend._api_client._session
    request = session.request

    def noted(method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        sent.append(f"{method} {url}")
        return request(method, url, *args, **kwargs)

    monkeypatch.setattr(session, "request", noted)
    return sent


def steps_to_the_end(watch: Watch, requests: list[str]) -> list[str]:
    """Let the watch ask until everything is known; return what it asked, a request a step."""
    asked = []
    for _ in range(100):
        requests.clear()
        watch.step()
        asked += requests
        assert len(requests) == 1
        if watch.wait(0):
            return asked
    raise AssertionError("it is not over")


def test_each_step_is_one_request_until_everything_is_known(backend: Any, requests: list[str]) -> None:
    workload = RealWorkload(backend, Mode.BATCH, None)
    watch = Watch(workload, backend.name, "watched", PREMIUM)
    circuit = transpile(bell(), backend)
    for _ in range(3):
        watch.add(SamplerV2(mode=workload.session).run([circuit], shots=10))
    assert [job.status for job in watch.facts().jobs] == ["INITIALIZING"] * 3
    watch.ended(cancelled=False)
    assert workload.close() == ""
    for job in watch.jobs:
        job.result()
    asked = steps_to_the_end(watch, requests)
    facts = watch.facts()
    assert [job.status for job in facts.jobs] == ["DONE"] * 3
    assert facts.details["state"] == "closed"
    assert sum("/metrics" in one for one in asked) == 3
    assert len(asked) <= 6, "what the client had heard by itself was not asked again"


def test_what_is_shown_in_the_end_is_what_the_service_itself_shows(
    cloud: RuntimeService, backend: Any, requests: list[str]
) -> None:
    workload = RealWorkload(backend, Mode.SESSION, "10m")
    watch = Watch(workload, backend.name, "", PREMIUM)
    circuit = transpile(bell(), backend)
    for _ in range(2):
        job = SamplerV2(mode=workload.session).run([circuit], shots=10)
        watch.add(job)
        job.result()
    workload.close()
    watch.ended(cancelled=False)
    steps_to_the_end(watch, requests)
    seen = message_of(trace_of(watch.facts()), workload.id)
    there = snapshot(cloud.runtime, only=workload.id)
    mine, own = seen["workloads"][workload.id], there["workloads"][workload.id]
    for figure in ("mode", "backend", "state", "word", "accepting", "counts", "usage_rate", "place"):
        assert mine[figure] == own[figure], figure
    assert mine["usage"] == pytest.approx(own["usage"], abs=0.01)
    assert mine["usd"] == pytest.approx(own["usd"], abs=0.01)
    assert mine["max"]["timeout"] == own["max"]["timeout"] == 600
    assert mine["idle"]["timeout"] == own["idle"]["timeout"]
    assert mine.keys() == own.keys()
    for job in there["jobs"]:
        assert seen["jobs"][job]["state"] == there["jobs"][job]["state"] == "done"
        assert seen["jobs"][job]["usage"] == there["jobs"][job]["usage"]
        assert len(seen["jobs"][job]["t"]) == len(there["jobs"][job]["t"])
    assert list(seen["jobs"]) == list(there["jobs"])


def test_a_job_of_another_session_is_none_of_it(backend: Any) -> None:
    one, other = (RealWorkload(backend, Mode.BATCH, None) for _ in range(2))
    watch = Watch(one, backend.name, "", PREMIUM)
    job = SamplerV2(mode=other.session).run([transpile(bell(), backend)], shots=10)
    watch.add(job)
    assert watch.jobs == ()
    assert job.job_id() not in watch
    assert (one.close(), other.close()) == ("", "")


def test_it_waits_before_each_request_and_stops_when_told(backend: Any, requests: list[str]) -> None:
    workload = RealWorkload(backend, Mode.BATCH, None)
    requests.clear()
    watch = Watch(workload, backend.name, "", PREMIUM, every_s=3600.0)
    ended: list[bool] = []
    watch.subscribe(lambda changed: None, lambda: ended.append(True))
    watch.start()
    watch.stop()
    assert requests == []
    assert ended == [True]
    assert workload.close() == ""


def test_a_service_that_is_gone_is_given_up(backend: Any) -> None:
    with RuntimeService(plan="premium", seed=11) as gone:
        workload = RealWorkload(ibm.service(gone).backend("ibm_torino"), Mode.BATCH, None)
        watch = Watch(workload, "ibm_torino", "", PREMIUM)
        session = workload.session._service._active_api_client._session
    session.mount("http://", type(session.adapters["http://"])(max_retries=0))  # the client waits in between
    for _ in range(5):
        assert not watch.wait(0)
        watch.step()
    assert watch.failed
    assert watch.wait(0)
    assert trace_of(watch.facts()).workloads[0].state == "open"
    assert workload.close() != ""
