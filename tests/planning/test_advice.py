"""Advice on one run: the findings in their order, as text, as HTML and as data."""

from __future__ import annotations

import pytest

from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.planning import advise
from tests.planning.runs import handful
from tests.scheduler.emulation import Emulation


def test_nothing_to_improve() -> None:
    e = Emulation()
    e.result(e.job("one", 20, prep_s=1, overhead_s=2))
    advice = advise(e.trace("one"))
    assert repr(advice).splitlines() == [
        "Advice for job mode on generic_19q: 1 job, usage 20 s (about $16), Premium plan",
        "Nothing to improve: the mode fits what the run did.",
    ]
    assert "Nothing to improve" in advice._repr_html_()


def test_as_html_and_as_data() -> None:
    e = Emulation()
    handful(e, e.session("<i>"), qpu_s=3)
    e.at(100)
    e.close("<i>")
    advice = advise(e.trace("<i>"))
    assert "<i>" not in advice._repr_html_()
    assert advice._repr_html_().count("<li>") == len(advice.findings) == 3
    assert [f["kind"] for f in advice.to_dict()["findings"]] == [f.kind for f in advice.findings]
    assert all(isinstance(f["saves_usd"], float) for f in advice.to_dict()["findings"])


def test_a_running_workload_gets_one_line() -> None:
    e = Emulation()
    e.session("s")
    e.job("a", 10, within="s")
    with pytest.raises(
        IBMInputValueError, match=r"^The session s is still active with 1 unfinished of 1 job"
    ):
        advise(e.trace("s"))
    with pytest.raises(IBMInputValueError, match=r"^advise takes a trace, .* not None\.$"):
        advise(None)


def test_what_was_lost_comes_before_what_was_dear() -> None:
    e = Emulation()
    e.session("s", max_time_s=30)
    handful(e, "s", jobs=12, qpu_s=7)
    e.at(200)
    kinds = [finding.kind for finding in advise(e.trace("s")).findings]
    assert kinds[0] == "maximum timeout hit"
    assert len(kinds) > 1
