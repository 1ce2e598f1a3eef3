"""What is refused has a code, one line, and a status that IBM's client does not try again (SEMANTICS 7)."""

from __future__ import annotations

import pytest

from qmode_jupyter import errors
from qmode_jupyter.ibm.server.refusals import (
    Refusal,
    UnreadableCircuit,
    first_line,
    flaw_of,
    not_found,
    refusal_of,
)
from qmode_jupyter.scheduler.scheduler import Refused


def test_a_body_is_that_of_ibm_s_errors_and_each_has_a_trace_of_its_own() -> None:
    refusal = Refusal(400, 1352, "Not authorized.", "Use a batch.")
    body = refusal.body()
    assert (body["status_code"], body["errors"][0]["code"]) == (400, 1352)
    assert body["errors"][0]["message"] == "Not authorized."
    assert body["errors"][0]["solution"] == "Use a batch."
    assert body["trace"] != refusal.body()["trace"]
    assert not_found("Session", "xyz").body()["errors"][0]["message"] == "Session not found: xyz"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.RuntimeJobNotFound("none"), 404, 1291),
        (errors.BackendNotFoundError("none"), 404, 1007),
        (errors.RuntimeInvalidStateError("it has ended"), 409, 409),
        (errors.BudgetExceededError("spent"), 409, 409),
        (errors.RuntimeClosedError("closed"), 410, 4001),
        (errors.IBMInputValueError("wrong"), 400, 1208),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_an_error_of_the_runtime_has_its_status(error: errors.IBMError, status: int, code: int) -> None:
    refusal = refusal_of(error)
    assert (refusal.status, refusal.code) == (status, code)
    assert str(error) in refusal.message


@pytest.mark.parametrize(("code", "status"), [(1352, 400), (1202, 429), (3458, 400)])
def test_what_the_scheduler_refused_keeps_its_code(code: int, status: int) -> None:
    error = errors.RequestsApiError("in the client's words")
    error.__context__ = Refused(code, "No.", "Do otherwise.")
    refusal = refusal_of(error)
    assert (refusal.status, refusal.code) == (status, code)
    assert (refusal.message, refusal.solution) == ("No.", "Do otherwise.")


def test_a_job_s_flaw_has_the_code_of_its_kind() -> None:
    assert flaw_of(errors.NotISAError("h")).code == 1517  # type: ignore[attr-defined]
    assert flaw_of(UnreadableCircuit("x")).code == 1506  # type: ignore[attr-defined]
    assert flaw_of(errors.IBMInputValueError("1520: many")).code == 1520  # type: ignore[attr-defined]
    assert flaw_of(errors.IBMInputValueError("wrong")).code is None  # type: ignore[attr-defined]


def test_what_somebody_else_s_error_says_is_one_line() -> None:
    assert first_line(ValueError("first\nsecond")) == "first"
    assert first_line(ValueError()) == "ValueError"
