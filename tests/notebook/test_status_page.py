"""The live card in a real browser, fed by hand: what it draws, what it sends, and how quick it is."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from qmode_jupyter.notebook.display.widget import STATIC
from tests.notebook.view_models import WORKLOAD, ended, job, view

CHROMIUM = os.environ.get("QMODE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no browser: apt-get install chromium"),
]

#: A model as anywidget gives it to a widget, and a way to show several views of it.
BENCH = """
import widget from "/widget.js";
class Model {
  constructor(state) { this.state = state; this.listeners = {}; this.sent = []; }
  get() { return this.state; }
  on(name, f) { (this.listeners[name] ??= new Set()).add(f); }
  off(name, f) { this.listeners[name]?.delete(f); }
  send(content) { this.sent.push(content); }
  put(state) { this.state = state; this.fire("change:state"); }
  fire(name, ...more) { for (const f of this.listeners[name] ?? []) f(...more); }
}
// The snapshot was read just now.
window.fresh = (state) => ({ ...state, clock: { ...state.clock, at_ms: Date.now() } });
window.frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
window.start = async (state) => {
  window.model = new Model(state);
  window.it = await widget();
  window.stop = it.initialize({ model });
  return open_view();
};
window.open_view = async () => {
  const el = document.body.appendChild(document.createElement("div"));
  const close = it.render({ model, el });
  await frame();
  return (window.views ??= []).push(close) - 1;
};
window.ready = true;
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


class Page:
    """A page with one card on it."""

    def __init__(self, page: Any, state: dict[str, Any]) -> None:
        self.page = page
        self.errors: list[str] = []
        self.seq = 1
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.route("**/*", self._serve)
        page.goto("http://page.test/")
        page.wait_for_function("window.ready")
        page.evaluate("state => start(fresh(state))", state)

    def _serve(self, route: Any) -> None:
        name = route.request.url.rpartition("/")[2]
        if name == "widget.js":
            route.fulfill(body=(STATIC / name).read_text(encoding="utf-8"), content_type="text/javascript")
            return
        css = (STATIC / "widget.css").read_text(encoding="utf-8")
        html = f'<!doctype html><style>{css}</style><body><script type="module">{BENCH}</script></body>'
        route.fulfill(body=html, content_type="text/html")

    def put(self, jobs: dict[str, Any], **more: Any) -> None:
        """Send a delta with these jobs, and wait until it is drawn."""
        self.seq += 1
        known = {**view(jobs, **more), "whole": False, "seq": self.seq}
        self.page.evaluate("state => { model.put(fresh(state)); return frame(); }", known)

    @property
    def sent(self) -> list[dict[str, Any]]:
        return self.page.evaluate("model.sent")  # type: ignore[no-any-return]

    def seen(self, selector: str) -> bool:
        """Whether an element is visible once what is under way is drawn."""
        self.page.evaluate("frame()")
        return self.page.locator(selector).first.is_visible()  # type: ignore[no-any-return]

    def text(self, selector: str) -> str:
        """Return an element's words once what is under way is drawn."""
        self.page.evaluate("frame()")
        return self.page.locator(selector).first.inner_text().replace("\N{NO-BREAK SPACE}", " ")

    def ids(self) -> list[str]:
        """Return the listed ids, from top to bottom."""
        return self.page.evaluate(  # type: ignore[no-any-return]
            """[...document.querySelectorAll('.qmode-row')]
               .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex).map(row => row.firstChild.title)"""
        )


@pytest.fixture
def card(browser: Any) -> Iterator[Any]:
    contexts = []

    def make(state: dict[str, Any], **settings: Any) -> Page:
        contexts.append(browser.new_context(viewport={"width": 760, "height": 900}, **settings))
        pages.append(Page(contexts[-1].new_page(), {**state, "seq": 1}))
        return pages[-1]

    pages: list[Page] = []
    yield make
    for page in pages:
        assert page.errors == []
    for context in contexts:
        context.close()


def few() -> dict[str, Any]:
    return {
        "d41fxxxxk2": job("done", 100.0, 100.0, 102.0, 103.0, 110.0, usage=7),
        "d41fxxxxp0": job(
            "failed", 120.0, 120.0, 121.0, 121.0, 122.0, usage=1, code=1517, reason="cx is not in it"
        ),
        "d41fxxxxq7": job("on_qpu", 170.0, 170.0, 172.0, 175.0),
        "d41fxxxxt1": job("queued", 176.0, place=1),
    }


def test_it_says_what_the_snapshot_says(card: Any) -> None:
    page = card(view(few()))
    assert page.text(".qmode-pill") == "In progress"
    assert page.text(".qmode-names") == "session vqe\non generic_19q"
    figures = [" ".join(text.split("\n")) for text in page.page.locator(".qmode-figure").all_inner_texts()]
    assert figures[0].startswith("Interactive timeout 1:00 counts when no job is left")
    assert figures[1].startswith("Maximum timeout")
    assert "never pauses" in figures[1]
    rows = [" ".join(text.split()) for text in page.page.locator(".qmode-row").all_inner_texts()]
    assert rows[0].startswith("d41f..k2 estimator done")
    assert "failed 1517 not an ISA circuit" in rows[1]
    assert "queued, 1st" in rows[3]
    assert page.text(".qmode-tally") == "1 done\n1 failed\n1 on the QPU\n1 queued"


def test_countdowns_run_without_a_message(card: Any) -> None:
    state = view(idle={"timeout": 60, "deadline": 238.0, "note": ""})
    page = card(state)
    page.page.wait_for_function("document.querySelector('.qmode-value').textContent === '1:00'")
    page.page.wait_for_function(
        "document.querySelector('.qmode-value').textContent === '0:58'", timeout=10_000
    )
    assert page.sent == []


def test_what_runs_out_is_coloured_and_said(card: Any) -> None:
    page = card(
        view(
            idle={"timeout": 60, "deadline": 190.0, "note": ""},
            max={"timeout": 600, "deadline": 189.0, "note": ""},
        )
    )
    state = page.page.evaluate("""() => {
      const clock = { ...fresh(model.state).clock, rate: 0 };
      model.put({ ...model.state, seq: 2, whole: true, clock });
      return frame().then(() => [...document.querySelectorAll('.qmode-figure')]
        .map(figure => [figure.dataset.urgency ?? null, figure.querySelector('.qmode-note').innerText,
                        getComputedStyle(figure).order]));
    }""")
    assert state[0][:2] == ["soon", "of 1:00, under a quarter left"]
    assert state[1] == ["urgent", "of 10:00, under a tenth left", "-1"], "what ends first stands first"


def test_a_click_is_an_event_first_and_a_message_if_nobody_takes_it(card: Any) -> None:
    page = card(view(few()))
    page.page.locator(".qmode-row", has_text="d41f..t1").locator(".qmode-x").click()
    assert page.sent == [{"runtime": "9f3c", "action": "cancel_job", "id": "d41fxxxxt1"}]
    assert "cancelling" in page.text(".qmode-row >> nth=3")
    page.page.evaluate("""() => document.addEventListener('qmode:action', (event) => {
      event.preventDefault(); window.taken = event.detail;
    })""")
    page.page.locator(".qmode-row", has_text="d41f..q7").locator(".qmode-x").click()
    assert page.page.evaluate("taken") == {"runtime": "9f3c", "action": "cancel_job", "id": "d41fxxxxq7"}
    assert len(page.sent) == 1


@pytest.mark.parametrize(("button", "action"), [("Close", "close"), ("Cancel all", "cancel_all")])
def test_what_would_cost_jobs_is_asked_first(card: Any, button: str, action: str) -> None:
    page = card(view(few()))
    page.page.get_by_role("button", name=button).click()
    assert page.seen("[role=alertdialog]")
    assert page.page.evaluate("document.activeElement.textContent").startswith("Keep")
    page.page.keyboard.press("Escape")
    assert not page.seen("[role=alertdialog]")
    assert page.page.evaluate("document.activeElement.textContent") == button
    assert page.sent == []
    page.page.get_by_role("button", name=button).click()
    page.page.locator(".qmode-yes").click()
    assert page.sent == [{"runtime": "9f3c", "action": action, "id": WORKLOAD}]


def test_what_costs_nothing_is_done_at_once(card: Any) -> None:
    page = card(view())
    page.page.get_by_role("button", name="Close").click()
    assert page.sent == [{"runtime": "9f3c", "action": "close", "id": WORKLOAD}]


def test_a_refusal_is_shown_and_the_button_comes_back(card: Any) -> None:
    page = card(view(few()))
    page.page.locator(".qmode-row", has_text="d41f..t1").locator(".qmode-x").click()
    answer = {"qmode": "answer", "action": "cancel_job", "id": "d41fxxxxt1"}
    answer |= {"ok": False, "error": "Another runtime."}
    page.page.evaluate("answer => { model.fire('msg:custom', answer); return frame(); }", answer)
    assert page.page.get_by_role("alert").inner_text() == "Another runtime."
    assert "queued, 1st" in page.text(".qmode-row >> nth=3")


def test_a_closed_workload_has_no_buttons_and_stands_still(card: Any) -> None:
    page = card(ended({"d41fxxxxk2": job("done", 100.0, 100.0, 102.0, 103.0, 110.0, usage=7)}))
    assert page.page.locator("button:visible").count() == 0
    assert page.text(".qmode-aside") == "by close()"
    before = page.page.locator(".qmode-card").inner_text()
    page.page.evaluate("frame()")
    assert page.page.locator(".qmode-card").inner_text() == before


def test_a_kernel_that_is_gone_is_said_to_be(card: Any) -> None:
    page = card(view(few()))
    page.page.evaluate("model.fire('comm_live_update'); frame()")
    page.page.wait_for_function(
        "document.querySelector('.qmode-when').textContent.includes('kernel is gone')"
    )
    assert page.page.locator("button:visible").count() == 0


def test_the_list_can_be_walked_with_the_keyboard(card: Any) -> None:
    page = card(view(few()))
    keys = page.page.keyboard
    for _ in range(3):
        keys.press("Tab")
    focus = "document.activeElement.firstChild.title"
    assert page.page.evaluate(focus) == "d41fxxxxk2"
    keys.press("ArrowDown")
    keys.press("Enter")
    assert "cx is not in it" in page.text(".qmode-details")
    keys.press("Escape")
    assert not page.seen(".qmode-details")
    keys.press("End")
    assert page.page.evaluate(focus) == "d41fxxxxt1"
    keys.press("Delete")
    assert page.sent == [{"runtime": "9f3c", "action": "cancel_job", "id": "d41fxxxxt1"}]
    keys.press("Home")
    keys.press("Delete")
    assert len(page.sent) == 1, "an ended job is not cancelled"


def test_a_message_that_is_missing_is_asked_for_once(card: Any) -> None:
    page = card(view(few()))
    page.seq += 1
    page.put(few())
    page.put(few())
    assert page.sent == [{"runtime": "9f3c", "action": "snapshot", "id": WORKLOAD}]


def test_a_page_that_starts_in_the_middle_asks_for_the_whole(card: Any) -> None:
    page = card({**view(few()), "whole": False})
    assert [request["action"] for request in page.sent] == ["snapshot"]


def test_views_of_one_model_agree_and_leave_nothing_behind(card: Any) -> None:
    page = card(view(few()))
    page.page.evaluate("open_view()")
    page.put({"d41fxxxxt1": job("preparing", 176.0, 177.0)})
    assert page.page.locator(".qmode-row", has_text="preparing").count() == 2
    page.page.evaluate("views[0]()")
    assert page.page.locator(".qmode").count() == 1
    page.put({"d41fxxxxt1": job("waiting", 176.0, 177.0, 178.0)})
    assert page.page.locator(".qmode-row", has_text="waiting for the QPU").count() == 1
    page.page.evaluate("views[1](); stop()")
    assert page.page.evaluate("Object.values(model.listeners).every(all => all.size === 0)")


def test_what_others_wrote_stays_text(card: Any) -> None:
    nasty = '<img src=x onerror="window.hit=1">'
    jobs = {nasty: job("failed", 1.0, program=nasty, code=7, reason=nasty)}
    page = card(view(jobs, name=nasty, backend=nasty, word=nasty, reason=nasty))
    page.page.locator(".qmode-row").click()
    assert nasty in page.text(".qmode-title")
    assert page.page.locator("img").count() == 0
    assert page.page.evaluate("window.hit") is None


def test_rows_do_not_slip_away_under_the_pointer(card: Any) -> None:
    page = card(view({f"d41f{i:06d}": job("queued", float(i)) for i in range(20)}))
    before = page.ids()
    page.page.locator(".qmode-row >> nth=0").hover()
    page.put({f"d41f{i:06d}": job("queued", float(i)) for i in range(20, 40)})
    assert page.ids() == before
    page.page.mouse.move(5, 5)
    page.page.evaluate("frame()")
    assert page.ids()[0] == "d41f000039"


def test_nothing_waits_for_the_mouse_that_lies_still(card: Any) -> None:
    page = card(view({f"d41f{i:06d}": job("queued", float(i)) for i in range(20)}))
    page.page.locator(".qmode-row >> nth=0").hover()
    page.put({"d41f000099": job("queued", 99.0)})
    page.page.wait_for_function(
        "document.querySelector('[aria-rowindex=\"2\"]').firstChild.title === 'd41f000099'"
    )


CONTRAST = """() => {
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const rgb = (c) => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const found = rgb(getComputedStyle(at).backgroundColor);
      if (found[3] === 255) return found;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const node of document.querySelectorAll('.qmode *')) {
    const own = [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim());
    const unseen = node.matches(':disabled, .qmode-unseen, .qmode-unseen *');
    if (!own || unseen || !node.checkVisibility()) continue;
    const [a, b] = [light(rgb(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => x - y);
    const ratio = (b + 0.05) / (a + 0.05);
    if (ratio < 4.5) poor.push([node.className, node.textContent, ratio.toFixed(2)]);
  }
  return poor;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_words_can_be_read(card: Any, scheme: str) -> None:
    jobs = few() | {
        "c": job("cancelled", 1.0),
        "p": job("preparing", 1.0, 2.0),
        "w": job("waiting", 1.0, 2.0, 3.0),
    }
    page = card(view(jobs, idle={"timeout": 60, "deadline": 190.0, "note": ""}), color_scheme=scheme)
    assert page.page.evaluate(CONTRAST) == []
    page.page.get_by_role("button", name="Cancel all").click()
    assert page.page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("width", [300, 420, 640, 1200])
def test_nothing_sticks_out_at_any_width(card: Any, width: int) -> None:
    page = card(
        view(few(), name="ground state of a rather large molecule, second attempt", backend="fake_" * 12)
    )
    wide = page.page.evaluate(
        """async (width) => {
          document.body.style.width = `${width}px`;
          await frame();
          const edge = document.querySelector('.qmode-card').getBoundingClientRect().right;
          return [...document.querySelectorAll('.qmode-card *')]
            .filter(node => !node.closest('.qmode-unseen') && node.checkVisibility())
            .filter(node => node.getBoundingClientRect().right > edge + 0.5)
            .map(node => node.className);
        }""",
        width,
    )
    assert wide == []


def test_a_thousand_jobs_under_full_rate_keep_the_page_quick(card: Any) -> None:
    jobs = {f"d41f{i:016d}": job("queued", i / 10) for i in range(1000)}
    page = card(view(jobs))
    longest = []
    # What else runs on the machine only adds to it: the quickest of three rounds is ours.
    while len(longest) < 3 and min(longest, default=999) > 100:
        measured = page.page.evaluate(
            """async (round) => {
              const long = [];
              const note = (list) => long.push(...list.getEntries().map(entry => entry.duration));
              const watch = new PerformanceObserver(note);
              watch.observe({ type: 'longtask' });
              const rows = document.querySelector('.qmode-viewport');
              const whole = (window.whole ??= model.state);
              const ids = Object.keys(whole.jobs).slice(round * 300);
              for (let i = 0; i < 20; i += 1) {
                const jobs = {};
                for (const id of ids.slice(i * 15, i * 15 + 15)) {
                  const t = [...whole.jobs[id].t, 20, 21, 22, 23];
                  jobs[id] = { ...whole.jobs[id], state: 'done', t, usage: 3 };
                }
                model.put({ ...whole, whole: false, seq: round * 20 + i + 2, jobs });
                for (let step = 0; step < 6; step += 1) { rows.scrollTop += 200; await frame(); }
              }
              return { longest: Math.max(0, ...long), rows: document.querySelectorAll('.qmode-row').length };
            }""",
            len(longest),
        )
        longest.append(measured["longest"])
        assert measured["rows"] < 30, "only what is in view exists"
    assert min(longest) <= 100
    assert page.sent == []
