"""The account of an emulated service is what it is made with; what IBM's client asks for is called unused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from qmode_jupyter.client.arguments import checked, instance_of
from qmode_jupyter.client.options.kinds import NOTHING, TEXT, YES_NO, Kind, one_of, real, whole_number
from qmode_jupyter.cost.processors import PROCESSORS, Processor, processor
from qmode_jupyter.errors import IBMInputValueError, QmodeWarning
from qmode_jupyter.runtime.clock import Clock
from qmode_jupyter.runtime.drills import drill
from qmode_jupyter.runtime.settings import Settings
from qmode_jupyter.runtime.store_place import store_at
from qmode_jupyter.runtime.tenants import MOST_LOAD, Tenants
from qmode_jupyter.scheduler.plans import PLANS, Plan, plan
from qmode_jupyter.style.characters import shown
from qmode_jupyter.style.spelling import did_you_mean
from qmode_jupyter.style.warn import warn

# What IBM's client finds an account by.
_WORDS: Final = frozenset(
    {"channel", "filename", "name", "plans_preference", "private_endpoint", "proxies", "region", "tags"}
    | {"token", "url", "url_resolver", "verify"}
)


@dataclass(frozen=True, slots=True)
class Account:
    """What a service is made with, checked; the same again is the same account (SEMANTICS A29)."""

    settings: Settings
    #: Whether metrics also have the keys that the service removed in 2026 (SEMANTICS A10).
    legacy_metrics: bool
    #: The instance that jobs are charged to.
    instance: str

    @classmethod
    def checked(cls, **given: Any) -> Account:
        """Return the account that was asked for.

        Raises
        ------
        IBMInputValueError
            For a setting that can't be.
        UnknownPlan, UnknownProcessor, UnknownDrill
            With the nearest name, for one that does not exist.
        """
        if not isinstance(given["plan"], (str, Plan)):
            raise IBMInputValueError(
                f"plan must be the name of a plan ({', '.join(PLANS)}) or a Plan, not {shown(given['plan'])}."
            )
        kept = {name: checked(name, kind, given[name]) for name, kind in _KINDS.items()}
        legacy_metrics, instance = kept.pop("legacy_metrics"), kept.pop("instance")
        if (asked := kept["processor"]) is not None:
            kept["processor"] = processor(asked)
        if (asked := kept["drill"]) is not None:
            kept["drill"] = drill(asked)
        named = plan(given["plan"])
        instance = instance or f"emulated/{named.name}"
        settings = Settings(named, **kept, store=store_at(given["store"]), instance=instance)
        return cls(settings, legacy_metrics, instance)


def _load(value: object) -> float:
    load: float = real(at_least=0).keep(value)
    if load > MOST_LOAD:
        raise ValueError
    return load


_KINDS: Final[Mapping[str, Kind]] = {
    "timing": one_of("modelled", "measured"),
    "speed": one_of("max") | real(above=0),
    "seed": whole_number() | NOTHING,
    "workers": whole_number(1) | NOTHING,
    "clock": instance_of(Clock, "a Clock") | NOTHING,
    "load": Kind(f"from 0 (nobody else) to {MOST_LOAD:g} (busier, a queue has no end)", _load),
    "tenants": instance_of(Tenants, "Tenants") | NOTHING,
    "legacy_metrics": YES_NO,
    "instance": TEXT | NOTHING,
    "processor": Kind(
        f"the name of a processor ({', '.join(PROCESSORS)}) or of a machine such as ibm_fez", TEXT.keep
    )
    | instance_of(Processor, "a Processor")
    | NOTHING,
    "prepare_timeout": real(above=0) | NOTHING,
    "drill": Kind("the name of a drill, as %qmode drill lists them", TEXT.keep) | NOTHING,
}


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
            hint = did_you_mean(word, sorted(_WORDS.union(_KINDS, ["plan", "store"])))
            raise TypeError(f"RuntimeService has no argument {word!r}.{hint}")
    if account:
        warn(
            f"{', '.join(account)} of an IBM account is not used: this service is emulated, and nothing "
            "leaves this machine.",
            QmodeWarning,
        )
