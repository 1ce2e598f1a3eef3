"""`python -m qmode_jupyter`: run the first tutorial without a front end and report what it showed.

The notebook runs in a real kernel. Its status lines come over the same messages that feed
JupyterLab's panel; the executed notebook is left as HTML, the session's timeline as PNG.
"""

from __future__ import annotations

import argparse
import base64
import sys
import time
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

from qmode_jupyter.notebook.labextension import TARGET
from qmode_jupyter.notebook.text.tables import status_line
from qmode_jupyter.notebook.view_model import Message, merge

TUTORIAL: Final = "01_first_session.ipynb"

#: Seconds between two status lines of one workload; the last one always shows.
_LINE_EVERY_S: Final = 0.5


class TutorialClient(NotebookClient):
    """Runs a notebook, and prints what the emulated service says meanwhile."""

    def __init__(self, notebook: Any, **traits: Any) -> None:
        super().__init__(notebook, **traits)
        self._comm: str | None = None
        self._view: Message | None = None
        self._told: dict[str, tuple[str, float]] = {}

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        """Take the messages for the labextension out, and leave the others to the notebook."""
        kind, content = msg["msg_type"], msg["content"]
        if kind == "comm_open" and content.get("target_name") == TARGET:
            self._comm = content["comm_id"]
        if kind in ("comm_open", "comm_msg") and content.get("comm_id") == self._comm:
            message = content["data"]
            if "workloads" in message:  # an answer to a page has none
                self._show(message)
            return None
        return super().process_message(msg, cell, cell_index)

    def _show(self, message: Message) -> None:
        self._view, _ = merge(self._view, message)
        for owner in message["workloads"]:
            self._tell(owner)

    def _tell(self, owner: str) -> None:
        assert self._view is not None
        line = status_line(self._view, owner)
        before, at = self._told.get(owner, ("", 0.0))
        now = time.monotonic()
        closed = self._view["workloads"][owner]["state"] == "closed"
        if line != before and (closed or now - at >= _LINE_EVERY_S):
            self._told[owner] = line, now
            print(f"  {line}", flush=True)


def tutorial(name: str = TUTORIAL) -> str:
    """Return the text of a tutorial, from the wheel or from the source tree."""
    inside = files("qmode_jupyter") / "notebooks" / name
    if inside.is_file():
        return inside.read_text(encoding="utf-8")
    return (Path(__file__).resolve().parents[1] / "notebooks" / name).read_text(encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Run the tutorial; return 0 when every cell of it ran."""
    parser = argparse.ArgumentParser(
        prog="python -m qmode_jupyter",
        description="Run the first tutorial headless and report what it showed.",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("qmode-demo"), help="where the HTML and the PNG go (qmode-demo)"
    )
    output: Path = parser.parse_args(arguments).output
    notebook = nbformat.reads(tutorial(), as_version=4)
    print(f"{TUTORIAL}: a variational loop in an emulated session, then a batch, then a single job\n")
    began = time.monotonic()
    try:
        TutorialClient(notebook, timeout=300, extra_arguments=["--log-level=ERROR"]).execute()
    except CellExecutionError as error:
        print(f"\nThe tutorial stopped:\n{error}", file=sys.stderr)
        return 1
    table = _output(notebook, "%qmode usage vqe", "text/plain")
    picture = _output(notebook, "%%qsession", "image/png")
    output.mkdir(parents=True, exist_ok=True)
    page, png = output / "01_first_session.html", output / "timeline.png"
    page.write_text(HTMLExporter().from_notebook_node(notebook)[0], encoding="utf-8")
    png.write_bytes(base64.b64decode(picture))
    print(f"\nThe session's usage:\n\n{table}\n")
    print(f"Ran in {time.monotonic() - began:.0f} s. It left")
    print(f"  the executed notebook  {page}")
    print(f"  the timeline           {png}")
    return 0


def _output(notebook: Any, beginning: str, mime: str) -> str:
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source.startswith(beginning):
            for output in cell.outputs:
                found = output.get("data", {}).get(mime)
                if found and output.output_type in ("display_data", "execute_result"):
                    return str(found)
    raise LookupError(f"the cell {beginning} showed no {mime}")


if __name__ == "__main__":
    sys.exit(main())
