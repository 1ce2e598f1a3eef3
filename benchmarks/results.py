"""benchmarks/results.json: the rows, and what was around them when they were measured."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypedDict

from benchmarks.rows import Row
from qmode_jupyter import __version__
from qmode_jupyter.simulation.workers import available_cores

RESULTS = Path(__file__).with_name("results.json")
_PACKAGES = (
    "qiskit",
    "qiskit-aer",
    "qiskit-ibm-runtime",
    "numpy",
    "scipy",
    "matplotlib",
    "ipython",
    "ipykernel",
    "simpy",
)


class Results(TypedDict):
    """What the file holds.

    `load` is the machine's load average over a minute, before and after: the cores that others kept busy
    before, and we with them after.
    """

    date: str
    cores: int
    system: str
    python: str
    versions: dict[str, str]
    load: list[float]
    rows: list[Row]


def results(rows: Sequence[Row], load_before: float) -> Results:
    """Return rows with what is around them now."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": available_cores(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {"qmode_jupyter": __version__} | {name: _version(name) for name in _PACKAGES},
        "load": [round(load_before, 1), round(os.getloadavg()[0], 1)],
        "rows": list(rows),
    }


def read() -> Results:
    """Return what was measured last."""
    content: Results = json.loads(RESULTS.read_text(encoding="utf-8"))
    return content


def write(content: Results) -> None:
    """Keep what was measured."""
    text = json.dumps(content, ensure_ascii=False, indent=1)
    RESULTS.write_text(text + "\n", encoding="utf-8")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
