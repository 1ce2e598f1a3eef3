"""A batch whose jobs are simulated on all cores, beside the same jobs one after another.

A hundred different circuits of 20 qubits, without noise, each of which takes Aer about 0.1 s. "One after
another" is what a person's loop does that waits for each result before it submits the next.
"""

from __future__ import annotations

from typing import Any

from qiskit import QuantumCircuit
from qiskit_aer.primitives import SamplerV2 as AersSampler

from benchmarks import workloads
from benchmarks.job_overhead import AER
from benchmarks.rows import Row, at_least, reported
from benchmarks.timing import listed, side_by_side
from qmode_jupyter import Batch, RuntimeService, SamplerV2
from qmode_jupyter.simulation.workers import available_cores

JOBS, QUBITS = 100, 20
_ROUNDS = 3


def rows() -> list[Row]:
    circuits = _circuits()
    with RuntimeService() as service:
        backend = service.backend("aer_simulator")

        def in_a_batch() -> None:
            with Batch(backend) as batch:
                sampler = SamplerV2(mode=batch)
                for job in [sampler.run([circuit], shots=workloads.SHOTS) for circuit in circuits]:
                    job.result()

        def one_after_another() -> None:
            with Batch(backend) as batch:
                _each(SamplerV2(mode=batch), circuits)

        aers = AersSampler()
        _each(SamplerV2(mode=backend), circuits[:4])
        ways = {
            "one after another": one_after_another,
            "batch": in_a_batch,
            AER: lambda: _each(aers, circuits),
        }
        medians = side_by_side(ways, _ROUNDS, block=1, warm_up=0)
    name = f"batch of {JOBS} jobs of {QUBITS} qubits on {available_cores()} cores: faster than"
    return [
        at_least(
            f"{name} one after another",
            medians["one after another"] / medians["batch"],
            "×",
            1.8,
            listed(medians),
        ),
        reported(
            f"{name} Aer's SamplerV2 one after another",
            medians[AER] / medians["batch"],
            "×",
            "Aer as it comes runs each job on all cores",
        ),
    ]


def _circuits() -> list[QuantumCircuit]:
    circuits = []
    for number in range(JOBS):
        circuit = QuantumCircuit(QUBITS)
        for qubit in range(QUBITS):
            circuit.ry(0.1 * qubit + 0.01 * number + 0.3, qubit)
        for qubit in range(QUBITS - 1):
            circuit.cx(qubit, qubit + 1)
        circuit.measure_all()
        circuits.append(circuit)
    return circuits


def _each(sampler: Any, circuits: list[Any]) -> None:
    for circuit in circuits:
        sampler.run([circuit], shots=workloads.SHOTS).result()
