"""What the documents say is there, is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.diagrams import PAGE, drawn

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
KINDS_OF_CHANGE = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
#: A row of the semantics: a letter for its section, and a number.
ROW = r"[JSBPQUARLV]\d+"


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def rows_in(text: str) -> set[str]:
    """The rows that a text names, ranges such as V1-V3 or U6-U9 written out."""
    rows = set()
    for first, last in re.findall(rf"\b({ROW})(?:-({ROW}|\d+))?\b", text):
        letter, start = first[0], int(first[1:])
        stop = int(re.sub(r"\D", "", last)) if last else start
        rows |= {f"{letter}{number}" for number in range(start, stop + 1)}
    return rows


def test_the_diagrams_are_those_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert drawn(page) == page, "run: python -m docs.diagrams"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_local_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if not re.match(r"\w+:", target)]
    assert not [target for target in local if not (page.parent / target).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_make_targets_that_a_page_names_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^    )make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= targets


def test_the_changelog_keeps_its_form() -> None:
    headings = re.findall(r"^(#{2,3}) (.*)$", read("CHANGELOG.md"), re.MULTILINE)
    versions = [title for level, title in headings if level == "##"]
    assert versions[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", title) for title in versions[1:])
    assert {title for level, title in headings if level == "###"} <= KINDS_OF_CHANGE


def test_every_row_that_the_code_cites_is_in_the_fidelity_table() -> None:
    listed = set(re.findall(rf"^\| ({ROW}) \|", read("FIDELITY.md"), re.MULTILINE))
    cited: dict[str, set[str]] = {}
    for path in (ROOT / "qmode_jupyter").rglob("*.py"):
        for citation in re.findall(r"SEMANTICS ([^.;:()\n]*)", path.read_text(encoding="utf-8")):
            for row in rows_in(citation):
                cited.setdefault(row, set()).add(path.name)
    missing = {row: sorted(files) for row, files in cited.items() if row not in listed and row[0] != "V"}
    assert not missing


def test_every_vector_that_the_fidelity_table_names_is_a_test() -> None:
    named = {row for row in rows_in(read("FIDELITY.md")) if row[0] == "V"}
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    tested = rows_in(tests) | {f"V{int(number)}" for number in re.findall(r"def test_v0*(\d+)_", tests)}
    assert named
    assert not named - tested, f"no test names {sorted(named - tested)}"
