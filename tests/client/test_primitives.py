"""The primitives: where they run, what they refuse, what they warn of, what they return."""

from __future__ import annotations

import logging
import threading
import warnings

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.circuit import Parameter
from qiskit.primitives import BaseEstimatorV2, BaseSamplerV2, PrimitiveResult
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import SparsePauliOp
from qiskit_aer import AerSimulator

from qmode_jupyter import Batch, Estimator, EstimatorV2, RuntimeService, Sampler, SamplerV2, Session
from qmode_jupyter.errors import (
    IBMInputValueError,
    NotISAError,
    OptionError,
    QmodeWarning,
    UnsupportedOptionWarning,
    UsageWarning,
    V1StyleError,
)
from tests.emulated import ansatz, bell, hamiltonian, isa, refused, service

# ---- what they are


def test_they_are_qiskit_primitives_of_version_2(aer: AerSimulator) -> None:
    assert isinstance(SamplerV2(aer), BaseSamplerV2)
    assert isinstance(EstimatorV2(aer), BaseEstimatorV2)
    assert (SamplerV2.version, EstimatorV2.version) == (2, 2)
    assert (Sampler, Estimator) == (SamplerV2, EstimatorV2)


def test_a_sampler_samples(aer: AerSimulator) -> None:
    job = SamplerV2(aer, {"simulator": {"seed_simulator": 3}}).run([bell()], shots=1000)
    result = job.result()
    counts = result[0].data.meas.get_counts()
    assert isinstance(result, PrimitiveResult)
    assert set(counts) == {"00", "11"}
    assert sum(counts.values()) == 1000


def test_an_estimator_estimates_to_the_precision_asked_for(aer: AerSimulator) -> None:
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    job = EstimatorV2(aer, {"seed_estimator": 3}).run([(circuit, ["ZZ", "ZI"])], precision=0.02)
    data = job.result()[0].data
    assert data.evs == pytest.approx([1, 0], abs=0.1)
    assert data.stds[1] == pytest.approx(0.02, rel=0.2)


def test_exact_values_on_demand(aer: AerSimulator) -> None:
    values = np.linspace(0, 1, ansatz().num_parameters)
    estimator = EstimatorV2(aer, {"simulator": {"exact": True}})
    first, second = (estimator.run([(ansatz(), hamiltonian(), values)]).result()[0].data.evs for _ in "ab")
    assert first == pytest.approx(second, abs=1e-12)


@pytest.mark.parametrize("pub", [(bell(),), (bell(), None), (bell(), None, 10), [bell(), []]])
def test_every_way_to_write_a_pub(aer: AerSimulator, pub: tuple) -> None:
    assert SamplerV2(aer).run([pub], shots=10).result()[0].data.meas.num_shots == 10


def test_pubs_may_be_made_before_and_come_from_a_generator(aer: AerSimulator) -> None:
    job = SamplerV2(aer).run(SamplerPub.coerce(bell(), shots) for shots in (5, 5))
    assert [pub.data.meas.num_shots for pub in job.result()] == [5, 5]
    observed = EstimatorPub.coerce((QuantumCircuit(1), "Z"))
    assert EstimatorV2(aer).run([observed]).result()[0].data.evs == 1


def test_shots_of_the_pub_then_of_run_then_of_the_options(aer: AerSimulator) -> None:
    sampler = SamplerV2(aer, {"default_shots": 30})
    assert sampler.run([bell()]).result()[0].data.meas.num_shots == 30
    assert sampler.run([bell()], shots=20).result()[0].data.meas.num_shots == 20
    assert sampler.run([(bell(), None, 10)], shots=20).result()[0].data.meas.num_shots == 10
    assert SamplerV2(aer).run([bell()]).result()[0].data.meas.num_shots == 4096


@pytest.mark.parametrize("shots", [100, 1000, 4096, 10_000])
def test_default_shots_of_an_estimator_are_exactly_these(aer: AerSimulator, shots: int) -> None:
    job = EstimatorV2(aer, {"default_shots": shots}).run([(QuantumCircuit(1), "X")])
    assert job.result()[0].metadata["shots"] == shots


def test_different_shots_in_one_job_are_deprecated(aer: AerSimulator) -> None:
    with pytest.warns(DeprecationWarning, match="different 'shots' across pubs") as caught:
        SamplerV2(aer).run([(bell(), None, 10), bell()])
    assert caught[0].filename == __file__


# ---- where they run (SEMANTICS P1-P3)


def test_a_backend_is_job_mode(aer: AerSimulator, emulated: RuntimeService) -> None:
    sampler = SamplerV2(mode=aer)
    assert (sampler.mode, sampler.session, sampler.backend()) == (None, None, aer)
    assert repr(sampler) == "<SamplerV2(backend='aer_simulator')>"
    job = sampler.run([bell()])
    assert job.service is emulated
    assert job.session_id is None


def test_a_session_is_joined_also_when_another_is_open(aer: AerSimulator, device: GenericBackendV2) -> None:
    outer = Session(device)
    with Batch(aer) as batch:
        estimator = EstimatorV2(mode=outer)
        assert estimator.mode is outer
        assert SamplerV2().mode is batch
    outer.close()


def test_a_backend_inside_a_with_joins_it_and_says_so(
    aer: AerSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    with Batch(aer) as batch, caplog.at_level(logging.WARNING, "qmode_jupyter.client.primitives"):
        sampler = SamplerV2(mode=aer)
    assert sampler.mode is batch
    assert "so this job will run inside this session/batch" in caplog.text


def test_another_mode_is_refused_with_its_type(aer: AerSimulator) -> None:
    with pytest.raises(ValueError, match="mode must be of type") as caught:
        SamplerV2(mode="aer_simulator")
    assert str(caught.value) == "mode must be of type Backend, Session, Batch or None"
    assert "builtins.str" in caught.value.__notes__[0]


def test_nothing_to_run_on_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^A backend or session must be specified\.$") as caught:
        SamplerV2()
    assert not hasattr(caught.value, "__notes__")


def test_why_there_is_no_session_is_noted(aer: AerSimulator) -> None:
    with Session(aer):
        with Batch(aer):
            pass
        with pytest.raises(ValueError, match="must be specified") as caught:
            EstimatorV2()
    assert "leaving a `with` inside it left none in force" in caught.value.__notes__[0]

    found: list[BaseException] = []

    def elsewhere() -> None:
        try:
            EstimatorV2()
        except IBMInputValueError as error:
            found.append(error)

    with Session(aer):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert "threads don't inherit it" in found[0].__notes__[0]


def test_the_older_keywords_are_told_the_new_one(aer: AerSimulator) -> None:
    assert (
        refused(lambda: SamplerV2(session=aer))
        == "SamplerV2 takes mode=session where older ones took session=session."
    )
    assert refused(lambda: EstimatorV2(backend=aer), V1StyleError).startswith(
        "EstimatorV2 takes mode=backend"
    )
    assert "write options={'shots': …}" in refused(lambda: EstimatorV2(aer, shots=3))


# ---- what is wrong with what they are given


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


def test_results_in_the_style_of_v1_are_told_the_v2_way(aer: AerSimulator) -> None:
    result = EstimatorV2(aer).run([(QuantumCircuit(1), "Z")]).result()
    assert refused(lambda: result.values, AttributeError).endswith(
        "for the first PUB write result[0].data.evs."
    )
    assert "get_counts()" in refused(lambda: result.quasi_dists, AttributeError)
    assert not hasattr(result, "anything_else")


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
        f"PUB 0: parameter values must be finite, and [(1, 3)] is {bad}."
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
    assert "which is not for a estimator" in refused(lambda: estimator.run([SamplerPub.coerce(bell())]))


# ---- what the QPU must be able to run (SEMANTICS P5)


def test_a_circuit_that_is_not_isa(device: GenericBackendV2) -> None:
    text = refused(lambda: SamplerV2(device).run([bell()]), NotISAError)
    assert text.startswith("The instruction h on qubits (0,) is not supported by the target system. ")
    assert "generate_preset_pass_manager" in text
    wide = QuantumCircuit(20, 1)
    wide.measure(0, 0)
    assert refused(lambda: SamplerV2(device).run([wide])).startswith(
        "The circuit has 20 qubits but the target system requires 19 qubits."
    )


def test_a_gate_between_qubits_that_are_not_neighbours(device: GenericBackendV2) -> None:
    near = next(iter(device.coupling_map.get_edges()))
    far = next((0, b) for b in range(1, 19) if device.coupling_map.distance(0, b) > 1)
    for pair, works in ((near, True), (far, False)):
        circuit = QuantumCircuit(19, 1)
        circuit.cx(*pair)
        circuit.barrier()
        circuit.measure(0, 0)
        if works:
            SamplerV2(device).run([circuit], shots=1)
        else:
            assert f"cx on qubits {far}" in refused(lambda c=circuit: SamplerV2(device).run([c]))


def test_blocks_of_control_flow_are_checked_too(device: GenericBackendV2) -> None:
    for gate, works in (("x", True), ("h", False)):
        circuit = QuantumCircuit(19, 2)
        circuit.measure(3, 0)
        with circuit.if_test((circuit.clbits[0], 1)):
            getattr(circuit, gate)(3)
        circuit.measure(3, 1)
        if works:
            SamplerV2(device).run([circuit], shots=1)
        else:
            assert "h on qubits (3,)" in refused(lambda c=circuit: SamplerV2(device).run([c]))


def test_a_mutated_circuit_is_checked_again(device: GenericBackendV2) -> None:
    circuit = isa(bell(), device)
    SamplerV2(device).run([circuit], shots=1)
    circuit.h(0)
    assert "instruction h" in refused(lambda: SamplerV2(device).run([circuit], shots=1))


def test_aer_takes_any_circuit(aer: AerSimulator) -> None:
    assert SamplerV2(aer).run([bell()], shots=1).result()[0].data.meas.num_shots == 1


def test_rzz_angles_on_a_qpu_that_has_the_gate(emulated: RuntimeService) -> None:
    fractional = GenericBackendV2(3, basis_gates=["rz", "sx", "x", "cz", "rzz"], seed=1)
    session = Batch(fractional, service=emulated)
    angle = Parameter("a")
    edge = next(iter(fractional.coupling_map.get_edges()))

    def circuit(value: object) -> QuantumCircuit:
        made = QuantumCircuit(3, 1)
        made.rzz(value, *edge)
        made.measure(0, 0)
        return made

    sampler = SamplerV2(session)
    sampler.run([circuit(0.3)], shots=1)
    sampler.run([(circuit(2 * angle), [0.3])], shots=1)
    assert "in the range [0, pi/2], not for -0.3" in refused(lambda: sampler.run([circuit(-0.3)]))
    assert "not for 2 (a=1 in 2*a)" in refused(lambda: sampler.run([(circuit(2 * angle), [[0.3], [1]])]))

    other = Parameter("b")
    both = circuit(angle - other)
    both.rz(Parameter("z"), 0)
    both.rzz(other, *edge)
    fit = np.broadcast_to([1.0, 0.5, 9.0], (2, 3, 3))
    assert sampler.run([(both, fit)], shots=1).result()[0].data.c.shape == (2, 3)
    named = {"b": [0.5, 0.25], "a": [1.0, 0.75], "z": [9.0, 9.0]}
    assert sampler.run([(both, named)], shots=1).result()[0].data.c.shape == (2,)
    bad = fit.copy()
    bad[1, 2] = (0.5, 1.0, 9.0)
    text = refused(lambda: sampler.run([(both, bad)]))
    assert "not for -0.5 (a=0.5, b=1 in a - b)" in text
    assert sampler.run([(both, bad[:0])], shots=1).result()[0].data.c.shape == (0, 3)
    session.close()


# ---- options at work


def test_options_are_there_to_be_set(aer: AerSimulator) -> None:
    sampler = SamplerV2(aer, options={"shots": 10})
    sampler.options.default_shots = 20
    sampler.options.simulator.seed_simulator = 5
    one, other = (sampler.run([bell()]).result()[0].data.meas.get_bitstrings() for _ in "ab")
    assert len(one) == 20
    assert one == other
    with pytest.raises(OptionError, match="did you mean default_shots"):
        sampler.options.default_shot = 3


def test_what_has_no_effect_is_said_once_and_visibly(aer: AerSimulator) -> None:
    estimator = EstimatorV2(aer, {"resilience_level": 1, "twirling": {"enable_gates": True}})
    pub = (QuantumCircuit(1), "Z")
    with pytest.warns(UnsupportedOptionWarning, match=r"twirling\.enable_gates, resilience_level") as caught:
        estimator.run([pub])
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        estimator.run([pub])
    estimator.options.dynamical_decoupling.enable = True
    with pytest.warns(UnsupportedOptionWarning, match=r": dynamical_decoupling\.enable \("):
        estimator.run([pub])


def test_dynamical_decoupling_and_dynamic_circuits_exclude_each_other(device: GenericBackendV2) -> None:
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(0)
    sampler = SamplerV2(device, {"dynamical_decoupling": {"enable": True}})
    assert "cannot be used with dynamic circuits" in refused(lambda: sampler.run([circuit]))


def test_options_of_hardware_alone(aer: AerSimulator) -> None:
    kerneled = SamplerV2(aer, {"execution": {"meas_type": "kerneled"}})
    assert "needs hardware" in refused(lambda: kerneled.run([bell()]), OptionError)
    exact = SamplerV2(aer, {"simulator": {"exact": True}})
    assert "is for the EstimatorV2" in refused(lambda: exact.run([bell()]), OptionError)
    slow = SamplerV2(aer, {"execution": {"rep_delay": 250}})
    assert "in seconds, from 0 to 0.0005, not 250" in refused(lambda: slow.run([bell()]), OptionError)


@pytest.mark.parametrize(
    ("resilience", "text"),
    [
        (
            {"zne_mitigation": True, "pec_mitigation": True},
            "'pec_mitigation' and 'zne_mitigation' options cannot be simultaneously enabled",
        ),
        (
            {"measure_noise_learning": {"num_randomizations": 8}},
            "'measure_noise_learning' options are set, but 'measure_mitigation' is not set to True",
        ),
    ],
)
def test_mitigation_that_contradicts_itself(aer: AerSimulator, resilience: dict, text: str) -> None:
    assert refused(lambda: EstimatorV2(aer, {"resilience": resilience}), OptionError).startswith(text)
    estimator = EstimatorV2(aer)
    estimator.options.resilience = resilience
    assert refused(lambda: estimator.run([(QuantumCircuit(1), "Z")]), OptionError).startswith(text)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "can't be read: it has no list of 'errors', as NoiseModel.to_dict() makes it."),
        (
            {"errors": [{}]},
            "can't be read: error 0 is not as NoiseModel.to_dict() makes it: it has no 'type'.",
        ),
        (
            {"errors": ["x"]},
            "error 0 is not as NoiseModel.to_dict() makes it: it is a str, and no dictionary.",
        ),
        ({"errors": [{"type": "cosmic"}]}, "its type is 'cosmic', and qerror and roerror are known."),
    ],
)
def test_a_dictionary_that_is_no_noise_model(aer: AerSimulator, given: dict, text: str) -> None:
    sampler = SamplerV2(aer, {"simulator": {"noise_model": given | {"other": 1}}})
    assert refused(lambda: sampler.run([bell()]), OptionError).endswith(text)


def test_a_noise_model_may_be_given_also_as_a_dictionary(aer: AerSimulator) -> None:
    noise = pytest.importorskip("qiskit_aer.noise")
    model = noise.NoiseModel()
    model.add_all_qubit_readout_error(noise.ReadoutError([[0, 1], [1, 0]]))
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    for given in (model, model.to_dict(serializable=True)):
        sampler = SamplerV2(aer, {"simulator": {"noise_model": given}})
        assert sampler.run([circuit], shots=10).result()[0].data.c.get_counts() == {"1": 10}


def test_a_dry_run_runs_what_no_simulator_holds(emulated: RuntimeService) -> None:
    device = GenericBackendV2(60, seed=1, coupling_map=[[i, i + 1] for i in range(59)], noise_info=False)
    batch = Batch(device, service=emulated)
    circuit = QuantumCircuit(60)
    for qubit in range(60):
        circuit.sx(qubit)
    circuit.measure_all()
    job = SamplerV2(batch).run([circuit], shots=16, dry_run=True)
    assert job.result()[0].data.meas.array.shape == (16, 8)
    assert job.usage() >= 2
    batch.close()


def test_a_limit_longer_than_the_session_is_pointed_out(aer: AerSimulator) -> None:
    with Session(aer, max_time=60) as session:
        sampler = SamplerV2(session, {"max_execution_time": 100})
        with pytest.warns(QmodeWarning, match="max_execution_time=100 s is more than the 60 s"):
            sampler.run([bell()])


def test_used_up_time_is_warned_about() -> None:
    import dataclasses

    from qmode_jupyter.scheduler.plans import OPEN

    with service(plan=dataclasses.replace(OPEN, allowance_s=1.0)) as tight:
        sampler = SamplerV2(tight.backend("aer_simulator"))
        sampler.run([bell()]).result()
        with pytest.warns(UsageWarning, match="has met its usage limit"):
            job = sampler.run([bell()])
        assert job.status() == "QUEUED"


def test_tags_and_privacy_reach_the_job(aer: AerSimulator) -> None:
    options = {"environment": {"job_tags": ["mine", "first"], "private": True}, "max_execution_time": 50}
    job = SamplerV2(aer, options).run([bell()])
    assert (job.tags, job.private) == (["mine", "first"], True)
    assert job.details()["max_time"] == 50
