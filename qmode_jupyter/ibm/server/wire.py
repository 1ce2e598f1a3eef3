"""Values as they cross: JSON, moments, and fields that are checked as they are read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from qmode_jupyter.client.options.kinds import Kind
from qmode_jupyter.ibm.server.refusals import bad_request
from qmode_jupyter.runtime.clock import timestamp
from qmode_jupyter.style.characters import shown

_MISSING: Final = object()
_MOST_DIGITS: Final = 9


def parsed(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body, whose numbers are all finite, so that it can be sent back.

    Raises
    ------
    Refusal
        If there is none.
    """
    try:
        found = json.loads(body, parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise bad_request(f"The body is not valid JSON: {error}") from None
    if not isinstance(found, dict):
        raise bad_request(f"The body must be a JSON object, not {type(found).__name__}.")
    return found


def field(source: Mapping[str, Any], name: str, kind: Kind, default: Any = _MISSING) -> Any:
    """Return a field of a body, or `default` where it is missing or null.

    Raises
    ------
    Refusal
        If it is of another kind, or missing without a default.
    """
    value = source.get(name)
    if value is None:
        if default is _MISSING:
            raise bad_request(f"The field {name!r} is missing: it must be {kind.words}.")
        return default
    try:
        return kind.keep(value)
    except ValueError:
        raise bad_request(f"The field {name!r} must be {kind.words}, not {shown(value)}.") from None


def moment(name: str, text: str | None) -> float | None:
    """Return a moment that stands in a query, in seconds since 1970; one without a zone is UTC.

    Raises
    ------
    Refusal
        If it is none.
    """
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise bad_request(f"{name} must be a date and time as in ISO 8601, not {shown(text)}.") from None


def number(text: str | None, name: str, default: int, most: int | None = None) -> int:
    """Return a whole number that stands in a query, no more than `most`.

    Raises
    ------
    Refusal
        If it is none.
    """
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise bad_request(f"{name} must be a whole number, not {shown(text)}.")
    return int(text) if most is None else min(int(text), most)


def flag(text: str | None, name: str) -> bool | None:
    """Return a truth that stands in a query; None where it is missing.

    Raises
    ------
    Refusal
        If it is none.
    """
    if text is None:
        return None
    if text.lower() not in ("true", "false"):
        raise bad_request(f"{name} must be true or false, not {shown(text)}.")
    return text.lower() == "true"


def written(unix_s: float | None) -> str | None:
    """Return a moment as the service writes it."""
    return None if unix_s is None else timestamp(unix_s)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{shown(text)} is not a finite number")
    return number
