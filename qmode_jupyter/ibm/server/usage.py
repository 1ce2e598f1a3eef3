"""What the instance has used, what it may use, and its workloads in one list (SEMANTICS U12)."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

from qmode_jupyter.client.details import as_sent, wall
from qmode_jupyter.ibm.server.refusals import bad_request, not_found
from qmode_jupyter.ibm.server.served import Answer, Call, Served
from qmode_jupyter.ibm.server.wire import moment, number
from qmode_jupyter.scheduler.events import YOU, JobSubmitted, WorkloadOpened
from qmode_jupyter.scheduler.records import JobRecord, JobState, Mode, WorkloadRecord, WorkloadState

if TYPE_CHECKING:
    from qmode_jupyter.scheduler.scheduler import Scheduler

#: Workloads on one page at most.
MAX_PAGE: Final = 50
#: The words of the API for how far a workload has come.
STATUSES: Final = ("pending", "in_progress", "completed", "canceled", "failed")

_OF_JOB: Final = {
    JobState.QUEUED: "pending",
    JobState.PREPARING: "in_progress",
    JobState.WAITING: "in_progress",
    JobState.ON_QPU: "in_progress",
    JobState.DONE: "completed",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "canceled",
}
_OF_WORKLOAD: Final = {
    WorkloadState.OPEN: "pending",
    WorkloadState.ACTIVE: "in_progress",
    WorkloadState.INACTIVE: "pending",
    WorkloadState.CLOSED: "completed",
}


def instance(served: Served, call: Call) -> Answer:
    """Return what the instance has used in the accounting window, in whole seconds."""
    del call
    usage = served.runtime.usage()
    found: dict[str, Any] = {
        "instance_id": served.account.crn,
        "plan_id": served.account.plan_id,
        "usage_consumed_seconds": int(usage["usage_consumed_seconds"]),
        "usage_limit_reached": usage["usage_limit_reached"],
        "usage_period": usage["usage_period"],
    }
    # The client takes a key that is there for a number.
    for word in ("usage_limit_seconds", "usage_allocation_seconds"):
        if usage[word] is not None:
            found[word] = int(usage[word])
    return Answer(found)


def account(served: Served, call: Call) -> Answer:
    """Return the timeouts that the plan gives to sessions and batches (SEMANTICS S12)."""
    if call.path["account"] != served.account.crn.split(":")[6].removeprefix("a/"):
        raise not_found("Account", call.path["account"])
    plan = served.account.plan
    limits = {
        str(mode): {
            "max_ttl": as_sent(plan.longest_s(mode)),
            "active_ttl": as_sent(plan.longest_s(mode)),
            "interactive_ttl": as_sent(plan.interactive_s(mode)),
        }
        for mode in (Mode.SESSION, Mode.BATCH)
    }
    return Answer({"id": call.path["account"], "plans": [{"plan_id": served.account.plan_id, **limits}]})


def workloads(served: Served, call: Call) -> Answer:
    """List jobs in job mode, sessions and batches, a page at a time."""
    query = call.query
    limit = max(1, number(query.get("limit"), "limit", MAX_PAGE, MAX_PAGE))
    statuses, tags = set(query.getlist("status")), set(query.getlist("tags"))
    if unknown := statuses.difference(STATUSES):
        raise bad_request(f"status must be of {', '.join(STATUSES)}, not {min(unknown)[:40]!r}.")
    after = moment("created_after", query.get("created_after"))
    before = moment("created_before", query.get("created_before"))
    search = query.get("search", "")
    found = [
        one
        for one, created in _all(served)
        if (not statuses or one["status"] in statuses)
        and tags <= set(one["tags"])
        and query.get("backend", one["backend"]) == one["backend"]
        and query.get("mode", one["mode"]) == one["mode"]
        and (not search or search in one["id"] or any(search in tag for tag in one["tags"]))
        and (after is None or created >= after)
        and (before is None or created <= before)
    ]
    if query.get("sort", "-createdAt") == "-createdAt":
        found.reverse()
    start = _position(query.get("next") or query.get("previous"))
    answer: dict[str, Any] = {
        "workloads": found[start : start + limit],
        "total_count": len(found),
        "limit": limit,
    }
    if start + limit < len(found):
        answer["next"] = _cursor(start + limit)
    if start:
        answer["previous"] = _cursor(max(0, start - limit))
    return Answer(answer)


def _all(served: Served) -> list[tuple[dict[str, Any], float]]:
    """Return all workloads, in the order in which they were made, and when (seconds since 1970)."""
    runtime = served.runtime

    def records(scheduler: Scheduler) -> list[tuple[JobRecord | WorkloadRecord, tuple[str, ...]]]:
        found: list[tuple[JobRecord | WorkloadRecord, tuple[str, ...]]] = []
        for event in scheduler.log:
            if isinstance(event, WorkloadOpened) and event.tenant == YOU:
                found.append((scheduler.workload(event.workload), ()))
            elif isinstance(event, JobSubmitted) and event.workload is None and event.job in runtime.jobs:
                found.append((scheduler.job(event.job), runtime.jobs.request(event.job).tags))
        return found

    return [
        (_workload(served, record), runtime.origin_s + record.opened_at)
        if isinstance(record, WorkloadRecord)
        else (_job(served, record, tags), runtime.origin_s + record.submitted_at)
        for record, tags in runtime.look(records)
    ]


def _job(served: Served, record: JobRecord, tags: tuple[str, ...]) -> dict[str, Any]:
    return {
        "id": record.id,
        "mode": "job",
        "status": _OF_JOB[record.state],
        "backend": record.qpu,
        "tags": list(tags),
        "user_id": served.account.user,
        "created_at": wall(served.runtime, record.submitted_at),
        "ended_at": wall(served.runtime, record.ended_at),
        "usage_seconds": as_sent(record.charged_s),
    }


def _workload(served: Served, record: WorkloadRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "mode": str(record.mode),
        "status": _OF_WORKLOAD[record.state],
        "backend": record.qpu,
        "tags": [],
        "user_id": served.account.user,
        "created_at": wall(served.runtime, record.opened_at),
        "ended_at": wall(served.runtime, record.closed_at),
        "usage_seconds": as_sent(record.usage_s),
    }


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode()


def _position(cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        return max(0, int(base64.urlsafe_b64decode(cursor.encode())[:9]))
    except (ValueError, binascii.Error):
        raise bad_request(f"There is no page {cursor[:40]!r}.") from None
