"""The words and number formats that all displays share."""

from __future__ import annotations

import pytest

from qmode_jupyter.scheduler.records import TOO_LONG, JobState, WorkloadState
from qmode_jupyter.style import words


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.0004, "0.4 ms"),
        (0.03, "30 ms"),
        (0.0994, "99 ms"),
        (0.0996, "0.1 s"),
        (0.4, "0.4 s"),
        (8, "8 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (34.4, "34 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3599.7, "1 h"),
        (7500, "2 h 5 min"),
        (28_800, "8 h"),
        (47 * 3600 + 59 * 60 + 40, "48 h"),
        (3 * 86_400 + 4 * 3600, "3 d 4 h"),
        (-1, "0 s"),
        (None, "–"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float | None, said: str) -> None:
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (47.9, "0:47"), (107, "1:47"), (432, "7:12"), (28_800, "8:00:00")]
)
def test_a_clock_shows_whole_seconds(seconds: float, shown: str) -> None:
    assert words.clock(seconds) == shown


def test_a_countdown_reaches_zero_only_when_nothing_is_left() -> None:
    assert [words.countdown(s) for s in (60, 46.2, 0.1, 0, -3)] == ["1:00", "0:47", "0:01", "0:00", "0:00"]
    assert words.countdown(None) == words.clock(None) == "–"


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        (0, "$0"),
        (0.004, "under $0.01"),
        (0.8, "$0.80"),
        (0.999, "$1"),
        (268.8, "$268.80"),
        (320, "$320"),
        (12_345.6, "$12,346"),
    ],
)
def test_money(usd: float, shown: str) -> None:
    assert words.money(usd) == shown


def test_a_price_is_an_estimate_on_a_plan() -> None:
    assert words.price(320, "Pay-As-You-Go") == "about $320 pay-as-you-go"
    assert words.price(70.4, "Premium") == "about $70.40 on Premium"
    assert words.price(None, "Open") == "free on Open"
    assert words.estimate(320, "Pay-As-You-Go") == "about $320 pay-as-you-go (estimate)"
    assert words.estimate(None, "Open") == "free on Open"


def test_timeouts_are_written_as_the_service_writes_them() -> None:
    assert [words.timeout(s) for s in (1, 60, 90, 120, 600, 28_800)] == [
        "1 s", "60 s", "90 s", "2 min", "10 min", "8 h",
    ]  # fmt: skip


def test_counts_and_nouns() -> None:
    assert [words.count(n, "job") for n in (0, 1, 14, 1000)] == ["0 jobs", "1 job", "14 jobs", "1,000 jobs"]
    assert words.count(2, "batch") == "2 batches"
    assert [words.ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 112)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "112th",
    ]  # fmt: skip


def test_every_state_has_a_word() -> None:
    assert set(words.JOB_WORDS) == set(words.SHORT_JOB_WORDS) == set(words.COUNT_ORDER) == set(JobState)
    assert set(words.WORKLOAD_WORDS) == set(WorkloadState)
    assert words.job_word(JobState.WAITING) == "waiting for the QPU"
    assert words.job_word("queued", 2) == "queued, 2nd"
    assert words.job_word("on_qpu", 2) == "on the QPU"
    assert words.workload_word(WorkloadState.ACTIVE) == "In progress"


def test_jobs_are_counted_up_by_state() -> None:
    by_state = {"queued": 1, "on_qpu": 1, "done": 12, "failed": 0}
    assert words.counts(by_state) == "12 done, 1 on the QPU, 1 queued"
    assert words.progress(by_state) == "12 done, 2 left"
    assert words.counts({}) == words.progress({}) == "no jobs"


def test_the_code_of_the_scheduler_has_its_words() -> None:
    assert words.CODE_WORDS[TOO_LONG] == "ran too long"


def test_a_failure_says_its_code_and_why() -> None:
    assert words.failure(1517, "The circuit has a gate ...") == "1517 not an ISA circuit"
    assert words.failure(4001, "the session reached its maximum timeout") == (
        "4001 the session reached its maximum timeout"
    )
    assert words.failure(None, "The worker died.\nTraceback ...") == "The worker died"
    assert words.failure(9998) == "9998"
    assert words.failure(None) == ""


def test_failures_are_ranked() -> None:
    reasons = ["1305 ran too long", "1517 not an ISA circuit", "1305 ran too long", ""]
    assert words.failures(reasons, 1) == "failed: 2 × 1305 ran too long …"
    assert words.failures(reasons) == (
        "failed: 2 × 1305 ran too long, 1 × 1517 not an ISA circuit, 1 × no reason given"
    )
    assert words.failures([]) == ""


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain name", "plain name"),
        ("Größe 量子 \U0001f600 $E_0$", "Größe 量子 \U0001f600 $E_0$"),
        ("a\x1b[31mred", r"a\x1b[31mred"),
        ("bell\x07", r"bell\x07"),
        ("two\nlines\t", r"two\nlines\t"),
        ("\u202etxt.exe", r"\u202etxt.exe"),
        ("\u2066\u200b\u2028", r"\u2066\u200b\u2028"),
        ("\x7f\x9b1m\ud800", r"\x7f\x9b1m\ud800"),
    ],
)
def test_what_is_not_seen_is_shown_as_its_escape(text: str, seen: str) -> None:
    assert words.printable(text) == seen
    seen.encode("utf-8")  # also half a sign can be written


def test_names_and_reasons_cannot_give_orders_to_a_terminal() -> None:
    assert words.workload_name("session", "x\x1b]0;y\x07") == r"session x\x1b]0;y\x07"
    assert words.failure(9998, "\u202eback\x1b[2J.") == r"9998 \u202eback\x1b[2J"


def test_names() -> None:
    assert words.short_id("d41fabcdefghijklmnk2") == "d41f..k2"
    assert words.short_id("d41fk2") == "d41fk2"
    assert words.workload_name("session", "vqe", "d41fabcdefghijklmnk2") == "session vqe"
    assert words.workload_name("batch", "", "d41fabcdefghijklmnk2") == "batch d41f..k2"
    assert words.state_reason("session_expired_by_max_ttl") == "maximum timeout"
    assert words.state_reason("something_new") == "something new"
    assert words.state_reason("session_created") == ""
