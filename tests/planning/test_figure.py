"""Rows as bars."""

from __future__ import annotations

import pytest

from qmode_jupyter.planning import compare
from qmode_jupyter.planning.figure import bars
from tests.planning.runs import loop
from tests.scheduler.emulation import Emulation


def test_a_bar_for_each_row_with_what_it_costs_behind() -> None:
    e = Emulation()
    table = compare(loop(e, e.session("vqe")), plans=["premium", "open"])
    figure = table.figure()
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts[0] == "usage 1 min 10 s, $56"
    assert texts[5] == "not possible (1352)"
    assert [text.get_text() for text in figure.legends[0].texts] == [
        "on the QPU",
        "preparation and classical work",
    ]
    assert table.figure("dark").get_facecolor() != figure.get_facecolor()
    with pytest.raises(ValueError, match="there is no theme 'pink': the themes are light, dark"):
        table.figure("pink")


def test_a_bar_is_as_long_as_the_wall_time() -> None:
    e = Emulation()
    rows = compare(loop(e, e.session("vqe"), iterations=4)).rows
    axes = bars("title", rows).axes[0]
    assert axes.get_title(loc="left") == "title"
    ends = dict.fromkeys(range(3), 0.0)
    for patch in axes.patches:
        row = round(patch.get_y() + patch.get_height() / 2)
        ends[row] = max(ends[row], patch.get_x() + patch.get_width())
    assert [*ends.values()] == pytest.approx([row.wall_s for row in rows])
