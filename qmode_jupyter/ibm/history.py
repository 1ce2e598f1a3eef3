"""Jobs that have run before anybody came, so that there is something to look at."""

from __future__ import annotations

from itertools import cycle, islice
from typing import TYPE_CHECKING, Final

from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from qmode_jupyter.client.primitives import EstimatorV2, SamplerV2

if TYPE_CHECKING:
    from qmode_jupyter.client.job import RuntimeJob
    from qmode_jupyter.ibm.server.listening import Server

_SHOTS: Final = 100


def lead_in(server: Server, jobs: int) -> None:
    """Let so many jobs of one qubit run to their end, Samplers and Estimators by turns, on each backend.

    Each is tagged "history".
    """
    ran: list[RuntimeJob] = []
    turned = QuantumCircuit(1)
    turned.x(0)
    measured = turned.copy()
    measured.measure_all()
    options = {"environment": {"job_tags": ["history"]}, "default_shots": _SHOTS}
    for number, name in enumerate(islice(cycle(server.backends), jobs)):
        backend = server.backend(name)
        if number % 2:
            ran.append(EstimatorV2(backend, options).run([(turned, SparsePauliOp("Z"))]))
        else:
            ran.append(SamplerV2(backend, options).run([measured]))
    for job in ran:
        job.wait_for_final_state()
