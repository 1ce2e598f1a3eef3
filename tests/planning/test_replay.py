"""A run that is recording again with nothing changed goes as it went, to the last bit."""

from __future__ import annotations

import contextlib

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from qmode_jupyter.planning.recording import Recording
from qmode_jupyter.planning.replay import Scenario, replay
from qmode_jupyter.runtime.tenants import Tenants
from qmode_jupyter.scheduler.event_queue import Fault
from qmode_jupyter.scheduler.events import YOU, grained
from qmode_jupyter.scheduler.plans import LEGACY_2023, PREMIUM, with_limits
from qmode_jupyter.scheduler.records import Mode
from qmode_jupyter.scheduler.scheduler import NOT_HAPPENED, Refused
from qmode_jupyter.scheduler.trace import Trace
from tests.scheduler.emulation import QPU, Emulation

PLANS = [
    PREMIUM,
    with_limits(PREMIUM, lanes=1),
    with_limits(PREMIUM, cost_limit_s=60),
    with_limits(LEGACY_2023, pending_cap=None),
    with_limits("open", allowance_s=30, window_s=400),
]
GAPS = st.sampled_from([0.0, 0.0, 1.0, 5.0, 70.0]) | st.floats(0, 90).map(grained)
NEEDS = st.sampled_from([0.0, 1.0, 2.0, 3.0]) | st.floats(0, 20).map(grained)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["submit", "submit", "submit", "await", "theirs", "calibrate", "cancel", "elsewhere", "end"]
        ),
        GAPS,
        NEEDS,
        NEEDS,
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=25,
)


class Person:
    """Two threads of one person, who work at random."""

    def __init__(self, e: Emulation, within: str | None) -> None:
        self.e, self.within = e, within
        self.jobs: list[str] = []
        self.awaited: dict[int, list[str]] = {0: [], 1: []}

    def does(self, what: str, prep_s: float, qpu_s: float, which: int) -> None:
        name, e = f"{what} {len(self.e.scheduler.jobs)}", self.e
        if what == "submit":
            thread = which % 2
            e.job(
                name,
                qpu_s,
                within=self.within,
                prep_s=prep_s,
                fault=Fault("bad", 1517, system_fault=True) if which == 3 else None,
                overhead_s=2.0,
                max_execution_s=8.0,
                submitter=thread,
                awaited=tuple(self.awaited[thread]),
            )
            self.awaited[thread] = []
            self.jobs.append(name)
        elif what == "await" and self.jobs:
            self.awaited[which % 2].append(e.result(self.jobs[which % len(self.jobs)]))
        elif what == "cancel" and self.jobs:
            e.cancel(self.jobs[which % len(self.jobs)])
        elif what in ("theirs", "elsewhere"):
            e.job(name, qpu_s, prep_s=prep_s, tenant="ann" if what == "theirs" else YOU)
        elif what == "calibrate":
            e.calibrate(1.0 + qpu_s)
        elif what == "end" and self.within and which > 1:
            (e.close if which == 2 else e.cancel)(self.within)


def run(plan, mode, steps, max_time_s, crowd, ending) -> Trace | None:
    """A finished run, or None where there is none to speak of."""
    e = Emulation(plan)
    if crowd:
        e.queue.feed(Tenants(0.6, seed=crowd).arrivals(QPU))
    e.tenant("ann", 1.0, used_s=0.5)
    e.at(10)
    person = Person(e, None if mode is Mode.JOB else "w")
    try:
        if person.within:
            (e.session if mode is Mode.SESSION else e.batch)("w", max_time_s)
    except Refused:
        return None
    for what, gap, prep_s, qpu_s, which in steps:
        e.at(e.now + gap)
        with contextlib.suppress(*NOT_HAPPENED, LookupError):  # LookupError: waits for what never runs
            person.does(what, prep_s, qpu_s, which)
    if person.within and ending:
        with contextlib.suppress(*NOT_HAPPENED):
            e.close("w")
    e.at(e.now + 40_000)
    trace = e.trace(*(["w"] if person.within else person.jobs))
    ended = all(j.settled for j in trace.jobs) and all(w.state == "closed" for w in trace.workloads)
    return trace if ended and person.jobs else None


@settings(max_examples=80)
@given(
    plan=st.sampled_from(PLANS),
    mode=st.sampled_from(Mode),
    steps=STEPS,
    max_time_s=st.none() | st.integers(1, 300),
    crowd=st.sampled_from([0, 0, 0, 1, 2]),
    ending=st.booleans(),
)
def test_nothing_changed_gives_the_same(plan, mode, steps, max_time_s, crowd, ending) -> None:
    trace = run(plan, mode, steps, max_time_s, crowd, ending)
    if trace is None:
        return
    recording = Recording.of(trace)
    again = replay(recording, Scenario(mode, plan))
    assert again.jobs == trace.jobs
    if mode is not Mode.JOB:
        assert again.workload.usage_s == recording.record.usage_s
        assert again.workload.stretches == recording.record.stretches
        assert again.workload.history == recording.record.history


def cobyla(e: Emulation, iterations: int = 60) -> Trace:
    """The loop of the tutorials: submit, wait for the result, think for a moment."""
    e.session("vqe")
    last: tuple[str, ...] = ()
    for n in range(iterations):
        e.job(
            f"j{n}", 2 + n % 3, within="vqe", prep_s=1.25, overhead_s=2.0, program="estimator", awaited=last
        )
        last = (e.result(f"j{n}"),)
        e.at(e.now + grained(0.1 + 0.013 * n))
    e.close("vqe")
    return e.trace("vqe")


def test_a_cobyla_loop_in_a_session() -> None:
    trace = cobyla(Emulation())
    again = replay(Recording.of(trace), Scenario(Mode.SESSION, trace.plan))
    assert (again.jobs, again.workload) == (trace.jobs, trace.workloads[0])


@pytest.mark.parametrize("load", [0.3, 0.8])
def test_a_cobyla_loop_in_a_busy_queue(load: float) -> None:
    e = Emulation()
    e.queue.feed(Tenants(load, seed=7).arrivals(QPU))
    e.at(100)
    trace = cobyla(e, 20)
    again = replay(Recording.of(trace), Scenario(Mode.SESSION, trace.plan))
    assert (again.jobs, again.workload) == (trace.jobs, trace.workloads[0])
    # Others only: the same queue, drawn anew from its seed, is another one for who came later.
    crowded = replay(Recording.of(trace), Scenario(Mode.SESSION, trace.plan, load=load, seed=7))
    assert [j.qpu_s for j in crowded.jobs] == [j.qpu_s for j in trace.jobs]
