"""IBM's own primitives in a cell, where IBM's client is installed and the cell may use it."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from qmode_jupyter.scheduler.records import Mode

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

    from qmode_jupyter.client.service import RuntimeService

_IBM: Final = "qiskit_ibm_runtime"
#: What IBM's client, and the service that it talks to here, are made of: the extra ``[ibm]``.
_NEEDED: Final = (_IBM, "ibm_quantum_schemas", "samplomatic", "starlette", "uvicorn")


def ibm_is_installed() -> bool:
    """Whether everything of the extra ``[ibm]`` is there."""
    return all(find_spec(name) is not None for name in _NEEDED)


def primitives_joined(
    body: str, service: RuntimeService, backend: BackendV2, mode: Mode, owner: str
) -> AbstractContextManager[None]:
    """Return a context in which IBM's primitives run their jobs in the workload of a cell.

    Nothing is imported for a cell that can't have any: it doesn't name IBM's client, and no other has.
    """
    if (_IBM not in body and f"{_IBM}.base_primitive" not in sys.modules) or not ibm_is_installed():
        return nullcontext()
    from qmode_jupyter.ibm.joining import joined

    return joined(service, backend, mode, None if mode is Mode.JOB else owner)
