"""benchmarks/receipts.py: real charges beside the model's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.receipts import NEAR, TABLE, Predicted, main, read, rows

HEAD = (
    "id,processor,primitive,level,jobs,pubs,circuits,bases,shots,"
    "circuit_us,rep_delay_us,zne_factors,charged_s"
)
GOOD = "good,fez,estimator,0,1,1,1,1,4096,3,250,,3"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


def priced(path: Path) -> dict[str, Predicted | str]:
    return dict(read(path))


def test_the_fit_set_is_predicted_to_a_fifth(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = re.fullmatch(r"within 20 %: (\d+) of (\d+), median error [\d.]+ %", lines[-1])
    assert found
    near, of = map(int, found.groups())
    assert of == 15
    assert near >= 0.9 * of
    assert sum(line.startswith("within 20 %:") for line in lines) == 1


def test_the_model_is_far_better_than_both_older_formulas() -> None:
    found = [what for what in priced(TABLE).values() if isinstance(what, Predicted)]
    model = sum(row.error <= NEAR for row in found)
    quick = sum(abs(row.quick_s - row.charged_s) <= NEAR * row.charged_s for row in found)
    plain = sum(abs(row.plain_s - row.charged_s) <= NEAR * row.charged_s for row in found)
    assert model > plain > quick


def test_each_charge_is_within_the_range_that_was_given() -> None:
    outside = [
        name
        for name, row in priced(TABLE).items()
        if isinstance(row, Predicted) and not row.low_s <= row.charged_s <= row.high_s
    ]
    assert not outside


def test_a_row_is_charged_for_each_of_its_jobs(table: Path) -> None:
    table.write_text(
        "\n".join([HEAD, GOOD, GOOD.replace("good,fez,estimator,0,1", "three,fez,estimator,0,3")])
    )
    found = priced(table)
    assert found["three"].predicted_s == 3 * found["good"].predicted_s


def test_level_2_without_factors_has_the_service_s_own(table: Path) -> None:
    two = GOOD.replace(",0,1,", ",2,1,")
    table.write_text("\n".join([HEAD, two, two.replace("good", "same").replace(",,3", ",1;3;5,3")]))
    found = priced(table)
    assert found["good"].predicted_s == found["same"].predicted_s
    assert found["good"].predicted_s > 2 * found["good"].plain_s


def test_a_sampler_s_level_is_empty_and_nothing_is_mitigated(table: Path) -> None:
    table.write_text("\n".join([HEAD, GOOD, GOOD.replace("good,fez,estimator,0", "sampler,fez,sampler,")]))
    found = priced(table)
    assert found["sampler"].predicted_s == found["good"].predicted_s


def test_levels_factors_and_primitives_may_be_written_in_other_ways(table: Path) -> None:
    other = GOOD.replace("estimator,0,", "Estimator,2.0,").replace(",,3", ',"1,3,5",3')
    table.write_text("\n".join([HEAD, GOOD.replace("good,fez,estimator,0,", "same,fez,estimator,2,"), other]))
    found = priced(table)
    assert found["good"].predicted_s == found["same"].predicted_s


def test_columns_that_have_a_usual_value_may_be_missing(table: Path) -> None:
    table.write_text("id,processor,pubs,circuits,shots,circuit_us,charged_s\ngood,ibm_fez,1,1,4096,3,3\n")
    assert priced(table)["good"].predicted_s == 3


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (GOOD.replace("fez", "fes"), "No processor or machine is called 'fes'. Did you mean 'fez'?"),
        (GOOD.replace("4096", ""), "shots is empty"),
        (GOOD.replace("4096", "many"), "shots is a number above 0 to 1e+09, not 'many'"),
        (GOOD.replace("4096", "0.5"), "shots is a whole number, not '0.5'"),
        (GOOD.replace("4096", "1e300"), "shots is a number above 0 to 1e+09, not '1e300'"),
        (GOOD.replace(",3,250", ",-3,250"), "circuit_us is a number from 0 to 1e+09, not '-3'"),
        (GOOD.replace(",3,250", ",nan,250"), "circuit_us is a number from 0 to 1e+09, not 'nan'"),
        (GOOD.replace(",,3", ",,0"), "charged_s is a number above 0 to 1e+09, not '0'"),
        (GOOD.replace(",0,1,", ",3,1,"), "level is 0, 1, 2 or empty, not '3'"),
        (GOOD.replace(",,3", ",1;0.5,3"), "zne_factors are from 1 on, not '0.5'"),
        (GOOD.replace("estimator", "executor"), "primitive is estimator or sampler, not 'executor'"),
        ("good,fez", "circuit_us is empty"),
    ],
)
def test_a_row_that_cant_be_priced_says_why_in_a_line_and_the_others_go_on(
    row: str, why: str, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table.write_text("\n".join([HEAD, row, GOOD.replace("good", "other")]))
    assert main([str(table)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert [line for line in out if line.startswith(f"good: not priced: {why}")]
    assert out[-1] == "within 20 %: 1 of 1, median error 0.0 %"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "can't be read"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
        (b"", "has no column id, processor"),
        (b"id,processor,pubs,circuits,shots,charged_s\n", "has no column circuit_us; it needs"),
        (HEAD.encode(), "has no row that can be priced"),
        (b"x" * 200_000, "is no table"),
    ],
)
def test_a_file_that_is_no_table_is_one_line(
    content: bytes | None, why: str, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        table.write_bytes(content)
    assert main([str(table)]) == 1
    assert why in capsys.readouterr().err
    assert "within" not in capsys.readouterr().out


def test_the_scatter_is_drawn(tmp_path: Path) -> None:
    picture = tmp_path / "receipts.png"
    assert main(["--plot", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_cant_be_written_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--plot", str(tmp_path / "no" / "receipts.png")]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_benchmark_s_row_is_the_figure_that_is_printed() -> None:
    model, quick = rows()
    assert model["ok"] is (model["value"] >= 90)
    assert quick["value"] < model["value"]
