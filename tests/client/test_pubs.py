"""What people give to `run()`, and everything that can be wrong with it."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.quantum_info import SparsePauliOp
from qiskit_aer import AerSimulator

from qmode_jupyter import EstimatorV2, SamplerV2
from qmode_jupyter.client.pubs import sampler_pubs
from qmode_jupyter.errors import (
    OptionError,
    QmodeWarning,
    V1StyleError,
)
from tests.emulated import ansatz, bell, hamiltonian, refused


@pytest.mark.parametrize("pub", [(bell(),), (bell(), None), (bell(), None, 10), [bell(), []]])
def test_every_way_to_write_a_pub(aer: AerSimulator, pub: tuple) -> None:
    assert SamplerV2(aer).run([pub], shots=10).result()[0].data.meas.num_shots == 10


def test_pubs_may_be_made_before_and_come_from_a_generator(aer: AerSimulator) -> None:
    job = SamplerV2(aer).run(SamplerPub.coerce(bell(), shots) for shots in (5, 5))
    assert [pub.data.meas.num_shots for pub in job.result()] == [5, 5]
    observed = EstimatorPub.coerce((QuantumCircuit(1), "Z"))
    assert EstimatorV2(aer).run([observed]).result()[0].data.evs == 1


def test_no_pubs(aer: AerSimulator) -> None:
    assert refused(lambda: SamplerV2(aer).run([])).startswith("The list of PUBs is empty")
    assert refused(lambda: EstimatorV2(aer).run([])).startswith("The list of PUBs is empty")


@pytest.mark.parametrize("pubs", [3, None, "bell", {"circuit": 1}])
def test_what_is_no_list_of_pubs(aer: AerSimulator, pubs: object) -> None:
    assert "run() takes a list of PUBs such as [circuit]" in refused(lambda: SamplerV2(aer).run(pubs))


def test_one_pub_without_its_brackets(aer: AerSimulator) -> None:
    assert "write sampler.run([circuit])" in refused(lambda: SamplerV2(aer).run(bell()), V1StyleError)
    assert "with brackets" in refused(lambda: EstimatorV2(aer).run((QuantumCircuit(1), "Z")))
    assert "with brackets" in refused(lambda: SamplerV2(aer).run((ansatz(), [0.1])))


def test_calls_in_the_style_of_v1_are_told_the_v2_way(aer: AerSimulator) -> None:
    v2 = "estimator.run([(circuit, observables, parameter_values)]).result()[0].data.evs"
    estimator, sampler = EstimatorV2(aer), SamplerV2(aer)
    values = [0.1] * ansatz().num_parameters
    assert v2 in refused(
        lambda: estimator.run(ansatz(), hamiltonian(), parameter_values=values), V1StyleError
    )
    assert v2 in refused(lambda: estimator.run([ansatz()], [hamiltonian()], [values]), TypeError)
    assert v2 in refused(lambda: estimator.run([ansatz()], observables=[hamiltonian()]), ValueError)
    assert "sampler.run([(circuit, parameter_values)])" in refused(lambda: sampler.run([ansatz()], [values]))
    assert refused(lambda: sampler.run([bell()], shot=3), OptionError) == (
        "run() has no argument 'shot': it takes pubs, shots and dry_run."
    )


@pytest.mark.parametrize("shots", [0, -1, 1.5, "10", True, float("nan")])
def test_shots_that_can_not_be(aer: AerSimulator, shots: object) -> None:
    sampler = SamplerV2(aer)
    assert refused(lambda: sampler.run([bell()], shots=shots)).startswith("shots must be a whole number")
    assert refused(lambda: sampler.run([(bell(), None, shots)])).startswith(
        "PUB 0: its shots must be a whole"
    )


def test_too_many_executions(aer: AerSimulator) -> None:
    assert "at most 10,000,000 are allowed (error code 1520)" in refused(
        lambda: SamplerV2(aer).run([bell()], shots=10**12)
    )
    circuit = QuantumCircuit(1, 1)
    circuit.rx(Parameter("t"), 0)
    circuit.measure(0, 0)
    assert "10,001,000 executions" in refused(
        lambda: SamplerV2(aer).run([(circuit, np.zeros((10_001, 1)))], shots=1000)
    )
    assert "error code 1520" in refused(
        lambda: EstimatorV2(aer).run([(QuantumCircuit(1), "Z")], precision=1e-9)
    )


@pytest.mark.parametrize("precision", [0, -0.1, float("nan"), float("inf"), "fine", True])
def test_precisions_that_can_not_be(aer: AerSimulator, precision: object) -> None:
    pub = (QuantumCircuit(1), "Z")
    assert refused(lambda: EstimatorV2(aer).run([pub], precision=precision)).startswith("precision must be")
    assert refused(lambda: EstimatorV2(aer).run([(*pub, None, precision)])).startswith("PUB 0: ")


@pytest.mark.parametrize("values", [None, np.zeros((0, 1))])
def test_a_precision_too_small_to_square(aer: AerSimulator, values: object) -> None:
    circuit = QuantumCircuit(1)
    if values is not None:
        circuit.rx(Parameter("a"), 0)
    text = refused(lambda: EstimatorV2(aer).run([(circuit, "Z", values)], precision=1e-300))
    assert "at most 10,000,000 are allowed" in text


def test_parameter_values_that_do_not_fit(aer: AerSimulator) -> None:
    count = ansatz().num_parameters
    measured = ansatz().measure_all(inplace=False)
    sampler, estimator = SamplerV2(aer), EstimatorV2(aer)
    assert refused(lambda: sampler.run([bell(), (measured, [0.1] * (count - 1))])) == (
        f"PUB 1: the circuit has {count} parameters and {count - 1} values were given "
        f"(array of shape ({count - 1},))."
    )
    assert "no values were given" in refused(lambda: sampler.run([measured]))
    assert f"and {count + 1} values were given (array of shape (3, {count + 1}))" in refused(
        lambda: estimator.run([(ansatz(), hamiltonian(), np.zeros((3, count + 1)))])
    )
    assert "1 value" in refused(lambda: sampler.run([(bell(), [0.3])]))
    rotated = QuantumCircuit(1)
    rotated.rx(Parameter("a"), 0)
    assert refused(lambda: estimator.run([(rotated, "Z", {"b": 1})])) == (
        "PUB 0: the circuit's parameters are a, and values came for b."
    )
    assert "rows of different lengths" in refused(lambda: sampler.run([(measured, [[0.1] * count, [0.1]])]))
    assert "must be real numbers" in refused(lambda: sampler.run([(measured, [1j] * count)]))
    assert "must be real numbers" in refused(lambda: sampler.run([(measured, ["a"] * count)]))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_parameter_values_are_finite(aer: AerSimulator, bad: float) -> None:
    values = np.zeros((2, ansatz().num_parameters))
    values[1, 3] = bad
    measured = ansatz().measure_all(inplace=False)
    assert refused(lambda: SamplerV2(aer).run([(measured, values)])) == (
        f"PUB 0: parameter values must be finite, and [1, 3] is {bad}."
    )
    assert "must be finite" in refused(lambda: EstimatorV2(aer).run([(ansatz(), hamiltonian(), values)]))


def test_a_circuit_without_measurement(aer: AerSimulator) -> None:
    with pytest.warns(QmodeWarning, match="PUB 0: circuit empty measures nothing, so") as caught:
        job = SamplerV2(aer).run([QuantumCircuit(1, 2, name="empty")], shots=5)
    assert caught[0].filename == __file__
    assert job.result()[0].data.c.get_counts() == {"00": 5}
    with pytest.warns(UserWarning, match="The 0-th circuit has no output classical registers") as caught:
        job = SamplerV2(aer).run([QuantumCircuit(1)])
    assert caught[0].filename == __file__
    assert dict(job.result()[0].data) == {}
    inside = QuantumCircuit(1, 1)
    with inside.for_loop(range(2)):
        inside.measure(0, 0)
    assert SamplerV2(aer).run([inside], shots=5).result()[0].data.c.num_shots == 5


@pytest.mark.parametrize(
    ("register", "text"),
    [
        (ClassicalRegister(0, "none"), "Classical register none is of size 0, which is not allowed"),
        (ClassicalRegister(1, "a-b"), "must be valid identifiers, but 'a-b' is not"),
        (ClassicalRegister(1, "lambda"), "cannot be Python keywords, but 'lambda' is one"),
        (ClassicalRegister(1, "shape"), "results have a 'shape' of their own"),
    ],
)
def test_registers_that_results_can_not_have(
    aer: AerSimulator, register: ClassicalRegister, text: str
) -> None:
    circuit = QuantumCircuit(QuantumRegister(1), ClassicalRegister(1, "fine"), register)
    circuit.measure(0, 0)
    assert text in refused(lambda: SamplerV2(aer).run([circuit]))


def test_observables_that_can_not_be(aer: AerSimulator) -> None:
    estimator, circuit = EstimatorV2(aer), QuantumCircuit(2)
    assert refused(lambda: estimator.run([(circuit, "ZZZ")])) == (
        "PUB 0: the circuit has 2 qubits and the observable 3: after transpiling, use "
        "observable.apply_layout(isa_circuit.layout)."
    )
    assert "Empty observables array" in refused(lambda: estimator.run([(circuit, [])]))
    assert "limited to I, X, Y, Z" in refused(lambda: estimator.run([(circuit, "Z0")]))
    assert "PUB 0: " in refused(lambda: estimator.run([(circuit, "ZQ")]))
    assert "it has no observables" in refused(lambda: estimator.run([circuit]))
    assert "Non-Hermitian" in refused(lambda: estimator.run([(circuit, SparsePauliOp("ZZ") * 1j)]))
    assert "a PUB begins with its circuit" in refused(lambda: estimator.run([("ZZ", circuit)]))
    assert "which no estimator takes" in refused(lambda: estimator.run([SamplerPub.coerce(bell())]))


def test_a_measurement_of_ibms_own_measures() -> None:
    library = pytest.importorskip("qiskit_ibm_runtime.circuit")
    circuit = QuantumCircuit(1, 1)
    circuit.append(library.MidCircuitMeasure(), [0], [0])
    assert sampler_pubs([circuit], None, 10)[0].shots == 10  # a warning would be an error here
