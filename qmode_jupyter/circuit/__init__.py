"""IBM's instructions, such as `MidCircuitMeasure`: `qiskit_ibm_runtime.circuit`."""

from __future__ import annotations

from qmode_jupyter.ibm.reexports import reexported

__getattr__, __dir__ = reexported(__name__)
