"""The figures of one replay."""

from __future__ import annotations

from qmode_jupyter.cost.processors import NIGHTHAWK_R1
from qmode_jupyter.planning.recording import Recording
from qmode_jupyter.planning.replay import Scenario, replay
from qmode_jupyter.planning.rows import in_queue_s, row_of
from qmode_jupyter.scheduler.event_queue import Fault
from qmode_jupyter.scheduler.plans import LEGACY_2024, OPEN, PREMIUM, with_limits
from qmode_jupyter.scheduler.records import Mode
from tests.planning.runs import PLAIN, handful, loop, priced
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


def test_time_in_a_lane_before_the_preparation_begins_is_in_the_queue() -> None:  # SEMANTICS A28
    e = Emulation()
    e.online(lanes=3, preparations=1)
    e.job("theirs", 1, prep_s=20, tenant="ann")
    e.job("a", 10, prep_s=3)
    e.at(80)
    a = e.of("a")
    assert (a.preparing_at, a.preparation_at, a.on_qpu_at) == (0, 20, 23)
    assert in_queue_s([a]) == 20


def test_jobs_that_can_not_be_priced_anew_are_said() -> None:
    e = Emulation()
    e.batch("b")
    priced(e, "known", PLAIN, within="b")
    e.job("unknown", 7, within="b")
    e.job("bad", within="b", fault=Fault("bad", 1517))
    e.close("b")
    e.at(80)
    recording = Recording.of(e.trace("b"))
    moved = row_of(replay(recording, Scenario(Mode.BATCH, PREMIUM, processor=NIGHTHAWK_R1)))
    assert moved.note == "1 job as long as on record: what was asked for is not known"
    # 1.8 + 0.002 s and 4,096 executions at 4 ms: 18.2 s.
    assert moved.usage_s == 7 + 19
    assert row_of(replay(recording, Scenario(Mode.BATCH, PREMIUM))).note == "as it ran"


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
