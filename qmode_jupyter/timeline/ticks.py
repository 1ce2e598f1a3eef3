"""Round steps of seconds, minutes, hours or days for a time axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

#: Steps that people count time in, in seconds.
STEPS_S: Final = (
    0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30,
    60, 120, 300, 600, 900, 1_800,
    3_600, 7_200, 10_800, 21_600, 43_200,
    86_400, 172_800, 604_800, 1_209_600,
)  # fmt: skip

_MINUTE_S: Final = 60
_HOUR_S: Final = 3_600
_DAY_S: Final = 86_400


def ticks(span_s: float, room_s: Callable[[str], float]) -> tuple[list[tuple[float, str]], str]:
    """Return the ticks from 0 to `span_s` as (second, label), and the unit that the labels are in.

    Parameters
    ----------
    span_s
        Length of the axis in seconds.
    room_s
        How many seconds of the axis a label takes, with the distance to the next.
    """
    for step in STEPS_S:
        unit = _unit(span_s, step)
        if step >= room_s(label(span_s, unit)) and step >= room_s(label(step, unit)):
            break
    else:
        while step < room_s(label(span_s, unit)):
            step *= 2
    return [(i * step, label(i * step, unit)) for i in range(int(span_s / step + 1e-9) + 1)], unit


def label(second: float, unit: str) -> str:
    """Return a moment in `unit`: "0.5" or "45" in s, "1:30" in min:s and in h:min, "2" in h and in d."""
    if unit == "s":
        return f"{second:g}"
    if unit == "min:s":
        return f"{int(second // _MINUTE_S)}:{round(second % _MINUTE_S):02d}"
    if unit == "h:min":
        return f"{int(second // _HOUR_S)}:{round(second % _HOUR_S / _MINUTE_S):02d}"
    return f"{second / (_DAY_S if unit == 'd' else _HOUR_S):g}"


def _unit(span_s: float, step_s: float) -> str:
    if span_s < 2 * _MINUTE_S and (step_s < 1 or span_s <= _MINUTE_S):
        return "s"
    if span_s < _HOUR_S or step_s < _MINUTE_S:
        return "min:s"
    if step_s % _DAY_S == 0:
        return "d"
    return "h" if span_s >= 2 * _DAY_S else "h:min"
