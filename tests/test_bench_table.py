"""The README's figures are those that were measured."""

from __future__ import annotations

import pytest

from benchmarks.__main__ import MODULES
from benchmarks.results import Results, read
from benchmarks.rows import at_least, at_most, failed, reported, shown
from docs.bench_table import PAGE, filled, table


def results_of(*rows: object) -> Results:
    return {**read(), "rows": list(rows)}  # type: ignore[typeddict-item]


def test_the_readme_has_the_figures_of_the_last_run() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert filled(page, read()) == page, "run: python docs/bench_table.py"


def test_a_changed_figure_is_noticed() -> None:
    page = PAGE.read_text(encoding="utf-8")
    changed = read()
    changed["rows"][0]["value"] = 1e6
    assert filled(page, changed) != page


def test_every_benchmark_has_its_rows_and_none_is_met_without_a_figure() -> None:
    rows = read()["rows"]
    assert len(rows) >= len(MODULES)
    assert not [row for row in rows if row["value"] is None and row["ok"]]


def test_what_falls_short_says_by_how_much_and_why() -> None:
    late = at_most("a job", 1.32, "×", 1.1, why="two hops")
    few = at_least("a batch", 1.62, "×", 1.8)
    lines = table(results_of(late, few)).splitlines()
    assert "| a job | 1.32 × | ≤ 1.1 × | **no**: 20% too much: two hops |" in lines
    assert "| a batch | 1.62 × | ≥ 1.8 × | **no**: 10% short |" in lines


def test_what_is_met_says_so_and_a_figure_without_a_target_says_nothing() -> None:
    met, told = at_least("a batch", 1.9, "×", 1.8, why="not told"), reported("a job", 0.0123, "s")
    lines = table(results_of(met, told)).splitlines()
    assert "| a batch | 1.9 × | ≥ 1.8 × | yes |" in lines
    assert "| a job | 0.0123 s |  |  |" in lines


def test_a_benchmark_that_broke_is_in_the_table() -> None:
    assert "| widget | – | runs | **no**: did not run: exit code 1 |" in table(
        results_of(failed("widget", "exit code 1"))
    )


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (1.0, "1"), (1.049, "1.05"), (99.96, "100"), (14213.4, "14,213")]
)
def test_figures_are_short(value: float, text: str) -> None:
    assert shown(reported("a job", value, "×")) == f"{text} ×"


@pytest.mark.parametrize("page", ["", "<!-- bench -->\n<!-- /bench -->\n" * 2])
def test_a_page_needs_one_place_for_the_table(page: str) -> None:
    with pytest.raises(ValueError, match="it needs one"):
        filled(page, results_of())
