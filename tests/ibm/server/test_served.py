"""A connection is to the runtime what a thread is: somebody who submits, waits, and may go."""

from __future__ import annotations

import threading

import pytest

from qmode_jupyter.ibm.server.served import Answer, Connection


def test_each_connection_is_somebody_else_and_none_is_a_thread() -> None:
    idents = {Connection().ident for _ in range(100)}
    assert len(idents) == 100
    assert all(ident is not None and ident < 0 for ident in idents)
    assert threading.get_ident() > 0


def test_one_that_has_gone_is_no_longer_waited_for() -> None:
    connection = Connection()
    assert connection.is_alive()
    connection.close()
    assert not connection.is_alive()


def test_only_the_last_thing_that_was_answered_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("qmode_jupyter.ibm.server.served.time.monotonic", lambda: now[0])
    connection = Connection()
    assert connection.since("polled", "a") is None
    connection.note("polled", "a")
    now[0] = 100.25
    assert connection.since("polled", "a") == 0.25
    assert connection.since("submitted", "a") is None
    assert connection.since("polled", "b") is None
    connection.note("submitted", "a")
    assert connection.since("polled", "a") is None


def test_an_answer_without_more_is_a_good_one() -> None:
    assert Answer({"a": 1}).status == 200
