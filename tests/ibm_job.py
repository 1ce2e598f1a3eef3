"""A job as IBM's client gives it for the real service: what a receipt is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from qiskit.providers import BackendV2


@dataclass
class IBMJob:
    """What `RuntimeJobV2` answers, with decoded inputs: PUBs are lists, options a dictionary."""

    device: BackendV2
    pubs: list[list[Any]]
    options: dict[str, Any] = field(default_factory=dict)
    resilience_level: int | None = None
    primitive_id: str = "estimator"
    state: str = "DONE"
    charged_s: float | None = 14
    timed_s: float | None = 11.348
    timestamps: dict[str, str | None] = field(
        default_factory=lambda: {
            "created": "2026-09-19T10:00:00.000Z",
            "running": "2026-09-19T10:00:05.500Z",
            "finished": "2026-09-19T10:00:29.800Z",
        }
    )
    usage_status: str = "complete"

    def job_id(self) -> str:
        return "d36abcqq2fm4c73f43dhg"

    def status(self) -> str:
        return self.state

    def backend(self) -> BackendV2:
        return self.device

    @property
    def inputs(self) -> dict[str, Any]:
        level = {} if self.resilience_level is None else {"resilience_level": self.resilience_level}
        return {"pubs": self.pubs, "options": self.options, "version": 2, "support_qiskit": True} | level

    def metrics(self) -> dict[str, Any]:
        metrics: dict[str, Any] = {
            "timestamps": self.timestamps,
            "usage": {"qpu_charge_time_seconds": self.charged_s, "status": self.usage_status},
            "caller": "qiskit_ibm_runtime~estimator.py",
            "qiskit_version": "2.1.0",
        }
        if self.timed_s is not None:
            metrics["circuits_execution_time_ns"] = round(self.timed_s * 1e9)
        return metrics

    def usage(self) -> float | None:
        return self.charged_s if self.usage_status != "pending" else 0
