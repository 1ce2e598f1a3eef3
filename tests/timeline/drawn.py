"""What stands on a timeline, and where: bars by meaning, words by name, both in pixels."""

from __future__ import annotations

from functools import cache

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from qmode_jupyter.timeline.canvas import Timeline
from qmode_jupyter.timeline.draw import timeline
from tests.timeline.runs import RUNS


@cache
def drawn(run: str, width_in: float = 10.0, theme: str = "light") -> Timeline:
    """Return the timeline of a run; it is drawn once for all tests that only look at it."""
    return timeline(RUNS[run](), width_in=width_in, theme=theme)


def shapes(figure: Timeline, kind: str = "bars") -> dict[str, list[np.ndarray]]:
    """Return the shapes of each meaning as vertices (seconds, points down)."""
    found: dict[str, list[np.ndarray]] = {}
    for collection in figure.axes[0].collections:
        which, _, meaning = (collection.get_gid() or "").partition(":")
        if isinstance(collection, PolyCollection) and which == kind:
            found[meaning] = [path.vertices for path in collection.get_paths()]
    return found


def texts(figure: Timeline, name: str | None = None) -> list[Text]:
    found = figure.axes[0].texts
    return [t for t in found if t.get_text().strip() and (name is None or t.get_gid() == name)]


def said(figure: Timeline, name: str) -> list[str]:
    return [text.get_text() for text in texts(figure, name)]


def extent(figure: Timeline, text: Text) -> Bbox:
    return Text.get_window_extent(text, figure.canvas.get_renderer())


def box(figure: Timeline, vertices: np.ndarray) -> Bbox:
    """Return a bar's place in pixels."""
    corners = figure.axes[0].transData.transform(vertices)
    return Bbox([corners.min(axis=0), corners.max(axis=0)])
