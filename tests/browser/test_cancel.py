"""Clicks while a cell waits for a result: the reason why there is a labextension."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.lab import Book
from tests.browser.measure import BELL, CLICKS, LOAD, TEN_LONG_JOBS, cancels

pytestmark = pytest.mark.browser

START = f"{LOAD}\n{BELL}"
#: A clock that jumps makes modelled time short: what takes long here is Aer.
HEAVY = """%%qsession -b aer_simulator --name heavy --no-timeline
heavy = QuantumCircuit(25)
heavy.h(range(25))
for _ in range(20):
    for qubit in range(24):
        heavy.cx(qubit, qubit + 1)
        heavy.rx(0.1, qubit)
heavy.measure_all()
Sampler().run([heavy]).result()
"""
CLOSED = """%%qsession -b aer_simulator --speed 4 --name closing --no-timeline
running = Sampler().run([bell], shots=50_000)
print(running.result()[0].data.meas.num_shots, "shots", flush=True)
Sampler().run([bell])
"""


@pytest.mark.parametrize("front_end", ["lab", "notebook7", "bare_lab"])
def test_ten_of_ten_clicks_cancel_the_job_that_the_cell_waits_for(
    front_end: str, request: pytest.FixtureRequest
) -> None:
    book: Book = request.getfixturevalue(front_end)(START, TEN_LONG_JOBS)
    book.run(0)
    cancelled = cancels(book, 1)
    took = sorted(round(click.took_ms) for click in cancelled)
    print(f"{front_end}: from the click to the error in the cell, ms: {took}")
    assert [click.status for click in cancelled] == ["CANCELLED"] * CLICKS
    assert {click.error for click in cancelled} == {"RuntimeInvalidStateError"}
    # A click that waits for the cell would come after the jobs have run, most of a minute later.
    assert took[-1] < 10_000


def test_a_click_stops_a_simulation_and_the_cell_gets_the_error(lab: Open) -> None:
    book = lab(START, HEAVY, "print(1 + 1)")
    book.run(0)
    book.start(1)
    card = book.card(1)
    expect(card.locator(".qmode-when")).to_contain_text("held for a simulation")
    card.get_by_role("button", name="Cancel job").click()
    book.wait(1)
    assert "RuntimeInvalidStateError: " in book.text(1)
    expect(book.area(1).first).to_contain_text("1 cancelled")
    assert book.run(2) == "2\n"


def test_close_lets_the_running_job_end_and_refuses_the_next(lab: Open) -> None:
    book = lab(START, CLOSED)
    book.run(0)
    book.start(1)
    card = book.card(1)
    expect(card.locator("[data-state='on_qpu']").first).to_be_visible()
    card.get_by_role("button", name="Close").click()
    question = card.get_by_role("alertdialog")
    expect(question).to_contain_text("1 job has not finished and will run to the end.")
    book.shot("question")
    question.get_by_role("button", name="Close the session").click()
    book.wait(1)
    shots, error = book.text(1).split("\n", 1)
    assert shots == "50000 shots"
    assert error.startswith("IBMRuntimeError: ")
    expect(book.area(1).first).to_contain_text("by close()")
    expect(book.area(1).first).to_contain_text("1 done")
