"""``python -m benchmarks``: measure everything, print one table, write benchmarks/results.json.

``python -m benchmarks job_overhead freeze`` measures these alone and writes nothing. Each module is
measured in a process of its own, so that none leaves threads or memory to the next.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.results import RESULTS, results, write
from benchmarks.rows import Row, failed, shown

MODULES = (
    "job_overhead",
    "history",
    "fez",
    "batch",
    "freeze",
    "load",
    "replay",
    "timeline",
    "widget",
    "memory",
    "rest",
    "receipts",
)
_NAME_WIDTH, _DETAIL_WIDTH = 58, 74
_MEASURE = """
import importlib, json, pathlib, sys
rows = importlib.import_module(f"benchmarks.{sys.argv[1]}").rows()
pathlib.Path(sys.argv[2]).write_text(json.dumps(rows), encoding="utf-8")
"""


def main(names: Sequence[str]) -> int:
    """Measure the named modules, all if none is named, and return the exit code."""
    unknown = [name for name in names if name not in MODULES]
    if unknown:
        print(f"There is no benchmark {unknown[0]!r}; there are {', '.join(MODULES)}.", file=sys.stderr)
        return 2
    load_before = os.getloadavg()[0]
    rows = [row for name in names or MODULES for row in _measured(name)]
    print(_table(rows))
    if not names:
        write(results(rows, load_before))
        print(f"\nWritten to {RESULTS}.")
    return any(row["value"] is None for row in rows)


def _measured(name: str) -> list[Row]:
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="qmode-bench-") as folder:
        path = Path(folder, "rows.json")
        done = subprocess.run([sys.executable, "-c", _MEASURE, name, str(path)], check=False)
        if done.returncode or not path.exists():
            rows = [failed(name, f"exit code {done.returncode}")]
        else:
            rows = json.loads(path.read_text(encoding="utf-8"))
    print(f"{name}: {time.monotonic() - begin:.0f} s", file=sys.stderr)
    return rows


def _table(rows: Sequence[Row]) -> str:
    lines = [_line("", "figure", "target", "", "how measured"), ""]
    for row in rows:
        ok = {True: "yes", False: "NO", None: ""}[row["ok"]]
        named = textwrap.wrap(row["name"], _NAME_WIDTH)
        why = f"{row['why']}. " if row.get("why") else ""
        detailed = textwrap.wrap(why + row["detail"], _DETAIL_WIDTH) or [""]
        for number in range(max(len(named), len(detailed))):
            name = named[number] if number < len(named) else ""
            detail = detailed[number] if number < len(detailed) else ""
            first = (shown(row), row["target"], ok) if number == 0 else ("", "", "")
            lines.append(_line(name, *first, detail))
    return "\n".join(lines)


def _line(name: str, figure: str, target: str, ok: str, detail: str) -> str:
    return f"{name:{_NAME_WIDTH}} {figure:>10} {target:>11} {ok:3} {detail}".rstrip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
