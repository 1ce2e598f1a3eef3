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


def folder(*, stand_in: bool = False) -> Path:
    """Return where they are kept, whether there are any or not; those of a stand-in's jobs apart."""
    real = user_settings.path().parent / "receipts"
    return real / "stand-in" if stand_in else real


def keep(receipt: Mapping[str, Any], *, stand_in: bool = False) -> Path:
    """Keep what `receipt_of` returned, in the place of what was kept of that job; return its file.

    Parameters
    ----------
    receipt
        Plain data.
    stand_in
        It is of a job on a service that stood in the place of IBM's cloud, which teaches nothing of what
        real jobs cost.

    Raises
    ------
    IBMRuntimeError
        If it can't be written.
    """
    target = folder(stand_in=stand_in) / _name(str(receipt["job"]))
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
    """Return the files of all that are kept of real jobs, the newest first."""
    try:
        found = [(path.stat().st_mtime_ns, path) for path in folder().glob("*.json")]
    except OSError:
        return []
    return [path for _, path in sorted(found, reverse=True)]


def of_job(job: str) -> Path | None:
    """Return the file of a job's receipt; None if none is kept."""
    paths = (folder(stand_in=stand_in) / _name(job) for stand_in in (False, True))
    return next((path for path in paths if path.is_file()), None)


def _name(job: str) -> str:
    return re.sub(r"[^\w-]", "_", job) + ".json"
