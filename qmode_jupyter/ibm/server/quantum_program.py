"""Quantum programs: circuits and samplexes, as IBM's client-side primitives send them (SEMANTICS R8).

A samplex draws the parameter values of a randomized circuit. It is sampled here, where the service does
its classical preparation; what it draws beside them (which bits were flipped, signs) goes back
with the results.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from ibm_quantum_schemas.common import CompressedTensorModel
from ibm_quantum_schemas.executor.version_2_0 import ParamsModel, QuantumProgramResultModel
from numpy.typing import NDArray
from pydantic import ValidationError
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit_ibm_runtime.fake_provider.executor.broadcast_sample import broadcast_sample

from qmode_jupyter.client.isa import check_isa
from qmode_jupyter.client.pubs import check_executions
from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.ibm.server.refusals import UnreadableCircuit, bad_request, first_line
from qmode_jupyter.runtime.jobs import JobRequest
from qmode_jupyter.simulation.tasks import SimulationOptions
from qmode_jupyter.style.sentences import sentence

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.primitives import PrimitiveResult
    from qiskit.providers import BackendV2

_VERSION: Final = "v2.0"

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class _Item:
    """One item of a program: what is run, and what was drawn for it beside its parameter values."""

    pub: SamplerPub
    drawn: Arrays


def quantum_program(
    params: dict[str, Any], backend: BackendV2, *, dry_run: bool
) -> tuple[JobRequest, Callable[[PrimitiveResult[Any]], str]]:
    """Return what a quantum program asks for, and what makes a text of its result.

    Raises
    ------
    Refusal
        For `params` that are no program of the schema's version 2.0.
    IBMInputValueError
        For circuits that can't be read, or can't be run on the backend.
    """
    model = _model(params)
    asked = model.quantum_program
    if asked.meas_level != "classified":
        raise bad_request(
            f"meas_level={asked.meas_level!r} needs hardware: a simulator gives classified data only."
        )
    items = _items(model)
    check_isa([item.pub.circuit for item in items], backend)
    check_executions(sum(asked.shots * item.pub.size for item in items))
    options = SimulationOptions(
        dry_run=dry_run, rep_delay_s=model.options.rep_delay, init_qubits=model.options.init_qubits
    )
    request = JobRequest("executor", tuple(item.pub for item in items), backend, options)
    return request, lambda result: _text(asked, items, result)


def _model(params: dict[str, Any]) -> ParamsModel:
    version = params.get("schema_version", _VERSION)
    if version != _VERSION:
        raise bad_request(
            f"schema_version {version!r} of quantum programs is not known here, {_VERSION} is.",
            "Use a qiskit-ibm-runtime from 0.50 on.",
        )
    try:
        return ParamsModel.model_validate(params)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise bad_request(f"params.{where}: {sentence(first['msg'])}") from None
    except Exception as error:  # noqa: BLE001 - the models read QPY and zlib, which raise what they like
        raise UnreadableCircuit(f"The program can't be read: {first_line(error)}") from None


def _items(model: ParamsModel) -> list[_Item]:
    program = model.quantum_program
    try:
        circuits = program.circuits.to_python(use_cached=True)
    except Exception as error:  # noqa: BLE001 - the same
        raise UnreadableCircuit(f"The circuits can't be read: {first_line(error)}") from None
    rng = np.random.default_rng()
    found = []
    for number, (circuit, item) in enumerate(zip(circuits, program.items, strict=True)):
        try:
            values, drawn = _arguments(item) if item.item_type == "circuit" else _sampled(item, rng)
            found.append(_Item(_pub(circuit, values, program.shots), drawn))
        except IBMInputValueError:
            raise
        except Exception as error:  # noqa: BLE001 - samplomatic's and NumPy's own, about what came
            raise IBMInputValueError(f"Item {number} can't be run: {first_line(error)}") from None
    return found


def _arguments(item: Any) -> tuple[NDArray[np.float64], Arrays]:
    values = item.circuit_arguments.to_numpy()
    return (np.broadcast_to(values, (*item.shape, values.shape[-1])) if item.shape else values), {}


def _sampled(item: Any, rng: np.random.Generator) -> tuple[NDArray[np.float64], Arrays]:
    samplex = item.samplex.to_samplex(use_cached=True)
    samplex.finalize()
    arguments = samplex.inputs().make_broadcastable()
    for name, value in item.samplex_arguments.items():
        if isinstance(value, CompressedTensorModel):
            arguments[name] = value.to_numpy()
        elif hasattr(value, "to_pauli_lindblad_map"):
            arguments[name] = value.to_pauli_lindblad_map()
        else:
            arguments[name] = value
    drawn = broadcast_sample(samplex, arguments, tuple(item.shape), rng)
    return drawn.pop("parameter_values"), drawn


def _pub(circuit: QuantumCircuit, values: NDArray[np.float64], shots: int) -> SamplerPub:
    if values.shape[-1] != circuit.num_parameters:
        raise IBMInputValueError(
            f"the circuit has {circuit.num_parameters} parameters and {values.shape[-1]} values were given"
        )
    parameters = tuple(circuit.parameters)
    bound = BindingsArray({parameters: values} if parameters else None, shape=values.shape[:-1])
    return SamplerPub(circuit, bound, shots)


def _text(program: Any, items: Sequence[_Item], result: PrimitiveResult[Any]) -> str:
    """Return a result as the schema has it: for each register an array (..., shots, bits) of booleans."""
    data = []
    for item, pub_result in zip(items, result, strict=True):
        arrays = {name: bits.to_bool_array(order="little") for name, bits in pub_result.data.items()}
        results = {
            name: CompressedTensorModel.from_numpy(np.ascontiguousarray(array))
            for name, array in {**item.drawn, **arrays}.items()
        }
        data.append({"results": results, "metadata": {}})
    spans = result.metadata["execution"]["execution_spans"]
    return QuantumProgramResultModel.model_validate(
        {
            "data": data,
            "metadata": {"chunk_timing": [_chunk(span, items) for span in spans]},
            "passthrough_data": program.passthrough_data,
            "semantic_role": program.semantic_role,
        }
    ).model_dump_json()


def _chunk(span: Any, items: Sequence[_Item]) -> dict[str, Any]:
    parts = []
    for number in span.pub_idxs:
        shape = items[number].pub.shape
        size = math.prod(shape)
        parts.append(
            {
                "idx_item": number,
                "size": size,
                "permutation": list(range(len(shape))),
                "element_range": (0, size, 1),
            }
        )
    return {"start": span.start, "stop": span.stop, "parts": parts}
