"""From the `mode` of a primitive, or the backend of a session, to where jobs run (SEMANTICS P1)."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from qiskit.providers import BackendV2

from qmode_jupyter.client.context import JobContainer
from qmode_jupyter.client.process import with_blocks
from qmode_jupyter.client.service import RuntimeService, belongs, default_service, service_of
from qmode_jupyter.errors import IBMInputValueError, IBMRuntimeError, RequestsApiError
from qmode_jupyter.runtime.jobs import JobRequest

_log = logging.getLogger("qmode_jupyter.client.primitives")


@dataclass(frozen=True, slots=True, eq=False)
class JobMode(JobContainer):
    """Jobs by themselves: each goes to the service directly."""

    service: RuntimeService
    backend_object: BackendV2
    max_time: None = None

    def submit(self, request: JobRequest) -> str:
        """Submit a checked job and return its id."""
        return submit(self.service, request)


def resolve(mode: object) -> JobContainer:
    """Return where a primitive made with `mode`, here and now, runs its jobs.

    Every backend counts as a QPU here, simulators included: that is what is rehearsed.

    Raises
    ------
    IBMInputValueError
        With IBM's words, which are a ValueError there; a note says more where it helps.
    """
    if isinstance(mode, JobContainer):
        return mode
    current = with_blocks.current()
    if isinstance(mode, BackendV2):
        if current is None:
            return JobMode(service_of(mode), mode)
        _log.warning(
            "A backend was passed in as the mode but a session context manager is open so this job will run "
            "inside this session/batch instead of in job mode."
        )
        if not same_backend(mode, current.backend_object):
            raise IBMInputValueError(
                "The backend passed in to the primitive is different from the session backend. "
                "Please check which backend you intend to use or leave the mode parameter empty to use "
                "the session backend."
            )
        return current
    if mode is not None:
        raise _noted(
            "mode must be of type Backend, Session, Batch or None",
            f"It is a {type(mode).__module__}.{type(mode).__name__}."
            + (" Get the backend first: RuntimeService().backend(name)." if isinstance(mode, str) else ""),
        )
    if current is None:
        raise _noted("A backend or session must be specified.", with_blocks.why_none())
    return current


def service_and_backend(backend: object, service: object) -> tuple[RuntimeService, BackendV2]:
    """Return the service and backend of a session that is made with these two.

    Raises
    ------
    IBMInputValueError
        For something that is no backend, or one that belongs to another service.
    BackendNotFoundError
        For the name of no backend.
    """
    if isinstance(backend, RuntimeService):
        raise IBMInputValueError(
            "Invalid backend type RuntimeService: the backend comes first, write "
            "Session(backend=backend, service=service)."
        )
    given = None if service is None else checked_service(service)
    if isinstance(backend, str):
        named = given or default_service()
        return named, named.backend(backend)
    if not isinstance(backend, BackendV2):
        raise IBMInputValueError(
            f"Invalid backend type {type(backend)}: give a BackendV2, or the name of one of the service."
        )
    found = service_of(backend) if given is None or belongs(backend) else given
    if given is not None and found is not given:
        raise IBMInputValueError(
            f"The backend {backend.name} belongs to another service than the one given: leave service out, "
            f"or take service.backend({backend.name!r})."
        )
    return found, backend


def checked_service(service: object) -> RuntimeService:
    """Return `service` if it is one of ours; raise IBMInputValueError otherwise."""
    if isinstance(service, RuntimeService):
        return service
    kind = type(service)
    raise IBMInputValueError(
        f"service must be a RuntimeService of qmode_jupyter, not {kind.__module__}.{kind.__name__}."
    )


def same_backend(one: BackendV2, other: BackendV2) -> bool:
    """Whether two backends are one QPU: the same object, or the same name from the same service."""
    if one is other:
        return True
    both_handed_out = belongs(one) and belongs(other)
    return both_handed_out and one.name == other.name and service_of(one) is service_of(other)


def submit(service: RuntimeService, request: JobRequest) -> str:
    """Submit a checked job and return its id.

    Raises
    ------
    RuntimeClosedError
        If the service was closed.
    IBMRuntimeError
        If the service refuses; nothing was submitted then (SEMANTICS P7, A6).
    """
    try:
        return service.runtime.submit(request)
    except RequestsApiError as error:
        raise IBMRuntimeError(f"Failed to run program: {error}") from None


def _noted(text: str, note: str) -> IBMInputValueError:
    error = IBMInputValueError(text)
    if note:
        error.add_note(note)
    return error
