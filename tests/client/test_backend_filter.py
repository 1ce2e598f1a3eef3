"""Which backends somebody wants."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from qiskit.providers import BackendV2

from qmode_jupyter import RuntimeService, SamplerV2
from qmode_jupyter.errors import (
    BackendNotFoundError,
    IBMInputValueError,
    QmodeWarning,
    UnsupportedOptionWarning,
)
from qmode_jupyter.runtime import backends
from tests.emulated import bell, refused, service


@pytest.fixture
def emulated() -> Iterator[RuntimeService]:
    with service() as one:
        yield one


def offered(service: RuntimeService, **wanted: object) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", QmodeWarning)
        return [backend.name for backend in service.backends(**wanted)]


def test_backends_can_be_searched(emulated: RuntimeService) -> None:
    def names(**wanted: object) -> list[str]:
        return offered(emulated, **wanted)

    assert {"generic_19q", "aer_simulator"} < set(names())
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


def test_ibms_devices_come_first_by_their_names_where_their_snapshots_are(emulated: RuntimeService) -> None:
    pytest.importorskip("qiskit_ibm_runtime")
    everything = offered(emulated)
    assert everything[0] == "ibm_fez"
    assert everything.index("generic_19q") > everything.index("ibm_torino")
    assert "fake_fez" not in everything  # it stands there once
    assert offered(emulated, name="fake_fez") == ["fake_fez"]
    assert "ibm_miami" in offered(emulated, dynamic_circuits=False)


def test_what_a_device_is_here_is_said_once_by_a_service() -> None:
    pytest.importorskip("qiskit_ibm_runtime")
    with service() as one:
        with pytest.warns(QmodeWarning, match=r"^ibm_fez is fake_fez, IBM's snapshot of that device, emulat"):
            fez = one.least_busy()
        assert one.backend("ibm_marrakesh").num_qubits == 156  # a warning would be an error here
        assert one.least_busy() is one.backend("ibm_fez") is fez
        assert one.backends(min_num_qubits=156)[0] is fez
    with service() as other, pytest.warns(QmodeWarning, match=r"^ibm_torino is fake_torino"):
        other.backend("ibm_torino")


def test_the_least_busy_has_dynamic_circuits_if_that_is_asked_for(emulated: RuntimeService) -> None:
    def least(**wanted: object) -> BackendV2:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", QmodeWarning)
            return emulated.least_busy(operational=True, simulator=False, **wanted)

    assert "if_else" in least(dynamic_circuits=True).operation_names
    if find_spec("qiskit_ibm_runtime"):
        assert "if_else" not in least(dynamic_circuits=False, min_num_qubits=100).operation_names
    assert "dynamic_circuits must be True or False or None" in refused(lambda: least(dynamic_circuits="yes"))
    with pytest.warns(UnsupportedOptionWarning, match=r"^calibration_id makes no difference here"):
        emulated.least_busy(simulator=True, calibration_id="latest")


def test_the_least_busy_without_ibms_snapshots(
    emulated: RuntimeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "_devices", dict)
    monkeypatch.setattr(backends, "_snapshots", dict)
    assert emulated.least_busy().name == "generic_19q"
    assert emulated.least_busy(operational=True, simulator=False).name == "generic_19q"


def test_the_least_busy(emulated: RuntimeService) -> None:
    assert emulated.least_busy(simulator=True).name == "aer_simulator"
    aer = emulated.backend("aer_simulator")
    SamplerV2(aer).run([bell()], shots=1)
    assert emulated.least_busy(filters=lambda b: b.name in ("aer_simulator", "generic_19q")) is (
        emulated.backend("generic_19q")
    )
    assert emulated.least_busy(min_num_qubits=20, filters=lambda b: b.name == "aer_simulator") is aer
    with pytest.raises(BackendNotFoundError, match=r"^No backend matches the criteria\.$"):
        emulated.least_busy(min_num_qubits=10_000)
    with pytest.raises(IBMInputValueError, match=r"no attribute 'quantum'"):
        emulated.least_busy(quantum=True)
