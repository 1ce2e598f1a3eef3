"""Notebooks written for IBM's client run when only their import is changed.

Each is a list of cells as IBM's guides have them. The cells name IBM's package: what they import is
looked up there, and then they run with our name in its place, on the account of the process, as in
a notebook: nothing else is changed, and no service is made for them.
"""

from __future__ import annotations

import ast
import importlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qmode_jupyter.client import process

pytest.importorskip("qiskit_ibm_runtime")

Names = dict[str, Any]

#: What a device's name stands for here is said once by an account, in the cell that asks for one.
IS_A_SNAPSHOT = "ibm_fez is fake_fez, IBM's snapshot of that device"


@pytest.fixture(autouse=True)
def an_account_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    process.reset()
    monkeypatch.setenv("QMODE_HOME", str(tmp_path))
    yield
    process.reset()


def run(*cells: str) -> tuple[Names, list[str]]:
    """Run cells under our name; return their names, and what was warned about."""
    names: Names = {"__name__": "__main__"}
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for number, cell in enumerate(cells):
            _is_written_for_ibms_client(cell)
            ours = cell.replace("qiskit_ibm_runtime", "qmode_jupyter")
            exec(compile(ours, f"cell {number}", "exec"), names)
    return names, [str(one.message) for one in warned]


def _is_written_for_ibms_client(cell: str) -> None:
    for node in ast.walk(ast.parse(cell)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("qiskit_ibm_runtime"):
            theirs = importlib.import_module(node.module)
            assert [alias.name for alias in node.names if not hasattr(theirs, alias.name)] == []


def only(warned: list[str], *expected: str) -> None:
    """Every warning says one of those, and each of those was said."""
    assert [text for text in warned if not any(words in text for words in expected)] == []
    assert [words for words in expected if not any(words in text for text in warned)] == []


def raised(names: Names, statement: str, kind: str) -> str:
    """What a cell says that raises `kind`, a name of the notebook's or of Python's."""
    with pytest.raises(eval(kind, names)) as caught:
        exec(statement, names)
    return str(caught.value)


START = """
from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import QiskitRuntimeService

service = QiskitRuntimeService()
backend = service.least_busy(operational=True, simulator=False, min_num_qubits=100)
pm = generate_preset_pass_manager(optimization_level=1, backend=backend, seed_transpiler=3)

bell = QuantumCircuit(2)
bell.h(0)
bell.cx(0, 1)
measured = bell.copy()
measured.measure_all()
isa_circuit = pm.run(measured)
"""


def test_hello_world() -> None:
    names, warned = run(
        START,
        """
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import EstimatorV2 as Estimator

labels = ["IZ", "IX", "ZI", "XI", "ZZ", "XX"]
isa_bell = pm.run(bell)
mapped = [SparsePauliOp(label).apply_layout(isa_bell.layout) for label in labels]

estimator = Estimator(mode=backend)
estimator.options.resilience_level = 1
estimator.options.default_shots = 5000
job = estimator.run([(isa_bell, mapped)])
print(">>> Job ID:", job.job_id())
""",
        """
pub_result = job.result()[0]
values, errors = pub_result.data.evs, pub_result.data.stds
state = job.status()
""",
    )
    only(warned, IS_A_SNAPSHOT, "resilience_level")
    assert names["backend"].name == "ibm_fez"
    assert names["state"] == "DONE"
    assert names["values"].shape == names["errors"].shape == (6,)
    assert np.allclose(names["values"], [0, 0, 0, 0, 1, 1], atol=0.15)
    assert np.all(names["errors"] <= 1 / np.sqrt(5000) + 1e-9)


def test_sessions() -> None:
    names, warned = run(
        START,
        """
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import EstimatorV2 as Estimator, SamplerV2 as Sampler, Session

isa_bell = pm.run(bell)
zz = SparsePauliOp("ZZ").apply_layout(isa_bell.layout)
with Session(backend=backend, max_time="25m") as session:
    sampler = Sampler(mode=session)
    estimator = Estimator()
    sampled = sampler.run([isa_circuit])
    estimated = estimator.run([(isa_bell, zz)])
    inside = session.status()
    print(sampled.result(), estimated.result())
""",
        """
details = session.details()
usage = session.usage()
after = session.status()
""",
        """
other = Session(backend=backend)
estimator = Estimator(mode=other)
expectation = estimator.run([(isa_bell, zz)]).result()[0].data.evs
other.close()
""",
    )
    only(warned, IS_A_SNAPSHOT)
    assert names["inside"] in ("Pending", "In progress, accepting new jobs")
    assert (names["after"], names["other"].status()) == ("Closed", "Closed")
    assert (names["details"]["mode"], names["details"]["max_time"]) == ("dedicated", 25 * 60)
    assert names["usage"] == names["details"]["usage_time"] >= 4  # two jobs of two seconds at least
    assert {names["sampled"].session_id, names["estimated"].session_id} == {names["session"].session_id}
    assert names["expectation"] == pytest.approx(1, abs=0.15)


def test_batch() -> None:
    names, warned = run(
        START,
        """
from qiskit.circuit.random import random_circuit
from qiskit_ibm_runtime import Batch, SamplerV2 as Sampler

circuits = [pm.run(random_circuit(3, 2, measure=True, seed=seed)) for seed in range(20)]
max_circuits = 5
all_partitioned_circuits = [
    circuits[i : i + max_circuits] for i in range(0, len(circuits), max_circuits)
]
jobs = []
start_idx = 0
with Batch(backend=backend):
    sampler = Sampler()
    for partitioned_circuits in all_partitioned_circuits:
        job = sampler.run(partitioned_circuits, shots=100)
        jobs.append(job)
""",
        """
results = [pub for job in jobs for pub in job.result()]
batch = sampler.mode
details = batch.details()
charged = [job.usage() for job in jobs]
""",
    )
    only(warned, IS_A_SNAPSHOT)
    assert len(names["results"]) == 20
    assert all(sum(pub.data.c.get_counts().values()) == 100 for pub in names["results"])
    assert (names["details"]["mode"], names["details"]["state"]) == ("batch", "closed")
    assert names["batch"].usage() == sum(names["charged"])


def test_from_id() -> None:
    names, warned = run(
        START,
        """
from qiskit_ibm_runtime import SamplerV2 as Sampler, Session

session = Session(backend=backend)
first = Sampler(mode=session).run([isa_circuit])
session_id = session.session_id
del session
""",
        """
# After a restart of the notebook, so to speak: the account is asked for again.
from qiskit_ibm_runtime import Batch, IBMInputValueError, IBMRuntimeError

service = QiskitRuntimeService()
session = Session.from_id(session_id=session_id, service=service)
second = Sampler(mode=session).run([isa_circuit])
jobs = service.jobs(session_id=session_id)
session.close()
""",
        """
again = Session.from_id(session_id=session_id, service=service)
second.wait_for_final_state()
""",
    )
    only(warned, IS_A_SNAPSHOT)
    assert {job.job_id() for job in names["jobs"]} == {names["first"].job_id(), names["second"].job_id()}
    assert names["session"].details()["backend_name"] == "ibm_fez"
    said = raised(names, "Batch.from_id(session_id=session_id, service=service)", "IBMInputValueError")
    assert "has execution mode dedicated instead of batch." in said
    said = raised(names, "Session.from_id(session_id='nothing', service=service)", "IBMInputValueError")
    assert "Session not found" in said
    closed = "Sampler(mode=Session.from_id(session_id=session_id, service=service)).run([isa_circuit])"
    assert "The session is closed." in raised(names, closed, "IBMRuntimeError")


def test_estimator_with_parameters() -> None:
    names, warned = run(
        START,
        """
import numpy as np
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp
from qiskit_ibm_runtime import EstimatorOptions, EstimatorV2

theta = Parameter("theta")
chsh = QuantumCircuit(2)
chsh.h(0)
chsh.cx(0, 1)
chsh.ry(theta, 0)
chsh_isa = pm.run(chsh)

phases = np.linspace(0, 2 * np.pi, 9)
individual = [[phase] for phase in phases]
observables = [
    [SparsePauliOp(["ZZ", "XX"], [1, 1]).apply_layout(chsh_isa.layout)],
    [SparsePauliOp(["ZX", "XZ"], [1, -1]).apply_layout(chsh_isa.layout)],
]
estimator = EstimatorV2(mode=backend, options=EstimatorOptions(default_precision=0.01))
pub = (chsh_isa, observables, individual)
job_result = estimator.run(pubs=[pub]).result()
""",
        """
evs = job_result[0].data.evs
metadata = job_result[0].metadata
""",
    )
    only(warned, IS_A_SNAPSHOT)
    assert names["evs"].shape == (2, 9)
    assert np.allclose(names["evs"][0], 2 * np.cos(names["phases"]), atol=0.3)
    assert np.allclose(np.abs(names["evs"][1]), np.abs(2 * np.sin(names["phases"])), atol=0.3)
    assert names["metadata"]["target_precision"] == 0.01


def test_sampler_with_dynamic_circuits() -> None:
    names, warned = run(
        """
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2 as Sampler

service = QiskitRuntimeService()
backend = service.least_busy(dynamic_circuits=True, operational=True, simulator=False)
""",
        """
qubits = QuantumRegister(2)
first, second = ClassicalRegister(1, "first"), ClassicalRegister(1, "second")
circuit = QuantumCircuit(qubits, first, second)
circuit.h(0)
circuit.measure(0, first)
with circuit.if_test((first, 1)) as else_:
    circuit.x(1)
with else_:
    circuit.id(1)
circuit.measure(1, second)

pm = generate_preset_pass_manager(optimization_level=1, backend=backend, seed_transpiler=3)
job = Sampler(mode=backend).run([pm.run(circuit)], shots=1000)
result = job.result()[0]
""",
        """
ones = result.data.first.get_counts().get("1", 0)
same = (result.data.first.array == result.data.second.array).mean()
joined = result.join_data(["first", "second"]).get_counts()
""",
    )
    only(warned, IS_A_SNAPSHOT)
    assert "if_else" in names["backend"].operation_names
    assert names["ones"] == pytest.approx(500, abs=100)
    assert names["same"] > 0.9
    assert sum(names["joined"].values()) == 1000


def test_options() -> None:
    names, warned = run(
        START,
        """
from qiskit_ibm_runtime import SamplerV2
from qiskit_ibm_runtime.options import SamplerOptions

options = SamplerOptions()
options.default_shots = 500
options.dynamical_decoupling.enable = True
options.dynamical_decoupling.sequence_type = "XY4"
options.environment.job_tags = ["configured"]
sampler = SamplerV2(mode=backend, options=options)
sampler.options.update(default_shots=600, twirling={"enable_gates": True, "num_randomizations": "auto"})
sampler.options.execution.rep_delay = 0.00025
legacy = sampler.run([isa_circuit])
""",
        """
from qiskit_ibm_runtime import Batch
from qiskit_ibm_runtime.executor_estimator import Estimator
from qiskit_ibm_runtime.executor_sampler import Sampler
from qiskit_ibm_runtime.options_models import EstimatorOptions, SamplerOptions, TwirlingOptions
from qiskit.quantum_info import SparsePauliOp

isa_bell = pm.run(bell)
with Batch(backend=backend):
    sampler = Sampler(options=SamplerOptions(default_shots=700))
    sampler.options.twirling = TwirlingOptions(enable_measure=True, group="balanced_pauli")
    new = sampler.run([isa_circuit])
    estimator = Estimator(options={"default_precision": 0.05})
    estimator.options.resilience.zne.noise_factors = "auto"
    zz = SparsePauliOp("ZZ").apply_layout(isa_bell.layout)
    estimated = estimator.run([(isa_bell, zz)])
shots = [job.result()[0].data.meas.num_shots for job in (legacy, new)]
""",
    )
    only(
        warned,
        IS_A_SNAPSHOT,
        "dynamical_decoupling.enable",
        "twirling.enable_measure",
        "resilience.zne.noise_factors",
    )
    assert names["shots"] == [600, 700]
    assert names["legacy"].tags == ["configured"]
    assert names["estimated"].result()[0].metadata["shots"] == 400
    misspelt = "Sampler(options={'default_shot': 3}, mode=backend)"
    assert "did you mean default_shots" in raised(names, misspelt, "ValueError")


def test_ibms_own_option_objects() -> None:
    """For code that takes its options from a file that still imports IBM's."""
    from qiskit_ibm_runtime import SamplerOptions, options_models

    names, warned = run(START, "from qiskit_ibm_runtime import SamplerV2")
    only(warned, IS_A_SNAPSHOT)
    legacy, model = SamplerOptions(default_shots=30), options_models.SamplerOptions(default_shots=40)
    for options, shots in ((legacy, 30), (model, 40)):
        sampler = names["SamplerV2"](mode=names["backend"], options=options)
        assert sampler.run([names["isa_circuit"]]).result()[0].data.meas.num_shots == shots


def test_job_management() -> None:
    names, warned = run(
        START,
        """
from datetime import datetime, timedelta
from qiskit_ibm_runtime import SamplerV2 as Sampler

sampler = Sampler(mode=backend, options={"environment": {"job_tags": ["bell"]}})
long = sampler.run([isa_circuit], shots=1_000_000)
states = [long.status()]
long.cancel()
states.append(long.status())
""",
        """
job = sampler.run([isa_circuit])
job.wait_for_final_state()
job.update_tags(["bell", "kept"])
retrieved = QiskitRuntimeService().job(job.job_id())
metrics = retrieved.metrics()
facts = {
    "backend": retrieved.backend().name,
    "created": retrieved.creation_date,
    "program": retrieved.primitive_id,
    "tags": retrieved.tags,
    "usage": retrieved.usage(),
    "estimate": retrieved.usage_estimation,
}
an_hour_ago = datetime.now() - timedelta(hours=1)
found = {
    "all": service.jobs(limit=10, backend_name=backend.name, created_after=an_hour_ago),
    "kept": service.jobs(job_tags=["kept"]),
    "pending": service.jobs(pending=True),
    "skipped": service.jobs(skip=1),
}
""",
        """
service.delete_job(job.job_id())
left = service.jobs()
used = service.usage()
""",
    )
    only(warned, IS_A_SNAPSHOT)
    job, long = names["job"].job_id(), names["long"].job_id()
    assert names["states"][0] in ("QUEUED", "RUNNING")
    assert names["states"][1] == "CANCELLED"
    ids = {word: [one.job_id() for one in jobs] for word, jobs in names["found"].items()}
    assert ids == {"all": [job, long], "kept": [job], "pending": [], "skipped": [long]}
    assert [one.job_id() for one in names["left"]] == [long]
    assert set(names["metrics"]["timestamps"]) == {"created", "running", "finished"}
    facts = names["facts"]
    assert (facts["backend"], facts["program"], facts["tags"]) == ("ibm_fez", "sampler", ["bell", "kept"])
    assert facts["usage"] == names["metrics"]["usage"]["qpu_charge_time_seconds"] >= 2
    assert facts["created"].tzinfo is not None
    assert facts["estimate"]["quantum_seconds"] > 0
    assert names["used"]["usage_consumed_seconds"] >= facts["usage"]


def test_retrieve_and_save_results(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names, warned = run(
        START,
        """
import json
from qiskit_ibm_runtime import RuntimeDecoder, RuntimeEncoder, SamplerV2

job_id = SamplerV2(backend).run([isa_circuit, isa_circuit], shots=300).job_id()
""",
        """
service = QiskitRuntimeService()
result = service.job(job_id).result()
with open("result.json", "w") as file:
    json.dump(result, file, cls=RuntimeEncoder)
with open("result.json") as file:
    read = json.load(file, cls=RuntimeDecoder)
""",
        """
bits = read[1].data.meas
counts, strings = bits.get_counts(), bits.get_bitstrings()
chosen = bits.postselect(indices=[0], selection=[1])
spans = result.metadata["execution"]["execution_spans"]
""",
    )
    only(warned, IS_A_SNAPSHOT)
    assert names["counts"] == names["result"][1].data.meas.get_counts()
    assert len(names["strings"]) == 300
    assert names["counts"]["00"] + names["counts"]["11"] > 250
    assert names["chosen"].num_shots == names["counts"].get("01", 0) + names["counts"]["11"]
    assert (len(names["spans"]), names["spans"].pub_idxs) == (2, [0, 1])


ERRORS: list[tuple[str, str, str]] = [
    ("SamplerV2(backend).run([measured])", "IBMInputValueError", "is not supported by the target system"),
    ("SamplerV2()", "ValueError", "A backend or session must be specified."),
    ("SamplerV2(mode=closed).run([isa_circuit])", "IBMRuntimeError", "The session is closed."),
    ("SamplerV2(mode=3)", "ValueError", "mode must be of type Backend, Session, Batch or None"),
    ("service.job('d0')", "RuntimeJobNotFound", "d0"),
    ("service.backend('ibm_fezz')", "QiskitBackendNotFoundError", "Did you mean 'ibm_fez'?"),
    (
        "SamplerV2(backend).run([isa_circuit], shots=1_000_000).result(timeout=1)",
        "RuntimeJobTimeoutError",
        "Timed out waiting for job to complete after 1",
    ),
    ("cancelled.result()", "RuntimeInvalidStateError", "Job was cancelled."),
    ("cancelled.cancel()", "RuntimeInvalidStateError", "Job cannot be cancelled"),
    ("limited.result()", "RuntimeJobMaxTimeoutError", ""),
    ("Session(backend=backend, max_time='25')", "IBMInputValueError", "Invalid max_time value"),
]


def test_error_handling() -> None:
    names, warned = run(
        START,
        """
from qiskit.exceptions import QiskitError
from qiskit.providers.exceptions import QiskitBackendNotFoundError
from qiskit_ibm_runtime import SamplerV2, Session
from qiskit_ibm_runtime.exceptions import (
    IBMError,
    IBMInputValueError,
    IBMRuntimeError,
    RuntimeInvalidStateError,
    RuntimeJobFailureError,
    RuntimeJobMaxTimeoutError,
    RuntimeJobNotFound,
    RuntimeJobTimeoutError,
)

closed = Session(backend=backend)
closed.close()
sampler = SamplerV2(backend)
cancelled = sampler.run([isa_circuit], shots=1_000_000)
cancelled.cancel()
sampler.options.max_execution_time = 3
limited = sampler.run([isa_circuit], shots=1_000_000)
""",
        """
try:
    limited.result()
except IBMRuntimeError as error:
    caught = error
message = limited.error_message()
""",
    )
    only(warned, IS_A_SNAPSHOT)
    for statement, kind, text in ERRORS:
        assert text in raised(names, statement, kind), statement
    assert "ran longer than maximum execution time" in names["message"]
    assert names["limited"].status() == "ERROR"


def test_quantum_programs() -> None:
    names, warned = run(
        START,
        """
from qiskit_ibm_runtime import Executor, QuantumProgram, Session

program = QuantumProgram(shots=500)
program.append_circuit_item(isa_circuit)
with Session(backend=backend):
    executor = Executor()
    executor.options.environment.job_tags = ["program"]
    job = executor.run(program)
item = job.result()[0]
""",
    )
    only(warned, IS_A_SNAPSHOT)
    bits = names["item"]["meas"]
    assert bits.shape == (500, 2)
    assert (bits[:, 0] == bits[:, 1]).mean() > 0.85
    assert names["job"].tags == ["program"]


def test_local_testing_with_a_snapshot_and_its_figures() -> None:
    names, warned = run(
        """
from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import Batch, SamplerV2
from qiskit_ibm_runtime.fake_provider import FakeManilaV2

backend = FakeManilaV2()
circuit = QuantumCircuit(2)
circuit.h(0)
circuit.cx(0, 1)
circuit.measure_all()
isa_circuit = generate_preset_pass_manager(1, backend).run(circuit)
options = {"simulator": {"seed_simulator": 42}}
with Batch(backend=backend):
    job = SamplerV2(options=options).run([isa_circuit])
counts = job.result()[0].data.meas.get_counts()
""",
        """
from qiskit.circuit.library import XGate
from qiskit.transpiler import PassManager
from qiskit_ibm_runtime.transpiler.passes.scheduling import ALAPScheduleAnalysis, PadDynamicalDecoupling

padding = PassManager(
    [
        ALAPScheduleAnalysis(target=backend.target),
        PadDynamicalDecoupling(dd_sequences=[XGate(), XGate()], target=backend.target),
    ]
)
padded = padding.run(isa_circuit)
""",
    )
    only(warned)
    assert names["counts"]["00"] + names["counts"]["11"] > 0.85 * 4096
    assert names["padded"].count_ops()["measure"] == 2


@pytest.mark.parametrize(
    "cell",
    [
        "from qiskit_ibm_runtime import NoiseLearner",
        "from qiskit_ibm_runtime.noise_learner import NoiseLearner",
        "from qiskit_ibm_runtime import NoiseLearnerV3",
    ],
)
def test_a_noise_learner_is_refused_in_one_line(cell: str) -> None:
    with pytest.raises(
        ImportError, match=r"^There is no NoiseLearner(V3)? in qmode_jupyter.*: nothing is mi"
    ):
        run(cell)


def test_an_account_s_words_are_taken_and_said_to_be_unused() -> None:
    names, warned = run(
        """
from qiskit_ibm_runtime import QiskitRuntimeService

QiskitRuntimeService.save_account(channel="ibm_quantum_platform", token="TOKEN", overwrite=True)
service = QiskitRuntimeService(channel="ibm_quantum_platform", token="TOKEN")
""",
        """
again = QiskitRuntimeService()
same = again is service
instances = service.instances()
""",
    )
    only(warned, "channel, token, overwrite was not saved", "channel, token of an IBM account is not used")
    assert names["same"]
    assert names["instances"][0]["plan"] == "premium"


def test_mid_circuit_measurements() -> None:
    names, warned = run(
        """
from qiskit import QuantumCircuit
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_ibm_runtime import QiskitRuntimeService, SamplerV2
from qiskit_ibm_runtime.circuit import MidCircuitMeasure

service = QiskitRuntimeService()
backends = service.backends(dynamic_circuits=True, filters=lambda b: "measure_2" in b.supported_instructions)
backend = backends[0]

circuit = QuantumCircuit(1, 2)
circuit.x(0)
circuit.append(MidCircuitMeasure(), [0], [0])
with circuit.if_test((0, 1)):
    circuit.x(0)
circuit.measure(0, 1)
isa_circuit = generate_preset_pass_manager(1, backend).run(circuit)
counts = SamplerV2(mode=backend).run([isa_circuit], shots=500).result()[0].data.c.get_counts()
""",
    )
    only(warned, "ibm_")
    assert names["isa_circuit"].count_ops()["measure_2"] == 1
    assert names["counts"]["01"] > 450
