"""Why a run cost what it did: parts that add up, and changes that hold when they are made."""

from __future__ import annotations

import pytest

from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.planning import why
from qmode_jupyter.scheduler.plans import OPEN, PAYG
from tests.planning.runs import EXTRAPOLATED, PLAIN, handful, online, priced
from tests.scheduler.emulation import Emulation


def loop(plan=PAYG, work=EXTRAPOLATED, tail_s: float = 48.0) -> Emulation:
    """A session: two jobs at once, three seconds of thought, one more; closed 48 s after it."""
    e = Emulation(plan)
    online(e)
    e.session("s")
    for name in "ab":
        priced(e, name, work, within="s")
    e.result("b")
    e.at(e.now + 3)
    e.result(priced(e, "c", work, within="s", awaited=("a", "b")))
    e.at(e.now + tail_s)
    e.close("s")
    return e


def test_every_second_has_a_name() -> None:
    told = why(loop().trace("s"))
    parts = dict(told.parts)
    assert sum(parts.values()) == pytest.approx(told.usage_s, abs=1e-9)
    assert parts["idle in the session"] == pytest.approx(3.0)
    assert parts["idle after the last job"] == pytest.approx(48.0)
    # The first two are prepared side by side: 1.6 + 3 × 0.3 + 50 × (1 + 3 + 5) ms; the third alone.
    assert parts["preparation"] == pytest.approx(2 * 2.95, abs=1e-5)
    assert parts["overhead"] == pytest.approx(3 * 1.802)
    assert parts["ZNE"] > 0 < parts["measurement mitigation"]


def test_the_changes_are_what_the_model_says_most_first() -> None:
    told = why(loop().trace("s"))
    assert [(c.what, round(c.saves_s, 1)) for c in told.changes] == [
        ("run it as a batch", 56.9),  # preparation 5.9 s, thought 3 s, and the 48 s behind it
        ("close the session 48 s earlier", 48.0),
        ("resilience_level=0", 41.0),  # 16 s to 3 s for each, and 2 × 1 s of preparation
        ("merge 2 jobs into one, with several PUBs", 11.6),  # 2 × 16 s to 19 s, prepared 1.4 s longer
        ("resilience_level=1", 8.0),  # 16 s to 14 s for each, and 2 × 1 s of preparation
    ]
    assert {c.what: c.keeps for c in told.changes}["close the session 48 s earlier"] == "the same"
    saved = next(c for c in told.changes if c.what.startswith("close"))
    assert (saved.saves_s, float(saved.saves_usd)) == (pytest.approx(48), pytest.approx(76.8))


def test_a_change_that_is_made_saves_what_was_said() -> None:
    before, at_level_0 = why(loop().trace("s")), why(loop(work=PLAIN).trace("s"))
    promised = next(c for c in before.changes if c.what == "resilience_level=0")
    assert at_level_0.usage_s == pytest.approx(promised.usage_s, abs=1e-5)
    at_once = why(loop(tail_s=0.0).trace("s"))
    promised = next(c for c in before.changes if c.what.startswith("close"))
    assert at_once.usage_s == pytest.approx(promised.usage_s, abs=1e-5)


def test_what_has_been_done_is_not_proposed_again() -> None:
    told = why(loop(work=PLAIN, tail_s=0.0).trace("s"))
    assert not any(c.what.startswith(("close", "resilience")) for c in told.changes)


def test_a_session_that_runs_is_told_so_far() -> None:
    e = Emulation()
    online(e)
    e.session("s")
    priced(e, "a", within="s")
    e.at(10.0)
    told = why(e.trace("s"))
    assert (told.usage_s, told.changes) == (10.0, ())
    assert sum(seconds for _, seconds in told.parts) == pytest.approx(10.0)
    assert "when it has ended" in repr(told)


def test_one_job_of_a_session_by_itself() -> None:
    told = why(loop().trace("c"))
    assert told.usage_s == 16.0
    assert [c.what for c in told.changes] == ["resilience_level=0", "resilience_level=1"]
    assert [c.saves_s for c in told.changes] == [13.0, 2.0]


def test_a_batch_is_the_sum_of_its_jobs_and_free_where_it_is() -> None:
    e = Emulation(OPEN)
    online(e)
    e.batch("b")
    for name in "abc":
        priced(e, name, PLAIN, within="b")
    e.result("c")
    e.close("b")
    told = why(e.trace("b"))
    assert told.usage_s == 9.0
    assert sum(seconds for _, seconds in told.parts) == pytest.approx(9.0)
    assert "free on the Open plan" in told.title
    assert "$" not in repr(told)
    assert [c.what for c in told.changes] == ["merge 3 jobs into one, with several PUBs"]
    assert told.changes[0].saves_usd is None


def test_the_range_is_that_of_the_constants() -> None:
    told = why(loop(tail_s=0.0).trace("s"))
    low, high = told.range_s
    assert low < told.usage_s < high


def test_jobs_of_which_only_the_length_is_known() -> None:
    e = Emulation()
    handful(e, e.session("s"), jobs=2)
    e.at(100)
    e.close("s")
    told = why(e.trace("s"))
    assert dict(told.parts)["on the QPU"] == 12.0
    assert sum(seconds for _, seconds in told.parts) == pytest.approx(told.usage_s)


def test_as_html_and_as_data() -> None:
    e = Emulation(PAYG)
    online(e)
    e.session("<i>")
    e.result(priced(e, "a", within="<i>"))
    e.close("<i>")
    told = why(e.trace("<i>"))
    assert "<i>" not in told._repr_html_()
    data = told.to_dict()
    assert sum(seconds for _, seconds in data["parts"]) == pytest.approx(data["usage_s"])
    assert data["changes"][0]["saves_usd"] == pytest.approx(1.6 * data["changes"][0]["saves_s"])


def test_bad_input_is_one_line() -> None:
    e = Emulation()
    e.session("s")
    with pytest.raises(IBMInputValueError, match=r"^why takes a trace, .* not None\.$"):
        why(None)
    with pytest.raises(IBMInputValueError, match="has no job: nothing was charged"):
        why(e.trace("s"))
    e.session("t")
    with pytest.raises(IBMInputValueError, match="is about 2 sessions and batches"):
        why(e.trace())
