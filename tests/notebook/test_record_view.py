"""The view model of one session or batch, made of its records, is that of the runtime that had it."""

from __future__ import annotations

import pytest

from qmode_jupyter import Batch, RuntimeService, SamplerV2, Session
from qmode_jupyter.notebook.record_view import message_of
from qmode_jupyter.notebook.view_model import snapshot
from tests.emulated import bell


@pytest.mark.parametrize("kind", [Session, Batch])
def test_it_is_the_runtimes_own(emulated: RuntimeService, kind: type[Session]) -> None:
    with kind(emulated.backend("aer_simulator"), name="seen") as opened:
        sampler = SamplerV2()
        sampler.run([bell()], shots=10).result()
        sampler.run([bell()], shots=10).cancel()
    emulated.runtime.workloads.wait(str(opened.session_id))
    trace, own = emulated.trace(str(opened.session_id)), snapshot(emulated.runtime, only=opened.session_id)
    mine = message_of(trace, "here")
    assert list(mine["jobs"]) == list(own["jobs"])
    for job, row in own["jobs"].items():
        assert mine["jobs"][job] == row | {"t": [pytest.approx(t, abs=0.001) for t in row["t"]]}
    (workload,), (shown,) = own["workloads"].values(), mine["workloads"].values()
    for name, value in workload.items():
        close = pytest.approx(value, abs=0.011) if isinstance(value, float) else value
        assert shown[name] == close, name  # type: ignore[literal-required]
    assert mine["plan"] == own["plan"]
    assert mine["clock"]["real"] is True
    assert mine["whole"]


def test_a_delta_has_what_changed_and_the_workload(emulated: RuntimeService) -> None:
    with Batch(emulated.backend("aer_simulator")) as opened:
        jobs = [SamplerV2().run([bell()], shots=10) for _ in range(3)]
        trace = emulated.trace(str(opened.session_id))
        delta = message_of(trace, "here", frozenset({jobs[1].job_id()}))
        assert list(delta["jobs"]) == [jobs[1].job_id()]
        assert list(delta["workloads"]) == [opened.session_id]
        assert not delta["whole"]
        nothing = message_of(trace, "here", frozenset())
        assert (nothing["jobs"], nothing["workloads"]) == ({}, {})
        assert nothing["clock"]["rate"] == 1
