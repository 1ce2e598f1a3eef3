"""Compiled circuits are run in the form that serves, by random numbers of their own."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit_aer import AerSimulator
from qiskit_aer.noise import ReadoutError

from qmode_jupyter.errors import CircuitTooLargeError
from qmode_jupyter.simulation import noise as noise_module
from qmode_jupyter.simulation.compiled import CompiledCircuits
from tests.simulation.jobs import (
    HAMILTONIAN,
    aer_simulator,
    damping,
    estimator_pub,
    generic,
    isa,
    loop,
    random_circuit,
    run,
    sampler_pub,
    state,
)


def _unreadable(model):
    raise noise_module.UnknownNoiseModelError("made so")


def test_so_does_the_whole_noise_model(store, monkeypatch):
    monkeypatch.setattr(noise_module, "read_model", _unreadable)
    circuit = QuantumCircuit(2, 2)
    circuit.h(1)
    loop(circuit)
    result, outcome = run("sampler", [sampler_pub(circuit)], AerSimulator(noise_model=damping()), store)
    assert result[0].data.c.get_counts() == {"01": 100}
    assert "simulated whole" in outcome.notes[0]


@pytest.mark.parametrize("readout", [False, True])
def test_drawing_all_shots_at_once_is_as_drawing_them_one_by_one(readout, store, monkeypatch):
    model = damping() if readout else None
    if readout:
        model.add_all_qubit_readout_error(ReadoutError([[0.9, 0.1], [0.3, 0.7]]))
    simulator = AerSimulator(noise_model=model)
    pub = estimator_pub(state(), [HAMILTONIAN, "ZZ", "IX"], precision=0.01)
    at_once = run("estimator", [pub], simulator, store)[0][0].data
    monkeypatch.setattr(CompiledCircuits, "distributions", lambda *_, **__: None)
    one_by_one = run("estimator", [pub], simulator, store)[0][0].data
    assert not np.array_equal(at_once.evs, one_by_one.evs)
    assert at_once.evs == pytest.approx(one_by_one.evs, abs=0.06)
    assert at_once.stds == pytest.approx(one_by_one.stds, rel=0.05)


def test_so_is_one_that_does_not_fit_in_what_is_free(store, monkeypatch):
    monkeypatch.setattr("qmode_jupyter.simulation.compiled.free_megabytes", lambda: 100)
    with pytest.raises(
        CircuitTooLargeError, match=r"26 qubits are too many .* statevector method wants 1 GB"
    ):
        run("sampler", [sampler_pub(random_circuit(26))], aer_simulator(), store)


@pytest.mark.parametrize("seed", [2**63 - 1, 2**63, 2**64 + 5, 10**30])
@pytest.mark.parametrize("backend", [aer_simulator, generic])
def test_a_seed_may_be_any_whole_number(seed, backend, store):
    circuit = QuantumCircuit(1, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    circuit.reset(0)
    circuit.measure(0, 1)
    pubs = [sampler_pub(isa(circuit, backend()))] * 2
    one, other = (run("sampler", pubs, backend(), store, seed_simulator=seed)[0] for _ in "ab")
    for a, b in zip(one, other, strict=True):
        assert np.array_equal(a.data.c.array, b.data.c.array)
    assert not np.array_equal(one[0].data.c.array, one[1].data.c.array)
    values = [
        run(
            "estimator",
            [estimator_pub(state(), HAMILTONIAN, precision=0.1)],
            backend(),
            store,
            seed_simulator=seed,
        )
        for backend in (aer_simulator, aer_simulator)
    ]
    assert values[0][0][0].data.evs == values[1][0][0].data.evs
