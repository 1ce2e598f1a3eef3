"""What a worker makes of a circuit before Aer sees it: flat, narrow, and with its parameters to fill in.

A circuit for a device is as wide as the device; only the qubits that it touches are simulated. The
order of the instructions is kept, since Aer's random numbers are drawn in that order.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qmode_jupyter.errors import IBMInputValueError

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.circuit import Parameter, ParameterExpression

#: Instructions that Aer takes for jumps between parts of a circuit, or for computing with classical bits.
DYNAMIC = frozenset({"mark", "jump", "store", "aer_store"})
_BY_CHANCE = frozenset({"reset", "initialize", "quantum_channel", "kraus", "superop"})


@dataclass(frozen=True, slots=True)
class FlatCircuit:
    """A circuit without control-flow blocks and without idle qubits.

    Attributes
    ----------
    circuit
        The instructions, on qubits 0, 1, …
    qubits
        The physical index of each of them.
    slots
        (instruction, parameter position) of every parameter without a value.
    fill
        Maps an array (sets, parameters) of the original circuit's parameter values to one
        (sets, slots).
    samplable
        Whether without noise all shots can be drawn from one final state.
    """

    circuit: QuantumCircuit
    qubits: tuple[int, ...]
    slots: tuple[tuple[int, int], ...]
    fill: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    samplable: bool


def flatten(
    circuit: QuantumCircuit, passes: Sequence[Any] = (), also: Collection[int] = frozenset()
) -> FlatCircuit:
    """Return the circuit as Aer runs it.

    Parameters
    ----------
    circuit
        Made of instructions that Aer knows, control flow included.
    passes
        The noise model's own passes. As in Aer, they see only circuits with a delay.
    also
        Indices of qubits to keep even if the circuit does not touch them.

    Raises
    ------
    IBMInputValueError
        It has variables or stretches, which Aer has not, or the noise of a delay depends on a parameter.
    """
    from qiskit.circuit import Delay
    from qiskit.transpiler import PassManager
    from qiskit_aer.backends.aer_compiler import compile_circuit
    from qiskit_aer.backends.backend_utils import circuit_optypes

    _refuse_variables(circuit)
    flat = compile_circuit([circuit], [circuit_optypes(circuit)])[0][0]
    if passes and Delay in circuit_optypes(flat):
        _refuse_free_delays(flat)
        flat = PassManager(list(passes)).run(flat)
    narrow, qubits = _narrow(flat, also)
    narrow, samplable = _measured_last(narrow)
    order = {parameter: column for column, parameter in enumerate(circuit.parameters)}
    slots, expressions = _slots(narrow)
    return FlatCircuit(narrow, qubits, slots, _Filler(expressions, order), samplable)


def _refuse_variables(circuit: QuantumCircuit) -> None:
    for stretch in circuit.iter_stretches():
        raise IBMInputValueError(
            f"The stretch {stretch.name!r} can't be simulated, as Aer has none. "
            'Give its delays a length, or use options={"simulator": {"dry_run": True}}.'
        )
    for variable in circuit.iter_vars():
        raise IBMInputValueError(
            f"The real-time variable {variable.name!r} can't be simulated, as Aer has none. "
            "Keep its value in a ClassicalRegister (if_test, switch and store take one), "
            'or use options={"simulator": {"dry_run": True}}.'
        )
    for instruction in circuit.data:
        for block in getattr(instruction.operation, "blocks", ()):
            _refuse_variables(block)


def _refuse_free_delays(circuit: QuantumCircuit) -> None:
    for instruction in circuit.data:
        if instruction.name == "delay" and instruction.is_parameterized():
            raise IBMInputValueError(
                f"The delay of {instruction.params[0]} {instruction.operation.unit} can't be simulated with "
                "noise, which depends on its length: use circuit.assign_parameters() before run()."
            )


def _narrow(circuit: QuantumCircuit, also: Collection[int]) -> tuple[QuantumCircuit, tuple[int, ...]]:
    """Return the circuit on the qubits that it touches, without barriers, and their indices."""
    from qiskit import QuantumCircuit

    index = {qubit: position for position, qubit in enumerate(circuit.qubits)}
    data = [
        plain
        for instruction in circuit.data
        if instruction.operation.name != "barrier"
        for plain in _in_aers_words(instruction)
    ]
    touched = {
        index[q]
        for instruction in data
        if instruction.operation.name not in DYNAMIC
        for q in instruction.qubits
    }
    qubits = tuple(sorted(touched.union(also)))
    kept = [circuit.qubits[q] for q in qubits]
    narrow = QuantumCircuit(
        kept, circuit.clbits, *circuit.cregs, inputs=tuple(circuit.iter_input_vars()), name=circuit.name
    )
    for var in circuit.iter_declared_vars():
        narrow.add_uninitialized_var(var)
    there = set(kept)
    for instruction in data:
        if instruction.operation.name in DYNAMIC and not there.issuperset(instruction.qubits):
            instruction = _marker_on(instruction, [q for q in instruction.qubits if q in there])
        narrow._append(instruction)
    return narrow, qubits


def _in_aers_words(instruction: Any) -> Sequence[Any]:
    """Return what does the same as IBM's named measurements and resets, such as ``measure_2``.

    They are ways to measure and to reset of a device, each with durations of its own, that Aer does
    not tell apart.
    """
    from qiskit.circuit import Measure, Reset

    name = instruction.name
    if not name.startswith(("measure_", "reset_")) or instruction.operation.definition is not None:
        return (instruction,)
    measured = instruction.replace(operation=Measure())
    if name.startswith("measure_") and not name.startswith("measure_reset"):
        return (measured,)
    reset = instruction.replace(operation=Reset(), clbits=())
    return (measured, reset) if name.startswith("measure_") else (reset,)


def _measured_last(circuit: QuantumCircuit) -> tuple[QuantumCircuit, bool]:
    """Return the circuit with its measurements last, where that changes nothing; and if it is samplable.

    Aer moves them there as well. It counts the slots of parameters before that, and puts the values
    where the count leads to after it.
    """
    seen: set[Any] = set()
    first: list[Any] = []
    last: list[Any] = []
    for instruction in circuit.data:
        name = instruction.name
        if name in DYNAMIC or name.startswith("save_"):
            return circuit, False
        if name == "measure":
            seen.update(instruction.qubits)
            last.append(instruction)
        elif not seen.isdisjoint(instruction.qubits):
            return circuit, False
        else:
            first.append(instruction)
    data = circuit.data
    begun = [n for n, i in enumerate(data) if i.name == "initialize" and n]
    if begun and len(data[begun[-1]].qubits) < circuit.num_qubits:
        return circuit, False  # Aer runs such a circuit shot by shot, as it stands.
    moved = circuit.copy_empty_like()
    for instruction in (*first, *last):
        moved._append(instruction)
    return moved, all(instruction.name not in _BY_CHANCE for instruction in first)


def _marker_on(instruction: Any, qubits: Sequence[Any]) -> Any:
    """Return a jump or mark that spans only these qubits."""
    operation = instruction.operation.copy()
    operation.num_qubits = len(qubits)
    return instruction.replace(operation=operation, qubits=qubits)


def _slots(circuit: QuantumCircuit) -> tuple[tuple[tuple[int, int], ...], list[ParameterExpression]]:
    from qiskit.circuit import ParameterExpression

    slots, expressions = [], []
    for number, instruction in enumerate(circuit.data):
        if not instruction.is_parameterized():
            continue
        for position, parameter in enumerate(instruction.params):
            if isinstance(parameter, ParameterExpression) and parameter.parameters:
                slots.append((number, position))
                expressions.append(parameter)
    return tuple(slots), expressions


class _Filler:
    """Evaluates the expressions of a circuit for many sets of values at once.

    Nearly every expression of a transpiled circuit is a sum like `2*theta + pi`: those are one
    product with a matrix. The rest is bound set by set.
    """

    def __init__(self, expressions: Sequence[ParameterExpression], order: Mapping[Parameter, int]) -> None:
        self._matrix = np.zeros((len(order), len(expressions)))
        self._constant = np.zeros(len(expressions))
        self._other: list[tuple[int, ParameterExpression, list[tuple[Parameter, int]]]] = []
        for slot, expression in enumerate(expressions):
            terms = [(parameter, order[parameter]) for parameter in expression.parameters]
            slopes = [_slope(expression, parameter) for parameter, _ in terms]
            if any(slope is None for slope in slopes):
                self._other.append((slot, expression, terms))
                continue
            for (_, column), slope in zip(terms, slopes, strict=True):
                self._matrix[column, slot] = slope
            self._constant[slot] = float(expression.bind({parameter: 0.0 for parameter, _ in terms}))

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        filled: NDArray[np.float64] = values @ self._matrix + self._constant
        for slot, expression, terms in self._other:
            for row in range(len(values)):
                bound = {parameter: float(values[row, column]) for parameter, column in terms}
                filled[row, slot] = float(expression.bind(bound))
        return filled


def _slope(expression: ParameterExpression, parameter: Parameter) -> float | None:
    """Return the derivative where it is a plain number: the expression is linear in the parameter."""
    from qiskit.circuit.exceptions import CircuitError

    try:
        slope = expression.gradient(parameter)
    except (CircuitError, RuntimeError, TypeError, ValueError):  # not every function has a derivative
        return None
    return float(slope) if isinstance(slope, int | float) else None
