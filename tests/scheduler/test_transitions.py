"""The tables of what may follow what, and IBM's words for it."""

from __future__ import annotations

import re

import pytest

from qmode_jupyter.scheduler.records import (
    IN_LANE,
    JOB_STATUS,
    SETTLED,
    JobState,
    Mode,
    WorkloadState,
)
from qmode_jupyter.scheduler.scheduler import IllegalTransition
from qmode_jupyter.scheduler.transitions import (
    JOB_TRANSITIONS,
    WORKLOAD_TRANSITIONS,
    JobStep,
    WorkloadStep,
    job_after,
    workload_after,
)

JOBS = """
    queued     dequeued       preparing
    queued     fails          failed
    queued     is cancelled   cancelled
    preparing  prepared       waiting
    preparing  fails          failed
    preparing  is cancelled   cancelled
    waiting    started        on_qpu
    waiting    fails          failed
    waiting    is cancelled   cancelled
    on_qpu     executed       done
    on_qpu     fails          failed
    on_qpu     is cancelled   cancelled
"""
WORKLOADS = """
    open      a job is dequeued                     active
    open      no job for 30 minutes                 closed
    open      closed or cancelled, and no job left  closed
    open      cost limit                            closed
    active    interactive timeout                   inactive
    active    closed or cancelled, and no job left  closed
    active    maximum timeout                       closed
    active    cost limit                            closed
    inactive  a job is dequeued                     active
    inactive  closed or cancelled, and no job left  closed
    inactive  maximum timeout                       closed
    inactive  cost limit                            closed
"""


def rows(table: str) -> list[tuple[str, ...]]:
    return [tuple(re.split(r"\s{2,}", line.strip())) for line in table.strip().splitlines()]


def test_j5_s3_what_follows_what_and_nothing_else() -> None:
    for written, table in ((JOBS, JOB_TRANSITIONS), (WORKLOADS, WORKLOAD_TRANSITIONS)):
        found = [(state, step, after) for state, steps in table.items() for step, after in steps.items()]
        assert sorted(found) == sorted(rows(written))


def test_s1_the_words_on_the_wire() -> None:
    assert [*WorkloadState] == ["open", "active", "inactive", "closed"]
    assert [*Mode] == ["job", "batch", "session"]


def test_every_state_is_in_its_table_and_can_be_reached() -> None:
    for states, table in ((JobState, JOB_TRANSITIONS), (WorkloadState, WORKLOAD_TRANSITIONS)):
        assert list(table) == list(states)
        reached = {after for steps in table.values() for after in steps.values()}
        assert set(states) - reached == {next(iter(states))}


def test_final_states_are_final() -> None:
    assert {state for state, steps in JOB_TRANSITIONS.items() if not steps} == SETTLED
    assert WORKLOAD_TRANSITIONS[WorkloadState.CLOSED] == {}
    for state in SETTLED:
        with pytest.raises(IllegalTransition, match=f"a job that is {state} can't go on"):
            job_after(state, JobStep.IS_CANCELLED)
    with pytest.raises(IllegalTransition, match="a workload that is closed has no step"):
        workload_after(WorkloadState.CLOSED, WorkloadStep.JOB_DEQUEUED)


def test_running_is_all_of_the_lane() -> None:  # SEMANTICS J6, A22
    assert {state for state, word in JOB_STATUS.items() if word == "RUNNING"} == IN_LANE
