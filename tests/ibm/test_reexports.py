"""What of IBM's client stands here under our names."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

import pytest

import qmode_jupyter
from qmode_jupyter import EstimatorV2, RuntimeService, SamplerV2, execution_span
from qmode_jupyter.ibm import reexports
from tests.emulated import ansatz, bell, hamiltonian, isa, refused

client = pytest.importorskip("qiskit_ibm_runtime")


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("circuit", "MidCircuitMeasure"),
        ("circuit.library", "XSlowGate"),
        ("debug_tools", "Neat"),
        ("fake_provider", "FakeFez"),
        ("models", "BackendProperties"),
        ("quantum_program", "QuantumProgram"),
        ("results", "NoiseLearnerResult"),
        ("transpiler.passes", "FoldRzzAngle"),
        ("transpiler.passes.basis", "ConvertIdToDelay"),
        ("transpiler.passes.cliffordization", "ConvertISAToClifford"),
        ("transpiler.passes.scheduling", "PadDelay"),
        ("execution_span", "TwirledSliceSpan"),
    ],
)
def test_a_name_is_ibms_own(module: str, name: str) -> None:
    ours = importlib.import_module(f"qmode_jupyter.{module}")
    theirs = importlib.import_module(f"qiskit_ibm_runtime.{module}")
    assert getattr(ours, name) is getattr(theirs, name)


def test_a_module_lists_its_names_for_completion_and_for_a_star() -> None:
    ours = importlib.import_module("qmode_jupyter.circuit")
    assert {"MidCircuitMeasure", "XSlowGate"} <= set(dir(ours))
    assert "library" not in ours.__all__  # a module
    names: dict[str, object] = {}
    exec("from qmode_jupyter.circuit import *", names)
    assert names["MeasureReset"] is client.circuit.MeasureReset


def test_a_name_that_ibm_has_not_is_missing_as_from_any_module() -> None:
    with pytest.raises(ImportError, match=r"^cannot import name 'FakeFezz' from 'qmode_jupyter\.fake"):
        from qmode_jupyter.fake_provider import FakeFezz  # noqa: F401
    with pytest.raises(AttributeError, match=r"^module 'qmode_jupyter\.circuit' has no attribute '_private'"):
        importlib.import_module("qmode_jupyter.circuit")._private  # noqa: B018 - asking is the test


def test_without_ibms_client_a_name_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reexports, "_THEIRS", "ibm_runtime_of_nobody")
    circuit = importlib.import_module("qmode_jupyter.circuit")
    assert refused(lambda: circuit.MidCircuitMeasure, ImportError) == (
        "MidCircuitMeasure of qmode_jupyter.circuit is that of ibm_runtime_of_nobody.circuit, which is "
        'not installed: pip install "qmode_jupyter[ibm]".'
    )
    assert dir(circuit) == []
    assert "which is not installed" in refused(lambda: reexports.RuntimeEncoder, ImportError)


def test_nothing_of_ibms_is_imported_before_a_name_is_asked_for() -> None:
    modules = "circuit, debug_tools, fake_provider, quantum_program, results, transpiler, visualization"
    modules += ", executor_sampler, options_models, noise_learner"
    script = f"import sys\nfrom qmode_jupyter import {modules}\nprint('qiskit_ibm_runtime' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_results_are_written_and_read_by_ibms_encoder(emulated: RuntimeService) -> None:
    device = emulated.backend("generic_19q")
    sampled = SamplerV2(device).run([isa(bell(), device)], shots=100).result()
    circuit = isa(ansatz(), device)
    pub = (circuit, hamiltonian().apply_layout(circuit.layout), [0.1] * circuit.num_parameters)
    estimated = EstimatorV2(device).run([pub]).result()
    text = json.dumps([sampled, estimated], cls=qmode_jupyter.RuntimeEncoder)
    read, again = json.loads(text, cls=qmode_jupyter.RuntimeDecoder)
    assert read[0].data.meas.get_counts() == sampled[0].data.meas.get_counts()
    assert again[0].data.evs == estimated[0].data.evs
    spans = sampled.metadata["execution"]["execution_spans"]
    assert isinstance(spans[0], execution_span.SliceSpan)
    assert read.metadata["execution"]["execution_spans"].duration == spans.duration


def test_a_snapshot_s_class_is_a_backend_of_the_default_service() -> None:
    from qmode_jupyter.fake_provider import FakeManilaV2

    device = FakeManilaV2()
    job = SamplerV2(mode=device).run([isa(bell(), device)], shots=200)
    counts = job.result()[0].data.meas.get_counts()
    assert counts["00"] + counts["11"] > 150
    assert job.metrics()["usage"]["qpu_charge_time_seconds"] >= 2


def test_every_backend_of_a_service_is_an_ibm_backend(emulated: RuntimeService) -> None:
    from qmode_jupyter.ibm_backend import IBMBackend

    assert qmode_jupyter.IBMBackend is IBMBackend
    assert isinstance(emulated.backend("fake_manila"), IBMBackend)
    assert isinstance(emulated.backend(), IBMBackend)
    assert not isinstance(client.fake_provider.FakeManilaV2(), IBMBackend)


def test_neat_takes_a_backend_of_a_service(emulated: RuntimeService) -> None:
    from qiskit.quantum_info import SparsePauliOp

    from qmode_jupyter.debug_tools import Neat

    device = emulated.backend("fake_manila")
    circuit = isa(bell().remove_final_measurements(inplace=False), device)
    observable = SparsePauliOp("ZZ").apply_layout(circuit.layout)
    assert Neat(device).ideal_sim([(circuit, observable)])[0].vals == pytest.approx(1.0)
