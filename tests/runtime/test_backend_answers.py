"""What backends answer beside Qiskit's `BackendV2`."""

from __future__ import annotations

import copy
import inspect
import pickle
from datetime import UTC, datetime

import pytest
from qiskit import QuantumCircuit
from qiskit.providers import BackendV2
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel

from qmode_jupyter import RuntimeService, SamplerV2
from qmode_jupyter.errors import IBMBackendError, RuntimeClosedError
from qmode_jupyter.runtime.backends import find_backend
from tests.emulated import bell, isa, refused, service

NAMES = ["generic_19q", "aer_simulator", "fake_manila", "fake_fez"]

#: Of IBM's class and not here; asking for them gets a line.
NOT_HERE = {
    "get_translation_stage_plugin": "Qiskit's transpiler would take IBM's plugin, which may not be installed",
    "id_warning_issued": "it remembers a warning of IBM's client",
}


def made(name: str) -> BackendV2:
    if name.startswith("fake_"):
        pytest.importorskip("qiskit_ibm_runtime")
    return find_backend(name)


@pytest.mark.parametrize("name", NAMES)
def test_all_that_ibms_backend_answers_is_answered(name: str) -> None:
    backend = made(name)
    theirs = pytest.importorskip("qiskit_ibm_runtime").IBMBackend
    for word, member in inspect.getmembers_static(theirs):
        if word.startswith("_"):
            continue
        if word in NOT_HERE:
            with pytest.raises(AttributeError, match=f"has no attribute '{word}'. "):
                getattr(backend, word)
            continue
        assert inspect.ismethod(getattr(backend, word)) == inspect.isfunction(member), word


@pytest.mark.parametrize("name", NAMES)
def test_figures_are_there_with_their_units(name: str) -> None:
    backend = made(name)
    assert backend.rep_delay_range[0] <= backend.default_rep_delay <= backend.rep_delay_range[1] <= 1e-3
    assert backend.max_shots >= 100_000
    assert backend.max_experiments >= 1
    assert set(backend.timing_constraints) >= {"acquire_alignment", "granularity", "min_length"}
    assert "measure" in backend.supported_instructions
    assert set(backend.processor_type) >= {"family", "revision"}
    assert backend.n_qubits == backend.num_qubits == sum(map(len, backend.meas_map))
    assert backend.simulator is (name == "aer_simulator")
    assert backend.backend_version
    assert (backend.dt, backend.dtm) == (None, None) or 1e-10 < backend.dt <= backend.dtm < 1e-8
    for nothing in (backend.calibration_id, backend.defaults(), backend.max_circuits, backend.service):
        assert nothing is None
    for word in ("clops", "conditional", "open_pulse", "online_date", "basis_gates", "quantum_volume"):
        getattr(backend, word)
    configuration = backend.configuration()
    assert (configuration.backend_name, configuration.num_qubits) == (name, backend.num_qubits)
    then = backend.target_history(datetime(2024, 1, 1, tzinfo=UTC))
    assert set(then.operation_names) == set(backend.target.operation_names)
    assert backend.refresh() is None
    backend.check_faulty(QuantumCircuit(1))


@pytest.mark.parametrize("name", ["generic_19q", "fake_manila", "fake_fez"])
def test_properties_are_those_of_the_target(name: str) -> None:
    backend = made(name)
    properties = backend.properties()
    two_qubit, pair = next(
        (gate, on) for gate, places in backend.target.items() for on in places if on and len(on) == 2
    )
    for mine, theirs in [
        (properties.t1(0), backend.qubit_properties(0).t1),
        (properties.t2(1), backend.qubit_properties(1).t2),
        (properties.readout_error(2), backend.target["measure"][(2,)].error),
        (properties.gate_error(two_qubit, list(pair)), backend.target[two_qubit][pair].error),
        (properties.gate_length(two_qubit, list(pair)), backend.target[two_qubit][pair].duration),
    ]:
        assert mine == pytest.approx(theirs, rel=1e-6)
    if name == "generic_19q":
        assert properties.frequency(0) == pytest.approx(backend.qubit_properties(0).frequency)


def test_a_simulator_has_no_properties() -> None:
    assert made("aer_simulator").properties() is None


def test_wrong_arguments_are_refused_as_ibms_client_refuses_them() -> None:
    backend = made("generic_19q")
    with pytest.raises(TypeError, match=r"The 'refresh' argument needs to be a boolean. 'yes' is of type"):
        backend.properties(refresh="yes")
    with pytest.raises(TypeError, match="'today' is not of type 'datetime'"):
        backend.properties(datetime="today")
    with pytest.raises(IBMBackendError, match=r"generic_19q is one fixed snapshot.*nothing was fetched"):
        backend.refresh(object())
    with pytest.raises(AttributeError, match=r"no attribute 'max_shotz'\. Did you mean 'max_shots'"):
        backend.max_shotz  # noqa: B018 - asking is the test


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("generic_19q", "<qmode backend generic_19q: 19 qubits, Generated r1.0.0>"),
        ("fake_manila", "<qmode backend fake_manila: 5 qubits, Falcon r5.11>"),
        ("fake_fez", "<qmode backend fake_fez: 156 qubits, Heron r2>"),
        ("aer_simulator", "<qmode backend aer_simulator: 30 qubits, a simulator>"),
    ],
)
def test_a_backend_prints_as_one_line(name: str, line: str) -> None:
    backend = made(name)
    if name == "aer_simulator":
        line = line.replace("30", str(backend.num_qubits))  # as many as this machine holds
    assert repr(backend) == line
    backend.name = "a\x1b[2J\nb"
    assert repr(backend).isprintable()


@pytest.mark.parametrize("name", NAMES[:3])  # one of each kind
def test_a_backend_is_still_what_qiskit_and_aer_take_it_for(name: str) -> None:
    backend = made(name)
    assert isinstance(backend, BackendV2)
    circuit = generate_preset_pass_manager(1, backend, seed_transpiler=7).run(bell())
    assert circuit.num_qubits == (2 if name == "aer_simulator" else backend.num_qubits)
    if name == "aer_simulator":
        assert isinstance(backend, AerSimulator)
        return
    simulator = AerSimulator.from_backend(backend)
    assert set(NoiseModel.from_backend(backend).noise_instructions) >= {"measure", "sx"}
    assert simulator.num_qubits == backend.num_qubits
    assert sum(simulator.run(circuit, shots=10).result().get_counts().values()) == 10


@pytest.mark.parametrize("name", NAMES[:3])
@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_answers_too_and_belongs_to_nobody(name: str, again: object) -> None:
    with service() as one:
        twin = again(one.backend(name))
        assert type(twin) is type(one.backend(name))
        assert (twin.name, twin.service, twin.status().pending_jobs) == (name, None, 0)
        assert twin.target.num_qubits == one.backend(name).target.num_qubits


def test_the_status_is_that_of_the_emulated_queue() -> None:
    with service(instance="mine") as one:
        backend = one.backend()
        assert (backend.service, backend.instance) == (one, "mine")
        circuit = isa(bell(), backend)
        jobs = [SamplerV2(backend).run([circuit], shots=1) for _ in range(3)]
        status = backend.status()
        assert (status.backend_name, status.operational, status.status_msg) == ("generic_19q", True, "active")
        assert (status.pending_jobs, one.backend("aer_simulator").status().pending_jobs) == (3, 0)
        jobs[2].cancel()
        assert backend.status().pending_jobs == 2
        for job in jobs[:2]:
            job.result()
        assert backend.status().to_dict()["pending_jobs"] == 0


def test_a_list_of_backends_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    with service() as one:
        print(one.backends(name="generic_19q"), one.backend())
    line = "<qmode backend generic_19q: 19 qubits, Generated r1.0.0>"
    assert capsys.readouterr().out == f"[{line}] {line}\n"


def test_the_backend_of_one_service_is_one_object_and_that_of_another_another() -> None:
    with service() as one, RuntimeService(seed=1) as other:
        assert one.backend("generic_19q") is one.backend("generic_19q") is one.backends(name="generic_19q")[0]
        assert one.backend("generic_19q") is not other.backend("generic_19q")
        assert other.backend("generic_19q").service is other


def test_the_backend_of_a_closed_service_says_that_it_was_closed() -> None:
    one = service()
    backend = one.backend()
    one.close()
    assert refused(backend.status, RuntimeClosedError).startswith("The service was closed.")
    assert repr(backend) == "<qmode backend generic_19q: 19 qubits, Generated r1.0.0>"
    assert backend.max_shots == 100_000
