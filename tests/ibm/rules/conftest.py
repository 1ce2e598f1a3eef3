"""What the transcripts of sessions and of batches share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qmode_jupyter import RuntimeService


@pytest.fixture
def nothing_left_open(emulated: RuntimeService) -> Iterator[None]:
    """Each transcript begins on a free QPU."""
    yield
    for workload in emulated.runtime.workloads.records():
        emulated.runtime.workloads.abandon(workload.id)
