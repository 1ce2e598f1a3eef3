"""Snapshots and traces in plain text: aligned, narrow where it must be, and without codes in a file."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from qmode_jupyter.notebook.text import tables
from qmode_jupyter.notebook.text.grid import ANSI, cells
from qmode_jupyter.notebook.view_model import LISTED
from tests.planning.runs import PLAIN, online, priced
from tests.scheduler.emulation import Emulation
from tests.traces import Run, large_batch, reactivated_session

VQE = "5d3c1c1e-7c55-4f0e-9f27-0d7ad0a4a7c1"
SCAN = "91d0a7c1-7c55-4f0e-9f27-5d3c1c1e0d7a"


def workload(**facts: Any) -> dict[str, Any]:
    counts = dict.fromkeys(("queued", "preparing", "waiting", "on_qpu", "done", "failed", "cancelled"), 0)
    return {
        "mode": "session", "name": "vqe", "backend": "generic_19q", "state": "active", "word": "In progress",
        "accepting": True, "reason": "", "opened": 0.0, "started": 2.1, "closed": None,
        "idle": {"timeout": 60, "deadline": 170.3, "note": ""},
        "max": {"timeout": 600, "deadline": 555.2, "note": ""},
        "usage": 168.0, "qpu": 72.0, "usage_rate": 1, "usd": 134.4, "place": None,
    } | facts | {"counts": counts | facts.get("counts", {})}  # fmt: skip


def view() -> dict[str, Any]:
    """Return the view model of a session with twelve jobs done and three others, and of a batch."""
    jobs: dict[str, Any] = {
        f"d41f{i:016d}": {
            "workload": VQE, "program": "estimator", "state": "done",
            "t": [i * 3.0, i * 3 + 0.5, i * 3 + 1.2, i * 3 + 1.3, i * 3 + 4.3], "usage": 4,
        }
        for i in range(12)
    }  # fmt: skip
    jobs["d41f0000000000000070"] = {
        "workload": VQE, "program": "sampler", "state": "failed", "t": [90.0, 91.0, None, None, 92.0],
        "usage": 0, "code": 1517, "reason": "Circuit 0 has a gate that the QPU does not know",
    }  # fmt: skip
    jobs["d41f0000000000000071"] = {
        "workload": VQE, "program": "estimator", "state": "on_qpu", "usage": 0,
        "t": [100.0, 110.0, 111.0, 112.0],
    }  # fmt: skip
    jobs["d41f0000000000000072"] = {
        "workload": VQE, "program": "sampler", "state": "queued", "t": [120.0], "usage": 0, "place": 1,
    }  # fmt: skip
    return {
        "v": 1, "runtime": "9f3c", "seq": 3, "whole": True,
        "clock": {"now": 123.4, "at_ms": 0, "rate": 1, "held": False, "speed": "max", "origin_ms": 0},
        "plan": {"name": "premium", "title": "Premium", "usd_per_s": 0.8},
        "workloads": {
            VQE: workload(counts={"done": 12, "on_qpu": 1, "queued": 1}),
            SCAN: workload(
                mode="batch", name="scan", state="open", word="Pending", opened=80.0, started=None, usage=0.0,
                qpu=0.0, usd=0.0, place=2, counts={"queued": 3},
                idle={"timeout": 1, "deadline": None, "note": "counts after the first job"},
                max={"timeout": 28_800, "deadline": None, "note": "counts from the first job"},
            ),
        },
        "jobs": jobs,
    }  # fmt: skip


# ---- one line


def test_the_status_line_says_it_all() -> None:
    assert tables.status_line(view(), VQE) == (
        "session vqe on generic_19q · In progress · interactive 0:47 · maximum 7:12 · usage 2:48 (QPU 1:12)"
        " · 12 done, 1 on the QPU, 1 queued"
    )


def test_a_timeout_that_does_not_count_says_what_it_waits_for() -> None:
    assert tables.status_line(view(), SCAN) == (
        "batch scan on generic_19q · Pending, 2nd in the queue · interactive counts after the first job"
        " · maximum counts from the first job · usage 0:00 (QPU 0:00) · 3 queued"
    )


def test_a_closed_workload_has_no_timeouts() -> None:
    snapshot = view()
    snapshot["workloads"][VQE] |= {"state": "closed", "word": "Closed", "reason": "session_closed_early"}
    assert tables.status_line(snapshot, VQE) == (
        "session vqe on generic_19q · Closed by close() · usage 2:48 (QPU 1:12)"
        " · 12 done, 1 on the QPU, 1 queued"
    )


def test_jobs_by_themselves_have_no_timeouts_either() -> None:
    snapshot = view()
    snapshot["workloads"][VQE] |= {"mode": "job", "name": "", "idle": None, "max": None}
    assert tables.status_line(snapshot, VQE).startswith(
        "job 5d3c..c1 on generic_19q · In progress · usage 2:48"
    )


def test_a_workload_that_drains_says_so() -> None:
    snapshot = view()
    snapshot["workloads"][VQE]["accepting"] = False
    assert "In progress, takes no new jobs" in tables.status_line(snapshot, VQE)


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (100, "session vqe · In progress · interactive 0:47 · usage 2:48 · 12 done, 1 on the QPU, 1 queued"),
        (80, "session · In progress · interactive 0:47 · usage 2:48 · 12 done, 2 left"),
        (60, "session · In progress · interactive 0:47 · 12 done, 2 left"),
        (40, "session · In progress · 12 done, 2 left"),
        (20, "session · In progre…"),
    ],
)
def test_what_matters_least_leaves_a_narrow_line_first(width: int, line: str) -> None:
    assert tables.status_line(view(), VQE, width=width) == line


def test_what_runs_out_is_coloured_on_a_terminal_only() -> None:
    snapshot = view()
    snapshot["workloads"][VQE]["idle"]["deadline"] = 123.4 + 5
    assert tables.status_line(snapshot, VQE, style=ANSI).startswith("\x1b[91m")
    snapshot["workloads"][VQE]["idle"]["deadline"] = 123.4 + 12
    assert tables.status_line(snapshot, VQE, style=ANSI).startswith("\x1b[33m")
    assert "\x1b" not in tables.status_line(snapshot, VQE)


def test_a_name_cannot_break_the_line() -> None:
    snapshot = view()
    snapshot["workloads"][VQE]["name"] = "two\nlines\x1b[31m"
    line = tables.status_line(snapshot, VQE)
    assert "\n" not in line
    assert "\x1b" not in line
    assert r"\x1b[31m" in line


# ---- tables


def test_where_the_time_of_each_job_went() -> None:
    lines = tables.usage_table(view(), VQE, limit=20).splitlines()
    assert lines[0] == (" #  job       primitive  state        queued  preparing  waiting  on the QPU  usage")
    assert lines[1:3] == [
        " 1  d41f..00  estimator  done          0.5 s      0.7 s    0.1 s         3 s    4 s",
        " 2  d41f..01  estimator  done          0.5 s      0.7 s    0.1 s         3 s    4 s",
    ]
    assert lines[13:16] == [
        "13  d41f..70  sampler    failed          1 s        1 s        –           –    0 s",
        "14  d41f..71  estimator  on the QPU     10 s        1 s      1 s       11 s…      –",
        "15  d41f..72  sampler    queued, 1st  3.4 s…          –        –           –      –",
    ]
    assert set(lines[16]) == {"─"}
    assert lines[17] == "    all                  15 jobs        20 s       10 s    2.2 s        47 s   48 s"
    assert lines[19] == "failed: 1 × 1517 not an ISA circuit"
    assert lines[20:] == [
        "session vqe: usage 2 min 48 s (QPU 1 min 12 s, idle 1 min 36 s), about $134.40 on Premium",
        "(estimate); charged for the time that it was active",
    ]


def test_a_trace_gives_the_same_table() -> None:
    out = tables.usage_table(reactivated_session())
    assert "14 jobs  1 min 12 s" in out
    assert "usage 3 min 8 s (QPU 1 min 38 s, idle 1 min 30 s), about $301.12 pay-as-you-go" in out


def test_a_batch_is_charged_for_its_jobs() -> None:
    out = tables.usage_table(large_batch(3)).splitlines()[-2:]
    assert " ".join(out).endswith("(estimate); charged for the time of its jobs on the QPU")


def test_single_jobs_of_a_trace_are_billed_by_themselves() -> None:
    run = Run("open")
    run.job(0, 3.0)
    run.job(1, 4.0)
    assert tables.usage_table(run.trace(60)).endswith(
        "job mode: usage 7 s (QPU 7 s), free on Open; charged for the time of its jobs on the QPU"
    )


def test_a_run_without_jobs() -> None:
    assert tables.usage_table(Run().trace(0)) == "no jobs\nnothing is charged"
    assert tables.jobs_table(view(), SCAN) == "no jobs"
    assert tables.workloads_table(view() | {"workloads": {}}) == "no session, batch or job yet"


def test_a_thousand_jobs_fold() -> None:
    snapshot = view()
    done = snapshot["jobs"]["d41f0000000000000000"]
    for i in range(1000):
        snapshot["jobs"][f"c41f{i:016d}"] = copy.deepcopy(done)
    lines = tables.jobs_table(snapshot, limit=5).splitlines()
    assert [line.split()[0][-2:] for line in lines[1:6]] == ["72", "71", "70", "11", "10"]
    assert lines[6] == "… and 1,010 more: 1,010 done"
    assert len(lines) == 7
    folded = f"… and {1000 - LISTED} more: 880 done, {20 - LISTED} failed, 100 cancelled"
    assert folded in tables.usage_table(large_batch(1000, 20, 100))


def test_the_job_table_says_why_a_job_failed() -> None:
    lines = tables.jobs_table(view(), limit=20).splitlines()
    assert len(lines) == 16
    (failed,) = (line for line in lines if "failed" in line)
    assert failed == (
        "d41f0000000000000070  session vqe  sampler    failed         2 s    0 s  1517 not an ISA circuit"
    )


def test_the_workload_table() -> None:
    lines = tables.workloads_table(view(), width=160).splitlines()
    assert [re.split("  +", line) for line in lines[:3]] == [
        ["workload", "id", "on", "state", "jobs", "interactive", "maximum", "usage", "about"],
        ["session vqe", VQE, "generic_19q", "In progress", "12 done, 2 left", "0:47", "7:12", "2 min 48 s",
         "$134.40"],
        ["batch scan", SCAN, "generic_19q", "Pending", "3 left", "–", "–", "0 s", "$0"],
    ]  # fmt: skip
    assert lines[-1] == "prices are estimates on Premium; times are emulated"


@pytest.mark.parametrize("width", [30, 50, 80, 100, 160])
def test_tables_keep_to_their_width(width: int) -> None:
    snapshot = view()
    snapshot["workloads"][VQE]["name"] = "a variational eigensolver with 量子 in its name and more words"
    for table in (tables.jobs_table, tables.usage_table, tables.workloads_table):
        for line in table(snapshot, width=width).splitlines():
            assert cells(line) <= max(width, 46), line


def test_one_job_in_full() -> None:
    assert tables.describe_job(view(), "d41f0000000000000070").splitlines() == [
        "job        d41f0000000000000070",
        "primitive  sampler",
        "in         session vqe on generic_19q",
        "state      failed",
        "why        1517 not an ISA circuit",
        "           Circuit 0 has a gate that the QPU does not know",
        "submitted  1:30 (emulated)",
        "queued     1 s",
        "preparing  1 s",
        "usage      0 s",
    ]
    assert "on the QPU  11 s…" in tables.describe_job(view(), "d41f0000000000000071")
    with pytest.raises(KeyError):
        tables.describe_job(view(), "nobody")


def test_what_was_charged_is_one_line_of_parts() -> None:
    e = Emulation()
    online(e)
    e.session("s")
    e.result(priced(e, "a", PLAIN, within="s"))
    e.close("s")
    # 1.802 s, 4096 times 250 us and 6.9 us, up to 3 s; prepared for 1.6 + 0.3 + 50 × 0.001 s before
    # (4.95 and 1.95 s, cut to grains of a microsecond).
    of_the_job = "overhead 1.8 s, rep_delay 1 s, shots 28 ms, rounding up 0.1 s"
    assert tables.parts_line(e.trace("a")) == f"usage 3 s: {of_the_job}"
    assert tables.parts_line(e.trace("s")) == f"usage 4.9 s: {of_the_job}, preparation 1.9 s"
    assert tables.parts_line(Run().trace(0)) == ""


def test_one_job_in_full_says_what_its_usage_is_made_of() -> None:
    spent = "usage 14 s: overhead 1.8 s, rep_delay 1 s, shots 0.1 s, twirling 2.4 s, rounding up 0.4 s"
    lines = tables.describe_job(view(), "d41f0000000000000000", spent=spent, width=50).splitlines()
    assert [line for line in lines if len(line) > 50] == []
    at = next(i for i, line in enumerate(lines) if line.startswith("usage"))
    said = " ".join(line[len("on the QPU  ") :] for line in lines[at:])
    assert said == spent.removeprefix("usage ")


def test_a_job_that_ran_too_long_has_failed() -> None:
    snapshot = view()
    job = snapshot["jobs"]["d41f0000000000000071"]
    job |= {"state": "cancelled", "code": 1305, "reason": "Ran too long", "t": [*job["t"], 117.0], "usage": 5}
    (line,) = (line for line in tables.jobs_table(snapshot).splitlines() if "1305" in line)
    assert "failed" in line
    assert line.endswith("1305 ran too long")
