"""The plans' numbers are those of the documents, and a person may set limits of their own."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal

import pytest

from qmode_jupyter.scheduler.plans import (
    DAY_S,
    FLEX,
    OPEN,
    PAYG,
    PLANS,
    PREMIUM,
    Plan,
    UnknownPlan,
    plan,
    with_limits,
)
from qmode_jupyter.scheduler.records import Mode

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


PAID_TODAY = {
    "sessions": "allowed",
    "session_interactive_s": 60,
    "batch_interactive_s": 1,
    "session_max_s": 28_800,
    "batch_max_s": 28_800,
    "unused_s": 1_800,
    "job_max_s": 10_800,
    "lanes": 5,
    "allowance_s": None,
    "window_s": 28 * 86_400,
    "cost_limit_s": None,
    "cost_limit_policy": "stop_running",
    "queue_s": 0,
    "preparation_s": 0,
    "pending_cap": None,
    "submissions_per_min": None,
    "charge_step_s": 1,
    "calibration_first": False,
    "cached_first_job": False,
    "after_expiry": "fail",
    "close_drops_queue": False,
    "reservations": False,
}
OPEN_TODAY = {"price_usd_per_s": None, "sessions": "refused", "batch_max_s": 600, "allowance_s": 600}
OF_2023 = {
    "title": "Premium as of 2023",
    "price_usd_per_s": Decimal("0.8"),
    "session_interactive_s": 300,
    "batch_interactive_s": 300,
    "pending_cap": 3,
    "calibration_first": True,
    "cached_first_job": True,
    "after_expiry": "fair share",
    "close_drops_queue": True,
    "reservations": True,
}


@pytest.mark.parametrize(
    ("name", "differs"),
    [
        ("open", OPEN_TODAY | {"title": "Open"}),
        ("payg", {"title": "Pay-As-You-Go", "price_usd_per_s": Decimal("1.6")}),
        (
            "flex",
            {
                "title": "Flex",
                "price_usd_per_s": Decimal("1.2"),
                "allowance_s": 24_000,
                "window_s": 3_650 * 86_400,
            },
        ),
        ("premium", {"title": "Premium", "price_usd_per_s": Decimal("0.8")}),
        ("legacy_2023", OF_2023),
        ("legacy_2024", OPEN_TODAY | {"title": "Open as of 2024", "sessions": "job mode", "pending_cap": 3}),
    ],
)
def test_every_value_of_every_plan(name: str, differs: dict[str, object]) -> None:
    """SEMANTICS S12, J20, U11, Q6 and section 9; a value that changes is changed here, with its source."""
    assert asdict(PLANS[name]) == {"name": name} | PAID_TODAY | differs


def test_a_plan_is_found_by_any_spelling() -> None:
    assert plan("Premium") is plan(" PREMIUM ") is PREMIUM
    assert plan("pay-as-you-go") is plan("PAY_AS_YOU_GO") is plan("paygo") is PAYG
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
        ({"title": "x"}, "No limit of a plan is called 'title'"),
        ({"sessions": "allowed"}, "No limit of a plan is called 'sessions'"),
        (
            {"lane": 3},
            "No limit of a plan is called 'lane'. Did you mean 'lanes'? The limits are session",
        ),
        ({"session_max_s": 0.5}, "session_max_s must be a number, 1 or more, not 0.5"),
        ({"batch_max_s": 0.5}, "batch_max_s must be a number, 1 or more, not 0.5"),
        ({"window_s": 0}, "window_s must be a number, 1 or more, not 0"),
        ({"cost_limit_s": -1}, "cost_limit_s must be a number, 0 or more or None, not -1"),
        ({"cost_limit_s": "2m"}, "cost_limit_s must be a number, 0 or more or None, not '2m'"),
        ({"allowance_s": float("nan")}, "allowance_s must be a number, 0 or more or None, not nan"),
        ({"window_s": float("inf")}, "window_s must be a number, 1 or more, not inf"),
        ({"session_max_s": None}, "session_max_s must be a number, 1 or more, not None"),
        ({"lanes": 0}, "lanes must be a whole number, 1 or more, not 0"),
        ({"lanes": 2.5}, "lanes must be a whole number, 1 or more, not 2.5"),
        ({"lanes": True}, "lanes must be a whole number, 1 or more, not True"),
        ({"pending_cap": 0}, "pending_cap must be a whole number, 1 or more or None, not 0"),
        ({"submissions_per_min": 0}, "submissions_per_min must be a whole number, 1 or more or None, not 0"),
        ({"calibration_first": 1}, "calibration_first must be a bool, not 1"),
        ({"after_expiry": "run"}, "after_expiry must be 'fail' or 'fair share', not 'run'"),
    ],
)
def test_a_limit_that_cannot_be_gets_one_line(limits: dict[str, float], line: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011
        with_limits("premium", **limits)
    assert str(error.value).startswith(line)
    assert "\n" not in str(error.value)


def test_a_plan_of_your_own_is_checked_too() -> None:
    mine = Plan("mine", "My plan", Decimal("0.5"), lanes=2, allowance_s=120)
    assert (mine.price_usd(60), plan(mine)) == (Decimal("30.0"), mine)
    for values, line in (
        ({"price_usd_per_s": 1.6}, 'price_usd_per_s must be a Decimal such as Decimal("1.60"), 0 or more or'),
        ({"price_usd_per_s": Decimal(-1)}, "price_usd_per_s must be a Decimal"),
        ({"name": 3}, "name must be a str, not 3"),
        ({"sessions": "yes"}, "sessions must be 'allowed' or 'refused' or 'job mode', not 'yes'"),
        ({"job_max_s": 0}, "job_max_s must be a number, 1 or more, not 0"),
    ):
        with pytest.raises(ValueError) as error:  # noqa: PT011
            Plan(**{"name": "mine", "title": "My plan", "price_usd_per_s": None, **values})
        assert str(error.value).startswith(line)
