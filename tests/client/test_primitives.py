"""The primitives: where they run, what they refuse, what they warn of, what they return."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.primitives import BaseEstimatorV2, BaseSamplerV2, PrimitiveResult
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit_aer import AerSimulator

from qmode_jupyter import Batch, Estimator, EstimatorV2, RuntimeService, Sampler, SamplerV2, Session
from qmode_jupyter.errors import (
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


# ---- how they are made


def test_the_older_keywords_are_told_the_new_one(aer: AerSimulator) -> None:
    assert (
        refused(lambda: SamplerV2(session=aer))
        == "SamplerV2 takes mode=session where older ones took session=session."
    )
    assert refused(lambda: EstimatorV2(backend=aer), V1StyleError).startswith(
        "EstimatorV2 takes mode=backend"
    )
    assert "write options={'shots': …}" in refused(lambda: EstimatorV2(aer, shots=3))


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


def test_what_is_counted_and_what_is_not_are_two_sentences(aer: AerSimulator) -> None:
    options = {"twirling": {"enable_gates": True, "strategy": "all"}, "environment": {"log_level": "DEBUG"}}
    with pytest.warns(UnsupportedOptionWarning) as caught:
        SamplerV2(aer, options).run([bell()])
    (said,) = caught
    assert str(said.message) == (
        "Counted in time and charge, while results are Aer's, unmitigated: twirling.enable_gates. "
        "No effect here, though on hardware: environment.log_level, twirling.strategy (the emulated service "
        "keeps one log; circuits run on Aer as they are)."
    )


# ---- what the default level costs is said


def said_of_mitigation(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line for line in caplog.messages if "mitigates measurement errors" in line]


def test_that_the_default_level_is_charged_is_said_once_for_a_service(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with service() as emulated:
        fez, aer = emulated.backend("fake_fez"), emulated.backend("aer_simulator")
        circuit = isa(QuantumCircuit(1), fez)
        pub = (circuit, "Z" + "I" * (circuit.num_qubits - 1))
        SamplerV2(fez).run([isa(bell(), fez)])
        emulated.estimate(EstimatorV2(fez), [pub])
        assert caplog.messages == [], "a Sampler mitigates nothing, and nothing was submitted"
        for backend, asked in ((fez, pub), (fez, pub), (aer, (QuantumCircuit(1), "Z"))):
            EstimatorV2(backend, {"default_shots": 100}).run([asked])
        (said,) = said_of_mitigation(caplog)
        # 32,768 executions of 254.4 us, without their readout: 8.3 s.
        assert said == (
            "An Estimator mitigates measurement errors unless it is told otherwise (resilience_level=1): of "
            "each job on fake_fez, about 8.3 s are charged for that, as on hardware; results here are "
            "Aer's, unmitigated. resilience_level=0 leaves it out."
        )
        assert {record.levelname for record in caplog.records} == {"WARNING"}


@pytest.mark.parametrize(
    "options",
    [{"resilience_level": 0}, {"resilience_level": 1}, {"resilience": {"measure_mitigation": False}}],
    ids=str,
)
def test_who_has_chosen_a_level_is_told_nothing_of_the_default(
    caplog: pytest.LogCaptureFixture, options: dict
) -> None:
    with service() as emulated, warnings.catch_warnings():
        warnings.simplefilter("ignore", UnsupportedOptionWarning)
        aer = emulated.backend("aer_simulator")
        EstimatorV2(aer, options).run([(QuantumCircuit(1), "Z")])
        assert said_of_mitigation(caplog) == []
        EstimatorV2(aer).run([(QuantumCircuit(1), "Z")])
        assert len(said_of_mitigation(caplog)) == 1


def test_where_time_is_aer_s_own_nothing_is_charged_for_mitigation_and_nothing_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with service(timing="measured") as emulated:
        EstimatorV2(emulated.backend("aer_simulator")).run([(QuantumCircuit(1), "Z")])
    assert said_of_mitigation(caplog) == []


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
