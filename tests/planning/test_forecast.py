"""What will be charged, before anything runs."""

from __future__ import annotations

import pytest
from qiskit import QuantumCircuit

from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.planning import forecast
from qmode_jupyter.scheduler.plans import PREMIUM
from qmode_jupyter.scheduler.scheduler import charge_s
from qmode_jupyter.simulation.timing import (
    OVERHEAD_S,
    REP_DELAY_S,
    JobTiming,
    circuit_seconds,
)


def charge(executing_s: float) -> float:
    return charge_s(OVERHEAD_S + executing_s, OVERHEAD_S, PREMIUM.charge_step_s)


@pytest.mark.parametrize("executions", [1, 100, 4_096, 10_000, 100_000, 1_000_000])
def test_the_documented_formula(executions: int) -> None:
    """SEMANTICS U6: 2 + 0.00035 N, for circuits of 100 µs; ours are whole seconds."""
    ours = charge(executions * (REP_DELAY_S + 100e-6))
    assert 0 <= ours - (2 + 0.00035 * executions) < 1


@pytest.mark.parametrize(
    ("qubits", "shots", "measured_s"),
    [
        (20, 500_000, 130),  # SEMANTICS U8: ibm_fez and ibm_marrakesh
        (2, 100, 2),  # the floor there
        (2, 100, 3),  # the floor on ibm_phoenix
    ],
)
def test_the_measured_charges_within_a_second(qubits: int, shots: int, measured_s: float) -> None:
    circuit = QuantumCircuit(qubits)
    circuit.h(0)
    for qubit in range(qubits - 1):
        circuit.cz(qubit, qubit + 1)
    circuit.measure_all()
    ours = charge(shots * (REP_DELAY_S + circuit_seconds(circuit, None)))
    assert abs(ours - measured_s) <= 1


def timing(executions: int, executing_s: float) -> JobTiming:
    return JobTiming(1.05, OVERHEAD_S, executions, executing_s, 0.0)


def test_a_forecast_of_several_jobs() -> None:
    both = forecast({"scan": timing(40_000, 14.0), "check": timing(4_000, 1.4)}, "premium")
    assert (both.usage_s, float(both.price_usd)) == (20, 16)
    assert repr(both).splitlines() == [
        "Forecast for 2 jobs: usage 20 s, $16 on the Premium plan",
        "job    executions  overhead  executing  usage   price",
        "scan       40,000       2 s       14 s   16 s  $12.80",
        "check       4,000       2 s      1.4 s    4 s   $3.20",
        "Usage: overhead + (repetition delay + circuit duration) × executions, in whole seconds.",
        "In a session it is the least: there the time between the jobs is charged, too.",
    ]
    assert "<td" in both._repr_html_()
    assert forecast({"scan": timing(40_000, 14.0)}, "open").price_usd is None


def test_a_forecast_of_nothing() -> None:
    with pytest.raises(IBMInputValueError, match="There is no job to forecast"):
        forecast({}, "premium")
