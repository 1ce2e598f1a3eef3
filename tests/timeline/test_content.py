"""What a timeline says of a run in numbers."""

from __future__ import annotations

import numpy as np
import pytest

from qmode_jupyter.timeline.draw import timeline
from tests.timeline.drawn import drawn, said, shapes
from tests.traces import Run


def test_the_title_carries_the_numbers() -> None:
    figure = drawn("reactivated_session")
    assert said(figure, "title") == ["session vqe on fake_fez"]
    assert said(figure, "summary") == [
        "14 jobs",
        "1 failed",
        "usage 3 min 8 s (QPU 1 min 38 s)",
        "about $301.12 pay-as-you-go (estimate)",
    ]
    assert said(figure, "axis") == ["time since the session was opened (min:s, emulated)"]


def test_one_job_and_its_price() -> None:
    figure = drawn("one_job")
    assert said(figure, "summary") == ["done", "usage 6 s (QPU 6 s)", "free on Open"]
    assert said(figure, "axis") == ["time since the job was submitted (s, emulated)"]
    assert said(drawn("failed_job"), "summary")[0] == "failed"


def test_own_jobs_of_another_workload_are_not_other_users() -> None:
    run = Run()
    batch, scan = run.batch(0, "one"), run.batch(0, "two")
    for i in range(4):
        run.job(1 + i, 4, workload=batch if i % 2 else scan)
    figure = timeline(run.trace(60, batch))
    assert "other_users" not in shapes(figure)
    on_the_qpu_row = [bar for bar in shapes(figure)["on_qpu"] if np.ptp(bar[:, 1]) == pytest.approx(22)]
    assert len(on_the_qpu_row) == 4
