"""What is measured in a running front end; the tests look at what happened, `figures` at how fast it was."""

from __future__ import annotations

import base64
import json
import struct
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from playwright.sync_api import Locator

from tests.browser.lab import Book

LOAD = "%load_ext qmode_jupyter"
#: What the other cells run.
BELL = """
from qiskit import QuantumCircuit

bell = QuantumCircuit(2)
bell.h(0)
bell.cx(0, 1)
bell.measure_all()
"""

CLICKS = 10
#: At a speed of 1 each job holds the QPU for 28 s: nobody gets so far.
TEN_LONG_JOBS = f"""%%qsession -b aer_simulator --speed 1 --name ten --no-timeline
import json
import time

sampler = Sampler()
jobs = [sampler.run([bell], shots=100_000) for _ in range({CLICKS})]
told = []
for job in jobs:
    try:
        job.result()
    except Exception as error:
        told.append([job.job_id(), 1000 * time.time(), type(error).__name__, job.status()])
print(json.dumps(told))
"""

#: Some changes each second, as in the loop of a person's own.
SOME_JOBS = """%%qsession -b aer_simulator --speed 4 --name loop --no-timeline
import json
import time

changes = []


def heard(ids):
    now_ms = 1000 * time.time()
    for each in ids:
        if each in service.runtime.jobs:
            changes.append([each, str(service.runtime.job_record(each).state), now_ms])


take_back = service.runtime.subscribe(heard)
sampler = Sampler()
for _ in range(4):
    sampler.run([bell]).result()
take_back()
sampler.run([bell]).result()  # so that the last change, too, comes while the card is there
print(json.dumps(changes))
"""

JOBS = 1000
MANY_JOBS = f"""%%qsession -b aer_simulator --name thousand --no-timeline
sampler = Sampler()
jobs = [sampler.run([bell]) for _ in range({JOBS})]
for job in jobs:
    job.result()
print("all done")
"""

_NOTE_CLICKS = """() => {
  window.clicks = [];
  document.addEventListener('click', () => window.clicks.push(Date.now()), { capture: true });
}"""
# A change is stamped when the next frame begins: by then the one with the change is on its way to the screen.
_NOTE_ROWS = """index => {
  const area = window.book.cells.widgets[index].outputArea.node;
  const known = new Map();
  window.rows = [];
  new MutationObserver(() => {
    for (const row of area.querySelectorAll('.qmode-row')) {
      const id = row.querySelector('.qmode-id').title;
      const state = row.dataset.state;
      if (!id || !state || known.get(id) === state) continue;
      known.set(id, state);
      requestAnimationFrame(() => window.rows.push([id, state, Date.now()]));
    }
  }).observe(area, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-state'] });
}"""
#: What Chromium calls a task of a thread, and the thread that a page's scripts run on.
_TASK, _MAIN_THREAD = "ThreadControllerImpl::RunTask", "CrRendererMain"
_PAINTED = "the card is there"
_STATES = ("queued", "preparing", "waiting", "on_qpu", "done")


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A click on a job's Cancel while the cell waited for its result."""

    took_ms: float
    error: str
    status: str


def cancels(book: Book, index: int) -> list[Cancelled]:
    """Run `TEN_LONG_JOBS` in cell `index`, and cancel each job while the cell waits for it.

    Measured is from the click, as the page has it, to the line after `job.result()` has raised.
    """
    page = book.page
    page.evaluate(_NOTE_CLICKS)
    book.start(index)
    clicked = []
    for _ in range(CLICKS):
        row = _first_on_the_qpu(book, index, clicked)
        clicked.append(row.locator(".qmode-id").get_attribute("title"))
        row.get_by_role("button").click()
    book.wait(index)
    clicks = dict(zip(clicked, page.evaluate("() => window.clicks"), strict=True))
    told = json.loads(book.text(index))
    return [Cancelled(at_ms - clicks[job], error, status) for job, at_ms, error, status in told]


def _first_on_the_qpu(book: Book, index: int, but: Sequence[str | None]) -> Locator:
    known = "".join(f":not(:has([title='{job}']))" for job in but)
    row = book.card(index).locator(f".qmode-row[data-state='on_qpu']{known}")
    row.wait_for()
    # Rows change places: this one is meant from now on, wherever it goes.
    job = row.locator(".qmode-id").get_attribute("title")
    return book.card(index).locator(f".qmode-row:has([title='{job}'])")


def delays_ms(book: Book, index: int) -> list[float]:
    """Run `SOME_JOBS` in cell `index`; return what passed from each change of a job to its being on the page.

    Changes before the card is there are left out: it comes half a second after its workload. A change
    that another has overtaken is there when that one is.
    """
    page = book.page
    page.evaluate(_NOTE_ROWS, index)
    book.run(index)
    changes = json.loads(book.text(index))
    seen = page.evaluate("() => window.rows")
    shown_from = min(at for _, _, at in seen)
    delays = []
    for job, state, at in changes:
        later = _STATES[_STATES.index(state) :]
        there = [when for who, what, when in seen if who == job and what in later]
        if at >= shown_from:
            delays.append(min(there) - at)
    return delays


@dataclass(frozen=True, slots=True)
class Task:
    """What a page did at one stretch: how long it took, and how much of that its thread really ran."""

    wall_ms: float
    cpu_ms: float


@dataclass(slots=True)
class Strain:
    """What a page was told by the comms of its kernel, and how it kept up."""

    #: Of each message: when the kernel sent it, in seconds, and the bytes of its frame as it came.
    messages: list[tuple[float, int]] = field(default_factory=list)
    #: What the page did since the card was there.
    tasks: list[Task] = field(default_factory=list)

    @property
    def longest(self) -> Task:
        """The task that took longest."""
        return max(self.tasks, key=lambda task: task.wall_ms)

    @property
    def hardest(self) -> Task:
        """The task that was most work. A machine with other things to do lets short ones take long."""
        return max(self.tasks, key=lambda task: task.cpu_ms)

    @property
    def most_messages(self) -> int:
        """Messages in the busiest second."""
        return self._busiest([(at, 1) for at, _ in self.messages])

    @property
    def most_bytes(self) -> int:
        """Bytes in the busiest second."""
        return self._busiest(sorted(self.messages))

    @staticmethod
    def _busiest(weights: Sequence[tuple[float, int]]) -> int:
        times = [at for at, _ in weights]
        ends = [bisect_left(times, at + 1.0) for at in times]
        return max((sum(weight for _, weight in weights[n:end]) for n, end in enumerate(ends)), default=0)


def strain(book: Book, index: int) -> Strain:
    """Run `MANY_JOBS` in cell `index`, its rows scrolled up and down all the time."""
    page = book.page
    found = Strain()
    program = page.context.browser
    assert program is not None
    program.start_tracing(page=page, categories=["toplevel", "blink.user_timing"])
    with _frames(book, found.messages):
        book.start(index)
        card = book.card(index)
        card.locator(".qmode-row").first.wait_for()
        page.evaluate(f"() => new Promise(requestAnimationFrame).then(() => performance.mark('{_PAINTED}'))")
        _scroll(book, card.locator(".qmode-viewport"))
        book.wait(index)
    found.tasks = _tasks(json.loads(program.stop_tracing())["traceEvents"])
    return found


def _scroll(book: Book, rows: Locator) -> None:
    """Turn the wheel over the rows for as long as they are there."""
    page = book.page
    place = "all => all.map(it => [it.getBoundingClientRect().x, it.getBoundingClientRect().y])"
    turn = 0
    while places := rows.evaluate_all(place):
        page.mouse.move(places[0][0] + 60, places[0][1] + 20)
        page.mouse.wheel(0, 400 if turn % 30 < 20 else -600)
        page.wait_for_timeout(50)
        turn += 1


def _tasks(events: Sequence[dict[str, Any]]) -> list[Task]:
    """Return the tasks of the page's thread since it was marked as painted, from a trace of Chromium's."""
    marked = next(event for event in events if event["name"] == _PAINTED)
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == _MAIN_THREAD
    }
    return [
        Task(event["dur"] / 1000, event.get("tdur", 0) / 1000)
        for event in events
        if event["name"] == _TASK
        and event["ph"] == "X"
        and (event["pid"], event["tid"]) in threads
        and event["ts"] >= marked["ts"]
    ]


@contextmanager
def _frames(book: Book, messages: list[tuple[float, int]]) -> Iterator[None]:
    """Note every message of a comm among the frames that the page gets."""
    session = book.page.context.new_cdp_session(book.page)

    def received(event: dict[str, Any]) -> None:
        binary = 2
        if event["response"]["opcode"] == binary:
            frame = base64.b64decode(event["response"]["payloadData"])
            header = _header(frame)
            if header["msg_type"] == "comm_msg":
                messages.append((datetime.fromisoformat(header["date"]).timestamp(), len(frame)))

    session.on("Network.webSocketFrameReceived", received)
    session.send("Network.enable")
    yield
    session.detach()


def _header(frame: bytes) -> dict[str, Any]:
    """Return the header of a kernel's message: the second part of a frame that begins with their places."""
    (count,) = struct.unpack_from("<Q", frame)
    places = struct.unpack_from(f"<{count}Q", frame, 8)
    header: dict[str, Any] = json.loads(frame[places[1] : places[2]])
    return header
