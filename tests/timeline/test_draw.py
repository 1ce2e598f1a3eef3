"""A trace drawn as a figure: the same every time, without touching what is the person's."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from io import StringIO

import matplotlib as mpl
import pytest
from IPython.core.formatters import DisplayFormatter

from qmode_jupyter.timeline.draw import timeline
from tests.timeline.drawn import drawn
from tests.timeline.runs import one_job
from tests.traces import Run, reactivated_session


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
from tests.traces import reactivated_session
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
