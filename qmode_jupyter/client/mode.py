"""From the `mode` of a primitive to where its jobs run (SEMANTICS P1)."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from qiskit.providers import BackendV2

from qmode_jupyter.client.context import current_session, why_none
from qmode_jupyter.client.places import same_backend
from qmode_jupyter.client.service import RuntimeService, service_of
from qmode_jupyter.client.session import Session
from qmode_jupyter.errors import IBMInputValueError

_log = logging.getLogger("qmode_jupyter.client.primitives")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the jobs of a primitive run; `session` is None in job mode."""

    session: Session | None
    service: RuntimeService
    backend: BackendV2


def resolve(mode: object) -> Place:
    """Return where a primitive made with `mode`, here and now, runs its jobs.

    Every backend counts as a QPU here, simulators included: that is what is rehearsed.

    Raises
    ------
    IBMInputValueError
        With IBM's words, which are a ValueError there; a note says more where it helps.
    """
    if isinstance(mode, Session):
        return _in_session(mode)
    if isinstance(mode, BackendV2):
        current = current_session()
        if current is None:
            return Place(None, service_of(mode), mode)
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
        return _in_session(current)
    if mode is not None:
        raise _noted(
            "mode must be of type Backend, Session, Batch or None",
            f"It is a {type(mode).__module__}.{type(mode).__name__}."
            + (" Get the backend first: RuntimeService().backend(name)." if isinstance(mode, str) else ""),
        )
    current = current_session()
    if current is None:
        raise _noted("A backend or session must be specified.", why_none())
    return _in_session(current)


def _in_session(session: Session) -> Place:
    return Place(session, session.service, session.backend_object)


def _noted(text: str, note: str) -> IBMInputValueError:
    error = IBMInputValueError(text)
    if note:
        error.add_note(note)
    return error
