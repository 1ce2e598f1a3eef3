"""An Estimator's values, their standard errors, and exact ones."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer import AerSimulator

from qmode_jupyter.errors import IBMInputValueError
from tests.simulation.jobs import (
    HAMILTONIAN,
    aer_simulator,
    bell,
    charge,
    damping,
    estimator_pub,
    generic,
    isa,
    rotation,
    run,
    state,
)


@pytest.mark.parametrize("shape", [(0,), (2, 0)])
@pytest.mark.parametrize("backend", [aer_simulator, generic])
@pytest.mark.parametrize("options", [{}, {"exact": True}, {"dry_run": True}])
def test_nor_does_an_estimator_need_any(shape, backend, options, store):
    circuit = isa(rotation().remove_final_measurements(inplace=False), backend())
    values, observable = np.zeros((*shape, 1)), "I" * (circuit.num_qubits - 1) + "Z"
    result, outcome = run(
        "estimator", [estimator_pub(circuit, observable, values)], backend(), store, **options
    )
    data = result[0].data
    assert data.evs.shape == data.stds.shape == shape
    assert outcome.work.executions == 0


def test_a_value_is_near_the_truth_and_says_how_near(store):
    result, outcome = run("estimator", [estimator_pub(state(), HAMILTONIAN)], aer_simulator(), store)
    data = result[0].data
    truth = Statevector(state()).expectation_value(HAMILTONIAN).real
    assert isinstance(data.evs, np.ndarray)
    assert data.evs.shape == data.stds.shape == ()
    assert abs(data.evs - truth) < 4 * data.stds
    assert 0 < data.stds < 0.02 * 2
    assert data.ensemble_standard_error == data.stds
    assert outcome.work.executions == 2500 * 3  # bases: X and X, Y and Y, Z and Z


def test_its_standard_error_is_the_scatter_of_repeated_jobs(store):
    pub = estimator_pub(state(), HAMILTONIAN, precision=0.1)
    results = [run("estimator", [pub], aer_simulator(), store, seed_simulator=i)[0][0] for i in range(200)]
    values = np.array([float(r.data.evs) for r in results])
    errors = np.array([float(r.data.stds) for r in results])
    assert values.std() == pytest.approx(errors.mean(), rel=0.2)
    truth = Statevector(state()).expectation_value(HAMILTONIAN).real
    assert values.mean() == pytest.approx(truth, abs=4 * values.std() / 200**0.5)


def test_letters_turn_the_right_qubits(store):
    circuit = QuantumCircuit(3)
    circuit.h(0)  # +X
    circuit.h(1)
    circuit.s(1)  # +Y
    circuit.x(2)  # -Z
    for backend in (aer_simulator(), AerSimulator(basis_gates=["rz", "sx", "x", "cx", "h", "s"])):
        pub = estimator_pub(circuit, ["IIX", "IYI", "ZII", "ZYX", "IIZ", "XII"])
        values = run("estimator", [pub], backend, store)[0][0].data.evs
        assert values[:4] == pytest.approx([1, 1, -1, -1])
        assert values[4:] == pytest.approx([0, 0], abs=0.1)


def test_values_broadcast_as_numpy_does(store):
    theta = Parameter("theta")
    circuit = QuantumCircuit(1)
    circuit.ry(theta, 0)
    angles = np.linspace(0, 2, 4)
    everything = estimator_pub(
        circuit, ["Z", "X", SparsePauliOp(["Z", "I"], [0.5, 1])], angles[:, None, None]
    )
    pairs = estimator_pub(circuit, ["Z", "X", "Z", "X"], angles[:, None])
    result, outcome = run("estimator", [everything, pairs], aer_simulator(), store)
    truth = np.stack([np.cos(angles), np.sin(angles), 0.5 * np.cos(angles) + 1], axis=1)
    assert result[0].data.evs == pytest.approx(truth, abs=0.1)
    assert result[1].data.evs == pytest.approx([truth[0, 0], truth[1, 1], truth[2, 0], truth[3, 1]], abs=0.1)
    # Every set of the first PUB is measured in both bases, each of the second in its own only.
    assert outcome.work.executions == 2500 * (4 * 2 + 4)


def test_what_a_circuit_measures_by_itself_is_not_mistaken_for_the_basis(store):
    circuit = QuantumCircuit(2, 2)
    circuit.x(0)
    circuit.measure(0, 1)
    result, _ = run("estimator", [estimator_pub(circuit, "ZI")], aer_simulator(), store)
    assert result[0].data.evs == 1
    within = circuit.copy()
    within.x(0)
    result, _ = run("estimator", [estimator_pub(within, ["ZI", "IZ"])], aer_simulator(), store)
    assert result[0].data.evs == pytest.approx([1, 1])


def test_a_constant_needs_no_shot(store):
    result, outcome = run("estimator", [estimator_pub(state(), {"II": 2.5})], aer_simulator(), store)
    assert (result[0].data.evs, result[0].data.stds) == (2.5, 0)
    assert (outcome.work.executions, charge(outcome)) == (0, 2)


def test_exact_values(store):
    pub = estimator_pub(state(), [HAMILTONIAN, "ZI"])
    result, _ = run("estimator", [pub], aer_simulator(), store, exact=True)
    truth = [Statevector(state()).expectation_value(SparsePauliOp(o)).real for o in (HAMILTONIAN, "ZI")]
    assert result[0].data.evs == pytest.approx(truth, abs=1e-12)
    assert result[0].data.stds == pytest.approx([0, 0])


def test_exact_values_have_the_backend_s_noise(store):
    circuit = QuantumCircuit(1)
    circuit.x(0)
    simulator = AerSimulator(noise_model=damping())
    result, _ = run("estimator", [estimator_pub(circuit, "Z")], simulator, store, exact=True)
    assert result[0].data.evs == pytest.approx(2 * 0.3 - 1)
    isa = generate_preset_pass_manager(1, generic(), seed_transpiler=1).run(state())
    pub = estimator_pub(isa, HAMILTONIAN.apply_layout(isa.layout), precision=0.01)
    exact = run("estimator", [pub], generic(), store, exact=True)[0][0].data
    sampled = run("estimator", [pub], generic(), store)[0][0].data
    # Readout errors are in the samples alone: they are not in the state.
    assert sampled.evs == pytest.approx(exact.evs, abs=5 * float(sampled.stds) + 0.1)


def test_exact_values_of_a_circuit_that_measures_are_refused(store):
    with pytest.raises(IBMInputValueError, match="without measurements"):
        run("estimator", [estimator_pub(bell(), "ZZ")], aer_simulator(), store, exact=True)
