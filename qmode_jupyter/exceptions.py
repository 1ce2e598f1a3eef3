"""The errors under the name that IBM's client has for their module; see `qmode_jupyter.errors`."""

from __future__ import annotations

from typing import Any

from qmode_jupyter import errors
from qmode_jupyter.client.absent import absent
from qmode_jupyter.errors import *  # noqa: F403 - this is what the module is for

__all__ = errors.__all__


def __getattr__(name: str) -> Any:
    raise absent(__name__, name)
