"""RuntimeService: backends, jobs, and who owns what."""

from __future__ import annotations

import inspect
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, timedelta

import numpy as np
import pytest
from qiskit_aer import AerSimulator

from qmode_jupyter import Batch, EstimatorV2, QiskitRuntimeService, RuntimeService, SamplerV2, default_service
from qmode_jupyter.client.service import belongs, service_of
from qmode_jupyter.errors import (
    BackendNotFoundError,
    IBMInputValueError,
    IBMRuntimeError,
    QmodeWarning,
    RuntimeClosedError,
    RuntimeJobNotFound,
    UnsupportedOptionWarning,
)
from qmode_jupyter.runtime.clock import ManualClock
from tests.emulated import bell, refused, service


@pytest.fixture
def emulated() -> Iterator[RuntimeService]:
    with service() as one:
        yield one


def test_what_it_is_made_with() -> None:
    with service(plan="flex", speed=60, instance="mine") as one:
        assert (one.plan.name, one.timing, one.speed, one.instance) == ("flex", "modelled", 60, "mine")
        assert repr(one) == "<RuntimeService plan='flex' timing='modelled' speed=60>"
    for wrong in ({"plan": "premum"}, {"timing": "guessed"}, {"speed": 0}, {"speed": "fast"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            RuntimeService(**wrong)


def test_an_ibm_account_is_taken_and_said_to_be_unused() -> None:
    with pytest.warns(QmodeWarning, match="channel, token of an IBM account is not used") as caught:
        one = QiskitRuntimeService(channel="ibm_cloud", token="secret", instance="crn:mine")
    assert caught[0].filename == __file__
    assert one.instance == "crn:mine"
    assert "secret" not in repr(vars(one))
    one.close()
    with pytest.raises(TypeError, match=r"no argument 'plann'\. Did you mean 'plan'"):
        RuntimeService(plann="open")


@pytest.mark.parametrize(
    "wrong",
    [
        {"plan": 7},
        {"plan": None},
        {"timing": 3},
        {"speed": True},
        {"speed": float("nan")},
        {"speed": float("inf")},
        {"seed": "x"},
        {"seed": 1.5},
        {"seed": True},
        {"workers": 0},
        {"workers": 1.5},
        {"workers": float("inf")},
        {"clock": 3},
        {"load": "a"},
        {"load": float("nan")},
        {"load": 0.95},
        {"load": False},
        {"tenants": ["ada"]},
        {"legacy_metrics": "yes"},
        {"instance": 5},
    ],
    ids=str,
)
def test_a_wrong_setting_is_one_line_and_leaves_nothing_half_made(wrong: dict[str, object]) -> None:
    before = set(threading.enumerate())
    (name,) = wrong
    assert refused(lambda: RuntimeService(**wrong), ValueError).startswith(f"{name} must be ")
    assert set(threading.enumerate()) == before


def test_numbers_of_numpy_are_numbers() -> None:
    with service(seed=np.int64(3), workers=np.int32(1), load=np.float32(0), speed=np.int64(60)) as one:
        assert (one.settings.seed, one.settings.workers, one.settings.load) == (3, 1, 0.0)
        assert one.backends(min_num_qubits=np.int64(2), name="generic_19q")
        assert one.jobs(limit=np.int64(3), skip=np.int8(0)) == []


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda one: one.backend(5), "name must be the name of a backend, a text like 'generic_19q', not 5."),
        (lambda one: one.backend(None), "name must be the name of a backend"),
        (lambda one: one.backend(b"generic_19q"), "name must be the name of a backend"),
        (lambda one: one.backends(name=5), "name must be the name of a backend"),
        (lambda one: one.backends(min_num_qubits="a"), "min_num_qubits must be a whole number"),
        (lambda one: one.backends(dynamic_circuits=3), "dynamic_circuits must be True or False or None"),
        (
            lambda one: one.least_busy(filters="generic"),
            "filters must be something that can be called or None",
        ),
        (lambda one: one.least_busy(min_num_qubits=float("nan")), "min_num_qubits must be a whole number"),
        (lambda one: one.job(5), "job_id must be a text, not 5."),
        (lambda one: one.job(["a"]), "job_id must be a text, not ['a']."),
        (lambda one: one.delete_job(None), "job_id must be a text, not None."),
        (lambda one: one.jobs(limit="a"), "limit must be a whole number of at least 0 or None, not 'a'."),
        (lambda one: one.jobs(limit=-1), "limit must be a whole number of at least 0 or None, not -1."),
        (lambda one: one.jobs(limit=True), "limit must be a whole number"),
        (lambda one: one.jobs(limit=float("inf")), "limit must be a whole number"),
        (lambda one: one.jobs(skip=-1), "skip must be a whole number of at least 0, not -1."),
        (
            lambda one: one.jobs(backend_name=one.backend()),
            "backend_name must be a text or None, not <q",
        ),
        (lambda one: one.jobs(pending="yes"), "pending must be True or False or None, not 'yes'."),
        (lambda one: one.jobs(job_tags="mine"), "job_tags must be a list, each item of it a text or None"),
        (lambda one: one.jobs(job_tags=[1]), "job_tags must be a list, each item of it a text or None"),
        (lambda one: one.jobs(session_id=4), "session_id must be a text or None, not 4."),
        (
            lambda one: one.jobs(created_after="today"),
            "created_after must be a datetime, local where",
        ),
        (
            lambda one: one.jobs(created_before=date(2026, 1, 1)),
            "created_before must be a datetime, local",
        ),
        (lambda one: one.jobs(descending=None), "descending must be True or False, not None."),
    ],
)
def test_a_wrong_argument_is_one_line(
    emulated: RuntimeService, call: Callable[[RuntimeService], object], said: str
) -> None:
    assert refused(lambda: call(emulated)).startswith(said)


def test_dates_with_and_without_a_zone_are_taken(emulated: RuntimeService) -> None:
    job = SamplerV2(emulated.backend("aer_simulator")).run([bell()], shots=1)
    then = job.creation_date - timedelta(seconds=5)
    for moment in (then, then.astimezone(UTC), then.replace(tzinfo=None)):
        assert [one.job_id() for one in emulated.jobs(created_after=moment)] == [job.job_id()]
        assert emulated.jobs(created_before=moment) == []


def test_made_again_with_the_same_settings_it_is_the_same_account() -> None:
    """SEMANTICS A29."""
    clock = ManualClock()
    with service(clock=clock) as one:
        job = SamplerV2(one.backend("aer_simulator")).run([bell()], shots=1)
        job.result()
        with service(clock=clock) as again:
            assert again is one
            assert [found.job_id() for found in again.jobs()] == [job.job_id()]
            assert again.usage() == one.usage()
        assert not one.closed
        for other in (
            {"clock": ManualClock()},
            {"clock": clock, "instance": "b"},
            {"clock": clock, "plan": "flex"},
        ):
            with service(**other) as different:
                assert different is not one
                assert different.jobs() == []
        with service(clock=clock, plan="Premium", seed=np.int64(7)) as spelt:
            assert spelt is one
    assert one.closed
    with service(clock=clock) as later:
        assert later is not one
        assert later.jobs() == []


def test_threads_that_make_it_at_once_get_one() -> None:
    clock, found, start = ManualClock(), [], threading.Barrier(6)

    def make() -> None:
        start.wait(10)
        found.append(service(clock=clock))

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 6
    assert len(set(map(id, found))) == 1
    found[0].close()


def test_the_end_of_a_with_does_not_break_what_runs_for_others() -> None:
    clock = ManualClock()
    one = service(clock=clock)
    job = SamplerV2(one.backend("aer_simulator")).run([bell()], shots=5)
    with pytest.raises(ZeroDivisionError), service(clock=clock):
        raise ZeroDivisionError
    assert job.result()[0].data.meas.num_shots == 5
    one.close()
    assert one.closed


def test_a_close_that_takes_work_from_others_says_so() -> None:
    clock = ManualClock()
    one, other = service(clock=clock), service(clock=clock)
    SamplerV2(one.backend("aer_simulator")).run([bell()], shots=5)
    with pytest.warns(QmodeWarning, match="1 job that had not ended went with the service: it was made 2 ti"):
        other.close()
    assert one.closed


def test_the_default_service_is_the_account_with_the_default_settings() -> None:
    with RuntimeService() as one:
        assert default_service() is one
    assert not one.closed
    default_service().close()
    assert one.closed


def test_what_it_takes_can_be_looked_up() -> None:
    with pytest.raises(TypeError, match="too many positional arguments; plan, timing and speed come first"):
        RuntimeService("open", "modelled", "max", 7)
    assert list(inspect.signature(RuntimeService).parameters)[:3] == ["plan", "timing", "speed"]


def test_there_is_one_instance_and_no_account(emulated: RuntimeService) -> None:
    assert emulated.active_instance() == "emulated/premium"
    assert emulated.instances() == [
        {"crn": "emulated/premium", "name": "emulated/premium", "plan": "premium"}
    ]
    assert emulated.channel == "emulated"
    assert emulated.active_account() == {
        "channel": "emulated",
        "instance": "emulated/premium",
        "plans_preference": ["premium"],
    }
    assert QiskitRuntimeService.saved_accounts(default=True) == {}
    with pytest.warns(QmodeWarning, match="token, overwrite was not saved"):
        QiskitRuntimeService.save_account(token="secret", overwrite=True)
    with pytest.warns(QmodeWarning, match="What was given was not saved"):
        QiskitRuntimeService.save_account("secret")
    with pytest.warns(QmodeWarning, match="Nothing was deleted"):
        assert QiskitRuntimeService.delete_account(name="mine") is False


def test_backends_are_handed_out_by_name(emulated: RuntimeService) -> None:
    aer = emulated.backend("aer_simulator")
    assert emulated.backend("aer_simulator") is aer
    assert emulated.backend().name == "generic_19q"
    assert service_of(aer) is emulated
    assert belongs(aer)
    with pytest.raises(BackendNotFoundError, match="Did you mean 'generic_19q'"):
        emulated.backend("generic_19")
    with pytest.warns(UnsupportedOptionWarning, match="use_fractional_gates makes no difference") as caught:
        emulated.backend("aer_simulator", use_fractional_gates=True)
    assert caught[0].filename == __file__


def test_backends_can_be_searched(emulated: RuntimeService) -> None:
    def names(**wanted: object) -> list[str]:
        return [backend.name for backend in emulated.backends(**wanted)]

    everything = names()
    assert everything[:2] == ["generic_19q", "aer_simulator"]
    assert names(simulator=True) == ["aer_simulator"]
    assert names(name="generic_19q", operational=True) == ["generic_19q"]
    assert names(operational=False) == []
    assert all(emulated.backend(name).num_qubits >= 100 for name in names(min_num_qubits=100))
    assert "generic_19q" in names(dynamic_circuits=True)
    assert names(num_qubits=19) == names(n_qubits=19) == ["generic_19q"]
    assert names(filters=lambda backend: backend.name.endswith("19q")) == ["generic_19q"]
    with pytest.raises(
        IBMInputValueError, match=r"no attribute 'simulater' to filter by\. Did you mean 'simulator'"
    ):
        emulated.backends(simulater=True)


def test_the_least_busy(emulated: RuntimeService) -> None:
    assert emulated.least_busy().name == "generic_19q"
    assert emulated.least_busy(operational=True, simulator=False).name == "generic_19q"
    assert emulated.least_busy(simulator=True).name == "aer_simulator"
    aer = emulated.backend("aer_simulator")
    SamplerV2(aer).run([bell()], shots=1)
    assert emulated.least_busy(min_num_qubits=20, filters=lambda b: "fake" not in b.name) is aer
    with pytest.raises(BackendNotFoundError, match=r"^No backend matches the criteria\.$"):
        emulated.least_busy(min_num_qubits=10_000)
    with pytest.raises(IBMInputValueError, match=r"no attribute 'quantum'"):
        emulated.least_busy(quantum=True)


def test_jobs_are_found(emulated: RuntimeService) -> None:
    aer = emulated.backend("aer_simulator")
    tagged = SamplerV2(aer, {"environment": {"job_tags": ["a", "b"]}})
    first = tagged.run([bell()], shots=1)
    first.result()
    emulated.clock.advance(100)
    with Batch(aer) as batch:
        second = EstimatorV2().run([(bell().remove_final_measurements(inplace=False), "ZZ")])
        third = SamplerV2().run([bell()], shots=1)
    ids = [job.job_id() for job in (first, second, third)]

    def found(**wanted: object) -> list[int]:
        return [ids.index(job.job_id()) for job in emulated.jobs(**wanted)]

    assert found() == [2, 1, 0]
    assert found(descending=False) == [0, 1, 2]
    assert found(limit=1) == [2]
    assert found(limit=None, skip=1) == [1, 0]
    assert found(skip=5) == []
    assert found(pending=True) == [2, 1]
    assert found(pending=False) == [0]
    assert found(program_id="estimator") == [1]
    assert found(backend_name="generic_19q") == []
    assert found(session_id=batch.session_id) == [2, 1]
    assert found(session_id="unknown") == []
    assert found(job_tags=["a"]) == found(job_tags=["b", "a"]) == [0]
    assert found(job_tags=["a", "c"]) == []
    middle = first.creation_date + timedelta(seconds=50)
    assert found(created_after=middle) == [2, 1]
    assert found(created_before=middle.replace(tzinfo=None)) == [0]
    assert emulated.job(ids[0]).job_id() == ids[0]
    with pytest.raises(RuntimeJobNotFound, match="Job not found: nothing"):
        emulated.job("nothing")


def test_a_job_that_has_ended_can_be_deleted(emulated: RuntimeService) -> None:
    job = SamplerV2(emulated.backend("aer_simulator")).run([bell()], shots=1)
    with pytest.raises(IBMRuntimeError, match=r"^Failed to delete job: ") as caught:
        emulated.delete_job(job.job_id())
    assert not isinstance(caught.value, RuntimeJobNotFound)
    job.result()
    emulated.delete_job(job.job_id())
    assert emulated.jobs() == []
    with pytest.raises(RuntimeJobNotFound):
        emulated.delete_job(job.job_id())


def test_there_is_one_default_service_and_after_its_close_a_new_one() -> None:
    found: list[RuntimeService] = []
    threads = [threading.Thread(target=lambda: found.append(default_service())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1
    mine = AerSimulator()
    assert service_of(mine) is found[0]
    assert not belongs(mine)
    found[0].close()
    assert default_service() is not found[0]
    assert not default_service().closed


def test_a_closed_service_takes_nothing(emulated: RuntimeService) -> None:
    aer = emulated.backend("aer_simulator")
    sampler = SamplerV2(aer)
    job = sampler.run([bell()], shots=3)
    job.result()
    emulated.close()
    emulated.close()
    assert emulated.closed
    with pytest.raises(RuntimeClosedError):
        SamplerV2(aer)
    with pytest.raises(RuntimeClosedError):
        sampler.run([bell()])
    assert job.status() == "DONE"
    assert job.usage() >= 2


def test_real_hardware_is_left_to_its_own_client() -> None:
    class IBMBackend(AerSimulator):
        """Stands for the class of that name, by which it is known without importing it."""

    with pytest.raises(IBMInputValueError, match="is real hardware, and nothing is sent there from here"):
        SamplerV2(IBMBackend())


SCRIPT = """
from qiskit import QuantumCircuit
from qmode_jupyter import Session, SamplerV2 as Sampler, default_service

circuit = QuantumCircuit(1)
circuit.h(0)
circuit.measure_all()
with Session(backend="aer_simulator") as session:
    counts = Sampler().run([circuit], shots=100).result()[0].data.meas.get_counts()
assert sum(counts.values()) == 100
print(session.status(), session.usage())
"""


@pytest.mark.parametrize("how", ["standard input", "file", "option"])
def test_a_script_needs_no_guard_and_ends_by_itself(how: str, tmp_path: object) -> None:
    path = tmp_path / "script.py"
    path.write_text(SCRIPT, encoding="utf-8")
    arguments = {"standard input": ["-"], "file": [str(path)], "option": ["-c", textwrap.dedent(SCRIPT)]}[how]
    given = SCRIPT if how == "standard input" else None
    run = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("Closed ")
