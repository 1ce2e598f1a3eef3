"""Every kind of run at every width: words have room, stand clear of each other and can be read."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from qmode_jupyter.style import palette
from qmode_jupyter.timeline.canvas import STEPS_S, fitted, text_width, ticks
from tests.notebook.drawn import box, drawn, extent, shapes, texts
from tests.notebook.runs import RUNS

every_run = pytest.mark.parametrize("run", RUNS)
every_width = pytest.mark.parametrize("width_in", [3.0, 6.0, 10.0, 20.0])


@every_width
@every_run
def test_labels_stand_clear_of_each_other_and_of_the_edge(run: str, width_in: float) -> None:
    figure = drawn(run, width_in)
    page = figure.bbox
    boxes = [(text.get_text(), extent(figure, text)) for text in texts(figure)]
    boxes += [
        (label.get_text(), label.get_window_extent(figure.canvas.get_renderer()))
        for label in figure.axes[0].get_xticklabels()
    ]
    outside = [said for said, b in boxes if b.x0 < 0 or b.x1 > page.x1 or b.y0 < 0 or b.y1 > page.y1]
    assert outside == []
    overlapping = [
        (one, other)
        for (one, a), (other, b) in itertools.combinations(boxes, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 2.5
    ]
    assert overlapping == []


@every_width
@every_run
def test_a_strips_words_stay_on_their_stretch(run: str, width_in: float) -> None:
    figure = drawn(run, width_in)
    segments = [
        box(figure, bar)
        for meaning in ("queued", "active", "window", "inactive", "closed")
        for bar in shapes(figure).get(meaning, [])
    ]
    for text in texts(figure, "band"):
        words = extent(figure, text)
        assert any(s.x0 <= words.x0 and words.x1 <= s.x1 and s.y0 <= words.y0 and words.y1 <= s.y1
                   for s in segments), text.get_text()  # fmt: skip


@every_width
@every_run
def test_a_rows_words_stand_beside_its_bars(run: str, width_in: float) -> None:
    figure = drawn(run, width_in)
    bars = [
        box(figure, bar)
        for meaning in ("queued", "preparing", "waiting", "on_qpu", "failed", "cancelled")
        for bar in shapes(figure).get(meaning, [])
    ]
    for text in texts(figure, "label"):
        words = extent(figure, text)
        hit = [b for b in bars if min(b.x1, words.x1) - max(b.x0, words.x0) > 0.5
               and b.y0 < (words.y0 + words.y1) / 2 < b.y1]  # fmt: skip
        assert hit == [], text.get_text()


@every_run
def test_ticks_are_round(run: str) -> None:
    for width_in in (3.0, 10.0):
        axes = drawn(run, width_in).axes[0]
        places = axes.get_xticks() - axes.get_xlim()[0]
        assert places[0] == 0
        if len(places) > 1:
            assert any(np.allclose(np.diff(places), step) for step in STEPS_S)


@pytest.mark.parametrize(
    ("span_s", "labels", "unit"),
    [
        (0.5, ["0", "0.1", "0.2", "0.3", "0.4", "0.5"], "s"),
        (7, ["0", "1", "2", "3", "4", "5", "6", "7"], "s"),
        (345, ["0:00", "1:00", "2:00", "3:00", "4:00", "5:00"], "min:s"),
        (3 * 3600, ["0:00", "0:30", "1:00", "1:30", "2:00", "2:30", "3:00"], "h:min"),
        (3 * 86_400, ["0", "12", "24", "36", "48", "60", "72"], "h"),
        (9 * 86_400, ["0", "2", "4", "6", "8"], "d"),
        (400 * 86_400, ["0", "56", "112", "168", "224", "280", "336", "392"], "d"),
    ],
)
def test_steps_of_seconds_minutes_hours_or_days(span_s: float, labels: list[str], unit: str) -> None:
    found, found_unit = ticks(span_s, lambda _: span_s / 8)
    assert ([label for _, label in found], found_unit) == (labels, unit)


def luminance(colour: str) -> float:
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("theme", palette.THEMES.values(), ids=palette.THEMES)
@every_run
def test_every_word_has_contrast(run: str, theme: palette.Theme) -> None:
    figure = drawn(run, theme=theme.name)
    bars = [(box(figure, bar), theme[meaning].fill) for meaning, found in shapes(figure).items()
            if meaning in theme.inks for bar in found]  # fmt: skip
    for text in texts(figure):
        words = extent(figure, text)
        x, y = (words.x0 + words.x1) / 2, (words.y0 + words.y1) / 2
        under = [fill for b, fill in bars if b.x0 <= x <= b.x1 and b.y0 <= y <= b.y1] or [theme.ground.page]
        low, high = sorted((luminance(text.get_color()), luminance(under[-1])))
        assert (high + 0.05) / (low + 0.05) >= 4.5, text.get_text()


def test_text_is_cut_to_its_room() -> None:
    for width in (10.0, 40.0, 90.0):
        cut = fitted("a name that is longer than its place", width, 9.0)
        assert text_width(cut, 9.0) <= width
    assert fitted("short", 100.0, 9.0) == "short"
