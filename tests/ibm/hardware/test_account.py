"""Which account a backend's name leads to, and whose prices hold there."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("qiskit_ibm_runtime")
pytest.importorskip("uvicorn")

from qmode_jupyter import RuntimeService, ibm
from qmode_jupyter.errors import BackendNotFoundError, IBMRuntimeError
from qmode_jupyter.ibm.hardware import account


@pytest.mark.parametrize(
    ("plan", "title"), [("open", "Open"), ("payg", "Pay-As-You-Go"), ("flex", "Flex"), ("premium", "Premium")]
)
def test_the_plan_is_that_of_the_backends_instance(plan: str, title: str) -> None:
    with RuntimeService(plan=plan, seed=21) as cloud:
        place = account.place_of(ibm.service(cloud).backend("ibm_torino"))
        assert (place.plan.title, place.known_plan) == (title, True)
        assert place.local.startswith("http://127.0.0.1:")
        assert place.instance == f"emulated-{plan}"
        assert place.processor.title == "Heron r1"
        assert place.has_dry_runs()


def test_a_plan_that_is_not_known_is_priced_as_premium() -> None:
    with RuntimeService(plan="premium", seed=22) as cloud:
        backend = ibm.service(cloud).backend("ibm_torino")
        backend.service._all_instances = [{"crn": backend._instance, "plan": "internal", "name": "ours"}]
        place = account.place_of(backend)
        assert (place.plan.title, place.known_plan, place.instance) == ("Premium", False, "ours")


def test_an_account_is_looked_for_where_the_client_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = tmp_path / "qiskit-ibm.json"
    monkeypatch.setattr(account, "_SAVED", saved)
    for word in ("QISKIT_IBM_TOKEN", "QISKIT_IBM_RUNTIME_TOKEN"):
        monkeypatch.delenv(word, raising=False)
    assert not account.has_account()
    saved.write_text("{}")
    assert account.has_account()
    saved.unlink()
    monkeypatch.setenv("QISKIT_IBM_TOKEN", "something")
    assert account.has_account()


def test_a_name_is_looked_up_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with RuntimeService(plan="premium", seed=23) as cloud:
        for name, value in ibm.env(cloud).items():
            monkeypatch.setenv(name, value)
        assert account.named("ibm_torino").name == "ibm_torino"
        with pytest.raises(BackendNotFoundError, match="has no backend ibm_nowhere"):
            account.named("ibm_nowhere")
        monkeypatch.setenv("QISKIT_IBM_TOKEN", "wrong")
        with pytest.raises(IBMRuntimeError, match="looked for in the account that is saved here"):
            account.named("ibm_torino")
