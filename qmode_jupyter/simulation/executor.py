"""The simulations under way: each job's parts in the workers, and what came out of them.

A job is simulated as soon as it is submitted, whatever its place in the emulated queue; its result
is shown when its emulated time has come.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qmode_jupyter.cost.work import Work
from qmode_jupyter.errors import RuntimeClosedError
from qmode_jupyter.simulation.execution_spans import Executing
from qmode_jupyter.simulation.object_store import ObjectGoneError, ObjectStore
from qmode_jupyter.simulation.pack import pack
from qmode_jupyter.simulation.pool import get_ready, shared
from qmode_jupyter.simulation.results import unpack
from qmode_jupyter.simulation.tasks import Program, SimulationOptions, Task, TaskResult, join
from qmode_jupyter.simulation.worker import simulate, work_of
from qmode_jupyter.simulation.workers import Workers

if TYPE_CHECKING:
    from qiskit.primitives import PrimitiveResult
    from qiskit.providers import BackendV2


@dataclass(slots=True)
class _Simulation:
    """What is under way for a job, and what came of it."""

    futures: Sequence[Future[TaskResult]] = ()
    result: TaskResult | None = None


class Executor:
    """Simulates jobs, each as soon as it comes.

    Its methods, but for `pack`, `work_of` and `result`, are called on the engine's thread.

    Parameters
    ----------
    workers
        How many processes of its own; None to share those of this process, one per core.
    within_s
        Seconds of wall time that each part of a job may take; None for as long as it takes.
    on_end
        Called on a thread of the pool when a part of a job has ended, with the job's id; it has to
        see to it that `collect` is called on the engine's thread.

    Raises
    ------
    IBMRuntimeError, OSError
        There is no folder for what goes to the processes, or they can't be started. Nothing is left then.
    """

    def __init__(
        self, workers: int | None, on_end: Callable[[str], None], within_s: float | None = None
    ) -> None:
        self._on_end = on_end
        self._within_s = within_s
        self._simulations: dict[str, _Simulation] = {}
        self._store = ObjectStore()
        self._shares = workers is None
        try:
            self._workers = shared.borrow() if workers is None else Workers(workers, get_ready)
        except BaseException:
            self._store.close()
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
            return pack(program, pubs, backend, options, self._store)
        except ObjectGoneError:  # somebody has cleared the folder
            self._store.forget()
            return pack(program, pubs, backend, options, self._store)

    def work_of(self, task: Task) -> Future[Work]:
        """Let a worker find out what a job asks of a QPU, without simulating it; any thread."""
        future = self._workers.submit(work_of, task, within_s=self._within_s)
        future.add_done_callback(self._look_for_what_has_gone)
        return future

    def begin(self, job: str, task: Task) -> None:
        """Start to simulate a job."""
        parts = task.split(max(1, self._workers.idle))
        futures = [self._workers.submit(simulate, part, within_s=self._within_s) for part in parts]
        self._simulations[job] = _Simulation(futures)
        for future in futures:
            future.add_done_callback(self._look_for_what_has_gone)
            future.add_done_callback(lambda _: self._on_end(job))

    def collect(self, job: str) -> TaskResult | Exception | None:
        """Return what came of a job or what it failed with, once: None while nobody wants it or parts run."""
        simulation = self._simulations.get(job)
        if simulation is None or not simulation.futures or not all(f.done() for f in simulation.futures):
            return None
        futures, simulation.futures = simulation.futures, ()
        try:
            simulation.result = join([f.result() for f in futures])
        except CancelledError:  # not by `stop`
            return RuntimeClosedError("The processes that simulate were ended before the job was done.")
        except Exception as error:  # noqa: BLE001 - whatever a simulation ends with fails its job
            return error
        return simulation.result

    def stop(self, job: str) -> None:
        """Give a job up: what runs for it is stopped, what came of it is dropped."""
        simulation = self._simulations.get(job)
        if simulation is not None:
            futures, simulation.futures, simulation.result = simulation.futures, (), None
            for future in futures:
                future.cancel()

    def forget(self, job: str) -> None:
        """Drop all that is kept of a job."""
        self._simulations.pop(job, None)

    def result(
        self, job: str, pubs: Sequence[Any], executing: Executing | None
    ) -> PrimitiveResult[Any] | None:
        """Return the result of a job, or None if there is none; any thread."""
        simulation = self._simulations.get(job)
        if simulation is None or simulation.result is None:
            return None
        return unpack(pubs, simulation.result, executing)

    def outcome(self, job: str) -> TaskResult | None:
        """Return what came of a job, None if nothing has; any thread."""
        simulation = self._simulations.get(job)
        return None if simulation is None else simulation.result

    def notes(self, job: str) -> tuple[str, ...]:
        """Return what the person should know of how a job was simulated; any thread."""
        simulation = self._simulations.get(job)
        return () if simulation is None or simulation.result is None else simulation.result.notes

    def close(self) -> None:
        """Stop everything; no process is left that is not shared."""
        for job, simulation in list(self._simulations.items()):
            if simulation.futures:
                self.stop(job)
        if self._shares:
            shared.give_back(self._workers)
        else:
            self._workers.close()
        self._store.close()

    def _look_for_what_has_gone(self, future: Future[Any]) -> None:
        """Have everything stored again when something has gone: the jobs that come must not fail too."""
        if not future.cancelled() and isinstance(future.exception(), ObjectGoneError):
            self._store.forget()
