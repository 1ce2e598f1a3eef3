"""Where work runs: which service, on which backend; and handing it in there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qiskit.providers import BackendV2

from qmode_jupyter.client.service import RuntimeService, belongs, default_service, service_of
from qmode_jupyter.errors import IBMInputValueError, IBMRuntimeError, RequestsApiError

if TYPE_CHECKING:
    from qmode_jupyter.simulation.tasks import Program, SimulationOptions


def place(backend: object, service: object) -> tuple[RuntimeService, BackendV2]:
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
        where = given or default_service()
        return where, where.backend(backend)
    if not isinstance(backend, BackendV2):
        raise IBMInputValueError(
            f"Invalid backend type {type(backend)}: give a BackendV2, or the name of one of the service."
        )
    owner = service_of(backend) if given is None or belongs(backend) else given
    if given is not None and owner is not given:
        raise IBMInputValueError(
            f"The backend {backend.name} belongs to another service than the one given: leave service out, "
            f"or take service.backend({backend.name!r})."
        )
    return owner, backend


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


def submit(
    service: RuntimeService,
    program: Program,
    pubs: Sequence[Any],
    backend: BackendV2,
    options: SimulationOptions,
    *,
    workload: str | None = None,
    max_execution_s: float | None = None,
    tags: tuple[str, ...] = (),
    private: bool = False,
) -> str:
    """Submit a checked job and return its id.

    Raises
    ------
    RuntimeClosedError
        If the service was closed.
    IBMRuntimeError
        If the service refuses; nothing was submitted then (SEMANTICS P7, A6).
    """
    try:
        return service.submit(
            program,
            pubs,
            backend,
            options,
            workload=workload,
            max_execution_s=max_execution_s,
            tags=tags,
            private=private,
        )
    except RequestsApiError as error:
        raise IBMRuntimeError(f"Failed to run program: {error}") from None
