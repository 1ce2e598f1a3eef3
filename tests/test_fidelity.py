"""FIDELITY.md: each rule has its row, each check that is named is there, and what it was held against."""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from qmode_jupyter.runtime.drills import DRILLS
from qmode_jupyter.runtime.settings import Settings
from qmode_jupyter.scheduler.plans import plan as find_plan
from qmode_jupyter.simulation import memory

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "FIDELITY.md").read_text(encoding="utf-8")

#: How many rules each section of the semantics has: the rows are numbered from 1, without a gap.
RULES = {"J": 23, "S": 24, "B": 9, "P": 12, "Q": 7, "U": 12, "A": 29, "L": 9, "R": 9}
VECTORS = 32
#: The columns of a row, beside its number, the rule, and what it was compared with.
COLUMNS = dict.fromkeys("JSBPQU", ("source", "here", "check")) | dict.fromkeys("ALR", ("here",))

WHEN = r"(spring|summer|autumn|winter) 20\d\d|20\d\d(-\d\d){0,2}"
#: What a row can have been compared with.
COMPARED = re.compile(rf"client \d+\.\d+\.\d+|(docs|API|measured|receipts) ({WHEN})|ours")
#: By its source, one of the things that a row must have been compared with.
BY_SOURCE = {
    "client": ("client",),
    "docs": ("docs",),
    "API": ("API",),
    "measured": ("measured", "receipts"),
    "old docs": ("docs",),
}


def cells(line: str) -> list[str]:
    """The cells of a line of a table; a bar in code is written with a backslash."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


LINES = [cells(line) for line in PAGE.splitlines() if re.match(r"\| [A-Z]\d+ \|", line)]


def field(row: list[str], name: str) -> str:
    return row[2 + COLUMNS[row[0][0]].index(name)]


WITH_CHECK = [row for row in LINES if "check" in COLUMNS[row[0][0]]]


def names(rows: list[list[str]]) -> list[str]:
    return [row[0] for row in rows]


def test_each_rule_has_one_row_in_the_order_of_the_rules() -> None:
    assert names(LINES) == [f"{letter}{n}" for letter, rules in RULES.items() for n in range(1, rules + 1)]


@pytest.mark.parametrize("row", LINES, ids=names(LINES))
def test_a_row_says_what_it_was_last_compared_with(row: list[str]) -> None:
    assert len(row) == 2 + len(COLUMNS[row[0][0]]) + 1
    assert all(row), "an empty cell"
    compared = row[-1].split("; ")
    assert all(COMPARED.fullmatch(one) for one in compared), row[-1]
    assert len({one.split()[0] for one in compared}) == len(compared), "only the newest of a kind"


@pytest.mark.parametrize("row", WITH_CHECK, ids=names(WITH_CHECK))
def test_a_row_was_compared_with_its_source(row: list[str]) -> None:
    kinds = {one.split()[0] for one in row[-1].split("; ")}
    for source in field(row, "source").split(", "):
        assert kinds.intersection(BY_SOURCE[source]), (
            f"{source} is its source, and it was held against {kinds}"
        )


@pytest.mark.parametrize("row", WITH_CHECK, ids=names(WITH_CHECK))
def test_a_row_says_how_it_is_here_and_what_shows_it(row: list[str]) -> None:
    here, check = field(row, "here"), field(row, "check")
    assert re.match(r"(emulated|approximated|not|planned)\b", here), here
    if check == "–":
        assert re.match(r"(not|planned)\b", here), "nothing shows that it is emulated"
    else:
        assert all(re.fullmatch(r"V\d+|`[\w./:]+`", one) for one in check.split(", ")), check


def test_what_the_page_names_is_there() -> None:
    named = set(re.findall(r"`((?:tests|benchmarks|scheduler|docs)/[\w./:]+)`", PAGE))
    assert len(named) > len(RULES)
    missing = []
    for name in sorted(named):
        path, _, test = name.partition("::")
        file = next((p for p in (ROOT / path, ROOT / "qmode_jupyter" / path) if p.is_file()), None)
        if file is None or (test and f"def {test}(" not in file.read_text(encoding="utf-8")):
            missing.append(name)
    assert not missing


def test_every_vector_is_a_test_and_the_page_names_only_those() -> None:
    tests = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "vectors").glob("test_*.py")
    )
    titles = re.findall(r"def test_((?:v\d+_(?:and_)?)+)", tests)
    tested = {int(number) for title in titles for number in re.findall(r"v(\d+)_", title)}
    assert tested == set(range(1, VECTORS + 1))
    named = {int(number) for row in WITH_CHECK for number in re.findall(r"\bV(\d+)\b", field(row, "check"))}
    assert named <= tested


def test_the_client_is_that_which_the_extra_asks_for() -> None:
    versions = set(re.findall(r"client (\d+\.\d+\.\d+)", "\n".join(row[-1] for row in LINES)))
    stated = re.search(r"`qiskit_ibm_runtime` (\d+\.\d+\.\d+)", PAGE)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = "\n".join(extras["optional-dependencies"]["ibm"])
    oldest = re.search(r"qiskit-ibm-runtime>=(\d+\.\d+)", wanted)
    assert stated is not None
    assert oldest is not None
    assert max(versions, key=lambda version: [*map(int, version.split("."))]) == stated[1]
    assert stated[1].startswith(f"{oldest[1]}."), "compare the rows again with the client that is asked for"


def test_the_receipts_that_rows_were_held_against_are_here() -> None:
    rows = [row[0] for row in LINES if "receipts" in row[-1]]
    assert "U8" in rows
    assert "A26" in rows
    assert (ROOT / "tests" / "test_receipts_table.py").is_file()


def test_no_table_is_cut_in_two() -> None:
    lines = PAGE.splitlines()
    rows = [n for n, line in enumerate(lines) if re.match(r"\| [A-Z]\d+ \|", line)]
    breaks = [n for n, after in pairwise(rows) if after != n + 1]
    assert len(breaks) == PAGE.count("| Row |") - 1


# ---- history, drills and this machine


#: The rows that history touches, and what they say of it.
OF_HISTORY = {
    "J16": "earlier kernels",
    "J18": "inputs are never kept",
    "J19": "earlier kernels",
    "S6": "earlier kernels",
    "S22": "earlier kernels",
    "U12": "this process",
    "A25": "this process",
    "A29": "the same folder of history",
}


@pytest.mark.parametrize("name", OF_HISTORY)
def test_a_row_that_history_touches_says_what_is_kept(name: str) -> None:
    row = next(row for row in LINES if row[0] == name)
    said = row[2] if name.startswith("A") else field(row, "here")
    assert OF_HISTORY[name] in said
    if name in ("J16", "J18", "J19", "S6", "S22"):
        assert "`tests/runtime/store/" in field(row, "check")


def section(title: str) -> str:
    """The text under a heading."""
    return PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_each_drill_has_a_row_with_the_rules_that_it_practises_and_what_shows_it() -> None:
    rows = [cells(line) for line in section("Fault drills").splitlines() if line.startswith("| `")]
    assert [row[0] for row in rows] == [f"`{name}`" for name in DRILLS]
    for _, rules, ours, check in rows:
        assert set(rules.split(", ")) <= set(names(LINES)), rules
        assert ours
        assert re.fullmatch(r"`tests/[\w/]+\.py::\w+`", check), check


def test_what_limits_a_job_on_this_machine_is_said_with_its_figures() -> None:
    said = section("This machine")
    assert f"{Settings(find_plan('premium')).prepare_timeout:.0f} s" in said
    assert f"{memory._PART:.0%} of the machine's memory" in said.replace(" %", "%")
    assert str(memory.JobOutOfMemory.code) in said
    assert "U4" in said
