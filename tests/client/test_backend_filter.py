"""Which backends somebody wants."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qmode_jupyter import RuntimeService, SamplerV2
from qmode_jupyter.errors import (
    BackendNotFoundError,
    IBMInputValueError,
)
from tests.emulated import bell, service


@pytest.fixture
def emulated() -> Iterator[RuntimeService]:
    with service() as one:
        yield one


def test_backends_can_be_searched(emulated: RuntimeService) -> None:
    def names(**wanted: object) -> list[str]:
        return [backend.name for backend in emulated.backends(**wanted)]

    everything = names()
    assert everything[:2] == ["generic_19q", "aer_simulator"]
    assert names(simulator=True) == ["aer_simulator"]
    assert names(name="generic_19q", operational=True) == ["generic_19q"]
    assert names(operational=False) == []
    assert all(emulated.backend(name).num_qubits >= 100 for name in names(min_num_qubits=100))
    assert "generic_19q" in names(dynamic_circuits=True)
    assert names(num_qubits=19) == names(n_qubits=19) == ["generic_19q"]
    assert names(filters=lambda backend: backend.name.endswith("19q")) == ["generic_19q"]
    with pytest.raises(
        IBMInputValueError, match=r"no attribute 'simulater' to filter by\. Did you mean 'simulator'"
    ):
        emulated.backends(simulater=True)


def test_the_least_busy(emulated: RuntimeService) -> None:
    assert emulated.least_busy().name == "generic_19q"
    assert emulated.least_busy(operational=True, simulator=False).name == "generic_19q"
    assert emulated.least_busy(simulator=True).name == "aer_simulator"
    aer = emulated.backend("aer_simulator")
    SamplerV2(aer).run([bell()], shots=1)
    assert emulated.least_busy(min_num_qubits=20, filters=lambda b: "fake" not in b.name) is aer
    with pytest.raises(BackendNotFoundError, match=r"^No backend matches the criteria\.$"):
        emulated.least_busy(min_num_qubits=10_000)
    with pytest.raises(IBMInputValueError, match=r"no attribute 'quantum'"):
        emulated.least_busy(quantum=True)
