"""Quantum programs at the wire; what runs is shown through IBM's client."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.ibm.server.bodies import code


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"schema_version": "v1.0"}, "schema_version 'v1.0' of quantum programs is not known here"),
        ({"schema_version": "v2.0"}, "params.quantum_program: "),
        ({"schema_version": "v2.0", "quantum_program": []}, "params.quantum_program: "),
        ({"schema_version": "v2.0", "quantum_program": {"shots": -1}}, "params.quantum_program."),
    ],
)
def test_what_is_no_program_is_refused_with_the_place(
    http: httpx.Client, params: dict[str, Any], said: str
) -> None:
    answer = http.post("/jobs", json={"program_id": "executor", "backend": "ibm_small", "params": params})
    assert code(answer, 400) == 1208
    assert answer.json()["errors"][0]["message"].startswith(said)
