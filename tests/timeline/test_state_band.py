"""The band over a chapter: its words, where there is room for them, and what was charged."""

from __future__ import annotations

import pytest

from tests.timeline.drawn import box, drawn, extent, said, shapes, texts
from tests.timeline.runs import RUNS


def test_the_band_says_what_the_session_did_and_why() -> None:
    figure = drawn("reactivated_session", 13)
    assert said(figure, "band") == [
        "queue", "34 s",
        "Active", "exclusive use of the QPU",
        "interactive window", "60 s, ran out",
        "Inactive", "others have the QPU",
        "queue", "38 s",
        "Active", "exclusive use of the QPU",
    ]  # fmt: skip
    assert said(figure, "ending") == ["closed", "by close()"]
    assert said(figure, "charged") == ["charged 2 min 24 s", "charged 44 s"]


def test_words_go_where_there_is_no_room_and_the_legend_says_them() -> None:
    figure = drawn("reactivated_session", 3)
    assert said(figure, "band") == []
    assert {"Active", "interactive window", "Inactive"} <= set(said(figure, "legend"))


every_run = pytest.mark.parametrize("run", RUNS)


every_width = pytest.mark.parametrize("width_in", [3.0, 6.0, 10.0, 20.0])


@every_width
@every_run
def test_a_bands_words_stay_on_their_segment(run: str, width_in: float) -> None:
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


def test_many_workloads_keep_their_bands() -> None:
    figure = drawn("thirty_batches")
    assert len(said(figure, "chapter")) == 30
    assert len(shapes(figure)["active"]) == 30 + 1  # and the legend
