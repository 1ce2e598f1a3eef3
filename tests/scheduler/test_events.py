"""Events and instructions: frozen, and on the grain of time."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import get_args

import pytest

from qmode_jupyter.scheduler.events import GRAIN_S, Event, Instruction, Tick, grained


@pytest.mark.parametrize("kind", [*get_args(Event), *get_args(Instruction)])
def test_they_are_frozen_and_slotted(kind: type) -> None:
    assert kind.__dataclass_params__.frozen
    assert "__slots__" in vars(kind)


@pytest.mark.parametrize("kind", get_args(Event))
def test_every_event_begins_with_its_time(kind: type) -> None:
    assert fields(kind)[0].name == "at"


def test_nothing_about_them_changes() -> None:
    tick = Tick(1.0)
    with pytest.raises(FrozenInstanceError):
        tick.at = 2.0  # type: ignore[misc]


def test_sums_of_grained_times_are_exact() -> None:
    third = grained(1 / 3)
    assert third != 1 / 3
    assert abs(third - 1 / 3) <= GRAIN_S / 2
    total = 0.0
    for _ in range(30_000):
        total += third
    assert total == 30_000 * third
    assert 2.0**32 + third - 2.0**32 == third
    assert grained(third) == third
