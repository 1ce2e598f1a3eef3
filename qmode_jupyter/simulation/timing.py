"""How long one execution of a circuit takes on a real QPU (SEMANTICS U6, U7).

What a job takes in all is the cost model's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

# Durations for a target that has none: those of ibm_fez, a Heron r2, as of the calibration that
# qiskit-ibm-runtime ships as `fake_fez` (sx and x 24 ns, cz 84 ns, readout 1.56 us, reset 1.584 us).
_SX_S: Final = 24e-9
_CZ_S: Final = 84e-9
_MEASURE_S: Final = 1.56e-6
_RESET_S: Final = 1.584e-6
# Done by changing the phase of later pulses, in no time.
_VIRTUAL: Final = frozenset({"rz", "z", "s", "sdg", "t", "tdg", "p", "u1", "id", "barrier", "global_phase"})
_ONE_PULSE: Final = frozenset({"x", "y", "sx", "sxdg", "h"})
_ONE_CZ: Final = frozenset({"cx", "cz", "cy", "ch", "ecr", "csx", "rzz"})

Durations = Mapping[tuple[str, tuple[int, ...]], float]


def circuit_seconds(circuit: QuantumCircuit, target: Target | None) -> tuple[float, float]:
    """Return the duration of one execution of a circuit: its gates, and the readout at its end, in seconds.

    The readout is the longest measurement in it; ones before the end count as gates.

    Qiskit's `estimate_duration` where the target knows every instruction; with control flow, where
    the target has no durations, or where the circuit is not made for it: the longest path, with the
    longer branch of an ``if``, a loop's body as often as it runs (a ``while`` once), and Heron-r2
    durations for what the target doesn't say.
    """
    known = _durations(target)
    qubits = {qubit: i for i, qubit in enumerate(circuit.qubits)}
    whole_s = _whole_seconds(circuit, qubits, target, known)
    measured = (
        known.get(("measure", (qubits[instruction.qubits[0]],)), _MEASURE_S)
        for instruction in circuit.data
        if instruction.operation.name == "measure"
    )
    readout_s = min(whole_s, max(measured, default=0.0))
    return whole_s - readout_s, readout_s


def _whole_seconds(
    circuit: QuantumCircuit, qubits: Mapping[Any, int], target: Target | None, known: Durations
) -> float:
    from qiskit.exceptions import QiskitError

    if target is not None:
        try:
            return float(circuit.estimate_duration(target, unit="s"))
        except (QiskitError, TypeError):  # TypeError: an instruction without qubit-wise properties
            pass
    dt = target.dt if target is not None else None
    return _longest_path(circuit, qubits, lambda op, on: _operation_seconds(op, on, known, dt))


def _durations(target: Target | None) -> Durations:
    if target is None:
        return {}
    return {
        (name, qubits): properties.duration
        for name in target.operation_names
        for qubits, properties in (target[name] or {}).items()
        if qubits is not None and properties is not None and properties.duration is not None
    }


def _operation_seconds(operation: Any, qubits: tuple[int, ...], known: Durations, dt: float | None) -> float:
    from qiskit.utils import apply_prefix

    name = operation.name
    if (name, qubits) in known:
        return known[name, qubits]
    if name == "delay":
        unit = operation.unit
        if not isinstance(operation.duration, int | float) or unit == "expr":
            return 0.0
        return float(
            operation.duration * (dt or 0.0) if unit == "dt" else apply_prefix(operation.duration, unit)
        )
    if name in _VIRTUAL or getattr(operation, "_directive", False):
        return 0.0
    if name == "measure":
        return _MEASURE_S
    if name == "reset":
        return _RESET_S
    if len(qubits) == 1:
        return _SX_S if name in _ONE_PULSE else 2 * _SX_S
    if len(qubits) == 2:
        return (_CZ_S if name in _ONE_CZ else 2 * _CZ_S) + 2 * _SX_S
    # A gate on more qubits: as its definition says, else a Toffoli's six CZ for each further qubit.
    definition = getattr(operation, "definition", None)
    if definition is not None:
        inner = dict(zip(definition.qubits, qubits, strict=True))
        return _longest_path(definition, inner, lambda op, on: _operation_seconds(op, on, known, dt))
    return 6 * (_CZ_S + _SX_S) * max(0, len(qubits) - 2)


def _longest_path(
    circuit: QuantumCircuit, qubits: Mapping[Any, int], seconds: Callable[[Any, tuple[int, ...]], float]
) -> float:
    """Return when the last instruction ends, each beginning as soon as its qubits and clbits are free."""
    free: dict[Any, float] = {}
    for instruction in circuit.data:
        operation = instruction.operation
        bits = (*instruction.qubits, *instruction.clbits)
        begin = max((free.get(bit, 0.0) for bit in bits), default=0.0)
        blocks = getattr(operation, "blocks", ())
        if blocks:
            inside = [
                _longest_path(
                    block,
                    {b: qubits[q] for b, q in zip(block.qubits, instruction.qubits, strict=True)},
                    seconds,
                )
                for block in blocks
            ]
            repeat = len(operation.params[0]) if operation.name == "for_loop" else 1
            lasts = repeat * max(inside)
        else:
            lasts = seconds(operation, tuple(qubits[q] for q in instruction.qubits))
        for bit in bits:
            free[bit] = begin + lasts
    return max(free.values(), default=0.0)
