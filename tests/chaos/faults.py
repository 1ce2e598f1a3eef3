"""Random faults in running sessions and batches: every job ends once, nothing hangs, nothing is left.

``python -m tests.chaos.faults 1000`` lets a thousand happen; a seed may follow, and the same seed asks for
the same faults. After each event of the scheduler its invariants are checked. In the end every job that was
submitted has ended exactly once, the store says the same as the runtime did, and threads, processes and open
files are those of the beginning.
"""

from __future__ import annotations

import contextlib
import gc
import random
import sqlite3
import sys
import tempfile
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import psutil

from qmode_jupyter import Batch, EstimatorV2, RuntimeJob, RuntimeService, SamplerV2, Session
from qmode_jupyter.errors import IBMError, JobError, RuntimeClosedError
from qmode_jupyter.runtime.clock import ManualClock
from qmode_jupyter.runtime.store import writer
from qmode_jupyter.scheduler.events import YOU, Event, Instruction, Settle
from qmode_jupyter.scheduler.records import SETTLED
from qmode_jupyter.simulation import executor
from tests.emulated import ansatz, bell, hamiltonian
from tests.interrupts import interrupted
from tests.simulation.chores import find_no_memory, never_return

#: Faults that happen to one service, before the next one is made on the same store.
PER_SERVICE = 100
#: What is real time: no job may take longer than this to end.
_PATIENCE_S = 120.0
_PREPARE_TIMEOUT_S = 4.0
_GRACE_S = 10.0


@dataclass(slots=True)
class Tally:
    """What happened, and what must be empty."""

    faults: Counter[str] = field(default_factory=Counter)
    jobs: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    hung: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    orphaned: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        faults = ", ".join(f"{count} {name}" for name, count in sorted(self.faults.items()))
        ended = ", ".join(f"{count} {name}" for name, count in sorted(self.ended.items()))
        return (
            f"{self.faults.total()} faults ({faults})\n{self.jobs} jobs ({ended})\n"
            f"{len(self.hung)} hung, {len(self.lost)} lost, {len(self.orphaned)} orphaned"
        )


class Chaos:
    """One service with its store, and the faults that happen to it."""

    def __init__(self, folder: Path, seed: int, tally: Tally) -> None:
        self._dice = random.Random(seed)
        self._tally = tally
        self._clock = ManualClock()
        self._folder = folder
        self._service = RuntimeService(
            clock=self._clock, seed=seed, store=folder, workers=2, prepare_timeout=_PREPARE_TIMEOUT_S
        )
        self._ideal = self._service.backend("aer_simulator")
        self._open: list[Session] = []
        self._settled: Counter[str] = Counter()
        self._full = threading.Event()
        #: Jobs of an interrupted `run`, which nobody has a handle of.
        self._handles: list[RuntimeJob] = []
        self._watch()
        self._faults: dict[str, Callable[[], object]] = {
            "worker killed": self._kill_worker,
            "job cancelled": self._cancel_job,
            "workload closed": self._close,
            "workload cancelled": self._cancel,
            "all abandoned": self._abandon,
            "run interrupted": self._interrupt,
            "disk": self._turn_disk,
            "clock jumped": self._jump,
            "timeout expired": self._expire,
            "never returned": lambda: self._submit_with(never_return),
            "no memory": lambda: self._submit_with(find_no_memory),
        }
        self._weights = [3, 4, 2, 2, 1, 4, 3, 3, 2, 0.3, 2]

    def run(self, faults: int) -> None:
        """Let so many faults happen among jobs, then let everything end, and look."""
        with self._disk(), self._service:
            for _ in range(faults):
                for _ in range(self._dice.randint(0, 3)):
                    self._submit()
                (name,) = self._dice.choices(list(self._faults), self._weights)
                self._tally.faults[name] += 1
                with contextlib.suppress(IBMError, JobError):
                    self._faults[name]()
                self._service.runtime.look(lambda scheduler: scheduler.check_invariants())
            self._full.clear()
            self._submit()  # what the disk did not take is written with the next thing
            for session in self._open:
                session.close()
            statuses = self._let_end()
            self._service.close()
        self._compare(statuses)

    # ---- what happens

    def _workload(self) -> Session:
        takes_jobs = ("Pending", "In progress, accepting new jobs")
        self._open = [one for one in self._open if one.status() in takes_jobs]
        if not self._open or (len(self._open) < 3 and self._dice.random() < 0.3):
            kind = self._dice.choice((Session, Batch))
            self._open.append(
                kind(self._ideal, service=self._service, max_time=self._dice.choice((60, "1h")))
            )
        return self._dice.choice(self._open)

    def _submit(self) -> RuntimeJob | None:
        mode: Any = self._workload() if self._dice.random() < 0.8 else self._ideal
        with contextlib.suppress(IBMError):
            if self._dice.random() < 0.3:
                pub = (ansatz(), hamiltonian(), [0.1] * ansatz().num_parameters)
                job = EstimatorV2(mode, options={"resilience_level": 0}).run([pub])
            else:
                job = SamplerV2(mode).run([bell()], shots=10)
            self._handles.append(job)
            return job
        return None

    def _submit_with(self, simulate: Callable[..., Any]) -> None:
        with mock.patch.object(executor, "simulate", simulate):
            self._submit()

    def _interrupt(self) -> None:
        sampler, circuit = SamplerV2(self._workload()), bell()
        _, job = interrupted(lambda: sampler.run([circuit], shots=10), self._dice.randint(1, 600))
        if job is not None:
            self._handles.append(job)

    def _kill_worker(self) -> None:
        # Its own only: in a run of tests other services have processes, too.
        workers = self._service.runtime._executor._workers._workers
        processes = [process._process for one in workers if (process := one.process) is not None]
        if processes:
            self._dice.choice(processes).kill()

    def _cancel_job(self) -> None:
        if self._handles:
            self._dice.choice(self._handles[-6:]).cancel()

    def _close(self) -> None:
        self._workload().close()

    def _cancel(self) -> None:
        self._workload().cancel()

    def _abandon(self) -> None:
        self._service.runtime.workloads.abandon(str(self._workload().session_id))

    def _turn_disk(self) -> None:
        (self._full.clear if self._full.is_set() else self._full.set)()

    def _jump(self) -> None:
        with contextlib.suppress(RuntimeError):  # held: a simulation is late
            self._clock.advance(self._dice.choice((0.1, 5.0, 90.0, 4_000.0)))

    def _expire(self) -> None:
        """Wait for one job, then think until the session's timeout."""
        if self._handles:
            self._service.runtime.wait(self._handles[-1].job_id())
        with contextlib.suppress(RuntimeError):
            self._clock.advance(61.0)

    # ---- what must hold

    def _watch(self) -> None:
        queue = self._service.runtime._engine.event_queue
        happen = queue.happen

        def checked(event: Event) -> list[Instruction]:
            instructions = happen(event)
            queue.scheduler.check_invariants()
            for instruction in instructions:
                if isinstance(instruction, Settle):
                    self._settled[instruction.job] += 1
            return instructions

        queue.happen = checked  # type: ignore[method-assign]

    @contextlib.contextmanager
    def _disk(self) -> Iterator[None]:
        write = writer.transaction

        def transaction(db: sqlite3.Connection, change: Callable[[], None]) -> None:
            if self._full.is_set():
                raise sqlite3.OperationalError("database or disk is full")
            write(db, change)

        with mock.patch.object(writer, "transaction", transaction):
            yield

    def _let_end(self) -> dict[str, str]:
        runtime = self._service.runtime
        # Waited for in this thread, which has submitted: time goes on only while it waits.
        watchdog = threading.Timer(_PATIENCE_S, runtime.close)
        watchdog.start()
        try:
            for job in runtime.jobs:
                runtime.wait(job)
        except RuntimeClosedError:
            self._tally.hung += [
                job for job in runtime.jobs if runtime._scheduler.jobs[job].state not in SETTLED
            ]
            return {}
        finally:
            watchdog.cancel()
            watchdog.join()
        jobs = runtime.look(lambda s: [job for job in s.jobs.values() if job.tenant == YOU])
        self._tally.jobs += len(jobs)
        self._tally.hung += [job.id for job in jobs if job.state not in SETTLED]
        self._tally.hung += [
            f"{job.id} settled {n} times" for job in jobs if (n := self._settled[job.id]) != 1
        ]
        statuses = {job.id: self._service.job(job.id).status() for job in jobs}
        self._tally.ended.update(statuses.values())
        return statuses

    def _compare(self, statuses: dict[str, str]) -> None:
        with RuntimeService(clock=ManualClock(), store=self._folder, seed=0) as after:
            for job, status in statuses.items():
                try:
                    kept = after.job(job)
                    if kept.status() != status or (status == "DONE" and kept.result() is None):
                        self._tally.lost.append(f"{job} was {status} and is kept as {kept.status()}")
                except IBMError as error:
                    self._tally.lost.append(str(error))
            after.close()


def things() -> tuple[set[threading.Thread], set[psutil.Process], int]:
    """The threads, processes and open files of this process."""
    gc.collect()  # a pool of workers is a circle, and holds the ends of its pipes
    me = psutil.Process()
    return set(threading.enumerate()), set(me.children(recursive=True)), me.num_fds()


def chaos(faults: int, seed: int, folder: Path) -> Tally:
    """Let so many faults happen, and return what came of it."""
    tally = Tally()
    Chaos(folder / "first", seed, Tally()).run(1)  # what is loaded once stays
    threads, processes, files = things()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that history is not kept for a while
        for number, first in enumerate(range(0, faults, PER_SERVICE)):
            Chaos(folder / "kept", seed + number, tally).run(min(PER_SERVICE, faults - first))
    deadline = time.monotonic() + _GRACE_S
    for thread in set(threading.enumerate()) - threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    now = things()
    tally.orphaned += [thread.name for thread in now[0] - threads]
    tally.orphaned += [f"process {process.pid}" for process in now[1] - processes]
    if now[2] > files:
        tally.orphaned.append(f"{now[2] - files} open files")
    return tally


def main() -> int:
    """Do as the command line says."""
    given = [int(word) for word in sys.argv[1:]]
    faults, seed = (*given, *(1000, 0)[len(given) :])
    with tempfile.TemporaryDirectory(prefix="qmode-chaos-") as folder:
        tally = chaos(faults, seed, Path(folder))
    print(tally)
    for line in (*tally.hung, *tally.lost, *tally.orphaned):
        print(line)
    return int(bool(tally.hung or tally.lost or tally.orphaned))


if __name__ == "__main__":
    sys.exit(main())
