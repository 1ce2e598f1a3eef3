"""What `%qmode export` writes: a trace, and of each of its jobs what it was asked and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from qmode_jupyter.runtime.runtime import Runtime
    from qmode_jupyter.runtime.store.past import Past
    from qmode_jupyter.scheduler.records import JobRecord


def exported(runtime: Runtime | Past, of: str) -> dict[str, Any]:
    """Return the trace of a session, batch, group or job as `Trace.load` reads it, and its jobs' results.

    Returns
    -------
    dict
        As JSON takes it. ``jobs`` has of each job ``id``, ``status``, ``program``, ``reason``, ``tags``,
        ``usage_s`` and ``result``: None, or of each PUB its ``data`` by name (arrays as nested lists; of
        a Sampler's registers ``num_bits`` and the counts of each parameter set) and its ``metadata``.
    """
    trace = runtime.trace(of)
    return trace.to_dict() | {"jobs": [_job(runtime, record) for record in trace.jobs]}


def _job(runtime: Runtime | Past, record: JobRecord) -> dict[str, Any]:
    request = runtime.jobs.request(record.id) if record.id in runtime.jobs else None
    hidden = request is None or request.private  # SEMANTICS J18: its result is for one reader
    done = record.status == "DONE"
    return {
        "id": record.id,
        "status": record.status,
        "program": record.program,
        "reason": record.reason,
        "tags": [] if request is None else list(request.tags),
        "usage_s": record.charged_s,
        "result": [_pub(pub) for pub in runtime.job_result(record.id)] if done and not hidden else None,
    }


def _pub(pub: Any) -> dict[str, Any]:
    metadata = {name: value for name, value in pub.metadata.items() if _is_plain(value)}
    return {"data": {name: _values(values) for name, values in pub.data.items()}, "metadata": metadata}


def _values(values: Any) -> Any:
    if isinstance(values, np.ndarray):
        return values.tolist()
    counts = [values[index].get_counts() for index in np.ndindex(values.shape)]
    return {"num_bits": values.num_bits, "shape": list(values.shape), "counts": counts}


def _is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, str | int | float)
