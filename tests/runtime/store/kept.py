"""Services that keep what they run in a folder, and what a killed process leaves of one."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qmode_jupyter import RuntimeJob, RuntimeService, SamplerV2
from qmode_jupyter.runtime.store.database import Database
from tests.emulated import bell


def rows(folder: Path, query: str, values: Sequence[object] = ()) -> list[Any]:
    """What is in the file, read past everything of ours."""
    db = sqlite3.connect(Database(folder).path)
    try:
        return db.execute(query, values).fetchall()
    finally:
        db.close()


def change(folder: Path, statement: str, values: Sequence[object] = ()) -> None:
    db = sqlite3.connect(Database(folder).path)
    with db:
        db.execute(statement, values)
    db.close()


def killed(folder: Path, other: Path) -> Path:
    """What would be left if the process that keeps its history in `folder` were killed now."""
    shutil.copytree(folder, other)
    return other


def ideal(service: RuntimeService) -> Any:
    return service.backend("aer_simulator")


def submit(service: RuntimeService, mode: object = None, shots: int = 10, **options: Any) -> RuntimeJob:
    return SamplerV2(mode or ideal(service), options=options or None).run([bell()], shots=shots)
