"""The tables of what may follow what, and IBM's words for it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import qmode_jupyter
from qmode_jupyter.scheduler.transitions import (
    IN_LANE,
    JOB_STATUS,
    JOB_TRANSITIONS,
    SETTLED,
    TOO_LONG,
    WORKLOAD_TRANSITIONS,
    IllegalTransition,
    JobState,
    JobStep,
    WorkloadState,
    WorkloadStep,
    job_after,
    job_status,
    workload_after,
    workload_status,
)


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


def test_the_clients_words() -> None:  # SEMANTICS J3, S2
    assert job_status(JobState.CANCELLED, None) == "CANCELLED"
    assert job_status(JobState.CANCELLED, 1305) == "ERROR"
    words = [workload_status(state, True) for state in WorkloadState]
    assert words == ["Pending", "In progress, accepting new jobs", "Pending", "Closed"]
    assert workload_status(WorkloadState.ACTIVE, False) == "In progress, not accepting new jobs"


def test_the_code_of_a_job_that_ran_too_long_stands_in_one_place() -> None:
    package = Path(qmode_jupyter.__file__).parent
    places = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value == TOO_LONG
    ]
    assert places == ["scheduler/transitions.py"]
