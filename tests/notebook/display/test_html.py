"""The still card: the final numbers, for readers with no kernel, no scripts and no style sheets."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from qmode_jupyter.notebook.display.html import LISTED, card_html
from qmode_jupyter.style.palette import LIGHT
from tests.notebook.view_models import WORKLOAD, ended, job, view


class Reader(HTMLParser):
    """What is left of the markup when a person reads it; every tag must be closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words).replace("\N{NO-BREAK SPACE}", " "))


def read(snapshot: dict[str, Any]) -> str:
    return Reader(card_html(snapshot, WORKLOAD)).text


def test_it_says_how_a_session_ended_and_what_it_used() -> None:
    text = read(ended({"d41fxxxxk2": job("done", 10.0, 10.0, 12.0, 13.0, 21.0, usage=8)}))
    for said in (
        "Closed session vqe on generic_19q · by close()",
        "Interactive timeout 1:00",
        "Maximum timeout 7:12 left of 10:00 at the end",
        "Usage 2:48 QPU 1 min 12 s, idle 1 min 36 s",
        "Would cost $134.40 Premium, estimate",
        "d41f..k2 estimator ■ done 8 s",
        "1 done · emulated",
    ):
        assert said in text


@pytest.mark.parametrize(("speed", "said"), [("max", "×max"), (1.0, "×1"), (60, "×60")])
def test_its_times_are_said_to_be_emulated(speed: object, said: str) -> None:
    snapshot = ended()
    snapshot["clock"]["speed"] = speed
    assert re.search(rf"emulated \d\d:\d\d:\d\d, {said}$", read(snapshot).strip())


def test_a_running_session_shows_what_is_left() -> None:
    text = read(view(idle={"timeout": 60, "deadline": 225.0, "note": ""}))
    assert "Interactive timeout 0:47 of 1:00" in text
    assert "Maximum timeout 7:12 of 10:00, never pauses" in text


def test_a_timeout_that_does_not_count_says_what_it_waits_for() -> None:
    assert "Interactive timeout 1:00 counts when no job is left" in read(view())


def test_a_job_has_no_timeouts() -> None:
    text = read(ended({"a": job("done")}, mode="job", name="", idle=None, max=None, qpu=3.0, usage=3.0))
    assert "timeout" not in text
    assert "Usage 0:03 all of it on the QPU" in text


def test_a_free_plan_says_so() -> None:
    assert "Would cost free on the Premium plan" in read(ended(usd=None))


def test_a_failure_says_its_code_and_its_reason() -> None:
    failed = job("failed", 1.0, 1.0, 2.0, 2.0, 3.0, code=1517, reason="The instruction cx is not supported.")
    html = card_html(ended({"a": failed}), WORKLOAD)
    assert "failed : 1517 not an ISA circuit" in Reader(html).text
    assert 'title="The instruction cx is not supported."' in html
    assert LIGHT["failed"].fill in html


def test_a_job_that_was_stopped_for_running_too_long_has_failed() -> None:
    assert "failed : 1305" in read(ended({"a": job("cancelled", 1.0, 1.0, 2.0, 2.0, 9.0, code=1305)}))


def test_of_many_jobs_the_newest_are_listed_with_the_latest_failures_and_the_rest_is_counted() -> None:
    jobs = {f"d41f{i:04d}": job("failed" if i < 3 else "done", float(i)) for i in range(1000)}
    reader = Reader(card_html(ended(jobs), WORKLOAD))
    assert reader.tags.count("tr") == LISTED + 1
    assert f"{1000 - LISTED} more jobs: {1000 - LISTED} done" in reader.text
    assert "997 done, 3 failed" in reader.text
    assert reader.text.count("failed") == 4
    assert reader.text.index("d41f0999") < reader.text.index("d41f0002")


def test_no_job_is_said_in_words() -> None:
    assert "No job was submitted." in read(ended())


def test_a_workload_that_is_not_there_is_no_error() -> None:
    assert "nothing is known" in Reader(card_html(view(), "d41fgone99")).text


@pytest.mark.parametrize(
    "nasty", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onclick='x"]
)
def test_names_and_reasons_stay_text(nasty: str) -> None:
    jobs = {nasty: job("failed", 1.0, program=nasty, code=1517, reason=nasty)}
    jobs["b"] = job("cancelled", 2.0, reason=nasty)
    snapshot = ended(jobs, name=nasty, backend=nasty, reason=nasty, word=nasty)
    snapshot["plan"]["title"] = nasty
    snapshot["workloads"][WORKLOAD]["max"]["note"] = nasty
    reader = Reader(card_html(snapshot, WORKLOAD))
    assert set(reader.tags) <= {"div", "b", "span", "br", "table", "tr", "td", "th", "code", "i"}
    assert {name for name, _ in reader.attributes} <= {"role", "aria-label", "style", "title"}
    assert nasty.split()[0] in " ".join(reader.words)


def test_it_needs_nothing_from_outside_and_no_style_sheet() -> None:
    html = card_html(ended({"a": job("done", 1.0, 1.0, 2.0, 3.0, 9.0, usage=6)}), WORKLOAD)
    assert html.startswith("<")
    assert not re.search(r"<style|<script|<link|<img|url\(|http|class=|\bid=", html)


def test_text_takes_the_colour_of_the_page() -> None:
    """Only the pill, which brings its own ground, sets the colour of words."""
    html = card_html(ended({"a": job("done", 1.0, 1.0, 2.0, 3.0, 9.0)}), WORKLOAD)
    coloured = re.findall(r"(?<![-\w])color:([^;\"]+)[^>]*>([^<]*)", html)
    assert [words for colour, words in coloured if colour != "inherit"] == ["Closed", "■"]


def test_thirty_jobs_take_less_than_40_kb() -> None:
    jobs = {
        f"d41f{i:016d}": job("done", 1.0 * i, 2.0 * i, 3.0 * i, 4.0 * i, 9.0 * i, usage=3) for i in range(900)
    }
    assert len(card_html(ended(jobs), WORKLOAD)) < 40_000
