"""How changes of the runtime reach a display: few messages, small ones, and the last state always.

The engine says "these ids changed", hundreds of times a second when many jobs run. A `Throttle` turns
that into messages: the first change after a quiet time goes out at once, later ones are put
together, and what does not fit follows later. What is sent is a matter of a source: `Outbox` makes
whole snapshots and deltas for displays that keep their own model, `Latest` makes one picture of
everything for those that don't.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from qmode_jupyter.notebook.view_model import Job, Message, Workload

_log = logging.getLogger(__name__)

#: Seconds between two messages: no second has more than ten, also where the connection is uneven.
INTERVAL_S: Final = 0.115
#: What one second may carry, the envelopes of the messages included.
BYTES_PER_S: Final = 20_000
#: Bytes that Jupyter puts around what we send: headers, parent's header, comm id.
ENVELOPE_BYTES: Final = 700
#: The largest message, envelope included.
LARGEST_BYTES: Final = 4_000
#: Seconds and bytes as above for the cards in a notebook, and for panel and status bar: together ten
#: messages and 20 kB a second, whatever the load. The first change after a quiet time always goes at once.
CARDS: Final = (0.14, 10_500)
PAGES: Final = (0.4, 6_000)
#: A message for one workload and no job, envelope included, and what each job adds; only to guess when
#: it pays to wait until more can be sent at once.
_BARE_BYTES: Final = 1_700
_JOB_BYTES: Final = 120
_WORTHWHILE_BYTES: Final = 3_000
#: Ids that are looked up for one message: more than fit, so that the most important are among them.
_LOOKED_UP: Final = 150

_IN_LANE: Final = frozenset({"preparing", "waiting", "on_qpu"})
_UNFINISHED: Final = _IN_LANE | {"queued"}

Snapshot = Callable[[frozenset[str] | None], Message]


class Source(Protocol):
    """What a throttle sends: collects changed ids, says when a message is due, and makes it."""

    def add(self, ids: Iterable[str]) -> None:
        """Note that these changed; none at all means that only the clock did."""

    def due_s(self, now: float) -> float | None:
        """Return the seconds until the next message may go, or None when there is nothing to say."""

    def take(self, now: float) -> Any | None:
        """Return the next message, or None when it would say nothing."""


class RateLimit:
    """What may be sent when: messages a while apart, and so many bytes a second.

    A bucket that fills with time: a message takes its bytes out of it. Throttles that share one
    keep to it together. Thread-safe.
    """

    def __init__(self, interval_s: float = INTERVAL_S, bytes_per_s: int = BYTES_PER_S) -> None:
        self.interval_s = interval_s
        # A full bucket on top of a second's filling still keeps to `bytes_per_s`.
        self._largest = min(LARGEST_BYTES, bytes_per_s // 5)
        self._filling = bytes_per_s - self._largest
        self._level = float(self._largest)
        self._at: float | None = None
        self._next = float("-inf")
        self._lock = threading.Lock()

    def delay_s(self, now: float, worthwhile: int = 0) -> float:
        """Return the seconds until a message may go; it is worth waiting for `worthwhile` bytes of room."""
        with self._lock:
            missing = min(worthwhile, self._largest) - self._room(now)
            return max(0.0, self._next - now, missing / self._filling)

    def room(self, now: float) -> int:
        """Return the bytes that a message may have now."""
        with self._lock:
            return max(0, int(self._room(now)))

    def spend(self, now: float, size: int) -> None:
        """Note that a message of `size` bytes went; a larger one than allowed is paid off by waiting."""
        with self._lock:
            self._level = self._room(now) - size
            self._at = now
            self._next = now + self.interval_s

    def _room(self, now: float) -> float:
        if self._at is None:
            return self._level
        return min(self._largest, self._level + (now - self._at) * self._filling)


class Outbox:
    """The view model as messages: a whole snapshot first or when asked for, deltas from then on.

    A message holds what fits, the rest follows: workloads first, then jobs that the page still shows
    in a lane, jobs that are there now, failures, the newest. So when more changes than can be sent,
    what stands on top of the page is right, and the counts are.

    Parameters
    ----------
    snapshot
        Returns the view model as plain JSON: whole for None, else the entries of the ids given.
    limit
        The limits that its messages keep to.
    """

    def __init__(self, snapshot: Snapshot, limit: RateLimit | None = None) -> None:
        self._snapshot = snapshot
        self._limit = limit or RateLimit()
        self._lock = threading.Lock()
        #: Changed and not yet sent; what changed last is last.
        self._pending: dict[str, None] = {}
        self._clock_changed = False
        self._whole = True
        self._workloads: set[str] = set()
        #: Jobs that the page was last told to be in a lane.
        self._shown_in_lane: set[str] = set()

    def add(self, ids: Iterable[str]) -> None:
        """Note that these changed; none at all means that only the clock did."""
        with self._lock:
            self._clock_changed = True
            for each in ids:
                self._pending.pop(each, None)
                self._pending[each] = None

    def start_over(self) -> None:
        """Send a whole snapshot next: a page has missed something."""
        with self._lock:
            self._whole = True

    def due_s(self, now: float) -> float | None:
        """Return the seconds until the next message may go, or None when there is nothing to say."""
        with self._lock:
            if not (self._pending or self._clock_changed or self._whole):
                return None
            guess = _BARE_BYTES + _JOB_BYTES * len(self._pending)
        return self._limit.delay_s(now, min(guess, _WORTHWHILE_BYTES))

    def take(self, now: float) -> Message | None:
        """Return the next message, or None when it would say nothing; call it from one thread at a time."""
        # The lock is not held while the snapshot is made: that may wait for the engine, which may be
        # telling us of a change.
        with self._lock:
            whole, self._whole = self._whole, False
            clock_only = self._clock_changed and not self._pending
            self._clock_changed = False
            ids = frozenset() if whole else self._most_important()
            for each in list(self._pending) if whole else ids:
                del self._pending[each]
        message = self._snapshot(None if whole else ids)
        if whole:
            self._shown_in_lane.clear()
        elif not clock_only and not (message["workloads"] or message["jobs"]):
            return None
        room = max(self._limit.room(now), _WORTHWHILE_BYTES) - ENVELOPE_BYTES
        message, size, left = self._fit(message, room, ids)
        self._limit.spend(now, size + ENVELOPE_BYTES)
        with self._lock:
            # What was left out is older than what has changed since.
            self._pending = dict.fromkeys(left) | self._pending
        return message

    def _most_important(self) -> frozenset[str]:
        pending = self._pending
        newest = list(pending)[-_LOOKED_UP:]
        return frozenset(newest) | ((self._workloads | self._shown_in_lane) & pending.keys())

    def _fit(self, message: Message, room: int, asked: frozenset[str]) -> tuple[Message, int, list[str]]:
        """Return the message with as many entries as fit, its size, and the ids to send later, oldest first.

        Jobs that came besides those asked for go last, and are dropped where there is no room: they
        come again with the next message.
        """
        workloads, jobs = message["workloads"], message["jobs"]
        extra = jobs.keys() - asked if asked else frozenset[str]()
        newest = list(jobs)[::-1]
        ranked = [
            *sorted(workloads, key=lambda w: _workload_rank(workloads[w])),
            *sorted(newest, key=lambda j: (j in extra, *self._job_rank(j, jobs[j]))),
        ]
        size = _size({**message, "workloads": {}, "jobs": {}})
        fitting = 0
        for each in ranked:
            more = _size({each: workloads[each] if each in workloads else jobs[each]})
            if size + more > room and fitting:
                break
            size += more
            fitting += 1
        kept = set(ranked[:fitting])
        # In the order of the snapshot: jobs that were submitted in one instant stay in theirs.
        sent = {job: entry for job, entry in jobs.items() if job in kept}
        owners = {owner: entry for owner, entry in workloads.items() if owner in kept}
        self._workloads.update(workloads)
        self._shown_in_lane.difference_update(sent)
        self._shown_in_lane.update(job for job, entry in sent.items() if entry["state"] in _IN_LANE)
        later = [each for each in reversed(ranked[fitting:]) if each not in extra]
        return {**message, "workloads": owners, "jobs": sent}, size, later

    def _job_rank(self, identifier: str, job: Job) -> tuple[int, float]:
        state = job["state"]
        if identifier in self._shown_in_lane:
            rank = 0
        elif state in _IN_LANE:
            rank = 1
        elif state == "failed":
            rank = 2
        else:
            rank = 3 if state in _UNFINISHED else 4
        return rank, -(job["t"][0] or 0.0)


class Latest:
    """One picture of everything, made anew at most once in an interval: for displays that keep no model.

    Parameters
    ----------
    make
        Returns the picture.
    interval_s
        Seconds between two pictures at least.
    ticks_s
        Seconds after which it is made anew though nothing was said to have changed; None for never.
    """

    def __init__(self, make: Callable[[], Any], interval_s: float, *, ticks_s: float | None = None) -> None:
        self._make = make
        self._limit = RateLimit(interval_s)
        self._ticks_s = ticks_s
        self._next_tick = float("-inf")
        self._changed = True

    def add(self, ids: Iterable[str]) -> None:
        """Note that something changed."""
        self._changed = True

    def due_s(self, now: float) -> float | None:
        """Return the seconds until the next picture may go, or None when there is no reason for one."""
        if self._changed:
            return self._limit.delay_s(now)
        return None if self._ticks_s is None else max(0.0, self._next_tick - now)

    def take(self, now: float) -> Any:
        """Return the picture."""
        self._changed = False
        self._next_tick = now + (self._ticks_s or 0.0)
        self._limit.spend(now, 0)
        return self._make()


class Throttle:
    """Carries what a source has to say to where it should go, on one daemon thread of its own.

    Never prints, never raises into the thread that told it of a change. The thread starts with the
    first change and ends with `close`.

    Parameters
    ----------
    source
        What to send and when.
    send
        Takes one message; called on one thread at a time.
    after_s
        Seconds before the first message, unless `flush` asks for it: what is over sooner is not worth
        watching.
    clock
        Seconds that only grow; tests bring their own.
    """

    def __init__(
        self,
        source: Source,
        send: Callable[[Any], None],
        *,
        after_s: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._send = send
        self._clock = clock
        self._not_before = clock() + after_s
        self._wake = threading.Condition()
        self._sending = threading.Lock()
        self._thread: threading.Thread | None = None
        #: The thread has nothing to do until a change comes.
        self._idle = False
        self._news = False
        self._closed = threading.Event()

    def changed(self, ids: Iterable[str] = ()) -> None:
        """Say that jobs or workloads changed; from any thread, cheap, without waiting."""
        if self._closed.is_set():
            return
        self._source.add(ids)
        with self._wake:
            self._news = True
            if self._closed.is_set():
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="qmode-throttle", daemon=True)
                self._thread.start()
            elif self._idle:
                self._wake.notify()

    def flush(self) -> None:
        """Send what has not been sent, now, as much of it as one message may hold."""
        with self._sending:
            if not self._closed.is_set() and self._source.due_s(self._clock()) is not None:
                self._pass_on()

    def close(self) -> None:
        """End the thread; what has not been sent is dropped, and a second time nothing happens.

        When it returns, nothing is being sent any more, unless it was called by `send` itself.
        """
        with self._wake:
            self._closed.set()
            self._wake.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def pump(self) -> float | None:
        """Send a message if one is due; return the seconds until the next one, None when there is none."""
        with self._sending:
            now = self._clock()
            due = self._source.due_s(now)
            if due is None:
                return None
            due = max(due, self._not_before - now)
            if due > 0 or self._closed.is_set():
                return due
            self._pass_on()
            return self._source.due_s(self._clock())

    def _pass_on(self) -> None:
        try:
            message = self._source.take(self._clock())
            if message is not None:
                self._send(message)
        except Exception:  # noqa: BLE001 - a closing kernel has no socket left, and a picture is not worth a crash
            _log.debug("a status message was not sent", exc_info=True)

    def _run(self) -> None:
        while self._goes_on():
            wait_s = self.pump()
            with self._wake:
                # A change that came since the look is not slept through.
                if not (self._closed.is_set() or (wait_s is None and self._news)):
                    self._idle = wait_s is None
                    self._wake.wait(wait_s)
                    self._idle = False

    def _goes_on(self) -> bool:
        with self._wake:
            self._news = False
            return not self._closed.is_set()


def _size(entry: Any) -> int:
    return len(json.dumps(entry, separators=(",", ":")))


def _workload_rank(workload: Workload) -> tuple[bool, float]:
    return workload["closed"] is not None, -workload["opened"]
