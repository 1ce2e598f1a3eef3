"""Receipts of a person's own real jobs, kept between kernels: a file for each, in their own folder."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qmode_jupyter.errors import IBMRuntimeError
from qmode_jupyter.runtime import user_settings
from qmode_jupyter.style.characters import printable
from qmode_jupyter.style.sentences import sentence


def folder() -> Path:
    """Return where they are kept, whether there are any or not."""
    return user_settings.path().parent / "receipts"


def keep(receipt: Mapping[str, Any]) -> Path:
    """Keep what `receipt_of` returned, in the place of what was kept of that job; return its file.

    Raises
    ------
    IBMRuntimeError
        If it can't be written.
    """
    target = _file(str(receipt["job"]))
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made with mode 0600, whole before it has its name.
        handle, name = tempfile.mkstemp(prefix=".receipt-", dir=target.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(receipt, file)
        Path(name).replace(target)
    except OSError as error:
        raise IBMRuntimeError(
            f"The receipt can't be written to '{printable(str(target))}': {sentence(error.strerror or error)}"
        ) from None
    return target


def kept() -> list[Path]:
    """Return the files of all that are kept, the newest first."""
    try:
        found = [(path.stat().st_mtime_ns, path) for path in folder().glob("*.json")]
    except OSError:
        return []
    return [path for _, path in sorted(found, reverse=True)]


def of_job(job: str) -> Path | None:
    """Return the file of a job's receipt; None if none is kept."""
    path = _file(job)
    return path if path.is_file() else None


def _file(job: str) -> Path:
    return folder() / (re.sub(r"[^\w-]", "_", job) + ".json")
