"""Quantum programs on an emulated QPU."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.providers import BackendV2
from qiskit_aer import AerSimulator

from qmode_jupyter import Executor, ExecutorOptions, Session
from qmode_jupyter.errors import IBMInputValueError, IBMRuntimeError, NotISAError, OptionError
from tests.emulated import bell, isa, refused

pytest.importorskip("qiskit_ibm_runtime")
from qmode_jupyter.quantum_program import QuantumProgram


def rotation() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.rx(Parameter("angle"), 0)
    circuit.measure(0, 0)
    return circuit


def twirled() -> tuple[QuantumCircuit, object]:
    """A Bell circuit whose gates and measurements are twirled, and its samplex."""
    from samplomatic import build
    from samplomatic.transpiler import generate_boxing_pass_manager

    boxes = generate_boxing_pass_manager(enable_gates=True, enable_measures=True)
    return build(boxes.run(bell()))


def test_circuits_with_arrays_of_values(aer: AerSimulator) -> None:
    program = QuantumProgram(shots=400, passthrough_data={"mine": [1, 2]})
    program.append_circuit_item(bell())
    program.append_circuit_item(rotation(), circuit_arguments=np.array([[[0.0], [np.pi]], [[np.pi], [0.0]]]))
    job = Executor(mode=aer, options={"simulator": {"seed_simulator": 5}}).run(program)
    result = job.result()
    assert result.passthrough_data == {"mine": [1, 2]}
    assert result[0]["meas"].shape == (400, 2)
    assert result[0]["meas"].dtype == bool
    assert set(result[0]["meas"].sum(axis=1)) == {0, 2}
    assert result[1]["c"].shape == (2, 2, 400, 1)
    assert result[1]["c"].mean(axis=(2, 3)).tolist() == [[0, 1], [1, 0]]
    assert [chunk.parts[0].size for chunk in result.timing] == [1, 4]
    assert job.metrics()["usage"]["qpu_charge_time_seconds"] >= 2


def test_the_first_bit_of_a_register_stands_first(aer: AerSimulator) -> None:
    circuit = QuantumCircuit(3)
    circuit.x(0)
    circuit.measure_all()
    program = QuantumProgram(shots=1)
    program.append_circuit_item(circuit)
    assert Executor(mode=aer).run(program).result()[0]["meas"].tolist() == [[True, False, False]]


def test_a_samplex_flips_bits_and_says_which(aer: AerSimulator) -> None:
    template, samplex = twirled()
    program = QuantumProgram(shots=50)
    program.append_samplex_item(template, samplex, shape=(8,))
    item = Executor(mode=aer).run(program).result()[0]
    bits, flips = item["meas"], item["measurement_flips.meas"]
    assert bits.shape == (8, 50, 2)
    assert flips.any()
    assert set((bits ^ flips).sum(axis=2).ravel()) == {0, 2}  # a Bell state, once the flips are undone


def test_a_program_is_a_job_of_its_session(aer: AerSimulator) -> None:
    program = QuantumProgram(shots=10)
    program.append_circuit_item(bell())
    with Session(backend=aer) as session:
        executor = Executor()
        job = executor.run(program)
        assert job.result()[0]["meas"].shape == (10, 2)
    assert executor.mode is session
    assert executor.backend() is aer
    assert job.session_id == session.session_id
    assert "session is closed" in refused(lambda: executor.run(program), IBMRuntimeError)


def test_the_options_are_checked_and_reach_the_job(aer: AerSimulator) -> None:
    program = QuantumProgram(shots=10)
    program.append_circuit_item(bell())
    executor = Executor(mode=aer)
    executor.options.environment.job_tags = ["mine"]
    executor.options.max_execution_time = 20
    assert executor.run(program).tags == ["mine"]
    executor.options = {"environment": {"job_tags": ["other"]}}
    assert executor.options.max_execution_time is ExecutorOptions().max_execution_time
    assert executor.run(program).tags == ["other"]
    with pytest.raises(OptionError, match=r"^ExecutorOptions has no option 'twirling': there is tw"):
        executor.options = {"twirling": {"enable_gates": True}}
    models = pytest.importorskip("qiskit_ibm_runtime.options_models")
    theirs = models.ExecutorOptions(environment={"job_tags": ["theirs"]})
    assert Executor(aer, theirs).run(program).tags == ["theirs"]


def test_what_is_no_program_or_can_t_run_is_one_line(aer: AerSimulator, device: BackendV2) -> None:
    executor = Executor(mode=aer)
    assert refused(lambda: executor.run([bell()])) == "run() takes a QuantumProgram, not list."
    empty = "The program is empty: give it an item with append_circuit_item."
    assert refused(lambda: executor.run(QuantumProgram(shots=1))) == empty
    program = QuantumProgram(shots=10, meas_level="kerneled")
    program.append_circuit_item(bell())
    assert "needs hardware" in refused(lambda: executor.run(program), OptionError)
    program.meas_level = "classified"
    assert "The instruction h on qubits (0,)" in refused(lambda: Executor(device).run(program), NotISAError)
    program.append_circuit_item(isa(bell(), device))
    with pytest.raises(IBMInputValueError):
        Executor(mode=None)


def test_a_dry_run_has_the_right_shape(aer: AerSimulator) -> None:
    program = QuantumProgram(shots=7)
    program.append_circuit_item(rotation(), circuit_arguments=np.zeros((3, 1)))
    assert Executor(mode=aer).run(program, dry_run=True).result()[0]["c"].shape == (3, 7, 1)
