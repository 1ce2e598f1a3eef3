"""Budgets: how they are written, and what they stop."""

from __future__ import annotations

import pytest

from qmode_jupyter import Batch, RuntimeService, SamplerV2
from qmode_jupyter.errors import BudgetExceededError, IBMInputValueError
from qmode_jupyter.runtime.budgets import Budget
from qmode_jupyter.scheduler.plans import OPEN, PAYG
from tests.emulated import bell


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("60s", 60), ("2m 30s", 150), ("1h", 3600), ("0.5m", 30), ("$16", 10), ("$ 0.80", 0.5), (" 5s ", 5)],
)
def test_a_time_or_a_price(text: str, seconds: float) -> None:
    assert Budget.parse(text, PAYG).seconds == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "60", "-5s", "5 dollars", "$", "$-5", "0s", "$0", "5d"])
def test_anything_else_is_said_in_one_line(text: str) -> None:
    with pytest.raises(IBMInputValueError) as error:
        Budget.parse(text, PAYG)
    assert "60s" in str(error.value)
    assert "\n" not in str(error.value)


def test_dollars_mean_nothing_on_a_free_plan() -> None:
    with pytest.raises(IBMInputValueError, match="free"):
        Budget.parse("$5", OPEN)


def test_a_job_that_could_pass_the_budget_is_not_submitted_and_nothing_is_lost() -> None:
    with RuntimeService() as service, Batch(service.backend("aer_simulator")) as batch:
        service.runtime.limit_usage(batch.session_id, Budget.parse("9s", service.plan))
        sampler = SamplerV2(mode=batch)
        jobs = [sampler.run([bell()], shots=1000), sampler.run([bell()], shots=1000)]
        with pytest.raises(BudgetExceededError, match=r"past the budget of 9s.*0 s are used, 6 s more"):
            sampler.run([bell()], shots=5000)
        assert [job.result()[0].data.meas.num_shots for job in jobs] == [1000, 1000]
        assert sampler.run([bell()], shots=1000).usage_estimation == {"quantum_seconds": 3}
        assert len(tuple(service.runtime.jobs)) == 3
