"""A workload on show in a terminal: told of every change, left alone at the end."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from qmode_jupyter import Batch, RuntimeService, SamplerV2
from qmode_jupyter.notebook.display import displays, live
from qmode_jupyter.notebook.display.live import Emulated, LiveDisplay, say
from qmode_jupyter.notebook.display.throttle import RateLimit
from qmode_jupyter.notebook.report import Report
from tests.emulated import bell, service


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell in a terminal."""
    monkeypatch.setattr(displays, "front_end", lambda: "text")
    monkeypatch.setattr(live, "front_end", lambda: "text")
    monkeypatch.setattr(live, "get_ipython", lambda: SimpleNamespace())


@pytest.fixture
def batch() -> Iterator[tuple[RuntimeService, Batch]]:
    """A service with a batch."""
    with service() as one:
        opened = Batch(one.backend("aer_simulator"), name="watched")
        yield one, opened
        opened.close()


def test_the_end_leaves_one_line_and_the_table(
    terminal: None, batch: tuple[RuntimeService, Batch], capsys: pytest.CaptureFixture[str]
) -> None:
    one, opened = batch
    owner = str(opened.session_id)
    display = LiveDisplay(Emulated(one.runtime, owner), RateLimit())
    SamplerV2(opened).run([bell()], shots=10).result()
    display.finish()
    display.draw(Report(one.trace(owner), owner))
    line, head, *table = capsys.readouterr().out.splitlines()
    assert line.startswith("batch watched")
    assert line.endswith("1 done")
    assert head.split()[:4] == ["#", "job", "primitive", "state"]
    assert "charged for the time of its jobs on the QPU" in " ".join(table)
    display.finish()
    assert capsys.readouterr().out == ""


def test_a_quiet_one_shows_nothing(
    terminal: None, batch: tuple[RuntimeService, Batch], capsys: pytest.CaptureFixture[str]
) -> None:
    one, opened = batch
    owner = str(opened.session_id)
    display = LiveDisplay(Emulated(one.runtime, owner), RateLimit(), quiet=True)
    display.leave()
    display.finish()
    display.draw(Report(one.trace(owner), owner))
    assert capsys.readouterr() == ("", "")


def test_without_a_person_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    say("is anybody there?")
    assert capsys.readouterr().out == ""


def test_the_end_of_the_service_ends_it(
    terminal: None, batch: tuple[RuntimeService, Batch], capsys: pytest.CaptureFixture[str]
) -> None:
    one, opened = batch
    display = LiveDisplay(Emulated(one.runtime, str(opened.session_id)), RateLimit())
    one.close()
    shown = capsys.readouterr().out
    display.finish()
    assert capsys.readouterr().out == ""
    assert shown.count("\n") <= 1


def test_once_finished_it_is_told_of_nothing() -> None:
    happened = []

    class Told:
        def subscribe(self, changed: object, ended: object) -> object:
            happened.append("subscribed")
            return lambda: happened.append("unsubscribed")

    display = LiveDisplay(Emulated(Told(), "w1"), RateLimit(), quiet=True)  # type: ignore[arg-type]
    display.leave()
    assert happened == ["subscribed"], "the workload goes on"
    display.finish()
    assert happened == ["subscribed", "unsubscribed"]
