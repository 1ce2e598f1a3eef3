"""The live card in a notebook: while a cell runs, with many jobs, in the dark, and when all is over."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import ARTIFACTS, Open
from tests.browser.lab import Book, Server
from tests.browser.measure import BELL, JOBS, LOAD, MANY_JOBS, SOME_JOBS, delays_ms, strain

pytestmark = pytest.mark.browser

START = f"{LOAD}\n{BELL}"
#: The second job is on the QPU for three seconds: long enough to be seen there.
LIVE = """%%qsession -b aer_simulator --speed 4 --name live
sampler = Sampler()
for shots in (1_000, 40_000):
    sampler.run([bell], shots=shots).result()
"""
KEPT = """%%qsession -b aer_simulator --name kept
sampler = Sampler()
for _ in range(3):
    sampler.run([bell]).result()
"""
#: WCAG AA for text.
CONTRAST = 4.5


def test_the_card_follows_a_running_cell(lab: Open) -> None:
    book = lab(START, LIVE)
    book.run(0)
    book.start(1)
    card = book.card(1)
    expect(card.locator(".qmode-pill")).to_have_text("In progress")
    expect(card.locator(".qmode-title")).to_have_text("session live")
    expect(card.locator(".qmode-tally span")).to_have_text(["1 done", "1 on the QPU"])
    expect(card.locator(".qmode-row[data-state='on_qpu'] .qmode-state")).to_have_text("on the QPU")
    book.shot("running")
    assert book.outputs(1)[0]["data"]["text/plain"] == "session live on aer_simulator"
    book.wait(1)
    assert book.text(1) == ""
    still, timeline = book.outputs(1)
    assert set(still["data"]) == {"text/plain", "text/html"}
    assert "image/png" in timeline["data"]
    expect(book.area(1).first).to_contain_text("2 done")


def test_countdowns_go_on_without_messages(lab: Open) -> None:
    waits = "%%qsession -b aer_simulator --name waits --keep-open\nSampler().run([bell]).result()"
    book = lab(START, waits)
    book.run(0)
    book.run(1)
    idle = book.card(1).get_by_role("group", name="Interactive timeout")
    expect(idle.locator(".qmode-note")).to_contain_text("of 1:00")
    seen: set[str] = set()
    while len(seen) < 3:
        seen.add(idle.locator(".qmode-value").inner_text())
        expect(idle.locator(".qmode-value")).not_to_have_text(next(iter(seen)))
    assert all(re.fullmatch(r"1:00|0:\d\d", each) for each in seen)


def test_changes_are_on_the_page_while_they_matter(lab: Open) -> None:
    book = lab(START, SOME_JOBS)
    book.run(0)
    delays = sorted(round(each) for each in delays_ms(book, 1))
    print(f"from a change in the kernel to the page, ms: {delays}, median {delays[len(delays) // 2]}")
    assert len(delays) >= 8
    assert delays[-1] < 5_000


def test_a_thousand_jobs_in_one_session(lab: Open) -> None:
    book = lab(START, MANY_JOBS)
    book.run(0)
    book.command("qmode:show")
    found = strain(book, 1)
    print(
        f"the longest task took {found.longest.wall_ms:.0f} ms, "
        f"the hardest {found.hardest.cpu_ms:.0f} ms of CPU; "
        f"in the busiest second {found.most_messages} messages and {found.most_bytes / 1000:.1f} kB"
    )
    assert book.text(1) == "all done\n"
    expect(book.area(1).first).to_contain_text(f"{JOBS:,} done")
    expect(book.panel.locator(".qmode-tally")).to_have_text(f"{JOBS:,} done")
    # What became of each is still on its way; nothing is shown as what it is no more.
    for state in ("queued", "preparing", "waiting", "on_qpu"):
        expect(book.panel.locator(f".qmode-row[data-state='{state}']")).to_have_count(0)
    expect(book.panel.locator(".qmode-row")).to_have_count(10)
    expect(book.panel.locator(".qmode-fold")).to_have_text(f"{JOBS - 10} more finished jobs")


def test_the_dark_theme(lab: Open, lab_server: Server) -> None:
    lab_server.theme("dark")
    book = lab(START, LIVE)
    book.run(0)
    book.command("qmode:show")
    book.start(1)
    card = book.card(1)
    expect(card.locator(".qmode-tally span")).to_have_text(["1 done", "1 on the QPU"])
    book.shot("running")
    for place in (
        card.locator(".qmode-title"),
        card.locator(".qmode-where"),
        card.locator(".qmode-row .qmode-state").first,
        card.locator(".qmode-row .qmode-state").last,
        card.locator(".qmode-tally span").first,
        card.locator(".qmode-note").first,
        book.panel.locator(".qmode-title"),
        book.panel.locator(".qmode-row .qmode-state").first,
    ):
        assert _contrast(place) >= CONTRAST, place.inner_text()


def test_a_saved_notebook_reads_the_same_with_no_kernel(lab: Open) -> None:
    book = lab(START, KEPT)
    book.run(0)
    book.run(1)
    saved = book.save()
    book.close()
    assert "widgets" not in saved["metadata"]
    # As a notebook that came by mail: nobody here trusts it, and what it ran on is not installed.
    saved["metadata"] = {"kernelspec": {"display_name": "Gone", "name": "gone"}}
    (book.server.root / book.name).write_text(json.dumps(saved), encoding="utf-8")
    again = Book(book.server, book.page.context, book.name, pictures=ARTIFACTS).open(kernel=False)
    again.page.get_by_role("dialog").get_by_role("button", name="No Kernel").click()
    expect(again.page.get_by_role("dialog")).to_be_hidden()
    card = again.area(1).first
    expect(card).to_contain_text("session kept")
    for text in ("Closed", "3 done", "Maximum timeout", "estimate"):
        expect(card).to_contain_text(text)
    timeline = again.area(1).nth(1).locator("img")
    expect(timeline).to_be_visible()
    assert timeline.evaluate("it => it.naturalWidth") > 500
    again.shot("reopened")
    again.close()


def _contrast(place: Locator) -> float:
    """Return the contrast of a text with what is behind it, as a canvas paints both (WCAG 2.2)."""
    text, behind = place.evaluate(
        """node => {
          const pen = new OffscreenCanvas(1, 1).getContext('2d');
          const paint = colour => {
            pen.fillStyle = colour;
            pen.fillRect(0, 0, 1, 1);
            return [...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)];
          };
          const under = [];
          for (let it = node; it; it = it.parentElement) under.unshift(getComputedStyle(it).backgroundColor);
          const behind = under.map(paint).pop();
          return [paint(getComputedStyle(node).color), behind];
        }"""
    )
    light, dark = sorted((_luminance(text), _luminance(behind)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(rgb: list[int]) -> float:
    parts = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
