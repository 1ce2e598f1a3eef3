"""View models to try displays on: plain JSON as the runtime's snapshot has it, made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

AT_MS = 1_763_625_600_000
WORKLOAD = "d41f000000000000w001"
STATES = ("queued", "preparing", "waiting", "on_qpu", "done", "failed", "cancelled")


def job(state: str, *times: float | None, **more: Any) -> dict[str, Any]:
    """Return a job's entry."""
    return {
        "workload": WORKLOAD,
        "program": "estimator",
        "state": state,
        "t": list(times or [0.0]),
        "usage": 0,
        **more,
    }


def workload(jobs: Mapping[str, Mapping[str, Any]] = {}, **more: Any) -> dict[str, Any]:
    """Return the entry of an active session with these jobs."""
    counts = {state: sum(j["state"] == state for j in jobs.values()) for state in STATES}
    return {
        "mode": "session",
        "name": "vqe",
        "backend": "generic_19q",
        "state": "active",
        "word": "In progress",
        "accepting": True,
        "reason": "session_created",
        "opened": 0.0,
        "started": 10.0,
        "closed": None,
        "idle": {"timeout": 60, "deadline": None, "note": "counts when no job is left"},
        "max": {"timeout": 600, "deadline": 610.0, "note": "never pauses"},
        "usage": 168.0,
        "qpu": 72.0,
        "usage_rate": 1,
        "usd": 134.4,
        "place": None,
        "counts": counts,
        **more,
    }


def view(jobs: Mapping[str, Mapping[str, Any]] = {}, **more: Any) -> dict[str, Any]:
    """Return a whole view model of one session; `more` changes the session's entry."""
    return {
        "v": 1,
        "runtime": "9f3c",
        "seq": 0,
        "whole": True,
        "clock": {
            "now": 178.0,
            "at_ms": AT_MS,
            "rate": 1,
            "held": False,
            "speed": "max",
            "origin_ms": AT_MS - 178_000,
        },
        "plan": {"name": "premium", "title": "Premium", "usd_per_s": 0.8},
        "workloads": {WORKLOAD: workload(jobs, **more)},
        "jobs": dict(jobs),
    }


def ended(jobs: Mapping[str, Mapping[str, Any]] = {}, **more: Any) -> dict[str, Any]:
    """Return a whole view model of a session that was closed after three minutes."""
    facts = {
        "state": "closed",
        "word": "Closed",
        "accepting": False,
        "reason": "session_closed_early",
        "closed": 178.0,
        "usage_rate": 0,
        "max": {"timeout": 600, "deadline": None, "note": ""},
        "idle": {"timeout": 60, "deadline": None, "note": ""},
    }
    return view(jobs, **(facts | more))


class Runtime:
    """A view model that changes, with the displays that are told of it."""

    def __init__(self, jobs: Mapping[str, Mapping[str, Any]] = {}) -> None:
        self.jobs = {identifier: dict(entry) for identifier, entry in jobs.items()}
        self.facts: dict[str, Any] = {}
        self.asked: list[frozenset[str] | None] = []

    def snapshot(self, ids: frozenset[str] | None) -> dict[str, Any]:
        """Return the view model: whole for None, else the entries of `ids` and what they imply."""
        self.asked.append(ids)
        whole = view(self.jobs, **self.facts)
        if ids is None:
            return whole
        jobs = {identifier: entry for identifier, entry in self.jobs.items() if identifier in ids}
        workloads = whole["workloads"] if jobs or WORKLOAD in ids else {}
        return {**whole, "whole": False, "workloads": workloads, "jobs": jobs}
