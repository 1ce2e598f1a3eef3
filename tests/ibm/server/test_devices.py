"""Backends under the names that people know."""

from __future__ import annotations

import httpx
import pytest

from qmode_jupyter import RuntimeService
from qmode_jupyter.errors import BackendNotFoundError
from qmode_jupyter.ibm.server.devices import Devices, mock_of
from tests.ibm.server.bodies import code


def test_a_mock_is_named_as_the_client_names_it() -> None:
    assert (mock_of("ibm_fez"), mock_of("test_eagle_x"), mock_of("plain")) == (
        "mock_fez",
        "mock_eagle_x",
        "mock",
    )


def test_a_name_that_stands_for_nothing_is_refused_with_the_nearest(emulated: RuntimeService) -> None:
    with pytest.raises(BackendNotFoundError, match="fake_manila"):
        Devices(emulated, {"ibm_mine": "fake_manilla"})


def test_mocks_are_listed_only_for_who_asks(http: httpx.Client) -> None:
    assert [one["name"] for one in http.get("/backends").json()["devices"]] == ["ibm_small", "ibm_device"]
    listed = http.get("/backends?include_mocks=True").json()["devices"]
    assert [one["name"] for one in listed if one.get("class") == "mock"] == ["mock_small", "mock_device"]


def test_figures_are_those_of_the_snapshot_under_the_name_that_was_asked_for(http: httpx.Client) -> None:
    for part in ("configuration", "properties"):
        assert http.get(f"/backends/ibm_small/{part}").json()["backend_name"] == "ibm_small"
        missing = http.get(f"/backends/ibm_small/{part}?calibration_id=cal-7")
        assert code(missing, 404) == 404
        assert "cal-7" in missing.text
    assert http.get("/backends/ibm_small/configuration").json()["n_qubits"] == 5
    assert code(http.get("/backends/ibm_nowhere/defaults"), 404) == 1007
