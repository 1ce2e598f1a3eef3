"""The client-side Estimator under its module's name in IBM's client; see `client.executor_primitives`."""

from __future__ import annotations

from typing import Any

from qmode_jupyter.client.absent import absent
from qmode_jupyter.client.executor_primitives import Estimator
from qmode_jupyter.client.executor_primitives import Estimator as EstimatorV2

__all__ = ["Estimator", "EstimatorV2"]


def __getattr__(name: str) -> Any:
    raise absent(__name__, name)
