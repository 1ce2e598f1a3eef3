"""How long a job keeps a real QPU busy, and how long its classical preparation takes.

Modelled from IBM's published estimate (SEMANTICS U6, U7):
``overhead + (rep_delay + circuit duration) * executions``. What is charged for it is the ledger's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

#: Every job's share of the QPU's time, whatever it runs (SEMANTICS U6, U8).
OVERHEAD_S: Final = 2.0
#: Pause between two executions of a circuit, where neither the job nor the backend says (SEMANTICS U6).
REP_DELAY_S: Final = 250e-6

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

# The classical preparation of a job on IBM's side is not published. These are an approximation by
# hand, of the size of what is seen between "In progress" and the QPU for small jobs; they decide in
# which order lanes are left, and nothing of what is charged.
#: The part of it that any job has, however small.
PREPARE_JOB_S: Final = 1.0
_PREPARE_PUB_S: Final = 0.05
_PREPARE_CIRCUIT_S: Final = 0.002


@dataclass(frozen=True, slots=True)
class JobTiming:
    """How long a job takes.

    Attributes
    ----------
    preparation_s
        Classical preparation, emulated seconds.
    overhead_s
        On the QPU, however little is executed.
    executions
        Circuits after broadcasting x shots x measurement bases.
    executing_s
        (rep_delay + duration) summed over the executions.
    simulated_s
        Aer's own wall time.
    executing_of
        (PUB's number, its share of `executing_s`), more than one for a PUB that was split.
    """

    preparation_s: float
    overhead_s: float
    executions: int
    executing_s: float
    simulated_s: float
    executing_of: tuple[tuple[int, float], ...] = ()

    @property
    def on_qpu_s(self) -> float:
        """Seconds that it keeps the QPU busy (SEMANTICS U6)."""
        return self.overhead_s + self.executing_s


def preparation_seconds(pubs: int, circuits: int) -> float:
    """Return the modelled classical preparation of a job, emulated seconds; an approximation.

    Parameters
    ----------
    pubs
        How many it has.
    circuits
        How many those are after broadcasting the parameters.
    """
    return PREPARE_JOB_S + _PREPARE_PUB_S * pubs + _PREPARE_CIRCUIT_S * circuits


def circuit_seconds(circuit: QuantumCircuit, target: Target | None) -> float:
    """Return the duration of one execution of a circuit, in seconds.

    Qiskit's `estimate_duration` where the target knows every instruction; with control flow, where
    the target has no durations, or where the circuit is not made for it: the longest path, with the
    longer branch of an ``if``, a loop's body as often as it runs (a ``while`` once), and Heron-r2
    durations for what the target doesn't say.
    """
    from qiskit.exceptions import QiskitError

    if target is not None:
        try:
            return float(circuit.estimate_duration(target, unit="s"))
        except (QiskitError, TypeError):  # TypeError: an instruction without qubit-wise properties
            pass
    known = _durations(target)
    dt = target.dt if target is not None else None
    qubits = {qubit: i for i, qubit in enumerate(circuit.qubits)}
    return _longest_path(circuit, qubits, lambda op, on: _operation_seconds(op, on, known, dt))


Durations = Mapping[tuple[str, tuple[int, ...]], float]


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
