"""The simulations under way: each job's parts in the workers, and what came out of them.

A job is simulated as soon as it is submitted, whatever its place in the emulated queue; its result
is shown when its emulated time has come.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.runtime import pool
from qmode_jupyter.runtime.parcels import Parcels
from qmode_jupyter.runtime.simulate import (
    Outcome,
    SimulationOptions,
    Task,
    account,
    join,
    pack,
    simulate,
    unpack,
)
from qmode_jupyter.runtime.tasks import Program
from qmode_jupyter.runtime.timing import JobTiming
from qmode_jupyter.runtime.workers import Workers
from qmode_jupyter.scheduler.agenda import Fault

if TYPE_CHECKING:
    from qiskit.primitives import PrimitiveResult
    from qiskit.providers import BackendV2


@dataclass(slots=True)
class _Work:
    """What is under way for a job, and what came of it."""

    futures: Sequence[Future[Any]] = ()
    outcome: Outcome | None = None
    error: BaseException | None = None


class Simulations:
    """All jobs' simulations.

    Its methods, but for `pack` and `result`, are called on the engine's thread.

    Parameters
    ----------
    workers
        How many processes of its own; None to share those of this process, one per core.
    on_end
        Called on a thread of the pool when a part of a job has ended, with the job's id; it has to
        see to it that `outcome` is called on the engine's thread.
    """

    def __init__(self, workers: int | None, on_end: Callable[[str], None]) -> None:
        self._on_end = on_end
        self._work: dict[str, _Work] = {}
        self._parcels = Parcels()
        self._shares = workers is None
        self._workers = pool.borrow() if workers is None else Workers(workers, pool.get_ready)
        self._workers.start()

    def pack(
        self, program: Program, pubs: Sequence[Any], backend: BackendV2, options: SimulationOptions
    ) -> Task:
        """Return a job as it crosses to a worker; any thread."""
        return pack(program, pubs, backend, options, self._parcels)

    def estimate(self, task: Task) -> Future[JobTiming]:
        """Let a worker find out how long a job would take, without simulating it; any thread."""
        return self._workers.submit(account, task)

    def begin(self, job: str, task: Task) -> None:
        """Start to simulate a job."""
        parts = task.split(max(1, self._workers.idle))
        work = self._work[job] = _Work([self._workers.submit(simulate, part) for part in parts])
        for future in work.futures:
            future.add_done_callback(lambda _: self._on_end(job))

    def outcome(self, job: str) -> Outcome | Fault | None:
        """Return what became of a job, once: None while parts are missing or nobody wants it."""
        work = self._work.get(job)
        if work is None or not work.futures or not all(f.done() for f in work.futures):
            return None
        futures, work.futures = work.futures, ()
        try:
            work.outcome = join([f.result() for f in futures])
        except CancelledError:
            return None
        except Exception as error:  # noqa: BLE001 - whatever a simulation ends with fails its job
            work.error = error
            return _fault(error)
        return work.outcome

    def stop(self, job: str) -> None:
        """Give a job up: what runs for it is stopped, what came of it is dropped."""
        work = self._work.get(job)
        if work is not None:
            futures, work.futures, work.outcome = work.futures, (), None
            for future in futures:
                future.cancel()

    def forget(self, job: str) -> None:
        """Drop all that is kept of a job."""
        self._work.pop(job, None)

    def result(self, job: str, pubs: Sequence[Any]) -> PrimitiveResult[Any] | None:
        """Return the result of a job, or None if there is none; any thread."""
        work = self._work.get(job)
        return None if work is None or work.outcome is None else unpack(pubs, work.outcome)

    def notes(self, job: str) -> tuple[str, ...]:
        """Return what the person should know of how a job was simulated; any thread."""
        work = self._work.get(job)
        return () if work is None or work.outcome is None else tuple(work.outcome.notes)

    def error(self, job: str) -> BaseException | None:
        """Return what the simulation of a job ended with, if it was an error; any thread."""
        work = self._work.get(job)
        return None if work is None else work.error

    def close(self) -> None:
        """Stop everything; no process is left that is not shared."""
        for job, work in list(self._work.items()):
            if work.futures:
                self.stop(job)
        if self._shares:
            pool.give_back()
        else:
            self._workers.close()
        self._parcels.close()


def _fault(error: BaseException) -> Fault:
    code = getattr(error, "code", None)
    text = str(error) or type(error).__name__
    yours = isinstance(error, IBMInputValueError)
    return Fault(text, code if isinstance(code, int) else None, system_fault=not yours)
