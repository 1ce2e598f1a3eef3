"""RuntimeService: backends, jobs, and who owns what."""

from __future__ import annotations

import pickle
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import timedelta

import pytest
from qiskit.providers.exceptions import QiskitBackendNotFoundError
from qiskit_aer import AerSimulator

from qmode_jupyter import Batch, EstimatorV2, QiskitRuntimeService, RuntimeService, SamplerV2
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
from tests.emulated import bell, service


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
    with pytest.raises(QiskitBackendNotFoundError) as caught:
        emulated.backend("generic_19")
    again = pickle.loads(pickle.dumps(caught.value))
    said = "There is no backend 'generic_19'. Did you mean 'generic_19q'?"
    assert str(again) == again.message == str(caught.value) == said
    with pytest.warns(UnsupportedOptionWarning, match="use_fractional_gates makes no difference") as caught:
        emulated.backend("aer_simulator", use_fractional_gates=True)
    assert caught[0].filename == __file__


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
