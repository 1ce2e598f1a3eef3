"""What of IBM's client a cell meets: its primitives, which join, and its backends, which are real."""

from __future__ import annotations

import re
import sys
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from IPython.core.error import UsageError

from qmode_jupyter.errors import QmodeError
from qmode_jupyter.scheduler.records import Mode
from qmode_jupyter.style.sentences import sentence

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

    from qmode_jupyter.client.service import RuntimeService

_IBM: Final = "qiskit_ibm_runtime"
_BACKEND: Final = f"{_IBM}.ibm_backend.IBMBackend"
_DEVICE: Final = re.compile(r"ibm_[a-z0-9_]+")
#: What IBM's client, and the service that it talks to here, are made of: the extra ``[ibm]``.
_NEEDED: Final = (_IBM, "ibm_quantum_schemas", "samplomatic", "starlette", "uvicorn")


def ibm_is_installed() -> bool:
    """Whether everything of the extra ``[ibm]`` is there."""
    return all(find_spec(name) is not None for name in _NEEDED)


def hardware_backend(word: str | None, namespace: dict[str, Any], mode: Mode) -> Any:
    """Return the backend of IBM's client that ``-b`` names, None if it names another one.

    A variable holds it, or it is called ``ibm_...`` and IBM's client finds an account here. Without an
    account such a name is that of a snapshot.

    Raises
    ------
    UsageError
        If the account can't be used or has no such backend, and for a cell in job mode.
    """
    if word is None:
        return None
    held = namespace.get(word)
    is_real = any(f"{cls.__module__}.{cls.__name__}" == _BACKEND for cls in type(held).__mro__)
    by_name = word not in namespace and _DEVICE.fullmatch(word) is not None
    if not (is_real or (by_name and ibm_is_installed())):
        return None
    from qmode_jupyter.ibm.hardware import account

    if not (is_real or account.has_account()):
        return None
    if mode is Mode.JOB:
        raise UsageError(
            f"%%qjob -b {word}: that is no emulated backend, and in job mode a cell needs no magic there: "
            "run it without one. Nothing was run."
        )
    try:
        return held if is_real else account.named(word)
    except QmodeError as error:
        raise UsageError(
            f"%%q{mode} -b {word}: {sentence(error)} The device's snapshot, which costs nothing, is called "
            f"{word.replace('ibm_', 'fake_', 1)}. Nothing was run."
        ) from None


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
