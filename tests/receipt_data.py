"""A receipt as plain data."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

#: The public receipt of an Estimator's default call on ibm_marrakesh: ten circuits, charged 14 s.
DATA: dict[str, Any] = {
    "version": 1,
    "job": "dandqqo2fm4c73f43dhg",
    "backend": "ibm_marrakesh",
    "processor_type": {"family": "Heron", "revision": 2},
    "default_rep_delay": 250e-6,
    "primitive": "estimator",
    "status": "DONE",
    "metrics": {
        "timestamps": {
            "created": "2026-09-19T10:00:00.000Z",
            "running": "2026-09-19T10:00:05.500Z",
            "finished": "2026-09-19T10:00:29.800Z",
        },
        "usage": {"qpu_charge_time_seconds": 14, "status": "complete"},
        "circuits_execution_time_ns": 11_348_000_000,
    },
    "options": {},
    "pubs": [
        {"circuits": 2, "shots": 1024, "instructions": 40, "gates_s": 1.8e-6, "readout_s": 1.6e-6},
    ]
    * 5,
}


def receipt(job: str, *, charged_s: float = 14, status: str = "DONE") -> dict[str, Any]:
    """The same of another job."""
    data = deepcopy(DATA)
    data["metrics"]["usage"]["qpu_charge_time_seconds"] = charged_s
    return data | {"job": job, "status": status}
