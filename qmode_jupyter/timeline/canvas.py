"""A canvas to draw on: seconds to the right, points down, and text whose width is known beforehand.

Nothing here knows of jobs. A canvas collects bars, lines and texts, and puts them on a `Figure` at
the end: one `PolyCollection` per colour, however many bars there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from PIL import Image

from qmode_jupyter.style.palette import HATCHES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from qmode_jupyter.style.palette import Theme

#: Dots per inch of the figure; on a page a picture is shown at this size, with `SHARPNESS` times the pixels.
DPI: Final = 100
SHARPNESS: Final = 2

POINTS_PER_INCH: Final = 72

#: What lies over what; within a kind, what was drawn later lies higher by a little.
TRACK_Z: Final = 1.2
AREAS_Z: Final = 1.5
BARS_Z: Final = 2.0
ORDER_Z: Final = 0.001
TEXT_Z: Final = 5.0

#: Comes with matplotlib, so that a picture is the same everywhere and every width is known.
FONT: Final = "DejaVu Sans"

#: What is over fills much of a density, so it stays in the background.
OPACITY: Final = {"done": 0.4}

#: Stands for a sign that the font doesn't have.
UNKNOWN_SIGN: Final = "□"

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


class Timeline(Figure):
    """A figure that shows itself as a picture, and in text as one line that is the same every time."""

    def __init__(self, one_line: str, **figure: Any) -> None:
        super().__init__(**figure)
        self._one_line = one_line
        FigureCanvasAgg(self)

    def __repr__(self) -> str:
        return f"<Timeline: {self._one_line}>"

    def __str__(self) -> str:
        return repr(self)

    def _repr_png_(self) -> tuple[bytes, dict[str, Any]]:
        """Return the picture for a front end whose kernel has no inline backend under way."""
        picture = self._drawn(DPI * SHARPNESS)
        out = BytesIO()
        # Flat colours and grey edges of letters: 256 colours are all there are to the eye, at a third of
        # the bytes in every notebook that keeps the picture.
        picture.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(out, "png")
        shown = {"width": picture.width // SHARPNESS, "height": picture.height // SHARPNESS}
        return out.getvalue(), shown | {"alt": f"Timeline: {self._one_line}"}

    def _drawn(self, dpi: float) -> Image.Image:
        canvas, own_dpi = self.canvas, self.dpi
        try:
            self.set_dpi(dpi)
            drawing = FigureCanvasAgg(self)
            drawing.draw()
            return Image.fromarray(np.asarray(drawing.buffer_rgba())).convert("RGB")
        finally:
            self.set_canvas(canvas)
            self.set_dpi(own_dpi)


@lru_cache(maxsize=64)
def _font(size: float, weight: str) -> FontProperties:
    return FontProperties(
        family=FONT, style="normal", variant="normal", weight=weight, stretch="normal", size=size
    )


@lru_cache(maxsize=1)
def _renderer() -> RendererAgg:
    return RendererAgg(8, 8, DPI)


@lru_cache(maxsize=4096)
def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Return how wide a line of text is, in points."""
    width, _, _ = _renderer().get_text_width_height_descent(text, _font(size, weight), ismath=False)
    return width * POINTS_PER_INCH / DPI


@lru_cache(maxsize=1024)
def _has_glyph(sign: str, weight: str) -> bool:
    return get_font(findfont(_font(10.0, weight))).get_char_index(ord(sign)) != 0


def printable(text: str, weight: str = "normal") -> str:
    """Return `text` in one line, with a box for every sign that the font can't draw."""
    if text.isascii() and text.isprintable():
        return text
    line = "".join(" " if c.isspace() else c for c in text)
    return "".join(c if c.isprintable() and _has_glyph(c, weight) else UNKNOWN_SIGN for c in line)


def fitted(text: str, width: float, size: float, weight: str = "normal") -> str:
    """Return `text` cut to `width` points, with an ellipsis when it was cut; empty if nothing fits."""
    text = printable(text, weight)
    if text_width(text, size, weight) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(text[:middle].rstrip() + "…", size, weight) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "…" if low else ""


def first_that_fits(choices: Sequence[str], width: float, size: float, weight: str = "normal") -> str:
    """Return the first of `choices` that is at most `width` points wide, or nothing."""
    for choice in choices:
        said = printable(choice, weight)
        if text_width(said, size, weight) <= width:
            return said
    return ""


class Canvas:
    """A page `width` points wide, on which second `start` stands `left` points from the edge.

    x is in seconds for bars and lines; texts are placed `dx` points beside a second. y is in points
    from the top of the page.
    """

    def __init__(self, theme: Theme, width: float, left: float, start: float, points_per_s: float) -> None:
        self.theme = theme
        self.width = width
        self.left = left
        self.start = start
        self.points_per_s = points_per_s
        self._bars: dict[str, list[np.ndarray]] = {}
        self._areas: dict[str, list[np.ndarray]] = {}
        self._lines: dict[tuple[str, str, float, float], list[Any]] = {}
        self._texts: list[dict[str, Any]] = []

    def x(self, second: float) -> float:
        """Return how many points from the left edge of the page a second stands."""
        return self.left + (second - self.start) * self.points_per_s

    def second(self, x: float) -> float:
        """Return the second that stands `x` points from the left edge of the page."""
        return self.start + (x - self.left) / self.points_per_s

    def bars(
        self, meaning: str, start: Any, end: Any, top: Any, height: float, *, least: float = 0.0
    ) -> None:
        """Draw rectangles from `start` to `end` seconds, none narrower than `least` points.

        `start`, `end` and `top` are scalars or of shape (n,).
        """
        start, end, top = np.broadcast_arrays(np.atleast_1d(start), np.atleast_1d(end), np.atleast_1d(top))
        if not len(start):
            return
        end = np.maximum(end, start + least / self.points_per_s)
        bottom = top + height
        quads = np.stack(
            [np.stack(c, axis=-1) for c in ((start, top), (end, top), (end, bottom), (start, bottom))], axis=1
        )
        self._bars.setdefault(meaning, []).append(quads)

    def area(self, meaning: str, edges: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
        """Draw a stepped area over bins.

        Parameters
        ----------
        edges
            Seconds, shape (m + 1,).
        low, high
            Its foot and its top in points down the page, shape (m,).
        """
        across = np.repeat(edges, 2)[1:-1]
        there = np.stack([across, np.repeat(low, 2)], axis=-1)
        back = np.stack([across[::-1], np.repeat(high, 2)[::-1]], axis=-1)
        self._areas.setdefault(meaning, []).append(np.concatenate([there, back]))

    def line(
        self,
        colour: str,
        x: Sequence[float],
        y: Sequence[float],
        *,
        width: float = 0.8,
        dashes: str = "-",
        z: float = 3,
    ) -> None:
        """Draw a line through (seconds, points)."""
        self._lines.setdefault((colour, dashes, width, z), []).append(np.stack([x, y], axis=-1))

    def text(
        self,
        second: float,
        y: float,
        text: str,
        colour: str,
        *,
        dx: float = 0.0,
        size: float = 8.5,
        weight: str = "normal",
        ha: str = "left",
        name: str = "",
        clear: bool = True,
    ) -> None:
        """Write one line, vertically centred on `y`, `dx` points beside a second.

        Lines behind it are cleared away, unless it stands on a bar (`clear=False`).
        """
        if text:
            self._texts.append(
                {"x": self.second(self.x(second) + dx), "y": y, "s": printable(text, weight), "color": colour,
                 "font": _font(size, weight), "ha": ha, "name": name, "clear": clear}
            )  # fmt: skip

    def figure(
        self, one_line: str, height: float, floor: float, ticks: Sequence[tuple[float, str]]
    ) -> Timeline:
        """Return everything on a figure `height` points high, its time axis `floor` points from the top."""
        ground = self.theme.ground
        figure = Timeline(
            one_line,
            figsize=(self.width / POINTS_PER_INCH, height / POINTS_PER_INCH),
            dpi=DPI,
            facecolor=ground.page,
            edgecolor="none",
            frameon=True,
            layout="none",
        )
        across = (self.width - self.left) / self.width
        axes = figure.add_axes((self.left / self.width, 1 - floor / height, across, floor / height))
        axes.set_facecolor("none")
        axes.set_xlim(self.start, self.second(self.width))
        axes.set_ylim(floor, 0)
        axes.set_frame_on(False)
        axes.set_yticks([])
        axes.set_xticks([second for second, _ in ticks], [label for _, label in ticks])
        axes.tick_params(
            "x", length=0, pad=3, top=False, labeltop=False, labelbottom=True, labelcolor=ground.muted
        )
        for label in axes.get_xticklabels():
            label.set(fontproperties=_font(8.0, "normal"), usetex=False, rotation=0)
        axes.grid(visible=False)
        axes.minorticks_off()
        self._put_shapes(axes)
        self._put_texts(axes)
        return figure

    def _put_shapes(self, axes: Axes) -> None:
        for order, (meaning, areas) in enumerate(self._areas.items()):
            self._put(axes, "areas", meaning, areas, AREAS_Z + order * ORDER_Z)
        for order, (meaning, quads) in enumerate(self._bars.items()):
            z = TRACK_Z if meaning == "track" else BARS_Z + order * ORDER_Z
            self._put(axes, "bars", meaning, list(np.concatenate(quads)), z)
        for (colour, dashes, width, z), paths in self._lines.items():
            lines = LineCollection(paths, colors=colour, linewidths=width, linestyles=dashes, zorder=z)
            lines.set_clip_on(False)
            axes.add_collection(lines, autolim=False)

    def _put(self, axes: Axes, kind: str, meaning: str, shapes: list[np.ndarray], z: float) -> None:
        hatch = HATCHES.get(meaning)
        shown = PolyCollection(
            shapes,
            facecolors=self.fill(meaning),
            edgecolors=self.theme.ground.page if hatch else "none",
            linewidths=0,
            hatch=hatch,
            alpha=OPACITY.get(meaning),
            antialiaseds=False,
            zorder=z,
        )
        shown.set_gid(f"{kind}:{meaning}")
        shown.set_clip_on(False)
        axes.add_collection(shown, autolim=False)

    def _put_texts(self, axes: Axes) -> None:
        page = self.theme.ground.page
        for text in self._texts:
            name = text.pop("name")
            box = {"facecolor": page, "edgecolor": "none", "pad": 0.8} if text.pop("clear") else None
            put = axes.text(
                va="center_baseline", parse_math=False, zorder=TEXT_Z, usetex=False, bbox=box, **text
            )
            put.set_gid(name or None)

    def fill(self, meaning: str) -> str:
        """Return the colour of a meaning; the grounds count as meanings too."""
        if meaning in self.theme.inks:
            return self.theme[meaning].fill
        return getattr(self.theme.ground, meaning)


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
