"""What a canvas draws: colours by meaning, text in its room, round ticks."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from qmode_jupyter.style import palette
from qmode_jupyter.timeline.canvas import STEPS_S, UNKNOWN_SIGN, fitted, text_width, ticks
from qmode_jupyter.timeline.draw import timeline
from tests.timeline.drawn import drawn, said
from tests.timeline.runs import RUNS, interrupted, long_names
from tests.traces import large_batch


def test_colours_are_those_of_the_palette_and_cancelled_is_hatched() -> None:
    for theme in palette.THEMES.values():
        figure = timeline(interrupted(), theme=theme.name)
        by_meaning = {c.get_gid().partition(":")[2]: c for c in figure.axes[0].collections if c.get_gid()}
        for meaning in ("queued", "preparing", "waiting", "on_qpu", "cancelled"):
            assert to_hex(by_meaning[meaning].get_facecolor()[0]) == theme[meaning].fill
        assert by_meaning["cancelled"].get_hatch() == palette.HATCHES["cancelled"]
        assert to_hex(figure.get_facecolor()) == theme.ground.page


def test_the_number_of_artists_does_not_grow_with_the_jobs() -> None:
    small, large = timeline(large_batch(60)), timeline(large_batch(3000))
    assert len(large.axes[0].collections) <= len(small.axes[0].collections) + 2
    assert len(large.axes[0].texts) <= len(small.axes[0].texts) + 2


def test_names_that_no_font_has_are_drawn_all_the_same() -> None:
    figure = timeline(long_names(), width_in=20)
    (title,) = said(figure, "title")
    assert "$E_0$" in title
    assert UNKNOWN_SIGN in title
    assert "\n" not in title
    assert title.endswith("on a_backend_with_a_remarkably_long_name_of_156_qubits")
    figure._repr_png_()


def test_text_is_cut_to_its_room() -> None:
    for width in (10.0, 40.0, 90.0):
        cut = fitted("a name that is longer than its place", width, 9.0)
        assert text_width(cut, 9.0) <= width
    assert fitted("short", 100.0, 9.0) == "short"


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


every_run = pytest.mark.parametrize("run", RUNS)


@every_run
def test_ticks_are_round(run: str) -> None:
    for width_in in (3.0, 10.0):
        axes = drawn(run, width_in).axes[0]
        places = axes.get_xticks() - axes.get_xlim()[0]
        assert places[0] == 0
        if len(places) > 1:
            assert any(np.allclose(np.diff(places), step) for step in STEPS_S)
