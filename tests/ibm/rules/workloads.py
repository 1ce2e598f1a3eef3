"""What the transcripts of sessions and batches share: a service of its own plan, and figures read."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from qiskit import QuantumCircuit
from qiskit_ibm_runtime import Batch, IBMBackend, RuntimeJobV2, SamplerV2, Session

from qmode_jupyter import RuntimeService, ibm
from qmode_jupyter.runtime.clock import ManualClock
from qmode_jupyter.scheduler.plans import PREMIUM, Plan

#: Seconds that everybody waits in the normal queue of `BUSY`.
QUEUE_S = 100
BUSY = dataclasses.replace(PREMIUM, queue_s=QUEUE_S)


@contextmanager
def backend_of(plan: str | Plan) -> Iterator[tuple[IBMBackend, ManualClock]]:
    """A backend as the client sees it, and the clock, of a service with a plan of its own."""
    clock = ManualClock()
    with RuntimeService(plan, clock=clock, seed=7) as service:
        server = ibm.serve(service, backends={"ibm_small": "fake_manila"})
        yield ibm.service(server).backend("ibm_small"), clock


def submit(mode: Session | Batch | IBMBackend, circuit: QuantumCircuit, **words: Any) -> RuntimeJobV2:
    return SamplerV2(mode).run([circuit], **words)


def run(mode: Session | Batch | IBMBackend, circuit: QuantumCircuit) -> RuntimeJobV2:
    """Submit a job, and wait for its end."""
    job = submit(mode, circuit)
    job.wait_for_final_state()
    return job


def between(before: str, after: str) -> float:
    """The seconds between two moments as the service writes them."""
    return round((datetime.fromisoformat(after) - datetime.fromisoformat(before)).total_seconds(), 3)


def moment(job: RuntimeJobV2, word: str) -> str:
    """When a job was created, running or finished."""
    return str(job.metrics()["timestamps"][word])


def states(session: Session) -> list[str]:
    """The states that a session or batch has been in."""
    return [step["status"] for step in session.details()["timestamps"]]
