"""The processes that all share: as long as somebody needs them, and no longer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from qmode_jupyter.simulation import pool as module
from qmode_jupyter.simulation.pool import SharedWorkers
from qmode_jupyter.simulation.workers import Workers
from tests.simulation.chores import double


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[SharedWorkers]:
    """One of two processes that import nothing."""
    monkeypatch.setattr(module, "Workers", lambda *_: Workers(2))
    one = SharedWorkers()
    yield one
    if one.workers is not None:
        one.workers.close()


def calls(workers: Workers) -> Future[Any]:
    return workers.submit(double, 21)


def test_all_get_the_same_and_the_last_one_ends_them(pool: SharedWorkers) -> None:
    first, second = pool.borrow(), pool.borrow()
    assert first is second is pool.workers
    pool.give_back(first)
    assert calls(second).result(30) == 42
    pool.give_back(second)
    assert second.closed
    assert pool.workers is None


def test_who_comes_after_the_end_gets_new_ones(pool: SharedWorkers) -> None:
    first = pool.borrow()
    pool.give_back(first)
    assert calls(pool.borrow()).result(30) == 42


def test_those_that_were_closed_from_outside_are_replaced(pool: SharedWorkers) -> None:
    first = pool.borrow()
    first.close()
    second = pool.borrow()
    assert calls(second).result(30) == 42
    pool.give_back(first)  # somebody who still had the old ones
    assert not second.closed
    pool.give_back(second)
    assert second.closed


def test_a_fork_begins_with_none_and_ends_nobody_s(pool: SharedWorkers) -> None:
    lent = pool.borrow()
    child = os.fork()
    if child == 0:
        pool.begin_anew()
        pool.give_back(lent)
        os._exit(0 if pool.workers is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert calls(lent).result(30) == 42


def test_a_fork_of_this_process_knows_of_none() -> None:
    lent = module.shared.borrow()
    child = os.fork()
    if child == 0:
        os._exit(0 if module.shared.workers is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert module.shared.workers is lent
    module.shared.give_back(lent)
