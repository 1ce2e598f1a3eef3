"""The account that an emulated service has not: what IBM's client asks for is taken, and called unused."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any, Final

from qmode_jupyter.errors import QmodeWarning
from qmode_jupyter.spelling import did_you_mean

# What IBM's client finds an account by.
_WORDS: Final = frozenset(
    {"channel", "filename", "name", "plans_preference", "private_endpoint", "proxies", "region", "tags"}
    | {"token", "url", "url_resolver", "verify"}
)


class OneInstance:
    """A service with one instance and no account."""

    def __init__(self, instance: str | None, plan: str) -> None:
        self.instance = instance or f"emulated/{plan}"
        self._plan = plan

    def active_instance(self) -> str:
        """Return the one instance that there is."""
        return self.instance

    def instances(self) -> list[dict[str, Any]]:
        """Return the one instance that there is, with its plan."""
        return [{"crn": self.instance, "name": self.instance, "plan": self._plan}]

    @staticmethod
    def save_account(**account: Any) -> None:
        """Save nothing, and say so (IBM's client keeps accounts in a file)."""
        warnings.warn(
            f"{', '.join(account) or 'The account'} was not saved: an emulated service needs no account.",
            QmodeWarning,
            stacklevel=2,
        )


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
            hint = did_you_mean(word, sorted(_WORDS.union(known)))
            raise TypeError(f"RuntimeService has no argument {word!r}.{hint}")
    if account:
        warnings.warn(
            f"{', '.join(account)} of an IBM account is not used: this service is emulated, and nothing "
            "leaves this machine.",
            QmodeWarning,
            stacklevel=3,
        )
