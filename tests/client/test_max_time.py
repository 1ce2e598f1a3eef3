"""How the maximum time of a session or batch is read (SEMANTICS S13)."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit_aer import AerSimulator

from qmode_jupyter import Session
from qmode_jupyter.client.max_time import max_time_seconds
from qmode_jupyter.errors import (
    QmodeWarning,
)
from tests.emulated import refused


@pytest.mark.parametrize(
    ("max_time", "seconds"),
    [
        (None, 28800),
        (600, 600),
        (0, 28800),
        ("0s", 28800),
        ("2h 30m 40s", 9040),
        ("40s 1h", 3640),
        ("1h1h", 7200),
        ("10m", 600),
    ],
)
def test_how_long_it_may_take(aer: AerSimulator, max_time: int | str | None, seconds: int) -> None:
    with Session(aer, max_time) as session:
        assert session.details()["max_time"] == seconds


@pytest.mark.parametrize(("max_time", "read"), [("1.5h", 18000), ("-1h", 3600), ("1h or so 5m", 3900)])
def test_what_ibm_reads_differently_from_people_is_said(max_time: str, read: int) -> None:
    with pytest.warns(QmodeWarning, match=f"{read} seconds, as IBM's client does"):
        assert max_time_seconds(max_time) == read


@pytest.mark.parametrize("max_time", ["25", "", "1H", "3 h", 1.5, [60], True])
def test_what_can_not_be_read(aer: AerSimulator, max_time: object) -> None:
    assert refused(lambda: Session(aer, max_time)).startswith(f"Invalid max_time value: {max_time!r} ")


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("1d", 86_400),
        ("2h 30m 40s", 9_040),
        ("40s 1h", 3_640),
        ("1h1h", 7_200),
        ("0s", 0),
        ("1h,\t5m", 3_900),
    ],
)
def test_every_term_of_a_text_counts_in_any_order(written: str, seconds: int) -> None:
    """SEMANTICS S13; nothing was skipped, so nothing is said."""
    assert max_time_seconds(written) == seconds


@pytest.mark.parametrize("number", [0, 1, -1, 10**9, np.int64(600)])
def test_a_whole_number_is_left_to_the_service(number: int) -> None:
    """SEMANTICS S14."""
    kept = max_time_seconds(number)
    assert kept == number
    assert type(kept) is int


def test_none_is_the_plan_s_own_maximum() -> None:
    assert max_time_seconds(None) is None


def test_what_is_skipped_is_shown_with_what_was_read() -> None:
    with pytest.warns(
        QmodeWarning, match="max_time '1h or so 5m' is read as '1h 5m', 3900 seconds"
    ) as caught:
        assert max_time_seconds("1h or so 5m") == 3900
    assert caught[0].filename == __file__


def test_a_text_without_a_term_is_told_how_to_write_one() -> None:
    assert refused(lambda: max_time_seconds("1H")) == (
        "Invalid max_time value: '1H' has no number with one of the units d, h, m, s (lower case, no blank "
        "between); write whole seconds or a text such as '2h 30m 40s'."
    )
