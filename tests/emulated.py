"""Circuits, observables and services for the tests of the public classes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit.library import efficient_su2
from qiskit.providers import BackendV2
from qiskit.quantum_info import SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager

from qmode_jupyter import RuntimeService
from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.runtime.clock import ManualClock


def service(**arguments: object) -> RuntimeService:
    """A service whose emulated time moves only when a test says so, or while it waits for a job.

    It keeps nothing, if it is not told where.
    """
    return RuntimeService(**({"clock": ManualClock(), "seed": 7, "store": None} | arguments))


def refused(call: Callable[[], object], kind: type[Exception] = IBMInputValueError) -> str:
    """The one line with which `call` is refused."""
    with pytest.raises(kind) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def bell() -> QuantumCircuit:
    circuit = QuantumCircuit(2, name="bell")
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


@cache
def ansatz() -> QuantumCircuit:
    return efficient_su2(4, reps=1)


@cache
def hamiltonian() -> SparsePauliOp:
    return SparsePauliOp.from_list([("ZZII", 1.0), ("IZZI", 1.0), ("IIZZ", 1.0), ("XXXX", 0.5)])


def isa(circuit: QuantumCircuit, backend: BackendV2) -> QuantumCircuit:
    """The circuit as the backend's QPU runs it."""
    return generate_preset_pass_manager(optimization_level=1, backend=backend, seed_transpiler=7).run(circuit)
