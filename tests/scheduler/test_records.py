"""What is known at one moment, and the words for it."""

from __future__ import annotations

import ast
from pathlib import Path

import qmode_jupyter
from qmode_jupyter.scheduler.records import (
    TOO_LONG,
    JobState,
    Span,
    WorkloadState,
    job_status,
    shown_state,
    workload_status,
)


def test_a_span_that_lasts_ends_now() -> None:
    assert (Span(2.0, 5.0).until(9.0), Span(2.0).until(9.0)) == (3.0, 7.0)


def test_the_clients_words() -> None:  # SEMANTICS J3, S2
    assert job_status(JobState.CANCELLED, None) == "CANCELLED"
    assert job_status(JobState.CANCELLED, 1305) == "ERROR"
    assert job_status(JobState.DONE, 1305) == "DONE"
    statuses = [job_status(state, None) for state in JobState]
    assert statuses == ["QUEUED", "RUNNING", "RUNNING", "RUNNING", "DONE", "ERROR", "CANCELLED"]
    assert shown_state(JobState.CANCELLED, 1305) is JobState.FAILED
    assert [shown_state(state, None) for state in JobState] == [*JobState]
    assert shown_state(JobState.DONE, 1305) is JobState.DONE
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
    # `style` knows nothing of the scheduler: the code is a key of its words, kept in step by its test.
    assert sorted(places) == ["scheduler/records.py", "style/words.py"]
