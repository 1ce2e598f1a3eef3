"""A trace is saved, read again and replayed; what is none gets one clear line."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from qmode_jupyter.cost.constants import PUBLIC
from qmode_jupyter.cost.model import cost
from qmode_jupyter.cost.processors import PHOENIX
from qmode_jupyter.cost.work import Mitigation, Run, Work
from qmode_jupyter.planning import compare
from qmode_jupyter.scheduler.breakdown import ON_QPU, PREPARING, TAIL, workload_parts
from qmode_jupyter.scheduler.event_queue import Fault
from qmode_jupyter.scheduler.plans import LEGACY_2023, with_limits
from qmode_jupyter.scheduler.trace import VERSION, Trace, UnreadableTrace, take
from tests.scheduler.emulation import QPU, Emulation

#: Constants fitted to a person's own receipts.
OWN = PUBLIC.with_figures({"overhead_s": (1.9, 2.0, 2.1), "execution_s": (2e-6, 3e-6, 4e-6)}, "two receipts")


@pytest.fixture
def trace() -> Trace:
    e = Emulation(with_limits(LEGACY_2023, pending_cap=None))
    e.tenant("ann", 2.0, used_s=5.0)
    e.job("hers", 7, tenant="ann")
    e.reserve(300, 310)
    e.at(1).session("s", 600)
    e.job("a", 3, within="s", prep_s=1)
    e.job("bad", within="s", fault=Fault("not an ISA circuit", 1517))
    e.job("c", 4, within="s", max_execution_s=2)
    e.at(9).calibrate(5)
    e.at(30).job("alone", 3)
    e.at(40).cancel("alone")
    e.at(50).close("s")
    e.at(400)
    return take(e.scheduler, QPU, ("s",), origin_s=1_763_625_500.0)


def test_it_is_about_its_focus_and_knows_the_rest(trace: Trace) -> None:
    assert [j.id for j in trace.jobs] == ["a", "bad", "c"]
    assert [j.id for j in trace.others] == ["hers", "alone"]
    assert [w.id for w in trace.workloads] == ["s"]
    assert repr(trace) == f"<Trace of s on {QPU}: 3 jobs, {len(trace.events)} events>"


def test_without_a_focus_it_is_about_all_that_is_yours(trace: Trace) -> None:
    e = Emulation()
    e.job("mine", 1)
    e.job("hers", 1, tenant="ann")
    e.at(5)
    whole = take(e.scheduler, QPU)
    assert ([j.id for j in whole.jobs], [j.id for j in whole.others]) == (["mine"], ["hers"])


def test_what_is_saved_is_what_is_read(trace: Trace, tmp_path: Path) -> None:
    assert Trace.load(trace.save(tmp_path / "run.json")) == trace


@pytest.fixture
def priced() -> Trace:
    """Two jobs of which it is known what they asked for, priced with constants of one's own."""
    work = Work(
        "estimator",
        pubs=3,
        instructions=120,
        runs=(Run(6, 4_096, 1.5e-6, 1.56e-6), Run(2, 1_000, 0.0, 1.56e-6)),
        mitigation=Mitigation(twirled=True, measure=True, zne_factors=(1.0, 1.5, 3.0), layers=2),
        rep_delay_s=0.0,
        init_qubits=False,
    )
    needed = cost(work, PHOENIX, OWN)
    e = Emulation()
    e.online(PHOENIX.lanes, PHOENIX.preparations, PHOENIX.name)
    e.batch("b")
    for name in "ac":
        e.job(name, 60, parts=needed.parts, work=work, within="b", prep_s=needed.preparation_s)
    e.job("of which no more is known", 5, within="b")
    e.close("b")
    e.at(200)
    return take(e.scheduler, QPU, ("b",), spread=OWN)


def test_what_jobs_asked_for_and_what_they_were_charged_for_is_read_again(
    priced: Trace, tmp_path: Path
) -> None:
    read = Trace.load(priced.save(tmp_path / "run.json"))
    assert read == priced
    assert (read.spread, read.spread.origin) == (OWN, "two receipts")
    first, _, unknown = read.jobs
    assert first.parts == cost(first.work, PHOENIX, OWN).parts
    assert (unknown.parts, unknown.work) == ((), None)
    assert [job.preparation_at for job in read.jobs] == [job.preparation_at for job in priced.jobs]
    assert sum(s for _, s in workload_parts(read.workloads[0], read.jobs, read.until)) == 125


def test_the_public_constants_are_not_written(trace: Trace, tmp_path: Path) -> None:
    written = json.loads(trace.save(tmp_path / "run.json").read_text(encoding="utf-8"))
    assert (written["qmode_trace"], written["spread"]) == (2, None)
    assert trace.spread == PUBLIC


#: As version 1 was written, before jobs were priced part by part: one QPU of five lanes, no word of work.
VERSION_1 = {
    "qmode_trace": 1,
    "plan": {
        "name": "payg",
        "title": "Pay-As-You-Go",
        "price_usd_per_s": "1.60",
        "sessions": "allowed",
        "session_interactive_s": 60.0,
        "batch_interactive_s": 1.0,
        "session_max_s": 28800.0,
        "batch_max_s": 28800.0,
        "unused_s": 1800.0,
        "job_max_s": 10800.0,
        "lanes": 5,
        "allowance_s": None,
        "window_s": 2419200.0,
        "cost_limit_s": None,
        "cost_limit_policy": "stop_running",
        "pending_cap": None,
        "submissions_per_min": None,
        "charge_step_s": 1.0,
        "calibration_first": False,
        "cached_first_job": False,
        "after_expiry": "fail",
        "close_drops_queue": False,
        "reservations": False,
    },
    "origin_s": 1763625500.0,
    "until": 12.0,
    "qpu": QPU,
    "focus": ["s"],
    "events": [
        [
            "WorkloadOpened",
            {
                "at": 0.0,
                "workload": "s",
                "mode": "session",
                "qpu": QPU,
                "name": "old",
                "max_time_s": None,
                "tenant": "you",
            },
        ],
        [
            "JobSubmitted",
            {
                "at": 0.0,
                "job": "a",
                "qpu": QPU,
                "workload": "s",
                "program": "sampler",
                "overhead_s": 2.0,
                "max_execution_s": None,
                "tenant": "you",
                "submitter": 0,
                "awaited": [],
            },
        ],
        ["JobPrepared", {"at": 1.0, "job": "a", "qpu_s": 4.0}],
        ["JobExecuted", {"at": 5.0, "job": "a"}],
        ["WorkloadClosed", {"at": 12.0, "workload": "s"}],
    ],
}


def test_a_trace_of_version_1_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text(json.dumps(VERSION_1), encoding="utf-8")
    old = Trace.load(path)
    (job,), (session,) = old.jobs, old.workloads
    assert (job.preparing_at, job.preparation_at, job.waiting_at, job.on_qpu_at) == (0, 0, 1, 1)
    assert (job.charged_s, job.parts, job.work, old.spread) == (4, (), None, PUBLIC)
    assert (session.state, session.usage_s) == ("closed", 12)
    assert workload_parts(session, old.jobs, old.until) == ((ON_QPU, 4), (PREPARING, 1), (TAIL, 7))
    again = Trace.load(old.save(tmp_path / "new.json"))
    assert again == old
    assert json.loads((tmp_path / "new.json").read_text(encoding="utf-8"))["qmode_trace"] == 2
    rows = {row.mode: row for row in compare(old).rows}
    assert (rows["session"].as_it_ran, rows["batch"].usage_s) == (True, 4)


def rewritten(trace: Trace, path: Path, **changes: object) -> Path:
    content = json.loads(trace.save(path).read_text(encoding="utf-8"))
    path.write_text(json.dumps(content | changes), encoding="utf-8")
    return path


def test_a_trace_of_a_newer_version_says_what_to_do(trace: Trace, tmp_path: Path) -> None:
    path = rewritten(trace, tmp_path / "run.json", qmode_trace=VERSION + 1)
    with pytest.raises(
        UnreadableTrace, match=rf"of version {VERSION + 1} .* up to {VERSION}: upgrade qmode_jupyter$"
    ):
        Trace.load(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"cells": []}', '{"qmode_trace": "x"}', "\x00"])
def test_another_file_is_no_trace(text: str, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableTrace, match=r"other\.json is not a trace that was exported from here$"):
        Trace.load(path)


def own(**likely: object) -> dict:
    """The public constants as they are written, some of them changed."""
    constants = asdict(PUBLIC)
    return {end: constants[end] | likely for end in ("low", "likely", "high")} | {"origin": "mine"}


def prepared(**values: object) -> dict:
    """A job that is prepared."""
    submitted = ["JobSubmitted", {"at": 0.0, "job": "a", "qpu": QPU}]
    return {"events": [submitted, ["JobPrepared", {"at": 0.0, "job": "a", "qpu_s": 4.0} | values]]}


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"events": [["Tick", {}]]}, "missing"),
        ({"events": [["Tick", {"at": 5.0}], ["Tick", {"at": 1.0}]]}, "comes after 5.0 s"),
        ({"events": [["Party", {"at": 1.0}]]}, "there is no event Party"),
        ({"events": [["Tick", {"at": 1.0, "by": "me"}]]}, "Tick has no by"),
        ({"events": [["JobExecuted", {"at": 1.0, "job": "x"}]]}, "no job x"),
        ({"events": 3}, "not iterable"),
        ({"plan": {"name": "x"}}, "price_usd_per_s"),
        ({"plan": {"price_usd_per_s": "much"}}, "Conversion"),
        ({"until": None}, "float"),
        ({"until": 0}, "time can't pass"),
        ({"spread": 3}, "not subscriptable"),
        ({"spread": {}}, "it has no 'low'"),
        ({"spread": own(overhead_s="much")}, "not supported"),
        ({"spread": own(overhead_s=-1.0)}, "overhead_s is low, likely and high, from 0 on"),
        ({"spread": own(overhead_s=float("nan"))}, "overhead_s is low, likely and high"),
        ({"spread": own(price=1.0)}, "there is no constant 'price'"),
        (prepared(work={"primitive": "sampler", "runs": [[1, "many", 0.0, 0.0]]}), "not supported"),
        (prepared(work={"primitive": "sampler", "runs": [[1, -1, 0.0, 0.0]]}), "-1 is no figure of a job"),
        (prepared(work={"primitive": "sampler", "runs": [[1]]}), "missing"),
        (prepared(work={"primitive": "sampler", "colour": 1}), "colour"),
        (prepared(work=7), "not iterable"),
        (prepared(parts=[["overhead"]]), "not enough values"),
        (prepared(parts=[["overhead", "long"]]), "could not convert"),
        ({"events": [["QpuOnline", {"at": 0.0, "qpu": QPU, "lanes": 0}]]}, "has no lane"),
    ],
)
def test_a_damaged_trace_says_so_in_one_line(trace: Trace, tmp_path: Path, changes, what: str) -> None:
    path = rewritten(trace, tmp_path / "run.json", **changes)
    with pytest.raises(UnreadableTrace) as error:
        Trace.load(path)
    line = str(error.value)
    assert "is a damaged trace: " in line
    assert what in line
    assert "\n" not in line
