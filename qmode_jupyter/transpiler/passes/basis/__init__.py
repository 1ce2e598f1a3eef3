"""Passes about gates: `qiskit_ibm_runtime.transpiler.passes.basis`."""

from __future__ import annotations

from qmode_jupyter.ibm.reexports import reexported

__getattr__, __dir__ = reexported(__name__)
