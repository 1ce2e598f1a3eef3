"""A real IPython shell with the extension, once for each module of tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from tests.notebook.cells import BELL, run


@pytest.fixture(scope="module")
def loaded() -> Iterator[InteractiveShell]:
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    shell.run_line_magic("load_ext", "qmode_jupyter")
    shell.run_cell(BELL)
    yield shell
    shell.run_line_magic("unload_ext", "qmode_jupyter")
    InteractiveShell.clear_instance()


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
