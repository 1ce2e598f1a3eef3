"""The side panel and the status item: seen, clicked, and found again after a reload and a restart."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.lab import Book
from tests.browser.measure import BELL, LOAD

pytestmark = pytest.mark.browser

START = f"{LOAD}\n{BELL}"
#: Two jobs of 28 s each.
BLOCKED = """%%qsession -b aer_simulator --speed 1 --max-time 10m --name blocked --no-timeline
jobs = [Sampler().run([bell], shots=100_000) for _ in range(2)]
jobs[0].result()
"""


def _cancel_all(book: Book) -> None:
    book.panel.get_by_role("button", name="Cancel all").click()
    question = book.panel.get_by_role("alertdialog")
    expect(question).to_contain_text("2 jobs have not finished. Their results will be lost.")
    question.get_by_role("button", name="Cancel all").click()


def test_panel_and_status_bar_follow_a_running_cell(lab: Open) -> None:
    book = lab(START, BLOCKED)
    expect(book.status).to_be_hidden()
    book.run(0)
    expect(book.status).to_have_text("QPU ready")
    book.start(1)
    expect(book.page.locator("#jp-main-statusbar").locator(book.status)).to_have_attribute(
        "data-state", "active"
    )
    expect(book.status).to_contain_text("In progress")
    expect(book.status).to_contain_text("maximum timeout 9:5")
    expect(book.status).to_contain_text("usage 0:0")
    book.status.click()
    expect(book.panel.locator(".qmode-title")).to_have_text("session blocked")
    expect(book.panel.locator(".qmode-row")).to_have_count(2)
    expect(book.panel.locator(".qmode-row[data-state='on_qpu']")).to_have_count(1)
    book.shot("running")
    _cancel_all(book)
    book.wait(1)
    assert book.text(1).startswith("RuntimeInvalidStateError: ")
    expect(book.panel.locator(".qmode-pill")).to_have_text("Closed")
    expect(book.panel.locator(".qmode-tally")).to_have_text("2 cancelled")


def test_the_palette_puts_a_session_cell_into_the_notebook(lab: Open) -> None:
    book = lab("")
    book.command("qmode:show")
    expect(book.panel).to_contain_text("Not loaded in this notebook")
    book.command("qmode:insert-session")
    sources = "() => window.book.cells.widgets.map(it => it.model.sharedModel.getSource())"
    book.page.wait_for_function(f"() => ({sources})().length === 2")
    first, second = book.page.evaluate(sources)
    assert first == "%load_ext qmode_jupyter"
    assert second.startswith("%%qsession")
    expect(book.panel).to_contain_text("Nothing has run yet")


def test_a_reload_during_a_running_cell_brings_status_and_panel_back(lab: Open) -> None:
    book = lab(START, BLOCKED, "print('free')")
    book.run(0)
    book.start(1)
    expect(book.status).to_have_attribute("data-state", "active")
    book.reload()
    expect(book.status).to_have_attribute("data-state", "active")
    book.command("qmode:show")
    expect(book.panel.locator(".qmode-title")).to_have_text("session blocked")
    expect(book.panel.locator(".qmode-row[data-state='on_qpu']")).to_have_count(1)
    book.shot("reloaded")
    _cancel_all(book)
    expect(book.panel.locator(".qmode-pill")).to_have_text("Closed")
    assert book.run(2) == "free\n"


def test_after_a_restart_the_panel_is_idle_until_the_extension_is_loaded(lab: Open) -> None:
    session = "%%qsession -b aer_simulator --name first --no-timeline\nSampler().run([bell]).result()"
    book = lab(START, session, session.replace("first", "second"))
    book.run(0)
    book.run(1)
    book.command("qmode:show")
    expect(book.panel.locator(".qmode-title")).to_have_text("session first")
    book.restart()
    expect(book.panel).to_contain_text("Not loaded in this notebook")
    expect(book.status).to_be_hidden()
    book.run(0)
    expect(book.panel).to_contain_text("Nothing has run yet")
    book.run(2)
    expect(book.panel.locator(".qmode-title")).to_have_text("session second")


def test_notebook_7_has_the_status_in_its_top_bar_and_the_same_panel(notebook7: Open) -> None:
    book = notebook7(START, BLOCKED)
    book.run(0)
    book.start(1)
    expect(book.page.locator("#top-panel").locator(book.status)).to_have_attribute("data-state", "active")
    expect(book.card(1).locator(".qmode-title")).to_have_text("session blocked")
    book.status.click()
    expect(book.panel.locator(".qmode-title")).to_have_text("session blocked")
    expect(book.panel.locator(".qmode-row[data-state='on_qpu']")).to_have_count(1)
    book.shot("running")
    _cancel_all(book)
    book.wait(1)
    assert book.text(1).startswith("RuntimeInvalidStateError: ")
    expect(book.panel.locator(".qmode-pill")).to_have_text("Closed")
