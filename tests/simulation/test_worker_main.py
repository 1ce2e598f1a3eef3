"""A call is answered in one message, whatever it does; what can't cross is said in words."""

from __future__ import annotations

import concurrent.futures
import pickle

import pytest

from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.simulation.worker_main import (
    CallFailed,
    CallTraceback,
    answer,
    described,
    may_cross,
    request,
    result_of,
)
from tests.simulation.chores import KINDS, Reads, carry_out, double, exploding, fail


def called(function, *arguments):
    return result_of(answer(request(function, arguments)))


def refuse():
    raise IBMInputValueError("an input that is wrong")


def test_what_a_call_returns_comes_back():
    assert called(double, 21) == 42


def test_an_exception_comes_back_as_it_was_with_where_it_was_raised():
    with pytest.raises(ValueError, match="no such thing") as caught:
        called(fail)
    assert isinstance(caught.value.__cause__, CallTraceback)
    assert "in fail" in str(caught.value.__cause__)


def test_one_of_ours_says_it_all_itself():
    with pytest.raises(IBMInputValueError, match="an input that is wrong") as caught:
        called(refuse)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("kind", ["SystemExit", "KeyboardInterrupt", "unwritable", "unreadable", "silent"])
def test_what_can_not_cross_is_said_in_words(kind):
    with pytest.raises(CallFailed, match=KINDS[kind][1]):
        called(carry_out, kind)


def test_a_result_that_can_not_be_read_is_an_error_and_not_the_end():
    with pytest.raises(CallFailed, match="could not be read here: SystemExit: 1"):
        result_of(pickle.dumps((True, Reads(exploding, SystemExit(1)))))


def test_a_request_that_can_not_be_read_is_answered():
    with pytest.raises(CallFailed, match="SystemExit: 2"):
        result_of(answer(pickle.dumps(Reads(exploding, SystemExit(2)))))


def test_who_waits_gets_no_cancellation_and_no_end_of_a_call():
    assert may_cross(ValueError())
    assert not may_cross(concurrent.futures.CancelledError())
    assert not may_cross(SystemExit())
    assert not may_cross("no exception")


def test_a_description_is_one_line_of_bearable_length():
    assert described(ValueError("two\n  lines")) == "ValueError: two lines"
    assert described(ValueError()) == "ValueError"
    assert len(described(ValueError("x" * 10_000))) == 1000
