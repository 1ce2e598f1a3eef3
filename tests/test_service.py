"""RuntimeService: backends, jobs, and who owns what."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from qiskit_aer import AerSimulator

from qmode_jupyter import Batch, EstimatorV2, QiskitRuntimeService, RuntimeService, SamplerV2, default_service
from qmode_jupyter.errors import (
    BackendNotFoundError,
    IBMInputValueError,
    IBMRuntimeError,
    QmodeWarning,
    RuntimeClosedError,
    RuntimeJobNotFound,
    UnsupportedOptionWarning,
)
from qmode_jupyter.service import belongs, service_of
from tests.face import bell, service


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


def test_there_is_one_instance_and_no_account(emulated: RuntimeService) -> None:
    assert emulated.active_instance() == "emulated/premium"
    assert emulated.instances() == [
        {"crn": "emulated/premium", "name": "emulated/premium", "plan": "premium"}
    ]
    with pytest.warns(QmodeWarning, match="token, overwrite was not saved"):
        QiskitRuntimeService.save_account(token="secret", overwrite=True)


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
