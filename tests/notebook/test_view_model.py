"""The view model: its types are the page's, its sums are the page's, its places are the scheduler's."""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from types import NoneType
from typing import Any, Literal, NotRequired, get_args, get_origin, get_type_hints

import pytest

import qmode_jupyter.notebook.view_model as model
from qmode_jupyter import Batch, RuntimeService, SamplerV2
from qmode_jupyter.notebook.view_model import PLACES, Message, empty, merge, snapshot
from tests.emulated import bell, isa, service

HERE = Path(__file__).parent
PROTOCOL = HERE.parents[1] / "labextension" / "src" / "core" / "protocol.ts"

# ---- one protocol in two languages


def of_the_page(source: str) -> dict[str, Any]:
    """Return the page's interfaces, aliases and constants as plain data."""
    source = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    told: dict[str, Any] = {}
    for name, body in re.findall(r"export interface I(\w+) \{(.*?)\n\}", source, flags=re.DOTALL):
        fields = re.findall(r"^  (\w+)(\??): (.+);$", body, flags=re.MULTILINE)
        assert len(fields) == body.count(";"), f"a field of {name} is written in a way that is not read here"
        told[name] = {field: (bool(optional), _page_type(said)) for field, optional, said in fields}
    for name, said in re.findall(r"export type (\w+) =\s+([^;]+);", source):
        told[name] = _page_type(said)
    told |= {name: int(value) for name, value in re.findall(r"export const (\w+) = (\d+);", source)}
    return told


def _page_type(said: str) -> frozenset[Any]:
    return frozenset(_page_part(part.strip()) for part in _parts(said))


def _parts(said: str) -> Iterator[str]:
    """Split a union at its outermost bars."""
    depth, part = 0, ""
    for sign in said:
        depth += (sign in "(<") - (sign in ")>")
        if sign == "|" and not depth:
            yield part
            part = ""
        else:
            part += sign
    yield part


def _page_part(said: str) -> Any:
    if said.startswith("'"):
        return ("literal", said.strip("'"))
    if match := re.fullmatch(r"Record<string, (.+)>", said):
        return ("dict", _page_type(match[1]))
    if match := re.fullmatch(r"\((.+)\)\[\]", said):
        return ("list", _page_type(match[1]))
    return said[1:] if re.match(r"I[A-Z]", said) else said


def of_the_kernel() -> dict[str, Any]:
    """Return the same of the view model's TypedDicts."""
    told: dict[str, Any] = {}
    for name, kind in vars(model).items():
        if typing.is_typeddict(kind):
            hints = get_type_hints(kind, include_extras=True)
            told[name] = {f: (get_origin(h) is NotRequired, _kernel_type(h)) for f, h in hints.items()}
    told |= {name: getattr(model, name) for name in ("VERSION", "LISTED", "FAILURES_LISTED")}
    told["JobState"] = _kernel_type(model.JobStateName)
    told["WorkloadState"] = _kernel_type(model.WorkloadStateName)
    return told


def _kernel_type(hint: Any) -> frozenset[Any]:
    if get_origin(hint) is Literal:
        return frozenset(("literal", each) for each in get_args(hint))
    members = get_args(hint) if get_origin(hint) not in (dict, list) else ()
    if members:
        return frozenset().union(*(_kernel_type(each) for each in members))
    return frozenset({_kernel_part(hint)})


def _kernel_part(hint: Any) -> Any:
    match get_origin(hint), get_args(hint):
        case (origin, (_, entry)) if origin is dict:
            return ("dict", _kernel_type(entry))
        case (origin, (entry,)) if origin is list:
            return ("list", _kernel_type(entry))
    plain = {float: "number", int: "number", str: "string", bool: "boolean", NoneType: "null"}
    return plain.get(hint) or hint.__name__


def spelled_out(told: dict[str, Any]) -> dict[str, Any]:
    """Put what an alias stands for in its place."""
    aliases = {name: kind for name, kind in told.items() if isinstance(kind, frozenset)}

    def plain(kind: frozenset[Any]) -> frozenset[Any]:
        return frozenset().union(*(aliases.get(each, {each}) for each in kind))

    return {
        name: {field: (optional, plain(kind)) for field, (optional, kind) in fields.items()}
        if isinstance(fields, dict)
        else fields
        for name, fields in told.items()
    }


def test_the_page_has_the_same_types_and_limits() -> None:
    page = spelled_out(of_the_page(PROTOCOL.read_text(encoding="utf-8")))
    assert {"Clock", "Plan", "Timeout", "Counts", "Workload", "Job", "Message", "LISTED"} <= page.keys()
    assert page == of_the_kernel()


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("  held: boolean;", ""),
        ("  held: boolean;", "  held: boolean;\n  gone: string;"),
        ("  place?: number;", "  place: number;"),
        ("usd_per_s: number | null;", "usd_per_s: number;"),
        ("t: (number | null)[];", "t: (string | null)[];"),
        ("'queued' | 'preparing'", "'queued' | 'prepared'"),
        ("Record<string, IJob>", "Record<string, IWorkload>"),
        ("LISTED = 10", "LISTED = 12"),
    ],
)
def test_whatever_differs_is_seen(said: str, instead: str) -> None:
    source = PROTOCOL.read_text(encoding="utf-8")
    assert said in source
    assert spelled_out(of_the_page(source.replace(said, instead))) != of_the_kernel()


# ---- one sum

TRANSCRIPTS = json.loads((HERE / "transcripts.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=[each["title"] for each in TRANSCRIPTS])
def test_the_sum_of_messages_is_the_page_s(transcript: dict[str, Any]) -> None:
    view: Message | None = None
    outcomes = []
    for message in transcript["messages"]:
        view, outcome = merge(view, message)
        outcomes.append(outcome)
    assert outcomes == transcript["outcomes"]
    assert view is not None
    known = {
        **{name: view[name] for name in ("runtime", "seq", "clock", "plan", "workloads")},
        "complete": view["whole"],
        "focus": view.get("focus"),
        "jobs": [[job, entry] for job, entry in view["jobs"].items()],
    }
    assert known == transcript["known"]


def test_a_message_is_not_changed_by_what_comes_after_it() -> None:
    first = TRANSCRIPTS[0]["messages"][0]
    before = json.dumps(first)
    reduce(lambda view, message: merge(view, message)[0], TRANSCRIPTS[0]["messages"], None)
    assert json.dumps(first) == before


def test_nothing_at_all_is_a_whole() -> None:
    assert merge(None, empty()) == (empty(), "applied")


# ---- places


@pytest.fixture
def busy() -> Iterator[tuple[RuntimeService, list[Batch]]]:
    """A service whose QPU has one batch at work, eight jobs of it, and a batch of twelve behind it."""
    with service() as running:
        backend = running.backend()
        batches = [Batch(backend) for _ in range(2)]
        circuit = isa(bell(), backend)
        dry = {"simulator": {"dry_run": True}}
        for batch, jobs in zip(batches, (8, PLACES + 2), strict=True):
            sampler = SamplerV2(mode=batch, options=dry)
            for _ in range(jobs):
                sampler.run([circuit])
        yield running, batches


def places(view: Message, batch: Batch) -> list[int]:
    return [
        job["place"]
        for job in view["jobs"].values()
        if job["workload"] == batch.session_id and "place" in job
    ]


def test_a_place_counts_those_of_other_workloads_that_go_first(busy: Any) -> None:
    running, (first, second) = busy
    view = snapshot(running.runtime)
    assert view["workloads"][first.session_id]["place"] is None, "it is at work"
    assert places(view, first) == [1, 2, 3]
    assert view["workloads"][second.session_id]["place"] == 4
    assert places(view, second) == [*range(4, 4 + PLACES)], "of many, those that are next"


def test_a_job_that_moves_on_takes_those_behind_it_along(busy: Any) -> None:
    running, (first, second) = busy
    last = [job for job, entry in snapshot(running.runtime)["jobs"].items() if entry.get("place") == 3]
    running.job(last[0]).cancel()
    for only in (None, second.session_id):
        view = snapshot(running.runtime, frozenset(last), only)
        assert places(view, second) == [*range(3, 3 + PLACES)]
        assert view["workloads"][second.session_id]["place"] == 3
    assert (
        first.session_id in snapshot(running.runtime, frozenset(last), second.session_id)["workloads"]
    ) is False


def test_other_users_that_move_on_take_those_behind_them_along() -> None:
    with service(load=0.9, seed=5) as running:
        backend = running.backend()
        batch = Batch(backend)
        sampler = SamplerV2(mode=batch, options={"simulator": {"dry_run": True}})
        for _ in range(8):
            sampler.run([isa(bell(), backend)])
        theirs = running.runtime.look(
            lambda scheduler: [j for j in scheduler.jobs if j not in running.runtime.jobs]
        )
        told = snapshot(running.runtime, frozenset(theirs[:1]))
        assert list(told["workloads"]) == [batch.session_id]
        assert places(told, batch) == places(snapshot(running.runtime), batch) != []
        assert theirs[0] not in told["jobs"]


def test_a_group_without_a_job_is_in_no_line() -> None:
    with service() as one:
        group = one.runtime.groups.open("g", one.backend("aer_simulator"))
        view = snapshot(one.runtime, only=group)
    assert view["workloads"][group]["place"] is None
    assert view["workloads"][group]["counts"]["queued"] == 0
