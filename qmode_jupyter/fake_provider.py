"""IBM's snapshots of its devices, such as `FakeFez`: `qiskit_ibm_runtime.fake_provider`."""

from __future__ import annotations

from qmode_jupyter.ibm.reexports import reexported

__getattr__, __dir__ = reexported(__name__)
