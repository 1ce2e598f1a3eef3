"""Write the README's table of figures from benchmarks/results.json.

Run it after ``python -m benchmarks``; a test fails while the two differ.
"""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.results import Results, read
from benchmarks.rows import Row, shown

PAGE = Path(__file__).resolve().parents[1] / "README.md"
_PLACE = re.compile(r"(?<=<!-- bench -->\n).*?(?=<!-- /bench -->)", re.DOTALL)
_ANSWERS = {True: "yes", False: "**no**", None: ""}


def table(results: Results) -> str:
    """Return the rows as a Markdown table, and a line that says on what they were measured."""
    lines = ["| | figure | target | met |", "|---|---:|---:|---|", *map(_line, results["rows"])]
    versions = ", ".join(f"{name} {number}" for name, number in results["versions"].items())
    before, after = results["load"]
    lines.append("")
    lines.append(
        f"Measured on {results['date']} on {results['cores']} cores ({results['system']}; load average"
        f" {before:g} before, {after:g} after) with Python {results['python']}, {versions}."
    )
    lines.append("How each was measured stands in [results.json](benchmarks/results.json).")
    return "\n".join(lines) + "\n"


def filled(page: str, results: Results) -> str:
    """Return a page with the table between its two marks.

    Raises
    ------
    ValueError
        The page has no marks, or more than one pair of them.
    """
    text, places = _PLACE.subn(lambda _: table(results), page)
    if places != 1:
        raise ValueError(f"the page has {places} places for the table, between bench marks; it needs one")
    return text


def _line(row: Row) -> str:
    why = f": {row['why']}" if row.get("why") else ""
    return f"| {row['name']} | {shown(row)} | {row['target']} | {_ANSWERS[row['ok']]}{why} |"


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), read()), encoding="utf-8")
