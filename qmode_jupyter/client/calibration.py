"""The cost model fitted to a person's own receipts (SEMANTICS A26).

Only the constants that receipts speak of are fitted, and of them those that these receipts tell apart:
what they say less of than the public figures do stays as it is, and is said so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from qmode_jupyter.client.receipts import Receipt, read
from qmode_jupyter.cost.constants import PUBLIC, SOURCES, Constants, Spread
from qmode_jupyter.cost.model import cost, executing_s, preparation_s
from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.style.tables import Table
from qmode_jupyter.style.words import NOTHING, count, duration

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: What a charge is made of, the constant first that any two receipts tell.
_CHARGED: Final = ("overhead_s", "randomization_s", "circuit_s", "execution_s")
_PREPARED: Final = ("prepare_job_s", "prepare_pub_s")

#: A charge is rounded up: on average by half a second, with the deviation of a uniform error.
_ROUNDED_S: Final = 0.5
_ROUNDING_S: Final = 12**-0.5
#: How exactly the service's own timing of circuits is taken to be modelled.
_TIMED: Final = 0.05
_TIMED_S: Final = 0.01
#: How much preparations scatter, which also wait for others.
_PREPARING: Final = 0.3
#: A fit that leaves a charge off by more than both of these is of receipts that contradict each other.
_FAR: Final = 0.3
_FAR_S: Final = 2.0
#: A likely figure lies in its range with so many standard errors on each side.
_ERRORS: Final = 2.0
_NINE_IN_TEN: Final = 1.645
#: Jobs whose shares of a constant are as near as this to the largest pay the same of it.
_SAME: Final = 0.99
#: Columns whose matrix is of a worse condition can't be told apart.
_ALIKE: Final = 1e4

Figures = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a person's receipts say of the constants; shows as text and as HTML.

    Attributes
    ----------
    figures
        Of each constant that is fitted: low, likely and high.
    kept
        Constants that stay as they were: these receipts can't tell them.
    queue_s
        Low, likely and high seconds in the queue: 10 %, median and 90 % of the receipts.
    origin
        Where the figures come from, in words.
    before
        The constants before.
    """

    figures: dict[str, Figures]
    kept: tuple[str, ...]
    queue_s: Figures
    origin: str
    before: Spread

    @property
    def spread(self) -> Spread:
        """The constants with those that are fitted."""
        return self.before.with_figures(self.figures, self.origin)

    @property
    def table(self) -> Table:
        """It as words."""
        before, names = asdict(self.before.likely), (*_CHARGED, *_PREPARED)
        rows = [
            (
                name,
                SOURCES[name].meaning,
                _fine(before[name]),
                _fine(self.figures[name][1]) if name in self.figures else NOTHING,
                f"{_fine(self.figures[name][0])} to {_fine(self.figures[name][2])}"
                if name in self.figures
                else "stays: these receipts can't tell it",
            )
            for name in names
        ]
        low_s, likely_s, high_s = self.queue_s
        return Table(
            f"The cost model, fitted to {self.origin}",
            ("constant", "meaning", ">was", ">is", "range"),
            tuple(rows),
            (f"In the queue: {duration(likely_s)}; 10 to 90 %: {duration(low_s)} to {duration(high_s)}.",),
        )

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


def calibrate(receipts: Any, spread: Spread = PUBLIC) -> Calibration:
    """Fit the model's constants to receipts, by least squares.

    Parameters
    ----------
    receipts
        Receipts, or anything that `read` takes; of one job only the first counts.
    spread
        The constants before: what the receipts can't tell stays as it is there.

    Raises
    ------
    IBMInputValueError
        For fewer than two receipts, and for receipts that contradict each other: nothing is fitted then.
    """
    by_job: dict[str, Receipt] = {}
    for receipt in read(receipts):
        by_job.setdefault(receipt.job, receipt)
    found = tuple(by_job.values())
    if len(found) < 2:
        raise IBMInputValueError(
            f"Nothing is fitted to {count(len(found), 'receipt')}: it takes at least two, of different jobs."
        )
    on = [_On(receipt) for receipt in found]
    figures = _fit(_charges(found), _varying(_CHARGED, [one.charge for one in on], spread), spread)
    _refuse_contradictions(found, spread.with_figures(figures, "").likely)
    prepared = _varying(_PREPARED, [one.preparation for one in on], spread)
    figures |= _fit(_preparations(found), prepared, spread)
    return Calibration(
        figures=figures,
        kept=tuple(name for name in (*_CHARGED, *_PREPARED) if name not in figures),
        queue_s=_quantiles([receipt.queue_s for receipt in found]),
        origin=f"{count(len(found), 'receipt')} of yours ({', '.join(sorted({r.machine for r in found}))})",
        before=spread,
    )


@dataclass(frozen=True, slots=True)
class _Observed:
    """Something that was seen, and what the model says of it.

    Attributes
    ----------
    modelled
        Of constants; linear in those that are fitted.
    error_s
        Its standard error.
    """

    seconds: float
    modelled: Callable[[Constants], float]
    error_s: float


def _charges(receipts: Iterable[Receipt]) -> list[_Observed]:
    """Return what receipts say of a charge: of circuits and overhead apart, where circuits were timed."""
    seen = []
    for receipt in receipts:
        whole_s = receipt.charged_s - _ROUNDED_S
        if receipt.timed_s is None:
            seen.append(_Observed(whole_s, _On(receipt).charge, _ROUNDING_S))
            continue
        seen.append(_Observed(whole_s - receipt.timed_s, _On(receipt).beside, _ROUNDING_S))
        seen.append(
            _Observed(receipt.timed_s, _On(receipt).circuits, max(_TIMED_S, _TIMED * receipt.timed_s))
        )
    return seen


def _preparations(receipts: Iterable[Receipt]) -> list[_Observed]:
    """Return what receipts say of preparation, where jobs also waited for each other."""
    return [
        _Observed(
            receipt.preparation_s + _ROUNDED_S,
            _On(receipt).preparation,
            _ROUNDING_S + _PREPARING * receipt.preparation_s,
        )
        for receipt in receipts
    ]


@dataclass(frozen=True, slots=True)
class _On:
    """What the model says of a receipt's job."""

    receipt: Receipt

    def charge(self, constants: Constants) -> float:
        only = Spread(constants, constants, constants)
        return cost(self.receipt.work, self.receipt.processor, only).on_qpu_s

    def circuits(self, constants: Constants) -> float:
        return executing_s(self.receipt.work, self.receipt.processor, constants)

    def beside(self, constants: Constants) -> float:
        return self.charge(constants) - self.circuits(constants)

    def preparation(self, constants: Constants) -> float:
        return preparation_s(self.receipt.work, constants)


def _varying(
    names: Sequence[str], modelled: Sequence[Callable[[Constants], float]], spread: Spread
) -> list[str]:
    """Return the first constant, and those of which jobs differ in how much of it they pay."""
    first, *others = names
    slopes = {name: _slope(modelled, name, spread.likely) for name in others}
    return [first, *(name for name in others if not slopes[name].min() > _SAME * slopes[name].max())]


def _fit(seen: Sequence[_Observed], names: Sequence[str], spread: Spread) -> dict[str, Figures]:
    """Return low, likely and high of those constants that what was seen tells better than `spread`.

    The first one always; another when with it each is known to less than half its range before. There
    are more observations than constants, or nothing would be left to contradict them.
    """
    import numpy as np
    from scipy.optimize import lsq_linear

    slopes = {name: _slope([one.modelled for one in seen], name, spread.likely) for name in names}
    off = np.array([one.seconds - one.modelled(spread.likely) for one in seen])
    errors = np.array([one.error_s for one in seen])
    fitted = [names[0]]
    for name in names[1:]:
        trial = [*fitted, name]
        known = _standard_errors(np.column_stack([slopes[one] / errors for one in trial]))
        if len(seen) > len(trial) and all(
            error < (getattr(spread.high, one) - getattr(spread.low, one)) / 2
            for one, error in zip(trial, known, strict=True)
        ):
            fitted = trial
    matrix = np.column_stack([slopes[one] / errors for one in fitted])
    before = np.array([getattr(spread.likely, one) for one in fitted])
    aim = off / errors + matrix @ before
    lengths = np.linalg.norm(matrix, axis=0)  # seconds and microseconds side by side
    solved = lsq_linear(matrix / lengths, aim, bounds=(0.0, np.inf)).x / lengths
    left = matrix @ solved - aim
    halves = _ERRORS * max(1.0, _scatter(left)) * _standard_errors(matrix)
    # The first one's range also holds nine in ten of what was seen, if that is spread as errors are.
    halves[0] = max(halves[0], _NINE_IN_TEN * _scatter((left * errors)[slopes[names[0]] > 0]))
    return {
        name: (max(0.0, likely - half), likely, likely + half)
        for name, likely, half in zip(fitted, solved.tolist(), halves.tolist(), strict=True)
    }


def _slope(
    modelled: Sequence[Callable[[Constants], float]], name: str, constants: Constants
) -> NDArray[np.float64]:
    """Return how much each of what is modelled grows with a constant: it is linear in it."""
    import numpy as np

    without, with_one = replace(constants, **{name: 0.0}), replace(constants, **{name: 1.0})
    return np.array([one(with_one) - one(without) for one in modelled])


def _scatter(values: NDArray[np.float64]) -> float:
    """Return the standard deviation of values, those far off left aside: at least that of the rounding."""
    import numpy as np

    return max(_ROUNDING_S, 1.4826 * float(np.median(np.abs(values - np.median(values)))))


def _standard_errors(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard error of each column's constant: infinite where they can't be told apart."""
    import numpy as np

    lengths = np.linalg.norm(matrix, axis=0)
    if not np.all(lengths):
        return np.full(len(lengths), np.inf)
    unit = matrix / lengths  # seconds and microseconds side by side
    if np.linalg.cond(unit) > _ALIKE:
        return np.full(len(lengths), np.inf)
    return np.sqrt(np.diag(np.linalg.inv(unit.T @ unit))) / lengths


def _refuse_contradictions(receipts: Iterable[Receipt], constants: Constants) -> None:
    """Raise an error that names the receipt that a fit leaves farthest from its charge, if that is far."""
    off = {receipt: _On(receipt).charge(constants) - (receipt.charged_s - _ROUNDED_S) for receipt in receipts}
    far = [r for r in off if abs(off[r]) > max(_FAR_S, _FAR * r.charged_s)]
    if far:
        worst = max(far, key=lambda receipt: abs(off[receipt]) / receipt.charged_s)
        raise IBMInputValueError(
            "Nothing is fitted: the receipts contradict each other, or the model. Job "
            f"{worst.job} was charged {worst.charged_s:g} s, and the best fit says "
            f"{worst.charged_s - _ROUNDED_S + off[worst]:.1f} s: look at its options, or leave it out."
        )


def _quantiles(values: Sequence[float]) -> Figures:
    import numpy as np

    low, middle, high = np.quantile(values, [0.1, 0.5, 0.9]).tolist()
    return low, middle, high


def _fine(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1e-3 or not seconds else f"{seconds * 1e6:.3g} µs"
