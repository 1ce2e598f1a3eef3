"""What a variational loop is charged, in a session and in a batch, on the real runtime and Aer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import SparsePauliOp
from scipy.optimize import minimize

from qmode_jupyter import Batch, EstimatorV2, RuntimeService, Session

ITERATIONS = 60
ANSATZ = efficient_su2(4, reps=1)
HAMILTONIAN = SparsePauliOp.from_list([("ZZII", 1.0), ("IZZI", 1.0), ("IIZZ", 1.0), ("XIII", 0.5)])


@pytest.fixture(scope="module")
def service() -> Iterator[RuntimeService]:
    with RuntimeService() as service:
        yield service


def optimise(mode: Session | Batch) -> None:
    estimator = EstimatorV2(mode=mode, options={"simulator": {"seed_simulator": 7}})

    def cost(parameters: np.ndarray) -> float:
        return float(estimator.run([(ANSATZ, HAMILTONIAN, parameters)]).result()[0].data.evs)

    start = np.linspace(-1, 1, ANSATZ.num_parameters)
    minimize(cost, start, method="cobyla", options={"maxiter": ITERATIONS})


def test_a_session_is_charged_from_its_first_job_to_its_close(service: RuntimeService) -> None:
    with Session(backend=service.backend("aer_simulator")) as session:
        optimise(session)
        before = service.now()
    after = service.now()
    record = session.record()
    jobs = service.trace(session.session_id).jobs
    assert len(jobs) == ITERATIONS
    first = min(job.preparing_at for job in jobs)
    assert record.usage_s == record.closed_at - first
    assert session.usage() == pytest.approx(record.usage_s, abs=1e-3)
    assert before <= record.closed_at <= after
    assert session.usage() > sum(job.charged_s for job in jobs)
    assert session.details()["usage_time"] == session.usage()


def test_a_batch_is_charged_the_sum_of_its_jobs(service: RuntimeService) -> None:
    with Batch(backend=service.backend("aer_simulator")) as batch:
        optimise(batch)
    jobs = service.trace(batch.session_id).jobs
    assert len(jobs) == ITERATIONS
    assert batch.usage() == sum(job.charged_s for job in jobs)
    assert batch.usage() == sum(service.job(job.id).usage() for job in jobs)
