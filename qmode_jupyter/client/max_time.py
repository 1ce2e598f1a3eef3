"""The maximum time of a session or batch, as people write it (SEMANTICS S13)."""

from __future__ import annotations

import re
from numbers import Integral
from typing import Final

from qmode_jupyter.errors import IBMInputValueError, QmodeWarning
from qmode_jupyter.style.warn import warn

_SECONDS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_TERM: Final = re.compile(r"(\d+)([dhms])")
_EXAMPLES: Final = "whole seconds or a text such as '2h 30m 40s'"


def max_time_seconds(max_time: object) -> int | None:
    """Return the seconds that `max_time` means; None for the plan's own maximum.

    As in IBM's client every ``<digits><d|h|m|s>`` in a text counts, in any order, and whatever else
    stands there is skipped: "1.5h" is five hours. Where something was skipped a warning says so.
    Whether the service takes the number is the service's to say (SEMANTICS S14, A4).

    Raises
    ------
    IBMInputValueError
        For a text without any such term, or what is neither a text nor a whole number.
    """
    if max_time is None:
        return None
    if not isinstance(max_time, bool) and isinstance(max_time, Integral):
        return int(max_time)
    if not isinstance(max_time, str):
        raise IBMInputValueError(f"Invalid max_time value: {max_time!r} is not {_EXAMPLES}.")
    terms = _TERM.findall(max_time)
    if not terms:
        raise IBMInputValueError(
            f"Invalid max_time value: {max_time!r} has no number with one of the units d, h, m, s "
            f"(lower case, no blank between); write {_EXAMPLES}."
        )
    seconds = sum(int(number) * _SECONDS[unit] for number, unit in terms)
    if _TERM.sub("", max_time).strip(" ,\t"):
        read = " ".join(number + unit for number, unit in terms)
        warn(
            f"max_time {max_time!r} is read as {read!r}, {seconds} seconds, as IBM's client does: "
            "only whole numbers with a unit count.",
            QmodeWarning,
        )
    return seconds
