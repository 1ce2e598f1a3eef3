"""Draw the diagrams in docs/architecture.md: states from the scheduler's tables, packages from the imports.

``python docs/diagrams.py`` draws them anew, ``--check`` only says whether they are what they should be.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from importlib import import_module
from pathlib import Path

import grimp

from qmode_jupyter.scheduler.transitions import JOB_TRANSITIONS, WORKLOAD_TRANSITIONS

PACKAGE = "qmode_jupyter"
PAGE = Path(__file__).with_name("architecture.md")
#: What stands on the floors; every other module is one of IBM's client under its name, in one box.
FLOORS = {
    "__main__",
    "client",
    "errors",
    "ibm",
    "notebook",
    "planning",
    "runtime",
    "scheduler",
    "simulation",
    "style",
    "timeline",
}
IBMS_NAMES = "names"
TABLES: Mapping[str, Mapping[StrEnum, Mapping[StrEnum, StrEnum]]] = {
    "job": JOB_TRANSITIONS,
    "workload": WORKLOAD_TRANSITIONS,
}


def states(table: Mapping[StrEnum, Mapping[StrEnum, StrEnum]]) -> str:
    """Return a transition table as a Mermaid state diagram; the table's first state is the initial one."""
    lines = ["stateDiagram-v2", f"    [*] --> {next(iter(table))}"]
    for state, steps in table.items():
        lines += [f"    {state} --> {after}: {step}" for step, after in steps.items()]
        if not steps:
            lines.append(f"    {state} --> [*]")
    return "\n".join(lines)


def packages(graph: grimp.ImportGraph) -> str:
    """Return who imports whom as a Mermaid flowchart: a box per package, an arrow with its number of imports.

    An arrow that another path of arrows makes plain, and the arrows to `errors` and `style`, which
    everybody uses, are left out.
    """
    modules = Counter(part(module) for module in graph.modules if module != PACKAGE)
    arrows: Counter[tuple[str, str]] = Counter()
    for module in graph.modules - {PACKAGE}:
        for imported in graph.find_modules_directly_imported_by(module) & graph.modules - {PACKAGE}:
            if part(module) != part(imported):
                arrows[part(module), part(imported)] += 1
    everybodys = {"errors", "style"}
    drawn = {arrow for arrow in arrows if arrow[1] not in everybodys}
    lines = ["flowchart TD"]
    for name in sorted(modules):
        noun = "module" if modules[name] == 1 else "modules"
        lines.append(f'    {name.strip("_")}["{name}<br>{says(name)}<br>{modules[name]} {noun}"]')
    for importer, imported in sorted(drawn):
        if not plain_from_others((importer, imported), drawn):
            count = arrows[importer, imported]
            lines.append(f"    {importer.strip('_')} -->|{count}| {imported.strip('_')}")
    return "\n".join(lines)


def part(module: str) -> str:
    """Return the package, or the module that stands alone, which `module` belongs to."""
    name = module.split(".")[1]
    return name if name in FLOORS else IBMS_NAMES


def says(name: str) -> str:
    """Return what a package says of itself: its docstring up to the first colon or full stop."""
    if name == IBMS_NAMES:
        return "executor_sampler, fake_provider, … - the modules of IBM's client, under its names"
    text = import_module(f"{PACKAGE}.{name}").__doc__ or ""
    text = re.sub(r"^Floor \d: ", "", " ".join(text.split()))
    return re.split(r"[.:;] ?", text)[0].replace("`", "")


def plain_from_others(arrow: tuple[str, str], arrows: set[tuple[str, str]]) -> bool:
    """Whether a path of other arrows leads from an arrow's start to its end."""
    start, end = arrow
    seen, ahead = {start}, [b for a, b in arrows if a == start and b != end]
    while ahead:
        here = ahead.pop()
        if here == end:
            return True
        if here not in seen:
            seen.add(here)
            ahead += [b for a, b in arrows if a == here]
    return False


def drawn(page: str) -> str:
    """Return the page's text with every diagram between its markers made anew."""
    diagrams = {f"states: {name}": states(table) for name, table in TABLES.items()}
    diagrams["packages"] = packages(grimp.build_graph(PACKAGE, cache_dir=None))
    for name, diagram in diagrams.items():
        closing = name.partition(":")[0]
        block = f"<!-- {name} -->\n```mermaid\n{diagram}\n```\n<!-- /{closing} -->"
        page, found = re.subn(
            rf"<!-- {name} -->.*?<!-- /{closing} -->", lambda _, b=block: b, page, flags=re.DOTALL
        )
        if found != 1:
            raise ValueError(f"the page has {found} places for the diagram {name!r}, where one was expected")
    return page


def main() -> int:
    """Draw, or check."""
    page = PAGE.read_text(encoding="utf-8")
    new = drawn(page)
    if "--check" in sys.argv[1:]:
        if new != page:
            print("docs/architecture.md has another diagram than the code: run python -m docs.diagrams")
        return int(new != page)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
