"""How far noise takes an Estimator's results: `qiskit_ibm_runtime.debug_tools`."""

from __future__ import annotations

from qmode_jupyter.ibm.reexports import reexported

__getattr__, __dir__ = reexported(__name__)
