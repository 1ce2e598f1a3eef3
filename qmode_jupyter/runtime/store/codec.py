"""Requests, results and records as bytes and JSON, and back; nothing of it is ever unpickled.

A body is a line of JSON and the arrays that it names, in NumPy's own format; circuits are QPY.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from qmode_jupyter.cost.work import Mitigation, Work
from qmode_jupyter.scheduler.records import JobRecord, JobState, Mode, Span, WorkloadRecord, WorkloadState
from qmode_jupyter.simulation.execution_spans import Executing
from qmode_jupyter.simulation.tasks import EstimatedPub, SampledPub, SimulationOptions, TaskResult

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qmode_jupyter.runtime.jobs import JobRequest

#: Below this, compressing takes longer than writing.
_WORTH_BYTES: Final = 16 * 2**10
_PLAIN, _COMPRESSED = b"p", b"z"

_JOB_FIELDS: Final = tuple(field.name for field in fields(JobRecord))
_WORKLOAD_FIELDS: Final = tuple(field.name for field in fields(WorkloadRecord))


class Unreadable(ValueError):
    """Bytes that `body` did not make."""


# ---- bytes


def body(header: Mapping[str, Any], arrays: Sequence[NDArray[Any]] = ()) -> bytes:
    """Return a header and arrays as bytes; of what JSON does not know, its `repr`."""
    buffer = io.BytesIO()
    buffer.write(json.dumps(header, default=repr).encode())
    buffer.write(b"\n")
    for array in arrays:
        np.lib.format.write_array(buffer, array, allow_pickle=False)
    return compressed(buffer.getvalue())


def parts_of(written: bytes) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """Return the header and the arrays of what `body` made.

    Raises
    ------
    Unreadable
        For other bytes.
    """
    try:
        data = plain(written)
        buffer = io.BytesIO(data)
        header: dict[str, Any] = json.loads(buffer.readline())
        arrays = []
        while buffer.tell() < len(data):
            arrays.append(np.lib.format.read_array(buffer, allow_pickle=False))
        return header, arrays
    except (ValueError, zlib.error) as error:
        raise Unreadable(f"what was kept can't be read: {error}") from None


def compressed(data: bytes) -> bytes:
    """Return bytes as they are kept: smaller where it pays."""
    if len(data) >= _WORTH_BYTES:
        smaller = zlib.compress(data, 1)
        if len(smaller) < 0.9 * len(data):
            return _COMPRESSED + smaller
    return _PLAIN + data


def plain(kept: bytes) -> bytes:
    """Return the bytes that `compressed` was given."""
    kind, data = kept[:1], kept[1:]
    return zlib.decompress(data) if kind == _COMPRESSED else data


# ---- circuits and PUBs


def circuit_bytes(circuit: QuantumCircuit) -> bytes:
    """Return a circuit as QPY; whatever Qiskit raises for one that it can't write."""
    from qiskit import qpy

    buffer = io.BytesIO()
    qpy.dump(circuit, buffer)
    return compressed(buffer.getvalue())


def circuit_of(kept: bytes) -> QuantumCircuit:
    """Return the circuit that `circuit_bytes` wrote."""
    from qiskit import qpy

    circuit: QuantumCircuit = qpy.load(io.BytesIO(plain(kept)))[0]
    return circuit


@dataclass(frozen=True, slots=True)
class Register:
    """A classical register: its name and how many bits it has."""

    name: str
    size: int

    def __len__(self) -> int:
        return self.size


@dataclass(frozen=True, slots=True)
class OutlineCircuit:
    """What of a circuit its results are made with."""

    cregs: tuple[Register, ...]
    metadata: Any


@dataclass(frozen=True, slots=True)
class Outline:
    """What of a PUB its results are made with: they can be read where the circuit itself can't."""

    circuit: OutlineCircuit
    shape: tuple[int, ...]
    shots: int
    precision: float | None


def outlines(pubs: Sequence[Any]) -> str:
    """Return, as JSON, what the results of PUBs are made with."""
    return json.dumps(
        [
            {
                "registers": [(register.name, len(register)) for register in pub.circuit.cregs],
                "metadata": pub.circuit.metadata,
                "shape": pub.shape,
                "shots": getattr(pub, "shots", 0),
                "precision": getattr(pub, "precision", None),
            }
            for pub in pubs
        ],
        default=repr,
    )


def outlines_of(written: str) -> list[Outline]:
    """Return what `outlines` wrote."""
    return [
        Outline(
            OutlineCircuit(tuple(Register(*register) for register in pub["registers"]), pub["metadata"]),
            tuple(pub["shape"]),
            pub["shots"],
            pub["precision"],
        )
        for pub in json.loads(written)
    ]


def request_body(request: JobRequest, circuits: Sequence[str | None]) -> bytes:
    """Return what was asked for; `circuits` are the keys of the PUBs' circuits, None for one not kept."""
    written, arrays = [], []
    for pub, circuit in zip(request.pubs, circuits, strict=True):
        groups = pub.parameter_values.data
        arrays += list(groups.values())
        about = {"circuit": circuit, "names": list(groups), "shape": pub.parameter_values.shape}
        if hasattr(pub, "observables"):
            about |= {"observables": pub.observables.tolist(), "precision": pub.precision}
        else:
            about["shots"] = pub.shots
        written.append(about)
    options = _options(request.options)
    return body({"options": options, "sent": dict(request.sent), "pubs": written}, arrays)


def pubs_of(written: bytes, circuits: Mapping[str | None, QuantumCircuit]) -> list[Any]:
    """Return the PUBs that `request_body` wrote; KeyError for a circuit that was not kept."""
    from qiskit.primitives.containers.bindings_array import BindingsArray
    from qiskit.primitives.containers.estimator_pub import EstimatorPub
    from qiskit.primitives.containers.observables_array import ObservablesArray
    from qiskit.primitives.containers.sampler_pub import SamplerPub

    header, arrays = parts_of(written)
    found: list[Any] = []
    for about in header["pubs"]:
        groups = {tuple(names): arrays.pop(0) for names in about["names"]}
        values = BindingsArray(groups, shape=tuple(about["shape"]))
        circuit = circuits[about["circuit"]]
        if "observables" in about:
            observables = ObservablesArray.coerce(about["observables"])
            found.append(EstimatorPub(circuit, observables, values, about["precision"]))
        else:
            found.append(SamplerPub(circuit, values, about["shots"]))
    return found


def circuits_in(written: bytes) -> list[str | None]:
    """Return the keys of the circuits of a request."""
    return [about["circuit"] for about in parts_of(written)[0]["pubs"]]


def sent_of(written: bytes) -> dict[str, Any]:
    """Return the options of a request that were set."""
    sent: dict[str, Any] = parts_of(written)[0]["sent"]
    return sent


def options_of(written: bytes) -> SimulationOptions:
    """Return the options of a request; of a noise model, its description."""
    options = dict(parts_of(written)[0]["options"])
    mitigation = dict(options["mitigation"])
    mitigation["zne_factors"] = tuple(mitigation["zne_factors"])
    return SimulationOptions(**options | {"mitigation": Mitigation(**mitigation)})


def _options(options: SimulationOptions) -> dict[str, Any]:
    written = {field.name: getattr(options, field.name) for field in fields(options)}
    written["mitigation"] = asdict(options.mitigation)
    return written


# ---- results


def result_body(result: TaskResult, executing: Executing | None) -> bytes:
    """Return what came of a job, and when its circuits were executed."""
    pubs: list[Any] = []
    arrays: list[NDArray[Any]] = []
    for pub in result.pubs:
        if isinstance(pub, SampledPub):
            pubs.append([pub.number, pub.first_set, list(pub.arrays)])
            arrays += pub.arrays.values()
        else:
            pubs.append([pub.number, pub.shots])
            arrays += (pub.positions, pub.evs, pub.stds)
    when = None if executing is None else (executing.start_s, executing.end_s, executing.rep_delay_s)
    header = {
        "program": result.program,
        "pubs": pubs,
        "work": result.work.to_dict(),
        "simulated_s": result.simulated_s,
        "shares_s": result.shares_s,
        "notes": result.notes,
        "dry_run": result.dry_run,
        "executing": when,
    }
    return body(header, arrays)


def result_of(written: bytes) -> tuple[TaskResult, Executing | None]:
    """Return what `result_body` was given."""
    header, arrays = parts_of(written)
    pubs: list[SampledPub | EstimatedPub] = []
    for about in header["pubs"]:
        if header["program"] == "sampler":
            number, first_set, names = about
            pubs.append(SampledPub(number, first_set, {name: arrays.pop(0) for name in names}))
        else:
            number, shots = about
            pubs.append(EstimatedPub(number, arrays.pop(0), arrays.pop(0), arrays.pop(0), shots))
    result = TaskResult(
        program=header["program"],
        pubs=tuple(pubs),
        work=Work.from_dict(header["work"]),
        simulated_s=header["simulated_s"],
        shares_s=tuple((number, seconds, times) for number, seconds, times in header["shares_s"]),
        notes=tuple(header["notes"]),
        dry_run=header["dry_run"],
    )
    return result, None if header["executing"] is None else Executing(*header["executing"])


# ---- records


def job_json(record: JobRecord) -> str:
    """Return a job's record as JSON."""
    written = {name: getattr(record, name) for name in _JOB_FIELDS}
    if record.work is not None:
        written["work"] = record.work.to_dict()
    return json.dumps(written)


def job_of(written: str) -> JobRecord:
    """Return what `job_json` wrote."""
    values = json.loads(written)
    values["state"] = JobState(values["state"])
    values["awaited"] = tuple(values["awaited"])
    values["parts"] = tuple((name, seconds) for name, seconds in values["parts"])
    values["work"] = None if values["work"] is None else Work.from_dict(values["work"])
    return JobRecord(**values)


def workload_json(record: WorkloadRecord) -> str:
    """Return the record of a session or batch as JSON."""
    written = {name: getattr(record, name) for name in _WORKLOAD_FIELDS}
    written["stretches"] = [(span.start, span.end) for span in record.stretches]
    return json.dumps(written)


def workload_of(written: str) -> WorkloadRecord:
    """Return what `workload_json` wrote."""
    values = json.loads(written)
    values["mode"], values["state"] = Mode(values["mode"]), WorkloadState(values["state"])
    values["stretches"] = tuple(Span(*span) for span in values["stretches"])
    values["history"] = tuple((WorkloadState(state), at) for state, at in values["history"])
    return WorkloadRecord(**values)
