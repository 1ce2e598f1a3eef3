"""The other users: seeded, steady from the first moment, and no busier than they were asked to be."""

from __future__ import annotations

import random
from itertools import islice, takewhile
from statistics import mean

import pytest

from qmode_jupyter.runtime.tenants import MOST_LOAD, Tenants, mean_job_s
from qmode_jupyter.scheduler.event_queue import Arrival, EventQueue
from qmode_jupyter.scheduler.events import YOU, CalibrationDue, JobSubmitted, WorkloadOpened
from qmode_jupyter.scheduler.records import SETTLED, Mode
from qmode_jupyter.scheduler.scheduler import Scheduler

QPU = "generic_19q"
DAY_S = 86_400.0


def first(tenants: Tenants, number: int = 400, qpu: str = QPU, start: float = 0.0) -> list[Arrival]:
    return list(islice(tenants.arrivals(qpu, start), number))


def played(tenants: Tenants, until: float, start: float = 0.0) -> Scheduler:
    scheduler = Scheduler()
    queue = EventQueue(scheduler)
    queue.feed(tenants.arrivals(QPU, start))
    queue.run_until(until)
    scheduler.check_invariants()
    return scheduler


def test_the_same_seed_gives_the_same_history() -> None:
    assert first(Tenants(0.7, seed=3)) == first(Tenants(0.7, seed=3))
    assert first(Tenants(0.7, seed=3)) != first(Tenants(0.7, seed=4))
    assert first(Tenants(0.7, seed=3)) != first(Tenants(0.7, seed=3), qpu="another")


def test_a_later_start_is_the_same_history_later() -> None:
    now, later = first(Tenants(0.7, seed=3)), first(Tenants(0.7, seed=3), start=1_000.0)
    assert [a.event.at + 1_000.0 for a in now] == [a.event.at for a in later]


def test_nobody_is_there_at_a_load_of_zero() -> None:
    assert first(Tenants(0)) == []


@pytest.mark.parametrize("load", [0.3, 0.8])
def test_their_jobs_hold_the_qpu_for_the_load(load: float) -> None:
    scheduler = played(Tenants(load, seed=5), 3 * DAY_S)
    held = sum(charge.end - charge.start for charge in scheduler.charges)
    assert held / (3 * DAY_S) == pytest.approx(load, rel=0.06)


def test_the_mean_job_is_that_of_the_distribution() -> None:
    sizes = [a.outcome for a in first(Tenants(0.7, seed=1), 20_000) if isinstance(a.event, JobSubmitted)]
    assert mean(sizes) == pytest.approx(mean_job_s(), rel=0.03)
    assert 0 < min(sizes) < max(sizes) <= 600


def test_calibrations_take_less_than_two_hours_a_day() -> None:
    scheduler = played(Tenants(0.5, seed=2), 3 * DAY_S)
    for day in range(3):
        of_the_day = [c for c in scheduler.calibrations if day <= c.due_at / DAY_S < day + 1]
        assert sum(c.duration_s for c in of_the_day) < 7_200
        assert len(of_the_day) == pytest.approx(25, abs=3)
    none = played(Tenants(0.5, seed=2, calibrations=False), DAY_S)
    assert none.calibrations == []


def test_the_queue_is_there_from_the_first_moment() -> None:
    """Over many seeds as many jobs are there at once as two hours later."""
    at_once, later = [], []
    for seed in range(60):
        scheduler = Scheduler()
        queue = EventQueue(scheduler)
        queue.feed(Tenants(0.6, seed=seed, calibrations=False).arrivals(QPU))
        for at, there in ((0.0, at_once), (7_200.0, later)):
            queue.run_until(at)
            there.append(sum(job.state not in SETTLED for job in scheduler.jobs.values()))
    assert mean(at_once) == pytest.approx(mean(later), rel=0.4)
    assert mean(at_once) > 1


def test_everybody_has_used_something_and_you_as_much_as_the_mean() -> None:
    scheduler = played(Tenants(0.7, seed=1, tenants=4), 0.0)
    tenants = Tenants(0.7, seed=1, tenants=4).names
    used = [scheduler.share(name) for name in tenants]
    assert len(set(used)) == 4
    assert scheduler.share(YOU) == pytest.approx(mean(used))
    assert scheduler.used_s() == 0


def test_calibrations_stay_out_of_an_active_session() -> None:  # SEMANTICS A7
    scheduler = Scheduler()
    queue = EventQueue(scheduler)
    queue.feed(Tenants(0.6, seed=4).arrivals(QPU))
    queue.run_until(10.0)
    queue.happen(WorkloadOpened(10.0, "s", Mode.SESSION, QPU, max_time_s=20_000.0))
    dice = random.Random(1)
    for n in range(150):
        queue.run_until(at := 10.0 + n * 50.0)
        queue.expect(f"mine {n}", 1.0)
        queue.found(f"mine {n}", dice.uniform(2, 8))
        queue.happen(JobSubmitted(at, f"mine {n}", QPU, "s"))
    queue.run_until(20_000.0)
    (stretch,) = scheduler.workload("s").stretches
    assert stretch.until(0) > 2 * 3_600
    due = [c for c in scheduler.calibrations if stretch.start < c.due_at < stretch.end]
    assert due
    assert all(c.started_at >= stretch.end for c in due)
    strangers = [j for j in scheduler.jobs.values() if j.workload is None and j.preparing_at is not None]
    assert not [j.id for j in strangers if stretch.start < j.preparing_at < stretch.end]


def test_times_run_forward() -> None:
    times = [a.event.at for a in takewhile(lambda a: a.event.at < DAY_S, Tenants(0.7).arrivals(QPU))]
    assert times == sorted(times)
    assert any(isinstance(a.event, CalibrationDue) for a in first(Tenants(0.7), 2_000))


@pytest.mark.parametrize("load", [-0.1, 0.95, 1, 70, float("nan"), "0.7", None, True])
def test_a_load_that_cannot_be_gets_one_line(load: object) -> None:
    with pytest.raises(ValueError, match=rf"^load must be from 0 \(nobody else\) to {MOST_LOAD} .*, not "):
        Tenants(load)


@pytest.mark.parametrize("number", [0, -1, 2.5, 100_000])
def test_a_number_of_tenants_that_cannot_be_gets_one_line(number: object) -> None:
    with pytest.raises(ValueError, match=r"^tenants must be from 1 to 1000, not "):
        Tenants(0.5, tenants=number)


def test_many_tenants_have_names_of_their_own() -> None:
    names = Tenants(0.5, tenants=25).names
    assert len(set(names)) == 25
    assert YOU not in names
