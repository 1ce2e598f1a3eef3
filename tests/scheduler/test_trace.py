"""A trace is saved, read again and replayed; what is none gets one clear line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qmode_jupyter.scheduler.event_queue import Fault
from qmode_jupyter.scheduler.plans import LEGACY_2023, with_limits
from qmode_jupyter.scheduler.trace import VERSION, Trace, UnreadableTrace, take
from tests.scheduler.emulation import QPU, Emulation


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
