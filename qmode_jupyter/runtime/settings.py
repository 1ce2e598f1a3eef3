"""What a runtime is made with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qmode_jupyter.cost.constants import PUBLIC, Spread
from qmode_jupyter.cost.processors import Processor
from qmode_jupyter.runtime.clock import Clock
from qmode_jupyter.runtime.drills import Drill
from qmode_jupyter.runtime.engine import Speed
from qmode_jupyter.runtime.store_place import Store
from qmode_jupyter.runtime.tenants import Tenants
from qmode_jupyter.scheduler.plans import PREMIUM, Plan

Timing = Literal["modelled", "measured"]


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a runtime; whoever makes them has checked them.

    Attributes
    ----------
    plan
        Limits and prices.
    timing
        "modelled": a job holds the QPU for as long as real hardware would take. "measured": for as
        long as Aer took; the clock then runs with the wall.
    speed
        What the clock does while you wait: "max" jumps, a number is emulated seconds per second.
    seed
        Makes ids, and other users, repeatable.
    workers
        Processes that simulate; None shares those of this Python process, one per core. Measured
        timing has one of its own.
    clock
        Another clock, as `ManualClock` in tests.
    load
        How busy other users keep each QPU, from 0 (nobody else) to 0.9.
    tenants
        Other users of your own making, instead of `load`.
    processor
        What every QPU is, whatever its backend says; None: what that says.
    spread
        The constants of the cost model.
    store
        Where jobs, sessions and batches are kept for later processes; None: nowhere.
    instance
        The instance that jobs are charged to: what it has kept is told from what others have.
    prepare_timeout
        Seconds of wall time after which a job that is prepared or simulated is given up; None: never.
    drill
        What goes wrong, for practice.
    """

    plan: Plan = PREMIUM
    timing: Timing = "modelled"
    speed: Speed = "max"
    seed: int | None = None
    workers: int | None = None
    clock: Clock | None = None
    load: float = 0.0
    tenants: Tenants | None = None
    processor: Processor | None = None
    spread: Spread = PUBLIC
    store: Store | None = None
    instance: str = ""
    prepare_timeout: float | None = 600.0
    drill: Drill | None = None
