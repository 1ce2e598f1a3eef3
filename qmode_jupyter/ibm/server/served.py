"""What is served, and one call to it: who calls, with what, and the answer."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from qmode_jupyter.ibm.server.programs import Writer, write_result
from qmode_jupyter.runtime.engine import Caller

if TYPE_CHECKING:
    from starlette.datastructures import Headers, QueryParams

    from qmode_jupyter.client.service import RuntimeService
    from qmode_jupyter.ibm.server.account import ServedAccount
    from qmode_jupyter.ibm.server.devices import Devices
    from qmode_jupyter.runtime.runtime import Runtime

#: Which questions after a job's status wait for its end: none, those that are polls, or these and one
#: that follows the job's submission at once, as ``run(...).result()`` asks it.
Hold = Literal["never", "polls", "first"]

_numbers = itertools.count(1)


class Connection:
    """A connection to the service: to the runtime it is who submits and waits, as a thread is.

    Attributes
    ----------
    ident
        Below zero: never that of a thread.
    last
        The last call: which, about which job, and when it was answered.
    """

    def __init__(self) -> None:
        self.ident: int | None = -next(_numbers)
        self.last: tuple[str, str, float] = ("", "", 0.0)
        self._open = True

    def is_alive(self) -> bool:
        """Whether it is open."""
        return self._open

    def close(self) -> None:
        """Note that it has gone."""
        self._open = False

    def note(self, what: str, job: str) -> None:
        """Note what has been answered just now."""
        self.last = (what, job, time.monotonic())

    def since(self, what: str, job: str) -> float | None:
        """Return the seconds since this was answered, if it was the last thing; None otherwise."""
        last_what, last_job, at = self.last
        return time.monotonic() - at if (last_what, last_job) == (what, job) else None


@dataclass(frozen=True, slots=True)
class Sent:
    """What came with a job that was sent here, beside what the runtime keeps of it."""

    params: Mapping[str, Any]
    write: Writer = write_result
    notes: tuple[str, ...] = ()
    image: str = ""
    calibration_id: str | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """A service as it is served.

    Attributes
    ----------
    service
        The one runtime behind it, whose jobs are those of everybody who uses it.
    account, devices
        Its instance, and its backends.
    hold
        See `Hold`.
    sent
        By job.
    said_open
        Closed sessions and batches that somebody said should take jobs again: they don't (SEMANTICS S4).
    """

    service: RuntimeService
    account: ServedAccount
    devices: Devices
    hold: Hold = "first"
    sent: dict[str, Sent] = field(default_factory=dict)
    said_open: set[str] = field(default_factory=set)

    @property
    def runtime(self) -> Runtime:
        """The runtime of the service."""
        return self.service.runtime


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes
    ----------
    path
        The variable parts of its path.
    query, headers, body
        As they came.
    connection
        Where it came from.
    caller
        Who is behind it: the connection, or in this process the thread that waits for the answer.
    """

    path: Mapping[str, str]
    query: QueryParams
    headers: Headers
    body: bytes
    connection: Connection
    caller: Caller


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: an object is sent as JSON, a text as it is, None as no body."""

    content: Any = None
    status: int = 200


#: Answers a call; raises `Refusal`, or an error of the runtime's.
Run = Callable[[Served, Call], Answer]

NOTHING_TO_SAY = Answer(status=204)
