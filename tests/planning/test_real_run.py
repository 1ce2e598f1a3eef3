"""The record of a real run, with Aer and two threads, in an emulated queue: compared and advised on."""

from __future__ import annotations

import threading
from itertools import accumulate

import pytest

from qmode_jupyter import Batch, RuntimeService, SamplerV2, Session
from qmode_jupyter.planning import advise, compare
from qmode_jupyter.planning.recording import Recording
from qmode_jupyter.planning.replay import Scenario, replay
from qmode_jupyter.scheduler.records import Mode
from qmode_jupyter.scheduler.trace import Trace
from tests.emulated import bell, service


@pytest.fixture(scope="module")
def busy():
    with service(load=0.6) as one:
        yield one


@pytest.fixture(scope="module")
def session(busy: RuntimeService) -> Trace:
    """A loop on this thread and one on another, in one session."""
    with Session(busy.backend("aer_simulator"), service=busy, name="both") as held:
        sampler = SamplerV2(held)

        def loop() -> None:
            for _ in range(3):
                sampler.run([bell()], shots=1_000).result()
                busy.clock.advance(0.75)

        other = threading.Thread(target=loop)
        other.start()
        other.join()
        loop()
    busy.runtime.workloads.wait(held.session_id)
    return busy.trace(held.session_id)


def test_replayed_it_goes_as_it_went(session: Trace) -> None:
    recording = Recording.of(session)
    assert [act.event.submitter for act in recording.acts[:-1]] == [0, 0, 0, 1, 1, 1]
    again = replay(recording, Scenario(Mode.SESSION, session.plan))
    assert (again.jobs, again.workload) == (session.jobs, session.workloads[0])


def test_it_is_compared_and_advised_on(session: Trace) -> None:
    rows = compare(session).rows
    assert [row.as_it_ran for row in rows] == [False, False, True]
    assert rows[2].usage_s == session.workloads[0].usage_s
    assert rows[0].usage_s == rows[1].usage_s == sum(j.charged_s for j in session.jobs)
    assert all(finding.rule for finding in advise(session).findings)


def test_jobs_of_a_batch_that_were_awaited_at_the_end(busy: RuntimeService) -> None:
    with Batch(busy.backend("aer_simulator"), service=busy) as batch:
        jobs = [SamplerV2().run([bell()]) for _ in range(6)]
    for job in jobs:
        job.result()
    busy.runtime.workloads.wait(batch.session_id)
    trace = busy.trace(batch.session_id)
    again = replay(Recording.of(trace), Scenario(Mode.BATCH, trace.plan))
    assert again.jobs == trace.jobs
    assert [f.kind for f in advise(trace).findings] == ["merge jobs"]


def test_on_a_qpu_with_lanes_of_its_own_it_goes_again_as_it_went() -> None:  # SEMANTICS A28
    with service(load=0.6, processor="phoenix") as one:
        with Batch(one.backend("aer_simulator"), service=one) as batch:
            jobs = [SamplerV2().run([bell()] * (1 + n % 3)) for n in range(16)]
        for job in jobs:
            job.result()
        one.runtime.workloads.wait(batch.session_id)
        trace = one.trace(batch.session_id)
    recording = Recording.of(trace)
    again = replay(recording, Scenario(Mode.BATCH, trace.plan))
    assert (again.jobs, again.workload) == (trace.jobs, trace.workloads[0])
    assert recording.preparations == 2
    prepared = [(j.preparation_at, j.waiting_at) for j in (*trace.jobs, *trace.others) if j.waiting_at]
    edges = sorted(edge for begin, end in prepared for edge in ((begin, 1), (end, -1)))
    assert max(accumulate(step for _, step in edges)) == 2
    (row,) = compare(trace, modes="batch", processors="phoenix").rows
    assert row.usage_s == trace.workloads[0].usage_s == 16 * 3
    (there,) = compare(trace, modes="batch", processors="fez").rows
    # 4,096 executions at 250 µs for each PUB: 1.8 + 1.05, 2.1 or 3.15 s and a few ms.
    assert there.usage_s == 6 * 3 + 5 * 4 + 5 * 5
