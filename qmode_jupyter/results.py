"""Results that IBM's client has beside Qiskit's: `qiskit_ibm_runtime.results`."""

from __future__ import annotations

from qmode_jupyter.ibm.reexports import reexported

__getattr__, __dir__ = reexported(__name__)
