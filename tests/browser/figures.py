"""How fast the front end is: `python -m tests.browser.figures` prints one table.

Browser, server, kernel and simulating processes share this machine, and so does whatever else runs on
it: a figure in milliseconds is an upper bound. A task's wall time has the CPU time beside it that its
thread really ran.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import BrowserContext

from tests.browser.lab import NO_BROWSER, Book, Server, browser, chromium
from tests.browser.measure import (
    BELL,
    CLICKS,
    JOBS,
    LOAD,
    MANY_JOBS,
    SOME_JOBS,
    TEN_LONG_JOBS,
    cancels,
    delays_ms,
    strain,
)

#: Slow enough to be watched for some seconds; without it the clock jumps.
_WATCHED = "--speed 300 --name"
_CELLS = (f"{LOAD}\n{BELL}", SOME_JOBS, TEN_LONG_JOBS, MANY_JOBS, MANY_JOBS.replace("--name", _WATCHED))
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One figure and what it must not pass."""

    what: str
    measured: float
    limit: float
    unit: str
    more: str

    def __str__(self) -> str:
        met = "met" if self.measured <= self.limit else "NOT MET"
        value = (
            f"{self.measured:.1f} {self.unit}" if self.unit == "kB" else f"{self.measured:.0f} {self.unit}"
        )
        return f"{self.what:<88} {value:>9} {'≤ ' + f'{self.limit:.0f}':>7} {met:<8} {self.more}"


def rows(context: BrowserContext) -> Iterator[Row]:
    """Measure, front end by front end."""
    for name, server in (
        ("JupyterLab", Server("lab")),
        ("Notebook 7", Server("notebook")),
        ("JupyterLab without our labextension", Server("lab", labextension=False)),
    ):
        with server:
            book = Book(server, context, "figures.ipynb", _CELLS).open()
            book.run(0)
            yield _delay(name, book)
            yield _cancel(name, book)
            if server.labextension:
                book.command("qmode:show")
            for how, index in (("as fast as it goes", 3), ("at 300 s a second", 4)):
                yield from _strain(f"{name}, {JOBS:,} jobs {how}", book, index)
            book.close()


def _delay(name: str, book: Book) -> Row:
    delays = [delay for _ in range(_ROUNDS) for delay in delays_ms(book, 1)]
    more = f"{len(delays)} changes, {min(delays):.0f} to {max(delays):.0f} ms"
    return Row(
        f"{name}: a job changes, and it is on the page: median", statistics.median(delays), 150, "ms", more
    )


def _cancel(name: str, book: Book) -> Row:
    found = cancels(book, 2)
    done = [click for click in found if click.status == "CANCELLED"]
    times = sorted(click.took_ms for click in done)
    slowest = times[-1] if len(done) == CLICKS else float("inf")
    more = f"{len(done)} of {CLICKS}, " + " ".join(f"{time:.0f}" for time in times)
    return Row(f"{name}: a click cancels in a blocked cell: slowest", slowest, 500, "ms", more)


def _strain(name: str, book: Book, index: int) -> Iterator[Row]:
    found = strain(book, index)
    cpu = f"{found.longest.cpu_ms:.0f} ms of it on the CPU; at most {found.hardest.cpu_ms:.0f} ms in any"
    total = sum(size for _, size in found.messages) / 1000
    yield Row(f"{name}: longest task", found.longest.wall_ms, 100, "ms", cpu)
    yield Row(f"{name}: messages a second", found.most_messages, 10, "", f"{len(found.messages)} in all")
    yield Row(f"{name}: bytes a second", found.most_bytes / 1000, 20, "kB", f"{total:.0f} kB in all")


if __name__ == "__main__":
    if chromium() is None:
        sys.exit(NO_BROWSER)
    with browser() as context:
        for row in rows(context):
            print(row, flush=True)
