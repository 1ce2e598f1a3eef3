"""The short form of the chaos: `make chaos` runs the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.faults import chaos


@pytest.mark.slow
def test_sixty_faults_leave_every_job_ended_once_and_nothing_behind(tmp_path: Path) -> None:
    tally = chaos(60, 5, tmp_path)
    assert tally.faults.total() == 60
    assert len(tally.faults) >= 9  # nearly every kind
    assert tally.jobs > 40
    assert tally.ended["DONE"] > 10
    assert (tally.hung, tally.lost, tally.orphaned) == ([], [], [])
