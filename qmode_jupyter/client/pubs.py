"""What people give to `run()` made into PUBs, and everything that can be wrong with it.

Each thing that is wrong is one line that says which PUB it is in, what was expected and how to
write it; nothing has been submitted then.
"""

from __future__ import annotations

import keyword
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

import numpy as np
from qiskit.circuit import Parameter, ParameterVector, QuantumCircuit
from qiskit.circuit.controlflow import CONTROL_FLOW_OP_NAMES
from qiskit.exceptions import QiskitError
from qiskit.primitives.containers import DataBin
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qmode_jupyter.client.options.kinds import real, whole_number
from qmode_jupyter.errors import IBMInputValueError, OptionError, QmodeWarning, V1StyleError
from qmode_jupyter.style.characters import shown
from qmode_jupyter.style.sentences import sentence
from qmode_jupyter.style.warn import warn
from qmode_jupyter.style.words import count, printable

#: Executions (shots times parameter sets) that one job may have (SEMANTICS P10).
MAX_EXECUTIONS: Final = 10_000_000

PubT = TypeVar("PubT", SamplerPub, EstimatorPub)

_V1_WORDS: Final = frozenset({"circuits", "observables", "parameter_values", "parameters", "run_options"})

_V2_CALL: Final = {
    "sampler": "sampler.run([(circuit, parameter_values)]).result()[0].data.<register>.get_counts()",
    "estimator": "estimator.run([(circuit, observables, parameter_values)]).result()[0].data.evs",
}


def refuse_v1_call(program: str, more: Sequence[object], words: Mapping[str, object]) -> None:
    """Refuse arguments that only the V1 primitives took, and those that nobody knows."""
    if more or _V1_WORDS.intersection(words):
        raise V1StyleError(
            f"This is a call in the style of the V1 primitives. V2 takes a list of PUBs: {_V2_CALL[program]}"
        )
    if words:
        unit = "shots" if program == "sampler" else "precision"
        raise OptionError(f"run() has no argument {next(iter(words))!r}: it takes pubs, {unit} and dry_run.")


def sampler_pubs(pubs: object, shots: object, default_shots: int) -> list[SamplerPub]:
    """Return checked sampler PUBs, each with its number of shots (SEMANTICS P6, P8).

    Raises
    ------
    IBMInputValueError
        For the first thing that is wrong, with the number of its PUB.
    """
    if shots is not None:
        shots = _kept("shots", whole_number(1), shots)
    coerced = _coerced("sampler", pubs, lambda item: SamplerPub.coerce(item, shots))
    coerced = [pub if pub.shots else SamplerPub.coerce(pub, default_shots) for pub in coerced]
    for number, pub in enumerate(coerced):
        _check_registers(number, pub.circuit)
        _check_values(number, pub)
    check_executions(sum(pub.shots * pub.size for pub in coerced))
    return coerced


def estimator_pubs(pubs: object, precision: object, default_precision: float) -> list[EstimatorPub]:
    """Return checked estimator PUBs, each with its precision (SEMANTICS P6, P8).

    Raises
    ------
    IBMInputValueError
        For the first thing that is wrong, with the number of its PUB.
    """
    if precision is not None:
        precision = _kept("precision", real(above=0), precision)
    coerced = _coerced("estimator", pubs, lambda item: EstimatorPub.coerce(item, precision))
    coerced = [
        pub if pub.precision is not None else EstimatorPub.coerce(pub, default_precision) for pub in coerced
    ]
    for number, pub in enumerate(coerced):
        _kept(f"PUB {number}: The precision", real(above=0), pub.precision)
        _check_observables(number, pub)
        _check_values(number, pub)
    check_executions(sum(_shots_for(pub.precision) * pub.parameter_values.size for pub in coerced))
    return coerced


def _coerced(program: str, pubs: object, coerce: Callable[[Any], PubT]) -> list[PubT]:
    example = "[circuit]" if program == "sampler" else "[(circuit, observables)]"
    if isinstance(pubs, QuantumCircuit):
        raise V1StyleError(f"run() takes a list of PUBs, not one circuit: write {program}.run({example}).")
    if isinstance(pubs, (SamplerPub, EstimatorPub)):
        pubs = [pubs]
    if not isinstance(pubs, Iterable) or isinstance(pubs, (str, bytes, Mapping)):
        raise IBMInputValueError(f"run() takes a list of PUBs such as {example}, not {type(pubs).__name__}.")
    items = list(pubs)
    if not items:
        raise IBMInputValueError(f"The list of PUBs is empty: give at least one, such as {example}.")
    if isinstance(pubs, tuple) and isinstance(items[0], QuantumCircuit) and not _is_pub(items[-1]):
        raise IBMInputValueError(
            f"run() takes a list of PUBs, not one PUB: write {program}.run([(circuit, …)]), with brackets."
        )
    return [_coerce_one(number, program, item, coerce) for number, item in enumerate(items)]


def _is_pub(item: object) -> bool:
    return isinstance(item, (QuantumCircuit, SamplerPub, EstimatorPub)) or (
        isinstance(item, (tuple, list)) and bool(item) and isinstance(item[0], QuantumCircuit)
    )


def _coerce_one(number: int, program: str, item: object, coerce: Callable[[Any], PubT]) -> PubT:
    try:
        return coerce(item)
    except (TypeError, ValueError, LookupError, AttributeError, QiskitError) as error:
        text = _what_is_wrong(program, item) or sentence(error)
        raise IBMInputValueError(f"PUB {number}: {text}") from None


def _what_is_wrong(program: str, item: object) -> str:
    """Say in plain words what is most often wrong with a PUB; "" leaves it to Qiskit's text."""
    parts = (item,) if isinstance(item, QuantumCircuit) else item
    if isinstance(parts, (SamplerPub, EstimatorPub)):
        return f"it is a {type(parts).__name__}, which no {program} takes."
    if not isinstance(parts, (tuple, list)) or not parts or not isinstance(parts[0], QuantumCircuit):
        return f"a PUB begins with its circuit, not {shown(item)}."
    circuit, values_at = parts[0], 1 if program == "sampler" else 2
    if program == "estimator" and len(parts) < 2:
        return "it has no observables: write (circuit, observables) or (circuit, observables, values)."
    if len(parts) > values_at + 2:
        return f"it has {len(parts)} parts, and at most {values_at + 2} are known."
    if len(parts) > values_at + 1 and parts[-1] is not None:
        kind, word = (whole_number(1), "shots") if program == "sampler" else (real(above=0), "precision")
        try:
            kind.keep(parts[-1])
        except ValueError:
            return f"its {word} must be {kind.words}, not {parts[-1]!r}."
    if program == "estimator":
        widths = _observable_widths(parts[1])
        if widths and widths != {circuit.num_qubits}:
            return (
                f"the circuit has {count(circuit.num_qubits, 'qubit')} and the observable {min(widths)}: "
                "after transpiling, use observable.apply_layout(isa_circuit.layout)."
            )
    values = parts[values_at] if len(parts) > values_at else None
    return _wrong_count(circuit, values)


def _wrong_count(circuit: QuantumCircuit, values: object) -> str:
    wanted = circuit.num_parameters
    noun = "parameter" if wanted == 1 else "parameters"
    if values is None:
        return f"the circuit has {wanted} {noun} and no values were given." if wanted else ""
    try:
        array = np.asarray(values)
    except ValueError:
        return "its parameter values are rows of different lengths."
    if isinstance(values, Mapping) and (strange := [key for key in values if not _names_parameters(key)]):
        return f"its parameter values are by parameter or name, not by {shown(strange[0])}."
    if array.dtype == object:  # a dictionary, or things that are no numbers
        return ""
    if array.dtype.kind not in "biuf":
        return "its parameter values must be real numbers."
    given = array.shape[-1] if array.ndim else 1
    if given != wanted:
        return (
            f"the circuit has {wanted} {noun} and {given} values were given (array of shape {array.shape})."
        )
    return ""


def _names_parameters(key: object) -> bool:
    names = key if isinstance(key, tuple) else (key,)
    return all(isinstance(name, str | Parameter | ParameterVector) for name in names)


def _observable_widths(observables: Any) -> set[int]:
    if isinstance(observables, str):
        return {len(observables)}
    if isinstance(observables, Mapping):
        return {len(key) for key in observables if isinstance(key, str)}
    if hasattr(observables, "num_qubits"):
        return {observables.num_qubits}
    if isinstance(observables, (list, tuple)):
        return set().union(*map(_observable_widths, observables))
    return set()


def _check_values(number: int, pub: SamplerPub | EstimatorPub) -> None:
    values = pub.parameter_values
    if not values.num_parameters:
        return
    names = [parameter.name for parameter in pub.circuit.parameters]
    try:
        array = values.as_array(names)
    except ValueError:  # as many values as parameters, and of other names
        given = ", ".join(name for group in values.data for name in group)
        raise IBMInputValueError(
            f"PUB {number}: the circuit's parameters are {', '.join(names)}, and values came for {given}."
        ) from None
    if not np.isfinite(array).all():
        where = tuple(int(index) for index in np.argwhere(~np.isfinite(array))[0])
        raise IBMInputValueError(
            f"PUB {number}: parameter values must be finite, and {list(where)} is {array[where]}."
        )


def _check_registers(number: int, circuit: QuantumCircuit) -> None:
    if not circuit.cregs:  # SEMANTICS P6, in the client's words
        warn(
            f"The {number}-th circuit has no output classical registers so the result will be empty. "
            "Did you mean to add measurement instructions?",
            UserWarning,
        )
    elif not _measures(circuit):  # SEMANTICS A27
        warn(
            f"PUB {number}: circuit {printable(circuit.name)} measures nothing, so its classical "
            "registers hold zeros. "
            "Did you mean to call measure_all() before transpiling it?",
            QmodeWarning,
        )
    for register in circuit.cregs:
        name = register.name
        if register.size == 0:
            raise IBMInputValueError(
                f"PUB {number}: Classical register {name} is of size 0, which is not allowed."
            )
        if not name.isidentifier():
            raise IBMInputValueError(
                f"PUB {number}: Classical register names must be valid identifiers, but {name!r} is not."
            )
        if keyword.iskeyword(name):
            raise IBMInputValueError(
                f"PUB {number}: Classical register names cannot be Python keywords, but {name!r} is one."
            )
        if hasattr(DataBin, name):
            raise IBMInputValueError(
                f"PUB {number}: results have a {name!r} of their own, so no classical register can."
            )


def _measures(circuit: QuantumCircuit) -> bool:
    if any(name.startswith("measure") for name in circuit.count_ops()):  # IBM's are called measure_2, …
        return True
    return circuit.has_control_flow_op() and any(
        _measures(block)
        for item in circuit.data
        if item.name in CONTROL_FLOW_OP_NAMES
        for block in item.operation.blocks
    )


def _check_observables(number: int, pub: EstimatorPub) -> None:
    if pub.observables.shape == (0,):
        raise IBMInputValueError(f"PUB {number}: Empty observables array is not allowed.")
    for _, observable in np.ndenumerate(pub.observables):
        if not set("".join(observable)) <= set("IXYZ"):
            raise IBMInputValueError(f"PUB {number}: Observables alphabet is limited to I, X, Y, Z.")


def _shots_for(precision: float) -> float:
    shots = 1 / precision / precision
    return math.ceil(shots) if math.isfinite(shots) else math.inf


def check_executions(executions: float) -> None:
    """Raise IBMInputValueError for more executions than one job may have (SEMANTICS P10)."""
    if not executions <= MAX_EXECUTIONS:  # not a number: infinitely many shots of no set
        raise IBMInputValueError(
            f"The job would be {executions:,} executions (shots times parameter sets), and at most "
            f"{MAX_EXECUTIONS:,} are allowed (error code 1520): ask for fewer, or split it."
        )


def _kept(word: str, kind: Any, value: object) -> Any:
    try:
        return kind.keep(value)
    except ValueError:
        raise IBMInputValueError(f"{word} must be {kind.words}, not {value!r}.") from None
