"""Jobs as rows: from the view model and from a trace, with what is charged."""

from __future__ import annotations

from qmode_jupyter.notebook.text.rows import Row, fold, rows_of, rows_of_trace, usage_of
from tests.notebook.view_models import WORKLOAD, job, view
from tests.traces import Run, large_batch, reactivated_session


def test_a_row_has_the_phases_that_its_job_came_to() -> None:
    row = Row.of("a", job("on_qpu", 1.0, 2.0, 4.0, 7.0))
    assert row.phases(now=12.0) == [(1.0, False), (2.0, False), (3.0, False), (5.0, True)]
    lost = Row.of("b", job("failed", 1.0, 2.0, None, None, 4.0))
    assert lost.phases(now=99.0) == [(1.0, False), (2.0, False), (None, False), (None, False)]
    assert [row.finished, lost.finished] == [False, True]


def test_a_job_that_ran_too_long_has_failed() -> None:
    assert Row.of("a", job("cancelled", 1.0, code=1305)).state == "failed"  # SEMANTICS J3


def test_rows_are_in_the_order_of_submission_and_of_one_workload() -> None:
    jobs = {"late": job("queued", 9.0), "early": job("done", 1.0), "alone": job("done", 5.0, workload=None)}
    assert [row.id for row in rows_of(view(jobs))] == ["early", "alone", "late"]
    assert [row.id for row in rows_of(view(jobs), WORKLOAD)] == ["early", "late"]


def test_a_trace_has_the_person_s_own_jobs() -> None:
    trace = reactivated_session()
    rows = rows_of_trace(trace)
    assert len(rows) == 14
    assert [row.code for row in rows if row.state == "failed"] == [1517]
    assert sum(row.usage_s for row in rows_of_trace(large_batch(5))) == large_batch(5).workloads[0].usage_s


def test_a_line_for_each_charge() -> None:
    (charge,) = usage_of(reactivated_session()).charges
    assert charge.startswith("session vqe: usage 3 min 8 s (QPU 1 min 38 s, idle 1 min 30 s), about $301.12")
    run = Run("open")
    run.job(0, 3.0)
    (charge,) = usage_of(run.trace(60)).charges
    assert charge.startswith("job d41f..01: usage 3 s (QPU 3 s), free on Open")
    assert (
        usage_of(view(usage=60.0, qpu=12.0, usd=48.0))
        .charges[0]
        .startswith("session vqe: usage 1 min (QPU 12 s, idle 48 s), about $48 on Premium")
    )


def test_of_many_rows_the_unfinished_stay_then_what_failed_then_the_newest() -> None:
    states = ["done", "failed", "queued", "done", "on_qpu", "cancelled"]
    rows = rows_of(view({f"j{i}": job(state, float(i)) for i, state in enumerate(states)}))
    shown, folded = fold(rows, 4)
    assert [row.id for row in shown] == ["j4", "j2", "j1", "j5"]
    assert folded == {"done": 2}
    assert fold(rows, 6) == (rows, {})
