"""Many jobs in little room."""

from __future__ import annotations

import numpy as np
import pytest

from qmode_jupyter.timeline.draw import timeline
from tests.timeline.drawn import drawn, said, shapes, texts
from tests.traces import large_batch


def test_more_than_forty_jobs_merge_into_a_density() -> None:
    assert len(texts(drawn("forty_jobs"), "row")) == 20  # every second one is named
    figure = timeline(large_batch(41))
    assert texts(figure, "row") == texts(figure, "label") == []
    assert said(figure, "band")[0] == "Active"
    assert {"queued", "preparing", "waiting", "on_qpu", "done"} <= set(shapes(figure, "areas"))


def test_the_density_ends_with_all_jobs_accounted_for() -> None:
    figure = timeline(large_batch(200, failures=5, cancellations=10))
    areas = shapes(figure, "areas")
    bottom = max(v[:, 1].max() for v in areas["failed"])
    # At the right edge only what has ended is left, stacked from the bottom up.
    at_end = {m: np.ptp(v[0][v[0][:, 0] == v[0][:, 0].max(), 1]) for m, v in areas.items()}
    per_job = 120.0 / 200
    assert at_end["failed"] == pytest.approx(5 * per_job, rel=0.02)
    assert at_end["cancelled"] == pytest.approx(10 * per_job, rel=0.02)
    assert at_end["done"] == pytest.approx(184.5 * per_job, rel=0.01)
    assert bottom > 0


def test_the_lanes_are_never_fuller_than_they_are() -> None:
    for jobs in (60, 3000):
        assert "5" in [t.get_text() for t in texts(timeline(large_batch(jobs)))]
