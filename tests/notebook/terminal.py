"""IPython in a real terminal, typed into as a person does."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 60


class Terminal:
    """A terminal with IPython in it."""

    def __init__(self, folder: Path) -> None:
        environment = os.environ | {
            "IPYTHONDIR": str(folder),
            "PROMPT_TOOLKIT_NO_CPR": "1",
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm",
        }
        options = ["--no-banner", "--no-confirm-exit", "--colors=NoColor", "--HistoryManager.enabled=False"]
        self._child = pexpect.spawn(
            sys.executable,
            ["-m", "IPython", *options],
            env=environment,  # type: ignore[arg-type]
            dimensions=(40, 110),
            timeout=TIMEOUT_S,
            encoding="utf-8",
        )
        self._prompt()

    def run(self, cell: str) -> str:
        """Type a cell and return what was written below it, with what was written over."""
        for line in cell.splitlines():
            self._child.send(f"{line}\r")
        if "\n" in cell:
            self._child.send("\r\r")  # an empty line ends it
        self._child.expect_exact("\x1b[?2004l")  # the prompt lets go of the keyboard
        return self._prompt()

    def close(self) -> None:
        self._child.close(force=True)

    def _prompt(self) -> str:
        self._child.expect_exact("\x1b[?2004h")
        return re.sub(r"\x1b\[(?!2K)[0-9;?]*[A-Za-z]", "", self._child.before or "")


def seen(written: str) -> list[str]:
    """The lines that a person sees in the end of what was written."""
    return [line.rpartition("\r\x1b[2K")[2] for line in written.replace("\r\n", "\n").split("\n")]


@contextmanager
def terminal(folder: Path) -> Iterator[Terminal]:
    one = Terminal(folder)
    try:
        yield one
    finally:
        one.close()
