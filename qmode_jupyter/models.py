"""What describes a backend: `qiskit_ibm_runtime.models`."""

from __future__ import annotations

from qmode_jupyter.ibm.reexports import reexported

__getattr__, __dir__ = reexported(__name__)
