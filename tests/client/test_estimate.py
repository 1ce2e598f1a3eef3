"""Estimates: what a job will be charged, before it is submitted, and what for."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from decimal import Decimal
from math import ceil
from types import SimpleNamespace

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.primitives import StatevectorSampler
from qiskit.providers import BackendV2
from qiskit_aer import AerSimulator

from qmode_jupyter import EstimatorV2, RuntimeService, SamplerV2, Session
from qmode_jupyter.client.estimate import Estimate
from qmode_jupyter.cost.model import MEASURE, OVERHEAD, REP_DELAY, SHOTS, TWIRLING, ZNE
from qmode_jupyter.cost.processors import NIGHTHAWK_R1, PHOENIX, UnknownProcessor
from qmode_jupyter.errors import (
    IBMInputValueError,
    NotISAError,
    OptionError,
    RuntimeClosedError,
    UnsupportedOptionWarning,
    V1StyleError,
)
from qmode_jupyter.runtime.clock import ManualClock
from qmode_jupyter.scheduler.breakdown import ROUNDING, job_parts
from qmode_jupyter.scheduler.plans import UnknownPlan
from tests.emulated import ansatz, bell, hamiltonian, isa, refused, service

# A device with 250 us between executions, one with 4 ms, and a simulator.
BACKENDS = ["aer_simulator", "fake_fez", "fake_miami"]


@pytest.fixture(autouse=True)
def no_warnings_of_mitigation(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "qmode_jupyter.client.primitives")


def sampled(backend: BackendV2, **options: object) -> tuple[SamplerV2, list[object]]:
    """A sampler, and PUBs for it: a circuit alone, and one with a sweep of its parameters."""
    sweep = ansatz().measure_all(inplace=False)
    values = np.linspace(0, 1, 6 * sweep.num_parameters).reshape(2, 3, sweep.num_parameters)
    simulator = {"simulator": {"dry_run": True}}
    return SamplerV2(backend, simulator | options), [isa(bell(), backend), (isa(sweep, backend), values)]


def estimated(backend: BackendV2, **options: object) -> tuple[EstimatorV2, list[object]]:
    """An estimator, and PUBs for it: a sum in two bases, and several observables over a sweep."""
    circuit = isa(ansatz(), backend)
    values = np.linspace(0, 1, 3 * circuit.num_parameters).reshape(3, 1, circuit.num_parameters)
    observables = [o.apply_layout(circuit.layout) for o in (hamiltonian(), hamiltonian()[:1])]
    simulator = {"simulator": {"dry_run": True}}
    return EstimatorV2(backend, simulator | options), [
        (circuit, observables[0], values[0, 0]),
        (circuit, observables, values),
    ]


def charged(primitive: SamplerV2 | EstimatorV2, pubs: list[object], **words: object) -> SimpleNamespace:
    """What a job is charged in the end, what for, and what is known of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnsupportedOptionWarning)
        job = primitive.run(pubs, **words)
    job.result()
    return SimpleNamespace(
        usage_s=job.usage(), record=job._runtime.job_record(job.job_id()), said=job.usage_estimation
    )


# ---- what is estimated is what is charged


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("made", "options"),
    [
        (sampled, {}),
        (sampled, {"twirling": {"enable_gates": True}}),
        (sampled, {"execution": {"init_qubits": False}}),
        (estimated, {"resilience_level": 0}),
        (estimated, {}),
        (estimated, {"resilience_level": 2}),
        (estimated, {"resilience": {"pec_mitigation": True}}),
        (estimated, {"default_precision": 0.1}),
    ],
    ids=[
        "sampler",
        "sampler, twirled",
        "sampler, no reset",
        "level 0",
        "level 1",
        "level 2",
        "PEC",
        "precision",
    ],
)
def test_a_job_is_charged_what_was_estimated(
    emulated: RuntimeService, made: Callable, options: dict, backend: str
) -> None:
    primitive, pubs = made(emulated.backend(backend), **options)
    estimate = emulated.estimate(primitive, pubs)
    job = charged(primitive, pubs)
    assert job.usage_s == estimate.usage_s > 0
    assert job.said == {"quantum_seconds": estimate.usage_s}
    assert job.record.work == estimate.work
    assert job.record.parts == estimate.cost.parts
    assert [name for name, _ in job_parts(job.record)] == [name for name, _ in estimate.parts]
    assert dict(job_parts(job.record)) == pytest.approx(dict(estimate.parts))
    prepared_s = job.record.waiting_at - job.record.preparing_at
    assert prepared_s == pytest.approx(estimate.cost.preparation_s, abs=1e-5)


def test_nothing_is_submitted(emulated: RuntimeService, aer: AerSimulator) -> None:
    before, at = len(emulated.jobs(limit=None)), emulated.now()
    emulated.estimate(*sampled(aer))
    assert (len(emulated.jobs(limit=None)), emulated.now()) == (before, at)
    assert emulated.pending_jobs("aer_simulator") == 0


def test_words_of_run_count(emulated: RuntimeService, aer: AerSimulator) -> None:
    sampler, (circuit, _) = sampled(aer)
    assert emulated.estimate(sampler, [circuit], shots=100).work.executions == 100
    assert emulated.estimate(sampler, [(circuit, None, 7)], shots=100).work.executions == 7
    estimator, (pub, _) = estimated(aer)
    assert emulated.estimate(estimator, [pub], precision=0.1).work.executions == 100 * 2
    assert charged(sampler, [circuit], shots=100_000).usage_s == (
        emulated.estimate(sampler, [circuit], shots=100_000).usage_s
    )


def test_a_job_in_a_session_is_estimated_as_by_itself(emulated: RuntimeService, aer: AerSimulator) -> None:
    alone = emulated.estimate(*estimated(aer))
    with Session(aer) as session:
        inside = emulated.estimate(EstimatorV2(session), estimated(aer)[1])
    assert inside == alone


# ---- as a range, and part by part


def test_parts_add_up_to_the_usage_and_the_range_holds_it(emulated: RuntimeService) -> None:
    fez = emulated.backend("fake_fez")
    for made, options in ((sampled, {}), *((estimated, {"resilience_level": n}) for n in (0, 1, 2))):
        estimate = emulated.estimate(*made(fez, **options))
        assert sum(seconds for _, seconds in estimate.parts) == pytest.approx(estimate.usage_s, abs=1e-6)
        assert all(seconds > 0 for _, seconds in estimate.parts)
        low, high = estimate.range_s
        assert low <= estimate.usage_s <= high
        assert {low, high, estimate.usage_s} == {int(low), int(high), int(estimate.usage_s)}


def test_each_level_adds_what_it_is_for(emulated: RuntimeService) -> None:
    fez = emulated.backend("fake_fez")
    named = [
        [name for name, _ in emulated.estimate(*estimated(fez, resilience_level=level)).parts]
        for level in (0, 1, 2)
    ]
    assert named == [
        [OVERHEAD, REP_DELAY, SHOTS, ROUNDING],
        [OVERHEAD, REP_DELAY, SHOTS, TWIRLING, MEASURE, ROUNDING],
        [OVERHEAD, REP_DELAY, SHOTS, TWIRLING, MEASURE, ZNE, ROUNDING],
    ]


def test_the_default_estimator_is_charged_fourteen_seconds_on_a_heron(emulated: RuntimeService) -> None:
    fez = emulated.backend("fake_fez")
    circuit = isa(QuantumCircuit(1), fez)
    observables = ["X" + "I" * (circuit.num_qubits - 1), "Z" + "I" * (circuit.num_qubits - 1)]
    estimate = emulated.estimate(EstimatorV2(fez), [(circuit, observables[1])])
    # 250 us, 4.38 us around it and 1.56 us of readout for each execution; 32 times 0.075 s for twirling.
    expected = {
        OVERHEAD: 1.802,
        REP_DELAY: 4096 * 250e-6,
        SHOTS: 4096 * 5.94e-6,
        TWIRLING: 2.4,
        MEASURE: 32_768 * 255.94e-6,
    }
    assert dict(estimate.cost.parts) == pytest.approx(expected, rel=1e-3)
    assert estimate.usage_s == ceil(sum(expected.values())) == 14
    # A public receipt: 5 PUBs in two bases of 1024 shots were charged 5 s at level 0 and 14 s at level 1.
    for level, receipt_s in ((0, 5), (1, 14)):
        estimator = EstimatorV2(fez, {"resilience_level": level})
        estimate = emulated.estimate(estimator, [(circuit, observables)] * 5, precision=1 / 32)
        assert (estimate.work.circuits, estimate.work.executions) == (10, 10 * 1024)
        assert estimate.usage_s == pytest.approx(receipt_s, abs=1)
        assert estimate.range_s[0] <= receipt_s <= estimate.range_s[1]


def test_it_shows_itself_as_a_table(emulated: RuntimeService) -> None:
    fez = emulated.backend("fake_fez")
    estimate = emulated.estimate(SamplerV2(fez), [isa(bell(), fez)], shots=1)
    assert repr(estimate).splitlines()[:2] == [
        "Usage 2 s (2 s to 3 s), $1.60 on the Premium plan",
        "what for      usage",
    ]
    assert repr(estimate).splitlines()[-1] == (
        "1 execution of 1 circuit, after about 1.9 s of preparation; priced as Heron r2."
    )
    for name, _ in estimate.parts:
        assert name in repr(estimate)
        assert f">{name}<" in estimate._repr_html_()
    many = emulated.estimate(SamplerV2(fez), [isa(bell(), fez)] * 301, shots=10)
    assert "The circuits are loaded in 2 parts of at most 300." in repr(many)


def test_its_price_is_the_plan_s(emulated: RuntimeService, aer: AerSimulator) -> None:
    asked = sampled(aer)
    premium = emulated.estimate(*asked)
    low, high = premium.range_s
    assert premium.price_usd == Decimal("0.80") * int(premium.usage_s)  # SEMANTICS U11
    assert premium.price_range_usd == (Decimal("0.80") * int(low), Decimal("0.80") * int(high))
    payg, free = (emulated.estimate(*asked, plan=plan) for plan in ("payg", "open"))
    assert payg.price_usd == Decimal("1.60") * int(premium.usage_s)
    assert (free.price_usd, free.price_range_usd) == (None, None)
    assert "free on the Open plan" in repr(free)
    assert free.usage_s == premium.usage_s


def test_it_is_plain_data_too(emulated: RuntimeService, aer: AerSimulator) -> None:
    import json

    estimate = emulated.estimate(*estimated(aer))
    data = json.loads(json.dumps(estimate.to_dict()))
    assert data["usage_s"] == estimate.usage_s
    assert data["range_s"] == list(estimate.range_s)
    assert data["parts"] == [list(part) for part in estimate.parts]
    assert data["price_usd"] == float(estimate.price_usd or 0)
    assert (data["processor"], data["plan"]) == ("heron_r2", "premium")
    assert data["executions"] == estimate.cost.executions > estimate.work.executions
    assert emulated.estimate(*sampled(aer), plan="open").to_dict()["price_range_usd"] is None


# ---- on another processor


def test_another_processor_is_asked_for_by_its_name_or_a_machine_s(
    emulated: RuntimeService, aer: AerSimulator
) -> None:
    asked = sampled(aer)
    by_name = [emulated.estimate(*asked, processor=name) for name in ("phoenix", "ibm_phoenix", PHOENIX)]
    assert {estimate.processor for estimate in by_name} == {PHOENIX}
    assert by_name[0] == by_name[1] == by_name[2]
    here, there = emulated.estimate(*asked), by_name[0]
    assert dict(there.parts)[REP_DELAY] == pytest.approx(dict(here.parts)[REP_DELAY] / 250)
    assert dict(there.parts)[OVERHEAD] == pytest.approx(dict(here.parts)[OVERHEAD] + 0.7)


@pytest.mark.parametrize("processor", ["phoenix", "nighthawk_r1", "ibm_torino"])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_service_of_that_processor_charges_what_was_estimated_for_it(
    emulated: RuntimeService, processor: str, level: int
) -> None:
    expected = emulated.estimate(
        *estimated(emulated.backend("fake_fez"), resilience_level=level), processor=processor
    )
    with service(processor=processor) as there:
        primitive, pubs = estimated(there.backend("fake_fez"), resilience_level=level)
        assert there.estimate(primitive, pubs) == expected
        job = charged(primitive, pubs)
    assert job.usage_s == expected.usage_s
    assert job.record.work == expected.work


def test_a_job_that_asks_for_a_pause_has_it_on_a_service_s_own_processor() -> None:
    with service(processor="phoenix") as there:
        fez = there.backend("fake_fez")
        for asked, pause_s in (({}, 1e-6), ({"execution": {"rep_delay": 2e-3}}, 2e-3)):
            estimate = there.estimate(SamplerV2(fez, asked), [isa(bell(), fez)], shots=1000)
            assert dict(estimate.parts)[REP_DELAY] == pytest.approx(1000 * pause_s)
    with service(processor=NIGHTHAWK_R1) as there:
        fez = there.backend("fake_fez")
        estimate = there.estimate(SamplerV2(fez), [isa(bell(), fez)], shots=1000)
        assert dict(estimate.parts)[REP_DELAY] == pytest.approx(4)


# ---- what can't be


@pytest.mark.parametrize(
    "no_primitive",
    [
        None,
        "sampler",
        3,
        SamplerV2,
        StatevectorSampler(),
        SimpleNamespace(request=lambda pubs: pubs),
        SimpleNamespace(request=lambda pubs: pubs, service="mine"),
        [bell()],
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_primitive_is_told_what_would_be(emulated: RuntimeService, no_primitive: object) -> None:
    said = refused(lambda: emulated.estimate(no_primitive, [bell()]))  # type: ignore[arg-type]
    assert said.startswith("estimate takes a SamplerV2 or EstimatorV2 of qmode_jupyter and its PUBs, as in ")


def test_another_service_s_primitive_is_sent_there(emulated: RuntimeService, aer: AerSimulator) -> None:
    with RuntimeService("flex", clock=ManualClock()) as other:
        assert refused(lambda: other.estimate(SamplerV2(aer), [bell()])) == (
            "This SamplerV2 belongs to another service, whose rules hold for its jobs: ask that one, as in "
            "sampler.service.estimate(sampler, [circuit])."
        )
    assert SamplerV2(aer).service is emulated


@pytest.mark.parametrize(
    ("pubs", "words", "kind"),
    [
        (None, {}, IBMInputValueError),
        ([], {}, IBMInputValueError),
        (bell(), {}, V1StyleError),
        ([3], {}, IBMInputValueError),
        ([bell()], {"shots": 0}, IBMInputValueError),
        ([bell()], {"shots": "many"}, IBMInputValueError),
        ([bell()], {"precision": 0.1}, OptionError),
        ([bell()], {"shot": 10}, OptionError),
    ],
    ids=str,
)
def test_what_run_refuses_an_estimate_refuses_too_in_the_same_words(
    emulated: RuntimeService, aer: AerSimulator, pubs: list, words: dict, kind: type[Exception]
) -> None:
    sampler = SamplerV2(aer)
    said = refused(lambda: emulated.estimate(sampler, pubs, **words), kind)
    assert said == refused(lambda: sampler.run(pubs, **words), kind)


def test_a_circuit_that_is_not_the_backend_s_is_refused(emulated: RuntimeService) -> None:
    sampler = SamplerV2(emulated.backend("fake_fez"))
    assert "Transpile it first" in refused(lambda: emulated.estimate(sampler, [bell()]), NotISAError)


@pytest.mark.parametrize(
    ("words", "kind", "line"),
    [
        ({"processor": "phenix"}, UnknownProcessor, "is called 'phenix'. Did you mean 'phoenix'?"),
        ({"processor": 3}, UnknownProcessor, "No processor or machine is called 3."),
        ({"processor": ""}, UnknownProcessor, "No processor or machine is called ''."),
        ({"plan": "premum"}, UnknownPlan, "No plan is called 'premum'. Did you mean 'premium'?"),
        ({"plan": 3}, UnknownPlan, "No plan is called 3."),
    ],
    ids=str,
)
def test_what_does_not_exist_is_told_with_the_nearest(
    emulated: RuntimeService, aer: AerSimulator, words: dict, kind: type[Exception], line: str
) -> None:
    assert line in refused(lambda: emulated.estimate(SamplerV2(aer), [bell()], **words), kind)


def test_a_closed_service_estimates_nothing() -> None:
    closed = service()
    sampler = SamplerV2(closed.backend("aer_simulator"))
    assert isinstance(closed.estimate(sampler, [bell()]), Estimate)
    closed.close()
    said = refused(lambda: closed.estimate(sampler, [bell()]), RuntimeClosedError)
    assert said == "The service was closed. It takes no more work: make a new RuntimeService."
