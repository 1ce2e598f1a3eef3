"""What the end of a job gives: a result, or the error that says why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from qiskit.primitives import PrimitiveResult

from qmode_jupyter.errors import RuntimeInvalidStateError, RuntimeJobFailureError, RuntimeJobMaxTimeoutError
from qmode_jupyter.scheduler.records import TOO_LONG, JobRecord, JobState
from qmode_jupyter.style.characters import printable_lines

# Where the V1 primitives' results are now.
_V1_RESULTS: Final = {
    "values": "result[0].data.evs",
    "quasi_dists": "result[0].data.<register>.get_counts(), divided by the shots",
}


class JobResult(PrimitiveResult[Any]):
    """A `PrimitiveResult` that knows what people of the V1 primitives look for."""

    def __getattr__(self, name: str) -> Any:
        if name in _V1_RESULTS:
            raise AttributeError(
                f"Results of V2 primitives have no {name!r}: for the first PUB write {_V1_RESULTS[name]}."
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def check_done(record: JobRecord) -> None:
    """Raise what IBM's client raises for the result of an ended job that has none (SEMANTICS J9)."""
    if record.status == "ERROR":
        if record.reason_code == TOO_LONG:
            raise RuntimeJobMaxTimeoutError(reason_of(record))
        raise RuntimeJobFailureError(f"Unable to retrieve job result. {reason_of(record)}")
    if record.status == "CANCELLED":
        raise RuntimeInvalidStateError(f"Unable to retrieve result for job {record.id}. Job was cancelled.")


def reason_of(record: JobRecord) -> str:
    """Return the reason with its code before it, as IBM's client combines them (SEMANTICS J7)."""
    if not record.reason:
        return "No reason was given." if record.state is JobState.FAILED else ""
    reason = printable_lines(record.reason)
    return reason if record.reason_code is None else f"Error code {record.reason_code}; {reason}"


def decoded(result: Any, decoder: Any) -> Any:
    """Return `result` after one decoder or several, each given what the one before returned."""
    decoders = decoder if isinstance(decoder, Sequence) else () if decoder is None else (decoder,)
    for one in decoders:
        if getattr(one, "is_applicable", lambda _: True)(result):
            result = one.decode(result)
    return result
