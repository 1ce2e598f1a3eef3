"""What must hold after every event, whatever happened before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qmode_jupyter.scheduler.records import IN_LANE, SETTLED, JobState, Mode, WorkloadState

if TYPE_CHECKING:
    from qmode_jupyter.scheduler.state import State, Workload


def check(state: State) -> None:
    """Raise AssertionError, with what is wrong, if `state` is not as the rules want it."""
    _check_qpus(state)
    _check_workloads(state)
    _check_charges(state)
    due = state.deadlines.first_at
    assert due >= state.now, f"a deadline at {due} was missed"


def _check_qpus(state: State) -> None:
    for qpu in state.qpus.values():
        mine = [j for j in state.jobs.values() if j.qpu == qpu.name]
        in_lanes = [j for j in mine if j.state in IN_LANE]
        on_qpu = [j for j in mine if j.state is JobState.ON_QPU]
        assert {j.id for j in in_lanes} == set(qpu.lanes), "the lanes and the jobs in them differ"
        assert len(in_lanes) <= qpu.lane_limit, f"{len(in_lanes)} jobs in lanes"
        begun = [j for j in in_lanes if j.state is JobState.PREPARING and j.id not in qpu.unprepared]
        assert len(begun) == qpu.preparing <= qpu.preparation_limit, f"{len(begun)} jobs are being prepared"
        assert not qpu.unprepared or qpu.preparing == qpu.preparation_limit, "a preparation could begin"
        assert on_qpu == ([qpu.on_qpu] if qpu.on_qpu else []), "more than one job on the QPU"
        assert not (qpu.on_qpu and qpu.calibrating), "a job and a calibration on the QPU"
        assert set(map(id, qpu.ready)) == {id(j) for j in in_lanes if j.state is JobState.WAITING}
        session = qpu.session
        if session is not None:
            _check_priority(session)
            strangers = [j.id for j in in_lanes if j.workload != session.id]
            assert not strangers, f"{strangers} run inside the exclusive session {session.id}"
        for job in in_lanes:
            workload = state.workloads.get(job.workload or "")
            if workload is not None and workload.mode is Mode.SESSION and not job.outlived:
                assert session is workload, f"{workload.id} gave the QPU up before {job.id} had left it"
        for workload in qpu.batches.values():
            _check_priority(workload)
        qpu.line.check()


def _check_priority(workload: Workload) -> None:
    """Assert that it is active, or past its end and waits for its jobs in lanes (SEMANTICS A24)."""
    drains = workload.state is WorkloadState.CLOSED and workload.unfinished and not workload.queue
    assert workload.state is WorkloadState.ACTIVE or drains, f"{workload.id} has priority and is not active"


def _check_workloads(state: State) -> None:
    jobs_of: dict[str, list[JobState]] = {}
    for job in state.jobs.values():
        if job.workload is not None and not job.outlived:
            jobs_of.setdefault(job.workload, []).append(job.state)
    for workload in state.workloads.values():
        states = jobs_of.get(workload.id, [])
        assert workload.unfinished == sum(s not in SETTLED for s in states)
        assert len(workload.queue) == sum(s is JobState.QUEUED for s in states)
        if workload.state is WorkloadState.CLOSED:
            assert not workload.queue, f"jobs are queued under the closed workload {workload.id}"
            assert not workload.accepting_jobs
        if workload.queue and workload.state is not WorkloadState.ACTIVE:
            line = state.qpus[workload.qpu].line
            assert workload.id in line or workload.id in state.delayed, f"{workload.id} waits in no line"
        assert (workload.started_at is None) == (not workload.stretches)


def _check_charges(state: State) -> None:
    for charge in state.accounts.charges:
        assert charge.reason, f"{charge} has no reason"
        assert charge.tenant, f"{charge} has no owner"
    for workload in state.workloads.values():
        if workload.mode is not Mode.SESSION:
            continue
        for span in workload.stretches:  # SEMANTICS A12: no inactive second is charged
            end = state.now if span.end is None else span.end
            for (phase, start), (_, stop) in zip(
                workload.history, [*workload.history[1:], (None, state.now)], strict=True
            ):
                if phase is WorkloadState.INACTIVE:
                    overlap = min(end, stop) - max(span.start, start)
                    assert overlap <= 0, f"{overlap} inactive seconds of {workload.id} are charged"
            _check_exclusive(state, workload, span.start, end)


def _check_exclusive(state: State, session: Workload, start: float, end: float) -> None:
    """Assert that a session is charged for nobody else's time (SEMANTICS A7, A24)."""
    held = [
        (job.id, job.on_qpu_at, state.now if job.ended_at is None else job.ended_at)
        for job in state.jobs.values()
        if job.qpu == session.qpu and job.on_qpu_at is not None
        if job.workload != session.id or job.outlived
    ]
    if not state.plan.calibration_first:  # SEMANTICS L6
        held += [
            ("a calibration", c.started_at, c.started_at + c.duration_s)
            for c in state.calibrations
            if c.qpu == session.qpu and c.started_at is not None
        ]
    for what, begin, stop in held:
        overlap = min(end, stop) - max(start, begin)
        assert overlap <= 0, f"{session.id} is charged for {overlap} s of {what}"
