"""Pauli strings are measured in as few bases as commute qubit by qubit."""

from __future__ import annotations

import pytest
from qiskit import QuantumCircuit

from qmode_jupyter.simulation.backend import backend_of
from qmode_jupyter.simulation.pack import pack
from qmode_jupyter.simulation.pauli_bases import Basis, group, measurements, shots_for
from qmode_jupyter.simulation.tasks import SimulationOptions
from tests.simulation.jobs import (
    aer_simulator,
    estimator_pub,
    rotation,
    run,
)


def test_more_than_64_qubits_in_one_string(store):
    circuit = QuantumCircuit(70)
    circuit.x([0, 1, 69])
    pub = estimator_pub(circuit, ["Z" * 70, "Z" * 3 + "I" * 67], precision=0.2)
    assert run("estimator", [pub], aer_simulator(), store)[0][0].data.evs == pytest.approx([-1, -1])


@pytest.mark.parametrize(
    ("strings", "bases"),
    [
        (["ZZ", "ZI", "IZ"], [{0: "Z", 1: "Z"}]),
        (["XX", "YY", "ZZ"], [{0: "X", 1: "X"}, {0: "Y", 1: "Y"}, {0: "Z", 1: "Z"}]),
        (["XI", "IZ"], [{0: "Z", 1: "X"}]),  # one has no letter where the other has
        (["IX", "IZ", "XX"], [{0: "X", 1: "X"}, {0: "Z"}]),
    ],
)
def test_strings_that_commute_qubit_by_qubit_share_a_basis(strings, bases):
    paulis = [pauli(string) for string in strings]
    found = group(paulis, range(len(paulis)))
    assert [dict(basis.letters) for basis in found] == bases
    assert sorted(member for basis in found for member in basis.members) == list(range(len(paulis)))


def pauli(string):
    """As in a packed PUB: the letters that are no identity, the lowest qubit first, and their qubits."""
    letters = [(letter, qubit) for qubit, letter in enumerate(string[::-1]) if letter != "I"]
    return "".join(letter for letter, _ in letters), tuple(qubit for _, qubit in letters)


def test_only_what_is_wanted_is_measured():
    assert group([pauli("XX"), pauli("ZZ")], [1]) == (Basis(((0, "Z"), (1, "Z")), (1,)),)
    assert group([pauli("XX")], []) == ()


@pytest.mark.parametrize(("precision", "shots"), [(0.1, 100), (0.015625, 4096), (0.03, 1112), (2, 1)])
def test_shots_follow_from_the_precision_and_are_whole(precision, shots):
    assert shots_for(precision) == shots


def test_sets_are_measured_together_where_their_observables_are_the_same(store):
    circuit = rotation().remove_final_measurements(inplace=False)
    angles = [[0.1], [0.2], [0.3]]
    pubs = [estimator_pub(circuit, [["Z"], ["X"]], angles), estimator_pub(circuit, ["Z", "Y", "X"], angles)]
    task = pack("estimator", pubs, aer_simulator(), SimulationOptions(), store)
    every, each = (measurements(backend_of(task), pub) for pub in task.pubs)
    assert [(sets, letters(m)) for sets, m in every] == [((0, 1, 2), ["X", "Z"])]
    assert [(sets, letters(m)) for sets, m in each] == [((0,), ["Z"]), ((1,), ["Y"]), ((2,), ["X"])]
    assert measurements(backend_of(task), task.pubs[0])[0][1] is every[0][1], "they are made once"


def letters(measurements):
    return ["".join(letter for _, letter in basis.letters) for basis in measurements.bases]
