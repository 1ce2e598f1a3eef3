"""The figures of one replay."""

from __future__ import annotations

from qmode_jupyter.planning.recording import Recording
from qmode_jupyter.planning.replay import Scenario, replay
from qmode_jupyter.planning.rows import in_queue_s, row_of
from qmode_jupyter.scheduler.plans import LEGACY_2024, OPEN, PREMIUM, with_limits
from qmode_jupyter.scheduler.records import Mode
from tests.planning.runs import handful, loop
from tests.scheduler.emulation import Emulation


def test_time_in_the_queue_is_when_nothing_else_went_on() -> None:
    e = Emulation()
    e.job("theirs", 20, tenant="ann")
    for n in range(4):
        e.job(f"fills {n}", 1, tenant="ann")
    e.job("a", 10, prep_s=3)
    e.job("b", 10, prep_s=3)
    e.at(80)
    a, b = e.of("a"), e.of("b")
    assert (a.preparing_at, a.on_qpu_at, b.preparing_at, b.on_qpu_at) == (20, 24, 21, 34)
    # Until 20 both queue; a is prepared until 23 and b until 24, when a is on the QPU.
    assert in_queue_s([a, b]) == 20
    assert in_queue_s([a]) == 21
    assert in_queue_s([]) == 0


def test_the_run_itself_is_told_from_what_is_changed() -> None:
    e = Emulation()
    recording = Recording.of(loop(e, e.session("s"), iterations=2))
    same = row_of(replay(recording, Scenario(Mode.SESSION, PREMIUM)))
    assert (same.as_it_ran, same.note, same.done) == (True, "as it ran", 2)
    assert (same.wall_s, same.usage_s) == (recording.jobs[-1].ended_at, recording.record.usage_s)
    others = (
        Scenario(Mode.BATCH, PREMIUM),
        Scenario(Mode.SESSION, with_limits(PREMIUM, lanes=1)),
        Scenario(Mode.SESSION, PREMIUM, load=0.0),
        Scenario(Mode.SESSION, PREMIUM, max_time_s=60.0),
    )
    assert [row_of(replay(recording, other)).as_it_ran for other in others] == [False] * 4


def test_what_was_not_possible_has_no_figures_and_says_why() -> None:
    e = Emulation()
    recording = Recording.of(loop(e, e.session("s"), iterations=2))
    row = row_of(replay(recording, Scenario(Mode.SESSION, OPEN)))
    assert (row.wall_s, row.queue_s, row.qpu_s, row.usage_s, row.price_usd) == (None,) * 5
    assert (row.done, row.refused) == (0, 0)
    assert row.note.startswith("not possible (1352): You are not authorized to run a session")


def test_a_session_that_falls_back_is_a_row_of_its_mode_and_says_so() -> None:
    e = Emulation()
    recording = Recording.of(loop(e, e.session("s"), iterations=2))
    row = row_of(replay(recording, Scenario(Mode.SESSION, LEGACY_2024)))
    assert (row.mode, row.done, row.price_usd) == ("session", 2, None)
    assert row.note == "no sessions on the Open as of 2024 plan: in job mode instead"


def test_what_a_maximum_timeout_lost() -> None:
    e = Emulation()
    handful(e, e.batch("b"), jobs=9, qpu_s=10)
    e.close("b")
    e.at(200)
    recording = Recording.of(e.trace("b"))
    row = row_of(replay(recording, Scenario(Mode.BATCH, PREMIUM, max_time_s=20.0)))
    assert (row.done, row.failed) == (6, 3)
    assert row.note == "maximum timeout hit, 3 jobs lost"
