"""The emulated service as IBM's client shows it: `RuntimeService`, and the default one of the process.

A backend that a service hands out belongs to that service. A `BackendV2` from elsewhere (Aer's, a
fake one, your own) runs on `default_service()`, which the magics use too.
"""

from __future__ import annotations

import atexit
import inspect
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from qmode_jupyter.accounts import OneInstance, take_account
from qmode_jupyter.backendsearch import Wanted
from qmode_jupyter.errors import (
    BackendNotFoundError,
    IBMInputValueError,
    IBMRuntimeError,
    RuntimeClosedError,
    RuntimeInvalidStateError,
    UnsupportedOptionWarning,
)
from qmode_jupyter.runtime.backends import DEFAULT_BACKEND
from qmode_jupyter.runtime.runtime import Runtime
from qmode_jupyter.scheduler.states import SETTLED, Mode

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

    from qmode_jupyter.job import RuntimeJob
    from qmode_jupyter.runtime.clock import Clock
    from qmode_jupyter.runtime.engine import Speed
    from qmode_jupyter.runtime.runtime import Timing
    from qmode_jupyter.runtime.tenants import Tenants
    from qmode_jupyter.scheduler.plans import Plan

# Which service handed a backend out; None stands for one that was closed. The values are strong:
# an open service lives until it is closed, as its processes do.
_owners: WeakKeyDictionary[BackendV2, RuntimeService | None] = WeakKeyDictionary()

_default: RuntimeService | None = None
_default_lock = threading.Lock()


class RuntimeService(OneInstance, Runtime):
    """An emulated IBM Quantum service in this process.

    Parameters
    ----------
    plan
        "open", "payg", "flex", "premium", "legacy_2023", "legacy_2024": limits and prices.
    timing
        "modelled": a job holds the emulated QPU for as long as real hardware would take.
        "measured": for as long as Aer took.
    speed
        What the emulated clock does while you wait for a job: "max" jumps to its end, a number is
        emulated seconds per second.
    seed, workers, clock
        Repeatable ids; processes that simulate (None: one per core); another clock, for tests.
    load, tenants
        How busy other users keep each QPU, from 0 (nobody else) to 0.9, or those users themselves.
    legacy_metrics
        Whether `RuntimeJob.metrics` also has the keys that the service removed in 2026 and that
        older texts read (``usage.quantum_seconds``, …).
    instance
        What `RuntimeJob.instance` says.
    account
        IBM's ``channel``, ``token`` and the like are taken, not looked at, and warned about:
        nothing leaves this machine.

    Raises
    ------
    ValueError
        For a plan, timing or speed that does not exist.
    TypeError
        For an argument that neither this service nor IBM's has.
    """

    def __init__(
        self,
        plan: str | Plan = "premium",
        timing: Timing = "modelled",
        speed: Speed = "max",
        *,
        seed: int | None = None,
        workers: int | None = None,
        clock: Clock | None = None,
        load: float = 0.0,
        tenants: Tenants | None = None,
        legacy_metrics: bool = True,
        instance: str | None = None,
        **account: Any,
    ) -> None:
        take_account(account, inspect.signature(type(self)).parameters)
        Runtime.__init__(
            self, plan, timing, speed, seed=seed, workers=workers, clock=clock, load=load, tenants=tenants
        )
        try:
            OneInstance.__init__(self, instance, self.plan.name)
        except BaseException:
            Runtime.close(self)
            raise
        self.legacy_metrics = legacy_metrics
        self._session_backends: dict[str, BackendV2] = {}
        self._read_private: set[str] = set()

    # ---- backends

    def backend(
        self,
        name: str = DEFAULT_BACKEND,
        instance: str | None = None,
        use_fractional_gates: bool | None = False,
        calibration_id: str | None = None,
    ) -> BackendV2:
        """Return the backend called `name`, always the same object; it belongs to this service.

        Raises
        ------
        BackendNotFoundError
            With the nearest name, if there is none.
        """
        asked = {
            "instance": instance,
            "use_fractional_gates": use_fractional_gates,
            "calibration_id": calibration_id,
        }
        if ignored := [word for word, value in asked.items() if value]:
            warnings.warn(
                f"{', '.join(ignored)} makes no difference here: a backend is one fixed snapshot.",
                UnsupportedOptionWarning,
                stacklevel=2,
            )
        backend = super().backend(name)
        _owners[backend] = self
        return backend

    def backends(
        self,
        name: str | None = None,
        min_num_qubits: int | None = None,
        instance: str | None = None,
        dynamic_circuits: bool | None = None,
        filters: Callable[[BackendV2], bool] | None = None,
        **kwargs: Any,
    ) -> list[BackendV2]:
        """Return the backends that fit, the default first.

        Parameters
        ----------
        name, min_num_qubits, dynamic_circuits
            Only the one of this name; of at least this many qubits; with control flow, or without.
        filters
            Called with a backend; whether it fits.
        kwargs
            What attributes must be: ``simulator=False``, ``operational=True``, ``num_qubits=5``.

        Raises
        ------
        IBMInputValueError
            For an attribute that no backend has.
        """
        del instance  # there is one
        wanted = Wanted(min_num_qubits, dynamic_circuits, filters, kwargs)
        names = self.backend_names() if name is None else (name,)
        found = [backend for backend in self._made(names) if wanted.fits(backend)]
        if not found:
            wanted.check_attributes(self.backend())
        return found

    def least_busy(
        self,
        min_num_qubits: int | None = None,
        instance: str | None = None,
        filters: Callable[[BackendV2], bool] | None = None,
        use_fractional_gates: bool | None = False,
        **kwargs: Any,
    ) -> BackendV2:
        """Return the backend with the fewest pending jobs; of several, the first by `backends`.

        Raises
        ------
        BackendNotFoundError
            If none fits.
        """
        del instance, use_fractional_gates
        pending = self.look(
            lambda scheduler: [job.qpu for job in scheduler.jobs.values() if job.state not in SETTLED]
        )
        names = sorted(self.backend_names(), key=pending.count)
        wanted = Wanted(min_num_qubits, None, filters, kwargs)
        for backend in self._made(names):
            if wanted.fits(backend):
                return backend
        wanted.check_attributes(self.backend())
        raise BackendNotFoundError("No backend matches the criteria.")

    def _made(self, names: Sequence[str]) -> Iterator[BackendV2]:
        for name in names:
            # Some of IBM's snapshots warn that they are no snapshots: of use to who takes one, not in a list.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                backend = self.backend(name)
            yield backend

    # ---- jobs

    def job(self, job_id: str) -> RuntimeJob:
        """Return a job; `RuntimeJobNotFound` if there is none."""
        from qmode_jupyter.job import RuntimeJob

        self.job_facts(job_id)
        return RuntimeJob(self, job_id)

    def jobs(
        self,
        limit: int | None = 10,
        skip: int = 0,
        backend_name: str | None = None,
        pending: bool | None = None,
        program_id: str | None = None,
        instance: str | None = None,
        job_tags: list[str] | None = None,
        session_id: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        descending: bool = True,
    ) -> list[RuntimeJob]:
        """Return jobs, the newest first (SEMANTICS J19).

        Parameters
        ----------
        limit, skip
            How many at most (None: all), after leaving out this many.
        pending
            True: those that have not ended; False: those that have.
        job_tags
            Only jobs that have all these tags.
        session_id
            Of a session or batch; an unknown one gives an empty list, as the service does.
        created_after, created_before
            Naive times are taken for local ones.
        descending
            False: the oldest first.
        """
        from qmode_jupyter.job import RuntimeJob

        del instance
        wanted = {
            "qpu": backend_name,
            "program": program_id,
            "workload": session_id,
            "settled": None if pending is None else not pending,
        }
        after, before = _unix(created_after), _unix(created_before)
        # Both in one look: a job that is refused or deleted meanwhile is in both or in neither.
        known = self.look(
            lambda scheduler: [(scheduler.job(job_id), self.job_facts(job_id)) for job_id in self.job_ids()]
        )
        found = []
        for record, facts in known:
            created = self.origin_s + record.submitted_at
            if (
                all(value is None or getattr(record, word) == value for word, value in wanted.items())
                and set(job_tags or ()) <= set(facts.tags)
                and (after is None or created > after)
                and (before is None or created < before)
            ):
                found.append(RuntimeJob(self, record.id))
        if descending:
            found.reverse()
        return found[skip : None if limit is None else skip + limit]

    def delete_job(self, job_id: str) -> None:
        """Delete a job that has ended, with its result.

        Raises
        ------
        RuntimeJobNotFound
            If there is no such job.
        IBMRuntimeError
            If it has not ended.
        """
        try:
            self.forget(job_id)
        except RuntimeInvalidStateError as error:
            raise IBMRuntimeError(f"Failed to delete job: {error}") from None

    def read_once(self, job_id: str) -> bool:
        """Whether a private job's result is there to be read; it is for the first caller (SEMANTICS J18)."""
        if job_id in self._read_private:
            return False
        self._read_private.add(job_id)
        return True

    # ---- sessions and batches

    def open_workload(
        self, mode: Mode, backend: BackendV2, max_time_s: float | None = None, name: str = ""
    ) -> str:
        """Open a session or batch and return its id; see `Runtime.open_workload`."""
        workload = super().open_workload(mode, backend, max_time_s, name)
        self._session_backends[workload] = backend
        return workload

    def workload_backend(self, workload: str) -> BackendV2:
        """Return the backend of a session or batch."""
        if workload in self._session_backends:
            return self._session_backends[workload]
        return self.backend(self.workload(workload).qpu)

    def close(self) -> None:
        """End the service, its jobs that have not ended, and its processes."""
        try:
            super().close()
        finally:
            for backend in [backend for backend, owner in _owners.items() if owner is self]:
                _owners[backend] = None

    def __enter__(self) -> RuntimeService:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


#: IBM's name, so that existing code needs only its import changed.
QiskitRuntimeService = RuntimeService


def default_service() -> RuntimeService:
    """Return this process's own service; made when first asked for, and again once it was closed."""
    global _default  # one per process is what it is
    with _default_lock:
        if _default is None or _default.closed:
            _default = RuntimeService()
        return _default


@atexit.register
def _close_default() -> None:
    if _default is not None:
        _default.close()


def service_of(backend: BackendV2) -> RuntimeService:
    """Return the service that `backend` belongs to.

    Raises
    ------
    RuntimeClosedError
        If that service was closed.
    IBMInputValueError
        For a backend of IBM's own client, which is real hardware.
    """
    if any(cls.__name__ == "IBMBackend" for cls in type(backend).__mro__):
        raise IBMInputValueError(
            f"{backend.name} is real hardware, and nothing is sent there from here: to rehearse with its "
            "noise use AerSimulator.from_backend(backend), to run on it qiskit_ibm_runtime's primitives."
        )
    try:
        owner = _owners[backend]
    except KeyError:
        return default_service()
    if owner is None or owner.closed:
        raise RuntimeClosedError(
            f"The service that handed out {backend.name} was closed: take one from a new one."
        )
    return owner


def belongs(backend: BackendV2) -> bool:
    """Whether a service handed out `backend`."""
    return backend in _owners


def _unix(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
