"""What came of a job as Qiskit's result containers, with metadata like IBM's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qmode_jupyter.simulation.execution_spans import Executing, execution_spans
from qmode_jupyter.simulation.tasks import EstimatedPub, SampledPub, TaskResult

if TYPE_CHECKING:
    from qiskit.primitives import PrimitiveResult, PubResult


def unpack(
    pubs: Sequence[Any], result: TaskResult, executing: Executing | None = None
) -> PrimitiveResult[Any]:
    """Return the result of a job.

    Parameters
    ----------
    pubs
        As they were given to `pack`.
    result
        What came of all the job.
    executing
        When the job's circuits were executed, for a Sampler's metadata.

    Returns
    -------
    PrimitiveResult
        Metadata as in SEMANTICS P11; of a dry run also ``{"dry_run": True}``.
    """
    from qiskit.primitives import PrimitiveResult

    dry = {"dry_run": True} if result.dry_run else {}
    if result.program != "estimator":
        metadata = {
            "execution": {"execution_spans": execution_spans(pubs, result.shares_s, executing)},
            "version": 2,
        }
    else:
        metadata = {
            "dynamical_decoupling": {"enable": False},
            "twirling": {"enable_gates": False, "enable_measure": False},
            "resilience": {"measure_mitigation": False, "zne_mitigation": False, "pec_mitigation": False},
            "version": 2,
        }
    of_pub: list[list[Any]] = [[] for _ in pubs]
    for part in result.pubs:
        of_pub[part.number].append(part)
    read: Callable[[Any, Any, Mapping[str, Any]], PubResult] = (
        _estimated if result.program == "estimator" else _sampled
    )
    results = [read(pub, parts, dry) for pub, parts in zip(pubs, of_pub, strict=True)]
    return PrimitiveResult(results, metadata={**metadata, **dry})


def _sampled(pub: Any, parts: Sequence[SampledPub], dry: Mapping[str, Any]) -> PubResult:
    from qiskit.primitives import BitArray, DataBin, SamplerPubResult

    parts = sorted(parts, key=lambda part: part.first_set)
    registers = {}
    for register in pub.circuit.cregs:
        arrays = [part.arrays[register.name] for part in parts]
        array = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
        registers[register.name] = BitArray(array.reshape(*pub.shape, *array.shape[1:]), len(register))
    return SamplerPubResult(
        DataBin(**registers, shape=pub.shape), metadata={"circuit_metadata": pub.circuit.metadata, **dry}
    )


def _estimated(pub: Any, parts: Sequence[EstimatedPub], dry: Mapping[str, Any]) -> PubResult:
    from qiskit.primitives import DataBin, PubResult

    evs, stds = np.zeros(pub.shape), np.zeros(pub.shape)
    for part in parts:
        evs.ravel()[part.positions] = part.evs
        stds.ravel()[part.positions] = part.stds
    return PubResult(
        DataBin(evs=evs, stds=stds, ensemble_standard_error=stds.copy(), shape=pub.shape),
        metadata={
            "shots": parts[0].shots,
            "target_precision": pub.precision,
            "circuit_metadata": pub.circuit.metadata,
            "resilience": {},
            "num_randomizations": 1,
            **dry,
        },
    )
