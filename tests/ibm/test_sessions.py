"""Primitives and the session that is in force, with IBM's client (SEMANTICS section 4)."""

from __future__ import annotations

import logging

import pytest
from qiskit import QuantumCircuit
from qiskit_ibm_runtime import IBMBackend, QiskitRuntimeService, SamplerV2, Session


def test_v26_v27_p2_another_backend_and_a_primitive_from_outside(
    small: IBMBackend, client: QiskitRuntimeService, circuit: QuantumCircuit, caplog: pytest.LogCaptureFixture
) -> None:
    outside = SamplerV2(small)
    logger = logging.getLogger("qiskit_ibm_runtime.base_primitive")
    logger.addHandler(caplog.handler)
    logger.setLevel(logging.WARNING)
    try:
        with Session(small):
            with pytest.raises(ValueError, match="different from the session backend"):
                SamplerV2(client.backend("ibm_device"))
            job = outside.run([circuit])
    finally:
        logger.removeHandler(caplog.handler)
        logger.setLevel(logging.NOTSET)
    assert job.session_id is None
    assert "this job will run in job mode" in caplog.text
    job.result()
