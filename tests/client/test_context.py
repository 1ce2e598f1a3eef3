"""Which session or batch a `with` has put in force."""

from __future__ import annotations

import threading

import pytest
from qiskit_aer import AerSimulator

from qmode_jupyter import (
    Batch,
    EstimatorV2,
    Session,
)
from qmode_jupyter.client.context import JobContainer, WithBlocks
from qmode_jupyter.client.mode import JobMode
from qmode_jupyter.client.process import with_blocks
from qmode_jupyter.errors import (
    IBMInputValueError,
)


def test_leaving_an_inner_with_is_explained(aer: AerSimulator, caplog: pytest.LogCaptureFixture) -> None:
    with Session(aer), caplog.at_level("WARNING", "qmode_jupyter.client.session"):
        with Batch(aer):
            pass
        assert "Leaving the inner Batch leaves no Session in force" in caplog.text


def test_why_there_is_no_session_is_noted(aer: AerSimulator) -> None:
    with Session(aer):
        with Batch(aer):
            pass
        with pytest.raises(ValueError, match="must be specified") as caught:
            EstimatorV2()
    assert "leaving a `with` inside it left none in force" in caught.value.__notes__[0]

    found: list[BaseException] = []

    def elsewhere() -> None:
        try:
            EstimatorV2()
        except IBMInputValueError as error:
            found.append(error)

    with Session(aer):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert "threads don't inherit it" in found[0].__notes__[0]


def test_a_block_that_is_left_in_another_order_is_the_one_that_is_forgotten(aer: AerSimulator) -> None:
    blocks = WithBlocks()
    first, second = Batch(aer), Session(aer)
    blocks.enter(first)
    blocks.enter(second)
    assert blocks.current() is second
    blocks.leave(first)
    assert blocks.current() is None
    assert "You are inside `with Session`" in blocks.why_none()
    blocks.leave(second)
    assert blocks.why_none() == ""


def test_blocks_of_their_own_are_not_those_of_the_process(aer: AerSimulator) -> None:
    blocks = WithBlocks()
    with Batch(aer) as batch:
        assert blocks.current() is None
        assert with_blocks.current() is batch
    blocks.enter(batch)
    assert with_blocks.current() is None
    blocks.clear()
    assert blocks.current() is None


def test_whatever_takes_jobs_says_where() -> None:
    with pytest.raises(TypeError, match="abstract"):
        JobContainer()  # type: ignore[abstract]
    assert {Session, Batch, JobMode} <= set(JobContainer.__subclasses__()) | set(Session.__subclasses__())
