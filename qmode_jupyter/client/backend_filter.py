"""Which backends somebody wants, in the words of IBM's client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from qiskit.providers import BackendV2

from qmode_jupyter.client.isa import is_simulator
from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.style.spelling import did_you_mean

_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a backend must be; None and an empty `attributes` ask for nothing."""

    min_num_qubits: int | None
    dynamic_circuits: bool | None
    filters: Callable[[BackendV2], bool] | None
    attributes: Mapping[str, Any]

    def fits(self, backend: BackendV2) -> bool:
        """Whether `backend` is all of that."""
        if self.min_num_qubits is not None and (backend.num_qubits or 0) < self.min_num_qubits:
            return False
        if self.dynamic_circuits is not None and _has_control_flow(backend) != self.dynamic_circuits:
            return False
        if any(_attribute(backend, word) != value for word, value in self.attributes.items()):
            return False
        return self.filters is None or bool(self.filters(backend))

    def check_attributes(self, backend: BackendV2) -> None:
        """Raise IBMInputValueError for an attribute that `backend`, as any other, does not have."""
        for word in self.attributes:
            if _attribute(backend, word) is _MISSING:
                known = ["operational", "simulator", "n_qubits", "num_qubits", "name", "min_num_qubits"]
                hint = did_you_mean(word, known)
                raise IBMInputValueError(f"Backends have no attribute {word!r} to filter by.{hint}")


def _has_control_flow(backend: BackendV2) -> bool:
    return is_simulator(backend) or "if_else" in backend.operation_names


def _attribute(backend: BackendV2, word: str) -> object:
    """Return what a filter compares; an emulated backend is always up."""
    match word:
        case "operational":
            return True
        case "simulator":
            return is_simulator(backend)
        case "n_qubits":
            return backend.num_qubits
        case _:
            return getattr(backend, word, _MISSING)
