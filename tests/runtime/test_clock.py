"""Emulated time: with the wall, held, ahead."""

from __future__ import annotations

import pytest

from qmode_jupyter.runtime.clock import Clock, ManualClock


class Wall:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def wall() -> Wall:
    return Wall()


def test_it_runs_with_the_wall_from_zero(wall: Wall) -> None:
    clock = Clock(wall)
    assert clock.now() == 0
    wall.seconds += 2.5
    assert clock.now() == 2.5


def test_it_holds_at_its_bound_and_does_not_make_up_for_it(wall: Wall) -> None:
    clock = Clock(wall)
    clock.bound(3)
    wall.seconds += 10
    assert (clock.now(), clock.rate) == (3, 0)
    clock.bound(20)
    wall.seconds += 1
    assert (clock.now(), clock.rate) == (4, 1)


def test_it_jumps_and_runs_faster(wall: Wall) -> None:
    clock = Clock(wall)
    clock.jump(50)
    clock.run_at(60)
    wall.seconds += 2
    assert clock.now() == 170
    assert clock.wall_until(230) == 1
    clock.run_at(0)
    wall.seconds += 99
    assert clock.now() == 170
    assert clock.wall_until(230) is None


def test_it_never_runs_backwards(wall: Wall) -> None:
    clock = Clock(wall)
    clock.jump(50)
    clock.jump(10)
    assert clock.now() == 50


def test_a_manual_clock_moves_only_when_told() -> None:
    clock = ManualClock()
    assert clock.now() == 0
    clock.advance(7)
    assert clock.now() == 7


def test_a_manual_clock_says_where_it_is_held() -> None:
    clock = ManualClock()
    clock.bound(3)
    with pytest.raises(RuntimeError, match="held at 3"):
        clock.advance(7)


def test_a_wall_that_is_set_back_never_takes_time_back() -> None:
    moment = [100.0]
    clock = Clock(lambda: moment[0])
    moment[0] = 110.0
    assert clock.now() == 10.0
    moment[0] = 50.0
    assert clock.now() == 10.0
    clock.run_at(2.0)  # whatever is asked of it meanwhile
    clock.bound(20.0)
    assert clock.now() == 10.0
    moment[0] = 53.0
    assert clock.now() == 16.0
