"""What takes jobs, and which session or batch a `with` has put in force (SEMANTICS S17).

A context variable holds it. Leaving any `with` sets it to nothing, also inside another one, and new
threads never see it, as in IBM's client. That is reproduced and not repaired, since the same code
must do the same on hardware; what is added is an explanation where it bites (SEMANTICS A18).
"""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

    from qmode_jupyter.client.job import JobService
    from qmode_jupyter.runtime.jobs import JobRequest

_log = logging.getLogger("qmode_jupyter.client.session")


class JobContainer(ABC):
    """Where the jobs of a primitive go: a session, a batch, or job mode."""

    @property
    @abstractmethod
    def service(self) -> JobService:
        """The service that runs them."""

    @property
    @abstractmethod
    def backend_object(self) -> BackendV2:
        """The backend that they run on."""

    @property
    @abstractmethod
    def max_time(self) -> float | None:
        """The seconds that all of them have; None where there is no limit."""

    @abstractmethod
    def submit(self, request: JobRequest) -> str:
        """Submit a checked job and return its id.

        Raises
        ------
        IBMRuntimeError
            If the service refuses; nothing was submitted then.
        """


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """One `with` whose body is running somewhere."""

    container: JobContainer
    thread: threading.Thread


class WithBlocks:
    """The `with` statements whose bodies are running, in all threads."""

    def __init__(self) -> None:
        self._in_force: Final[ContextVar[JobContainer | None]] = ContextVar("qmode_session", default=None)
        self._blocks: list[_Block] = []

    def current(self) -> JobContainer | None:
        """Return the session or batch that primitives without a mode join, if there is one."""
        return self._in_force.get()

    def enter(self, container: JobContainer) -> None:
        """Put a session or batch in force: the body of its `with` begins."""
        self._blocks.append(_Block(container, threading.current_thread()))
        self._in_force.set(container)

    def leave(self, container: JobContainer) -> None:
        """Leave nothing in force: the body of a `with` has ended."""
        self._in_force.set(None)
        here = threading.current_thread()
        for block in reversed(self._blocks):
            if block.container is container:
                self._blocks.remove(block)
                break
        outer = [block.container for block in self._blocks if block.thread is here]
        if outer:
            _log.warning(
                "Leaving the inner %s leaves no %s in force, though the outer %s is still open, as in IBM's "
                "client: give mode=... to the primitives that you make from here on.",
                _word(container),
                _word(outer[-1]),
                _word(outer[-1]),
            )

    def why_none(self) -> str:
        """Say why none is in force although a `with` is open; "" when none is."""
        if not self._blocks:
            return ""
        here, last = threading.current_thread(), self._blocks[-1]
        if any(block.thread is here for block in self._blocks):
            return (
                f"You are inside `with {_word(last.container)}`, but leaving a `with` inside it left none "
                "in force, as in IBM's client: give mode=... here."
            )
        return (
            f"`with {_word(last.container)}` is open in {last.thread.name}, but threads "
            "don't inherit it, as in IBM's client: give mode=... here."
        )

    def clear(self) -> None:
        """Forget all of them; nothing is in force here."""
        self._blocks.clear()
        self._in_force.set(None)


def _word(container: JobContainer) -> str:
    return type(container).__name__
