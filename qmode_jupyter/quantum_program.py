"""What an `Executor` runs: `qiskit_ibm_runtime.quantum_program`."""

from __future__ import annotations

from qmode_jupyter.ibm.reexports import reexported

__getattr__, __dir__ = reexported(__name__)
