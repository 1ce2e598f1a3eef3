"""Every rule of jobs, sessions, batches and primitives is shown through IBM's own client, or can't be."""

from __future__ import annotations

import re
from pathlib import Path

from tests.test_fidelity import LINES, field

ROOT = Path(__file__).resolve().parents[3]

#: Rules that no client of a service can see, and why.
UNSEEN = {
    "J23": "IBM's local mode: a job of that kind never reaches a service",
    "S24": "an internal class of the client, which adds fields that no document names: no answer shows them",
    "P12": "IBM's local mode: it never asks a service",
}
RULES = {row[0]: row for row in LINES if row[0][0] in "JSBP"}
FILES = {
    path: path.read_text(encoding="utf-8")
    for path in (ROOT / "tests" / "ibm").rglob("test_*.py")
    if "server" not in path.parts  # those speak HTTP by themselves
}


def shown_by(rule: str) -> set[str]:
    """The tests through the client that carry a rule's number, as FIDELITY.md names tests."""
    number = re.compile(rf"^def (test_(?:[a-z]\d+_)*?{rule.lower()}_\w*)", re.MULTILINE)
    return {
        f"{path.relative_to(ROOT).as_posix()}::{name}"
        for path, text in FILES.items()
        for name in number.findall(text)
    }


def test_a_rule_has_a_test_or_a_reason_and_never_both() -> None:
    assert set(UNSEEN) <= set(RULES)
    without = {rule for rule in RULES if not shown_by(rule)}
    assert without == set(UNSEEN)


def test_a_rule_s_row_names_a_test_through_the_client() -> None:
    missing = [
        rule
        for rule, row in RULES.items()
        if rule not in UNSEEN
        and not shown_by(rule).intersection(re.findall(r"`([^`]+)`", field(row, "check")))
    ]
    assert missing == []
