"""The account behind the service: one instance with a CRN, a token and a plan; and who may ask."""

from __future__ import annotations

import hmac
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jwt

from qmode_jupyter.ibm.server.refusals import BAD_CRN, NO_INSTANCE, NOT_AUTHORIZED, Refusal
from qmode_jupyter.scheduler.plans import Plan

#: Seconds that an access token holds.
_TOKEN_S: Final = 3600
_ALGORITHM: Final = "HS256"
#: What IBM's catalog calls how a plan is paid; the client sorts instances by it.
_PRICING: Final = {"open": "free", "legacy_2024": "free", "payg": "paygo", "flex": "subscription"}
_TITLES: Final = {"payg": "pay-as-you-go"}


def new_token() -> str:
    """Return a new API key; there is no other like it."""
    return secrets.token_urlsafe(32)


def new_crn() -> str:
    """Return the CRN of a new instance."""
    account = uuid.uuid4().hex
    return f"crn:v1:bluemix:public:quantum-computing:us-east:a/{account}:{uuid.uuid4()}::"


@dataclass(frozen=True, slots=True)
class ServedAccount:
    """An instance as it is served.

    Attributes
    ----------
    plan
        Of the runtime that is served.
    token
        The API key that is asked for.
    crn
        The instance's name.
    """

    plan: Plan
    token: str = field(default_factory=new_token, repr=False)
    crn: str = field(default_factory=new_crn)
    _secret: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)

    @property
    def user(self) -> str:
        """The id of the one user."""
        return "IBMid-" + self.crn.split(":")[6].rpartition("/")[2][:10]

    @property
    def plan_id(self) -> str:
        """The id of the plan in the catalog."""
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, self.plan.name))

    def access_token(self, api_key: str) -> dict[str, Any]:
        """Return what IBM's IAM service gives for an API key (SEMANTICS R5).

        Raises
        ------
        Refusal
            For any other than the account's own.
        """
        if not self._is_token(api_key):
            raise Refusal(400, NOT_AUTHORIZED, "Provided API key could not be found.")
        now = int(time.time())
        claims = {"iat": now, "exp": now + _TOKEN_S, "sub": self.user, "iam_id": self.user}
        return {
            "access_token": jwt.encode(claims, self._secret, algorithm=_ALGORITHM),
            "refresh_token": "not_supported",
            "token_type": "Bearer",
            "expires_in": _TOKEN_S,
            "expiration": now + _TOKEN_S,
            "scope": "ibm openid",
        }

    def check_token(self, headers: Mapping[str, str]) -> None:
        """Check who asks.

        Raises
        ------
        Refusal
            401 for a wrong or missing authorization.
        """
        kind, _, credentials = headers.get("authorization", "").partition(" ")
        if not (
            (kind.lower() == "bearer" and self._signed(credentials))
            or (kind.lower() == "apikey" and self._is_token(credentials))
        ):
            raise Refusal(
                401,
                NOT_AUTHORIZED,
                "Not authorized: the token is missing, wrong or no longer valid.",
                "Use the token that the service printed when it began.",
            )

    def check_instance(self, headers: Mapping[str, str]) -> None:
        """Check for which instance somebody asks.

        Raises
        ------
        Refusal
            400 for a CRN that is none, 404 for another one.
        """
        crn = headers.get("service-crn", "")
        if crn == self.crn:
            return
        if not crn.startswith("crn:") or crn.count(":") < 7:
            raise Refusal(400, BAD_CRN, "The header Service-CRN is missing or no CRN.", f"Use {self.crn}")
        raise Refusal(404, NO_INSTANCE, "Instance not found.", f"The one that there is: {self.crn}")

    def search(self) -> dict[str, Any]:
        """Return what IBM's global search finds: the one instance."""
        item = {
            "crn": self.crn,
            "name": f"emulated-{self.plan.name}",
            "service_plan_unique_id": self.plan_id,
            "tags": [],
            "doc": {"extensions": [{"name": "emulated"}]},
        }
        return {"items": [item], "limit": 100}

    def catalog_entry(self, plan_id: str) -> dict[str, Any]:
        """Return the catalog's entry of the plan.

        Raises
        ------
        Refusal
            For another plan.
        """
        if plan_id != self.plan_id:
            raise Refusal(404, 404, "Catalog entry not found.")
        return {
            "id": plan_id,
            "overview_ui": {"en": {"display_name": _TITLES.get(self.plan.name, self.plan.name)}},
            "metadata": {"pricing": {"type": _PRICING.get(self.plan.name, "paid")}},
        }

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(errors="replace"), self.token.encode())

    def _signed(self, access_token: str) -> bool:
        try:
            jwt.decode(access_token, self._secret, algorithms=[_ALGORITHM])
        except jwt.InvalidTokenError:
            return False
        return True
