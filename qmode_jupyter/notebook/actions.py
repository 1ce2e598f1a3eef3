"""What a click does: the actions that widget and panel may ask for."""

from __future__ import annotations

from typing import Any

from qmode_jupyter.errors import QmodeError, RuntimeInvalidStateError
from qmode_jupyter.runtime.runtime import Runtime
from qmode_jupyter.runtime.store.past import Past
from qmode_jupyter.style.characters import shown


def act(runtime: Runtime, request: dict[str, Any]) -> dict[str, Any]:
    """Carry out one action; return ``{"ok": True}``, or ``{"ok": False, "error": line}``.

    It only tells the engine, so it is quick enough for the threads of a kernel.
    """
    if request.get("runtime") != runtime.id:
        return _no("This button belongs to a runtime that is gone; nothing was changed.")
    action, target = request.get("action"), str(request.get("id"))
    try:
        if action == "cancel_job":
            runtime.cancel_job(target)
        elif action == "cancel_all":
            cancel_all(runtime, target)
        elif action == "close":
            close(runtime, target)
        else:
            return _no(f"There is no action {shown(action)}; nothing was changed.")
    except QmodeError as error:
        return _no(str(error))
    return {"ok": True}


def cancel_all(runtime: Runtime | Past, owner: str) -> int:
    """Cancel every job of a session, batch or group that has not ended; return how many."""
    cancelled = 0
    for job in runtime.jobs_of(owner):
        if not runtime.job_record(job).settled:
            try:
                runtime.cancel_job(job)
            except RuntimeInvalidStateError:
                continue  # it ended first
            cancelled += 1
    return cancelled


def close(runtime: Runtime, owner: str) -> None:
    """Close a session or batch; a group of job-mode jobs just ends."""
    if owner in runtime.groups:
        runtime.groups.close(owner)
    else:
        runtime.workloads.close(owner)


def _no(why: str) -> dict[str, Any]:
    return {"ok": False, "error": why}
