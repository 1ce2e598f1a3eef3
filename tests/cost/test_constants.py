"""The constants, their sources and their spread."""

from __future__ import annotations

from dataclasses import fields

import pytest

from qmode_jupyter.cost.constants import PUBLIC, SOURCES, Constants, Source


def test_there_are_at_most_a_dozen_and_each_has_a_source() -> None:
    assert set(SOURCES) == {field.name for field in fields(Constants)}
    assert len(SOURCES) <= 12


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_each_says_what_it_means_where_it_is_from_and_when(source: Source) -> None:
    assert source.meaning
    assert source.source
    assert source.as_of
    assert 0 <= source.low <= source.likely <= source.high


def test_the_public_spread_is_the_sources_figures() -> None:
    assert PUBLIC.likely.overhead_s == SOURCES["overhead_s"].likely
    assert PUBLIC.low.overhead_s == SOURCES["overhead_s"].low
    assert PUBLIC.high.overhead_s == SOURCES["overhead_s"].high


def test_figures_of_one_s_own_replace_the_public_ones() -> None:
    mine = PUBLIC.with_figures({"overhead_s": (1.0, 1.1, 1.2)}, "my account")
    assert (mine.low.overhead_s, mine.likely.overhead_s, mine.high.overhead_s) == (1.0, 1.1, 1.2)
    assert mine.likely.circuit_s == PUBLIC.likely.circuit_s
    assert (mine.origin, PUBLIC.origin) == ("my account", "public receipts")


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("overhead", (1.0, 1.1, 1.2)),
        ("overhead_s", (1.2, 1.1, 1.0)),
        ("overhead_s", (-1.0, 1.0, 2.0)),
        ("overhead_s", (1.0, 1.0, float("inf"))),
        ("overhead_s", (1.0, float("nan"), 2.0)),
    ],
)
def test_figures_that_cant_be_are_refused(name: str, figures: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="overhead"):
        PUBLIC.with_figures({name: figures}, "my account")
