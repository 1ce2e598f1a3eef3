"""The simulations under way: each job's parts in the workers, and what came out of them.

A job is simulated as soon as it is submitted, whatever its place in the emulated queue; its result
is shown when its emulated time has come.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qmode_jupyter.errors import IBMInputValueError, RuntimeClosedError
from qmode_jupyter.scheduler.event_queue import Fault
from qmode_jupyter.simulation import pool
from qmode_jupyter.simulation.object_store import ParcelGoneError, Parcels
from qmode_jupyter.simulation.tasks import Program
from qmode_jupyter.simulation.timing import JobTiming
from qmode_jupyter.simulation.worker import (
    Outcome,
    SimulationOptions,
    Task,
    account,
    join,
    pack,
    simulate,
    unpack,
)
from qmode_jupyter.simulation.workers import Workers

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

    Raises
    ------
    IBMRuntimeError, OSError
        There is no folder for what goes to the processes, or they can't be started. Nothing is left then.
    """

    def __init__(self, workers: int | None, on_end: Callable[[str], None]) -> None:
        self._on_end = on_end
        self._work: dict[str, _Work] = {}
        self._parcels = Parcels()
        self._shares = workers is None
        try:
            self._workers = pool.borrow() if workers is None else Workers(workers, pool.get_ready)
        except BaseException:
            self._parcels.close()
            raise
        try:
            self._workers.start()
        except BaseException:
            self.close()
            raise

    def pack(
        self, program: Program, pubs: Sequence[Any], backend: BackendV2, options: SimulationOptions
    ) -> Task:
        """Return a job as it crosses to a worker; any thread."""
        self._workers.require_owner()
        try:
            return pack(program, pubs, backend, options, self._parcels)
        except ParcelGoneError:  # somebody has cleared the folder
            self._parcels.pack_anew()
            return pack(program, pubs, backend, options, self._parcels)

    def estimate(self, task: Task) -> Future[JobTiming]:
        """Let a worker find out how long a job would take, without simulating it; any thread."""
        future = self._workers.submit(account, task)
        future.add_done_callback(self._look_for_parcels)
        return future

    def begin(self, job: str, task: Task) -> None:
        """Start to simulate a job."""
        parts = task.split(max(1, self._workers.idle))
        work = self._work[job] = _Work([self._workers.submit(simulate, part) for part in parts])
        for future in work.futures:
            future.add_done_callback(self._look_for_parcels)
            future.add_done_callback(lambda _: self._on_end(job))

    def outcome(self, job: str) -> Outcome | Fault | None:
        """Return what became of a job, once: None while parts are missing or nobody wants it."""
        work = self._work.get(job)
        if work is None or not work.futures or not all(f.done() for f in work.futures):
            return None
        futures, work.futures = work.futures, ()
        try:
            work.outcome = join([f.result() for f in futures])
        except CancelledError:  # not by `stop`
            work.error = RuntimeClosedError("The processes that simulate were ended before the job was done.")
            return _fault(work.error)
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

    def result(
        self, job: str, pubs: Sequence[Any], on_qpu: tuple[float, float] | None
    ) -> PrimitiveResult[Any] | None:
        """Return the result of a job, or None if there is none; any thread."""
        work = self._work.get(job)
        return None if work is None or work.outcome is None else unpack(pubs, work.outcome, on_qpu)

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
            pool.give_back(self._workers)
        else:
            self._workers.close()
        self._parcels.close()

    def _look_for_parcels(self, future: Future[Any]) -> None:
        """Have everything packed again when something has gone: the jobs that come must not fail too."""
        if not future.cancelled() and isinstance(future.exception(), ParcelGoneError):
            self._parcels.pack_anew()


def _fault(error: BaseException) -> Fault:
    code = getattr(error, "code", None)
    text = str(error) or type(error).__name__
    yours = isinstance(error, IBMInputValueError)
    return Fault(text, code if isinstance(code, int) else None, system_fault=not yours)
