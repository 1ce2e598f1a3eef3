"""What a person can let happen to a QPU, and what the instance's usage says meanwhile."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from qiskit.providers.fake_provider import GenericBackendV2

from qmode_jupyter import Batch, Plan, SamplerV2, Session, advise, with_limits
from qmode_jupyter.cost.model import REP_DELAY
from qmode_jupyter.cost.processors import HERON_R1, HERON_R2, NIGHTHAWK_R1, PHOENIX
from qmode_jupyter.errors import BackendNotFoundError, IBMInputValueError, RequestsApiError
from tests.emulated import bell, isa, service


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


# ---- what a QPU is: its pause between executions, its lanes, its prices


def pause_s(sampler: SamplerV2, shots: int = 1000) -> float:
    """The pause before each of the executions of a job, as it was charged."""
    backend = sampler.backend()
    job = sampler.run([isa(bell(), backend)], shots=shots, dry_run=True)
    job.result()
    return dict(job._runtime.job_record(job.job_id()).parts)[REP_DELAY] / shots


@pytest.mark.parametrize(
    ("name", "its_own_s", "asked_s"),
    [
        ("aer_simulator", 250e-6, 500e-6),
        ("fake_fez", 250e-6, 100e-6),
        ("fake_miami", 4e-3, 1e-3),  # a Nighthawk
    ],
)
def test_the_pause_is_the_job_s_then_the_backend_s(name: str, its_own_s: float, asked_s: float) -> None:
    with service() as emulated:
        backend = emulated.backend(name)
        assert pause_s(SamplerV2(backend)) == pytest.approx(its_own_s)
        asked = {"execution": {"rep_delay": asked_s}}
        assert pause_s(SamplerV2(backend, asked)) == pytest.approx(asked_s)


def test_a_backend_that_says_no_pause_has_its_processor_s() -> None:
    with service() as emulated:
        mine = GenericBackendV2(2, seed=1)
        assert not hasattr(mine, "default_rep_delay")
        for name, processor in (
            ("generic", HERON_R2),
            ("fake_berlin", NIGHTHAWK_R1),
            ("ibm_phoenix", PHOENIX),
            ("aer_simulator_from(fake_torino)", HERON_R1),
            ("unfake_fezz", HERON_R2),
        ):
            mine.name = name
            assert emulated.runtime.qpus.processor(mine) == processor
        mine.name, mine.processor_type = "mine", {"family": "Nighthawk", "revision": "1"}
        assert emulated.runtime.qpus.processor(mine) is NIGHTHAWK_R1
        mine.default_rep_delay = 2e-3
        assert emulated.runtime.qpus.processor(mine) == replace(NIGHTHAWK_R1, rep_delay_s=2e-3)
        for nonsense in (None, "4 ms", -1, float("nan")):
            mine.default_rep_delay = nonsense
            assert emulated.runtime.qpus.processor(mine) is NIGHTHAWK_R1
        mine.processor_type = "Heron"
        assert emulated.runtime.qpus.processor(mine) is HERON_R2


def test_a_service_s_own_processor_goes_before_what_its_backends_say() -> None:
    with service(processor="phoenix") as emulated:
        for name in ("fake_fez", "fake_miami"):
            backend = emulated.backend(name)
            assert emulated.runtime.qpus.processor(backend) is PHOENIX
            assert pause_s(SamplerV2(backend)) == pytest.approx(1e-6)
            asked = {"execution": {"rep_delay": 1e-3}}
            assert pause_s(SamplerV2(backend, asked)) == pytest.approx(1e-3)


@pytest.mark.parametrize(("processor", "lanes"), [(None, 5), ("phoenix", 14)])
def test_a28_so_many_jobs_are_running_at_once_as_the_processor_has_lanes(
    processor: str | None, lanes: int
) -> None:
    with service(processor=processor) as emulated, Batch(emulated.backend("aer_simulator")):
        jobs = [SamplerV2().run([bell()], shots=1) for _ in range(20)]
        emulated.clock.advance(0.5)
        assert Counter(job.status() for job in jobs) == {"RUNNING": lanes, "QUEUED": 20 - lanes}
        for job in jobs:
            job.result()
        records = [emulated.runtime.job_record(job.job_id()) for job in jobs]
        on_qpu = sorted((record.on_qpu_at, record.ended_at) for record in records)
        assert all(end <= start for (_, end), (start, _) in pairwise(on_qpu)), "one at a time"


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
