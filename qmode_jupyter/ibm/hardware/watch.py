"""How a real session or batch stands: asked of the service, one request at a time and none too soon.

A step makes one request: for how the session stands, for a job's status, or for its metrics. The
thread of a watch waits before each. What the client hears while the cell waits for a result costs none.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from qiskit_ibm_runtime import RuntimeJobV2

from qmode_jupyter.ibm.hardware.history import Facts, JobFacts
from qmode_jupyter.scheduler.plans import Plan

if TYPE_CHECKING:
    from qmode_jupyter.ibm.hardware.workload import RealWorkload

#: Seconds between two requests to IBM's cloud, at least.
EVERY_S: Final = 1.0
#: The same for a service on this machine.
EVERY_LOCAL_S: Final = 0.05
#: So often is asked in a row for what the service has not got yet, or does not answer.
_TRIES: Final = 5

#: Seconds that the end of a request is waited for when nobody needs its answer any more.
_PATIENCE_S: Final = 5.0

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Watched:
    """A job of the client's, and what was heard of it."""

    job: Any
    facts: JobFacts
    asked: int = field(default=0)

    def hear(self, now_s: float) -> bool:
        """Take what the client knows by now; return whether that is new."""
        status = str(vars(self.job).get("_status") or self.facts.status)
        if self.facts.ended or status == self.facts.status:
            return False
        self.facts = replace(self.facts, status=status)
        if self.facts.ended:
            self.facts = replace(self.facts, over_s=now_s)
        return True

    @property
    def known(self) -> bool:
        """Whether nothing more is to be known of it."""
        explained = self.facts.status != "ERROR" or bool(self.facts.reason)
        charged = self.facts.charge_known or self.asked >= _TRIES
        return self.facts.ended and explained and charged


class Watch:
    """What is known of a real session or batch, kept up to date until it is over.

    Parameters
    ----------
    workload, qpu, name, plan
        What is watched, where, what the person calls it, and whose prices hold.
    every_s
        Seconds between two requests, at least.
    now
        Unix seconds.
    """

    def __init__(
        self,
        workload: RealWorkload,
        qpu: str,
        name: str,
        plan: Plan,
        every_s: float = EVERY_S,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._workload = workload
        self._every_s = every_s
        self._now = now
        self._lock = threading.Lock()
        self._jobs: dict[str, _Watched] = {}
        self._facts = Facts(workload.id, workload.mode, qpu, name, plan, now(), now(), {}, ())
        self._listeners: list[tuple[Callable[[frozenset[str]], None], Callable[[], None]]] = []
        self._turn = self._failed = 0
        self._stopped, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="qmode-watch", daemon=True)

    # ---- what a cell tells

    def start(self) -> None:
        """Ask from now on, until it is over or `stop` is called."""
        self._thread.start()

    def add(self, job: Any) -> None:
        """Watch a job of the client's, if it turns out to be one of this session or batch."""
        with self._lock:
            if job.job_id() not in self._jobs:
                self._jobs[job.job_id()] = _Watched(job, JobFacts(job.job_id(), "", "QUEUED", self._now()))
        self._tell(job.job_id())

    def add_if_real(self, job: Any) -> None:
        """Watch a job if it is one that IBM's client sent to a service."""
        if isinstance(job, RuntimeJobV2):
            self.add(job)

    def ended(self, *, cancelled: bool) -> None:
        """Note that it was closed or cancelled from here."""
        with self._lock:
            self._facts = replace(self._facts, ended_s=self._now(), cancelled=cancelled)
        self._tell()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until everything is known; return whether it is."""
        return self._over.wait(timeout_s)

    def stop(self) -> None:
        """Ask no more; what is known stays."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE_S)

    # ---- what is known

    @property
    def jobs(self) -> tuple[Any, ...]:
        """The jobs of the client's, in the order of their submission."""
        with self._lock:
            return tuple(watched.job for watched in self._mine())

    def __contains__(self, job: object) -> bool:
        """Whether a job of this id was sent in it; a dry run counts, though it runs elsewhere."""
        with self._lock:
            watched = self._jobs.get(str(job))
            return watched is not None and vars(watched.job).get("_session_id") == self._facts.id

    def facts(self) -> Facts:
        """Return what is known now."""
        with self._lock:
            for watched in self._mine():
                watched.hear(self._now())
            known = tuple(watched.facts for watched in self._mine())
            return replace(self._facts, jobs=known, read_s=self._now())

    @property
    def failed(self) -> bool:
        """Whether the service has not answered for so long that nobody asks any more."""
        return self._failed >= _TRIES

    def subscribe(
        self, listener: Callable[[frozenset[str]], None], ended: Callable[[], None]
    ) -> Callable[[], None]:
        """Call `listener` with the ids of what changed, `ended` at the end; return how to end it."""
        entry = (listener, ended)
        self._listeners.append(entry)

        def unsubscribe() -> None:
            if entry in self._listeners:
                self._listeners.remove(entry)

        return unsubscribe

    # ---- asking

    def step(self) -> None:
        """Make one request, the one whose answer is missed most."""
        with self._lock:
            request, about = self._next()
        try:
            request()
        except Exception:  # noqa: BLE001 - of the network or the service; it is asked again
            self._failed += 1
            _log.debug("a request about %s failed", about, exc_info=True)
        else:
            self._failed = 0
        self._tell(about)
        if self._everything_known():
            self._over.set()

    def _next(self) -> tuple[Callable[[], None], str]:
        self._turn += 1
        jobs = self._mine()
        for watched in jobs:
            watched.hear(self._now())
        running = next((watched for watched in jobs if not watched.facts.ended), None)
        unknown = next((watched for watched in jobs if watched.facts.ended and not watched.known), None)
        if self._turn % 3 == 1 or (running is None and unknown is None):
            return self._ask_details, self._facts.id
        if unknown is not None:
            return lambda: self._ask_job(unknown), unknown.facts.id
        assert running is not None
        if running.facts.status == "RUNNING" and self._turn % 2:
            return lambda: self._ask_metrics(running), running.facts.id
        return lambda: self._ask_status(running), running.facts.id

    def _ask_details(self) -> None:
        details = self._workload.session.details()
        with self._lock:
            self._facts = replace(self._facts, details=details or self._facts.details)

    def _ask_status(self, watched: _Watched) -> None:
        watched.job.status()
        with self._lock:
            watched.hear(self._now())

    def _ask_metrics(self, watched: _Watched) -> None:
        metrics = watched.job.metrics()
        with self._lock:
            watched.facts = replace(watched.facts, metrics=metrics, metrics_s=self._now())

    def _ask_job(self, watched: _Watched) -> None:
        """Ask for what is left to know of a job that has ended: why it failed, then its metrics."""
        if watched.facts.status == "ERROR" and not watched.facts.reason:
            watched.asked += 1
            reason = watched.job.error_message() if watched.asked <= _TRIES else None
            with self._lock:
                watched.facts = replace(watched.facts, reason=reason or "The service gave no reason.")
            return
        watched.asked += 1
        self._ask_metrics(watched)

    def _everything_known(self) -> bool:
        with self._lock:
            closed = self._facts.details.get("state") == "closed"
            return (closed and all(watched.known for watched in self._mine())) or self.failed

    def _mine(self) -> list[_Watched]:
        """Return the jobs that are this workload's; of one that is being made nothing is known yet."""
        mine = []
        for watched in self._jobs.values():
            made = vars(watched.job)
            on = getattr(made.get("_backend"), "name", None)
            if made.get("_session_id") == self._facts.id and on == self._facts.qpu:
                if not watched.facts.program and "_program_id" in made:
                    watched.facts = replace(watched.facts, program=str(made["_program_id"]))
                mine.append(watched)
        return mine

    def _tell(self, *about: str) -> None:
        for listener, _ in tuple(self._listeners):
            listener(frozenset({self._facts.id, *about}))

    def _run(self) -> None:
        while not self._over.is_set() and not self._stopped.wait(self._every_s):
            self.step()
        for _, ended in tuple(self._listeners):
            ended()
