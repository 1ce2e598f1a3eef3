"""Arguments of public calls, checked where they come in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from qmode_jupyter.client.options.kinds import NOTHING, Kind
from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.style.characters import shown


def checked(name: str, kind: Kind, value: Any) -> Any:
    """Return `value` as `kind` keeps it.

    Raises
    ------
    IBMInputValueError
        If it is none of its kind; it is a ValueError, too.
    """
    try:
        return kind.keep(value)
    except ValueError:
        raise IBMInputValueError(f"{name} must be {kind.words}, not {shown(value)}.") from None


def instance_of(cls: type, words: str) -> Kind:
    """Objects of a class."""

    def keep(value: Any) -> Any:
        if not isinstance(value, cls):
            raise ValueError
        return value

    return Kind(words, keep)


def _called(value: Any) -> Callable[..., Any]:
    if not callable(value):
        raise ValueError
    return value


CALLABLE_OR_NONE: Final = Kind("something that can be called", _called) | NOTHING
MOMENT_OR_NONE: Final = instance_of(datetime, "a datetime, local where it has no time zone,") | NOTHING
