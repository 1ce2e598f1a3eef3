"""Receipts: read, refused, and laid beside the model."""

from __future__ import annotations

import json
import os
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit.providers import BackendV2

from qmode_jupyter import EstimatorV2
from qmode_jupyter.client.receipts import check, read, receipt_of
from qmode_jupyter.cost.constants import PUBLIC
from qmode_jupyter.cost.processors import HERON_R2, PHOENIX
from qmode_jupyter.cost.work import NOTHING_MITIGATED, Mitigation, Run
from qmode_jupyter.errors import IBMInputValueError, UnsupportedOptionWarning
from tests.emulated import bell, isa, refused
from tests.ibm_job import IBMJob
from tests.receipt_data import DATA


def changed(path: str, value: Any) -> dict[str, Any]:
    """The receipt with one thing in it changed, or with nothing in its place (`...`)."""
    data = deepcopy(DATA)
    *outer, last = (int(name) if name.isdigit() else name for name in path.split("."))
    inside: Any = data
    for name in outer:
        inside = inside[name]
    if value is ...:
        del inside[last]
    else:
        inside[last] = value
    return data


def test_a_receipt_is_read_as_work_and_times() -> None:
    (receipt,) = read(DATA)
    assert (receipt.job, receipt.machine, receipt.processor) == (
        "dandqqo2fm4c73f43dhg",
        "ibm_marrakesh",
        HERON_R2,
    )
    assert receipt.work.runs == (Run(10, 1024, 1.8e-6, 1.6e-6),)
    assert (receipt.work.pubs, receipt.work.instructions) == (5, 200)
    assert (receipt.charged_s, receipt.timed_s) == (14, pytest.approx(11.348))
    assert receipt.queue_s == pytest.approx(5.5)
    assert receipt.preparation_s == pytest.approx(10.3)
    assert receipt.overhead_s == pytest.approx(2.652)


@pytest.mark.parametrize(
    ("primitive", "options", "mitigation"),
    [
        ("estimator", {}, Mitigation(twirled=True, measure=True)),
        ("estimator", {"resilience_level": 0}, NOTHING_MITIGATED),
        (
            "estimator",
            {"resilience_level": 2},
            Mitigation(twirled=True, measure=True, zne_factors=(1.0, 3.0, 5.0)),
        ),
        (
            "estimator",
            {"resilience_level": 0, "resilience": {"zne_mitigation": True, "zne": {"noise_factors": [1, 2]}}},
            Mitigation(zne_factors=(1, 2)),
        ),
        ("sampler", {}, NOTHING_MITIGATED),
        (
            "sampler",
            {"twirling": {"enable_gates": True, "num_randomizations": 8}},
            Mitigation(twirled=True, randomizations=8),
        ),
    ],
)
def test_options_are_read_as_a_primitives_are(
    primitive: str, options: dict[str, Any], mitigation: Mitigation
) -> None:
    (receipt,) = read(DATA | {"primitive": primitive, "options": options})
    assert receipt.work.mitigation == mitigation


def test_rep_delay_and_init_qubits_count() -> None:
    (receipt,) = read(DATA | {"options": {"execution": {"rep_delay": 1e-6, "init_qubits": False}}})
    assert (receipt.work.rep_delay_s, receipt.work.init_qubits) == (1e-6, False)


def test_a_machine_s_own_default_delay_counts() -> None:
    (receipt,) = read(DATA | {"default_rep_delay": 1e-3})
    assert receipt.processor == replace(HERON_R2, rep_delay_s=1e-3)


def test_a_file_holds_one_receipt_or_a_list(tmp_path: Path) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    one.write_text(json.dumps(DATA))
    two.write_text(json.dumps([DATA, DATA | {"job": "other"}]))
    assert read(one) == read(str(one)) == read(DATA)
    assert [receipt.job for receipt in read([two, DATA])] == [
        "dandqqo2fm4c73f43dhg",
        "other",
        "dandqqo2fm4c73f43dhg",
    ]


def test_a_receipt_stands_for_itself() -> None:
    assert read(read(DATA)) == read(DATA)


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("version", ..., "has no version: receipts are what receipt_of(job) returns, of version 1"),
        ("version", 2, "is of version 2, and this package reads 1: export it again"),
        ("version", True, "is of version True"),
        ("job", ..., "has no job"),
        ("backend", ..., "has no backend"),
        ("backend", 7, "needs a text as its backend, not 7"),
        ("primitive", "executor", "is of the program 'executor': only samplers and estimators are priced"),
        ("status", "ERROR", "is of a job that is 'ERROR': only one that is DONE shows what a run costs"),
        ("status", "CANCELLED", "is of a job that is 'CANCELLED'"),
        ("status", "RUNNING", "is of a job that is 'RUNNING'"),
        ("metrics", ..., "has no metrics"),
        ("metrics", [], "is no object with names, but []"),
        ("metrics.usage", ..., "has no usage"),
        ("metrics.usage.status", "pending", "has no usage yet"),
        ("metrics.usage.qpu_charge_time_seconds", ..., "has no qpu_charge_time_seconds"),
        ("metrics.usage.qpu_charge_time_seconds", None, "has no qpu_charge_time_seconds"),
        ("metrics.usage.qpu_charge_time_seconds", 0, "needs a number above 0 to 10800"),
        ("metrics.usage.qpu_charge_time_seconds", -3, "needs a number above 0 to 10800"),
        ("metrics.usage.qpu_charge_time_seconds", float("nan"), "needs a number above 0 to 10800"),
        ("metrics.usage.qpu_charge_time_seconds", float("inf"), "needs a number above 0 to 10800"),
        ("metrics.usage.qpu_charge_time_seconds", 10**400, "needs a number above 0 to 10800"),
        ("metrics.usage.qpu_charge_time_seconds", "14", "needs a number above 0 to 10800"),
        ("metrics.usage.qpu_charge_time_seconds", 100, "charged 100 s, and RUNNING for 24.3 s altogether"),
        ("metrics.circuits_execution_time_ns", -1, "needs a number from 0"),
        ("metrics.circuits_execution_time_ns", 20e9, "circuits were executed for 20 s, and 14 s charged"),
        ("metrics.timestamps.running", ..., "has no running"),
        ("metrics.timestamps.running", None, "has no running"),
        ("metrics.timestamps.running", "yesterday", "needs a time in ISO 8601 as its running"),
        ("metrics.timestamps.running", 1_789_812_005, "needs a text as its running"),
        ("metrics.timestamps.created", "2026-09-19T10:00:06Z", "go backwards"),
        ("metrics.timestamps.finished", "2026-09-19T10:00:01Z", "go backwards"),
        ("pubs", ..., "has no pubs"),
        ("pubs", [], "has no pubs: a private job keeps them to itself"),
        ("pubs.0", 3, "PUB 1 of"),
        ("pubs.0.circuits", ..., "has no circuits"),
        ("pubs.0.circuits", 1.5, "needs a whole number from 0"),
        ("pubs.0.shots", 0, "needs a whole number from 1"),
        ("pubs.0.shots", True, "needs a whole number from 1"),
        ("pubs.0.shots", 10**12, "needs a whole number from 1"),
        ("pubs.0.gates_s", -1e-6, "needs a number from 0 to 1 as its gates_s"),
        ("pubs.0.readout_s", 60, "needs a number from 0 to 1 as its readout_s"),
        ("options", ..., "has no options"),
        ("options", 3, "is no object with names, but 3"),
        ("options.resilience_level", 7, "can't be read: "),
        ("options.resilience", {"magic": True}, "can't be read: "),
        ("options.execution", {"rep_delay": -1}, "needs a number from 0 to 1 as its rep_delay"),
        ("default_rep_delay", "slow", "needs a number from 0 to 1 as its default_rep_delay"),
    ],
)
def test_what_cant_be_a_receipt_is_refused_in_one_line(path: str, value: Any, why: str) -> None:
    assert why in refused(lambda: read(changed(path, value)))


def test_an_error_names_the_job_and_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps([DATA, changed("status", "ERROR")]))
    said = refused(lambda: read(file))
    assert said.startswith("Receipt 2 in ")
    assert "mine.json" in said
    assert "job dandqqo2fm4c73f43dhg" in said


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "can't be read: No such file or directory"),
        (b"{", "is no JSON"),
        (b"\xff\xfe", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"[]", "has no receipts: its list is empty"),
        (b"3", "is no object with names, but 3"),
        (b"[[]]", "is no object with names, but []"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_line(content: bytes | None, why: str, tmp_path: Path) -> None:
    file = tmp_path / "receipt.json"
    if content is not None:
        file.write_bytes(content)
    assert why in refused(lambda: read(file))


def test_what_is_no_file_is_no_receipt(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe):
        assert "can't be read: it is no file." in refused(lambda path=path: read(path))


@pytest.mark.parametrize("path", ["~nobody-of-that-name/receipt.json", "a\0b", "x" * 5000])
def test_a_path_that_cant_be_is_refused_in_one_line(path: str) -> None:
    assert "can't be read" in refused(lambda: read(path))


@pytest.mark.parametrize("thing", [3, object(), None])
def test_what_is_no_job_has_no_receipt(thing: object) -> None:
    assert "No receipt can be made of" in refused(lambda: read(thing))


def test_a_job_that_is_not_over_has_no_receipt_yet(device: BackendV2) -> None:
    job = IBMJob(device, [[isa(bell(), device), np.empty((0,)), None]], primitive_id="sampler")
    assert "has no usage yet" in refused(lambda: read(replace(job, usage_status="pending", charged_s=None)))
    assert "'RUNNING'" in refused(lambda: read(replace(job, state="RUNNING")))


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
PATHS = [
    *DATA,
    *(f"metrics.{name}" for name in DATA["metrics"]),
    *(f"metrics.timestamps.{name}" for name in DATA["metrics"]["timestamps"]),
    *(f"metrics.usage.{name}" for name in DATA["metrics"]["usage"]),
    *(f"pubs.0.{name}" for name in DATA["pubs"][0]),
    "options.execution",
    "options.resilience",
    "options.twirling",
]


@given(st.sampled_from(PATHS), json_like)
def test_whatever_stands_in_it_a_receipt_is_read_and_checked_or_refused(path: str, value: Any) -> None:
    data = changed(path, value)
    said = ""
    try:
        said = repr(check(*read(data)).compared)
    except IBMInputValueError as error:
        said = str(error)
    assert said
    assert "\n" not in said


# ---- beside the model


def test_a_receipt_is_laid_beside_the_model_part_by_part() -> None:
    (receipt,) = read(DATA)
    parts = {c.part: c for c in check(receipt).compared}
    assert parts["charge"].real_s == 14
    assert parts["charge"].difference == "as modelled"
    assert parts["circuits executed"].likely_s == pytest.approx(11.348, rel=0.05)
    assert parts["overhead"].difference == "as modelled"
    assert parts["preparation, and waiting for the QPU"].real_s == pytest.approx(10.3)
    assert parts["queue"].difference == "not modelled: it depends on who else is there"


def test_a_difference_is_said_in_words() -> None:
    (receipt,) = read(DATA)
    beyond = {c.part: c.difference for c in check(replace(receipt, charged_s=30.0, timed_s=3.0)).compared}
    assert beyond["charge"] == "14 s more than the most"
    assert beyond["circuits executed"].endswith("less than the least")


def test_what_rounding_adds_to_the_overhead_is_no_difference() -> None:
    (receipt,) = read(DATA)
    high_s = check(receipt).compared[2].high_s
    rounded_up = replace(receipt, timed_s=receipt.charged_s - high_s + 0.01)
    assert check(rounded_up).compared[2].difference == "as modelled"
    assert high_s == pytest.approx(2.4 + 10 * 0.004 + 16 * 0.095 + 1.0)


def test_what_is_not_in_the_receipt_is_said() -> None:
    (receipt,) = read(changed("metrics.circuits_execution_time_ns", None))
    parts = {c.part: c.difference for c in check(receipt).compared}
    assert parts["circuits executed"] == parts["overhead"] == "not in the receipt"


def test_pubs_without_durations_are_said() -> None:
    (receipt,) = read(changed("pubs.0.gates_s", None))
    assert "5 PUBs without durations: gates and readout count as nothing." in repr(check(receipt))


def test_a_queue_of_one_s_own_is_compared() -> None:
    (receipt,) = read(DATA)
    queue = check(receipt, queue_s=(1.0, 2.0, 3.0)).compared[-1]
    assert queue.difference == "2.5 s more than the most"


def test_another_processor_and_other_constants_are_those_that_are_asked_for() -> None:
    (receipt,) = read(DATA)
    mine = PUBLIC.with_figures({"overhead_s": (8.0, 9.0, 10.0)}, "my account")
    found = check(receipt, mine, "phoenix")
    assert found.processor is PHOENIX
    assert found.compared[2].likely_s > 9
    assert "Modelled as phoenix, with the constants of my account." in repr(found)
    assert "called 'fes'" in refused(lambda: check(receipt, processor="fes"))


def test_it_shows_as_text_as_html_and_as_data() -> None:
    found = check(*read(DATA))
    assert repr(found).splitlines()[0] == "Job dandqqo2fm4c73f43dhg on ibm_marrakesh: charged 14 s"
    assert "<table>" in found._repr_html_()
    assert json.loads(json.dumps(found.to_dict()))["parts"][0]["difference"] == "as modelled"


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_job_of_ours_is_as_modelled_in_every_part(level: int, device: BackendV2) -> None:
    circuit = isa(bell(), device).remove_final_measurements(inplace=False)
    estimator = EstimatorV2(device, options={"resilience_level": level})
    said = pytest.warns(UnsupportedOptionWarning, match="resilience_level") if level else nullcontext()
    with said:
        job = estimator.run([(circuit, {"Z".rjust(circuit.num_qubits, "I"): 1.0})])
    job.result()
    (receipt,) = read(job)
    parts = {c.part: c.difference for c in check(receipt).compared}
    assert set(list(parts.values())[:4]) == {"as modelled"}


def test_what_our_own_job_executed_is_less_than_it_was_charged(device: BackendV2) -> None:
    circuit = isa(bell(), device).remove_final_measurements(inplace=False)
    job = EstimatorV2(device, options={"resilience_level": 0}).run(
        [(circuit, {"Z".rjust(circuit.num_qubits, "I"): 1.0})]
    )
    job.result()
    executed_s = job.metrics()["circuits_execution_time_ns"] * 1e-9
    assert executed_s == pytest.approx(4096 * 255e-6, rel=0.05)
    assert 1 < job.usage() - executed_s < 3


def test_the_receipt_of_a_private_job_says_what_is_missing(device: BackendV2) -> None:
    circuit = isa(bell(), device).remove_final_measurements(inplace=False)
    options = {"resilience_level": 0, "environment": {"private": True}}
    job = EstimatorV2(device, options=options).run([(circuit, {"Z".rjust(circuit.num_qubits, "I"): 1.0})])
    job.result()
    assert receipt_of(job)["pubs"] == []
    assert "a private job keeps them to itself" in refused(lambda: read(job))
