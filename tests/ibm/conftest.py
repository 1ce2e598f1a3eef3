"""IBM's own client against a service whose time moves only when a test says so, or while a job is awaited."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from qiskit import QuantumCircuit
from qiskit_ibm_runtime import IBMBackend, QiskitRuntimeService

from qmode_jupyter import RuntimeService, ibm
from qmode_jupyter.ibm.server.listening import Server
from qmode_jupyter.runtime.clock import ManualClock
from tests.ibm.circuits import bell

#: Small ones, so that nothing here takes long.
BACKENDS = {"ibm_small": "fake_manila", "ibm_device": "generic_19q"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the client's deprecation of the primitives that most notebooks use pass."""
    for item in items:
        item.add_marker(
            pytest.mark.filterwarnings("ignore:The (Sampler|Estimator)V2 class:DeprecationWarning")
        )


@pytest.fixture(scope="session", autouse=True)
def quiet_client() -> Iterator[None]:
    """Let the client say nothing of accounts."""
    logger = logging.getLogger("qiskit_ibm_runtime")
    before = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(before)


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="module")
def emulated(clock: ManualClock) -> Iterator[RuntimeService]:
    """The service behind the client."""
    with RuntimeService(clock=clock, seed=7) as service:
        yield service


@pytest.fixture(scope="module")
def server(emulated: RuntimeService) -> Iterator[Server]:
    with ibm.serve(emulated, backends=BACKENDS) as server:
        yield server


@pytest.fixture(scope="module")
def client(server: Server) -> QiskitRuntimeService:
    """IBM's own client."""
    return ibm.service(server)


@pytest.fixture(scope="module")
def small(client: QiskitRuntimeService) -> IBMBackend:
    return client.backend("ibm_small")


@pytest.fixture(scope="module")
def circuit(small: IBMBackend) -> QuantumCircuit:
    return bell(small)


@pytest.fixture
def patient(emulated: RuntimeService, server: Server) -> Iterator[QiskitRuntimeService]:
    """A client of a server that answers every question at once: nothing runs while it asks."""
    with ibm.serve(emulated, backends={"ibm_small": "fake_manila"}, hold="never") as other:
        yield ibm.service(other)
    ibm.connect._servers[emulated] = server
