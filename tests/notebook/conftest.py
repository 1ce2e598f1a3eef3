"""A real IPython shell with the extension, once for each module of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.notebook.cells import loaded_shell, run


@pytest.fixture(scope="module")
def loaded() -> Iterator[InteractiveShell]:
    with loaded_shell() as shell:
        yield shell


@pytest.fixture
def shell(loaded: InteractiveShell) -> InteractiveShell:
    for name in ("session", "batch", "report", "x", "result", "ran"):
        loaded.user_ns.pop(name, None)
    return loaded


@pytest.fixture(scope="module")
def with_a_run(loaded: InteractiveShell) -> InteractiveShell:
    """A shell in which a session called "old run" has run two jobs."""
    cell = (
        "%%qsession -b aer_simulator -q --name 'old run'\n"
        "job, _ = [Sampler().run([bell]) for _ in '12']\nmine = backend"
    )
    assert run(loaded, cell)[1] is None
    loaded.run_cell("ended = job.job_id()")
    return loaded
