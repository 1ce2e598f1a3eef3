"""The plans: every limit, timeout and price of the service as data, each with its source.

A rule that differs between plans or years is a field here; no code asks for a plan by name.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal
from functools import cache
from math import isfinite
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

from qmode_jupyter.scheduler.records import Mode
from qmode_jupyter.style.spelling import did_you_mean

DAY_S: Final = 86_400
#: Lanes of a QPU, as documented (SEMANTICS B3).
LANES: Final = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """What an instance may do, how long it may take, and what a second costs.

    Times are seconds. The defaults are those of today's paid plans. One of your own::

        Plan("mine", "My plan", None, allowance_s=120, lanes=2)

    Raises
    ------
    ValueError
        For a value that can't be, with what was expected.
    """

    name: str
    title: str
    #: US dollars for a second of usage; None is free (SEMANTICS U11).
    price_usd_per_s: Decimal | None
    #: What opening a session does: works, is refused with 1352, or falls back to job mode (S16, A16).
    sessions: Literal["allowed", "refused", "job mode"] = "allowed"
    session_interactive_s: float = 60.0  # SEMANTICS S12
    batch_interactive_s: float = 1.0  # SEMANTICS S12, A3
    session_max_s: float = 28_800.0  # SEMANTICS S12
    batch_max_s: float = 28_800.0  # SEMANTICS S12
    #: A session or batch that never gets a job is closed after this (SEMANTICS S3, A20).
    unused_s: float = 1_800.0
    #: Cap on one job's QPU time (SEMANTICS J20).
    job_max_s: float = 10_800.0
    #: Jobs that are RUNNING at once on a QPU (SEMANTICS B3, A11). A QPU that is known to have another
    #: number has that, unless the plan was given one of its own (A28).
    lanes: int = LANES
    #: Who comes into the normal queue waits there for at least so long, though nobody else does.
    queue_s: float = 0.0
    #: Classical preparation takes at least so long.
    preparation_s: float = 0.0
    #: Seconds of usage in a window, after which jobs wait (SEMANTICS U11, Q2, V29).
    allowance_s: float | None = None
    window_s: float = 28.0 * DAY_S  # SEMANTICS Q1, U11
    #: An instance's own spending limit in seconds of usage, and what it does to work under way (A2).
    cost_limit_s: float | None = None
    cost_limit_policy: Literal["stop_running", "finish_running"] = "stop_running"
    #: Jobs that may be pending at once; None is unlimited (SEMANTICS Q6, A15).
    pending_cap: int | None = None
    #: Jobs that may be submitted within a minute; None is unlimited (SEMANTICS Q6, A15).
    submissions_per_min: int | None = None
    #: Charges are whole multiples of this, rounded up (SEMANTICS U8); 0 charges what was used.
    charge_step_s: float = 1.0
    #: Calibrations go first, also inside an active session (SEMANTICS L6, A7).
    calibration_first: bool = False
    #: A cancelled first job takes all later jobs of its session with it (SEMANTICS L2).
    cached_first_job: bool = False
    #: What becomes of the queued jobs of a workload at its maximum timeout (SEMANTICS A1, L3).
    after_expiry: Literal["fail", "fair share"] = "fail"
    #: close() also fails the queued jobs, as it did before 0.13 (SEMANTICS L4).
    close_drops_queue: bool = False
    #: Stretches of a QPU's time can be reserved; session jobs that outlast theirs fail (SEMANTICS L7, Q7).
    reservations: bool = False

    def __post_init__(self) -> None:
        for name, hint in _hints().items():
            _check(name, getattr(self, name), hint)

    def lanes_of(self, own: int | None) -> int:
        """Return the lanes of a QPU of which `own` are known, None if it is not known."""
        return own if own is not None and self.lanes == LANES else self.lanes

    def interactive_s(self, mode: Mode) -> float:
        """Return the interactive timeout of a session or batch, in seconds."""
        return self.session_interactive_s if mode is Mode.SESSION else self.batch_interactive_s

    def longest_s(self, mode: Mode) -> float:
        """Return the longest maximum timeout of a session or batch, in seconds."""
        return self.session_max_s if mode is Mode.SESSION else self.batch_max_s

    def price_usd(self, usage_s: float) -> Decimal | None:
        """Return what `usage_s` seconds of usage cost, in US dollars; None where usage is free."""
        return None if self.price_usd_per_s is None else Decimal(str(usage_s)) * self.price_usd_per_s


#: The least that a number of a plan may be, where it is not 0: with less, nothing could ever run.
_LEAST: Final = {
    "session_max_s": 1,  # SEMANTICS A4
    "batch_max_s": 1,  # SEMANTICS A4
    "job_max_s": 1,
    "lanes": 1,
    "window_s": 1,
    "pending_cap": 1,
    "submissions_per_min": 1,
}
#: The kinds of numbers in a plan, in words.
_NUMBERS: Final = {int: "a whole number", float: "a number", Decimal: 'a Decimal such as Decimal("1.60")'}


@cache
def _hints() -> dict[str, Any]:
    return get_type_hints(Plan)


def _check(name: str, value: Any, hint: Any) -> None:
    """Raise ValueError for a value of a plan that its type does not allow, or that is too small."""
    options = get_args(hint)
    if get_origin(hint) is Literal:
        if value not in options:
            raise ValueError(f"{name} must be {' or '.join(map(repr, options))}, not {value!r}")
        return
    kinds = set(options or (hint,))
    if value is None and NoneType in kinds:
        return
    or_none = " or None" if NoneType in kinds else ""
    (kind,) = kinds - {NoneType}
    least = _LEAST.get(name, 0)
    if kind not in _NUMBERS:
        fits, expected = isinstance(value, kind), f"a {kind.__name__}"
    else:
        expected = f"{_NUMBERS[kind]}, {least} or more"
        fits = isinstance(value, int | float if kind is float else kind) and not isinstance(value, bool)
        fits = fits and isfinite(value) and value >= least
    if not fits:
        raise ValueError(f"{name} must be {expected}{or_none}, not {value!r}")


OPEN: Final = Plan(
    "open",
    "Open",
    None,
    sessions="refused",  # SEMANTICS S16
    batch_max_s=600.0,  # SEMANTICS S12
    allowance_s=600.0,  # SEMANTICS U11
)
PAYG: Final = Plan("payg", "Pay-As-You-Go", Decimal("1.60"))  # SEMANTICS U11: $96 a minute
FLEX: Final = Plan(
    "flex",
    "Flex",
    Decimal("1.20"),  # SEMANTICS U11: $72 a minute
    allowance_s=24_000.0,  # SEMANTICS U11: prepaid, and 400 minutes is the least that can be bought
    window_s=3_650.0 * DAY_S,  # SEMANTICS Q1: all that was used counts against all that was bought
)
PREMIUM: Final = Plan("premium", "Premium", Decimal("0.80"))  # SEMANTICS U11: $48 a minute
LEGACY_2023: Final = Plan(
    "legacy_2023",
    "Premium as of 2023",
    Decimal("0.80"),
    session_interactive_s=300.0,  # SEMANTICS L5, S12
    batch_interactive_s=300.0,  # SEMANTICS L8: a batch was a session
    pending_cap=3,  # SEMANTICS A15, Q6
    calibration_first=True,  # SEMANTICS L6
    cached_first_job=True,  # SEMANTICS L2
    after_expiry="fair share",  # SEMANTICS L3
    close_drops_queue=True,  # SEMANTICS L4
    reservations=True,  # SEMANTICS L7
)
LEGACY_2024: Final = Plan(
    "legacy_2024",
    "Open as of 2024",
    None,
    sessions="job mode",  # SEMANTICS A16
    batch_max_s=600.0,  # SEMANTICS S12
    allowance_s=600.0,  # SEMANTICS U11
    pending_cap=3,  # SEMANTICS Q6: on the Open plan until July 2025
)

PLANS: Final[dict[str, Plan]] = {p.name: p for p in (OPEN, PAYG, FLEX, PREMIUM, LEGACY_2023, LEGACY_2024)}

_SPELLINGS: Final = {"pay-as-you-go": "payg", "pay_as_you_go": "payg", "paygo": "payg"}
#: What makes a plan the plan that it is; every other field is a limit that a person may set.
_FIXED: Final = frozenset({"name", "title", "price_usd_per_s", "sessions"})


class UnknownPlan(ValueError):
    """No plan has that name, or no limit."""


def plan(name: str | Plan) -> Plan:
    """Return the plan called `name` (any case; a `Plan` is returned as it is).

    Raises
    ------
    UnknownPlan
        With the nearest name, when there is no such plan.
    """
    if isinstance(name, Plan):
        return name
    wanted = str(name).strip().lower()
    wanted = _SPELLINGS.get(wanted, wanted)
    if wanted in PLANS:
        return PLANS[wanted]
    raise UnknownPlan(
        f"No plan is called {name!r}.{did_you_mean(wanted, PLANS)} The plans are {', '.join(PLANS)}."
    )


def with_limits(name: str | Plan, **limits: Any) -> Plan:
    """Return a plan with limits of your own, such as ``with_limits("payg", cost_limit_s=120)``.

    Parameters
    ----------
    name
        A plan or its name.
    limits
        Fields of `Plan` other than its name, title, price and whether it has sessions.

    Raises
    ------
    UnknownPlan
        For no such plan or limit, with the nearest name.
    ValueError
        For a value that can't be, with what was expected.
    """
    settable = [f.name for f in fields(Plan) if f.name not in _FIXED]
    for limit in limits:
        if limit not in settable:
            raise UnknownPlan(
                f"No limit of a plan is called {limit!r}.{did_you_mean(limit, settable)} "
                f"The limits are {', '.join(settable)}."
            )
    return replace(plan(name), **limits)
