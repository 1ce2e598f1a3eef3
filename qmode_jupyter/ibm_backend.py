"""`IBMBackend` under the name of its module in IBM's client: what every backend of a service is."""

from __future__ import annotations

from typing import Any

from qmode_jupyter.client.absent import absent
from qmode_jupyter.client.service import IBMBackend

__all__ = ["IBMBackend"]


def __getattr__(name: str) -> Any:
    raise absent(__name__, name)
