"""How long a session or batch may take, as people write it."""

from __future__ import annotations

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
