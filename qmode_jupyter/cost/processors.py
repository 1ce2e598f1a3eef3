"""The processors, as data: what is public of each, with its source.

A machine's own figures (its snapshot's `default_rep_delay`, say) go before those of its family.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from qmode_jupyter.cost.constants import AS_OF
from qmode_jupyter.style.spelling import did_you_mean


@dataclass(frozen=True, slots=True)
class Processor:
    """A kind of QPU. Times are seconds.

    Attributes
    ----------
    name, title
        As it is written in code and shown to a person.
    rep_delay_s, rep_delay_range_s
        Pause between two executions: by default, and from what to what it can be asked for.
    gate_s, readout_s, reset_s
        A two-qubit gate, a measurement and a reset: medians of a snapshot. `gate_s` scales circuits
        that were timed on another processor.
    more_overhead_s
        Charged for every job beside the `overhead_s` of `constants`.
    lanes, preparations
        Jobs that are RUNNING at once (None: five, as documented; SEMANTICS B3, A28), and of them those
        that are really being prepared (None: all).
    max_experiments
        Circuits that are loaded at once; a larger job is run in so many parts.
    source
        Where the figures come from.
    """

    name: str
    title: str
    rep_delay_s: float
    rep_delay_range_s: tuple[float, float]
    gate_s: float
    readout_s: float
    reset_s: float
    source: str
    more_overhead_s: float = 0.0
    lanes: int | None = None
    preparations: int | None = None
    max_experiments: int = 300
    max_shots: int = 100_000
    as_of: str = AS_OF


_SNAPSHOT: Final = "medians of the snapshot {} of qiskit-ibm-runtime 0.51"

EAGLE_R3: Final = Processor(
    "eagle_r3",
    "Eagle r3",
    250e-6,
    (0.0, 500e-6),
    533e-9,
    1.22e-6,
    1.27e-6,
    _SNAPSHOT.format("fake_sherbrooke"),
)
HERON_R1: Final = Processor(
    "heron_r1", "Heron r1", 250e-6, (0.0, 500e-6), 68e-9, 1.56e-6, 1.71e-6, _SNAPSHOT.format("fake_torino")
)
HERON_R2: Final = Processor(
    "heron_r2", "Heron r2", 250e-6, (0.0, 2e-3), 84e-9, 1.56e-6, 1.58e-6, _SNAPSHOT.format("fake_fez")
)
HERON_R3: Final = Processor(
    "heron_r3", "Heron r3", 250e-6, (0.0, 2e-3), 88e-9, 2.58e-6, 2.62e-6, _SNAPSHOT.format("fake_pittsburgh")
)
NIGHTHAWK_R1: Final = Processor(
    "nighthawk_r1", "Nighthawk r1", 4e-3, (1e-3, 4e-3), 138e-9, 2.4e-6, 2.4e-6,
    _SNAPSHOT.format("fake_miami") + "; reset: unknown, taken as long as its readout", max_experiments=75,
)  # fmt: skip
PHOENIX: Final = Processor(
    "phoenix", "phoenix", 1e-6, (0.0, 2e-3), 84e-9, 2.0e-6, 1.6e-6,
    "public receipts of September 2026; gates and reset: unknown, taken from Heron r2",
    more_overhead_s=0.7, lanes=14, preparations=2,
)  # fmt: skip

#: By their names, the default first: what is not known to be anything else is priced as it.
PROCESSORS: Final[dict[str, Processor]] = {
    p.name: p for p in (HERON_R2, HERON_R1, HERON_R3, EAGLE_R3, NIGHTHAWK_R1, PHOENIX)
}

_MACHINES: Final[dict[Processor, str]] = {
    HERON_R1: "torino montecarlo",
    HERON_R2: "fez marrakesh kingston aachen",
    HERON_R3: "pittsburgh boston",
    EAGLE_R3: "sherbrooke brisbane kyiv kyoto osaka brussels strasbourg quebec nazca cusco kawasaki "
    "rensselaer cleveland",
    NIGHTHAWK_R1: "miami berlin nighthawk",
    PHOENIX: "phoenix",
}
#: The public machines, without "ibm_".
MACHINES: Final[dict[str, Processor]] = {
    machine: processor for processor, machines in _MACHINES.items() for machine in machines.split()
}


class UnknownProcessor(ValueError):
    """No processor and no machine has that name."""


def processor(name: str | Processor) -> Processor:
    """Return the processor of that name, or of the machine of that name.

    Parameters
    ----------
    name
        "heron_r2", "Heron r2", or a machine: "fez", "ibm_fez", "fake_fez". A `Processor` is returned
        as it is.

    Raises
    ------
    UnknownProcessor
        With the nearest name, when there is none.
    """
    if isinstance(name, Processor):
        return name
    if (found := _named(str(name))) is not None:
        return found
    machine, known = _machine(str(name)), [*PROCESSORS, *MACHINES]
    raise UnknownProcessor(
        f"No processor or machine is called {name!r}.{did_you_mean(machine, known)} "
        f"The processors are {', '.join(PROCESSORS)}."
    )


def _named(name: str) -> Processor | None:
    """Return the processor or machine of that name; each job asks, so nothing is looked for that is near."""
    wanted = _plain(name)
    if (found := PROCESSORS.get(wanted) or MACHINES.get(_machine(name))) is not None:
        return found
    # "heron": the family's best known revision
    return next((p for p in PROCESSORS.values() if p.name.partition("_r")[0] == wanted), None)


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _machine(name: str) -> str:
    return _plain(name).removeprefix("ibm_").removeprefix("fake_")


def processor_like(
    machine: str, family: str = "", revision: str = "", rep_delay_s: float | None = None
) -> Processor:
    """Return what prices a machine: by its name, else by its family, else the default.

    Parameters
    ----------
    machine
        The backend's name.
    family, revision
        Of its `processor_type`: "Heron", "2".
    rep_delay_s
        Its own default; None for the processor's.
    """
    names = (machine, f"{family}_r{revision}".lower(), family)
    found = next((found for name in names if (found := _named(name)) is not None), HERON_R2)
    return found if rep_delay_s is None else replace(found, rep_delay_s=rep_delay_s)
