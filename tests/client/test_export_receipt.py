"""A job's receipt as plain data, of a job as IBM's client gives it and of one of ours."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.providers import BackendV2

from qmode_jupyter import EstimatorV2, SamplerV2
from qmode_jupyter.client import export_receipt
from qmode_jupyter.client.export_receipt import receipt_of
from tests.emulated import ansatz, bell, hamiltonian, isa
from tests.ibm_job import IBMJob

NO_VALUES = np.empty((0,))


@pytest.fixture
def sampled(device: BackendV2) -> IBMJob:
    return IBMJob(device, [[isa(bell(), device), NO_VALUES, None]], primitive_id="sampler")


def estimated(device: BackendV2, values: object, precision: float | None = None, **more: object) -> IBMJob:
    circuit = isa(ansatz(), device)
    observable = dict(hamiltonian().apply_layout(circuit.layout).to_list())
    return IBMJob(device, [[circuit, [observable], values, precision]], **more)


def test_nothing_of_this_package_is_needed() -> None:
    tree = ast.parse(inspect.getsource(export_receipt))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in imported if name and name.startswith("qmode")]


def test_its_text_works_as_a_cell(sampled: IBMJob) -> None:
    cell = ModuleType("__main__")
    exec(compile(inspect.getsource(export_receipt), "cell", "exec"), vars(cell))
    assert cell.receipt_of(sampled) == receipt_of(sampled)


def test_a_receipt_is_plain_and_holds_no_circuit(sampled: IBMJob) -> None:
    receipt = receipt_of(sampled)
    assert json.loads(json.dumps(receipt)) == receipt
    assert receipt["version"] == 1
    assert receipt["metrics"] == sampled.metrics()
    assert set(receipt["pubs"][0]) == {"circuits", "shots", "instructions", "gates_s", "readout_s"}


def test_a_samplers_circuit_lasts_its_gates_and_its_readout(sampled: IBMJob, device: BackendV2) -> None:
    (pub,) = receipt_of(sampled)["pubs"]
    circuit = sampled.pubs[0][0]
    assert pub["gates_s"] + pub["readout_s"] == pytest.approx(
        circuit.estimate_duration(device.target, unit="s")
    )
    assert (pub["circuits"], pub["shots"], pub["instructions"]) == (1, 4096, circuit.size())


def test_a_backend_without_durations_has_none(aer: BackendV2) -> None:
    (pub,) = receipt_of(IBMJob(aer, [[bell(), NO_VALUES, 100]], primitive_id="sampler"))["pubs"]
    assert (pub["gates_s"], pub["readout_s"]) == (None, None)


@pytest.mark.parametrize(
    ("shots", "options", "found"),
    [(None, {}, 4096), (None, {"default_shots": 100}, 100), (7, {"default_shots": 100}, 7)],
)
def test_a_samplers_shots(sampled: IBMJob, shots: int | None, options: dict[str, object], found: int) -> None:
    sampled.pubs[0][2] = shots
    assert receipt_of(replace(sampled, options=options))["pubs"][0]["shots"] == found


@pytest.mark.parametrize(
    ("precision", "options", "found"),
    [
        (None, {}, 4096),
        (None, {"default_precision": 0.1}, 100),
        (None, {"default_shots": 1000}, 1000),
        (1000**-0.5, {}, 1000),
        (0.1, {"default_shots": 1000}, 100),
    ],
)
def test_an_estimators_shots_follow_from_its_precision(
    device: BackendV2, precision: float | None, options: dict[str, object], found: int
) -> None:
    values = np.zeros(isa(ansatz(), device).num_parameters)
    job = estimated(device, values, precision, options=options)
    assert receipt_of(job)["pubs"][0]["shots"] == found


def test_an_estimators_circuits_are_counted_in_all_bases(device: BackendV2) -> None:
    parameters = isa(ansatz(), device).num_parameters
    assert receipt_of(estimated(device, np.zeros((3, parameters))))["pubs"][0]["circuits"] == 3 * 2


def test_observables_that_are_broadcast_with_values_share_their_bases(device: BackendV2) -> None:
    circuit = isa(ansatz(), device)
    n = circuit.num_qubits
    one, two, three = ("Z".rjust(n, "I"), "ZZ".rjust(n, "I"), "X".rjust(n, "I"))
    grid = [[{one: 1.0}], [{two: 1.0}], [{three: 1.0}]]
    job = IBMJob(device, [[circuit, grid, np.zeros((1, 5, circuit.num_parameters)), None]])
    assert receipt_of(job)["pubs"][0]["circuits"] == 5 * 2


@pytest.mark.parametrize(
    ("letters", "bases"),
    [("Z01", 1), ("X+-", 1), ("Yrl", 1), ("0+", 2), ("+r", 2), ("1l", 2), ("ZXY", 3), ("I", 0), ("IZ", 1)],
)
def test_projectors_are_measured_in_the_basis_of_their_letter(
    letters: str, bases: int, device: BackendV2
) -> None:
    circuit = isa(bell(), device).remove_final_measurements(inplace=False)
    observable = {letter.rjust(circuit.num_qubits, "I"): 1.0 for letter in letters}
    (pub,) = receipt_of(IBMJob(device, [[circuit, [observable], NO_VALUES, None]]))["pubs"]
    assert pub["circuits"] == bases


def test_the_resilience_level_stands_with_the_options(device: BackendV2) -> None:
    job = estimated(device, np.zeros(isa(ansatz(), device).num_parameters), resilience_level=2)
    assert receipt_of(job)["options"]["resilience_level"] == 2


def test_a_job_of_another_program_has_no_receipt(sampled: IBMJob) -> None:
    with pytest.raises(ValueError, match="not of 'executor'"):
        receipt_of(replace(sampled, primitive_id="executor"))


def test_a_job_of_ours_gives_what_ibms_gives(device: BackendV2) -> None:
    circuit, options = isa(bell(), device), {"default_shots": 100, "execution": {"rep_delay": 1e-4}}
    job = SamplerV2(device, options=options).run([circuit])
    job.result()
    theirs = IBMJob(device, [[circuit, NO_VALUES, None]], options=options, primitive_id="sampler")
    ours = receipt_of(job)
    same = ("version", "backend", "primitive", "status", "options", "pubs", "default_rep_delay")
    assert {name: ours[name] for name in same} == {name: receipt_of(theirs)[name] for name in same}
    assert ours["metrics"]["usage"]["status"] == "complete"


def test_a_job_of_ours_has_its_own_work_in_its_receipt(device: BackendV2) -> None:
    circuit = isa(ansatz(), device)
    observable = hamiltonian().apply_layout(circuit.layout)
    job = EstimatorV2(device).run([(circuit, [observable], np.zeros((3, circuit.num_parameters)))])
    job.result()
    (pub,) = receipt_of(job)["pubs"]
    work = job.record().work
    assert (pub["circuits"], pub["instructions"]) == (work.circuits, work.instructions)
    assert pub["circuits"] * pub["shots"] == work.executions


@pytest.mark.parametrize(
    ("primitive", "options", "shots", "kept"),
    [
        ("estimator", {"resilience_level": 2}, 4096, {"resilience_level": 2}),
        ("estimator", {"resilience": {"zne": {"noise_factors": [1.0, 2.0]}}}, 4096, None),
        ("estimator", {}, 4096, {}),
        ("sampler", {"default_shots": 100, "twirling": {"enable_gates": True}}, 100, None),
    ],
)
def test_inputs_are_read_as_ibms_own_client_sends_them_and_gets_them_back(
    primitive: str,
    options: dict[str, Any],
    shots: int,
    kept: dict[str, Any] | None,
    device: BackendV2,
) -> None:
    client = pytest.importorskip("qiskit_ibm_runtime")
    wire = pytest.importorskip("qiskit_ibm_runtime.json")
    circuit = isa(ansatz(), device)
    if primitive == "estimator":
        observable = hamiltonian().apply_layout(circuit.layout)
        pub = EstimatorPub.coerce((circuit, [observable], np.zeros((3, circuit.num_parameters))))
        kind = client.EstimatorOptions
    else:
        pub, kind = SamplerPub.coerce(isa(bell(), device)), client.SamplerOptions
    sent = {"pubs": [pub]} | kind._get_program_inputs(dataclasses.asdict(kind(**options)))
    back = json.loads(json.dumps(sent, cls=wire.RuntimeEncoder), cls=wire.RuntimeDecoder)
    job = IBMJob(device, back["pubs"], back["options"], back.get("resilience_level"), primitive_id=primitive)
    receipt = receipt_of(job)
    assert receipt["options"] == (options if kept is None else kept)
    assert receipt["pubs"][0]["shots"] == shots
    assert receipt["pubs"][0]["circuits"] == (6 if primitive == "estimator" else 1)
