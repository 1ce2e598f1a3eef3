"""In the place of `qiskit_ibm_runtime.executor_noise_learner`: one line that says why."""

from __future__ import annotations

from typing import Any

from qmode_jupyter.client.absent import absent


def __getattr__(name: str) -> Any:
    raise absent(__name__, name)
