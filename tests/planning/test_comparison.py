"""One finished run in other modes, on other plans, in other queues."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.planning import compare
from qmode_jupyter.runtime.tenants import Tenants
from qmode_jupyter.scheduler.event_queue import Fault
from qmode_jupyter.scheduler.plans import PREMIUM, UnknownPlan, with_limits
from qmode_jupyter.scheduler.trace import Trace
from tests.planning.runs import handful, loop
from tests.scheduler.emulation import QPU, Emulation


@pytest.fixture(scope="module")
def session() -> Trace:
    e = Emulation()
    return loop(e, e.session("vqe"))


def test_the_three_modes_in_one_table(session: Trace) -> None:
    table = compare(session)
    assert repr(table).splitlines() == [
        "Session vqe on generic_19q, 20 jobs: as it ran and otherwise",
        "mode      wall time  in queue         QPU       usage   price  jobs",
        "job      1 min 35 s       0 s  1 min 10 s  1 min 10 s     $56  20 done",
        "batch    1 min 35 s       0 s  1 min 10 s  1 min 10 s     $56  20 done",
        "session  1 min 35 s       0 s  1 min 10 s  1 min 35 s  $75.80  20 done  as it ran",
        "Emulated times; prices on the Premium plan are estimates.",
    ]
    assert [row.as_it_ran for row in table.rows] == [False, False, True]
    assert table.rows[2].usage_s == session.workloads[0].usage_s == 94.75


def test_it_is_saved_and_compared_again(session: Trace, tmp_path: Path) -> None:
    assert repr(compare(Trace.load(session.save(tmp_path / "vqe.json")))) == repr(compare(session))


def test_plans_have_prices_and_some_have_no_sessions(session: Trace) -> None:
    rows = compare(session, modes=["session"], plans=["premium", "payg", "open", "legacy_2024"]).rows
    assert [row.price_usd for row in rows] == [Decimal("75.800"), Decimal("151.6000"), None, None]
    assert [row.as_it_ran for row in rows] == [True, False, False, False]
    assert rows[2].note == (
        "not possible (1352): You are not authorized to run a session when using the open plan"
    )
    assert rows[2].usage_s is None
    assert rows[3].note == "no sessions on the Open as of 2024 plan: in job mode instead"
    assert rows[3].usage_s == 70


def test_what_was_awaited_is_still_awaited(session: Trace) -> None:
    """Twenty jobs of one loop are never in lanes together, whatever the mode."""
    (batch,) = compare(session, modes="batch").rows
    assert batch.wall_s == pytest.approx(20 * 1.0 + 70 + 19 * 0.25)
    e = Emulation()
    handful(e, e.session("five"))
    e.close("five")
    e.at(100)
    (row,) = compare(e.trace("five"), modes="batch").rows
    assert row.wall_s == 2 + 5 * 6


def test_a_queue_makes_jobs_wait_and_a_session_only_once(session: Trace) -> None:
    job, held = compare(session, modes=["job", "session"], loads=[0.8], seed=2).rows
    assert job.queue_s > 60
    assert job.wall_s == pytest.approx(94.75 + job.queue_s)
    assert held.wall_s < job.wall_s
    assert held.usage_s > job.usage_s
    again = compare(session, modes=["job", "session"], loads=[0.8], seed=2)
    assert again.rows == (job, held)


def test_the_others_as_they_were_or_nobody() -> None:
    e = Emulation()
    e.queue.feed(Tenants(0.8, seed=2).arrivals(QPU))
    e.at(50)
    trace = loop(e, None)
    was, nobody = compare(trace, modes="job", loads=[None, 0]).rows
    assert (was.as_it_ran, nobody.as_it_ran) == (True, False)
    assert was.queue_s > nobody.queue_s == 0
    table = repr(compare(trace, modes="job", loads=[None, 0, 0.5]))
    assert [word in table for word in ("as they were", "nobody", "50% busy")] == [True] * 3


def test_timeouts_of_your_own() -> None:
    e = Emulation()
    trace = loop(e, e.session("slow"), iterations=4, think_s=90)
    kept, longer, shorter = (
        compare(trace, modes="session", **limits).rows[0]
        for limits in ({}, {"interactive_timeout_s": 300}, {"max_time_s": 100})
    )
    assert kept.note == "as it ran; went inactive 3 times in between"
    assert (longer.note, longer.as_it_ran) == ("", False)
    assert longer.usage_s - kept.usage_s == 3 * (90 - 60)
    assert shorter.note == "went inactive 1 time in between; maximum timeout hit; 2 jobs refused (4001)"
    assert (shorter.done, shorter.refused) == (2, 2)


def test_a_batch_of_an_hour_on_a_plan_with_ten_minutes() -> None:
    e = Emulation()
    handful(e, e.batch("long", 3_600), jobs=8, qpu_s=200)
    e.close("long")
    e.at(3_000)
    row = compare(e.trace("long"), modes="batch", plans="open").rows[0]
    assert row.note == "maximum timeout 10 min, the plan's longest; maximum timeout hit, 1 job lost"
    assert (row.done, row.failed) == (7, 1)  # those in lanes finish
    assert row.price_usd is None
    one_lane = with_limits("open", lanes=1)
    row = compare(e.trace("long"), modes="batch", plans=[one_lane]).rows[0]
    assert row.note == "maximum timeout 10 min, the plan's longest; maximum timeout hit, 5 jobs lost"
    assert (row.done, row.failed) == (3, 5)


def test_jobs_that_wait_for_an_allowance_are_given_up() -> None:
    e = Emulation()
    handful(e, None, jobs=8, qpu_s=200)
    e.at(3_000)
    row = compare(e.trace(*[f"j{n}" for n in range(8)]), modes="job", plans="open").rows[0]
    assert row.note == "1 job still waiting for the allowance after 3 d"


def test_pending_caps_refuse(session: Trace) -> None:
    e = Emulation()
    handful(e, None)
    e.at(100)
    row = compare(e.trace(*[f"j{n}" for n in range(5)]), modes="job", plans="legacy_2023").rows[0]
    assert (row.done, row.refused, row.note) == (3, 2, "2 jobs refused (3458)")
    assert compare(session, modes="session", plans="legacy_2023").rows[0].refused == 0


def test_failures_stay_failures() -> None:
    e = Emulation()
    e.batch("b")
    e.job("good", 3, within="b")
    e.job("bad", within="b", fault=Fault("not an ISA circuit", 1517))
    e.job("long", 30, within="b", max_execution_s=10)
    e.job("dropped", 3, within="b")
    e.at(2).cancel("dropped")
    e.at(60).close("b")
    for row in compare(e.trace("b")).rows:
        assert (row.done, row.failed, row.cancelled) == (1, 2, 1)
        assert "1 job stopped as too long" in row.note


def test_lanes_and_charge_steps_belong_to_the_run() -> None:
    e = Emulation(with_limits(PREMIUM, lanes=2, charge_step_s=0))
    handful(e, e.batch("b"), qpu_s=2.5)
    e.close("b")
    e.at(60)
    row = compare(e.trace("b"), modes="job", plans="payg").rows[0]
    assert (row.usage_s, row.plan.lanes) == (12.5, 2)


def test_as_data_as_html_and_as_a_figure(session: Trace) -> None:
    table = compare(session, plans=["premium", "open"])
    data = table.to_dict()
    assert data["rows"][2]["mode"] == "session"
    assert data["rows"][2]["price_usd"] == pytest.approx(75.8)
    assert data["rows"][5]["usage_s"] is None
    html = table._repr_html_()
    assert html.count("<tr>") == 7
    assert "<script" not in html
    assert [text.get_text() for text in table.figure().axes[0].texts][5] == "not possible (1352)"


def test_names_are_escaped() -> None:
    e = Emulation()
    trace = loop(e, e.session("<b>"), iterations=1)
    assert "<b>&lt;b&gt;" not in compare(trace)._repr_html_()
    assert "&lt;b&gt;" in compare(trace)._repr_html_()


# ---- what can't be compared


@pytest.mark.parametrize(
    ("given", "error", "line"),
    [
        ({"modes": ["sesion"]}, IBMInputValueError, "There is no mode 'sesion'. Did you mean 'session'?"),
        ({"plans": ["premum"]}, UnknownPlan, "No plan is called 'premum'. Did you mean 'premium'?"),
        ({"loads": [-0.5]}, ValueError, "load must be from 0"),
        ({"loads": 7}, ValueError, "load must be from 0"),
        (
            {"interactive_timeout_s": 0},
            IBMInputValueError,
            "interactive_timeout_s must be above 0 seconds, not 0.",
        ),
        ({"max_time_s": -1}, IBMInputValueError, "max_time_s must be above 0 seconds, not -1."),
        ({"modes": []}, IBMInputValueError, "There is nothing to compare"),
    ],
)
def test_arguments_that_cannot_be_get_one_line(session: Trace, given, error, line: str) -> None:
    with pytest.raises(error) as caught:
        compare(session, **given)
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


def test_only_a_trace_can_be_compared() -> None:
    with pytest.raises(IBMInputValueError, match=r"compare takes a trace, .* not 'vqe'\."):
        compare("vqe")


def test_seeded_others_go_on_when_the_record_has_ended(tmp_path: Path) -> None:
    """A session keeps others away; as jobs the same run meets them, also those who came later."""
    e = Emulation()
    e.queue.feed(Tenants(0.8, seed=4).arrivals(QPU))
    e.at(5)
    trace = loop(e, e.session("vqe"))
    (as_jobs,) = compare(trace, modes="job").rows
    alone = Emulation()
    alone.queue.feed(Tenants(0.8, seed=4).arrivals(QPU))
    alone.at(5)
    (really,) = compare(loop(alone, None), modes="job").rows
    assert (as_jobs.wall_s, as_jobs.queue_s) == (really.wall_s, really.queue_s)
    assert as_jobs.queue_s > 60
    assert repr(compare(Trace.load(trace.save(tmp_path / "t.json")))) == repr(compare(trace))
