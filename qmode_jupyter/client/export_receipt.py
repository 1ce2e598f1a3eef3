"""A job's receipt as plain data, with nothing but IBM's client.

Nothing here is imported from this package: docs/costs.md shows the text below as a cell, for an
environment that has IBM's client and not us.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from qiskit.exceptions import QiskitError
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub


def receipt_of(job: Any) -> dict[str, Any]:
    """Return what a job was, and what it was charged, as data that JSON can hold.

    Parameters
    ----------
    job
        Of a Sampler or an Estimator, as ``service.job(id)`` returns it.

    Returns
    -------
    dict
        ``version`` (1), ``job``, ``primitive``, ``status``, ``metrics`` as the service gives them,
        ``options`` as they were sent; ``backend``, its ``processor_type`` and ``default_rep_delay``
        (seconds; both None where it has none); and ``pubs``: of each its ``circuits`` (after
        broadcasting, in all measurement bases), the ``shots`` of each, the ``instructions`` of its
        circuit, and the seconds of one execution: ``gates_s`` and ``readout_s``, None where the
        backend has no durations. No circuit, parameter or result is in it.

    Raises
    ------
    ValueError
        For a job of another program.
    """
    if job.primitive_id not in ("sampler", "estimator"):
        raise ValueError(f"a receipt is of a sampler's or an estimator's job, not of {job.primitive_id!r}")
    of_pub = _sampler_pub if job.primitive_id == "sampler" else _estimator_pub
    inputs, backend = dict(job.inputs), job.backend()
    options = dict(inputs.get("options") or {})
    if "resilience_level" in inputs:
        options["resilience_level"] = inputs["resilience_level"]
    receipt = {
        "version": 1,
        "job": job.job_id(),
        "backend": backend.name,
        "processor_type": getattr(backend, "processor_type", None),
        "default_rep_delay": getattr(backend, "default_rep_delay", None),
        "primitive": job.primitive_id,
        "status": str(getattr(job.status(), "name", job.status())),
        "metrics": job.metrics(),
        "options": options,
        "pubs": [of_pub(pub, options, backend.target) for pub in inputs.get("pubs", ())],
    }
    return dict(json.loads(json.dumps(receipt, default=str)))


def _sampler_pub(like: Any, options: Mapping[str, Any], target: Any) -> dict[str, Any]:
    pub = SamplerPub.coerce(like if isinstance(like, SamplerPub) else tuple(like))
    circuit = pub.circuit
    measured = {
        circuit.find_bit(qubit).index
        for instruction in circuit.data
        if instruction.operation.name == "measure"
        for qubit in instruction.qubits
    }
    lasts_s, readout_s = _duration_s(circuit, target), _readout_s(measured, target)
    return {
        "circuits": pub.size,
        "shots": pub.shots or options.get("default_shots") or 4096,
        "instructions": circuit.size(),
        "gates_s": None if lasts_s is None else max(0.0, lasts_s - (readout_s or 0.0)),
        "readout_s": readout_s,
    }


def _estimator_pub(like: Any, options: Mapping[str, Any], target: Any) -> dict[str, Any]:
    pub = EstimatorPub.coerce(like if isinstance(like, EstimatorPub) else tuple(like))
    precision = pub.precision or options.get("default_precision") or 1 / 64
    shots = math.ceil(round(1 / precision**2, 6))
    if pub.precision is None and options.get("default_shots"):
        shots = int(options["default_shots"])
    # Each set of parameter values is measured in as few bases as show all observables that it meets.
    values = pub.parameter_values
    numbers = np.broadcast_to(np.arange(values.size).reshape(values.shape), pub.shape)
    observables = np.broadcast_to(np.asarray(pub.observables.tolist(), dtype=object), pub.shape)
    of_set: dict[int, set[str]] = {}
    for number, observable in zip(numbers.ravel(), observables.ravel(), strict=True):
        of_set.setdefault(int(number), set()).update(map(_letters, observable))
    alike = Counter(map(frozenset, of_set.values()))
    strings = frozenset().union(*alike)
    measured = {place for string in strings for place, letter in enumerate(reversed(string)) if letter != "I"}
    return {
        "circuits": sum(_bases(found) * times for found, times in alike.items()),
        "shots": shots,
        "instructions": pub.circuit.size(),
        "gates_s": _duration_s(pub.circuit, target),
        "readout_s": _readout_s(measured, target),
    }


def _letters(string: str) -> str:
    """Return a string of observables with projectors as the letters that they are measured as."""
    return string.translate(str.maketrans("01+-rl", "ZZXXYY"))


def _bases(strings: Iterable[str]) -> int:
    """Return in how many bases strings are measured that commute qubit by qubit, the longest first."""
    bases: list[str] = []
    for string in sorted(strings, key=lambda s: (s.count("I"), s)):
        if not string.strip("I"):
            continue
        for place, basis in enumerate(bases):
            if all("I" in pair or pair[0] == pair[1] for pair in zip(basis, string, strict=True)):
                bases[place] = "".join(min(pair, key="I".__eq__) for pair in zip(basis, string, strict=True))
                break
        else:
            bases.append(string)
    return len(bases)


def _duration_s(circuit: Any, target: Any) -> float | None:
    try:
        return float(circuit.estimate_duration(target, unit="s"))
    except (QiskitError, TypeError, AttributeError):
        return None


def _readout_s(qubits: Iterable[int], target: Any) -> float | None:
    known = target["measure"] if target is not None and "measure" in target.operation_names else {}
    lasting = [getattr(known.get((qubit,)), "duration", None) for qubit in qubits]
    return max((seconds for seconds in lasting if seconds is not None), default=None)
