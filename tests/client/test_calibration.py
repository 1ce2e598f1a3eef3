"""The cost model fitted to receipts of one's own."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmode_jupyter.client.calibration import calibrate
from qmode_jupyter.client.receipts import Receipt
from qmode_jupyter.cost.constants import PUBLIC, Constants, Spread
from qmode_jupyter.cost.model import cost, executing_s, preparation_s
from qmode_jupyter.cost.processors import HERON_R2
from qmode_jupyter.cost.work import NOTHING_MITIGATED, Mitigation, Run, Work
from tests.emulated import refused

#: Another account, where things take longer than the public receipts say.
THEIRS = replace(
    PUBLIC.likely,
    overhead_s=3.4,
    circuit_s=0.0035,
    randomization_s=0.05,
    prepare_job_s=5.0,
    prepare_pub_s=1.0,
)
LEVEL_1 = Mitigation(twirled=True, measure=True)


def receipt(job: str, work: Work, truth: Constants = THEIRS, *, timed: bool = True, **more: float) -> Receipt:
    """What a job is charged where `truth` holds: rounded up, and prepared for a little more or less."""
    charged_s = math.ceil(cost(work, HERON_R2, Spread(truth, truth, truth)).on_qpu_s)
    prepared_s = preparation_s(work, truth) * random.Random(job).uniform(0.8, 1.2)
    made = Receipt(
        job=job,
        machine="ibm_fez",
        processor=HERON_R2,
        work=work,
        untimed=0,
        charged_s=charged_s,
        timed_s=executing_s(work, HERON_R2, truth) if timed else None,
        created_s=0.0,
        running_s=10.0,
        finished_s=10.0 + prepared_s + charged_s,
    )
    return replace(made, **more)


def work(circuits: int, shots: int = 1000, pubs: int = 1, mitigation: Mitigation = NOTHING_MITIGATED) -> Work:
    return Work("estimator", pubs, 0, (Run(circuits, shots, 2e-6, 1.6e-6),), mitigation)


VARIED = [
    receipt(f"{circuits}-{shots}-{level}", work(circuits, shots, pubs, mitigation))
    for (circuits, pubs), shots, (level, mitigation) in product(
        [(2, 1), (20, 10), (200, 100), (600, 300)], [100, 3000], [(0, NOTHING_MITIGATED), (1, LEVEL_1)]
    )
]


def test_receipts_that_vary_tell_every_constant() -> None:
    found = calibrate(VARIED)
    assert not found.kept
    for name in ("overhead_s", "circuit_s", "randomization_s", "prepare_pub_s"):
        low, likely, high = found.figures[name]
        assert low <= getattr(THEIRS, name) <= high, name
        assert likely == pytest.approx(getattr(THEIRS, name), rel=0.25), name


def test_what_is_fitted_predicts_the_charges() -> None:
    mine = calibrate(VARIED).spread
    for one in VARIED:
        predicted = math.ceil(cost(one.work, HERON_R2, mine).on_qpu_s)
        assert predicted == pytest.approx(one.charged_s, rel=0.05, abs=1.0)


def test_receipts_that_were_not_timed_tell_it_too() -> None:
    found = calibrate([replace(one, timed_s=None) for one in VARIED])
    assert found.figures["overhead_s"][1] == pytest.approx(3.4, abs=0.4)


def test_two_receipts_of_one_kind_tell_the_overhead_and_no_more() -> None:
    found = calibrate([receipt("a", work(2)), receipt("b", work(2))])
    assert set(found.figures) == {"overhead_s", "prepare_job_s"}
    assert found.kept == ("randomization_s", "circuit_s", "execution_s", "prepare_pub_s")
    assert found.spread.likely.circuit_s == PUBLIC.likely.circuit_s
    low, likely, high = found.figures["overhead_s"]
    assert low < likely < high
    assert low <= 3.4 <= high


def test_however_many_receipts_of_one_kind_there_are() -> None:
    """That circuits were timed a little long is the model's error, and no less of one a thousand times."""
    alike = [receipt(str(n), work(20, 3000)) for n in range(200)]
    slow = [replace(one, timed_s=1.03 * one.timed_s) for one in alike]
    assert set(calibrate(slow).figures) == {"overhead_s", "prepare_job_s"}


def test_randomizations_are_told_where_some_jobs_have_them() -> None:
    plain = [receipt(str(n), work(2)) for n in range(4)]
    twirled = [receipt(f"twirled {n}", work(2, mitigation=LEVEL_1)) for n in range(4)]
    assert "randomization_s" not in calibrate(plain).figures
    assert "randomization_s" in calibrate([*plain, *twirled]).figures


def test_a_job_that_waited_for_others_does_not_spoil_the_preparation() -> None:
    late = replace(VARIED[0], finished_s=VARIED[0].finished_s + 600)
    assert calibrate([late, *VARIED[1:]]).figures["prepare_job_s"][1] < 15


def test_the_queue_is_a_median_and_what_eight_in_ten_lie_between() -> None:
    queued = [receipt(str(n), work(2), running_s=float(n), finished_s=float(n) + 30) for n in range(11)]
    assert calibrate(queued).queue_s == (1.0, 5.0, 9.0)


def test_one_receipt_fits_nothing() -> None:
    assert "Nothing is fitted to 1 receipt" in refused(lambda: calibrate(VARIED[:1]))
    assert "Nothing is fitted to 1 receipt" in refused(lambda: calibrate([VARIED[0], VARIED[0]]))
    assert "Nothing is fitted to 0 receipts" in refused(lambda: calibrate([]))


def test_receipts_that_contradict_each_other_fit_nothing() -> None:
    same = [receipt("a", work(2), timed=False), receipt("b", work(2), timed=False, charged_s=14.0)]
    said = refused(lambda: calibrate(same))
    assert "Nothing is fitted: the receipts contradict each other, or the model." in said
    assert "Job a was charged 4 s, and the best fit says" in said


def test_a_receipt_whose_options_are_wrong_is_named() -> None:
    wrong = receipt("wrong", work(600, 3000, 300), charged_s=30.0, timed_s=20.0)
    assert "Job wrong was charged 30 s" in refused(lambda: calibrate([*VARIED, wrong]))


def test_charges_that_differ_by_their_rounding_contradict_nothing() -> None:
    same = [receipt("a", work(2), timed=False), receipt("b", work(2), timed=False, charged_s=6.0)]
    assert calibrate(same).figures


def test_the_figures_are_shown_with_what_they_were() -> None:
    found = calibrate([receipt("a", work(2)), receipt("b", work(2))])
    text = repr(found)
    assert text.splitlines()[0] == "The cost model, fitted to 2 receipts of yours (ibm_fez)"
    assert "stays: these receipts can't tell it" in text
    assert "In the queue: 10 s; 10 to 90 %: 10 s to 10 s." in text
    assert "<table>" in found._repr_html_()


@given(
    st.lists(
        st.tuples(
            st.integers(1, 600),
            st.integers(1, 100_000),
            st.integers(1, 300),
            st.booleans(),
            st.booleans(),
        ),
        min_size=2,
        max_size=8,
    )
)
def test_receipts_that_agree_with_the_public_figures_are_never_refused(
    jobs: list[tuple[int, int, int, bool, bool]],
) -> None:
    receipts = [
        receipt(
            str(number),
            work(circuits, shots, pubs, LEVEL_1 if mitigated else NOTHING_MITIGATED),
            PUBLIC.likely,
            timed=timed,
        )
        for number, (circuits, shots, pubs, mitigated, timed) in enumerate(jobs)
    ]
    mine = calibrate(receipts).spread
    for one in receipts:
        assert cost(one.work, HERON_R2, mine).on_qpu_s == pytest.approx(one.charged_s, rel=0.1, abs=1.5)
