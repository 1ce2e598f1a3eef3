"""A real JupyterLab or Notebook 7 in Chromium, and what a person does there.

Everything is on 127.0.0.1 and in folders of its own: no configuration of the person at the keyboard is
read, none is written. Browser tests, the benchmark of the figures and the script that makes the README's
pictures all drive the front end with what is here.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

from playwright.sync_api import BrowserContext, Locator, Page, expect, sync_playwright

App = Literal["lab", "notebook"]
Theme = Literal["light", "dark"]

#: What a machine without a browser is told.
NO_BROWSER = "no Chromium on PATH: apt install chromium"

_BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
#: It is to speak with nobody but our server.
_SWITCHES = (
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_MODULES: Mapping[App, str] = {"lab": "jupyterlab", "notebook": "notebook"}
_TRAITS: Mapping[App, str] = {"lab": "LabApp", "notebook": "JupyterNotebookApp"}
#: In JupyterLab with a workspace of its own: it would show what an earlier page had open, too.
_PLACES: Mapping[App, str] = {"lab": "lab/workspaces/{stem}/tree/{name}", "notebook": "notebooks/{name}"}
_THEMES: Mapping[Theme, str] = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}

#: A server, a page or a kernel that takes longer than this has gone wrong.
PATIENCE_S = 60.0

_READY = """async () => {
  const app = window.jupyterapp;
  await app.restored;
  const until = async look => {
    for (let i = 0; i < 1200; i++) {
      const seen = look();
      if (seen) return seen;
      await new Promise(done => setTimeout(done, 25));
    }
    throw new Error('never: ' + look);
  };
  const panel = await until(() => {
    const shown = app.shell.currentWidget;
    return shown && shown.content && shown.sessionContext ? shown : null;
  });
  window.book = { app, panel, cells: panel.content, ran: {} };
  await panel.context.ready;
}"""
_KERNEL = """async () => {
  const { sessionContext } = window.book.panel;
  await sessionContext.ready;
  await sessionContext.session.kernel.info;
}"""
_START = """index => {
  const { app, cells, ran } = window.book;
  cells.activeCellIndex = index;
  ran[index] = app.commands.execute('notebook:run-cell-and-select-next');
}"""


def chromium() -> str | None:
    """Return the path of a Chromium on this machine, if there is one."""
    return next((path for name in _BROWSERS if (path := shutil.which(name))), None)


def until(seen: Callable[[], Any], what: str, timeout_s: float = PATIENCE_S) -> Any:
    """Return what `seen` returns as soon as that is something; `TimeoutError` when it never is."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := seen():
            return found
        threading.Event().wait(0.02)
    raise TimeoutError(f"{what}: not within {timeout_s:g} s")


class Server:
    """JupyterLab or Notebook 7 on a free port, with a token, and folders of its own.

    Parameters
    ----------
    app
        Which of the two.
    labextension
        Whether our extension of the page is enabled, as it is after an installation.
    """

    def __init__(self, app: App, *, labextension: bool = True) -> None:
        self.app: App = app
        self.labextension = labextension
        self._base = Path(tempfile.mkdtemp(prefix=f"qmode-{app}-"))
        self._token = secrets.token_hex(16)
        self.root = self._base / "notebooks"
        self.root.mkdir()
        self.settings("@jupyterlab/apputils-extension/notification", {"fetchNews": "false"})
        if not labextension:
            disabled = {"disabledExtensions": {"qmode-jupyter": True}}
            _write(self._base / "config/labconfig/page_config.json", disabled)
        with self.log.open("w") as log:
            self._process = subprocess.Popen(self._command(), env=self._environment(), stdout=log, stderr=log)
        try:
            self.url: str = until(self._address, f"the address of {app}")
        except BaseException:
            self.close()
            raise

    @property
    def log(self) -> Path:
        """What the server says."""
        return self._base / "log.txt"

    def settings(self, plugin: str, values: Mapping[str, Any]) -> None:
        """Set what a person would set in the settings editor; pages opened later read it."""
        _write(self._base / f"settings/{plugin}.jupyterlab-settings", values)

    def theme(self, theme: Theme) -> None:
        """Set the theme of pages opened later."""
        self.settings("@jupyterlab/apputils-extension/themes", {"theme": _THEMES[theme]})

    def write(self, name: str, cells: Sequence[str]) -> None:
        """Write a notebook of code cells."""
        kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
        blank = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
        notebook = {
            "cells": [{**blank, "id": f"cell-{n}", "source": source} for n, source in enumerate(cells)],
            "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        _write(self.root / name, notebook)

    def address(self, name: str) -> str:
        """Return where a notebook is shown."""
        place = _PLACES[self.app].format(name=name, stem=name.removesuffix(".ipynb"))
        return f"{self.url}{place}?token={self._token}"

    def close(self) -> None:
        """End the server, and the kernels with it."""
        self._process.terminate()
        self._process.wait(PATIENCE_S)
        shutil.rmtree(self._base, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _command(self) -> list[str]:
        return [
            *(sys.executable, "-m", _MODULES[self.app]),
            "--no-browser",
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            "--ServerApp.port=0",
            f"--ServerApp.root_dir={self.root}",
            f"--{_TRAITS[self.app]}.expose_app_in_browser=True",
            "--LabApp.extension_manager=readonly",
        ]

    def _environment(self) -> dict[str, str]:
        folders = {
            "IPYTHONDIR": "ipython",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
        }
        ours = {name: str(self._base / folder) for name, folder in folders.items()}
        return {**os.environ, **ours, "JUPYTER_PLATFORM_DIRS": "1", "JUPYTER_TOKEN": self._token}

    def _address(self) -> str | None:
        if self._process.poll() is not None:
            raise RuntimeError(f"{self.app} ended:\n{self.log.read_text(encoding='utf-8')}")
        for told in (self._base / "runtime").glob("jpserver-*.json"):
            with contextlib.suppress(ValueError):  # it is being written
                return str(json.loads(told.read_text(encoding="utf-8"))["url"])
        return None


@contextlib.contextmanager
def browser(*, width: int = 1280, height: int = 900, scale: float = 1) -> Iterator[BrowserContext]:
    """Run Chromium; its pages share one cache, so that a front end is fetched once."""
    path = chromium()
    if path is None:
        raise RuntimeError(NO_BROWSER)
    with sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=path, args=_SWITCHES)
        context = program.new_context(
            viewport={"width": width, "height": height}, device_scale_factor=scale, reduced_motion="reduce"
        )
        # The machine may be busy with other things: an expectation is patient, and never a measurement.
        context.set_default_timeout(PATIENCE_S * 1000)
        expect.set_options(timeout=PATIENCE_S * 1000)
        yield context
        context.close()
        program.close()


class Book:
    """A notebook in a page of its own.

    Parameters
    ----------
    server
        Where it is.
    context
        The browser to show it in.
    name
        Its file's name.
    cells
        Sources of the code cells that it is made of; None opens a file that is there.
    pictures
        Folder for what `shot` takes.
    """

    def __init__(
        self,
        server: Server,
        context: BrowserContext,
        name: str,
        cells: Sequence[str] | None = None,
        *,
        pictures: Path | None = None,
    ) -> None:
        self.server = server
        self.name = name
        self._pictures = pictures
        if cells is not None:
            server.write(name, cells)
        self.page: Page = context.new_page()
        #: What scripts of the page threw and nobody caught, with where it came from.
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error.stack)))

    def open(self, *, kernel: bool = True) -> Self:
        """Show it, and wait until cells can be run."""
        self.page.goto(self.server.address(self.name))
        self._wait(kernel)
        return self

    def reload(self) -> None:
        """Load the page anew, and wait until the notebook is there again, its kernel perhaps busy."""
        self.page.reload()
        self._wait(kernel=False)

    def start(self, index: int) -> None:
        """Run a cell and don't wait."""
        self.page.evaluate(_START, index)

    def wait(self, index: int) -> None:
        """Wait until a cell that was started has ended."""
        self.page.evaluate("index => window.book.ran[index]", index)

    def run(self, index: int) -> str:
        """Run a cell, and return what it printed."""
        self.start(index)
        self.wait(index)
        return self.text(index)

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """Return a cell's outputs as the notebook keeps them."""
        read = "index => window.book.cells.widgets[index].model.outputs.toJSON()"
        outputs: list[dict[str, Any]] = self.page.evaluate(read, index)
        return outputs

    def text(self, index: int) -> str:
        """Return what a cell printed, and the name and text of its error."""
        said = []
        for output in self.outputs(index):
            if output["output_type"] == "stream":
                said.append("".join(output["text"]))
            elif output["output_type"] == "error":
                said.append(f"{output['ename']}: {output['evalue']}")
        return "".join(said)

    def area(self, index: int) -> Locator:
        """Return the place of a cell's output."""
        return self.page.locator(f".jp-Cell[data-windowed-list-index='{index}'] .jp-OutputArea-child")

    def show(self, index: int) -> None:
        """Scroll so that a cell is on top."""
        self.page.evaluate("index => window.book.cells.widgets[index].node.scrollIntoView()", index)

    def card(self, index: int) -> Locator:
        """Return the live card of a cell."""
        return self.area(index).locator(".qmode-card")

    @property
    def panel(self) -> Locator:
        """The side panel."""
        return self.page.locator(".qmode-Panel-content")

    @property
    def status(self) -> Locator:
        """The item in the status bar, or in the top bar of Notebook 7."""
        return self.page.locator(".qmode-StatusItem")

    def command(self, name: str) -> None:
        """Execute one of the front end's commands."""
        self.page.evaluate("name => window.book.app.commands.execute(name)", name)

    def restart(self) -> None:
        """Restart the kernel."""
        self.page.evaluate("() => window.book.panel.sessionContext.restartKernel()")

    def save(self) -> dict[str, Any]:
        """Save the notebook, and return what is in the file."""
        self.page.evaluate("() => window.book.panel.context.save()")
        saved: dict[str, Any] = json.loads((self.server.root / self.name).read_text(encoding="utf-8"))
        return saved

    def shot(self, moment: str) -> None:
        """Take a picture of the page, where pictures are wanted."""
        if self._pictures is not None:
            stem = self.name.removesuffix(".ipynb")
            self.page.screenshot(path=self._pictures / f"{self.server.app}-{stem}-{moment}.png")

    def close(self) -> None:
        """Shut the kernel down and close the page."""
        with contextlib.suppress(Exception):  # it may have none, or none any more
            self.page.evaluate("() => window.book.panel.sessionContext.shutdown()")
        self.page.close()

    def _wait(self, kernel: bool) -> None:
        self.page.wait_for_function("() => window.jupyterapp")
        self.page.evaluate(_READY)
        if kernel:
            self.page.evaluate(_KERNEL)


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
