"""Whatever people call their things, the HTML that shows them has the same tags and attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit_aer import AerSimulator

from qmode_jupyter import Batch, RuntimeService, SamplerV2, Session, planning
from qmode_jupyter.client.receipts import check, read
from qmode_jupyter.errors import QmodeWarning
from qmode_jupyter.notebook.display.html import card_html
from qmode_jupyter.notebook.report import Report
from qmode_jupyter.notebook.view_model import snapshot
from qmode_jupyter.style.tables import Table
from tests.emulated import bell, service
from tests.notebook.view_models import WORKLOAD, ended, job
from tests.receipt_data import DATA

NASTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</td></tr></table><b>",
    "<!--",
    "]]><![CDATA[",
    "&lt;b&gt;&#60;i&#62;",
    "javascript:alert(1)",
    "\u202e<b>\x1b[2J\n<i>",
    "$\\frac{1}{0}$<u>",
)
#: What a person may write: the signs that mean something in HTML, and some others.
TEXTS = st.sampled_from(NASTY) | st.text(
    st.sampled_from("<>&\"'`=/!-;:# \n\t\x00\x1b\u202e\u2028a1é"), min_size=1
).map(
    lambda text: "n" + text  # a name of blanks alone is none
)
PLAIN = "nothing special"


class Structure(HTMLParser):
    """Tags, the names of their attributes, and the values of those that are no words."""

    WORDS = ("title", "aria-label")

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Any] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, [(name, "" if name in self.WORDS else value) for name, value in attrs]))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        self.found.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.found.append("declaration")

    unknown_decl = handle_pi = handle_decl


def structure(html: str) -> list[Any]:
    return Structure(html).found


def test_it_would_be_seen() -> None:
    for nasty in ("<b>", "<!--", "<!x>", "<?x>"):
        assert structure(f"<p>{nasty}</p>") != structure(f"<p>{PLAIN}</p>")
    assert structure("<p title='' onclick='x'></p>") != structure("<p title=''></p>")


# ---- from data


def card(text: str) -> str:
    jobs = {
        "a": job("failed", 1.0, program=text, code=1599, reason=f"{text}\nMore."),
        "b": job("cancelled", 2.0, reason=f"{text}\nMore."),
        text: job("done", 3.0, 3.0, 4.0, 5.0, 9.0, program=text, usage=3),
    }
    view = ended(jobs, name=text, backend=text, reason=text, word=text)
    view["plan"]["title"] = text
    view["workloads"][WORKLOAD]["max"]["note"] = text
    return card_html(view, WORKLOAD)


def table(text: str) -> str:
    return Table(text, (text, f">{text}"), ((text, text),), (text,))._repr_html_()


def receipt(text: str) -> str:
    (one,) = read(DATA | {"job": text, "backend": text})
    return check(one)._repr_html_()


@pytest.mark.parametrize("html", [card, table, receipt])
@given(text=TEXTS)
def test_of_any_text(html: Callable[[str], str], text: str) -> None:
    assert structure(html(text)) == structure(html(PLAIN))


# ---- from a run


@pytest.fixture(scope="module")
def one() -> Iterator[RuntimeService]:
    with service() as each:
        yield each


def shown(one: RuntimeService, text: str) -> dict[str, str]:
    """All that shows itself of a batch and its job, everything in which a person can name being named so."""
    backend = AerSimulator(method="stabilizer")
    backend.name = text
    with Batch(backend, service=one, name=text) as batch:
        options = {"environment": {"job_tags": [text[:86]]}, "default_shots": 8}
        sampler = SamplerV2(batch, options=options)
        circuit = bell()
        circuit.name = text
        ran = sampler.run([circuit])
        ran.result()
    runtime, owner = one.runtime, str(batch.session_id)
    trace = one.trace(owner)
    return {
        "job": ran._repr_html_(),
        "batch": batch._repr_html_(),
        "options": sampler.options._repr_html_(),
        "estimate": one.estimate(sampler, [circuit])._repr_html_(),
        "report": Report(runtime.trace(owner), owner)._repr_mimebundle_()["text/html"],
        "card": card_html(snapshot(runtime), owner),
        "comparison": planning.compare(trace)._repr_html_(),
        "advice": planning.advise(trace)._repr_html_(),
        "reasons": planning.why(trace)._repr_html_(),
    }


@settings(max_examples=25)
@given(text=TEXTS)
def test_of_a_run_with_any_names(one: RuntimeService, text: str) -> None:
    plain = {name: structure(html) for name, html in shown(one, PLAIN).items()}
    assert {name: structure(html) for name, html in shown(one, text).items()} == plain


def test_a_session_in_job_mode_too() -> None:
    with service(plan="legacy_2024") as free:
        backend = AerSimulator()
        backend.name = NASTY[0]
        with pytest.warns(QmodeWarning, match="has no sessions"):
            session = Session(backend, service=free)
        assert structure(session._repr_html_()) == [("b", []), "/b"]
