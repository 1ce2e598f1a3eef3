"""Values that cross are read as what they are, or refused with their name."""

from __future__ import annotations

from typing import Any

import pytest

from qmode_jupyter.client.options.kinds import TEXT, YES_NO
from qmode_jupyter.ibm.server.refusals import Refusal
from qmode_jupyter.ibm.server.wire import field, flag, moment, number, parsed, written


def said(ask: Any) -> str:
    with pytest.raises(Refusal) as caught:
        ask()
    assert (caught.value.status, caught.value.code) == (400, 1208)
    return caught.value.message


def test_a_body_is_a_json_object() -> None:
    assert parsed(b'{"a": [1]}') == {"a": [1]}
    assert said(lambda: parsed(b"[1]")) == "The body must be a JSON object, not list."
    assert said(lambda: parsed(b"{")).startswith("The body is not valid JSON: ")
    assert said(lambda: parsed(b"\xff\xfe")).startswith("The body is not valid JSON: ")
    assert said(lambda: parsed(b'{"a":' * 100_000)).startswith("The body is not valid JSON: ")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_a_number_that_json_has_not_is_refused(number: str) -> None:
    """What is kept of a body is echoed, and must be JSON again."""
    with pytest.raises(Refusal, match=r"not valid JSON: .* is not a finite number") as caught:
        parsed(f'{{"params": {{"options": [1.5, {number}]}}}}'.encode())
    assert (caught.value.status, caught.value.code) == (400, 1208)


def test_a_field_is_there_or_has_a_default_and_null_is_missing() -> None:
    assert field({"a": "x"}, "a", TEXT) == "x"
    assert field({"a": None}, "a", TEXT, "default") == "default"
    assert said(lambda: field({"a": None}, "a", TEXT)).startswith("The field 'a' is missing: it must be ")
    assert said(lambda: field({"a": 1}, "a", YES_NO)).endswith(", not 1.")


def test_a_moment_without_a_zone_is_utc() -> None:
    assert moment("when", "1970-01-01T00:01:00") == 60.0
    assert moment("when", "1970-01-01T02:01:00+02:00") == moment("when", "1970-01-01T00:01:00Z") == 60.0
    assert moment("when", None) is None
    assert said(lambda: moment("when", "soon")).startswith("when must be a date and time")
    assert moment("when", written(90.0)) == 90.0
    assert written(None) is None


def test_a_number_has_a_default_and_a_most() -> None:
    assert (number(None, "limit", 7), number("3", "limit", 7), number("300", "limit", 7, 200)) == (7, 3, 200)
    for wrong in ("", "-1", "1.5", "1e3", "\u0663", "9" * 10):
        assert said(lambda wrong=wrong: number(wrong, "limit", 7)).startswith("limit must be a whole number")


def test_a_flag_is_true_or_false() -> None:
    assert (flag("True", "pending"), flag("false", "pending"), flag(None, "pending")) == (True, False, None)
    assert said(lambda: flag("1", "pending")) == "pending must be true or false, not '1'."
