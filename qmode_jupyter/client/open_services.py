"""The services that are open: one for each account, and the default one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """What is known of a service here."""

    @property
    def closed(self) -> bool:
        """Whether it takes no more work."""

    def close(self) -> None:
        """End it."""


S = TypeVar("S", bound=Closable)


@dataclass(slots=True)
class _Open(Generic[S]):
    service: S
    #: How often it was made, less the `with`s of those that have ended.
    makers: int = 1


class OpenServices(Generic[S]):
    """Services that live until they are closed, as their processes do. Any thread."""

    def __init__(self) -> None:
        #: Held while a service is looked for and made.
        self.making = threading.RLock()
        self._by_account: dict[Hashable, _Open[S]] = {}
        self._default: S | None = None

    def get(self, account: Hashable) -> S | None:
        """Return the open service of `account`, or None."""
        with self.making:
            known = self._by_account.get(account)
            return None if known is None or known.service.closed else known.service

    def add(self, account: Hashable, service: S) -> S:
        """Count one more who has made `service`, which is that of `account` from now on; return it."""
        with self.making:
            known = self._by_account.get(account)
            if known is not None and known.service is service:
                known.makers += 1
            else:
                self._by_account[account] = _Open(service)
            return service

    def default(self, make: Callable[[], S]) -> S:
        """Return the default service; `make` makes it when it is first asked for, or was closed."""
        with self.making:
            if self._default is None or self._default.closed:
                self._default = make()
            return self._default

    def makers(self, service: S) -> int:
        """Return how many have made `service` and not left it."""
        known = self._find(service)
        return 0 if known is None else known[1].makers

    def leave(self, service: S) -> bool:
        """Note that the ``with`` of one maker has ended; return whether nobody else has made `service`."""
        with self.making:
            known = self._find(service)
            if known is None:
                return True
            known[1].makers -= 1
            return known[1].makers <= 0

    def remove(self, service: S) -> None:
        """Forget a service that is closed."""
        with self.making:
            known = self._find(service)
            if known is not None:
                del self._by_account[known[0]]

    def close_default(self) -> None:
        """Close the default service, if there is one."""
        with self.making:
            service, self._default = self._default, None
        if service is not None:
            service.close()

    def close(self) -> None:
        """Close all of them."""
        self.close_default()
        with self.making:
            services = [known.service for known in self._by_account.values()]
            self._by_account.clear()
        for service in services:
            service.close()

    def _find(self, service: S) -> tuple[Hashable, _Open[S]] | None:
        with self.making:
            for account, known in self._by_account.items():
                if known.service is service:
                    return account, known
        return None
