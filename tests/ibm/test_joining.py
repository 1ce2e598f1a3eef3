"""IBM's client is put so that its primitives join a session, and is put back."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest

pytest.importorskip("qiskit_ibm_runtime")
pytest.importorskip("uvicorn")

from qiskit_ibm_runtime import Batch as TheirBatch
from qiskit_ibm_runtime import SamplerV2, base_primitive
from qiskit_ibm_runtime import Session as TheirSession
from qiskit_ibm_runtime.utils.default_session import get_cm_session

from qmode_jupyter import Batch, RuntimeService, Session
from qmode_jupyter.ibm import connect
from qmode_jupyter.ibm.joining import joined
from qmode_jupyter.scheduler.records import Mode
from tests.emulated import bell

pytestmark = pytest.mark.filterwarnings("ignore:The SamplerV2 class is deprecated")


@pytest.fixture
def service() -> Iterator[RuntimeService]:
    with RuntimeService(plan="premium", seed=41) as one:
        yield one


@pytest.mark.parametrize(("ours", "theirs"), [(Session, TheirSession), (Batch, TheirBatch)])
def test_the_clients_current_session_is_a_real_one_with_the_same_id(
    service: RuntimeService, ours: type[Session], theirs: type
) -> None:
    backend = service.backend("aer_simulator")
    with ours(backend) as opened:
        mode = Mode.BATCH if ours is Batch else Mode.SESSION
        with joined(service, backend, mode, opened.session_id):
            current = get_cm_session()
            assert isinstance(current, theirs)
            assert connect._servers.get(service) is None, "nothing is connected before it is needed"
            assert current.session_id == opened.session_id
            assert current.details()["mode"] == ("batch" if ours is Batch else "dedicated")
            job = SamplerV2().run([bell()], shots=10)
            assert sum(job.result()[0].data.meas.get_counts().values()) == 10
        assert service.runtime.jobs.owner(job.job_id()) == opened.session_id
        assert get_cm_session() is None


def test_modules_of_the_client_that_are_imported_meanwhile_are_put_back_too(service: RuntimeService) -> None:
    module = "qiskit_ibm_runtime.noise_learner_v3.noise_learner_v3"
    for name in (module, module.rpartition(".")[0]):
        sys.modules.pop(name, None)
    backend, find = service.backend("aer_simulator"), base_primitive.get_mode_service_backend
    with Session(backend) as opened, joined(service, backend, Mode.SESSION, opened.session_id):
        __import__(module)
        assert sys.modules[module].get_mode_service_backend is not find
    assert sys.modules[module].get_mode_service_backend is find
    assert base_primitive.get_mode_service_backend is find


def test_threads_that_come_together_connect_once(service: RuntimeService) -> None:
    backend, made, together = service.backend("aer_simulator"), [], threading.Barrier(4)
    with Session(backend) as opened, joined(service, backend, Mode.SESSION, opened.session_id):

        def make() -> None:
            together.wait(30)
            made.append(SamplerV2())

        threads = [threading.Thread(target=make) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len({id(sampler._service) for sampler in made}) == 1
        assert len(made) == 4


def test_an_attribute_that_a_session_has_not_is_an_attribute_error(service: RuntimeService) -> None:
    backend = service.backend("aer_simulator")
    with (
        Session(backend) as opened,
        joined(service, backend, Mode.SESSION, opened.session_id),
        pytest.raises(AttributeError, match="no attribute 'nonesuch'"),
    ):
        get_cm_session().nonesuch  # noqa: B018
