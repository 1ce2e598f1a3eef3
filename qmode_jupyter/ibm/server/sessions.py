"""Sessions and batches: opening, looking at, ending them (SEMANTICS section 2)."""

from __future__ import annotations

from typing import Any, Final

from qmode_jupyter.client.details import as_sent, wire_mode, workload_details
from qmode_jupyter.client.options.kinds import TEXT, YES_NO, Kind, one_of
from qmode_jupyter.errors import BackendNotFoundError, IBMInputValueError
from qmode_jupyter.ibm.server.refusals import NO_BACKEND, Refusal, not_found
from qmode_jupyter.ibm.server.served import NOTHING_TO_SAY, Answer, Call, Served
from qmode_jupyter.ibm.server.wire import field, parsed
from qmode_jupyter.scheduler.records import WORKLOAD_ENDED, Mode, WorkloadRecord, WorkloadState

#: The service's words for the modes.
MODES: Final = {"dedicated": Mode.SESSION, "batch": Mode.BATCH}

_MODE: Final = one_of(*MODES)
_WHOLE: Final = Kind("a whole number", lambda value: _whole(value))


def opened(served: Served, call: Call) -> Answer:
    """Open a session or batch (SEMANTICS S15, S16, A4)."""
    body = parsed(call.body)
    mode = MODES[field(body, "mode", _MODE, "dedicated")]
    name = field(body, "backend", TEXT)
    max_ttl = field(body, "max_ttl", _WHOLE, None)
    try:
        backend = served.devices.backend(name)
    except BackendNotFoundError as error:
        raise Refusal(400, NO_BACKEND, str(error)) from None
    workload = served.runtime.workloads.open(mode, backend, None if max_ttl is None else float(max_ttl))
    return Answer(_described(served, served.runtime.workloads.record(workload)))


def shown(served: Served, call: Call) -> Answer:
    """Show one (SEMANTICS S6)."""
    return Answer(_described(served, _record(served, call)))


def changed(served: Served, call: Call) -> Answer:
    """Close one to new jobs; none is opened again (SEMANTICS S4, S18).

    Of a closed one, the flag that is shown is as it was asked for, and it takes no jobs all the same. One
    that still runs the last of its jobs refuses.
    """
    record = _record(served, call)
    if not field(parsed(call.body), "accepting_jobs", YES_NO):
        served.said_open.discard(record.id)
        served.runtime.workloads.close(record.id)
    elif record.state is WorkloadState.CLOSED:
        served.said_open.add(record.id)
    elif not record.accepting_jobs:
        raise Refusal(
            409,
            WORKLOAD_ENDED,
            f"The {record.mode} {record.id} takes no new jobs, and is not opened again; its jobs run on.",
            f"Open a new {record.mode}.",
        )
    return NOTHING_TO_SAY


def cancelled(served: Served, call: Call) -> Answer:
    """Drop its queued jobs and close it (SEMANTICS S19)."""
    served.runtime.workloads.cancel(_record(served, call).id)
    return NOTHING_TO_SAY


def _record(served: Served, call: Call) -> WorkloadRecord:
    session = call.path["session"]
    try:
        return served.runtime.workloads.record(session)
    except IBMInputValueError:
        raise not_found("Session", session) from None


def _described(served: Served, record: WorkloadRecord) -> dict[str, Any]:
    details = workload_details(served.runtime, record)
    return {
        "id": record.id,
        "backend_name": record.qpu,
        "mode": wire_mode(record.mode),
        "state": details["state"],
        "state_reason": record.state_reason,
        "accepting_jobs": record.accepting_jobs or record.id in served.said_open,
        "interactive_ttl": details["interactive_timeout"],
        "max_ttl": as_sent(record.max_time_s),
        "active_ttl": details["active_timeout"],
        "started_at": details["started_at"],
        "activated_at": details["activated_at"],
        "closed_at": details["closed_at"],
        "last_job_started": details["last_job_started"],
        "last_job_completed": details["last_job_completed"],
        "elapsed_time": details["usage_time"],
        "timestamps": details["timestamps"],
        "user_id": served.account.user,
    }


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 10**9:
        raise ValueError
    return value
