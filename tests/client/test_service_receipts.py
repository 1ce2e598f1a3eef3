"""A person's own receipts at the service: checked, fitted to, kept, forgotten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qmode_jupyter import RuntimeService, SamplerV2
from qmode_jupyter.cost.constants import PUBLIC
from qmode_jupyter.errors import IBMRuntimeError, QmodeWarning
from qmode_jupyter.runtime import user_settings
from tests.emulated import bell, refused, service
from tests.receipt_data import DATA, receipt

TWO = [receipt("first", charged_s=16), receipt("second", charged_s=15)]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QMODE_HOME", str(tmp_path / "qmode"))
    return tmp_path / "qmode"


def charged(one: RuntimeService) -> float:
    job = SamplerV2(one.backend("aer_simulator")).run([bell()], shots=1)
    job.result()
    return job.usage()


def test_a_receipt_is_checked_with_the_service_s_constants() -> None:
    with service() as one:
        assert "with the constants of public receipts" in repr(one.receipt(DATA))
        assert one.receipt(DATA, processor="phoenix").processor.name == "phoenix"


def test_a_job_of_the_service_is_its_own_receipt() -> None:
    with service() as one:
        job = SamplerV2(one.backend("generic_19q")).run([bell_there(one)], shots=100)
        job.result()
        assert [c.difference for c in one.receipt(job).compared[:3]] == ["as modelled"] * 3


def bell_there(one: RuntimeService) -> object:
    from tests.emulated import isa

    return isa(bell(), one.backend("generic_19q"))


def test_receipts_are_checked_one_at_a_time(tmp_path: Path) -> None:
    file = tmp_path / "two.json"
    file.write_text(json.dumps(TWO))
    with service() as one:
        assert "these are 2: check each, or calibrate with all" in refused(lambda: one.receipt(file))


def test_what_is_fitted_holds_here_and_for_services_to_come() -> None:
    with service() as one:
        assert charged(one) == 2
        found = one.calibrate(TWO)
        assert one.settings.spread == found.spread
        # 15 s less half a second each and 11.348 s of circuits, 16 randomizations and 10 circuits.
        assert found.figures["overhead_s"][1] == pytest.approx(
            15.0 - 11.348 - 16 * 0.075 - 10 * 0.002, abs=0.01
        )
        assert charged(one) == 3
    with service() as later:
        assert later.settings.spread == found.spread
        assert charged(later) == 3
        assert "the constants of 2 receipts of yours (ibm_marrakesh)" in repr(later.receipt(DATA))
        assert later.receipt(DATA).compared[-1].part == "queue"
        assert later.receipt(DATA).compared[-1].difference == "as modelled"


def test_forgetting_it_brings_the_public_constants_back() -> None:
    with service() as one:
        one.calibrate(TWO)
        assert one.reset_calibration()
        assert one.settings.spread == PUBLIC
        assert charged(one) == 2
        assert not one.reset_calibration()
    with service() as later:
        assert later.settings.spread == PUBLIC


def test_fitting_again_begins_with_the_public_constants() -> None:
    with service() as one:
        first = one.calibrate(TWO)
        assert one.calibrate(TWO).figures == first.figures


@pytest.mark.parametrize(
    "wrong", [[], TWO[:1], [TWO[0], receipt("third", status="ERROR")], "nowhere.json", 3, None]
)
def test_what_cant_be_fitted_changes_nothing(wrong: object) -> None:
    with service() as one:
        one.calibrate(TWO)
        before, kept = one.settings.spread, user_settings.saved()
        refused(lambda: one.calibrate(wrong))
        assert (one.settings.spread, user_settings.saved()) == (before, kept)


def test_a_qpu_is_calibrated_by_another_name() -> None:
    with service() as one:
        for call in (
            lambda: one.calibrate("fake_fez", 60),
            lambda: one.calibrate("fake_fez", duration_s=60),
            lambda: one.calibrate("fake_fez", 60, at_s=5),
        ):
            assert "service.calibrate_qpu('fake_fez', seconds)" in refused(call)


def test_what_cant_be_kept_does_not_hold_either(home: Path) -> None:
    home.write_text("a file where the folder would be")
    with service() as one:
        assert "can't be written to" in refused(lambda: one.calibrate(TWO), IBMRuntimeError)
        assert one.settings.spread == PUBLIC


def test_settings_that_cant_be_read_are_said_when_a_service_is_made(home: Path) -> None:
    home.mkdir()
    (home / "settings.json").write_text("{")
    with pytest.warns(QmodeWarning, match="are no JSON: the public constants hold"), service() as one:
        assert one.settings.spread is PUBLIC
