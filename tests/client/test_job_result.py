"""What the end of a job gives."""

from __future__ import annotations

import pickle

import pytest
from qiskit import QuantumCircuit
from qiskit.primitives import PrimitiveResult
from qiskit_aer import AerSimulator

from qmode_jupyter import (
    EstimatorV2,
    RuntimeJob,
    SamplerV2,
)
from tests.emulated import bell, refused


@pytest.fixture
def job(aer: AerSimulator) -> RuntimeJob:
    return SamplerV2(aer).run([bell()], shots=10)


def test_decoders_are_chained(job: RuntimeJob) -> None:
    class Counts:
        @classmethod
        def decode(cls, result: PrimitiveResult) -> dict[str, int]:
            return result[0].data.meas.get_counts()

    class Total:
        @classmethod
        def decode(cls, counts: dict[str, int]) -> int:
            return sum(counts.values())

    class Never:
        @classmethod
        def is_applicable(cls, result: object) -> bool:
            return False

    assert job.result(decoder=Counts).keys() <= {"00", "11"}
    assert job.result(decoder=[Counts, Never, Total]) == 10


def test_a_result_can_be_pickled(job: RuntimeJob) -> None:
    twin = pickle.loads(pickle.dumps(job.result()))
    assert twin[0].data.meas == job.result()[0].data.meas


def test_results_in_the_style_of_v1_are_told_the_v2_way(aer: AerSimulator) -> None:
    result = EstimatorV2(aer).run([(QuantumCircuit(1), "Z")]).result()
    assert refused(lambda: result.values, AttributeError).endswith(
        "for the first PUB write result[0].data.evs."
    )
    assert "get_counts()" in refused(lambda: result.quasi_dists, AttributeError)
    assert not hasattr(result, "anything_else")
