"""The constants of the cost model: each with a meaning, a spread, and where it comes from.

There is a likely figure, and a low and a high one that bound what was seen. An estimate's range is the
model with all of them low, and with all of them high.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

#: When the figures were last looked at.
AS_OF: Final = "2026-11"


@dataclass(frozen=True, slots=True)
class Constants:
    """One figure for each constant; see `SOURCES` for what they mean."""

    overhead_s: float
    circuit_s: float
    randomization_s: float
    execution_s: float
    learning_randomizations: float
    learning_shots: float
    least_shots: float
    pec_executions: float
    prepare_job_s: float
    prepare_pub_s: float
    prepare_instruction_s: float


@dataclass(frozen=True, slots=True)
class Source:
    """What a constant means, and where its figures come from."""

    low: float
    likely: float
    high: float
    unit: str
    meaning: str
    source: str
    #: Fitted to receipts, and so refitted by `calibrate`; the others are documented or unknown.
    fitted: bool = False
    as_of: str = AS_OF


_FIT: Final = "fitted to what real jobs were charged (SEMANTICS U8, A26)"
_RUNNING: Final = "fitted to how long real jobs were RUNNING beyond their charge"
_BY_HAND: Final = "unknown: by hand, so that folded circuits take as long to prepare as they were seen to"

SOURCES: Final[Mapping[str, Source]] = {
    "overhead_s": Source(1.3, 1.8, 2.4, "s", "charged for every job, however little it executes", _FIT, True),
    "circuit_s": Source(0.001, 0.002, 0.004, "s", "charged for every circuit that is loaded", _FIT, True),
    "randomization_s": Source(
        0.03, 0.075, 0.095, "s", "charged for every randomization of twirled circuits", _FIT, True
    ),
    "execution_s": Source(
        1e-6, 2.8e-6, 8e-6, "s", "of an execution, beside rep_delay, reset, gates and readout", _FIT, True
    ),
    "learning_randomizations": Source(
        32, 32, 32, "", "randomizations in which readout noise is learned", "the service's default options"
    ),
    "learning_shots": Source(
        1024, 1024, 1024, "", "shots of each of those", "measured: 32,768 executions, whatever a PUB's shots"
    ),
    "least_shots": Source(64, 64, 64, "", "least shots of a mitigated PUB", "measured: 16 asked for, 64 run"),
    "pec_executions": Source(
        1, 10, 100, "", "executions for one under PEC", "unknown: follows from the noise; 100 is max_overhead"
    ),
    "prepare_job_s": Source(1.0, 1.6, 3.0, "s", "of preparation, for every job", _RUNNING, True),
    "prepare_pub_s": Source(0.1, 0.3, 0.8, "s", "of preparation, for every PUB", _RUNNING, True),
    "prepare_instruction_s": Source(
        0.0, 0.001, 0.002, "s", "of preparation, for every instruction of the circuits", _BY_HAND
    ),
}


@dataclass(frozen=True, slots=True)
class Spread:
    """The constants, likely and at both ends.

    Attributes
    ----------
    origin
        Where they come from, in words: a person is shown it.
    """

    likely: Constants
    low: Constants
    high: Constants
    origin: str = "public receipts"

    def with_figures(self, figures: Mapping[str, tuple[float, float, float]], origin: str) -> Spread:
        """Return it with some constants' (low, likely, high) replaced.

        Raises
        ------
        ValueError
            For a name that is none, and for figures that are not in order.
        """
        names = {f.name for f in fields(Constants)}
        for name, values in figures.items():
            if name not in names:
                raise ValueError(f"there is no constant {name!r}: there are {', '.join(sorted(names))}")
            if not 0 <= values[0] <= values[1] <= values[2] < float("inf"):
                raise ValueError(f"{name} is low, likely and high, from 0 on and in this order, not {values}")
        low, likely, high = (
            replace(constants, **{name: values[index] for name, values in figures.items()})
            for index, constants in enumerate((self.low, self.likely, self.high))
        )
        return Spread(likely, low, high, origin)


def _constants(figure: str) -> Constants:
    return Constants(**{name: getattr(source, figure) for name, source in SOURCES.items()})


PUBLIC: Final = Spread(_constants("likely"), _constants("low"), _constants("high"))
