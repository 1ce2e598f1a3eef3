"""Draw the state diagrams in docs/architecture.md from the scheduler's transition tables.

Run it after a change of `qmode_jupyter/scheduler/transitions.py`; a test fails while the two differ.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from qmode_jupyter.scheduler.transitions import JOB_TRANSITIONS, WORKLOAD_TRANSITIONS

PAGE = Path(__file__).with_name("architecture.md")
TABLES: Mapping[str, Mapping[StrEnum, Mapping[StrEnum, StrEnum]]] = {
    "job": JOB_TRANSITIONS,
    "workload": WORKLOAD_TRANSITIONS,
}


def diagram(table: Mapping[StrEnum, Mapping[StrEnum, StrEnum]]) -> str:
    """Return a transition table as a Mermaid state diagram; the table's first state is the initial one."""
    lines = ["stateDiagram-v2", f"    [*] --> {next(iter(table))}"]
    for state, steps in table.items():
        lines += [f"    {state} --> {after}: {step}" for step, after in steps.items()]
        if not steps:
            lines.append(f"    {state} --> [*]")
    return "\n".join(lines)


def drawn(page: str) -> str:
    """Return the page's text with every diagram between its markers made anew."""
    for name, table in TABLES.items():
        block = f"<!-- states: {name} -->\n```mermaid\n{diagram(table)}\n```\n<!-- /states -->"
        page, found = re.subn(
            rf"<!-- states: {name} -->.*?<!-- /states -->", lambda _, b=block: b, page, flags=re.DOTALL
        )
        if found != 1:
            raise ValueError(f"the page has {found} places for the diagram {name!r}, where one was expected")
    return page


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
