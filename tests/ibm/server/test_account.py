"""The account behind the service: its keys, and what IBM's cloud says of its plan."""

from __future__ import annotations

import time

import pytest

from qmode_jupyter.ibm.server.account import ServedAccount
from qmode_jupyter.ibm.server.refusals import Refusal
from qmode_jupyter.scheduler.plans import PLANS


@pytest.mark.parametrize("name", sorted(PLANS))
def test_its_plan_is_found_as_the_client_finds_it(name: str) -> None:
    account = ServedAccount(PLANS[name])
    (item,) = account.search()["items"]
    entry = account.catalog_entry(item["service_plan_unique_id"])
    title = "pay-as-you-go" if name == "payg" else name
    assert (item["crn"], entry["overview_ui"]["en"]["display_name"]) == (account.crn, title)
    assert entry["metadata"]["pricing"]["type"] in ("free", "trial", "paygo", "paid", "subscription")
    with pytest.raises(Refusal, match=r"^Catalog entry not found\.$"):
        account.catalog_entry("another")


def test_an_access_token_holds_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    account = ServedAccount(PLANS["open"])
    now = time.time()

    def bearer(issued: float) -> dict[str, str]:
        monkeypatch.setattr("qmode_jupyter.ibm.server.account.time.time", lambda: issued)
        return {"authorization": f"Bearer {account.access_token(account.token)['access_token']}"}

    account.check_token(bearer(now - 3000))
    with pytest.raises(Refusal) as caught:
        account.check_token(bearer(now - 3700))
    assert (caught.value.status, caught.value.code) == (401, 1200)


def test_the_token_of_another_account_is_none_of_this_one() -> None:
    one, other = ServedAccount(PLANS["open"]), ServedAccount(PLANS["open"])
    given = one.access_token(one.token)["access_token"]
    one.check_token({"authorization": f"bearer {given}"})
    with pytest.raises(Refusal):
        other.check_token({"authorization": f"bearer {given}"})
    with pytest.raises(Refusal, match="API key could not be found"):
        other.access_token(one.token)
    with pytest.raises(Refusal):
        one.check_token({"authorization": "apikey \ud800"})


def test_its_key_is_not_printed() -> None:
    account = ServedAccount(PLANS["open"])
    assert account.token not in repr(account)
    assert account._secret not in repr(account)
