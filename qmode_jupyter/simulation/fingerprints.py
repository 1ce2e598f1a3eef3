"""By what to notice, cheaply and exactly, that something in the object store has changed.

A fingerprint is kept beside the key; it is equal to a new one as long as nothing was changed that
could change a result.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

    from qmode_jupyter.simulation.noise import ModelErrors

_instruction_facts: Callable[[Any], Any] = attrgetter("error", "duration")
_qubit_facts: Callable[[Any], Any] = attrgetter("t1", "t2", "frequency")


def circuit_fingerprint(circuit: QuantumCircuit) -> Any | None:
    """Return the fingerprint of a circuit; None where only its pickle can tell whether it has changed.

    That is where an instruction is a Python object, which can be changed in place, or has blocks, which
    Qiskit's comparison passes over.
    """
    from qiskit.circuit import Barrier, Delay, Measure, Reset

    plain = (Barrier, Delay, Measure, Reset)
    if not all(i.is_standard_gate() or isinstance(i.operation, plain) for i in circuit.data):
        return None
    return (circuit.copy(), _labels(circuit), _registers(circuit))


def same_circuit(fingerprint: Any | None, circuit: QuantumCircuit) -> bool:
    """Return whether it is certain that a circuit still is what its fingerprint was made of.

    Instructions, parameters and global phase are compared by Qiskit's own container of them, in
    compiled code; `QuantumCircuit.__eq__` builds two graphs, and takes equivalent ones for the same.
    """
    if fingerprint is None:
        return False
    kept, labels, registers = fingerprint
    return (
        bool(kept._data == circuit._data) and labels == _labels(circuit) and registers == _registers(circuit)
    )


def _labels(circuit: QuantumCircuit) -> list[str | None]:
    return [instruction.label for instruction in circuit.data]


def _registers(circuit: QuantumCircuit) -> tuple[Any, ...]:
    index = {bit: i for i, bit in enumerate(circuit.clbits)}
    return (
        circuit.num_qubits,
        len(index),
        tuple((register.name, tuple(index[bit] for bit in register)) for register in circuit.cregs),
    )


def device_fingerprint(target: Target) -> tuple[Any, ...]:
    """Return the fingerprint of a device: all that its durations and errors are made of."""
    names = sorted(target.operation_names)
    tables = [target[name] or {} for name in names]
    properties = [p for p in chain.from_iterable(table.values() for table in tables) if p is not None]
    return (
        target.num_qubits,
        target.dt,
        [(name, type(target.operation_from_name(name)).__name__) for name in names],
        [list(table) for table in tables],
        list(map(_instruction_facts, properties)),
        # Subclasses of Qiskit's InstructionProperties may hold more, such as both readout errors.
        [vars(p) for p in properties if getattr(p, "__dict__", None)],
        [None if q is None else _qubit_facts(q) for q in target.qubit_properties or ()],
    )


def noise_model_fingerprint(errors: ModelErrors) -> tuple[Any, ...]:
    """Return the fingerprint of a noise model: the errors in it, which never change themselves."""
    return (
        {label: dict(by_qubits) for label, by_qubits in errors.local.items()},
        dict(errors.default),
        dict(errors.readout),
        errors.default_readout,
        errors.passes,
    )
