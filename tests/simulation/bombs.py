"""Gates that do something bad to the worker that reads their circuit."""

from __future__ import annotations

from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import Gate

from tests.simulation.chores import carry_out


def detonate(kind: str) -> Gate:
    """Do it; in a worker."""
    carry_out(kind)
    return Gate("x", 1, [])


class Bomb(Gate):
    """Does it when it is unpickled."""

    def __init__(self, kind: str) -> None:
        super().__init__("bomb", 1, [])
        self.kind = kind

    def __deepcopy__(self, _: object = None) -> Bomb:
        return self  # Qiskit copies what it sends

    def __reduce__(self) -> Any:
        return detonate, (self.kind,)


def mined(kind: str) -> QuantumCircuit:
    """A circuit with one."""
    circuit = QuantumCircuit(1)
    circuit.append(Bomb(kind), [0])
    circuit.measure_all()
    return circuit
