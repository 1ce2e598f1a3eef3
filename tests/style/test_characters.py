"""What comes from outside does nothing to a terminal, wherever it is shown."""

from __future__ import annotations

import doctest
import traceback
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from qiskit import QuantumCircuit

from qmode_jupyter import SamplerV2, Session, errors
from qmode_jupyter.client.job_result import check_done, reason_of
from qmode_jupyter.scheduler.records import JobState
from qmode_jupyter.style import characters
from qmode_jupyter.style.words import printable
from tests.emulated import bell, service

HOSTILE = "a\x1b[2J\x07\u202eb\u2066c\u200bd\x9be\u2028f\ng"


@given(st.text())
def test_nothing_unseen_is_left_and_what_can_be_seen_stays(text: str) -> None:
    shown = printable(text)
    assert not any(sign in shown for sign in HOSTILE if not sign.isprintable())
    shown.encode("utf-8")
    if text.isprintable():
        assert shown == text


def test_the_words_of_every_language_stay_as_they_are() -> None:
    for text in ("Ångström", "量子", "🐱", "a\u00a0b", "שלום"):
        assert printable(text) == text


def test_the_example_in_the_docstring() -> None:
    assert doctest.testmod(characters) == (0, 1)


def harmless(text: str) -> bool:
    return all(sign == "\n" or sign.isprintable() for sign in text)


@pytest.mark.parametrize("cls", [getattr(errors, name) for name in errors.__all__])
def test_no_error_and_no_warning_says_more_to_a_terminal_than_its_text(cls: type[Exception]) -> None:
    error = cls(HOSTILE)
    assert harmless(str(error))
    assert harmless("".join(traceback.format_exception(error)))
    assert "\\x1b[2J\\x07\\u202eb" in str(error)


def test_names_are_shown_without_their_controls() -> None:
    with service() as one:
        backend = one.backend("aer_simulator")
        session = Session(backend, name=HOSTILE)
        circuit = QuantumCircuit(1, name=HOSTILE)
        circuit.measure_all()
        job = SamplerV2(session, {"environment": {"job_tags": [HOSTILE]}}).run([circuit], shots=1)
        for thing in (session, job, SamplerV2(session), backend):
            assert harmless(repr(thing)), type(thing)
            page = getattr(thing, "_repr_html_", str)()
            assert harmless(page), type(thing)
        with pytest.raises(errors.BackendNotFoundError) as caught:
            one.backend(HOSTILE)
        assert harmless(str(caught.value))


def test_why_a_job_failed_is_told_without_controls() -> None:
    with service() as one:
        job = SamplerV2(one.backend("aer_simulator")).run([bell()], shots=1)
        job.cancel()
        ended = replace(job.record(), state=JobState.FAILED, reason=HOSTILE)
    with pytest.raises(errors.RuntimeJobFailureError) as caught:
        check_done(ended)
    for text in (str(caught.value), reason_of(ended)):
        assert harmless(text)
        assert "\\x1b" in text
