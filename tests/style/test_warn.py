"""A warning names the person's own line, whatever way it came."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from qiskit.providers import BackendV2

from qmode_jupyter.errors import QmodeWarning

#: What a person runs, and the text of the line to blame.
SCRIPTS = {
    "a session's max_time": ("Session(device, max_time='1.5m')", "max_time="),
    "a batch's max_time": ("Batch(device, max_time='1.5m')", "max_time="),
    "a max_time in a function": (
        "def begin():\n    Session(device, max_time='1.5m')\nbegin()",
        "    Session(",
    ),
    "a sampler in job mode": ("SamplerV2(device).run([isa], shots=10)", ".run("),
    "a sampler in a session": (
        "with Session(device) as session:\n    SamplerV2().run([isa], shots=10)",
        ".run(",
    ),
    "a sampler in a batch": (
        "with Batch(device) as batch:\n    SamplerV2(batch).run([isa], shots=10)",
        ".run(",
    ),
    "an estimator in job mode": ("EstimatorV2(device).run([(flat, observable)])", ".run("),
    "an estimator in a session": (
        "with Session(device) as session:\n    EstimatorV2(session).run([(flat, observable)])",
        ".run(",
    ),
    "the older way to run": (
        "session = Session(device)\nsession.run('sampler', {'pubs': [isa], 'shots': 10})",
        ".run(",
    ),
    "a max_execution_time": (
        "session = Session(device, max_time=60)\nSamplerV2(session, {'max_execution_time': 100}).run([isa])",
        ".run(",
    ),
}

BEFORE = """
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qmode_jupyter import Batch, EstimatorV2, SamplerV2, Session
flat = QuantumCircuit(device.num_qubits)
observable = SparsePauliOp("I" * (device.num_qubits - 1) + "Z")
isa = QuantumCircuit(1)
isa.measure_all()
"""


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_warning_blames_the_line_of_the_person(
    device: BackendV2, tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qmode_jupyter.simulation import executor

    pack = executor.pack

    def noted(*arguments: object) -> object:
        task = pack(*arguments)  # type: ignore[arg-type]
        object.__setattr__(task, "note", "simulated in a coarser way")
        return task

    monkeypatch.setattr(executor, "pack", noted)
    body, blamed = SCRIPTS[script]
    text = BEFORE + body + "\n"
    file = tmp_path / "mine.py"
    file.write_text(text)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(compile(text, str(file), "exec"), {"device": device, "__name__": "mine"})
    ours = [warning for warning in caught if issubclass(warning.category, QmodeWarning)]
    assert ours
    for warning in ours:
        assert warning.filename == str(file)
        assert blamed in text.splitlines()[warning.lineno - 1]
