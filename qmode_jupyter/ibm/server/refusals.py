"""What the service answers instead of a result: a code, one line, and what to do (SEMANTICS section 7).

IBM's registry of codes is not public as a whole. Where the number that belongs to a case is not known,
the HTTP status stands in its place.
"""

from __future__ import annotations

import uuid
from typing import Any, Final

from qmode_jupyter.errors import (
    BackendNotFoundError,
    BudgetExceededError,
    IBMError,
    IBMInputValueError,
    NotISAError,
    RequestsApiError,
    RuntimeClosedError,
    RuntimeInvalidStateError,
    RuntimeJobNotFound,
)
from qmode_jupyter.scheduler.records import WORKLOAD_ENDED
from qmode_jupyter.scheduler.scheduler import Refused

#: Codes of the service, by what they mean.
NOT_AUTHORIZED: Final = 1200
TOO_MANY_REQUESTS: Final = 1202
BAD_BODY: Final = 1208
NO_BACKEND: Final = 1007
BAD_CRN: Final = 1241
NO_INSTANCE: Final = 1279
NO_JOB: Final = 1291
TOO_LARGE: Final = 5302
#: Codes of jobs that fail for what is in them.
UNREADABLE_CIRCUIT: Final = 1506
NOT_ISA: Final = 1517
OVER_A_LIMIT: Final = 1520

_MORE_INFO: Final = "https://quantum.cloud.ibm.com/docs/errors#error-handling"
_STATUS: Final = {TOO_MANY_REQUESTS: 429}


class Refusal(Exception):
    """A request is refused.

    Attributes
    ----------
    status
        The HTTP status: never one of those that IBM's client tries again (SEMANTICS R2).
    code, message, solution
        As IBM's errors have them.
    """

    def __init__(self, status: int, code: int, message: str, solution: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.solution = status, code, message, solution

    def body(self) -> dict[str, Any]:
        """Return the body of the answer."""
        error = {
            "code": self.code,
            "message": self.message,
            "solution": self.solution,
            "more_info": _MORE_INFO,
        }
        return {"errors": [error], "trace": uuid.uuid4().hex, "status_code": self.status}


def bad_request(message: str, solution: str = "") -> Refusal:
    """Return the refusal of a body or a query that can't be right."""
    return Refusal(400, BAD_BODY, message, solution)


def not_found(what: str, name: str, code: int = 404) -> Refusal:
    """Return the refusal of something that there is none of."""
    return Refusal(404, code, f"{what} not found: {name}", "Check the id, and the instance that it is of.")


def first_line(error: BaseException) -> str:
    """Return what an error of somebody else's says, on one line."""
    text = str(getattr(error, "message", "") or error).strip()
    return text.splitlines()[0] if text else type(error).__name__


class UnreadableCircuit(IBMInputValueError):
    """A job's circuits can't be read."""

    code = UNREADABLE_CIRCUIT


def flaw_of(error: IBMInputValueError) -> IBMInputValueError:
    """Return an error of a job's inputs with the code that the service gives such a job."""
    code = NOT_ISA if isinstance(error, NotISAError) else getattr(error, "code", None)
    if code is None and "1520" in str(error):
        code = OVER_A_LIMIT
    error.code = code  # type: ignore[attr-defined]  # the runtime looks for it
    return error


def refusal_of(error: IBMError) -> Refusal:
    """Return the refusal for what the runtime raised."""
    refused = error.__context__  # what the scheduler said before it was put into the client's words
    if isinstance(error, RequestsApiError) and isinstance(refused, Refused):
        return Refusal(_STATUS.get(refused.code, 400), refused.code, refused.message, refused.solution)
    text = str(error)
    if isinstance(error, RuntimeJobNotFound):
        return Refusal(404, NO_JOB, text)
    if isinstance(error, BackendNotFoundError):
        return Refusal(404, NO_BACKEND, text)
    if isinstance(error, RuntimeInvalidStateError):
        return Refusal(409, 409, text)
    if isinstance(error, BudgetExceededError):
        return Refusal(409, 409, text, "Raise the budget, or submit less.")
    if isinstance(error, RuntimeClosedError):
        return Refusal(410, WORKLOAD_ENDED, text)
    return bad_request(text)
