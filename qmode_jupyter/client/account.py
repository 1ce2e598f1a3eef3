"""The account of an emulated service is its settings; what IBM's client asks for is called unused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from qmode_jupyter.client.arguments import checked, instance_of, shown
from qmode_jupyter.client.options.kinds import NOTHING, TEXT, YES_NO, Kind, real, whole, words
from qmode_jupyter.errors import IBMInputValueError, QmodeWarning
from qmode_jupyter.runtime.clock import Clock
from qmode_jupyter.runtime.tenants import MOST_LOAD, Tenants
from qmode_jupyter.scheduler.plans import PLANS, Plan, plan
from qmode_jupyter.style.spelling import did_you_mean
from qmode_jupyter.style.warn import warn

# What IBM's client finds an account by.
_WORDS: Final = frozenset(
    {"channel", "filename", "name", "plans_preference", "private_endpoint", "proxies", "region", "tags"}
    | {"token", "url", "url_resolver", "verify"}
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a service is made with, checked; the same settings are the same account (SEMANTICS A29)."""

    plan: Plan
    timing: str
    speed: float | str
    seed: int | None
    workers: int | None
    clock: Clock | None
    load: float
    tenants: Tenants | None
    legacy_metrics: bool
    instance: str | None

    @classmethod
    def checked(cls, **given: Any) -> Settings:
        """Return the settings that were given.

        Raises
        ------
        IBMInputValueError
            For one that can't be.
        """
        if not isinstance(given["plan"], (str, Plan)):
            raise IBMInputValueError(
                f"plan must be the name of a plan ({', '.join(PLANS)}) or a Plan, not {shown(given['plan'])}."
            )
        kept = {name: checked(name, kind, given[name]) for name, kind in _KINDS.items()}
        return cls(plan=plan(given["plan"]), **kept)


def _load(value: object) -> float:
    load: float = real(at_least=0).keep(value)
    if load > MOST_LOAD:
        raise ValueError
    return load


_KINDS: Final[Mapping[str, Kind]] = {
    "timing": words("modelled", "measured"),
    "speed": words("max") | real(above=0),
    "seed": whole() | NOTHING,
    "workers": whole(1) | NOTHING,
    "clock": instance_of(Clock, "a Clock") | NOTHING,
    "load": Kind(f"from 0 (nobody else) to {MOST_LOAD:g} (busier, a queue has no end)", _load),
    "tenants": instance_of(Tenants, "Tenants") | NOTHING,
    "legacy_metrics": YES_NO,
    "instance": TEXT | NOTHING,
}


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
    def save_account(*account: Any, **named: Any) -> None:
        """Save nothing, and say so (IBM's client keeps accounts in a file)."""
        what = ", ".join(named) or ("What was given" if account else "The account")
        warn(f"{what} was not saved: an emulated service needs no account.", QmodeWarning)

    @staticmethod
    def delete_account(
        filename: str | None = None, name: str | None = None, channel: str | None = None
    ) -> bool:
        """Delete nothing, say so, and return False: no account was deleted."""
        del filename, name, channel
        warn("Nothing was deleted: an emulated service has no account, IBM's are left alone.", QmodeWarning)
        return False


def take_account(given: Iterable[str]) -> None:
    """Take the arguments that a service was made with beside its settings.

    Raises
    ------
    TypeError
        For one that IBM's client does not have either, with the nearest.
    """
    account = list(given)
    for word in account:
        if word not in _WORDS:
            hint = did_you_mean(word, sorted(_WORDS.union(Settings.__dataclass_fields__)))
            raise TypeError(f"RuntimeService has no argument {word!r}.{hint}")
    if account:
        warn(
            f"{', '.join(account)} of an IBM account is not used: this service is emulated, and nothing "
            "leaves this machine.",
            QmodeWarning,
        )
