"""What HTTP and IBM's client cost a small job: a hundred Bell jobs in a session, one after the other.

The same job goes through our own primitives, and through IBM's unmodified client to the local service: in
this process, and in another one. Every job's result is waited for. The client is told not to look up
usage data (``USAGE_DATA_OPT_OUT``), which it does for each request; with it the figure is reported.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from typing import Any

from qiskit_ibm_runtime import SamplerV2 as IbmsSampler
from qiskit_ibm_runtime import Session as IbmsSession

from benchmarks import workloads
from benchmarks.job_overhead import quiet, sampling
from benchmarks.rows import Row, at_most, reported
from benchmarks.timing import listed, seconds, side_by_side
from qmode_jupyter import RuntimeService, SamplerV2, Session, ibm

JOBS = 100
BACKENDS = {"one": "fake_manila", "two": "fake_manila", "three": "fake_manila"}
OURS, HERE, ELSEWHERE = "our own client", "IBM's client in this process", "IBM's client in another process"
_OPT_OUT = "USAGE_DATA_OPT_OUT"


def rows() -> list[Row]:
    quiet()
    os.environ[_OPT_OUT] = "True"
    with RuntimeService() as service, ibm.serve(service, backends=BACKENDS) as server:
        circuit = workloads.laid_out(workloads.ghz(2), server.backend("one"))
        with (
            Session(server.backend("one")) as session,
            IbmsSession(ibm.service(server).backend("two")) as ibms_session,
        ):
            here = sampling(IbmsSampler(mode=ibms_session), circuit)
            medians = side_by_side(
                {OURS: sampling(SamplerV2(mode=session), circuit), HERE: here}, rounds=JOBS // 10
            )
            os.environ[_OPT_OUT] = "False"
            with_usage_data_s = statistics.median(seconds(here) for _ in range(JOBS // 4))
    # A service of its own: time does not run ahead while a thread that has submitted does something else.
    with RuntimeService(seed=1) as service, ibm.serve(service, backends=BACKENDS) as server:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "benchmarks.rest"],
            env=os.environ | ibm.env(server),
            capture_output=True,
            text=True,
            check=True,
        )
    medians[ELSEWHERE] = float(done.stdout)
    name = "Bell job in a session over HTTP: time over our own client"
    found = [_over(f"{name}, {way}", medians, way) for way in (HERE, ELSEWHERE)]
    found.append(
        reported(
            f"{name}, {HERE}, with the client's usage data", _ms(with_usage_data_s - medians[OURS]), "ms"
        )
    )
    return found


def in_another_process() -> float:
    """Return the median seconds of a job, for the client that the environment makes."""
    from qiskit_ibm_runtime import QiskitRuntimeService

    quiet()
    backend = QiskitRuntimeService().backend("three")
    circuit = workloads.laid_out(workloads.ghz(2), backend)
    with IbmsSession(backend) as session:
        job = sampling(IbmsSampler(mode=session), circuit)
        job()
        return statistics.median(seconds(job) for _ in range(JOBS))


def _over(name: str, medians: dict[str, Any], way: str) -> Row:
    return at_most(name, _ms(medians[way] - medians[OURS]), "ms", 10, listed(medians))


def _ms(taken_s: float) -> float:
    return taken_s * 1e3


if __name__ == "__main__":
    print(in_another_process())
