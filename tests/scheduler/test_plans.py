"""The plans' numbers are those of the documents, and a person may set limits of their own."""

from __future__ import annotations

from decimal import Decimal

import pytest

from qmode_jupyter.scheduler.plans import (
    DAY_S,
    FLEX,
    OPEN,
    PAYG,
    PLANS,
    PREMIUM,
    UnknownPlan,
    plan,
    with_limits,
)
from qmode_jupyter.scheduler.transitions import Mode

PAID = (PAYG, FLEX, PREMIUM)


def test_timeouts_and_caps_as_documented() -> None:  # SEMANTICS S12, J20
    for paid in PAID:
        assert (paid.interactive_s(Mode.SESSION), paid.longest_s(Mode.SESSION)) == (60, 28_800)
        assert (paid.interactive_s(Mode.BATCH), paid.longest_s(Mode.BATCH)) == (1, 28_800)
    assert (OPEN.sessions, OPEN.longest_s(Mode.BATCH)) == ("refused", 600)
    assert {p.job_max_s for p in PLANS.values()} == {10_800}
    assert {p.lanes for p in PLANS.values()} == {5}


def test_prices_as_documented() -> None:  # SEMANTICS U11
    assert [p.price_usd(60) for p in PAID] == [Decimal("96.00"), Decimal("72.00"), Decimal("48.00")]
    assert OPEN.price_usd(60) is None


def test_allowances_as_documented() -> None:  # SEMANTICS U11, Q1
    assert (OPEN.allowance_s, OPEN.window_s) == (600, 28 * DAY_S)
    assert FLEX.allowance_s == 400 * 60
    assert PAYG.allowance_s is PREMIUM.allowance_s is None


def test_a_plan_is_found_by_any_spelling() -> None:
    assert plan("Premium") is plan(" PREMIUM ") is PREMIUM
    assert plan("pay-as-you-go") is PAYG
    assert plan(OPEN) is OPEN


def test_an_unknown_plan_gets_one_line_with_the_nearest() -> None:
    with pytest.raises(
        UnknownPlan, match=r"^No plan is called 'premum'. Did you mean 'premium'\? The plans are "
    ):
        plan("premum")


def test_limits_of_your_own() -> None:
    mine = with_limits("payg", cost_limit_s=120, session_interactive_s=90)
    assert (mine.cost_limit_s, mine.session_interactive_s, mine.price_usd_per_s) == (
        120,
        90,
        PAYG.price_usd_per_s,
    )
    assert with_limits(OPEN) == OPEN


@pytest.mark.parametrize(
    ("limits", "line"),
    [
        ({"cost_limits": 3}, "No limit of a plan is called 'cost_limits'. Did you mean 'cost_limit_s'?"),
        ({"price_usd_per_s": 3}, "No limit of a plan is called 'price_usd_per_s'"),
        ({"cost_limit_s": -1}, "cost_limit_s must be 0 or more, not -1"),
        ({"allowance_s": float("nan")}, "allowance_s must be 0 or more, not nan"),
        ({"lanes": 0}, "lanes must be 1 or more, not 0"),
    ],
)
def test_a_limit_that_cannot_be_gets_one_line(limits: dict[str, float], line: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011
        with_limits("premium", **limits)
    assert str(error.value).startswith(line)
    assert "\n" not in str(error.value)
