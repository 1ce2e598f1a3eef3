"""`%qmode serve`: IBM's client in another process uses the service of this notebook."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from IPython.core.interactiveshell import InteractiveShell

from tests.notebook.cells import run, said

pytest.importorskip("qiskit_ibm_runtime")
pytest.importorskip("uvicorn")

CLIENT = """
from qiskit_ibm_runtime import QiskitRuntimeService, Session
service = QiskitRuntimeService()
with Session(backend=service.backend("ibm_torino")) as session:
    print(session.session_id)
"""


def test_another_process_opens_a_session_that_is_seen_here(shell: InteractiveShell) -> None:
    shown, error = run(shell, "%qmode serve")
    assert error is None, shown.stderr
    variables = dict(re.findall(r"^  export (\w+)=(.*)$", shown.stdout, re.MULTILINE))
    variables = {name: value.strip("'") for name, value in variables.items()}
    for name in ("QISKIT_IBM_URL", "QISKIT_IBM_INSTANCE", "QISKIT_IBM_TOKEN"):
        assert shown.stdout.count(variables[name]) == 2, "alone and as a variable"
    other = subprocess.run(
        [sys.executable, "-c", CLIENT],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert other.returncode == 0, other.stderr
    status, _ = run(shell, f"%qmode show {other.stdout.strip()}")
    assert "on ibm_torino" in status.stdout
    assert variables["QISKIT_IBM_TOKEN"] in run(shell, "%qmode serve")[0].stdout, "it is the same server"
    assert run(shell, "%qmode serve --stop")[0].stdout.strip() == "Nothing is served any more."
    assert run(shell, "%qmode serve --stop")[0].stdout.strip() == "Nothing was served."
    again, _ = run(shell, "%qmode serve")
    assert variables["QISKIT_IBM_TOKEN"] not in again.stdout, "the old token is worth nothing"
    run(shell, "%qmode serve --stop")


def test_what_it_does_not_take_is_refused(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert said(shell, "%qmode serve me") == "%qmode serve takes nothing more but --stop, not 'me'."
    monkeypatch.setattr("qmode_jupyter.notebook.commands.ibm_is_installed", lambda: False)
    assert 'pip install "qmode_jupyter[ibm]"' in said(shell, "%qmode serve")
