"""What several jobs will be charged, before anything runs: a range, and what each second is for."""

from __future__ import annotations

import re
from typing import Any

import pytest
from qiskit import QuantumCircuit

from qmode_jupyter.client.estimate import Estimate
from qmode_jupyter.cost.model import cost
from qmode_jupyter.cost.processors import Processor, processor
from qmode_jupyter.cost.work import NOTHING_MITIGATED, Mitigation, Run, Work
from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.planning import forecast
from qmode_jupyter.scheduler.plans import PREMIUM, UnknownPlan
from qmode_jupyter.simulation.timing import circuit_seconds

FEZ = processor("ibm_fez")
#: Estimators' default: readout noise is learned, circuits are twirled.
LEVEL_1 = Mitigation(twirled=True, measure=True)


def estimate(
    executions: int,
    gates_s: float = 98.44e-6,
    readout_s: float = 1.56e-6,
    mitigation: Mitigation = NOTHING_MITIGATED,
    on: Processor = FEZ,
) -> Estimate:
    """One circuit of 100 µs, if nothing else is said."""
    work = Work("sampler", 1, 10, (Run(1, executions, gates_s, readout_s),), mitigation)
    return Estimate(work, cost(work, on), on, PREMIUM)


@pytest.mark.parametrize("executions", [1, 100, 4_096, 10_000, 100_000, 1_000_000])
def test_the_documented_formula(executions: int) -> None:
    """SEMANTICS U6: 2 + 0.00035 N, for circuits of 100 µs; ours are whole seconds, with reset."""
    documented_s = 2 + 0.00035 * executions
    assert abs(estimate(executions).usage_s - documented_s) <= 1 + 0.02 * documented_s


@pytest.mark.parametrize(
    ("machine", "qubits", "shots", "measured_s"),
    [
        ("fez", 20, 500_000, 130),  # SEMANTICS U8: ibm_fez and ibm_marrakesh
        ("marrakesh", 2, 100, 2),  # the floor there
        ("phoenix", 2, 100, 3),  # the floor on ibm_phoenix
    ],
)
def test_the_measured_charges(machine: str, qubits: int, shots: int, measured_s: float) -> None:
    circuit = QuantumCircuit(qubits)
    circuit.h(0)
    for qubit in range(qubits - 1):
        circuit.cz(qubit, qubit + 1)
    circuit.measure_all()
    ours = estimate(shots, *circuit_seconds(circuit, None), on=processor(machine))
    assert ours.usage_s == pytest.approx(measured_s, rel=0.02)
    low, high = ours.range_s
    assert low <= measured_s <= high


def test_a_forecast_of_several_jobs() -> None:
    both = forecast({"scan": estimate(40_000), "check": estimate(4_000, mitigation=LEVEL_1)})
    # Each: 1.8 s and 2 ms for a circuit. An execution: 250 µs, and 2.8 + 1.58 (reset) + 100 µs.
    # The check runs 32 randomizations of 125 shots at 75 ms each, and learns the readout in 32 x 1,024
    # executions of 250 + 2.8 + 1.58 + 1.56 µs: 2.4 + 8.387 s.
    assert dict(both.parts) == pytest.approx(
        {
            "overhead": 2 * 1.802,
            "rep_delay": 44_000 * 250e-6,
            "shots": 44_000 * 104.38e-6,
            "twirling": 32 * 0.075,
            "measurement mitigation": 32 * 1_024 * 255.94e-6,
            "rounding up": (16 - 15.977) + (15 - 14.006),
        },
        abs=1e-3,
    )
    assert sum(seconds for _, seconds in both.parts) == pytest.approx(both.usage_s)
    assert (both.usage_s, both.range_s, float(both.price_usd or 0)) == (31, (28, 33), 24.8)
    lines = repr(both).splitlines()
    assert lines[0] == "Forecast for 2 jobs: usage 31 s (28 s to 33 s), $24.80 on the Premium plan"
    cells = [re.split(r"  +", line) for line in lines[1:4]]
    assert [row[:2] for row in cells] == [["job", "executions"], ["scan", "40,000"], ["check", "36,768"]]
    assert [row[2:8] for row in cells] == [
        ["overhead", "rep_delay", "shots", "twirling", "measurement mitigation", "rounding up"],
        ["1.80 s", "10.00 s", "4.18 s", "0.00 s", "0.00 s", "0.02 s"],
        ["1.80 s", "1.00 s", "0.42 s", "2.40 s", "8.39 s", "0.99 s"],
    ]
    assert [row[8:] for row in cells] == [
        ["usage", "range", "price"],
        ["16 s", "16 s to 17 s", "$12.80"],
        ["15 s", "12 s to 16 s", "$12"],
    ]
    assert lines[4:] == [
        "The parts add up to the usage, which is charged in whole seconds.",
        "In a session it is the least: there the time between the jobs is charged, too.",
    ]
    assert "<td" in both._repr_html_()


def test_its_plain_data_are_its_figures() -> None:
    both = forecast({"scan": estimate(40_000), "check": estimate(4_000, mitigation=LEVEL_1)})
    plain = both.to_dict()
    assert (plain["usage_s"], plain["range_s"], plain["price_usd"]) == (31, [28, 33], 24.8)
    assert [job["usage_s"] for job in plain["jobs"].values()] == [16, 15]
    assert plain["jobs"]["check"] == both.jobs["check"].to_dict()


def test_its_prices_are_of_the_plan_that_is_asked_for() -> None:
    jobs = {"scan": estimate(40_000)}
    assert float(forecast(jobs).price_usd or 0) == 12.8  # of the estimate's plan: $48 a minute
    assert float(forecast(jobs, "payg").price_usd or 0) == 25.6  # $96 a minute
    assert forecast(jobs, "open").price_usd is None
    assert repr(forecast(jobs, "open")).startswith("Forecast for 1 job: usage 16 s (16 s to 17 s), free on")
    with pytest.raises(UnknownPlan, match="No plan is called 'opne'"):
        forecast(jobs, "opne")


@pytest.mark.parametrize(
    ("jobs", "line"),
    [
        ({}, "There is no job to forecast: give the estimate of one at least."),
        (
            {"scan": 12.0},
            "forecast takes estimates, as service.estimate(primitive, pubs) returns them; 'scan' is a float.",
        ),
    ],
)
def test_what_is_no_forecast(jobs: dict[str, Any], line: str) -> None:
    with pytest.raises(IBMInputValueError, match=f"^{re.escape(line)}$"):
        forecast(jobs)
