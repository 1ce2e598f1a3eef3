"""`Executor` under the name of its module in IBM's client; see `ibm.quantum_programs`."""

from __future__ import annotations

from typing import Any

from qmode_jupyter.client.absent import absent
from qmode_jupyter.ibm.quantum_programs import Executor

__all__ = ["Executor"]


def __getattr__(name: str) -> Any:
    raise absent(__name__, name)
