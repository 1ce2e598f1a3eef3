"""What one small job costs, beside Aer's own primitives, IBM's local mode, and IBM's client-side primitives.

Five qubits and 1,024 shots for a Sampler; four qubits, seven Pauli terms and 4,096 shots a basis for an
Estimator; without noise on `aer_simulator`, with noise on `fake_manila`. Every job's result is waited for.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from typing import Any

from qiskit import transpile
from qiskit_aer import AerSimulator
from qiskit_aer.primitives import EstimatorV2 as AersEstimator
from qiskit_aer.primitives import SamplerV2 as AersSampler
from qiskit_ibm_runtime import EstimatorV2 as IbmsEstimator
from qiskit_ibm_runtime import SamplerV2 as IbmsSampler
from qiskit_ibm_runtime.executor_estimator import Estimator as ClientsEstimator
from qiskit_ibm_runtime.executor_sampler import Sampler as ClientsSampler
from qiskit_ibm_runtime.fake_provider import FakeManilaV2

from benchmarks import workloads
from benchmarks.rows import Row, at_least, at_most, reported
from benchmarks.timing import Way, listed, side_by_side
from qmode_jupyter import EstimatorV2, RuntimeService, SamplerV2, Session

#: Aer as it comes runs on all cores, which for small circuits is slower where others use them too.
ONE_THREAD = {"backend_options": {"max_parallel_threads": 1}}
AER, AER_1, OURS, EXACT = "Aer", "Aer on one thread", "qmode_jupyter", "qmode_jupyter, exact"
LOCAL, LOCAL_1, CLIENT = "IBM's local mode", "IBM's local mode on one thread", "IBM's client-side primitive"
_OTHERS = {"than IBM's local mode": (LOCAL, LOCAL_1), "than IBM's client-side primitive": (CLIENT,)}


def rows() -> list[Row]:
    quiet()
    with RuntimeService() as service:
        ideal, noisy = service.backend("aer_simulator"), service.backend("fake_manila")
        with Session(ideal) as session:
            found = _ideal_sampler(session) + _ideal_estimator(session)
        with Session(noisy) as session:
            return found + _noisy_sampler(session) + _noisy_estimator(session)


def quiet() -> None:
    """Silence what IBM's primitives say about being deprecated and about options without effect."""
    warnings.simplefilter("ignore")
    logging.getLogger("qiskit_ibm_runtime").setLevel(logging.ERROR)


def fastest(medians: Mapping[str, float], *names: str) -> float:
    """Return the least of some medians: of Aer as it comes and Aer on one thread, say."""
    return min(medians[name] for name in names if name in medians)


def sampling(sampler: Any, circuit: Any) -> Way:
    """Return a Sampler's job, from `run` to the PUB's result."""
    return lambda: sampler.run([circuit], shots=workloads.SHOTS).result()[0]


def estimating(estimator: Any, circuit: Any, observable: Any) -> Way:
    """Return an Estimator's job, from `run` to the PUB's result."""
    pub = (circuit, observable, workloads.angles(circuit))
    return lambda: estimator.run([pub], precision=workloads.PRECISION).result()[0]


def _ideal_sampler(session: Session) -> list[Row]:
    circuit = workloads.measured(5)
    medians = side_by_side(
        {
            AER: sampling(AersSampler(), circuit),
            AER_1: sampling(AersSampler(options=ONE_THREAD), circuit),
            OURS: sampling(SamplerV2(mode=session), circuit),
            LOCAL: sampling(IbmsSampler(mode=AerSimulator()), circuit),
            LOCAL_1: sampling(IbmsSampler(mode=_one_thread()), circuit),
            CLIENT: sampling(ClientsSampler(mode=AerSimulator()), circuit),
        },
        rounds=12,
    )
    return [
        at_most(
            "Sampler, 5 qubits, ideal, in a session: time over Aer's SamplerV2",
            medians[OURS] / fastest(medians, AER, AER_1),
            "×",
            1.1,
            listed(medians),
            "the job crosses to another process and back, and Aer's own, in this process, does not",
        ),
        *_faster("Sampler, 5 qubits, ideal", medians),
    ]


def _ideal_estimator(session: Session) -> list[Row]:
    circuit, observable = workloads.ansatz(4), workloads.hamiltonian()
    # IBM's client-side primitives know the gates of devices only.
    native = transpile(circuit, basis_gates=["rz", "sx", "x", "cx"], optimization_level=1)
    exact = EstimatorV2(mode=session, options={"simulator": {"exact": True}})
    medians = side_by_side(
        {
            AER: estimating(AersEstimator(), circuit, observable),
            AER_1: estimating(AersEstimator(options=ONE_THREAD), circuit, observable),
            OURS: estimating(EstimatorV2(mode=session), circuit, observable),
            EXACT: estimating(exact, circuit, observable),
            LOCAL: estimating(IbmsEstimator(mode=AerSimulator()), circuit, observable),
            LOCAL_1: estimating(IbmsEstimator(mode=_one_thread()), circuit, observable),
            CLIENT: estimating(_clients_estimator(AerSimulator()), native, observable),
        },
        rounds=6,
    )
    name = "Estimator, 4 qubits, 7 terms, ideal"
    aer_s = fastest(medians, AER, AER_1)
    return [
        *_faster(name, medians, 3.0, "both sample the same shots in Aer, which is most of the time"),
        reported(
            f"{name}: time over Aer's EstimatorV2",
            medians[OURS] / aer_s,
            "×",
            "Aer's samples nothing: it adds noise to the exact value",
        ),
        reported(f"{name}, exact values: time over Aer's EstimatorV2", medians[EXACT] / aer_s, "×"),
    ]


def _noisy_sampler(session: Session) -> list[Row]:
    device = FakeManilaV2()
    circuit = workloads.laid_out(workloads.measured(5), device)
    simulator = AerSimulator.from_backend(device)
    medians = side_by_side(
        {
            AER: sampling(AersSampler.from_backend(simulator), circuit),
            OURS: sampling(SamplerV2(mode=session), circuit),
            LOCAL: sampling(IbmsSampler(mode=device), circuit),
            CLIENT: sampling(ClientsSampler(mode=device), circuit),
        },
        rounds=4,
        block=3,
    )
    name = "Sampler, 5 qubits, noise of fake_manila"
    return [_faster_than_aers("SamplerV2", name, medians), *_faster(name, medians)]


def _noisy_estimator(session: Session) -> list[Row]:
    device = FakeManilaV2()
    circuit = workloads.laid_out(workloads.ansatz(4), device)
    observable = workloads.hamiltonian().apply_layout(circuit.layout)
    simulator = AerSimulator.from_backend(device)
    medians = side_by_side(
        {
            AER: estimating(AersEstimator.from_backend(simulator), circuit, observable),
            OURS: estimating(EstimatorV2(mode=session), circuit, observable),
            LOCAL: estimating(IbmsEstimator(mode=device), circuit, observable),
            CLIENT: estimating(_clients_estimator(device), circuit, observable),
        },
        rounds=4,
        block=3,
    )
    name = "Estimator, 4 qubits, 7 terms, noise of fake_manila"
    return [_faster_than_aers("EstimatorV2", name, medians), *_faster(name, medians, 10.0)]


def _one_thread() -> AerSimulator:
    return AerSimulator(**ONE_THREAD["backend_options"])


def _clients_estimator(backend: Any) -> ClientsEstimator:
    # Mitigation of readout errors, its default, is work that none of the others does.
    return ClientsEstimator(mode=backend, options={"resilience_level": 0})


def _faster_than_aers(primitive: str, name: str, medians: Mapping[str, float]) -> Row:
    what = f"{name}: faster than Aer's {primitive} with a noise model built once"
    return reported(what, medians[AER] / medians[OURS], "×", listed(medians))


def _faster(name: str, medians: Mapping[str, float], least: float | None = None, why: str = "") -> list[Row]:
    """Return how many times faster we are than IBM's two; `least` is the target beside local mode."""
    found = []
    for than, others in _OTHERS.items():
        row_name, ratio = f"{name}: faster {than}", fastest(medians, *others) / medians[OURS]
        if least is not None and LOCAL in others:
            found.append(at_least(row_name, ratio, "×", least, listed(medians), why))
        else:
            found.append(reported(row_name, ratio, "×", listed(medians)))
    return found
