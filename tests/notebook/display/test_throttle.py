"""Few messages, small ones, the most important first, and the last state always."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from qmode_jupyter.notebook.display.throttle import (
    BYTES_PER_S,
    ENVELOPE_BYTES,
    INTERVAL_S,
    Latest,
    Outbox,
    RateLimit,
    Throttle,
)
from tests.notebook.view_models import WORKLOAD, Runtime, job


class Stage:
    """A throttle on a clock that only moves when told to."""

    def __init__(self, runtime: Runtime, *, after_s: float = 0.0, **limits: Any) -> None:
        self.now = 0.0
        self.runtime = runtime
        self.sent: list[tuple[float, dict[str, Any]]] = []
        self.outbox = Outbox(runtime.snapshot, RateLimit(**limits))
        self.throttle = Throttle(self.outbox, self._take, after_s=after_s, clock=lambda: self.now)

    def _take(self, message: dict[str, Any]) -> None:
        self.sent.append((self.now, message))

    def change(self, *ids: str) -> None:
        """Tell the outbox, and leave it to `run` to play the thread."""
        self.outbox.add(ids)

    def run(self, until: float) -> None:
        while True:
            wait_s = self.throttle.pump()
            if wait_s is None or self.now + wait_s > until:
                break
            self.now += wait_s + 1e-9
        self.now = until

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [message for _, message in self.sent]

    def page(self) -> dict[str, Any]:
        """Return what a page knows that has merged all messages."""
        jobs: dict[str, Any] = {}
        for message in self.messages:
            jobs = {**({} if message["whole"] else jobs), **message["jobs"]}
        return jobs


def size(message: dict[str, Any]) -> int:
    return len(json.dumps(message, separators=(",", ":"))) + ENVELOPE_BYTES


def crowd(number: int, state: str = "queued") -> dict[str, dict[str, Any]]:
    return {f"d41f{i:016d}": job(state, float(i)) for i in range(number)}


def test_it_starts_with_a_whole_snapshot_and_goes_on_with_deltas() -> None:
    stage = Stage(Runtime({"a": job("queued", 1.0)}))
    stage.run(1)
    stage.runtime.jobs["a"]["state"] = "preparing"
    stage.change("a", WORKLOAD)
    stage.run(2)
    assert [message["whole"] for message in stage.messages] == [True, False]
    assert stage.messages[1]["jobs"]["a"]["state"] == "preparing"
    assert list(stage.messages[1]["workloads"]) == [WORKLOAD]


def test_the_first_change_after_a_quiet_time_goes_at_once() -> None:
    stage = Stage(Runtime({"a": job("queued", 1.0)}))
    stage.run(5)
    stage.change("a")
    stage.run(5.001)
    assert [at for at, _ in stage.sent] == [0.0, 5.0]


def test_changes_that_come_close_together_make_one_message() -> None:
    stage = Stage(Runtime(crowd(3)))
    stage.run(5)
    for _ in range(100):
        stage.change(*stage.runtime.jobs)
    stage.run(6)
    assert len(stage.sent) == 2
    assert set(stage.messages[1]["jobs"]) == set(stage.runtime.jobs)


def test_nothing_is_sent_when_nothing_changed_or_nobody_here_cares() -> None:
    stage = Stage(Runtime({"a": job("queued", 1.0)}))
    stage.run(5)
    assert stage.throttle.pump() is None
    stage.change("somebody else's job")
    stage.run(6)
    assert len(stage.sent) == 1


def test_a_change_of_the_clock_alone_is_news() -> None:
    stage = Stage(Runtime())
    stage.run(5)
    stage.change()
    stage.run(6)
    assert len(stage.sent) == 2


@pytest.mark.parametrize("jobs", [1, 30, 1000])
@pytest.mark.parametrize("changes_per_s", [20, 200, 2000])
def test_no_second_has_more_than_ten_messages_and_20_kb(jobs: int, changes_per_s: int) -> None:
    stage = Stage(Runtime(crowd(jobs)))
    ids = list(stage.runtime.jobs)
    for i in range(5 * changes_per_s):
        stage.change(ids[i % jobs], WORKLOAD)
        stage.run((i + 1) / changes_per_s)
    assert len(stage.sent) >= 5
    for start, _ in stage.sent:
        second = [message for at, message in stage.sent if start <= at < start + 1]
        assert len(second) <= 10
        assert sum(map(size, second)) <= BYTES_PER_S


def test_what_does_not_fit_follows_until_the_page_knows_all() -> None:
    stage = Stage(Runtime(crowd(500)))
    stage.run(1)
    assert 0 < len(stage.page()) < 100
    stage.run(60)
    assert stage.page() == stage.runtime.jobs
    assert stage.throttle.pump() is None, "then it is quiet"


def test_entries_that_come_along_unasked_do_not_keep_it_busy() -> None:
    runtime = Runtime(crowd(300))
    plain = runtime.snapshot
    in_line = list(runtime.jobs)[:10]
    runtime.snapshot = lambda ids: plain(None if ids is None else ids | frozenset(in_line))  # type: ignore[method-assign]
    stage = Stage(runtime)
    stage.run(120)
    assert stage.page() == runtime.jobs
    assert stage.throttle.pump() is None


def test_what_stands_on_top_of_the_page_goes_first() -> None:
    stage = Stage(Runtime(crowd(400, "done") | {"shown": job("on_qpu", 2.0), "new": job("queued", 900.0)}))
    stage.run(60)
    stage.runtime.jobs |= {"shown": job("done", 2.0), "next": job("on_qpu", 3.0), "bad": job("failed", 1.0)}
    stage.change("shown", "next", "bad", *crowd(100))
    stage.run(60.01)
    assert {"shown", "next", "bad"} <= set(stage.messages[-1]["jobs"])
    assert len(stage.messages[-1]["jobs"]) < 30


def test_a_page_that_missed_something_gets_a_whole_snapshot() -> None:
    stage = Stage(Runtime({"a": job("queued", 1.0)}))
    stage.run(5)
    stage.outbox.start_over()
    stage.run(6)
    assert [message["whole"] for message in stage.messages] == [True, True]


def test_a_flush_sends_what_is_left_though_it_is_not_due() -> None:
    stage = Stage(Runtime({"a": job("queued", 1.0)}), after_s=0.5)
    stage.run(0.1)
    assert stage.sent == []
    stage.runtime.jobs["a"]["state"] = "done"
    stage.throttle.flush()
    assert stage.messages[-1]["jobs"]["a"]["state"] == "done"
    stage.throttle.flush()
    assert len(stage.sent) == 1, "nothing new"


def test_what_is_over_soon_is_not_shown_live() -> None:
    stage = Stage(Runtime(), after_s=0.5)
    stage.run(0.49)
    assert stage.sent == []
    stage.run(0.6)
    assert len(stage.sent) == 1


def test_feeds_that_share_a_pace_share_its_limits() -> None:
    limit = RateLimit()
    now = 0.0
    sent = 0
    while now < 1.0:
        for _ in range(2):
            if limit.delay_s(now) == 0.0:
                limit.spend(now, 100)
                sent += 1
        now += 0.01
    assert sent <= 10


def test_an_oversized_message_is_paid_off_by_waiting() -> None:
    limit = RateLimit()
    limit.spend(0.0, 20_000)
    assert limit.delay_s(0.0) == pytest.approx(1.0)
    assert limit.room(0.5) == 0


def test_a_snapshot_that_fails_costs_one_message_only() -> None:
    stage = Stage(Runtime({"a": job("queued", 1.0)}))
    plain, stage.outbox._snapshot = stage.outbox._snapshot, lambda ids: 1 / 0
    stage.run(1)
    stage.outbox._snapshot = plain
    stage.change("a")
    stage.run(2)
    assert len(stage.sent) == 1


def test_the_latest_picture_is_made_once_in_an_interval() -> None:
    made: list[int] = []
    latest = Latest(lambda: len(made), interval_s=1.0)
    assert latest.due_s(0.0) == 0.0
    made.append(latest.take(0.0))
    assert latest.due_s(0.0) is None
    latest.add(["a"])
    assert latest.due_s(0.25) == 0.75


def test_a_picture_that_ticks_is_made_anew_without_a_change() -> None:
    latest = Latest(lambda: "picture", interval_s=0.25, ticks_s=1.0)
    latest.take(0.0)
    assert latest.due_s(0.4) == 0.6
    latest.add(["a"])
    assert latest.due_s(0.4) == 0.0
    latest.take(0.4)
    assert latest.due_s(0.4) == pytest.approx(1.0)


def test_a_closed_feed_collects_nothing() -> None:
    stage = Stage(Runtime())
    stage.run(1)
    stage.throttle.close()
    stage.throttle.changed(["a", "b"])
    assert stage.outbox.due_s(9.0) is None


# ---- the thread


class Inbox:
    """What arrives, with a way to wait for it."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self._news = threading.Condition()

    def __call__(self, message: dict[str, Any]) -> None:
        with self._news:
            self.messages.append(message)
            self._news.notify_all()

    def wait_for(self, number: int) -> None:
        with self._news:
            assert self._news.wait_for(lambda: len(self.messages) >= number, timeout=10)


def test_the_thread_sends_what_other_threads_changed_and_ends_with_close() -> None:
    def its_threads() -> list[threading.Thread]:
        return [
            thread
            for thread in threading.enumerate()
            if thread.name == "qmode-throttle" and thread not in before
        ]

    before = threading.enumerate()
    inbox = Inbox()
    throttle = Throttle(Outbox(Runtime({"a": job("queued", 1.0)}).snapshot), inbox)
    assert not its_threads(), "no change, no thread"
    tellers = [threading.Thread(target=throttle.changed, args=(["a"],)) for _ in range(20)]
    for teller in tellers:
        teller.start()
    inbox.wait_for(1)
    throttle.changed(["a"])
    inbox.wait_for(2)
    throttle.close()
    throttle.close()
    assert not its_threads()
    throttle.changed(["a"])
    throttle.flush()
    assert len(inbox.messages) <= 3


def test_sending_may_close_the_throttle() -> None:
    inbox = Inbox()

    def last(message: dict[str, Any]) -> None:
        throttle.close()
        inbox(message)

    throttle = Throttle(Outbox(Runtime().snapshot), last)
    throttle.changed()
    inbox.wait_for(1)
    throttle.close()


def test_a_page_that_can_not_be_reached_harms_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    tried = threading.Event()

    def broken(message: dict[str, Any]) -> None:
        tried.set()
        raise OSError("no socket")

    throttle = Throttle(Outbox(Runtime().snapshot), broken)
    throttle.changed()
    assert tried.wait(10)
    throttle.close()
    assert capsys.readouterr() == ("", "")


def test_the_interval_is_ten_a_second_with_some_slack() -> None:
    assert 0.11 < INTERVAL_S < 0.12
