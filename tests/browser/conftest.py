"""One server of each kind, one browser; a notebook of its own for each test."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.browser.lab import NO_BROWSER, Book, Server, browser, chromium

#: What a run leaves to look at: pictures of every test, and what the servers said.
ARTIFACTS = Path(__file__).resolve().parents[2] / "test-artifacts"

Open = Callable[..., Book]


# Of the package and not of the session: as long as it is there, no other test can run an event loop.
@pytest.fixture(scope="package")
def context() -> Iterator[BrowserContext]:
    if chromium() is None:
        pytest.skip(NO_BROWSER)
    ARTIFACTS.mkdir(exist_ok=True)
    with browser() as context:
        yield context


@pytest.fixture(scope="package")
def lab_server(context: BrowserContext) -> Iterator[Server]:
    yield from _server(Server("lab"))


@pytest.fixture(scope="package")
def notebook_server(context: BrowserContext) -> Iterator[Server]:
    yield from _server(Server("notebook"))


@pytest.fixture(scope="package")
def bare_server(context: BrowserContext) -> Iterator[Server]:
    yield from _server(Server("lab", labextension=False))


@pytest.fixture
def lab(request: pytest.FixtureRequest, context: BrowserContext, lab_server: Server) -> Iterator[Open]:
    """Open a notebook with these cells in JupyterLab."""
    yield from _opener(request.node.name, context, lab_server)


@pytest.fixture
def notebook7(
    request: pytest.FixtureRequest, context: BrowserContext, notebook_server: Server
) -> Iterator[Open]:
    """Open a notebook with these cells in Notebook 7."""
    yield from _opener(request.node.name, context, notebook_server)


@pytest.fixture
def bare_lab(request: pytest.FixtureRequest, context: BrowserContext, bare_server: Server) -> Iterator[Open]:
    """Open a notebook with these cells in a JupyterLab that has anywidget, and not our labextension."""
    yield from _opener(request.node.name, context, bare_server)


def _server(server: Server) -> Iterator[Server]:
    with server:
        yield server
        kind = server.app if server.labextension else f"bare-{server.app}"
        shutil.copy(server.log, ARTIFACTS / f"{kind}-server.txt")


def _opener(test: str, context: BrowserContext, server: Server) -> Iterator[Open]:
    books: list[Book] = []
    name = re.sub(r"\W+|_", "-", test.removeprefix("test_")).strip("-")

    def opened(*cells: str) -> Book:
        book = Book(server, context, f"{name}.ipynb", cells, pictures=ARTIFACTS)
        books.append(book)
        return book.open()

    yield opened
    for book in books:
        if not book.page.is_closed():
            book.shot("end")
            book.close()
    server.theme("light")
    # Notebook 7 has an error of its own at every start.
    assert not [error for book in books for error in book.errors if "qmode" in error or "blob:" in error]
