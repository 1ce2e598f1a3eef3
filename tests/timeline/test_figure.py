"""Every kind of run at every width: words have room, stand clear of each other and can be read."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from qmode_jupyter.style import palette
from qmode_jupyter.timeline.draw import timeline
from tests.timeline.drawn import box, drawn, extent, said, shapes, texts
from tests.timeline.runs import RUNS
from tests.traces import large_batch

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


NAMED = {
    "queued": "queued",
    "failed": "failed",
    "cancelled": "cancelled",
    "done": "done",
    "other_users": "other users",
    "calibration": "calibration",
}


def test_a_legend_names_what_is_in_the_picture_and_nothing_else() -> None:
    assert said(drawn("one_job"), "legend") == ["preparing", "on the QPU"]
    assert said(drawn("never_started"), "legend") == []
    assert said(drawn("reactivated_session"), "legend") == [
        "queued", "preparing", "waiting for the QPU", "on the QPU", "failed", "other users", "calibration",
    ]  # fmt: skip
    for run in RUNS:
        figure = drawn(run)
        there = set(shapes(figure)) | set(shapes(figure, "areas"))
        words = set(said(figure, "legend"))
        for meaning, word in NAMED.items():
            in_strip_only = meaning == "queued" and word not in words
            assert in_strip_only or (meaning in there) == (word in words)


def test_each_of_several_workloads_has_its_band_and_rows() -> None:
    figure = drawn("several")
    assert said(figure, "title") == ["1 session, 1 batch, 3 single jobs on generic_19q"]
    assert said(figure, "chapter") == ["session vqe", "batch scan", "job mode"]
    assert Counter(said(figure, "row"))["job 1"] == 3


def test_failures_without_a_row_are_summed_up() -> None:
    assert said(timeline(large_batch(100, failures=3)), "failures") == ["failed: 3 × 1517 not an ISA circuit"]
