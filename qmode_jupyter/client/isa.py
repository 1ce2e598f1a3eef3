"""Whether a circuit is one that its QPU can run as it is: an ISA circuit (SEMANTICS P5)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakKeyDictionary

from qiskit.circuit import ParameterExpression, QuantumCircuit, Qubit
from qiskit.circuit.controlflow import CONTROL_FLOW_OP_NAMES
from qiskit.providers import BackendV2
from qiskit.transpiler import Target

from qmode_jupyter.errors import IBMInputValueError, NotISAError

# Directives that no target lists and every backend takes.
_ANYWHERE: Final = frozenset({"barrier", "store"})

# rzz is calibrated from 0 to pi/2; the tolerance is IBM's (SEMANTICS P4).
_RZZ_MAX: Final = math.pi / 2 + 1e-10

_SEE_TRANSPILATION: Final = (
    "Circuits that do not match the target hardware definition are no longer supported after March 4, 2024. "
    "Transpile it first: generate_preset_pass_manager(optimization_level=1, backend=backend).run(circuit)"
)


@dataclass(slots=True)
class _Known:
    """What a target was found to support: targets only ever grow, so a yes stays a yes."""

    target: Target
    supported: set[tuple[str, tuple[int, ...]]] = field(default_factory=set)

    def supports(self, name: str, qubits: tuple[int, ...]) -> bool:
        key = (name, qubits)
        if key in self.supported:
            return True
        if name not in _ANYWHERE and not self.target.instruction_supported(name, qubits):
            return False
        self.supported.add(key)
        return True


_KNOWN: WeakKeyDictionary[BackendV2, _Known] = WeakKeyDictionary()


def is_simulator(backend: BackendV2) -> bool:
    """Whether the backend calls itself a simulator, as Aer's do and fake ones don't."""
    configuration = getattr(backend, "configuration", None)
    if callable(configuration):
        return bool(getattr(configuration(), "simulator", False))
    return bool(getattr(backend, "simulator", False))


def check_isa(circuits: Iterable[QuantumCircuit], backend: BackendV2) -> None:
    """Check that a backend with a target of its own supports each instruction where it stands.

    Raises
    ------
    NotISAError
        With the first instruction that it doesn't support.
    """
    target = None if is_simulator(backend) else getattr(backend, "target", None)
    if target is None:
        return
    known = _KNOWN.get(backend)
    if known is None or known.target is not target:
        known = _KNOWN[backend] = _Known(target)
    done: set[int] = set()
    for circuit in circuits:
        if id(circuit) not in done:
            done.add(id(circuit))
            _check_circuit(circuit, known)


def _check_circuit(circuit: QuantumCircuit, known: _Known) -> None:
    width = known.target.num_qubits
    if width is not None and circuit.num_qubits > width:
        raise NotISAError(
            f"The circuit has {circuit.num_qubits} qubits but the target system requires {width} qubits. "
            f"{_SEE_TRANSPILATION}"
        )
    _check_block(circuit, {qubit: index for index, qubit in enumerate(circuit.qubits)}, known)


def _check_block(block: QuantumCircuit, index: Mapping[Qubit, int], known: _Known) -> None:
    """Check a circuit or a block of control flow; `index` gives a qubit's number on the device."""
    # A circuit repeats a few (instruction, qubits) many times: look each up once.
    kinds = {(item.name, item.qubits) for item in block.data}
    bad = {kind for kind in kinds if not known.supports(kind[0], tuple(index[bit] for bit in kind[1]))}
    if bad:
        name, bits = next((item.name, item.qubits) for item in block.data if (item.name, item.qubits) in bad)
        raise NotISAError(
            f"The instruction {name} on qubits {tuple(index[bit] for bit in bits)} is not supported by "
            f"the target system. {_SEE_TRANSPILATION}"
        )
    names = {name for name, _ in kinds}
    if "rzz" in names:
        _check_fixed_rzz(block)
    for name in names & CONTROL_FLOW_OP_NAMES:
        for inner, deeper in _blocks(block, name, index):
            _check_block(inner, deeper, known)


def _blocks(
    block: QuantumCircuit, name: str, index: Mapping[Qubit, int]
) -> Iterable[tuple[QuantumCircuit, dict[Qubit, int]]]:
    for item in block.data:
        if item.name == name:
            for inner in item.operation.blocks:
                yield inner, {new: index[old] for old, new in zip(item.qubits, inner.qubits, strict=True)}


def _check_fixed_rzz(block: QuantumCircuit) -> None:
    for item in block.data:
        if item.name == "rzz":
            angle = item.operation.params[0]
            if not isinstance(angle, ParameterExpression) and not 0.0 <= angle <= _RZZ_MAX:
                raise IBMInputValueError(f"{_rzz_text(float(angle))}.")


def check_rzz(pubs: Iterable[Any], backend: BackendV2) -> None:
    """Check the angles that parameter values give to rzz gates (SEMANTICS P4).

    Raises
    ------
    IBMInputValueError
        For an angle outside [0, pi/2], on backends that have the gate and are no simulators.
    """
    target = None if is_simulator(backend) else getattr(backend, "target", None)
    if target is None or "rzz" not in target.operation_names:
        return
    for pub in pubs:
        for angle in _free_rzz(pub.circuit):
            _check_bound_rzz(pub, angle)


def _free_rzz(circuit: QuantumCircuit) -> set[ParameterExpression]:
    if "rzz" not in circuit.count_ops() and not circuit.has_control_flow_op():
        return set()
    found = set()
    for item in circuit.data:
        if item.name == "rzz" and isinstance(item.operation.params[0], ParameterExpression):
            found.add(item.operation.params[0])
        elif item.name in CONTROL_FLOW_OP_NAMES:
            for inner in item.operation.blocks:
                found |= _free_rzz(inner)
    return found


def _check_bound_rzz(pub: Any, angle: ParameterExpression) -> None:
    column = {parameter: number for number, parameter in enumerate(pub.circuit.parameters)}
    of_angle = sorted(angle.parameters, key=column.__getitem__)
    values = pub.parameter_values.ravel().as_array(list(column))
    for row in values[:, [column[parameter] for parameter in of_angle]]:
        value = float(angle.bind(dict(zip(of_angle, row.tolist(), strict=True))))
        if not 0.0 <= value <= _RZZ_MAX:
            given = ", ".join(f"{p.name}={number:g}" for p, number in zip(of_angle, row, strict=True))
            raise IBMInputValueError(f"{_rzz_text(value)} ({given} in {angle}).")


def _rzz_text(angle: float) -> str:
    return f"The instruction rzz is supported only for angles in the range [0, pi/2], not for {angle:g}"
