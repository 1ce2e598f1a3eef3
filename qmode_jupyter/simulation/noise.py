"""The errors of a backend, one by one: of a device, or of a noise model that somebody made.

A device's noise model has some thousand errors. Aer writes all of them as JSON, and reads them back,
at every run; the simulation itself is a matter of milliseconds. Three things avoid that, and leave
the outcomes of a seed as they are:

* `DeviceNoise` asks Aer for the errors of the instructions in use only (`NoiseModel.from_backend` on
  a target that holds nothing else), each once;
* `ModelNoise` reads single errors out of a `NoiseModel` that the user brought;
* `noise_dict` writes Aer's dictionary of just the errors that a circuit uses, and `superops` puts
  errors into the circuit itself, where Aer would simulate a density matrix anyway.

`read_model` looks into private fields of `NoiseModel`. Where they are not as expected the callers
give Aer's public API the noise model as it is instead (`UnknownNoiseModelError`).
"""

from __future__ import annotations

import types
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from qiskit.exceptions import QiskitError

from qmode_jupyter.style.sentences import sentence

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

Qubits = tuple[int, ...]
#: An instruction's label (its name, where it has none) and its physical qubits.
Use = tuple[str, Qubits]

_FIELDS: Mapping[str, type] = {
    "_basis_gates": set,
    "_noise_instructions": set,
    "_noise_qubits": set,
    "_default_quantum_errors": dict,
    "_local_quantum_errors": dict,
    "_default_readout_error": object,
    "_local_readout_errors": dict,
    "_custom_noise_passes": list,
}


class UnknownNoiseModelError(Exception):
    """A `NoiseModel` is not made as this module expects: its errors can't be told apart."""


@dataclass(frozen=True, slots=True)
class ModelErrors:
    """What a noise model holds: errors by label and qubits, on every qubit, at readout, and passes."""

    local: Mapping[str, Mapping[Qubits, Any]]
    default: Mapping[str, Any]
    readout: Mapping[Qubits, Any]
    default_readout: Any
    passes: tuple[Any, ...]


def read_model(model: object) -> ModelErrors:
    """Return the errors of a `NoiseModel`, by reference.

    Raises
    ------
    UnknownNoiseModelError
        The model has other fields than those known here, or of other types.
    """
    fields = vars(model)
    if set(fields) != set(_FIELDS) or not all(isinstance(fields[f], kind) for f, kind in _FIELDS.items()):
        raise UnknownNoiseModelError("qiskit-aer's NoiseModel has other fields than expected")
    local = fields["_local_quantum_errors"]
    for errors in (*local.values(), fields["_local_readout_errors"]):
        if not isinstance(errors, dict) or not all(isinstance(qubits, tuple) for qubits in errors):
            raise UnknownNoiseModelError(
                "qiskit-aer's NoiseModel keeps its errors in another way than expected"
            )
    return ModelErrors(
        local,
        fields["_default_quantum_errors"],
        fields["_local_readout_errors"],
        fields["_default_readout_error"],
        tuple(fields["_custom_noise_passes"]),
    )


class Noise(Protocol):
    """The errors of one backend, looked up one by one."""

    def fetch(self, uses: Iterable[Use]) -> None:
        """Make ready the errors of these uses."""

    def gate(self, label: str, qubits: Qubits) -> Any | None:
        """Return the `QuantumError` of an instruction, None where there is none."""

    def on_all_qubits(self, label: str) -> Any | None:
        """Return the `QuantumError` of an instruction on qubits that have none of their own."""

    def readout(self, qubits: Qubits) -> Any | None:
        """Return the `ReadoutError` of a measurement, None where there is none."""

    def passes(self) -> tuple[Any, ...]:
        """Return the transpiler passes that put noise on delays."""

    def kinds(self) -> tuple[Any, ...]:
        """Return a few errors that hold every kind of operation that the noise model holds.

        Aer chooses the method of a simulation by what is anywhere in the noise model, be it used by
        the circuit or not. With these beside the errors in use it chooses as for all of it.
        """


class ModelNoise:
    """The errors of a `NoiseModel` that somebody made.

    Parameters
    ----------
    errors
        What `read_model` found.
    kinds
        What `kinds_of` found.
    load
        Turns what `errors` has in the place of a gate's error into the error; an error that waits in
        a file is loaded only when a circuit uses it.
    """

    def __init__(
        self, errors: ModelErrors, kinds: Sequence[Any], load: Callable[[Any], Any] = lambda error: error
    ) -> None:
        self._errors = errors
        self._kinds = tuple(kinds)
        self._load = load
        self._loaded: dict[Use, Any] = {}

    def fetch(self, uses: Iterable[Use]) -> None:
        """Make ready the errors of these uses."""

    def gate(self, label: str, qubits: Qubits) -> Any | None:
        """Return the `QuantumError` of an instruction, None where there is none."""
        local = self._errors.local.get(label, {})
        if qubits not in local:
            return self._errors.default.get(label)
        use = (label, qubits)
        if use not in self._loaded:
            self._loaded[use] = self._load(local[qubits])
        return self._loaded[use]

    def on_all_qubits(self, label: str) -> Any | None:
        """Return the `QuantumError` of an instruction on qubits that have none of their own."""
        return self._errors.default.get(label)

    def readout(self, qubits: Qubits) -> Any | None:
        """Return the `ReadoutError` of a measurement, None where there is none."""
        return self._errors.readout.get(qubits, self._errors.default_readout)

    def passes(self) -> tuple[Any, ...]:
        """Return the transpiler passes that put noise on delays."""
        return self._errors.passes

    def kinds(self) -> tuple[Any, ...]:
        """Return a few errors that hold every kind of operation that the noise model holds."""
        return self._kinds


class DeviceNoise:
    """The errors that `NoiseModel.from_backend` gives a device, made only for the instructions in use."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._gates: dict[Use, Any] = {}
        self._readout: dict[Qubits, Any] = {}
        self._asked: set[Use] = set()
        self._passes: tuple[Any, ...] | None = None
        self._kind: Use | None = _kind_of_device(target)

    def fetch(self, uses: Iterable[Use]) -> None:
        """Make ready the errors of these uses.

        Raises
        ------
        UnknownNoiseModelError
            Aer's model can't be read.
        """
        wanted = set(uses) - self._asked
        if not wanted and self._passes is not None:
            return
        errors = read_model(device_noise_model(self._part(wanted)))
        for label, by_qubits in errors.local.items():
            self._gates.update({(label, qubits): error for qubits, error in by_qubits.items()})
        self._readout.update(errors.readout)
        self._passes = errors.passes
        self._asked |= wanted

    def gate(self, label: str, qubits: Qubits) -> Any | None:
        """Return the `QuantumError` of an instruction, None where there is none."""
        return self._gates.get((label, qubits))

    def on_all_qubits(self, label: str) -> Any | None:
        """Return the `QuantumError` of an instruction on qubits that have none of their own: never one."""
        return None

    def readout(self, qubits: Qubits) -> Any | None:
        """Return the `ReadoutError` of a measurement, None where there is none."""
        return self._readout.get(qubits)

    def passes(self) -> tuple[Any, ...]:
        """Return the transpiler passes that put noise on delays."""
        self.fetch(())
        return self._passes or ()

    def kinds(self) -> tuple[Any, ...]:
        """Return a few errors that hold every kind of operation that the noise model holds."""
        if self._kind is None:
            return ()
        self.fetch([self._kind])
        error = self.gate(*self._kind)
        return () if error is None else (error,)

    def _part(self, uses: Iterable[Use]) -> Target:
        """Return a target that has these uses only."""
        from qiskit.transpiler import Target

        target = self._target
        part = Target(num_qubits=target.num_qubits, qubit_properties=target.qubit_properties, dt=target.dt)
        by_name: dict[str, dict[Qubits, Any]] = {}
        for name, qubits in uses:
            properties = (target[name] if name in target.operation_names else None) or {}
            known = properties.get(qubits)
            # Aer can't make a readout error of nothing.
            if known is not None and (name != "measure" or known.error is not None):
                by_name.setdefault(name, {})[qubits] = properties[qubits]
        for name, of_qubits in by_name.items():
            part.add_instruction(target.operation_from_name(name), of_qubits, name=name)
        return part


def has_noise(target: Target) -> bool:
    """Return whether a target says anything of errors or relaxation."""
    if target.num_qubits is None:
        return False
    if target.qubit_properties is not None:
        return True
    tables = (target[name] or {} for name in target.operation_names)
    return any(p is not None and p.error for table in tables for p in table.values())


def _kind_of_device(target: Target) -> Use | None:
    """Return the use whose error is of the widest kind that a device's noise model has.

    Relaxation of a qubit with T2 > T1 is a Kraus channel, any other error a mixture of Paulis and
    resets; a Kraus channel anywhere rules out Aer's stabilizer method.
    """
    qubits_of = target.qubit_properties or []
    widest: Use | None = None
    for name in sorted(target.operation_names):
        for qubits, properties in (target[name] or {}).items():
            if name == "measure" or qubits is None or properties is None:
                continue
            if not (properties.error or properties.duration):
                continue
            relaxing = [qubits_of[q] for q in qubits] if qubits_of and properties.duration else []
            if any(q and q.t1 and (q.t2 is None or q.t2 > q.t1) for q in relaxing):
                return (name, qubits)
            widest = widest or (name, qubits)
    return widest


def kinds_of(errors: ModelErrors) -> tuple[Any, ...]:
    """Return a few of the model's errors that hold every kind of operation that it holds."""
    kept: list[Any] = []
    names: set[str] = set()
    everything = [error for by_qubits in errors.local.values() for error in by_qubits.values()]
    for error in (*everything, *errors.default.values()):
        more = {name for circuit in error.circuits for name in circuit.count_ops()} - names
        if more or not kept:
            kept.append(error)
            names |= more
    return tuple(kept)


def device_noise_model(target: Target) -> Any:
    """Return `NoiseModel.from_backend` of a device with that target."""
    from qiskit_aer.noise import NoiseModel

    device = types.SimpleNamespace(
        version=2, operation_names=list(target.operation_names), target=target, dt=target.dt
    )
    with warnings.catch_warnings():
        # A device without relaxation times has no relaxation: its user knows, and Aer's word for it
        # would come out of a worker.
        warnings.simplefilter("ignore", UserWarning)
        return NoiseModel.from_backend(device)


def model_from(dictionary: Mapping[str, Any]) -> Any:
    """Return the `NoiseModel` that ``to_dict()`` made a dictionary of, JSON or not.

    `NoiseModel.from_dict` is deprecated, reads no complex numbers from JSON, and makes of a Pauli
    error an operation that has no effect in a simulation.

    Raises
    ------
    ValueError
        With what is wrong in it.
    """
    from qiskit_aer.noise import NoiseModel

    model = NoiseModel()
    errors = dictionary.get("errors")
    if not isinstance(errors, list | tuple):
        raise ValueError("it has no list of 'errors', as NoiseModel.to_dict() makes it.")
    for number, error in enumerate(errors):
        try:
            _add_error(model, error)
        except (AttributeError, IndexError, KeyError, QiskitError, TypeError, ValueError) as why:
            text = (
                f"it has no {why}." if isinstance(why, KeyError) else sentence(getattr(why, "message", why))
            )
            raise ValueError(f"error {number} is not as NoiseModel.to_dict() makes it: {text}") from None
    return model


def _add_error(model: Any, error: Mapping[str, Any]) -> None:
    from qiskit_aer.noise import QuantumError, ReadoutError

    if not isinstance(error, Mapping):
        raise TypeError(f"it is a {type(error).__name__}, and no dictionary")
    all_qubits = error.get("gate_qubits")
    if error["type"] == "roerror":
        readout = ReadoutError(error["probabilities"])
        if all_qubits is None:
            model.add_all_qubit_readout_error(readout, warnings=False)
        for qubits in all_qubits or ():
            model.add_readout_error(readout, list(qubits), warnings=False)
        return
    if error["type"] != "qerror":
        raise ValueError(f"its type is {error['type']!r}, and qerror and roerror are known")
    used = [
        q for operations in error["instructions"] for operation in operations for q in operation["qubits"]
    ]
    terms = [_error_circuit(operations, 1 + max(used, default=0)) for operations in error["instructions"]]
    gate = QuantumError(list(zip(terms, error["probabilities"], strict=True)))
    if all_qubits is None:
        model.add_all_qubit_quantum_error(gate, list(error["operations"]), warnings=False)
    for qubits in all_qubits or ():
        model.add_quantum_error(gate, list(error["operations"]), list(qubits), warnings=False)


def _error_circuit(operations: Sequence[Mapping[str, Any]], num_qubits: int) -> QuantumCircuit:
    from qiskit import QuantumCircuit

    circuit = QuantumCircuit(num_qubits)
    for operation in operations:
        circuit.append(_error_operation(operation), list(operation["qubits"]))
    return circuit


def _error_operation(operation: Mapping[str, Any]) -> Any:
    from qiskit.circuit.library import PauliGate, UnitaryGate, get_standard_gate_name_mapping
    from qiskit.quantum_info import Kraus, SuperOp

    name, params = operation["name"], operation.get("params", ())
    if name == "kraus":
        return Kraus([_matrix(param) for param in params]).to_instruction()
    if name in ("superop", "unitary"):
        matrix = _matrix(params[0])
        return UnitaryGate(matrix) if name == "unitary" else SuperOp(matrix).to_instruction()
    if name == "pauli":
        return PauliGate(params[0])
    known = get_standard_gate_name_mapping()
    if name not in known:
        raise ValueError(f"it has an operation {name!r}, which is not known")
    return known[name].base_class(*params) if params else known[name]


def _matrix(param: Any) -> Any:
    """Return a complex matrix; JSON holds each of its numbers as a pair of real ones."""
    matrix = np.asarray(param)
    return matrix if matrix.ndim == 2 else matrix[..., 0] + 1j * matrix[..., 1]
