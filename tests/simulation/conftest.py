"""What the tests of the simulation share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qmode_jupyter.simulation.object_store import ObjectStore


@pytest.fixture
def store() -> Iterator[ObjectStore]:
    """An object store, closed in the end."""
    one = ObjectStore()
    yield one
    one.close()
