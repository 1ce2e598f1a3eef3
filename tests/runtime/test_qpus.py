"""What a person can let happen to a QPU, and what the instance's usage says meanwhile."""

from __future__ import annotations

import pytest

from qmode_jupyter import Plan, SamplerV2, Session, advise, with_limits
from qmode_jupyter.errors import BackendNotFoundError, IBMInputValueError, RequestsApiError
from tests.emulated import bell, service


def test_a_calibration_that_is_asked_for_runs_between_jobs() -> None:
    with service() as emulated:
        backend = emulated.backend("aer_simulator")
        emulated.calibrate_qpu(backend, 600)
        job = SamplerV2(backend).run([bell()], shots=1)
        job.result()
        trace = emulated.trace(job.job_id())
        assert [(c.started_at, c.duration_s) for c in trace.calibrations] == [(0, 600)]
        assert trace.jobs[0].on_qpu_at == 600


def test_a_calibration_comes_at_its_time_and_not_inside_a_session() -> None:
    with service() as emulated:
        backend = emulated.backend("aer_simulator")
        emulated.calibrate_qpu("aer_simulator", 60, at_s=5)
        with Session(backend) as session:
            SamplerV2().run([bell()], shots=1).result()
            emulated.clock.advance(20)
            assert emulated.trace(session.session_id).calibrations[0].started_at is None
        emulated.clock.advance(100)
        (calibration,) = emulated.trace(session.session_id).calibrations
        assert calibration.due_at == 5
        assert calibration.started_at == session.record().closed_at
        assert advise(emulated.trace(session.session_id)).findings


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({"duration_s": 0}, "duration_s must be above 0 seconds, not 0."),
        ({"duration_s": -5}, "duration_s must be above 0 seconds, not -5."),
        ({"duration_s": "10m"}, "duration_s must be a number of seconds, not '10m'."),
        ({"duration_s": float("inf")}, "duration_s must be a number of seconds, not inf."),
        ({"duration_s": 5, "at_s": 50}, "at_s must not be over: it is 100 s, and 50 s was asked for."),
        ({"duration_s": 5, "backend": 3}, "backend must be a backend or its name, not 3."),
    ],
)
def test_a_calibration_that_cannot_be_gets_one_line(arguments: dict[str, object], line: str) -> None:
    with service() as emulated:
        emulated.clock.advance(100)
        with pytest.raises(IBMInputValueError) as error:
            emulated.calibrate_qpu(**{"backend": "aer_simulator", **arguments})
        assert str(error.value) == line
        with pytest.raises(BackendNotFoundError, match="aer_simulator"):
            emulated.calibrate_qpu("aer_simulatr", 5)
        assert emulated.runtime.look(lambda scheduler: scheduler.calibrations) == []


def test_a_reservation_that_cannot_be_gets_one_line() -> None:
    with service(plan="legacy_2023") as emulated:
        emulated.reserve("aer_simulator", 100, 200)
        emulated.clock.advance(50)
        for start, end, what in (
            (60, 60, "must begin before it ends, and not before 50 s: from 60 s to 60 s"),
            (40, 60, "must begin before it ends, and not before 50 s: from 40 s to 60 s"),
            (150, 250, r"is reserved from 100 s to 200 s\. Reserve a time before or after"),
        ):
            with pytest.raises(RequestsApiError, match=what) as error:
                emulated.reserve("aer_simulator", start, end)
            assert "1208" in str(error.value)
        with pytest.raises(IBMInputValueError, match="end_s must be a number of seconds"):
            emulated.reserve("aer_simulator", 300, None)
        emulated.reserve("aer_simulator", 200, 300)
        emulated.clock.advance(250)
        assert emulated.usage()["usage_consumed_seconds"] == 200  # SEMANTICS Q7: idle time counts
    with service() as emulated, pytest.raises(RequestsApiError, match="not authorized to reserve"):
        emulated.reserve("aer_simulator", 100, 200)


def test_u12_what_is_allowed_and_what_is_left() -> None:
    with service(plan=with_limits("open", cost_limit_s=100)) as emulated:
        assert {word: value for word, value in emulated.usage().items() if word.endswith("_seconds")} == {
            "usage_consumed_seconds": 0,
            "usage_limit_seconds": 100,
            "usage_allocation_seconds": 600,
            "usage_remaining_seconds": 100,
        }
    with service(plan=Plan("mine", "Mine", None)) as emulated:
        assert emulated.usage()["usage_allocation_seconds"] is None
        assert emulated.usage()["usage_limit_reached"] is False


def test_a25_usage_stays_while_an_expired_session_prepares_its_last_job() -> None:
    """Between the last job on the QPU and the next the session still has the QPU, and is charged for it."""
    with service() as emulated:
        backend = emulated.backend("aer_simulator")
        session = Session(backend, max_time=2)
        emulated.calibrate_qpu(backend, 600, at_s=1.5)
        quick = SamplerV2(session).run([bell()], shots=1)
        # Prepared for 1.6 s, and 0.3 s for each PUB (SEMANTICS A26): the first is long done by then.
        slow = SamplerV2(session).run([bell()] * 20, shots=1)
        used = [emulated.usage()["usage_consumed_seconds"]]
        for job in (quick, slow):
            job.result()
            used.append(emulated.usage()["usage_consumed_seconds"])
        assert session.status() == "Closed"
        first, last = (emulated.runtime.job_record(job.job_id()) for job in (quick, slow))
        assert first.ended_at > session.record().closed_at
        assert used == [0, first.ended_at, last.ended_at]
        assert session.record().usage_s == last.ended_at < 30
