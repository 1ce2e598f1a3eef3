"""Where jobs run: the mode of a primitive, the backend and service of a session."""

from __future__ import annotations

import logging

import pytest
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit_aer import AerSimulator

from qmode_jupyter import (
    Batch,
    EstimatorV2,
    RuntimeService,
    SamplerV2,
    Session,
    default_service,
)
from qmode_jupyter.client.mode import JobMode, resolve, same_backend
from qmode_jupyter.errors import (
    BackendNotFoundError,
    RuntimeClosedError,
)
from tests.emulated import bell, refused, service

BOTH = [Session, Batch]


def test_a_name_alone_is_the_default_service_s() -> None:
    with Batch("aer_simulator") as batch:
        assert batch.service is default_service()


def test_a_backend_from_elsewhere_runs_where_it_is_told_or_on_the_default_service(
    emulated: RuntimeService,
) -> None:
    mine = AerSimulator()
    assert Session(mine, create_new=False).service is default_service()
    with Session(mine, service=emulated) as session:
        assert session.service is emulated
        assert SamplerV2().run([bell()], shots=3).result()[0].data.meas.num_shots == 3


def test_what_is_no_backend(emulated: RuntimeService, aer: AerSimulator) -> None:
    with pytest.raises(TypeError, match="backend"):
        Session()
    assert refused(lambda: Session(None)).startswith("Invalid backend type <class 'NoneType'>")
    assert "the backend comes first" in refused(lambda: Session(emulated, aer))
    assert "Did you mean 'aer_simulator'?" in refused(lambda: Session("aer_simulater"), BackendNotFoundError)
    assert "must be a RuntimeService of qmode_jupyter, not builtins.int" in refused(
        lambda: Session("aer_simulator", service=3)
    )


def test_a_backend_of_another_service(emulated: RuntimeService, aer: AerSimulator) -> None:
    assert "belongs to another service" in refused(lambda: Session(aer, service=default_service()))
    other = service()
    lost = other.backend("aer_simulator")
    other.close()
    assert "was closed" in refused(lambda: Session(lost), RuntimeClosedError)


def test_a_backend_is_job_mode(aer: AerSimulator, emulated: RuntimeService) -> None:
    sampler = SamplerV2(mode=aer)
    assert (sampler.mode, sampler.session, sampler.backend()) == (None, None, aer)
    assert repr(sampler) == "<SamplerV2(backend='aer_simulator')>"
    job = sampler.run([bell()])
    assert job.service is emulated
    assert job.session_id is None


def test_a_session_is_joined_also_when_another_is_open(aer: AerSimulator, device: GenericBackendV2) -> None:
    outer = Session(device)
    with Batch(aer) as batch:
        estimator = EstimatorV2(mode=outer)
        assert estimator.mode is outer
        assert SamplerV2().mode is batch
    outer.close()


def test_a_backend_inside_a_with_joins_it_and_says_so(
    aer: AerSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    with Batch(aer) as batch, caplog.at_level(logging.WARNING, "qmode_jupyter.client.primitives"):
        sampler = SamplerV2(mode=aer)
    assert sampler.mode is batch
    assert "so this job will run inside this session/batch" in caplog.text


def test_another_mode_is_refused_with_its_type(aer: AerSimulator) -> None:
    with pytest.raises(ValueError, match="mode must be of type") as caught:
        SamplerV2(mode="aer_simulator")
    assert str(caught.value) == "mode must be of type Backend, Session, Batch or None"
    assert "builtins.str" in caught.value.__notes__[0]


def test_nothing_to_run_on_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^A backend or session must be specified\.$") as caught:
        SamplerV2()
    assert not hasattr(caught.value, "__notes__")


def test_job_mode_is_one_more_place_for_jobs(aer: AerSimulator, emulated: RuntimeService) -> None:
    container = resolve(aer)
    assert isinstance(container, JobMode)
    assert (container.service, container.backend_object, container.max_time) == (emulated, aer, None)
    sampler = SamplerV2(container)
    assert sampler.mode is None
    assert sampler.run([bell()], shots=1).session_id is None
    with Session(aer) as session:
        assert resolve(None) is resolve(session) is resolve(aer) is session


def test_backends_of_one_name_are_one_qpu_only_where_one_service_hands_them_out(
    aer: AerSimulator, emulated: RuntimeService
) -> None:
    assert same_backend(aer, emulated.backend("aer_simulator"))
    assert not same_backend(aer, AerSimulator())
    assert not same_backend(AerSimulator(), AerSimulator())
    with service() as other:
        assert not same_backend(aer, other.backend("aer_simulator"))
