"""Backends as they are served: under the names that people know, with the figures of IBM's snapshots.

A name that was published (``ibm_fez``) stands for the snapshot of that device (``fake_fez``); a person
may add names. Each device has a mock of its own (``mock_fez``), on which jobs are dry runs.
"""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qmode_jupyter.cost.processors import HERON_R2
from qmode_jupyter.errors import BackendNotFoundError
from qmode_jupyter.ibm.server.refusals import NO_BACKEND, Refusal, not_found
from qmode_jupyter.ibm.server.wire import written
from qmode_jupyter.runtime.backend_answers import hand_out
from qmode_jupyter.runtime.backends import (
    DEFAULT_BACKEND,
    backend_names,
    find_backend,
    snapshot_configuration,
)

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

    from qmode_jupyter.client.service import RuntimeService

#: Snapshots of so many qubits are those of devices that IBM's service has, or had until lately.
_FEWEST_QUBITS: Final = 100
#: The one that is offered first.
_FIRST: Final = "ibm_fez"
_DYNAMIC: Final = "dynamic_circuits"
_MOCK: Final = "mock_"
#: Instructions of a target that IBM's client has no word for.
_UNKNOWN: Final = frozenset({"box", "break_loop", "continue_loop"})


class Devices:
    """The backends of a service. Any thread.

    Parameters
    ----------
    service
        Whose they are.
    named
        Names of a person's own, and the backend that each stands for; none for the published ones.
    """

    def __init__(self, service: RuntimeService, named: Mapping[str, str] | None = None) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._offered: dict[str, str] | None = None
        self._configurations: dict[str, dict[str, Any]] = {}
        #: Backends of a person's own, which are not listed.
        self._lent: dict[str, BackendV2] = {}
        if named:
            known = set(backend_names())
            for source in named.values():
                if source not in known:
                    find_backend(source)  # says which is the nearest
            self._offered = dict(named)

    @property
    def offered(self) -> Mapping[str, str]:
        """The names that are listed, and which backend each stands for."""
        with self._lock:
            if self._offered is None:
                self._offered = _published()
            return self._offered

    def lend(self, backend: BackendV2) -> None:
        """Serve a backend of a person's own, too, under its own name; it is not listed."""
        if self._lent.get(backend.name) is not backend:
            self._lent[backend.name] = backend
            self._configurations.pop(backend.name, None)

    def backend(self, name: str) -> BackendV2:
        """Return the backend of that name: one of the service, or one that it was lent.

        Raises
        ------
        BackendNotFoundError
            If there is none.
        """
        if name in self._lent:
            return self._lent[name]
        source = self._source(name)
        if source is not None and source != name:
            with self._lock, warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # some snapshots warn that they are none
                self._service.runtime.qpus.name(name, source)
        found = self._service.runtime.qpus.backend(name)  # not the service's own: it says what ibm_* are
        hand_out(found, self._service)
        return found

    def is_mock(self, name: str) -> bool:
        """Whether jobs on it are dry runs."""
        return name.startswith(_MOCK) and name not in self.offered

    def listed(self, *, mocks: bool) -> list[dict[str, Any]]:
        """Return what the service says of each in a list."""
        found = [self._entry(name) for name in self.offered]
        if mocks:
            found += [self._entry(mock_of(name)) | {"class": "mock"} for name in self.offered]
        return found

    def configuration(self, name: str) -> dict[str, Any]:
        """Return a configuration, as the snapshot has it."""
        known = self._configurations.get(name)
        if known is None:
            known = self._configurations[name] = _configuration(name, self._found(name))
        return known

    def properties(self, name: str) -> dict[str, Any] | None:
        """Return the calibration figures; None of a simulator."""
        return _properties(name, self._found(name))

    def status(self, name: str) -> dict[str, Any]:
        """Return whether it is up, and how many jobs of everybody's wait."""
        backend = self._found(name)
        return {
            "state": True,
            "status": "active",
            "message": "available",
            "length_queue": self._service.pending_jobs(name),
            "backend_version": backend.backend_version or "",
        }

    def check_calibration(self, calibration_id: str | None) -> None:
        """Refuse a calibration that there is none of: a backend here is one fixed snapshot."""
        if calibration_id:
            raise not_found("Calibration", calibration_id)

    def _found(self, name: str) -> BackendV2:
        try:
            return self.backend(name)
        except BackendNotFoundError as error:
            raise Refusal(404, NO_BACKEND, str(error)) from None

    def _source(self, name: str) -> str | None:
        offered = self.offered
        if name in offered:
            return offered[name]
        return next((source for real, source in offered.items() if name == mock_of(real)), None)

    def _entry(self, name: str) -> dict[str, Any]:
        configuration = self.configuration(name)
        return {
            "name": name,
            "status": {"name": "online", "reason": ""},
            "queue_length": self._service.pending_jobs(name),
            "qubits": configuration["n_qubits"],
            "physical_qubits": configuration["n_qubits"],
            "is_simulator": configuration["simulator"],
            "processor_type": configuration.get("processor_type") or {},
            "clops": {"type": "hardware", "value": configuration.get("clops_h") or 0},
        }


def mock_of(name: str) -> str:
    """Return the mock's name as IBM's client makes it: all before the first underscore is replaced."""
    _, underscore, rest = name.partition("_")
    return _MOCK + rest if underscore else "mock"


def _published() -> dict[str, str]:
    """Return {published name: snapshot} of the larger devices, and our own device."""
    found = []
    for name in backend_names():
        if (file := snapshot_configuration(name)) is not None:
            known = json.loads(file.read_text(encoding="utf-8"))
            published, qubits = known["backend_name"], known["n_qubits"]
            if qubits >= _FEWEST_QUBITS and published.startswith("ibm_") and known.get("clops_h"):
                found.append((known["clops_h"], published, name))
    found.sort(key=lambda known: (known[1] == _FIRST, *known), reverse=True)  # then the fastest
    return {published: name for _, published, name in found} | {DEFAULT_BACKEND: DEFAULT_BACKEND}


def _snapshot(backend: BackendV2, word: str) -> dict[str, Any] | None:
    folder, name = getattr(type(backend), "dirname", None), getattr(type(backend), word, None)
    if not folder or not name:
        return None
    found: dict[str, Any] = json.loads(Path(folder, name).read_text(encoding="utf-8"))
    return found


def _configuration(name: str, backend: BackendV2) -> dict[str, Any]:
    found = _snapshot(backend, "conf_filename") or _made_configuration(backend)
    features = list(found.get("supported_features") or [])
    if "qasm3" in features and _DYNAMIC not in features:  # as the service has called it since 2025
        features.append(_DYNAMIC)
    return found | {"backend_name": name, "supported_features": features}


def _properties(name: str, backend: BackendV2) -> dict[str, Any] | None:
    found = _snapshot(backend, "props_filename")
    if found is None:
        known = backend.properties()
        found = None if known is None else _plain(known.to_dict())
    return None if found is None else found | {"backend_name": name}


def _made_configuration(backend: BackendV2) -> dict[str, Any]:
    """Return the configuration of a backend that has no snapshot, in the units of the service."""
    known = _plain(backend.configuration().to_dict())
    target = backend.target
    gates = [
        {
            "name": gate,
            "parameters": [str(p) for p in _parameters(target.operation_from_name(gate))],
            "qasm_def": "",
            "coupling_map": [list(place) for place in places or () if place is not None],
        }
        for gate, places in target.items()
        if gate in known["basis_gates"]
    ]
    features = ["qasm3"] if "if_else" in target.operation_names else []
    return known | {
        "gates": gates,
        "supported_instructions": [n for n in known.get("supported_instructions", ()) if n not in _UNKNOWN],
        "open_pulse": False,
        "online_date": written(0.0),
        "supported_features": features,
        "default_rep_delay": 1e6 * HERON_R2.rep_delay_s,
    }


def _parameters(operation: Any) -> Iterable[Any]:
    """Return an instruction's parameters; none of a simulator's, which is known by its class only."""
    return () if isinstance(operation, type) else operation.params


def _plain(value: Any) -> Any:
    """Return a value with what JSON has: moments as texts, complex numbers as pairs."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, complex):
        return [value.real, value.imag]
    return value
