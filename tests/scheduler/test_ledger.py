"""What is charged, to whom, and why: every second has a reason."""

from __future__ import annotations

import pytest

from qmode_jupyter.scheduler.event_queue import Fault
from qmode_jupyter.scheduler.events import GRAIN_S, grained
from qmode_jupyter.scheduler.ledger import charge_s
from qmode_jupyter.scheduler.plans import with_limits
from tests.scheduler.emulation import Emulation


@pytest.mark.parametrize(
    ("elapsed_s", "overhead_s", "step_s", "charged"),
    [
        (0.3, 2, 1, 2),
        (2, 2, 1, 2),
        (2.01, 2, 1, 3),
        (130, 2, 1, 130),
        (0.3, 0, 0, 0.3),
        (0, 2, 1, 2),
        (2 + 1e-10, 2, 1, 2),
        (2 + 1e-6, 2, 1, 3),
        (6.1, 2, 0.5, 6.5),
        (1.2, 0, 0.5, 1.5),
        (7, 2, 5, 10),
        (grained(2.1), 2, 0.1, 2.1),  # a millionth more, which is as near as the clock comes
        (grained(2.4), 2, 0.1, 2.4),  # a millionth less
        (0, 0, 1, 0),
        (0.3, 0, GRAIN_S / 2, 0.3),
    ],
)
def test_a9_whole_seconds_and_at_least_the_overhead(elapsed_s, overhead_s, step_s, charged) -> None:
    assert charge_s(elapsed_s, overhead_s, step_s) == pytest.approx(charged, rel=1e-12)


def test_u4_failed_and_cancelled_jobs() -> None:
    e = Emulation()
    e.job("user's error", fault=Fault("bad circuit", 1517))
    e.job("cancelled on the QPU", 10, overhead_s=2)
    e.job("cancelled in its lane", 10, prep_s=50)
    for n in range(3):
        e.job(f"fills a lane {n}", 10, prep_s=5)
    e.job("cancelled in the queue", 10)
    e.at(4)
    for job in ("cancelled on the QPU", "cancelled in its lane", "cancelled in the queue"):
        e.cancel(job)
    charged = {
        "user's error": 0,  # it never reached the QPU
        "cancelled on the QPU": 4,
        "cancelled in its lane": 0,
        "cancelled in the queue": 0,
    }
    assert {job: e.of(job).charged_s for job in charged} == charged


def test_u4_a_fault_of_the_system_is_free_and_the_ledger_says_so() -> None:
    from qmode_jupyter.scheduler import events as ev

    e = Emulation()
    e.job("struck", 10)
    e.at(4)
    e.happen(ev.JobFailed(4.0, "struck", "the QPU went away", 9999, system_fault=True))
    assert e.of("struck").charged_s == 0
    assert [c.reason for c in e.scheduler.charges] == ["fault of the system, not charged"]


def test_u5_waiting_is_never_charged() -> None:
    e = Emulation()
    e.job("theirs", 500, tenant="somebody")
    e.session("s")
    e.job("mine", 10, within="s")
    e.at(510).close("s")
    assert e["s"].usage_s == 10


def test_a12_a_session_is_charged_its_active_stretches() -> None:
    e = Emulation()
    e.session("s")
    e.job("a", 10, within="s")
    e.at(200).job("b", 20, within="s")
    e.at(220).close("s")
    s = e["s"]
    assert [(span.start, span.end) for span in s.stretches] == [(0, 70), (200, 220)]
    assert s.usage_s == 90
    assert e.scheduler.used_s() == 90


def test_the_job_of_a_session_has_a_figure_and_is_not_billed_twice() -> None:
    e = Emulation()
    e.session("s")
    e.job("a", 10, within="s")
    e.at(30)
    assert e.of("a").charged_s == 10
    assert e.scheduler.used_s() == 30  # what runs counts, too
    e.close("s")
    assert e.scheduler.used_s() == 30
    assert [(c.job, c.billed, c.seconds) for c in e.scheduler.charges] == [
        ("a", False, 10),
        (None, True, 30),
    ]


def test_usage_leaves_the_window_when_its_time_is_over() -> None:
    e = Emulation(with_limits("open", window_s=1_000))
    e.job("a", 10)
    e.at(500).job("b", 20)
    assert e.at(600).scheduler.used_s() == 30
    assert e.at(1_010).scheduler.used_s() == 20
    assert e.at(1_520).scheduler.used_s() == 0


def test_q2_of_an_allowance_and_a_cost_limit_the_smaller_one_holds() -> None:
    for limits in ({"allowance_s": 10, "cost_limit_s": 500}, {"allowance_s": 500, "cost_limit_s": 10}):
        e = Emulation(with_limits("payg", cost_limit_policy="finish_running", window_s=1_000, **limits))
        e.job("a", 12)
        e.at(20).job("b", 5)
        assert e.at(1_011).of("b").preparing_at is None
        assert e.at(1_013).of("b").preparing_at == 1_012
