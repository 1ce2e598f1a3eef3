"""Many jobs in little room: how many are in each state over time, and whom the QPU serves.

Time is cut into the pixel columns of the picture. Each column shows averages over its stretch of
time, so nothing is lost between two pixels, however short it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from qmode_jupyter.timeline.intervals import Phases, Spans, occupancy

if TYPE_CHECKING:
    from qmode_jupyter.timeline.canvas import Canvas

#: From the bottom of the stack to its top: what is over, then what is nearest to it.
STACK: Final = ("failed", "cancelled", "done", "on_qpu", "waiting", "preparing", "queued")

#: What of the stack happens in the preparation lanes.
LANES: Final[tuple[str, ...]] = ("on_qpu", "waiting", "preparing")

JOBS_HEIGHT: Final = 120.0
LANES_HEIGHT: Final = 34.0
GAP: Final = 12.0
COLUMNS_PER_POINT: Final = 2.0

#: Averages over long times and many jobs are off by less than this.
ROUNDING: Final = 1e-3


def columns(canvas: Canvas, until: float) -> np.ndarray:
    """Return the edges, in seconds, of the pixel columns from the start of the canvas to `until`."""
    points = canvas.x(until) - canvas.left
    return np.linspace(canvas.start, until, max(2, round(points * COLUMNS_PER_POINT)) + 1)


def draw_density(canvas: Canvas, phases: Phases, until: float, top: float) -> tuple[float, set[str]]:
    """Draw the jobs of all states stacked, and below it the lanes once more at their own scale.

    Returns
    -------
    The y at which it ends, and the meanings that stand in it.
    """
    edges = columns(canvas, until)
    levels = {meaning: _level(phases, meaning, until, edges) for meaning in STACK}
    levels = {meaning: level for meaning, level in levels.items() if level.any()}
    most = len(phases)
    _stack(canvas, edges, levels, top, JOBS_HEIGHT, most)
    _scale(canvas, top, JOBS_HEIGHT, "jobs", f"{most:,}", until)
    lanes = {meaning: levels[meaning] for meaning in LANES if meaning in levels}
    if not lanes:
        return top + JOBS_HEIGHT, set(levels)
    held = sum(level for level in lanes.values())
    busiest = max(1, int(np.ceil(np.max(held) - ROUNDING)))
    lanes_top = top + JOBS_HEIGHT + GAP
    _stack(canvas, edges, lanes, lanes_top, LANES_HEIGHT, busiest)
    _scale(canvas, lanes_top, LANES_HEIGHT, "running", f"{busiest:,}", until)
    return lanes_top + LANES_HEIGHT, set(levels)


def draw_share(canvas: Canvas, spans: Mapping[str, Spans], until: float, top: float, height: float) -> None:
    """Draw which part of each column's time the QPU gave to whom."""
    edges = columns(canvas, until)
    _stack(canvas, edges, {m: occupancy(s, edges) for m, s in spans.items()}, top, height, 1.0)


def _level(phases: Phases, meaning: str, until: float, edges: np.ndarray) -> np.ndarray:
    if meaning in ("done", "failed", "cancelled"):
        return occupancy(phases.after(meaning, until), edges)
    return occupancy(phases.in_phase(meaning), edges)


def _stack(
    canvas: Canvas,
    edges: np.ndarray,
    levels: Mapping[str, np.ndarray],
    top: float,
    height: float,
    most: float,
) -> None:
    below = np.zeros(len(edges) - 1)
    for meaning, level in levels.items():
        above = np.minimum(below + level, most)
        canvas.area(meaning, edges, top + height * (1 - below / most), top + height * (1 - above / most))
        below = above


def _scale(canvas: Canvas, top: float, height: float, name: str, most: str, until: float) -> None:
    ground = canvas.theme.ground
    canvas.line(ground.line, (canvas.start, until), (top + height, top + height), z=3)
    canvas.text(canvas.start, top + height / 2, name, ground.text, dx=-6, ha="right", size=8.0)
    canvas.text(canvas.start, top + 4, most, ground.muted, dx=-6, ha="right", size=7.5)
    canvas.text(canvas.start, top + height - 4, "0", ground.muted, dx=-6, ha="right", size=7.5)
