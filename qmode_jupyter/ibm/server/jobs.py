"""Jobs: submitting, looking at, ending, deleting them (SEMANTICS section 1)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Final

from qiskit import __version__ as qiskit_version
from qiskit_ibm_runtime import RuntimeEncoder

from qmode_jupyter.client.details import as_sent, executing_seconds, job_moments, wall
from qmode_jupyter.client.job_result import reason_of
from qmode_jupyter.client.options import checked_tags
from qmode_jupyter.client.options.kinds import MAPPING, TEXT, YES_NO, Kind, whole_number
from qmode_jupyter.errors import BackendNotFoundError, IBMInputValueError
from qmode_jupyter.ibm.server.devices import mock_of
from qmode_jupyter.ibm.server.programs import read
from qmode_jupyter.ibm.server.refusals import NO_BACKEND, Refusal, bad_request
from qmode_jupyter.ibm.server.served import NOTHING_TO_SAY, Answer, Call, Sent, Served
from qmode_jupyter.ibm.server.wire import field, flag, moment, number, parsed
from qmode_jupyter.runtime.jobs import JobRequest
from qmode_jupyter.scheduler.records import TOO_LONG, JobRecord, JobState

#: A job's state in the words of the wire (SEMANTICS J2).
STATUS: Final[Mapping[JobState, str]] = {
    JobState.QUEUED: "Queued",
    JobState.PREPARING: "Running",
    JobState.WAITING: "Running",
    JobState.ON_QPU: "Running",
    JobState.DONE: "Completed",
    JobState.FAILED: "Failed",
    JobState.CANCELLED: "Cancelled",
}

#: Limits of the API: of a job's time on the QPU in seconds (SEMANTICS J20), and of a page of jobs.
MAX_COST_S: Final = 10_800
MAX_LIMIT: Final = 200
DEFAULT_LIMIT: Final = 200

# Who asks again this soon after an answer polls; IBM's client does so every 0.1 or 0.5 s (SEMANTICS J8).
_POLL_S: Final = 0.7
# How long a poll waits at most for the job to end, and a question that follows its submission.
_HELD_S: Final = 1.0
_HELD_FIRST_S: Final = 0.25
_AT_ONCE_S: Final = 0.05

_TAGS: Final = Kind("a list of at most 8 texts of at most 86 characters", checked_tags)
_COST: Final = whole_number(0, MAX_COST_S)
_ID: Final = Kind("a text of at most 36 characters", lambda value: _short(value))


def submit(served: Served, call: Call) -> Answer:
    """Submit a job (SEMANTICS R6, R7, R8)."""
    body = parsed(call.body)
    program = field(body, "program_id", TEXT)
    params = field(body, "params", MAPPING)
    if field(body, "start_session", YES_NO, False):
        raise bad_request("start_session is no longer supported.", "Open a session first: POST /sessions.")
    session = field(body, "session_id", _ID, None)
    backend_name = field(body, "backend", TEXT, None) or _backend_of(served, session)
    private = field(body, "private", YES_NO, False)
    cost = field(body, "cost", _COST, None)
    tags = _checked_tags(body)
    image, calibration = field(body, "runtime", TEXT, ""), field(body, "calibration_id", TEXT, None)
    field(body, "log_level", TEXT, "")
    served.devices.check_calibration(calibration)
    try:
        backend = served.devices.backend(backend_name)
    except BackendNotFoundError as error:
        raise Refusal(400, NO_BACKEND, str(error)) from None
    dry_run = served.devices.is_mock(backend_name)
    if session is not None:
        _check_session(served, session, backend_name)
        session = None if dry_run else session  # the mock is another device: the session is not charged
    asked = read(program, params, served.service, backend, dry_run=dry_run)
    request = dataclasses.replace(
        asked.request,
        workload=session,
        max_execution_s=float(cost) if cost else asked.request.max_execution_s,
        tags=tags,
        private=private,
    )
    job = served.runtime.submit(request, call.caller)
    kept = {} if private else params
    served.sent[job] = Sent(kept, asked.write, asked.notes, image, calibration)
    call.connection.note("submitted", job)
    return Answer({"id": job, "backend": backend_name})


def listed(served: Served, call: Call) -> Answer:
    """List jobs, the newest first (SEMANTICS J19)."""
    query = call.query
    limit = number(query.get("limit"), "limit", DEFAULT_LIMIT, MAX_LIMIT)
    offset = number(query.get("offset"), "offset", 0)
    wanted: dict[str, Any] = {
        "qpu": query.get("backend"),
        "program": query.get("program"),
        "workload": query.get("session_id"),
    }
    pending = flag(query.get("pending"), "pending")
    tags = set(query.getlist("tags"))
    after = moment("created_after", query.get("created_after"))
    before = moment("created_before", query.get("created_before"))
    runtime = served.runtime
    known = runtime.look(
        lambda scheduler: [(scheduler.job(job), runtime.jobs.request(job)) for job in runtime.jobs]
    )
    found = [
        (record, request)
        for record, request in known
        if all(value is None or getattr(record, word) == value for word, value in wanted.items())
        and (pending is None or record.settled is not pending)
        and tags <= set(request.tags)
        and (after is None or runtime.origin_s + record.submitted_at >= after)
        and (before is None or runtime.origin_s + record.submitted_at <= before)
    ]
    if query.get("sort", "DESC").upper() != "ASC":
        found.reverse()
    page = [_described(served, *one) for one in found[offset : offset + limit]]
    return Answer({"jobs": page, "count": len(found), "limit": limit, "offset": offset})


def shown(served: Served, call: Call) -> Answer:
    """Show one job; a poll waits a little for its end (SEMANTICS J8)."""
    job = call.path["job"]
    request = served.runtime.jobs.request(job)
    record = _record(served, call, job)
    described = _described(served, record, request)
    if not flag(call.query.get("exclude_params"), "exclude_params") and not request.private:
        described["params"] = _params(served, job, request)
    if not record.settled:
        call.connection.note("polled", job)
    return Answer(described)


def results(served: Served, call: Call) -> Answer:
    """Return a job's result as text; of one that failed, why (SEMANTICS J9, J11, J18)."""
    job = call.path["job"]
    runtime = served.runtime
    request, record = runtime.jobs.request(job), runtime.job_record(job)
    if record.state is JobState.FAILED or record.reason:
        return Answer(reason_of(record))
    if record.state is not JobState.DONE:
        return NOTHING_TO_SAY
    runtime.wait(job, caller=call.caller)  # it has ended; that it was asked for is part of what happened
    if request.private and not runtime.jobs.read_once(job):
        return NOTHING_TO_SAY
    write = served.sent[job].write if job in served.sent else Sent({}).write
    return Answer(write(runtime.job_result(job)))


def cancel(served: Served, call: Call) -> Answer:
    """Cancel a job that has not ended (SEMANTICS J10)."""
    served.runtime.cancel_job(call.path["job"])
    return NOTHING_TO_SAY


def delete(served: Served, call: Call) -> Answer:
    """Delete a job that has ended."""
    served.runtime.delete_job(call.path["job"])
    served.sent.pop(call.path["job"], None)
    return NOTHING_TO_SAY


def logs(served: Served, call: Call) -> Answer:
    """Return what happened to a job that has ended, a line for each step (SEMANTICS J12)."""
    job = call.path["job"]
    runtime = served.runtime
    record = runtime.job_record(job)
    if not record.settled:
        return NOTHING_TO_SAY
    lines = [f"{wall(runtime, at)} {state}" for state, at in job_moments(record)]
    notes = (*(served.sent[job].notes if job in served.sent else ()), *runtime.job_notes(job))
    reason = [reason_of(record)] if record.reason else []
    return Answer("\n".join([*lines, *notes, *reason]) + "\n")


def metrics(served: Served, call: Call) -> Answer:
    """Return a job's times and usage (SEMANTICS J14)."""
    job = call.path["job"]
    runtime = served.runtime
    record = runtime.job_record(job)
    return Answer(
        {
            "timestamps": {
                "created": wall(runtime, record.submitted_at),
                "running": wall(runtime, record.preparing_at),
                "finished": wall(runtime, record.ended_at),
            },
            "usage": _usage(served, record),
            "caller": call.headers.get("x-qx-client-application", ""),
            "qiskit_version": qiskit_version,
            "circuits_execution_time_ns": round(executing_seconds(runtime, record) * 1e9),
        }
    )


def tag(served: Served, call: Call) -> Answer:
    """Replace a job's tags (SEMANTICS J17)."""
    tags = _checked_tags(parsed(call.body), required=True)
    served.runtime.jobs.request(call.path["job"])
    served.runtime.jobs.tag(call.path["job"], tags)
    return NOTHING_TO_SAY


# ---- inside


def _record(served: Served, call: Call, job: str) -> JobRecord:
    record = served.runtime.job_record(job)
    patience_s = 0.0 if record.settled else _patience_s(served, call, job)
    if not patience_s:
        return record
    try:
        return served.runtime.wait(job, patience_s=patience_s, caller=call.caller)
    except TimeoutError:
        return served.runtime.job_record(job)


def _patience_s(served: Served, call: Call, job: str) -> float:
    """Return how long the answer may wait for a job's end: as long as who asks waits anyway."""
    polled, submitted = call.connection.since("polled", job), call.connection.since("submitted", job)
    if served.hold != "never" and polled is not None and polled <= _POLL_S:
        return _HELD_S
    if served.hold == "first" and submitted is not None and submitted <= _AT_ONCE_S:
        return _HELD_FIRST_S
    return 0.0


def _described(served: Served, record: JobRecord, request: JobRequest) -> dict[str, Any]:
    sent = served.sent.get(record.id, Sent({}))
    status = STATUS[record.state]
    return {
        "id": record.id,
        "backend": record.qpu,
        "program": {"id": record.program},
        "status": f"{status} - Ran too long" if record.reason_code == TOO_LONG else status,
        "state": {
            "status": status,
            "reason": record.reason,
            "reason_code": record.reason_code,
            "reason_solution": "",
        },
        "created": wall(served.runtime, record.submitted_at),
        "runtime": sent.image,
        "cost": int(record.max_execution_s or served.runtime.settings.plan.job_max_s),
        "tags": list(request.tags),
        "session_id": record.workload,
        "user_id": served.account.user,
        "private": request.private,
        "usage": _usage(served, record),
        "estimated_running_time_seconds": as_sent(record.qpu_s) if record.qpu_s else None,
        "calibration_id": sent.calibration_id,
    }


def _usage(served: Served, record: JobRecord) -> dict[str, Any]:
    charged_s = record.charged_s
    if not record.settled and record.on_qpu_at is not None:
        charged_s = max(0.0, served.runtime.now() - record.on_qpu_at)
    return {
        "qpu_charge_time_seconds": as_sent(charged_s),
        "status": "complete" if record.settled else "pending",
    }


def _params(served: Served, job: str, request: JobRequest) -> Any:
    if job in served.sent:
        return served.sent[job].params
    plain = json.dumps({"pubs": list(request.pubs), "version": 2}, cls=RuntimeEncoder)
    return json.loads(plain)


def _backend_of(served: Served, session: str | None) -> str:
    if session is None:
        raise bad_request("The field 'backend' is missing: it must be the name of a backend.")
    return _workload(served, session).qpu


def _check_session(served: Served, session: str, backend: str) -> None:
    on = _workload(served, session).qpu
    if backend not in (on, mock_of(on)):
        raise bad_request(f"The session {session} is on {on}, not on {backend}.")


def _workload(served: Served, session: str) -> Any:
    try:
        return served.runtime.workloads.record(session)
    except IBMInputValueError:
        raise bad_request(f"Session not found: {session}") from None


def _checked_tags(body: Mapping[str, Any], *, required: bool = False) -> tuple[str, ...]:
    if body.get("tags") is None and not required:
        return ()
    try:
        return tuple(dict.fromkeys(checked_tags(body.get("tags"))))
    except IBMInputValueError as error:
        text = str(error)
        code = next((code for code in (1204, 1205) if str(code) in text), None)
        if code is None:
            raise bad_request(text) from None
        raise Refusal(400, code, text) from None


def _short(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 36:
        raise ValueError
    return value
