"""Results are Qiskit's containers, with metadata like IBM's."""

from __future__ import annotations

from qmode_jupyter.simulation.execution_spans import ExecutionSpans
from tests.simulation.jobs import (
    aer_simulator,
    bell,
    estimator_pub,
    run,
    sampler_pub,
    state,
)


def test_metadata_are_as_ibm_s(store):
    circuit = bell()
    circuit.metadata = {"name": "mine"}
    result, _ = run("sampler", [sampler_pub(circuit)], aer_simulator(), store)
    assert result.metadata == {"execution": {"execution_spans": ExecutionSpans()}, "version": 2}
    assert result[0].metadata == {"circuit_metadata": {"name": "mine"}}


def test_an_estimator_s_metadata_are_as_ibm_s(store):
    result, _ = run("estimator", [estimator_pub(state(), "ZZ")], aer_simulator(), store)
    assert {"dynamical_decoupling", "twirling", "resilience"} < set(result.metadata)
    assert result.metadata["version"] == 2
    assert result[0].metadata == {
        "shots": 2500,
        "target_precision": 0.02,
        "circuit_metadata": {},
        "resilience": {},
        "num_randomizations": 1,
    }
