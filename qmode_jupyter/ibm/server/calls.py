"""The table of all calls: what can be asked, by whom, and what answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import parse_qs

from qmode_jupyter.ibm.server import jobs, sessions, usage
from qmode_jupyter.ibm.server.refusals import bad_request
from qmode_jupyter.ibm.server.served import Answer, Call, Run, Served
from qmode_jupyter.ibm.server.wire import flag, moment

Schema = Mapping[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_TRUTH: Final[Schema] = {"type": "boolean"}
_MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": 999_999_999}
_TEXTS: Final[Schema] = {"type": "array", "items": _TEXT}
_OBJECT: Final[Schema] = {"type": "object"}
_TAGS: Final[Schema] = {"type": "array", "items": {"type": "string", "maxLength": 86}, "maxItems": 8}


@dataclass(frozen=True, slots=True)
class Operation:
    """One call.

    Attributes
    ----------
    method, path
        Of the request; the path without the version of the API before it.
    run
        Answers it.
    summary
        In one line.
    query
        What may stand in its query, by name.
    body
        The schema of its body; None for a call without.
    answer
        The schema of what is answered; None for no body, or a text.
    status
        Of an answer that is no refusal.
    form
        The body is a form.
    asks
        Who may ask: anybody, who has the token, or who names the instance, too.
    """

    method: str
    path: str
    run: Run
    summary: str
    query: Mapping[str, Schema] = field(default_factory=dict)
    body: Schema | None = None
    answer: Schema | None = None
    status: int = 200
    form: bool = False
    asks: Literal["anybody", "account", "instance"] = "instance"

    @property
    def name(self) -> str:
        """Tells it from the others."""
        return f"{self.method.lower()}_" + "_".join(part.strip("{}") for part in self.path.split("/") if part)


# ---- what is answered from what is at hand


def _token(served: Served, call: Call) -> Answer:
    try:
        form = parse_qs(call.body.decode("utf-8"), max_num_fields=20)
    except ValueError:
        raise bad_request("The body must be a form with the field apikey.") from None
    return Answer(served.account.access_token(form.get("apikey", [""])[0]))


def _search(served: Served, call: Call) -> Answer:
    del call
    return Answer(served.account.search())


def _catalog(served: Served, call: Call) -> Answer:
    return Answer(served.account.catalog_entry(call.path["plan"]))


def _backends(served: Served, call: Call) -> Answer:
    mocks = flag(call.query.get("include_mocks"), "include_mocks")
    return Answer({"devices": served.devices.listed(mocks=bool(mocks))})


def _configuration(served: Served, call: Call) -> Answer:
    served.devices.check_calibration(call.query.get("calibration_id"))
    return Answer(served.devices.configuration(call.path["backend"]))


def _properties(served: Served, call: Call) -> Answer:
    served.devices.check_calibration(call.query.get("calibration_id"))
    moment("updated_before", call.query.get("updated_before"))
    return Answer(served.devices.properties(call.path["backend"]) or {})


def _status(served: Served, call: Call) -> Answer:
    return Answer(served.devices.status(call.path["backend"]))


def _defaults(served: Served, call: Call) -> Answer:
    served.devices.status(call.path["backend"])
    return Answer({})


# ---- the table

_ID_OF_JOB: Final[Schema] = {
    "type": "object",
    "required": ["id", "backend"],
    "properties": {"id": _TEXT, "backend": _TEXT},
}
_NEW_JOB: Final[Schema] = {
    "type": "object",
    "required": ["program_id", "params"],
    "properties": {
        "program_id": {"type": "string", "examples": ["sampler", "estimator", "executor"]},
        "backend": _TEXT,
        "params": _OBJECT,
        "session_id": {"type": "string", "minLength": 1, "maxLength": 36},
        "tags": _TAGS,
        "cost": {"type": "integer", "minimum": 0, "maximum": jobs.MAX_COST_S},
        "private": _TRUTH,
        "log_level": _TEXT,
        "runtime": _TEXT,
        "calibration_id": _TEXT,
        "start_session": _TRUTH,
    },
}
_JOB: Final[Schema] = {
    "type": "object",
    "required": ["id", "backend", "program", "status", "state", "created", "tags", "session_id", "private"],
    "properties": {
        "id": _TEXT,
        "backend": _TEXT,
        "program": {"type": "object", "required": ["id"], "properties": {"id": _TEXT}},
        "state": {
            "type": "object",
            "required": ["status", "reason", "reason_code"],
            "properties": {"status": {"enum": sorted(set(jobs.STATUS.values()))}},
        },
        "created": _MOMENT,
        "tags": _TEXTS,
    },
}
_NEW_SESSION: Final[Schema] = {
    "type": "object",
    "required": ["backend"],
    "properties": {
        "mode": {"enum": sorted(sessions.MODES)},
        "backend": _TEXT,
        "instance": _TEXT,
        "max_ttl": {"type": "integer", "minimum": 1, "maximum": 28_800},
    },
}
_SESSION: Final[Schema] = {
    "type": "object",
    "required": ["id", "backend_name", "mode", "state", "accepting_jobs", "interactive_ttl", "max_ttl"],
    "properties": {
        "id": _TEXT,
        "state": {"enum": ["open", "active", "inactive", "closed"]},
        "mode": {"enum": sorted(sessions.MODES)},
        "accepting_jobs": _TRUTH,
    },
}


def _list_of(word: str) -> Schema:
    return {"type": "object", "required": [word], "properties": {word: {"type": "array"}}}


#: Everything that can be asked, in the order in which the description has it.
OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation("POST", "/jobs", jobs.submit, "Submit a job", body=_NEW_JOB, answer=_ID_OF_JOB),
    Operation(
        "GET",
        "/jobs",
        jobs.listed,
        "List jobs, the newest first",
        query={
            "limit": _COUNT,
            "offset": _COUNT,
            "backend": _TEXT,
            "program": _TEXT,
            "session_id": _TEXT,
            "pending": _TRUTH,
            "tags": _TEXTS,
            "created_after": _MOMENT,
            "created_before": _MOMENT,
            "sort": {"enum": ["ASC", "DESC"]},
            "exclude_params": _TRUTH,
            "include_mocks": _TRUTH,
        },
        answer=_list_of("jobs"),
    ),
    Operation("GET", "/jobs/{job}", jobs.shown, "Show a job", query={"exclude_params": _TRUTH}, answer=_JOB),
    Operation("DELETE", "/jobs/{job}", jobs.delete, "Delete a job that has ended", status=204),
    Operation("GET", "/jobs/{job}/results", jobs.results, "The result of a job, as text"),
    Operation("POST", "/jobs/{job}/cancel", jobs.cancel, "Cancel a job", status=204),
    Operation("GET", "/jobs/{job}/logs", jobs.logs, "The log of a job that has ended, as text"),
    Operation("GET", "/jobs/{job}/metrics", jobs.metrics, "The times and the usage of a job", answer=_OBJECT),
    Operation(
        "PUT",
        "/jobs/{job}/tags",
        jobs.tag,
        "Replace the tags of a job",
        body={"type": "object", "required": ["tags"], "properties": {"tags": _TAGS}},
        status=204,
    ),
    Operation(
        "POST", "/sessions", sessions.opened, "Open a session or batch", body=_NEW_SESSION, answer=_SESSION
    ),
    Operation("GET", "/sessions/{session}", sessions.shown, "Show a session or batch", answer=_SESSION),
    Operation(
        "PATCH",
        "/sessions/{session}",
        sessions.changed,
        "Close a session or batch to new jobs",
        body={
            "type": "object",
            "required": ["accepting_jobs"],
            "properties": {"accepting_jobs": _TRUTH},
        },
        status=204,
    ),
    Operation(
        "DELETE",
        "/sessions/{session}/close",
        sessions.cancelled,
        "Drop the queued jobs of a session or batch, and close it",
        status=204,
    ),
    Operation(
        "GET",
        "/backends",
        _backends,
        "List the backends",
        query={"include_mocks": _TRUTH},
        answer=_list_of("devices"),
    ),
    Operation(
        "GET",
        "/backends/{backend}/configuration",
        _configuration,
        "The configuration of a backend",
        query={"calibration_id": _TEXT},
        answer=_OBJECT,
    ),
    Operation(
        "GET",
        "/backends/{backend}/properties",
        _properties,
        "The calibration figures of a backend",
        query={"calibration_id": _TEXT, "updated_before": _MOMENT},
        answer=_OBJECT,
    ),
    Operation("GET", "/backends/{backend}/status", _status, "The state of a backend", answer=_OBJECT),
    Operation("GET", "/backends/{backend}/defaults", _defaults, "Nothing: pulses are gone", answer=_OBJECT),
    Operation("GET", "/instances/usage", usage.instance, "What the instance has used", answer=_OBJECT),
    Operation("GET", "/accounts/{account}", usage.account, "The timeouts of the plan", answer=_OBJECT),
    Operation(
        "GET",
        "/workloads",
        usage.workloads,
        "List jobs in job mode, sessions and batches",
        query={
            "limit": _COUNT,
            "next": _TEXT,
            "previous": _TEXT,
            "backend": _TEXT,
            "mode": {"enum": ["job", "session", "batch"]},
            "status": {"type": "array", "items": {"enum": list(usage.STATUSES)}},
            "tags": _TEXTS,
            "search": _TEXT,
            "sort": {"enum": ["createdAt", "-createdAt"]},
            "created_after": _MOMENT,
            "created_before": _MOMENT,
        },
        answer=_list_of("workloads"),
    ),
)

#: What belongs to IBM Cloud and not to the API: these stand at the root, without its version before them.
CLOUD: Final[tuple[Operation, ...]] = (
    Operation(
        "POST",
        "/identity/token",
        _token,
        "An access token for an API key",
        body={"type": "object", "required": ["apikey"], "properties": {"apikey": _TEXT, "grant_type": _TEXT}},
        answer=_OBJECT,
        form=True,
        asks="anybody",
    ),
    Operation(
        "POST",
        "/v3/resources/search",
        _search,
        "The instances of the account",
        body=_OBJECT,
        answer=_list_of("items"),
        asks="account",
    ),
    Operation("GET", "/api/v1/{plan}", _catalog, "A plan in the catalog", answer=_OBJECT, asks="account"),
)
