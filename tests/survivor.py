"""A VQE that no drill stops: it keeps its parameters, looks at what went wrong, and goes on from there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp

from qmode_jupyter import Batch, EstimatorV2, RuntimeService, Session
from qmode_jupyter.errors import IBMError, JobError, RuntimeClosedError, RuntimeJobTimeoutError

STEPS = 6
#: With so many troubles in a row on one service the next one is used.
PATIENCE = 4


def trial() -> QuantumCircuit:
    theta = ParameterVector("t", 2)
    circuit = QuantumCircuit(2)
    circuit.ry(theta[0], 0)
    circuit.ry(theta[1], 1)
    circuit.cx(0, 1)
    return circuit


class Survivor:
    """Coordinate descent on two angles; `troubles` is what it went through."""

    def __init__(self, service: RuntimeService, another: Callable[[], RuntimeService], mode: type[Session]):
        self.service, self._another, self._mode = service, another, mode
        self.x = [0.4, -0.3]
        self.troubles: list[Exception] = []
        self.evaluations = 0
        self._workload: Session | None = None
        self._circuit = trial()
        self._energy = SparsePauliOp.from_list([("ZZ", 1.0), ("XI", 0.5), ("IX", 0.5)])

    def run(self) -> float:
        best, width = self.energy(self.x), 1.0
        for step in range(STEPS):
            for candidate in self._around(step % 2, width):
                energy = self.energy(candidate)
                if energy < best:  # the warm start: the best so far stays, whatever comes
                    best, self.x = energy, candidate
            width *= 0.7
        if self._workload is not None:
            self._workload.close()
        return best

    def energy(self, x: Sequence[float]) -> float:
        in_a_row = 0
        while True:
            try:
                return self._ask(x)
            except (IBMError, JobError) as trouble:
                self.troubles.append(trouble)
                in_a_row += 1
                if in_a_row == 3 * PATIENCE:
                    raise
                self._go_on(trouble, in_a_row)

    def _ask(self, x: Sequence[float]) -> float:
        if self._workload is None:
            self._workload = self._mode(self.service.backend("aer_simulator"), service=self.service)
        estimator = EstimatorV2(self._workload, options={"simulator": {"exact": True}})
        job = estimator.run([(self._circuit, self._energy, list(x))])
        try:
            result = job.result(timeout=7_200.0)
        except RuntimeJobTimeoutError:
            job.cancel()
            raise
        self.evaluations += 1
        return float(result[0].data.evs)

    def _go_on(self, trouble: Exception, in_a_row: int) -> None:
        if isinstance(trouble, RuntimeClosedError) or in_a_row % PATIENCE == 0:
            self.service, self._workload = self._another(), None
        elif "401" in str(trouble):
            self.service.runtime.log_in()
        elif self._workload is not None and self._workload.status() != "In progress, accepting new jobs":
            self._workload = None

    def _around(self, axis: int, width: float) -> list[list[float]]:
        return [[v + sign * width * (n == axis) for n, v in enumerate(self.x)] for sign in (1, -1)]


__all__ = ["Batch", "Session", "Survivor"]
