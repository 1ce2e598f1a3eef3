"""What is written is what is read, and nothing of it is ever unpickled."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qmode_jupyter.cost.work import Mitigation, Run, Work
from qmode_jupyter.runtime.backends import find_backend
from qmode_jupyter.runtime.jobs import JobRequest
from qmode_jupyter.runtime.store import codec
from qmode_jupyter.simulation.execution_spans import Executing
from qmode_jupyter.simulation.tasks import EstimatedPub, SampledPub, SimulationOptions, TaskResult
from tests.emulated import ansatz, bell, hamiltonian
from tests.scheduler.emulation import Emulation

WORK = Work("sampler", 1, 3, (Run(1, 10, 1e-6, 2e-6),), Mitigation(zne_factors=(1.0, 3.0)), 1e-4)


@pytest.mark.parametrize(
    "array",
    [np.zeros((0, 3)), np.array(1.5), np.arange(6, dtype=np.uint8).reshape(1, 2, 3), np.arange(40_000) % 7],
    ids=str,
)
def test_arrays_are_read_as_they_were(array: np.ndarray) -> None:
    header, (read,) = codec.parts_of(codec.body({"n": 1}, [array]))
    assert header == {"n": 1}
    assert (read.dtype, read.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(read, array)


def test_what_gets_smaller_is_compressed_and_what_does_not_is_left() -> None:
    alike, by_chance = bytes(2**16), np.random.default_rng(7).bytes(2**16)
    assert len(codec.compressed(alike)) < len(alike) / 10
    assert len(codec.compressed(by_chance)) == len(by_chance) + 1
    assert [codec.plain(codec.compressed(data)) for data in (alike, by_chance)] == [alike, by_chance]


def test_nothing_is_pickled_and_nothing_is_unpickled() -> None:
    objects = np.array([{}], dtype=object)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        codec.body({}, [objects])
    buffer = io.BytesIO(b"{}\n")
    buffer.seek(0, io.SEEK_END)
    np.lib.format.write_array(buffer, objects, allow_pickle=True)
    with pytest.raises(codec.Unreadable, match="can't be read"):
        codec.parts_of(b"p" + buffer.getvalue())


@pytest.mark.parametrize("written", [b"", b"z123", b"pnonsense", b"p{}\n\x93NUMPY"])
def test_damaged_bytes_are_said_to_be_unreadable(written: bytes) -> None:
    with pytest.raises(codec.Unreadable):
        codec.parts_of(written)


def test_results_survive() -> None:
    sampled = SampledPub(
        0, 2, {"a": np.arange(4, dtype=np.uint8).reshape(1, 4, 1), "b": np.zeros((1, 4, 2), np.uint8)}
    )
    estimated = EstimatedPub(1, np.arange(3), np.array([0.1, 0.2, 0.3]), np.zeros(3), 4096)
    for program, pub in (("sampler", sampled), ("estimator", estimated)):
        result = TaskResult(program, (pub,), WORK, 0.5, ((0, 0.1, 10),), ("a note",), dry_run=True)  # type: ignore[arg-type]
        read, executing = codec.result_of(codec.result_body(result, Executing(1.0, 2.0, 3e-4)))
        assert executing == Executing(1.0, 2.0, 3e-4)
        assert dataclasses.replace(read, pubs=()) == dataclasses.replace(result, pubs=())
        for field in dataclasses.fields(pub):
            np.testing.assert_equal(getattr(read.pubs[0], field.name), getattr(pub, field.name))


def _written(pub: object, options: SimulationOptions | None = None, **more: object) -> bytes:
    backend = find_backend("generic_19q")
    request = JobRequest("sampler", (pub,), backend, options or SimulationOptions(), **more)  # type: ignore[arg-type]
    return codec.request_body(request, ["key"])


def test_a_samplers_pub_survives() -> None:
    circuit = ansatz().copy()
    circuit.measure_all()
    pub = SamplerPub.coerce((circuit, np.linspace(0, 1, 3 * 16).reshape(3, 16), 7))
    (read,) = codec.pubs_of(_written(pub), {"key": codec.circuit_of(codec.circuit_bytes(circuit))})
    assert (read.circuit, read.shots, read.shape) == (circuit, 7, (3,))
    np.testing.assert_array_equal(
        read.parameter_values.as_array(circuit.parameters), pub.parameter_values.as_array(circuit.parameters)
    )


def test_an_estimators_pub_survives() -> None:
    pub = EstimatorPub.coerce((ansatz(), [["ZZII"], [hamiltonian()]], np.zeros((2, 16)), 0.1))
    (read,) = codec.pubs_of(_written(pub), {"key": ansatz()})
    assert (read.observables.tolist(), read.precision, read.shape) == (pub.observables.tolist(), 0.1, (2, 2))


def test_options_survive_and_a_noise_model_is_described() -> None:
    options = SimulationOptions(seed_simulator=7, exact=True, mitigation=Mitigation(zne_factors=(1.0, 3.0)))
    pub = SamplerPub.coerce((bell(), None, 5))
    assert codec.options_of(_written(pub, options)) == options
    model = dataclasses.replace(options, noise_model=frozenset({"model"}))
    assert codec.options_of(_written(pub, model)).noise_model == "frozenset({'model'})"
    assert codec.sent_of(_written(pub, sent={"a": 1, "b": {2}})) == {"a": 1, "b": "{2}"}


def test_what_a_result_needs_of_its_pubs_survives_without_the_circuits() -> None:
    circuit = QuantumCircuit(2, 1, metadata={"n": 1, "odd": {1}})
    circuit.measure_all()
    (outline,) = codec.outlines_of(codec.outlines([SamplerPub.coerce((circuit, None, 5))]))
    assert [(register.name, len(register)) for register in outline.circuit.cregs] == [("c", 1), ("meas", 2)]
    assert outline.circuit.metadata == {"n": 1, "odd": "{1}"}
    assert (outline.shape, outline.shots) == ((), 5)


def test_records_survive() -> None:
    e = Emulation()
    e.session("s", 600)
    e.job("a", 3, within="s", prep_s=1)
    e.job("b", 3, within="s")
    e.at(3)
    workload = e.scheduler.workload("s")
    assert codec.workload_of(codec.workload_json(workload)) == workload
    for name in ("a", "b"):
        record = dataclasses.replace(
            e.scheduler.job(name), parts=(("shots", 2.5),), work=WORK, awaited=("x",)
        )
        assert codec.job_of(codec.job_json(record)) == record
