"""Kinds of values: what is kept, what is refused, and how it is said."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import numpy as np
import pytest

from qmode_jupyter.client.options.kinds import (
    AUTO,
    MAPPING,
    NOTHING,
    TEXT,
    YES_NO,
    Kind,
    Unset,
    many,
    one_of,
    real,
    whole_number,
)

KEPT: list[tuple[Kind, object, object]] = [
    (whole_number(), np.int64(3), 3),
    (whole_number(0, 2), 2, 2),
    (real(at_least=0), 0, 0.0),
    (real(above=0), np.float32(0.5), 0.5),
    (one_of("a", "b"), "b", "b"),
    (many(real(at_least=0)), np.array([1, 2]), [1.0, 2.0]),
    (many(TEXT), (), []),
    (YES_NO, np.bool_(True), True),
    (TEXT | NOTHING, None, None),
    (whole_number() | AUTO, "auto", "auto"),
    (MAPPING, {"a": 1}, {"a": 1}),
]
REFUSED: list[tuple[Kind, object]] = [
    (whole_number(), True),
    (whole_number(), 1.0),
    (whole_number(1), 0),
    (whole_number(0, 2), 3),
    (real(above=0), 0),
    (real(at_least=0), float("nan")),
    (real(at_least=0), float("inf")),
    (real(at_least=0), True),
    (one_of("a"), "A"),
    (many(TEXT), "text"),
    (many(TEXT), [1]),
    (many(TEXT, at_least=1), []),
    (YES_NO, 1),
    (NOTHING, 0),
    (TEXT, b"bytes"),
    (MAPPING, [("a", 1)]),
]


@pytest.mark.parametrize(("kind", "value", "kept"), KEPT, ids=lambda one: getattr(one, "words", repr(one)))
def test_what_is_kept_is_pythons_own(kind: Kind, value: object, kept: object) -> None:
    found = kind.keep(value)
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(("kind", "value"), REFUSED, ids=lambda one: getattr(one, "words", repr(one)))
def test_another_value_is_refused(kind: Kind, value: object) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        kind.keep(value)


def test_kinds_say_what_they_take() -> None:
    assert whole_number(1, 5_000).words == "a whole number of at least 1 and at most 5,000"
    assert (real(above=0) | NOTHING).words == "a number above 0 or None"
    assert one_of("a", "b", "c").words == "'a', 'b' or 'c'"


@pytest.mark.parametrize("again", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one)), type(Unset)])
def test_unset_is_one_thing_and_false(again: Callable[..., object]) -> None:
    made = again() if again is type(Unset) else again(Unset)
    assert made is Unset
    assert not made
    assert repr(made) == "Unset"
