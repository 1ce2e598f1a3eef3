"""The timeline: what is drawn of a run, and what is said of it."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections import Counter
from io import StringIO

import matplotlib as mpl
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.colors import to_hex

from qmode_jupyter.style import palette
from qmode_jupyter.timeline.canvas import UNKNOWN_SIGN
from qmode_jupyter.timeline.draw import timeline
from tests.notebook.builders import Run, large_batch, reactivated_session
from tests.notebook.drawn import box, drawn, said, shapes, texts
from tests.notebook.runs import RUNS, interrupted, long_names, one_job

# ---- bars


def test_each_job_has_its_phases_in_their_colours() -> None:
    trace = reactivated_session()
    bars = {meaning: len(found) for meaning, found in shapes(timeline(trace)).items()}
    # 14 jobs, of which two queued, two waited and one failed while it was prepared; each job on the
    # QPU shows twice, in its row and in the QPU's; each meaning once more in the legend.
    assert bars == {
        "queued": 2 + 2 + 1,  # two segments of the band besides
        "preparing": 13 + 1,
        "waiting": 2 + 1,
        "on_qpu": 13 * 2 + 1,
        "failed": 1 + 1,
        "other_users": 4 + 1,
        "calibration": 1 + 1,
        "active": 2,
        "window": 1,
        "inactive": 1,
        "track": 1,
    }


def test_a_bar_begins_and_ends_when_its_phase_did() -> None:
    trace = reactivated_session()
    first = trace.jobs[0]
    on_qpu = shapes(timeline(trace))["on_qpu"][0]
    assert on_qpu[:, 0].min() == pytest.approx(first.on_qpu_at)
    assert on_qpu[:, 0].max() == pytest.approx(first.ended_at)


def test_colours_are_those_of_the_palette_and_cancelled_is_hatched() -> None:
    for theme in palette.THEMES.values():
        figure = timeline(interrupted(), theme=theme.name)
        by_meaning = {c.get_gid().partition(":")[2]: c for c in figure.axes[0].collections if c.get_gid()}
        for meaning in ("queued", "preparing", "waiting", "on_qpu", "cancelled"):
            assert to_hex(by_meaning[meaning].get_facecolor()[0]) == theme[meaning].fill
        assert by_meaning["cancelled"].get_hatch() == palette.HATCHES["cancelled"]
        assert to_hex(figure.get_facecolor()) == theme.ground.page


def test_own_jobs_of_another_workload_are_not_other_users() -> None:
    run = Run()
    batch, scan = run.batch(0, "one"), run.batch(0, "two")
    for i in range(4):
        run.job(1 + i, 4, workload=batch if i % 2 else scan)
    figure = timeline(run.trace(60, batch))
    assert "other_users" not in shapes(figure)
    on_the_qpu_row = [bar for bar in shapes(figure)["on_qpu"] if np.ptp(bar[:, 1]) == pytest.approx(22)]
    assert len(on_the_qpu_row) == 4


def test_a_job_that_ended_at_once_is_seen() -> None:
    run = Run()
    session = run.session(0)
    run.job(1, 3, workload=session)
    run.cancel_job(run.job(1, 3, workload=session, preparation_s=2), 1)
    run.job(2000, 3, workload=session)
    figure = timeline(run.trace(2100, session))
    narrow = box(figure, shapes(figure)["cancelled"][0])
    assert narrow.width >= 2


def test_the_number_of_artists_does_not_grow_with_the_jobs() -> None:
    small, large = timeline(large_batch(60)), timeline(large_batch(3000))
    assert len(large.axes[0].collections) <= len(small.axes[0].collections) + 2
    assert len(large.axes[0].texts) <= len(small.axes[0].texts) + 2


# ---- words


def test_the_strip_says_what_the_session_did_and_why() -> None:
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


def test_a_failure_says_code_and_reason_on_its_row() -> None:
    figure = drawn("reactivated_session")
    (label,) = (t for t in texts(figure, "label") if t.get_text().startswith("failed"))
    assert label.get_text() == "failed: 1517 not an ISA circuit"
    (row,) = (t for t in texts(figure, "row") if t.get_text() == "job 12")
    assert row.get_position()[1] == label.get_position()[1]


def test_a_failure_on_the_qpu_says_how_long_it_held_it() -> None:
    run = Run()
    session = run.session(0)
    run.job(0, 9, workload=session, max_execution_s=5)
    run.fail_job(run.job(1, 9, workload=session), 12, "The QPU went away", None)
    run.close(session, 20)
    figure = timeline(run.trace(60, session))
    assert said(figure, "label") == ["5 s  failed: 1305 ran too long", "6 s  failed: The QPU went away"]
    assert said(figure, "summary")[:2] == ["2 jobs", "2 failed"]


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


def test_what_goes_on_says_so() -> None:
    figure = drawn("running")
    assert said(figure, "ending") == ["now"]
    assert said(figure, "summary")[0] == "In progress"
    labels = said(figure, "label")
    assert Counter(labels)["waiting for the QPU"] == 3
    assert {"on the QPU", "preparing", "queued"} <= set(labels)


def test_timeouts_to_come_are_marked() -> None:
    figure = drawn("waiting_for_the_next_job")
    assert said(figure, "band")[-2:] == ["interactive window", "0:28 left"]
    assert set(said(figure, "timeout")) == {"maximum timeout 90 s", "interactive timeout"}


def test_the_maximum_timeout_closes_and_running_jobs_finish() -> None:
    figure = drawn("over_its_maximum")
    assert said(figure, "timeout") == ["maximum timeout 60 s"]
    assert said(figure, "band")[-2:] == ["Closed", "running jobs finish"]
    assert said(figure, "ending") == ["closed", "maximum timeout"]
    assert said(figure, "label")[-2:] == ["failed: 4001 the session reached its maximum timeout"] * 2


def test_a_session_that_never_got_a_job() -> None:
    figure = drawn("never_started")
    assert said(figure, "band") == ["Pending", "no job yet"]
    assert said(figure, "ending") == ["closed", "no job in 30 min"]
    assert said(figure, "summary")[0] == "no jobs"


def test_a_cancelled_batch_says_who_ended_it() -> None:
    run = Run()
    batch = run.batch(0)
    for i in range(12):
        run.job(1 + i * 0.2, 9, workload=batch)
    run.cancel(batch, 40)
    figure = timeline(run.trace(300, batch))
    assert said(figure, "ending") == ["closed", "by cancel()"]
    assert "takes no new jobs" in said(figure, "band")


def test_one_job_and_its_price() -> None:
    figure = drawn("one_job")
    assert said(figure, "summary") == ["done", "usage 6 s (QPU 6 s)", "free on Open"]
    assert said(figure, "axis") == ["time since the job was submitted (s, emulated)"]
    assert said(drawn("failed_job"), "summary")[0] == "failed"


def test_each_of_several_workloads_has_its_strip_and_rows() -> None:
    figure = drawn("several")
    assert said(figure, "title") == ["1 session, 1 batch, 3 single jobs on generic_19q"]
    assert said(figure, "chapter") == ["session vqe", "batch scan", "job mode"]
    assert Counter(said(figure, "row"))["job 1"] == 3


def test_names_that_no_font_has_are_drawn_all_the_same() -> None:
    figure = timeline(long_names(), width_in=20)
    (title,) = said(figure, "title")
    assert "$E_0$" in title
    assert UNKNOWN_SIGN in title
    assert "\n" not in title
    assert title.endswith("on a_backend_with_a_remarkably_long_name_of_156_qubits")
    figure._repr_png_()


# ---- density


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


def test_failures_without_a_row_are_summed_up() -> None:
    assert said(timeline(large_batch(100, failures=3)), "failures") == ["failed: 3 × 1517 not an ISA circuit"]


def test_the_lanes_are_never_fuller_than_they_are() -> None:
    for jobs in (60, 3000):
        assert "5" in [t.get_text() for t in texts(timeline(large_batch(jobs)))]


def test_many_workloads_keep_their_strips() -> None:
    figure = drawn("thirty_batches")
    assert len(said(figure, "chapter")) == 30
    assert len(shapes(figure)["active"]) == 30 + 1  # and the legend


# ---- the figure


def test_it_shows_itself_and_its_text_is_the_same_every_time() -> None:
    figure = drawn("reactivated_session")
    assert repr(figure) == "<Timeline: session vqe on fake_fez, 14 jobs, 1 failed>"
    assert str(figure) == repr(figure)
    assert not re.search(r"\d+ (s|min|h)\b|\$", repr(figure))
    assert repr(drawn("one_job")) == "<Timeline: job on generic_19q, done>"  # no id: they are random
    run = Run()
    nameless = run.session(0, "")
    assert repr(timeline(run.trace(5, nameless))) == "<Timeline: session on generic_19q, Pending, no jobs>"
    data, metadata = DisplayFormatter().format(figure)
    assert data["text/plain"] == repr(figure)
    assert data["image/png"].startswith(b"\x89PNG")
    assert metadata["image/png"]["width"] == 1000
    assert metadata["image/png"]["alt"] == "Timeline: session vqe on fake_fez, 14 jobs, 1 failed"


def test_the_same_trace_gives_the_same_picture() -> None:
    trace = reactivated_session()
    figure = timeline(trace)
    assert figure._repr_png_() == figure._repr_png_() == timeline(trace)._repr_png_()


def test_matplotlib_comes_late_and_pyplot_never(pytestconfig: pytest.Config) -> None:
    code = """
import sys
import qmode_jupyter.timeline.draw as module
assert "matplotlib" not in sys.modules and "numpy" not in sys.modules
from tests.notebook.builders import reactivated_session
module.timeline(reactivated_session())._repr_png_()
assert "matplotlib" in sys.modules and "matplotlib.pyplot" not in sys.modules
"""
    command = [sys.executable, "-W", "error", "-c", code]
    subprocess.run(command, check=True, timeout=60, cwd=pytestconfig.rootpath)


def test_settings_of_the_person_are_neither_changed_nor_obeyed() -> None:
    before = drawn("reactivated_session")._repr_png_()
    odd = {
        "text.usetex": True, "axes.grid": True, "font.size": 20, "font.style": "italic",
        "savefig.bbox": "tight", "savefig.transparent": True, "figure.autolayout": True,
        "xtick.labeltop": True, "axes.facecolor": "red",
    }  # fmt: skip
    with mpl.rc_context(odd):
        settings = dict(mpl.rcParams)
        assert drawn("reactivated_session")._repr_png_() == before
        assert dict(mpl.rcParams) == settings


def test_it_can_be_saved_as_a_vector() -> None:
    out = StringIO()
    drawn("reactivated_session").savefig(out, format="svg")
    assert "bars:on_qpu" in out.getvalue()


def test_bad_arguments_get_one_line() -> None:
    trace = one_job()
    with pytest.raises(
        ValueError, match=r"no theme 'drak'. Did you mean 'dark'\? The themes are light, dark"
    ):
        timeline(trace, theme="drak")
    with pytest.raises(ValueError, match=r"between 2\.5 and 40 inches wide, not 1"):
        timeline(trace, width_in=1)


def benchmark(sizes: tuple[int, ...] = (100, 1_000, 10_000, 100_000)) -> dict[int, float]:
    """Return the seconds from trace to PNG for batches of so many jobs (run this file to print them)."""
    took = {}
    for jobs in sizes:
        run = Run()
        for first in range(0, jobs, 6000):
            batch = run.batch(first * 3.2, f"scan {first}")
            for i in range(min(6000, jobs - first)):
                run.job(first * 3.2 + 1 + i * 0.001, 2 + i % 3, workload=batch, preparation_s=1 + i % 7)
            run.close(batch, first * 3.2 + 10)
        trace = run.trace(jobs * 4 + 1e5)
        timeline(trace)._repr_png_()
        start = time.perf_counter()
        timeline(trace)._repr_png_()
        took[jobs] = time.perf_counter() - start
    return took


if __name__ == "__main__":
    for size, seconds in benchmark().items():
        print(f"{size:>7,} jobs  {seconds:.3f} s")
