"""Every charged second has a name: the parts add up to the charge, whatever happens."""

from __future__ import annotations

from dataclasses import dataclass

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from qmode_jupyter.cost.model import MEASURE, OVERHEAD, REP_DELAY, SHOTS, cost
from qmode_jupyter.cost.processors import PROCESSORS, Processor
from qmode_jupyter.cost.work import NOTHING_MITIGATED, Mitigation, Run, Work
from qmode_jupyter.scheduler.breakdown import (
    BETWEEN,
    ON_QPU,
    PREPARING,
    ROUNDING,
    TAIL,
    added,
    job_parts,
    workload_parts,
)
from qmode_jupyter.scheduler.event_queue import Fault
from qmode_jupyter.scheduler.events import grained
from qmode_jupyter.scheduler.plans import LEGACY_2023, PLANS, PREMIUM, Plan, with_limits
from qmode_jupyter.scheduler.records import JobState, Mode
from qmode_jupyter.scheduler.scheduler import Refused, charge_s
from tests.scheduler.emulation import Emulation, check_parts

#: A job that holds the QPU for 9.2 s, charged as 10: 2 s of overhead, and what it executes.
PARTS = ((OVERHEAD, 2.0), (REP_DELAY, 6.0), (SHOTS, 1.2))


def submit(e: Emulation, name: str, within: str | None = None, **more) -> str:
    return e.job(name, 10.0, parts=PARTS, overhead_s=2.0, within=within, prep_s=3.0, **more)


def parts(e: Emulation, name: str) -> dict[str, float]:
    check_parts(e)
    if name in e.scheduler.jobs:
        return dict(job_parts(e.of(name)))
    jobs = [e.of(job) for job in e.scheduler.jobs]
    return dict(workload_parts(e[name], jobs, e.scheduler.now))


def close_to(named: dict[str, float]) -> object:
    return pytest.approx(named, abs=1e-6)


# ---- a job


def test_a_job_is_charged_for_its_parts_and_the_rounding() -> None:
    e = Emulation()
    submit(e, "a")
    e.at(13)
    assert e.of("a").charged_s == 10
    assert parts(e, "a") == close_to(dict(PARTS) | {ROUNDING: 0.8})


def test_overhead_comes_first_and_rounding_last() -> None:
    mixed = [[(SHOTS, 1.0), (ROUNDING, 0.5)], [(OVERHEAD, 2.0), (SHOTS, 2.0), (ROUNDING, 0.25)]]
    assert added(mixed) == ((OVERHEAD, 2.0), (SHOTS, 3.0), (ROUNDING, 0.75))
    idle = [[(TAIL, 1.0), (BETWEEN, 1.0), (PREPARING, 1.0), *mixed[0]]]
    assert [name for name, _ in added(idle)] == [SHOTS, ROUNDING, PREPARING, BETWEEN, TAIL]


def test_the_parts_words() -> None:
    assert [ON_QPU, ROUNDING, PREPARING, BETWEEN, TAIL] == [
        "on the QPU",
        "rounding up",
        "preparation",
        "idle in the session",
        "idle after the last job",
    ]


def test_what_takes_no_time_is_no_part() -> None:
    assert added([[(OVERHEAD, 2.0), (MEASURE, 0.0), (ROUNDING, 1e-12)]]) == ((OVERHEAD, 2.0),)


def test_a_job_of_which_no_more_is_known_was_on_the_qpu() -> None:
    e = Emulation()
    e.job("a", 7, overhead_s=2.0)
    e.at(7)
    assert parts(e, "a") == {ON_QPU: 7}


@pytest.mark.parametrize("until", [0.0, 2.0, 8.0])
def test_a_job_that_has_not_ended_was_charged_nothing_yet(until: float) -> None:
    e = Emulation()
    submit(e, "a")
    assert parts(e.at(until), "a") == {}


@pytest.mark.parametrize("fault", [Fault("bad circuit", 1517), Fault("a fault", system_fault=True)])
def test_a_job_that_fails_in_its_preparation_costs_nothing(fault: Fault) -> None:  # SEMANTICS U5
    e = Emulation()
    submit(e, "a", fault=fault)
    e.at(3)
    assert (e.of("a").state, parts(e, "a")) == (JobState.FAILED, {})


@pytest.mark.parametrize("name", ["first", "second"])
def test_a_job_cancelled_in_the_queue_or_in_preparation_costs_nothing(name: str) -> None:  # SEMANTICS U5
    e = Emulation(with_limits(PREMIUM, lanes=1))
    submit(e, "first")
    submit(e, "second")
    e.at(2)
    assert e.states("first", "second") == [JobState.PREPARING, JobState.QUEUED]
    e.cancel(name)
    assert parts(e.at(100), name) == {}


def test_a_cancelled_job_has_its_overhead_and_a_share_of_the_rest() -> None:  # SEMANTICS U4
    e = Emulation()
    submit(e, "a")
    e.at(3 + 5.6).cancel("a")
    # 2 s of overhead; of the other 7.2 s a half had passed.
    assert parts(e, "a") == close_to({OVERHEAD: 2, REP_DELAY: 3, SHOTS: 0.6, ROUNDING: 0.4})


def test_a_job_cancelled_within_its_overhead_pays_all_of_it() -> None:  # SEMANTICS A9
    e = Emulation()
    submit(e, "a")
    e.at(3 + 0.5).cancel("a")
    assert parts(e, "a") == {OVERHEAD: 2}


def test_a_job_cancelled_when_all_was_executed_is_charged_for_all() -> None:  # SEMANTICS U8
    e = Emulation()
    submit(e, "a")
    e.at(3 + 9.5).cancel("a")
    assert parts(e, "a") == close_to(dict(PARTS) | {ROUNDING: 0.8})


def test_a_job_that_is_stopped_is_charged_until_then() -> None:  # SEMANTICS J20, J3
    e = Emulation()
    submit(e, "a", max_execution_s=7.4)
    e.at(30)
    assert (e.of("a").status, e.of("a").reason_code) == ("ERROR", 1305)
    # 5.4 of the 7.2 s behind the overhead: three quarters.
    assert parts(e, "a") == close_to({OVERHEAD: 2, REP_DELAY: 4.5, SHOTS: 0.9, ROUNDING: 0.6})


@pytest.mark.parametrize(
    ("system_fault", "charged"),
    [(True, {}), (False, {OVERHEAD: 2, REP_DELAY: 1.5, SHOTS: 0.3, ROUNDING: 0.2})],
)
def test_a_job_that_fails_on_the_qpu(system_fault: bool, charged: dict[str, float]) -> None:  # SEMANTICS U4
    e = Emulation()
    submit(e, "a")
    e.at(3 + 3.8).fail("a", system_fault=system_fault)  # a quarter of what is behind the overhead
    assert parts(e, "a") == close_to(charged)


# ---- a batch


def test_a_batch_is_the_sum_of_its_jobs() -> None:  # SEMANTICS U2
    e = Emulation()
    e.batch()
    submit(e, "a", "b")
    submit(e, "c", "b")
    e.at(40)
    assert parts(e, "b") == close_to({name: 2 * s for name, s in (*PARTS, (ROUNDING, 0.8))})


def test_a_job_that_outlives_its_batch_is_charged_by_itself() -> None:  # SEMANTICS L3
    e = Emulation(with_limits(LEGACY_2023, lanes=1))
    e.batch(max_time_s=5)
    submit(e, "a", "b")
    submit(e, "c", "b")
    e.at(40)
    assert e.states("a", "c") == [JobState.DONE, JobState.DONE]
    assert e["b"].usage_s == 10
    one = close_to(dict(PARTS) | {ROUNDING: 0.8})
    assert (parts(e, "b"), parts(e, "c")) == (one, one)


# ---- a session


def test_a_session_is_charged_for_the_time_between_its_jobs() -> None:  # SEMANTICS U3
    e = Emulation()
    e.session()
    submit(e, "a", "s")
    e.at(20)
    submit(e, "b", "s")
    e.at(40).close("s")
    # Twice: 3 s of preparation and 10 s on the QPU. 7 s of thinking between them, and 7 s before the close.
    twice = {name: 2 * seconds for name, seconds in (*PARTS, (ROUNDING, 0.8))}
    assert e["s"].usage_s == 40
    assert parts(e, "s") == close_to(twice | {PREPARING: 6, BETWEEN: 7, TAIL: 7})
    assert [*parts(e, "s")] == [OVERHEAD, REP_DELAY, SHOTS, ROUNDING, PREPARING, BETWEEN, TAIL]


def test_preparation_is_charged_for_where_the_qpu_does_nothing_meanwhile() -> None:  # SEMANTICS U3, A11
    e = Emulation()
    e.session()
    submit(e, "a", "s")
    submit(e, "b", "s")
    e.at(8)
    submit(e, "c", "s")  # it is prepared while a is on the QPU
    e.at(33).close("s")
    assert parts(e, "s")[PREPARING] == 3


def test_a_preparation_that_is_given_up_is_charged_until_then() -> None:  # SEMANTICS U3
    e = Emulation()
    e.session()
    submit(e, "a", "s")
    e.at(2).cancel("a")
    e.at(20).close("s")
    assert parts(e, "s") == {PREPARING: 2, TAIL: 18}


def test_a_session_that_came_back_for_nothing_waits_from_then_on() -> None:  # SEMANTICS S10
    e = Emulation()
    e.session()
    submit(e, "a", "s")
    e.at(500)
    submit(e, "b", "s")
    e.cancel("b")
    e.at(505).close("s")
    idle = {PREPARING: 3, BETWEEN: 60, TAIL: 5}
    assert parts(e, "s") == close_to(dict(PARTS) | {ROUNDING: 0.8} | idle)


def test_a_session_is_charged_while_a_job_is_on_the_qpu() -> None:
    e = Emulation()
    e.session()
    submit(e, "a", "s")
    assert parts(e.at(2), "s") == {PREPARING: 2}
    assert parts(e.at(3 + 5.6), "s") == close_to({PREPARING: 3, OVERHEAD: 2, REP_DELAY: 3, SHOTS: 0.6})


def test_what_is_charged_before_a_session_becomes_inactive_and_after_it_came_back() -> None:  # SEMANTICS S10
    e = Emulation()
    e.session()
    submit(e, "a", "s")
    whole = dict(PARTS) | {ROUNDING: 0.8}
    assert parts(e.at(500), "s") == close_to(whole | {PREPARING: 3, TAIL: 60})
    submit(e, "b", "s")
    e.at(520).close("s")
    # The 60 s of the first stretch are between jobs now, and 7 s came before the close.
    twice = {name: 2 * seconds for name, seconds in whole.items()}
    assert parts(e, "s") == close_to(twice | {PREPARING: 6, BETWEEN: 60, TAIL: 7})


@pytest.mark.parametrize("closes", [True, False])
def test_jobs_in_lanes_are_charged_past_the_end_of_their_session(closes: bool) -> None:  # SEMANTICS A22, A24
    e = Emulation()
    e.session(max_time_s=None if closes else 5)
    submit(e, "a", "s")
    submit(e, "b", "s")
    e.at(5)
    if closes:
        e.close("s")
    twice = {name: 2 * seconds for name, seconds in (*PARTS, (ROUNDING, 0.8))}
    assert parts(e.at(100), "s") == close_to(twice | {PREPARING: 3})


def test_what_a_job_of_a_session_would_be_charged_by_itself_is_not_what_the_session_is() -> None:
    e = Emulation()
    e.session()
    submit(e, "a", "s")
    e.at(3 + 0.5).cancel("a")
    e.close("s")
    assert parts(e, "a") == {OVERHEAD: 2}
    assert parts(e, "s") == {PREPARING: 3, OVERHEAD: 0.5}


# ---- whatever happens

RUNS = st.builds(
    Run,
    circuits=st.integers(1, 20),
    shots=st.integers(1, 5_000),
    gates_s=st.floats(0, 1e-4),
    readout_s=st.floats(0, 5e-6),
)
MITIGATIONS = [
    NOTHING_MITIGATED,
    Mitigation(twirled=True),
    Mitigation(twirled=True, measure=True),
    Mitigation(twirled=True, measure=True, zne_factors=(1, 3, 5)),
    Mitigation(zne_factors=(1, 1.5), folded=False, layers=2),
    Mitigation(twirled=True, pec_limit=100.0, layers=3),
]
WORKS = st.builds(
    Work,
    primitive=st.sampled_from(["sampler", "estimator"]),
    pubs=st.integers(1, 20),
    instructions=st.integers(0, 5_000),
    runs=st.lists(RUNS, min_size=1, max_size=3).map(tuple),
    mitigation=st.sampled_from(MITIGATIONS),
    rep_delay_s=st.none() | st.floats(0, 1e-3),
    init_qubits=st.booleans(),
)
FATES = ["ends", "bad input", "system fault", "fails", "system fails", "is cancelled", "is stopped"]
ENDINGS = ["is left open", "is closed", "is cancelled", "expires"]


@dataclass(frozen=True)
class Asked:
    """A job, and what becomes of it `after_s` after its submission."""

    work: Work
    gap_s: float
    fate: str
    after_s: float


SECONDS = st.floats(0, 60).map(grained)
ASKED = st.builds(Asked, work=WORKS, gap_s=SECONDS, fate=st.sampled_from(FATES), after_s=SECONDS)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
@settings(max_examples=40)
@given(
    asked=st.lists(ASKED, min_size=1, max_size=6),
    ending=st.sampled_from(ENDINGS),
    after_s=SECONDS,
    on=st.sampled_from([*PROCESSORS.values()]),
    step_s=st.sampled_from([1.0, 1.0, 0.0, 0.1, 60.0]),
)
def test_the_parts_add_up(
    mode: Mode, plan: Plan, asked: list[Asked], ending: str, after_s: float, on: Processor, step_s: float
) -> None:
    e = Emulation(with_limits(plan, charge_step_s=step_s))
    e.online(on.lanes, on.preparations, on.name)
    within = None
    if mode is not Mode.JOB:
        try:
            opened = e.session if mode is Mode.SESSION else e.batch
            within = opened(max_time_s=after_s + 1 if ending == "expires" else None)
        except Refused:
            return
    at = 0.0
    agenda = []
    for number, job in enumerate(asked):
        at += job.gap_s
        agenda.append((at, number, "is submitted"))
        agenda.append((at + job.after_s, number, job.fate))
    agenda.append((after_s, -1, ending))
    for at, number, what in sorted(agenda):
        e.at(at)
        check_parts(e)
        if number < 0:
            end(e, within, what)
        elif what == "is submitted":
            begin(e, f"j{number}", asked[number], on, within)
        else:
            meet(e, f"j{number}", what)
        check_parts(e)
    check_parts(e.at(e.now + 100_000))
    for number, job in enumerate(asked):
        if f"j{number}" in e.scheduler.jobs and e.of(f"j{number}").state is JobState.DONE:
            needed = cost(job.work, on)
            record = e.of(f"j{number}")
            named = dict(job_parts(record))
            named.pop(ROUNDING, None)
            assert sum(named.values()) == pytest.approx(needed.on_qpu_s, abs=1e-6)
            assert record.charged_s == pytest.approx(charge_s(needed.on_qpu_s, 0.0, step_s), abs=1e-6)


def begin(e: Emulation, name: str, job: Asked, on: Processor, within: str | None) -> None:
    needed = cost(job.work, on)
    qpu_s = charge_s(needed.on_qpu_s, needed.overhead_s, e.scheduler.plan.charge_step_s)
    faults = {"bad input": Fault("bad", 1517), "system fault": Fault("fault", system_fault=True)}
    try:
        e.job(
            name,
            qpu_s,
            within=within,
            prep_s=needed.preparation_s,
            overhead_s=min(needed.overhead_s, 1.8 + on.more_overhead_s),
            parts=needed.parts,
            work=job.work,
            max_execution_s=1 + job.after_s if job.fate == "is stopped" else None,
            fault=faults.get(job.fate),
        )
    except Refused:
        return


def meet(e: Emulation, job: str, fate: str) -> None:
    if job not in e.scheduler.jobs or e.of(job).settled:
        return
    if fate == "is cancelled":
        e.cancel(job)
    elif fate in ("fails", "system fails") and e.of(job).state is not JobState.QUEUED:
        e.fail(job, system_fault=fate == "system fails")


def end(e: Emulation, workload: str | None, ending: str) -> None:
    if workload is None or e[workload].state == "closed":
        return
    if ending == "is closed":
        e.close(workload)
    elif ending == "is cancelled":
        e.cancel(workload)
