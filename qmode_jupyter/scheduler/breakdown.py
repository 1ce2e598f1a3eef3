"""What charged seconds were for: every second of a job, batch or session by name (SEMANTICS U1-U4, A26)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from qmode_jupyter.cost.model import OVERHEAD, Part
from qmode_jupyter.scheduler.records import JobRecord, Mode, WorkloadRecord

#: What a charge is rounded up by, to whole seconds (SEMANTICS U8).
ROUNDING: Final = "rounding up"
#: Time on the QPU that nothing more is known of.
ON_QPU: Final = "on the QPU"
#: Of a session that is active while none of its jobs is on the QPU (SEMANTICS U3).
PREPARING: Final = "preparation"
BETWEEN: Final = "idle in the session"
TAIL: Final = "idle after the last job"

#: A difference that floats make.
_NOTHING_S: Final = 1e-9


def job_parts(job: JobRecord) -> tuple[Part, ...]:
    """Return what a job's charge is made of; the seconds add up to it."""
    held_s = 0.0 if job.on_qpu_at is None or job.ended_at is None else job.ended_at - job.on_qpu_at
    return _parts(job, held_s, job.charged_s)


def workload_parts(workload: WorkloadRecord, jobs: Iterable[JobRecord], now: float) -> tuple[Part, ...]:
    """Return what the usage of a session or batch is made of; the seconds add up to it.

    Parameters
    ----------
    jobs
        Those of the workload, and any others. One that outlived it is charged by itself (SEMANTICS L3).
    now
        Until when an active session has been charged.
    """
    mine = [job for job in jobs if job.workload == workload.id and not job.outlived]
    if workload.mode is not Mode.SESSION:
        return added(job_parts(job) for job in mine)
    on_qpu = _within(workload, [(job.on_qpu_at, job.ended_at, job) for job in mine], now)
    parts = [_parts(job, end - start, end - start) for start, end, job in on_qpu]
    busy = [(start, end) for start, end, _ in on_qpu]
    preparing = [
        (start, end)
        for start, end, _ in _within(
            workload, [(job.preparing_at, job.waiting_at or job.ended_at, job) for job in mine], now
        )
    ]
    last = max((end for _, end in (*busy, *preparing)), default=None)
    tail_s = 0.0
    if workload.stretches and last is not None and not workload.unfinished:
        tail_s = max(0.0, workload.stretches[-1].start + workload.stretches[-1].until(now) - last)
        tail_s = min(tail_s, workload.stretches[-1].until(now))
    preparing_s = _length([*busy, *preparing]) - _length(busy)
    known = added(parts)
    idle_s = workload.usage_s - sum(seconds for _, seconds in known) - preparing_s - tail_s
    return added([known, ((PREPARING, preparing_s), (BETWEEN, idle_s), (TAIL, tail_s))])


def added(parts: Iterable[Iterable[Part]]) -> tuple[Part, ...]:
    """Return parts with those of one name added up; overhead first, rounding behind the rest of a job."""
    seconds: dict[str, float] = {}
    for some in parts:
        for name, part_s in some:
            seconds[name] = seconds.get(name, 0.0) + part_s
    order = sorted(seconds, key=lambda name: _ORDER.get(name, 0))
    return tuple((name, seconds[name]) for name in order if abs(seconds[name]) > _NOTHING_S)


_ORDER: Final = {OVERHEAD: -1, ROUNDING: 1, PREPARING: 2, BETWEEN: 3, TAIL: 4}


def _parts(job: JobRecord, held_s: float, total_s: float) -> tuple[Part, ...]:
    """Return the `total_s` seconds that are charged for a job's `held_s` on the QPU as parts.

    A job that was stopped had its overhead first, and of all else as large a share as it came to.
    """
    if total_s <= 0:
        return ()
    if not job.parts:
        return ((ON_QPU, total_s),)
    whole_s = sum(seconds for _, seconds in job.parts)
    spent_s = min(whole_s, max(held_s, job.overhead_s), total_s)
    overhead_s = min(spent_s, sum(seconds for name, seconds in job.parts if name == OVERHEAD))
    others_s = sum(seconds for name, seconds in job.parts if name != OVERHEAD)
    share = (spent_s - overhead_s) / others_s if others_s else 0.0
    named = [(OVERHEAD, overhead_s)]
    named += [(name, seconds * share) for name, seconds in job.parts if name != OVERHEAD]
    return added([named, [(ROUNDING, total_s - sum(seconds for _, seconds in named))]])


_Stretch = tuple[float, float]


def _within(
    workload: WorkloadRecord, stretches: Iterable[tuple[float | None, float | None, JobRecord]], now: float
) -> list[tuple[float, float, JobRecord]]:
    """Return what of some stretches lies in those for which a session is charged."""
    found = []
    for start, end, job in stretches:
        if start is None:
            continue
        for span in workload.stretches:
            begin, until = (
                max(start, span.start),
                min(now if end is None else end, span.start + span.until(now)),
            )
            if until > begin:
                found.append((begin, until, job))
    return found


def _length(stretches: Sequence[_Stretch]) -> float:
    """Return how long at least one of some stretches lasts."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(stretches):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total
