"""docs/costs.md says what the code says, and its cells run."""

from __future__ import annotations

import json
import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from qiskit.providers import BackendV2

from benchmarks.receipts import TABLE, Predicted, read
from docs.cost_tables import MISSES, PAGE, filled
from qmode_jupyter.client.receipts import VERSION
from qmode_jupyter.client.receipts import read as read_receipts
from tests.emulated import bell, isa
from tests.ibm_job import IBMJob


def blocks(language: str) -> list[str]:
    page = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def cell(beginning: str) -> str:
    (found,) = [block for block in blocks("python") if beginning in block]
    return found


def test_the_page_has_the_figures_of_the_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert filled(page) == page, "run: python -m docs.cost_tables"


def test_a_changed_figure_is_noticed() -> None:
    page = PAGE.read_text(encoding="utf-8")
    changed = page.replace("| `overhead_s` | 1.3 s |", "| `overhead_s` | 9 s |")
    assert changed != page
    assert filled(changed) == page


def test_a_page_needs_one_place_for_each_table() -> None:
    with pytest.raises(ValueError, match="0 places for 'constants'; it needs one"):
        filled("")


def test_every_miss_is_explained_and_nothing_else() -> None:
    missed = {
        name for name, row in read(TABLE) if isinstance(row, Predicted) and row.predicted_s != row.charged_s
    }
    assert set(MISSES) == missed


def test_the_same_code_at_three_levels_costs_what_the_page_says() -> None:
    pytest.importorskip("qiskit_ibm_runtime")
    said = StringIO()
    names: dict[str, object] = {}
    with redirect_stdout(said):
        exec(cell("for machine in"), names)
    names["service"].close()
    assert said.getvalue() == blocks("text")[0]


def test_the_cells_make_a_receipt_that_is_read(
    device: BackendV2, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = IBMJob(device, [[isa(bell(), device), np.empty((0,)), None]], primitive_id="sampler")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"service": SimpleNamespace(job=lambda _: job)}
    exec(cell("def receipt_of"), names)
    exec(cell("json.dump(receipt_of"), names)
    (receipt,) = read_receipts("receipt.json")
    assert receipt.job == job.job_id()


def test_the_page_names_every_field_of_a_receipt(device: BackendV2) -> None:
    job = IBMJob(device, [[isa(bell(), device), np.empty((0,)), None]], primitive_id="sampler")
    names: dict[str, object] = {}
    exec(cell("def receipt_of"), names)
    receipt = json.loads(json.dumps(names["receipt_of"](job)))
    fields = {*receipt, *receipt["pubs"][0]}
    named = set(re.findall(r"`(\w+)`", PAGE.read_text(encoding="utf-8").partition("| field |")[2]))
    assert fields <= named
    assert receipt["version"] == VERSION
