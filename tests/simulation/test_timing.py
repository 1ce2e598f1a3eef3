"""How long a job holds a real QPU."""

from __future__ import annotations

import math

import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.transpiler import generate_preset_pass_manager

from qmode_jupyter import EstimatorV2, SamplerV2
from qmode_jupyter.cost.constants import PUBLIC
from qmode_jupyter.cost.processors import HERON_R2
from qmode_jupyter.runtime.backends import find_backend
from qmode_jupyter.simulation.timing import (
    _durations,
    _longest_path,
    _operation_seconds,
    circuit_seconds,
)
from tests.emulated import service


@pytest.fixture(scope="module")
def target():
    return find_backend("generic_19q").target


def bell(measure=True):
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.cx(0, 1)
    if measure:
        circuit.measure([0, 1], [0, 1])
    return circuit


def own_path(circuit, target):
    known = _durations(target)
    qubits = {qubit: i for i, qubit in enumerate(circuit.qubits)}
    return _longest_path(circuit, qubits, lambda op, on: _operation_seconds(op, on, known, target.dt))


#: What a job with one circuit is charged before it executes anything, and what an execution takes that
#: is neither the circuit nor the pause: the model's figures, and a Heron r2's reset.
OVERHEAD_S = PUBLIC.likely.overhead_s + PUBLIC.likely.circuit_s
AROUND_S = PUBLIC.likely.execution_s + HERON_R2.reset_s


def whole_s(circuit, target):
    return sum(circuit_seconds(circuit, target))


@pytest.fixture(scope="module")
def emulated():
    with service() as one:
        yield one


@pytest.fixture(scope="module")
def phoenix():
    with service(processor="phoenix") as one:
        yield one


def charged(emulated, circuit, shots, backend="aer_simulator", **execution):
    """Return what a sampler job is charged with, and was said to be before: whole seconds."""
    options = {"simulator": {"dry_run": True}, "execution": execution}
    job = SamplerV2(emulated.backend(backend), options=options).run([circuit], shots=shots)
    job.result()
    assert job.usage_estimation == {"quantum_seconds": job.usage()}
    return job.usage()


def layers(microseconds):
    circuit = QuantumCircuit(1)
    circuit.delay(microseconds - 1.56, 0, unit="us")  # and the measurement
    circuit.measure_all()
    return circuit


@pytest.mark.parametrize("executions", [10_000, 100_000, 1_000_000])
def test_u6_ibm_s_quick_estimate_is_nearly_met(emulated, executions):
    # SEMANTICS U6: 2 + 0.00035 * N, for circuits of 100 us; what is around an execution comes on top (A26).
    quick_s = 2 + 0.00035 * executions
    usage_s = charged(emulated, layers(100), executions)
    assert usage_s == math.ceil(OVERHEAD_S + executions * (350e-6 + AROUND_S))
    assert usage_s == pytest.approx(quick_s, rel=0.02, abs=1)


def test_u6_every_set_of_parameters_and_every_basis_is_an_execution(emulated):
    angle, sets, shots = Parameter("a"), 20, 5_000
    circuit = QuantumCircuit(1)
    circuit.rx(angle, 0)
    values = [[float(n)] for n in range(sets)]
    options = {"simulator": {"dry_run": True}}
    backend = emulated.backend("aer_simulator")
    sampled = SamplerV2(backend, options=options).run([(circuit.measure_all(inplace=False), values, shots)])
    estimated = EstimatorV2(backend, options={**options, "resilience_level": 0}).run(
        [(circuit, [["X"], ["Y"], ["Z"]], values, shots**-0.5)]
    )
    likely, one_s = PUBLIC.likely, HERON_R2.rep_delay_s + AROUND_S + 1.6e-6
    for job, bases in ((sampled, 1), (estimated, 3)):
        job.result()
        circuits = bases * sets
        expected_s = likely.overhead_s + likely.circuit_s * circuits + circuits * shots * one_s
        assert job.usage() == pytest.approx(expected_s, abs=1)


@pytest.mark.parametrize(
    ("shots", "delay_s"), [(1_000, None), (40_000, None), (40_000, 5e-4), (4_000_000, 0.0)]
)
def test_u7_a_job_is_charged_as_the_documents_compute_it(emulated, target, shots, delay_s):
    # SEMANTICS U7: the sum over executions of the circuit, the reset and the delay after it, rounded up;
    # A26: 1.8 s in the place of 2 s, and 2.8 us more for an execution.
    passes = generate_preset_pass_manager(1, target=target, seed_transpiler=1)
    isa = passes.run(bell())
    lasts_s = isa.estimate_duration(target, unit="s")
    execution = {} if delay_s is None else {"rep_delay": delay_s}
    delay_s = HERON_R2.rep_delay_s if delay_s is None else delay_s
    expected = math.ceil(OVERHEAD_S + shots * (delay_s + AROUND_S + lasts_s))
    assert charged(emulated, isa, shots, "generic_19q", **execution) == expected


def test_u7_without_a_reset_before_each_execution_its_time_is_not_charged(emulated):
    shots = 4_000_000
    usage_s = {
        init: charged(emulated, layers(2), shots, rep_delay=0.0, init_qubits=init) for init in (True, False)
    }
    # 1.802 s, and 4 million times 2 us of circuit and 2.8 us, and 1.58 us of reset: a Heron r2's.
    assert (
        usage_s
        == {True: math.ceil(1.802 + 4 * 6.38), False: math.ceil(1.802 + 4 * 4.8)}
        == {
            True: 28,
            False: 22,
        }
    )
    assert charged(emulated, layers(2), shots, rep_delay=0.0) == usage_s[True], "IBM's default is a reset"


def test_u8_half_a_million_shots_are_charged_about_what_was_measured_on_a_device(emulated):
    # SEMANTICS U8: 255 us and 24 ns per gate; 500 k shots of 20 qubits were charged 130 s.
    circuit = QuantumCircuit(20)
    for qubit in range(19):
        circuit.cz(qubit, qubit + 1)
    circuit.measure_all()
    assert 126 <= charged(emulated, circuit, 500_000) <= 134


def test_u8_a_charge_is_whole_seconds_and_two_at_least(emulated):
    # 1.802 s, and about 256 us for each execution.
    assert {shots: charged(emulated, bell(), shots) for shots in (1, 16, 700, 4096, 5_000, 12_345)} == {
        1: 2,
        16: 2,
        700: 2,
        4096: 3,
        5_000: 4,
        12_345: 5,
    }


def test_u8_on_phoenix_it_is_three_at_least(phoenix):
    # 2.502 s, and about 7.4 us for each execution: 1 us of pause, 2.8 us, a reset of 1.6 us, 2 us of readout.
    assert {shots: charged(phoenix, bell(), shots) for shots in (1, 4096, 60_000, 100_000)} == {
        1: 3,
        4096: 3,
        60_000: 3,
        100_000: 4,
    }


def test_a_device_s_own_durations_count(target):
    isa = generate_preset_pass_manager(1, target=target).run(bell())
    assert whole_s(isa, target) == isa.estimate_duration(target, unit="s")


def test_the_readout_is_the_longest_measurement_and_all_before_it_is_gates(target):
    isa = generate_preset_pass_manager(1, target=target, seed_transpiler=1).run(bell())
    gates_s, readout_s = circuit_seconds(isa, target)
    measured = [isa.find_bit(i.qubits[0]).index for i in isa.data if i.operation.name == "measure"]
    assert readout_s == max(target["measure"][(qubit,)].duration for qubit in measured)
    assert gates_s == isa.estimate_duration(target, unit="s") - readout_s > 0
    assert circuit_seconds(bell(measure=False), None)[1] == 0


def test_a_measurement_before_the_end_counts_as_a_gate():
    circuit = QuantumCircuit(1, 2)
    circuit.measure(0, 0)
    circuit.measure(0, 1)
    assert circuit_seconds(circuit, None) == pytest.approx((1.56e-6, 1.56e-6))


def test_our_longest_path_is_qiskit_s(target):
    passes = generate_preset_pass_manager(1, target=target, seed_transpiler=1)
    circuit = QuantumCircuit(4)
    circuit.h(range(4))
    circuit.cx(0, 1)
    circuit.cx(2, 3)
    circuit.cx(1, 2)
    circuit.reset(3)
    circuit.measure_all()
    isa = passes.run(circuit)
    assert own_path(isa, target) == pytest.approx(isa.estimate_duration(target, unit="s"), rel=1e-9)


def test_without_durations_those_of_a_heron_are_taken():
    assert whole_s(bell(measure=False), None) == pytest.approx(24e-9 + 84e-9 + 2 * 24e-9)
    assert whole_s(bell(), None) == pytest.approx(1.56e-6 + 156e-9)
    aer = find_backend("aer_simulator").target
    assert whole_s(bell(), aer) == whole_s(bell(), None)


def test_phases_take_no_time_and_delays_what_they_say():
    circuit = QuantumCircuit(1)
    circuit.rz(0.3, 0)
    circuit.s(0)
    assert whole_s(circuit, None) == 0
    circuit.delay(5, 0, unit="us")
    assert whole_s(circuit, None) == pytest.approx(5e-6)


def test_a_branch_takes_as_long_as_its_longer_side(target):
    circuit = QuantumCircuit(2, 1)
    circuit.measure(0, 0)
    alone = whole_s(circuit, target)
    with circuit.if_test((circuit.clbits[0], 1)) as otherwise:
        circuit.x(1)
    with otherwise:
        circuit.x(1)
        circuit.x(1)
    x_s = target["x"][(1,)].duration
    assert whole_s(circuit, target) == pytest.approx(alone + 2 * x_s)


def test_a_loop_takes_its_body_as_often_as_it_runs(target):
    circuit = QuantumCircuit(1)
    with circuit.for_loop(range(5)):
        circuit.x(0)
    assert whole_s(circuit, target) == pytest.approx(5 * target["x"][(0,)].duration)


def test_a_gate_on_many_qubits_takes_what_its_definition_takes():
    circuit = QuantumCircuit(3)
    circuit.ccx(0, 1, 2)
    assert 6 * 84e-9 < whole_s(circuit, None) < 20 * 84e-9
