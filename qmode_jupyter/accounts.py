"""The account that an emulated service has not: what IBM's client asks for is taken, and called unused."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, ClassVar, Final

from qmode_jupyter.errors import QmodeWarning

# What IBM's client finds an account by.
_WORDS: Final = frozenset(
    {"channel", "filename", "name", "plans_preference", "private_endpoint", "proxies", "region", "tags"}
    | {"token", "url", "url_resolver", "verify"}
)


class OneInstance:
    """A service with one instance and no account."""

    #: IBM's word for its local testing mode, which has no queue and no limits: this service has them.
    is_local: ClassVar[bool] = False

    def __init__(self, instance: str | None, plan: str) -> None:
        self.instance = instance or f"emulated/{plan}"
        self._plan = plan

    def active_instance(self) -> str:
        """Return the one instance that there is."""
        return self.instance

    def instances(self) -> list[dict[str, Any]]:
        """Return the one instance that there is, with its plan."""
        return [{"crn": self.instance, "name": self.instance, "plan": self._plan}]

    @property
    def channel(self) -> str:
        """Where an IBM account would lead; this service is in this process."""
        return "emulated"

    def active_account(self) -> dict[str, Any]:
        """Return what there is of an account: the channel, the instance and its plan; no token."""
        return {"channel": self.channel, "instance": self.instance, "plans_preference": [self._plan]}

    @staticmethod
    def saved_accounts(
        default: bool | None = None,
        channel: str | None = None,
        filename: str | None = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        """Return the accounts that are saved: none."""
        del default, channel, filename, name
        return {}

    @staticmethod
    def save_account(*account: Any, **words: Any) -> None:
        """Save nothing, and say so (IBM's client keeps accounts in a file)."""
        what = ", ".join(words) or ("What was given" if account else "The account")
        warnings.warn(
            f"{what} was not saved: an emulated service needs no account.", QmodeWarning, stacklevel=2
        )

    @staticmethod
    def delete_account(
        filename: str | None = None, name: str | None = None, channel: str | None = None
    ) -> bool:
        """Delete nothing, say so, and return False: no account was deleted."""
        del filename, name, channel
        warnings.warn(
            "Nothing was deleted: an emulated service has no account, and IBM's are left alone.",
            QmodeWarning,
            stacklevel=2,
        )
        return False


def take_account(words: Iterable[str], known: Iterable[str]) -> None:
    """Take the arguments that a service was made with beside the `known` ones.

    Raises
    ------
    TypeError
        For one that IBM's client does not have either, with the nearest.
    """
    account = list(words)
    for word in account:
        if word not in _WORDS:
            near = get_close_matches(word, _WORDS.union(known), n=1)
            hint = f": did you mean {near[0]}?" if near else "."
            raise TypeError(f"RuntimeService has no argument {word!r}{hint}")
    if account:
        warnings.warn(
            f"{', '.join(account)} of an IBM account is not used: this service is emulated, and nothing "
            "leaves this machine.",
            QmodeWarning,
            stacklevel=3,
        )
