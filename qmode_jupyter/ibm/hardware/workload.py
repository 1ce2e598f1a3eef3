"""A real session or batch: opened, put in force, and ended whatever happens.

Requests that open and end one run on a thread of their own, which no interrupt reaches: who is
interrupted while a session is being opened has one to close.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

from qiskit_ibm_runtime import Batch, EstimatorV2, IBMBackend, SamplerV2, Session
from qiskit_ibm_runtime.utils.default_session import get_cm_session, set_cm_session

from qmode_jupyter.errors import IBMRuntimeError
from qmode_jupyter.scheduler.records import Mode
from qmode_jupyter.style.sentences import sentence

if TYPE_CHECKING:
    from qiskit_ibm_runtime import RuntimeJobV2

T = TypeVar("T")

#: The body of the service's answer, as the client shows it behind its status.
_BODY: Final = re.compile(r'\{"errors".*\}')

#: Seconds that an answer is waited for when somebody has interrupted.
_PATIENCE_S: Final = 30.0


class RealWorkload:
    """A session or batch of IBM's client.

    Parameters
    ----------
    backend, mode, max_time
        As `Session` and `Batch` take them.

    Raises
    ------
    IBMRuntimeError
        If the service refuses it, in its words; nothing is open then.
    KeyboardInterrupt
        If one came meanwhile; nothing is left open then.
    """

    def __init__(self, backend: IBMBackend, mode: Mode, max_time: str | int | None) -> None:
        self.mode = mode
        kind = Batch if mode is Mode.BATCH else Session

        def opened() -> Session:
            return kind(backend, max_time=max_time)

        try:
            self.session, interrupt = _uninterrupted(opened)
        except Exception as error:  # noqa: BLE001 - of the network, of the service
            raise IBMRuntimeError(_words(error)) from None
        if interrupt is not None:
            self.cancel(())
            raise interrupt

    @property
    def id(self) -> str:
        """The id that the service gave it."""
        return str(self.session.session_id)

    @property
    def primitives(self) -> dict[str, Any]:
        """The client's own, by the names that a cell finds them under."""
        return {"Sampler": SamplerV2, "Estimator": EstimatorV2}

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Let primitives without a mode join it, as in a `with` of it."""
        before = get_cm_session()
        set_cm_session(self.session)
        try:
            yield
        finally:
            set_cm_session(before)

    def close(self) -> str:
        """Take no more jobs; those that are there run on. Return what went wrong, "" if nothing did."""
        return _tried(self.session.close)

    def cancel(self, jobs: Iterable[RuntimeJobV2]) -> str:
        """Cancel these jobs, drop all that are queued, and close it; return what went wrong, or ""."""

        def cancelled() -> None:
            self.session.cancel()
            for job in jobs:
                with suppress(Exception):  # it ended first
                    job.cancel()

        return _tried(cancelled)


def _tried(action: Callable[[], Any]) -> str:
    try:
        _uninterrupted(action)
    except Exception as error:  # noqa: BLE001 - of the network, of the service
        return _words(error)
    return ""


def _uninterrupted(action: Callable[[], T]) -> tuple[T, KeyboardInterrupt | None]:
    """Return what `action` returns, and the interrupt that came meanwhile, if one did."""
    returned: list[T] = []
    raised: list[BaseException] = []
    claimed, over = threading.Lock(), threading.Event()

    def act() -> None:
        if not claimed.acquire(blocking=False):
            return  # an interrupt came while a thread was started, so that there are two
        try:
            returned.append(action())
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            raised.append(error)
        finally:
            over.set()

    interrupt: KeyboardInterrupt | None = None
    while not over.is_set():
        try:
            if not claimed.locked():
                threading.Thread(target=act, name="qmode-ibm-request", daemon=True).start()
            answered = over.wait(None if interrupt is None else _PATIENCE_S)
        except KeyboardInterrupt as another:
            interrupt = another
        else:
            if not answered:
                raise IBMRuntimeError("The service has not answered.")
    if raised:
        raise raised[0]
    return returned[0], interrupt


def said_by(error: BaseException) -> str:
    """Return an error's text; that of one of IBM's client's stands in quotes in its `str`."""
    message = getattr(error, "message", None)
    return message if isinstance(message, str) and message else str(error)


def _words(error: BaseException) -> str:
    """Return what went wrong in a sentence or two: what the service says, where it says something."""
    text = " ".join(said_by(error).split())
    body = _BODY.search(text)
    try:
        said = json.loads(body.group())["errors"][0] if body else {}
        if message := said.get("message"):
            solution = sentence(said["solution"]) if said.get("solution") else ""
            return f"{sentence(message).rstrip('.')} ({said.get('code')}). {solution}".strip()
    except (ValueError, LookupError, AttributeError):
        pass  # an answer of another shape is shown as it is
    return sentence((text[:1].upper() + text[1:]) or type(error).__name__)
