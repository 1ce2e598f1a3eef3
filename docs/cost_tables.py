"""Write what docs/costs.md takes from the code: constants, processors, receipts, the exporter's cell.

``python -m docs.cost_tables`` writes them anew; a test fails while page and code differ.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.receipts import TABLE, Predicted, read
from qmode_jupyter.client import export_receipt
from qmode_jupyter.cost.constants import SOURCES
from qmode_jupyter.cost.processors import MACHINES, PROCESSORS

PAGE = Path(__file__).with_name("costs.md")

#: Why a receipt was charged other than is predicted.
MISSES: Mapping[str, str] = {
    "marrakesh-L1": "14.05 s before it is rounded up: 264 µs for an execution and not 256 (+0.3 s), 2.7 s "
    "beside them and not 3.0",
    "day1-L0": "9.6 µs for each of its 2.5 million executions and not 8.3 (+3.3 s): beside delay and circuit "
    "they took 5.7 µs, where the model has 4.4 for all",
    "day1-L1-c4": "13.5 µs for each of its 0.85 million executions and not 15.5 (−1.7 s): beside delay and "
    "circuit they took 2.1 µs, where the model has 4.4 for all",
}


def constants() -> str:
    """Return the model's constants as a Markdown table."""
    lines = [
        "| constant | low | likely | high | what it means | where from |",
        "|---|---:|---:|---:|---|---|",
    ]
    for name, source in SOURCES.items():
        figures = " | ".join(
            _figure(value, source.unit) for value in (source.low, source.likely, source.high)
        )
        lines.append(f"| `{name}` | {figures} | {source.meaning} | {source.source}, {source.as_of} |")
    return "\n".join(lines)


def processors() -> str:
    """Return the processors as a Markdown table."""
    heads = (
        "processor",
        "machines",
        "rep_delay",
        "its range",
        "two-qubit gate",
        "readout",
        "reset",
        "more overhead",
        "lanes",
        "circuits loaded at once",
        "where from",
    )
    lines = [f"| {' | '.join(heads)} |", "|---|---|" + "---:|" * 8 + "---|"]
    for p in PROCESSORS.values():
        low, high = p.rep_delay_range_s
        lanes = f"{p.lanes or 5}" + (f" ({p.preparations} prepared)" if p.preparations else "")
        cells = (
            f"`{p.name}`",
            ", ".join(machine for machine, is_a in MACHINES.items() if is_a is p),
            _figure(p.rep_delay_s, "s"),
            f"{_figure(low, 's')} to {_figure(high, 's')}",
            _figure(p.gate_s, "s"),
            _figure(p.readout_s, "s"),
            _figure(p.reset_s, "s"),
            _figure(p.more_overhead_s, "s"),
            lanes,
            str(p.max_experiments),
            f"{p.source}, {p.as_of}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def receipts() -> str:
    """Return the receipts beside what is predicted, each miss with its reason."""
    lines = [
        "| receipt | level | charged | predicted | range | why not the same |",
        "|---|---|---:|---:|---:|---|",
    ]
    for name, row in read(TABLE):
        if not isinstance(row, Predicted):
            raise TypeError(f"{name} can't be priced: {row}")
        why = MISSES[name] if row.predicted_s != row.charged_s else ""
        lines.append(
            f"| {name} | {row.level} | {row.charged_s:g} s | {row.predicted_s:g} s | "
            f"{row.low_s:g} to {row.high_s:g} s | {why} |"
        )
    return "\n".join(lines)


def exporter() -> str:
    """Return the exporter as a cell: its module without its docstring."""
    text = inspect.getsource(export_receipt)
    text = text.removeprefix(f'"""{export_receipt.__doc__}"""').strip()
    return f"```python\n{text}\n```"


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the page, between its two marks."""

    name: str
    text: str


def filled(page: str) -> str:
    """Return the page's text with each part between its marks made anew.

    Raises
    ------
    ValueError
        A part has no marks, or more than one pair of them.
    """
    for block in (
        Block("constants", constants()),
        Block("processors", processors()),
        Block("receipts", receipts()),
        Block("exporter", exporter()),
    ):
        page, places = re.subn(
            rf"(?<=<!-- {block.name} -->\n).*?(?=<!-- /{block.name} -->)",
            lambda _, text=block.text: f"{text}\n",
            page,
            flags=re.DOTALL,
        )
        if places != 1:
            raise ValueError(f"the page has {places} places for {block.name!r}; it needs one")
    return page


def _figure(value: float, unit: str) -> str:
    """Return a figure with its unit: "1.8 s", "75 ms", "84 ns", "1,024"."""
    if unit != "s":
        return f"{value:,g}"
    if not value:
        return "0"
    for size, short in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")):
        if value >= size * 0.9995:
            return f"{value / size:.3g} {short}"
    return f"{value:g} s"


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
