"""IBM's own primitives in a cell: those that would run beside its workload join it (SEMANTICS P1).

A session or batch of IBM's client, with the id of the cell's, is the client's current one while the
cell runs. It talks to the emulated service as any client does, from the first primitive on: a cell
without any pays nothing. A backend that stands for the cell's, which the client would simulate by
itself, is taken as the client takes a real one.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from qiskit.providers import BackendV2
from qiskit_ibm_runtime import Batch, IBMBackend, Session, base_primitive
from qiskit_ibm_runtime.utils.default_session import get_cm_session, set_cm_session

from qmode_jupyter.client.context import JobContainer
from qmode_jupyter.client.mode import same_backend
from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.scheduler.records import Mode

if TYPE_CHECKING:
    from qmode_jupyter.client.service import RuntimeService

_log = logging.getLogger(__name__)
#: The function of the client's that finds where a primitive runs its jobs; each module has it by name.
_FINDER: Final = "get_mode_service_backend"


@contextmanager
def joined(service: RuntimeService, backend: BackendV2, mode: Mode, workload: str | None) -> Iterator[None]:
    """Let IBM's primitives that are made meanwhile run their jobs in a workload, or in job mode.

    Parameters
    ----------
    service, backend
        The emulated ones that the cell uses.
    mode, workload
        The cell's mode, and the id of its session or batch; None in job mode.
    """
    here = _Here(service, backend)
    current = None if workload is None else _current(here, mode, workload)
    find, before = base_primitive.get_mode_service_backend, get_cm_session()

    def found(mode: Any = None) -> tuple[Any, Any, Any]:
        if current is None:
            if _stands_for(mode, backend):
                return None, here.service, here.backend
            return find(mode)
        if isinstance(mode, JobContainer) or _is_served(mode, service, backend):
            mode = current  # the cell's own, as another client has it
        if get_cm_session() is None:  # a `with` inside the cell has left none, and threads have none
            set_cm_session(current)
        stands_for = _simulated(mode)
        if stands_for is None:
            return find(mode)
        _log.warning(
            "A backend was passed in as the mode but a session context manager is open so this job will run "
            "inside this session/batch instead of in job mode."
        )
        if not _stands_for(stands_for, backend):
            raise _another(stands_for, backend)
        return find(current)

    set_cm_session(current)
    _replace(find, found)
    try:
        yield
    finally:
        _replace(found, find)
        set_cm_session(before)


class _Here:
    """IBM's client of an emulated service, and a backend as that client has it: made when asked for."""

    def __init__(self, service: RuntimeService, backend: BackendV2) -> None:
        self._emulated = service, backend
        self._lock = threading.Lock()
        self._made: tuple[Any, IBMBackend] | None = None

    @property
    def service(self) -> Any:
        return self._connected()[0]

    @property
    def backend(self) -> IBMBackend:
        return self._connected()[1]

    def _connected(self) -> tuple[Any, IBMBackend]:
        from qmode_jupyter.ibm import connect

        with self._lock:
            if self._made is None:
                service, backend = self._emulated
                self._made = connect.service_and_backend(service, backend)
            return self._made


class _Late:
    """Comes before `Session` or `Batch`: what such an object holds is made when it is first asked for."""

    def __init__(self, make: Callable[[], Session]) -> None:
        self.__dict__["_make"] = make

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_session_id" in self.__dict__:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        self.__dict__.update(self.__dict__["_make"]().__dict__)
        return getattr(self, name)


class _LateSession(_Late, Session):
    """The session of a cell."""


class _LateBatch(_Late, Batch):
    """The batch of a cell."""


def _current(here: _Here, mode: Mode, workload: str) -> Session:
    """Return what the client takes for the session or batch of a `with` around the cell."""
    kind, late = (Batch, _LateBatch) if mode is Mode.BATCH else (Session, _LateSession)

    def make() -> Session:
        made = kind(here.backend, create_new=False)
        made._session_id = workload
        return made

    return late(make)


def _simulated(mode: Any) -> BackendV2 | None:
    """Return the backend on which the client would simulate by itself for this mode; None if it would not."""
    if mode is None:
        mode = get_cm_session()
    if isinstance(mode, Session):
        if isinstance(mode, _Late):
            return None
        mode = mode._backend
    return mode if isinstance(mode, BackendV2) and not isinstance(mode, IBMBackend) else None


def _stands_for(mode: Any, backend: BackendV2) -> bool:
    """Whether a mode is the cell's backend, or one just like it."""
    if not isinstance(mode, BackendV2) or isinstance(mode, IBMBackend):
        return False
    same_noise = getattr(mode.options, "noise_model", None) is getattr(backend.options, "noise_model", None)
    return same_backend(mode, backend) or (mode.name == backend.name and same_noise)


def _is_served(mode: Any, service: RuntimeService, backend: BackendV2) -> bool:
    """Whether a mode is the cell's backend as another client of the same service has it."""
    if not isinstance(mode, IBMBackend) or mode.name != backend.name:
        return False
    from qmode_jupyter.ibm.connect import emulated_by

    return emulated_by(mode.service) is service


def _another(mode: BackendV2, backend: BackendV2) -> IBMInputValueError:
    error = IBMInputValueError(
        "The backend passed in to the primitive is different from the session backend. Please check which "
        "backend you intend to use or leave the mode parameter empty to use the session backend."
    )
    error.add_note(
        f"The cell's is {backend.name}, the primitive's {mode.name}: -b VARIABLE on the line of the magic "
        "opens the session on the backend in that variable."
    )
    return error


def _replace(old: Any, new: Any) -> None:
    for name, module in tuple(sys.modules.items()):
        if name.startswith("qiskit_ibm_runtime.") and vars(module).get(_FINDER) is old:
            setattr(module, _FINDER, new)
