"""The processors, as data."""

from __future__ import annotations

import pytest

from qmode_jupyter.cost.processors import (
    HERON_R1,
    HERON_R2,
    MACHINES,
    NIGHTHAWK_R1,
    PHOENIX,
    PROCESSORS,
    Processor,
    UnknownProcessor,
    processor,
    processor_like,
)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("heron_r2", HERON_R2),
        ("Heron r2", HERON_R2),
        ("heron-r1", HERON_R1),
        ("heron", HERON_R2),
        ("fez", HERON_R2),
        ("ibm_fez", HERON_R2),
        ("fake_torino", HERON_R1),
        (" IBM_Phoenix ", PHOENIX),
        ("nighthawk", NIGHTHAWK_R1),
        (PHOENIX, PHOENIX),
    ],
)
def test_a_processor_has_its_name_its_family_s_and_its_machines(name: str, found: Processor) -> None:
    assert processor(name) is found


def test_a_name_that_is_none_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownProcessor, match=r"called 'ibm_fes'\. Did you mean 'fez'\?") as caught:
        processor("ibm_fes")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("found", PROCESSORS.values(), ids=lambda p: p.name)
def test_every_processor_says_where_its_figures_are_from_and_they_can_be(found: Processor) -> None:
    assert found.source
    low, high = found.rep_delay_range_s
    assert low <= found.rep_delay_s <= high
    assert 0 < found.gate_s < found.readout_s < 1e-5
    assert 0 < found.reset_s < 1e-5
    assert (found.lanes or 5) >= (found.preparations or 1) >= 1
    assert found.max_experiments > 0


def test_every_machine_is_of_a_processor_that_is_listed() -> None:
    assert set(MACHINES.values()) == set(PROCESSORS.values())


@pytest.mark.parametrize(
    ("machine", "family", "revision", "found"),
    [
        ("ibm_torino", "", "", HERON_R1),
        ("fake_ours", "Heron", "1", HERON_R1),
        ("fake_ours", "Nighthawk", "9", NIGHTHAWK_R1),
        ("generic_19q", "", "", HERON_R2),
    ],
)
def test_a_machine_is_priced_by_its_name_its_family_or_else_as_the_default(
    machine: str, family: str, revision: str, found: Processor
) -> None:
    assert processor_like(machine, family, revision) is found


def test_a_machine_s_own_rep_delay_goes_before_its_family_s() -> None:
    assert processor_like("fez", rep_delay_s=1e-3).rep_delay_s == 1e-3
