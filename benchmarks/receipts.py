"""What real jobs were charged, beside what the cost model says, and beside two older formulas.

``python -m benchmarks.receipts [FILE.csv] [--plot FILE.png]``: a line for each row of the table, and how
many are within 20 %. Without a file it is the project's own table, receipts.csv; docs/costs.md says
where that is from and what its columns mean.
"""

from __future__ import annotations

import argparse
import csv
import math
import re
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.rows import Row, at_least, reported
from qmode_jupyter.cost.model import cost
from qmode_jupyter.cost.processors import Processor, processor
from qmode_jupyter.cost.work import Mitigation, Run, Work

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TABLE = Path(__file__).with_name("receipts.csv")
#: How far a prediction may be off, as a part of the charge, to count as right.
NEAR = 0.2
#: The noise factors of resilience level 2, where the row has none.
_ZNE_FACTORS = (1.0, 3.0, 5.0)
#: What a cell means that is empty, or whose column is missing; the other columns are needed.
_USUAL = {
    "primitive": "estimator",
    "level": "",
    "jobs": "1",
    "bases": "1",
    "rep_delay_us": "",
    "zne_factors": "",
}
_NEEDED = ("id", "processor", "pubs", "circuits", "shots", "circuit_us", "charged_s")
#: No figure of a job's is larger.
_MOST = 1e9
#: What both older formulas charge for any job.
_OLDER_S = 2.0


class Unpriced(ValueError):
    """A row, or a file, that can't be priced; the text says why."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """One row: what it was charged, and what was to be expected, in seconds."""

    id: str
    processor: str
    level: str
    charged_s: float
    predicted_s: float
    low_s: float
    high_s: float
    #: The documents' quick formula, 2 + 0.00035 N.
    quick_s: float
    #: 2 s + (rep_delay + duration) N, rounded up (SEMANTICS U6).
    plain_s: float

    @property
    def error(self) -> float:
        return off(self.predicted_s, self.charged_s)


def off(predicted_s: float, charged_s: float) -> float:
    """How far off a prediction is, as a part of the charge."""
    return abs(predicted_s - charged_s) / charged_s


def read(path: Path) -> Iterator[tuple[str, Predicted | str]]:
    """Yield each row's name, with its prediction or why there is none.

    Raises
    ------
    Unpriced
        If the file is no table, or has not the columns.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        lines = list(csv.reader(text.splitlines()))
    except OSError as error:
        raise Unpriced(f"{path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Unpriced(f"{path} is no text in UTF-8") from None
    except csv.Error as error:
        raise Unpriced(f"{path} is no table: {error}") from None
    columns = [name.strip() for name in lines[0]] if lines else []
    missing = [name for name in _NEEDED if name not in columns]
    if missing:
        raise Unpriced(f"{path} has no column {', '.join(missing)}; it needs {', '.join(_NEEDED)}")
    for number, cells in enumerate(lines[1:], 2):
        if not cells:
            continue
        row = dict.fromkeys((*_NEEDED, *_USUAL), "") | dict(zip(columns, map(str.strip, cells), strict=False))
        name = row["id"] or f"line {number}"
        try:
            yield name, predicted(row)
        except ValueError as error:
            yield name, str(error)


def predicted(row: Mapping[str, str]) -> Predicted:
    """Return what a row was to be expected to be charged.

    Raises
    ------
    ValueError
        If it can't be priced, with the reason.
    """
    machine = processor(_text(row, "processor"))
    work, jobs = _work(row, machine), _whole(row, "jobs")
    expected = cost(work, machine)
    run = work.runs[0]
    delay_s = machine.rep_delay_s if work.rep_delay_s is None else work.rep_delay_s
    factors = len(work.mitigation.zne_factors) or 1
    return Predicted(
        id=_text(row, "id"),
        processor=machine.name,
        level=row["level"] or "–",
        charged_s=_number(row, "charged_s", above=0.0),
        predicted_s=jobs * _charge_s(expected.on_qpu_s),
        low_s=jobs * _charge_s(expected.low_s),
        high_s=jobs * _charge_s(expected.high_s),
        quick_s=jobs * (_OLDER_S + 0.00035 * run.executions * factors),
        plain_s=jobs * _charge_s(_OLDER_S + (delay_s + run.gates_s + run.readout_s) * run.executions),
    )


def _work(row: Mapping[str, str], machine: Processor) -> Work:
    circuit_s = _number(row, "circuit_us") * 1e-6
    readout_s = min(circuit_s, machine.readout_s)
    level = (row["level"] or "0").removesuffix(".0")
    if level not in ("0", "1", "2"):
        raise Unpriced(f"level is 0, 1, 2 or empty, not {level!r}")
    factors = tuple(_factor(text) for text in re.split("[;,]", row["zne_factors"]) if text.strip())
    if level == "2" and not factors:
        factors = _ZNE_FACTORS
    primitive = (row["primitive"] or _USUAL["primitive"]).lower()
    if primitive not in ("estimator", "sampler"):
        raise Unpriced(f"primitive is estimator or sampler, not {row['primitive']!r}")
    return Work(
        primitive="sampler" if primitive == "sampler" else "estimator",
        pubs=_whole(row, "pubs"),
        instructions=0,  # they are in no table, and decide the preparation alone
        runs=(
            Run(
                circuits=_whole(row, "circuits") * _whole(row, "bases"),
                shots=_whole(row, "shots"),
                gates_s=circuit_s - readout_s,
                readout_s=readout_s,
            ),
        ),
        mitigation=Mitigation(twirled=level != "0", measure=level != "0", zne_factors=factors),
        rep_delay_s=_number(row, "rep_delay_us") * 1e-6 if row["rep_delay_us"] else None,
    )


def _charge_s(on_qpu_s: float) -> float:
    return math.ceil(round(on_qpu_s, 9))  # SEMANTICS U8: whole seconds


def _text(row: Mapping[str, str], name: str) -> str:
    text = row[name] or _USUAL.get(name, "")
    if not text:
        raise Unpriced(f"{name} is empty")
    return text


def _number(row: Mapping[str, str], name: str, above: float = -1.0) -> float:
    text = _text(row, name)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (max(0.0, above) <= number <= _MOST and number > above):
        least = "from 0" if above < 0 else "above 0"
        raise Unpriced(f"{name} is a number {least} to {_MOST:g}, not {text!r}")
    return number


def _whole(row: Mapping[str, str], name: str) -> int:
    number = _number(row, name, above=0.0)
    if not number.is_integer():
        raise Unpriced(f"{name} is a whole number, not {row[name]!r}")
    return int(number)


def _factor(text: str) -> float:
    factor = _number({"zne_factors": text.strip()}, "zne_factors")
    if factor < 1:
        raise Unpriced(f"zne_factors are from 1 on, not {text.strip()!r}")
    return factor


def summary(pairs: Sequence[tuple[float, float]]) -> str:
    """Return how well (predicted, charged) seconds agree, in words."""
    errors = [off(*pair) for pair in pairs]
    near = sum(error <= NEAR for error in errors)
    return f"{near} of {len(errors)}, median error {100 * statistics.median(errors):.1f} %"


def scatter(found: Sequence[Predicted], theme: str = "light") -> Figure:
    """Return predicted against charged seconds as a matplotlib figure; pyplot is left alone."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter

    from qmode_jupyter.style.palette import THEMES

    colours = THEMES[theme]
    ground = colours.ground
    charged = [row.charged_s for row in found]
    everything = charged + [s for row in found for s in (row.predicted_s, row.quick_s, row.plain_s)]
    low, high = 0.8 * min(everything), 1.25 * max(everything)
    left, right = 0.8 * min(charged), 1.25 * max(charged)
    # Its own ground, not a transparent one: it reads the same on a light and on a dark page.
    figure = Figure(figsize=(6.4, 5.2), layout="constrained", facecolor=ground.page)
    axes = figure.add_subplot(
        facecolor=ground.page, xscale="log", yscale="log", xlim=(left, right), ylim=(low, high)
    )
    ends = [left, right]
    band = [[end * (1 + side) for end in ends] for side in (-NEAR, NEAR)]
    axes.fill_between(
        ends, *band, color=colours["active"].fill, linewidth=0, label=f"within {100 * NEAR:.0f} %"
    )
    axes.plot(ends, ends, color=ground.muted, linewidth=0.8)
    older = {"color": ground.muted, "linestyle": "none", "markersize": 5, "alpha": 0.6, "fillstyle": "none"}
    axes.plot(charged, [row.quick_s for row in found], marker="^", label="2 + 0.00035 N", **older)
    axes.plot(
        charged, [row.plain_s for row in found], marker="s", label="2 + (rep_delay + duration) N", **older
    )
    axes.errorbar(
        charged,
        [row.predicted_s for row in found],
        yerr=[
            [max(0.0, row.predicted_s - row.low_s) for row in found],
            [max(0.0, row.high_s - row.predicted_s) for row in found],
        ],
        fmt="o",
        markersize=5,
        color=colours["on_qpu"].fill,
        elinewidth=0.9,
        label="the cost model, with its range",
    )
    axes.set_xlabel("charged, s", color=ground.text)
    axes.set_ylabel("predicted, s", color=ground.text)
    axes.set_title(
        f"{len(found)} receipts: predicted and charged", loc="left", fontsize="medium", color=ground.text
    )
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(NullFormatter())
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(ground.line)
    axes.tick_params(which="both", colors=ground.text)
    axes.legend(frameon=False, fontsize="small", labelcolor=ground.text, loc="upper left")
    return figure


def rows() -> list[Row]:
    found = [what for _, what in read(TABLE) if isinstance(what, Predicted)]
    detail = f"{len(found)} public receipts, those that the model is fitted to; benchmarks/receipts.csv"

    def near(predictions_s: Sequence[float]) -> float:
        pairs = zip(predictions_s, found, strict=True)
        return 100 * sum(off(s, row.charged_s) <= NEAR for s, row in pairs) / len(found)

    return [
        at_least(
            "real jobs whose charge is predicted within 20 %",
            near([r.predicted_s for r in found]),
            "%",
            90,
            detail,
        ),
        reported(
            "the same by the quick formula, 2 + 0.00035 N", near([r.quick_s for r in found]), "%", detail
        ),
    ]


def main(arguments: Sequence[str]) -> int:
    """Print the table, and return the exit code: 1 where no row could be priced."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.receipts", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=TABLE, help="a table of the same columns")
    parser.add_argument("--plot", type=Path, help="draw them into this file")
    asked = parser.parse_args(arguments)
    try:
        table = list(read(asked.file))
        found = [what for _, what in table if isinstance(what, Predicted)]
        if asked.plot is not None and found:
            scatter(found).savefig(asked.plot, dpi=150)
    except (Unpriced, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(_line("receipt", "processor", "level", "charged", "predicted", "range", "error"))
    for name, what in table:
        told = f"{name}: not priced: {what}" if isinstance(what, str) else _line(name, *_figures(what))
        print(told)
    if not found:
        print(f"{asked.file} has no row that can be priced", file=sys.stderr)
        return 1
    print(f"\n2 + 0.00035 N, the quick formula: {summary([(r.quick_s, r.charged_s) for r in found])}")
    print(f"2 s + (rep_delay + duration) N, rounded up: {summary([(r.plain_s, r.charged_s) for r in found])}")
    print(f"within {100 * NEAR:.0f} %: {summary([(r.predicted_s, r.charged_s) for r in found])}")
    return 0


def _figures(row: Predicted) -> tuple[str, ...]:
    return (
        row.processor,
        row.level,
        f"{row.charged_s:g} s",
        f"{row.predicted_s:g} s",
        f"{row.low_s:g}-{row.high_s:g} s",
        f"{100 * row.error:.1f} %",
    )


def _line(name: str, *cells: str) -> str:
    widths = (12, 5, 10, 10, 12, 8)
    return f"{name:20} {cells[0]:{widths[0]}} " + " ".join(
        f"{cell:>{width}}" for cell, width in zip(cells[1:], widths[1:], strict=True)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
