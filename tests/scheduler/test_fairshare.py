"""Least used share first, first come inside; and the place in line that follows from it."""

from __future__ import annotations

import random

import pytest

from qmode_jupyter.scheduler.event_queue import EventQueue
from qmode_jupyter.scheduler.events import YOU, JobSubmitted, Settle, TenantArrived, grained
from qmode_jupyter.scheduler.plans import PREMIUM, with_limits
from qmode_jupyter.scheduler.scheduler import Scheduler
from tests.scheduler.emulation import QPU, Emulation

ALLOCATIONS = {"one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0}


@pytest.mark.parametrize("seed", [1, 2])
def test_under_full_load_everybody_gets_their_allocation(seed: int) -> None:
    """10,000 jobs; each tenant always has three more in line (SEMANTICS Q1, A8)."""
    dice = random.Random(seed)
    scheduler = Scheduler()
    queue = EventQueue(scheduler)
    submitted = 0

    def submit(tenant: str) -> None:
        nonlocal submitted
        submitted += 1
        name = f"{tenant}/{submitted}"
        queue.expect(name, dice.uniform(0.5, 2.0))
        queue.found(name, dice.lognormvariate(1.5, 0.8))
        queue.happen(JobSubmitted(scheduler.now, name, QPU, tenant=tenant, overhead_s=2.0))

    for tenant, allocation_s in ALLOCATIONS.items():
        queue.happen(TenantArrived(0.0, tenant, allocation_s))
    for tenant in ALLOCATIONS:
        for _ in range(8):
            submit(tenant)
    ended = 0
    while ended < 10_000:
        for instruction in queue.step():
            if isinstance(instruction, Settle):
                ended += 1
                submit(instruction.job.partition("/")[0])
    held = dict.fromkeys(ALLOCATIONS, 0.0)
    for charge in scheduler.charges:
        held[charge.tenant] += charge.seconds
    total = sum(held.values())
    for tenant, allocation_s in ALLOCATIONS.items():
        assert held[tenant] / total == pytest.approx(allocation_s / sum(ALLOCATIONS.values()), rel=0.02)


def test_what_was_used_before_weighs_and_is_no_usage() -> None:
    e = Emulation()
    e.tenant(YOU, 100, used_s=50)
    e.tenant("ann", 100, used_s=10)
    for n in range(5):
        e.job(f"fills a lane {n}", 10)
    e.job("mine", 1)
    e.job("ann's", 1, tenant="ann")
    assert [e.scheduler.place(j) for j in ("ann's", "mine")] == [1, 2]
    assert e.scheduler.used_s() == 0
    e.at(200)
    assert e.of("ann's").preparing_at < e.of("mine").preparing_at


def test_the_place_in_line_counts_everybody_who_goes_first() -> None:
    e = Emulation()
    e.tenant(YOU, 1, used_s=2)
    e.tenant("ann", 1, used_s=1)
    e.job("theirs", 30, tenant="ann")
    e.at(1).session("s")
    e.job("first", 5, within="s")
    e.job("second", 5, within="s")
    assert [e.scheduler.place(j) for j in ("s", "first", "second", "theirs")] == [1, 1, 2, None]
    # The session waits until the lanes have drained, so a job that comes now can still overtake it.
    e.at(2).job("overtakes", 5, tenant="ann")
    assert e.scheduler.place("overtakes") is None
    e.at(40)
    assert [e.of(j).on_qpu_at for j in ("overtakes", "first", "second")] == [30, 35, 40]


def test_the_place_in_line_behind_an_active_session_and_inside_a_batch() -> None:
    e = Emulation()
    e.session("theirs", tenant="ann")
    for n in range(7):
        e.job(f"t{n}", 10, within="theirs", tenant="ann")
    e.batch("b")
    for n in range(3):
        e.job(f"m{n}", 10, within="b")
    assert [e.scheduler.place(f"t{n}") for n in range(4, 7)] == [None, 1, 2]
    assert [e.scheduler.place(f"m{n}") for n in range(3)] == [3, 4, 5]
    e.at(10)
    assert [e.scheduler.place(f"m{n}") for n in range(3)] == [2, 3, 4]


def test_the_places_of_all_in_one_pass_are_those_of_each() -> None:
    dice = random.Random(3)
    e = Emulation()
    e.tenant(YOU, 300, used_s=20)
    e.tenant("ann", 300, used_s=20)
    e.tenant("bob", 300, used_s=10)
    tenants = (YOU, "ann", "bob")
    told = 0
    for n in range(60):
        match dice.randrange(8):
            case 0:
                e.batch(f"b{n}")
            case 1:
                e.session(f"s{n}", tenant=dice.choice(tenants))
            case 2:
                e.at(e.scheduler.now + dice.randrange(1, 40))
            case _:
                tenant = dice.choice(tenants)
                open_ = [
                    w.id for w in e.scheduler.workloads.values() if w.tenant == tenant and w.accepting_jobs
                ]
                within = dice.choice([None, None, *open_])
                e.job(f"j{n}", dice.randrange(1, 30), within=within, tenant=tenant)
        for tenant in tenants:
            each = {
                x: place
                for table in (e.scheduler.workloads, e.scheduler.jobs)
                for x, known in table.items()
                if known.tenant == tenant and (place := e.scheduler.place(x)) is not None
            }
            assert e.scheduler.places(QPU, tenant) == each
            told += len(each)
    assert told > 500


def test_ties_go_to_whoever_came_first() -> None:
    e = Emulation()
    for n in range(5):
        e.job(f"fills a lane {n}", 1)
    e.tenant("ann", 1.0)
    e.tenant("bob", 1.0)
    e.job("b", 1, tenant="bob")
    e.job("a", 1, tenant="ann")
    assert [e.scheduler.place(j) for j in ("b", "a")] == [1, 2]


def test_times_stay_on_the_grain() -> None:
    e = Emulation()
    e.job("a", 1 / 3, prep_s=0.1)
    e.at(5)
    assert e.of("a").ended_at == grained(0.1) + grained(1 / 3)


def test_the_place_in_line_in_the_second_of_two_active_batches() -> None:
    e = Emulation(with_limits(PREMIUM, lanes=2))
    for batch in "bc":
        e.batch(batch)
        e.job(f"{batch}0", 10, within=batch)
    for batch in "bc":
        for n in (1, 2):
            e.job(f"{batch}{n}", 10, within=batch)
    assert [e.scheduler.place(job) for job in ("b1", "b2", "c1", "c2")] == [1, 2, 3, 4]
    e.job("alone", 10)
    places = e.scheduler.places(QPU)
    assert places == {"b": 1, "b1": 1, "b2": 2, "c": 3, "c1": 3, "c2": 4, "alone": 5}


def test_a_qpu_that_nobody_has_asked_for_has_no_line() -> None:
    assert Emulation().scheduler.places("a QPU of no job") == {}


def test_the_places_among_equals_and_in_an_active_session() -> None:
    e = Emulation(with_limits(PREMIUM, lanes=1))
    e.session("s")
    for job in ("running", "s1", "s2"):
        e.job(job, 10, within="s")
    for job, tenant in (("first", "ann"), ("mine", YOU), ("last", "ann")):
        e.job(job, 1, tenant=tenant)
    assert e.scheduler.places(QPU) == {"s": 1, "s1": 1, "s2": 2, "mine": 4}
    assert e.scheduler.places(QPU, "ann") == {"first": 3, "last": 5}
    assert [e.scheduler.place(job) for job in ("s1", "s2", "first", "mine", "last")] == [1, 2, 3, 4, 5]


def test_a_session_stays_in_line_while_one_of_its_jobs_is_left() -> None:
    e = Emulation(with_limits(PREMIUM, lanes=1))
    e.job("theirs", 10, tenant="ann")
    e.session("s")
    for job in ("given up", "left"):
        e.job(job, 5, within="s")
    e.at(5).cancel("given up")
    assert e.scheduler.place("left") == 1
    assert e.at(30).of("left").on_qpu_at == 10
