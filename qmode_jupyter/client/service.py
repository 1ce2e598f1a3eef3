"""The emulated service as IBM's client shows it: `RuntimeService`, and the default one of the process.

A backend that a service hands out belongs to that service. A `BackendV2` from elsewhere (Aer's, a
fake one, your own) runs on `default_service()`, which the magics use too.
"""

from __future__ import annotations

import atexit
import inspect
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from qmode_jupyter.client.account import OneInstance, Settings, take_account
from qmode_jupyter.client.arguments import CALLABLE_OR_NONE, MOMENT_OR_NONE, checked
from qmode_jupyter.client.backend_filter import Wanted
from qmode_jupyter.client.options.kinds import NOTHING, TEXT, YES_NO, Kind, many, whole
from qmode_jupyter.errors import (
    BackendNotFoundError,
    IBMInputValueError,
    IBMRuntimeError,
    QmodeWarning,
    RuntimeClosedError,
    RuntimeInvalidStateError,
    UnsupportedOptionWarning,
)
from qmode_jupyter.runtime.backend_answers import own
from qmode_jupyter.runtime.backends import DEFAULT_BACKEND
from qmode_jupyter.runtime.runtime import Runtime
from qmode_jupyter.scheduler.records import SETTLED, Mode
from qmode_jupyter.style.warn import warn
from qmode_jupyter.style.words import count

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

    from qmode_jupyter.client.job import RuntimeJob
    from qmode_jupyter.runtime.clock import Clock
    from qmode_jupyter.runtime.engine import Speed
    from qmode_jupyter.runtime.runtime import Timing
    from qmode_jupyter.runtime.tenants import Tenants
    from qmode_jupyter.scheduler.plans import Plan

# Which service handed a backend out; None stands for one that was closed. The values are strong:
# an open service lives until it is closed, as its processes do.
_owners: WeakKeyDictionary[BackendV2, RuntimeService | None] = WeakKeyDictionary()

_COUNT: Final = whole()
_BACKEND: Final = Kind("the name of a backend, a text like 'generic_19q'", TEXT.keep)

# The open service of each account.
_accounts: dict[Settings, RuntimeService] = {}
_accounts_lock = threading.RLock()

_default: RuntimeService | None = None
_default_lock = threading.Lock()


class _Account(type):
    """Makes a service once for equal settings, as long as it is open (SEMANTICS A29)."""

    @property
    def __signature__(cls) -> inspect.Signature:
        made = inspect.signature(cls.__init__)  # type: ignore[misc]
        return made.replace(parameters=list(made.parameters.values())[1:])

    def __call__(cls, *arguments: Any, **words: Any) -> Any:
        if cls is not RuntimeService:
            return super().__call__(*arguments, **words)
        try:
            bound = cls.__signature__.bind(*arguments, **words)
        except TypeError as error:
            raise TypeError(
                f"RuntimeService: {error}; plan, timing and speed come first, all else by its name."
            ) from None
        bound.apply_defaults()
        account = bound.arguments.pop("account")
        settings = Settings.checked(**bound.arguments)
        with _accounts_lock:
            service = _accounts.get(settings)
            if service is None or service.closed:
                service = _accounts[settings] = super().__call__(*arguments, **words)
            else:
                take_account(account)
                service._makers += 1
            return service


class RuntimeService(OneInstance, Runtime, metaclass=_Account):
    """An emulated IBM Quantum service in this process.

    Made again with the same settings it is the same service, as an account is: the same jobs,
    sessions and usage. `close` ends it for everybody; a ``with`` that ends closes it only if nobody
    else has made it, too.

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
        settings = Settings.checked(
            plan=plan,
            timing=timing,
            speed=speed,
            seed=seed,
            workers=workers,
            clock=clock,
            load=load,
            tenants=tenants,
            legacy_metrics=legacy_metrics,
            instance=instance,
        )
        take_account(account)
        self.settings = settings
        self.legacy_metrics = settings.legacy_metrics
        #: How often it was made: each `with` that ends takes one back, and the last one closes it.
        self._makers = 1
        Runtime.__init__(
            self,
            settings.plan,
            timing,
            speed,
            seed=settings.seed,
            workers=settings.workers,
            clock=clock,
            load=settings.load,
            tenants=tenants,
        )
        try:
            OneInstance.__init__(self, instance, self.plan.name)
        except BaseException:
            Runtime.close(self)
            raise
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
        self._warn_of(
            instance=instance, use_fractional_gates=use_fractional_gates, calibration_id=calibration_id
        )
        backend = super().backend(checked("name", _BACKEND, name))
        _owners[backend] = self
        own(backend, self)
        return backend

    def _warn_of(self, instance: str | None = None, **asked: object) -> None:
        """Warn of what makes no difference; nothing is said of the instance that there is."""
        if instance is not None and instance != self.instance:
            asked = {"instance": instance} | asked
        if ignored := [word for word, value in asked.items() if value]:
            warn(
                f"{', '.join(ignored)} makes no difference here: a backend is one fixed snapshot.",
                UnsupportedOptionWarning,
            )

    def pending_jobs(self, qpu: str) -> int:
        """Return how many jobs of everybody's have not ended on a QPU."""
        return self._pending()[qpu]

    def _unended(self) -> int:
        # Without the engine, which may be what ends the service.
        jobs = [self._scheduler.jobs.get(job) for job in self.job_ids()]
        return sum(job is not None and job.state not in SETTLED for job in jobs)

    def _pending(self) -> Counter[str]:
        return self.look(
            lambda scheduler: Counter(job.qpu for job in scheduler.jobs.values() if job.state not in SETTLED)
        )

    def backends(
        self,
        name: str | None = None,
        min_num_qubits: int | None = None,
        instance: str | None = None,
        dynamic_circuits: bool | None = None,
        filters: Callable[[BackendV2], bool] | None = None,
        *,
        use_fractional_gates: bool | None = False,
        calibration_id: str | None = None,
        include_mocks: bool = False,
        **kwargs: Any,
    ) -> list[BackendV2]:
        """Return the backends that fit, the default first.

        Parameters
        ----------
        name, min_num_qubits, dynamic_circuits
            Only the one of this name; of at least this many qubits; with control flow, or without.
        filters
            Called with a backend; whether it fits.
        instance, use_fractional_gates, calibration_id, include_mocks
            Warned about: there is one instance, and a backend is one fixed snapshot.
        kwargs
            What attributes must be: ``simulator=False``, ``operational=True``, ``num_qubits=5``.

        Raises
        ------
        IBMInputValueError
            For an attribute that no backend has.
        """
        self._warn_of(
            instance=instance,
            use_fractional_gates=use_fractional_gates,
            calibration_id=calibration_id,
            include_mocks=include_mocks,
        )
        wanted = Wanted(*_checked_wishes(min_num_qubits, dynamic_circuits, filters), kwargs)
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
        self._warn_of(instance=instance, use_fractional_gates=use_fractional_gates)
        names = sorted(self.backend_names(), key=self._pending().__getitem__)
        wanted = Wanted(*_checked_wishes(min_num_qubits, None, filters), kwargs)
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
        from qmode_jupyter.client.job import RuntimeJob

        self.job_facts(checked("job_id", TEXT, job_id))
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
        """Return jobs, the newest first (SEMANTICS J19); IBMInputValueError for an argument that can't be.

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
        from qmode_jupyter.client.job import RuntimeJob

        self._warn_of(instance=instance)
        limit = checked("limit", _COUNT | NOTHING, limit)
        skip = checked("skip", _COUNT, skip)
        pending = checked("pending", YES_NO | NOTHING, pending)
        wanted = {
            "qpu": checked("backend_name", TEXT | NOTHING, backend_name),
            "program": checked("program_id", TEXT | NOTHING, program_id),
            "workload": checked("session_id", TEXT | NOTHING, session_id),
            "settled": None if pending is None else not pending,
        }
        job_tags = checked("job_tags", many(TEXT) | NOTHING, job_tags)
        after = _unix(checked("created_after", MOMENT_OR_NONE, created_after))
        before = _unix(checked("created_before", MOMENT_OR_NONE, created_before))
        descending = checked("descending", YES_NO, descending)
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
            self.forget(checked("job_id", TEXT, job_id))
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
        """End the service for all who have made it, its jobs that have not ended, and its processes."""
        lost = self._unended() if self._makers > 1 and not self.closed else 0
        with _accounts_lock:
            if _accounts.get(self.settings) is self:
                del _accounts[self.settings]
        try:
            super().close()
        finally:
            for backend in [backend for backend, owner in _owners.items() if owner is self]:
                _owners[backend] = None
        if lost:
            warn(
                f"{count(lost, 'job')} that had not ended went with the service: it was made {self._makers} "
                "times with the same settings, and is closed for all of them.",
                QmodeWarning,
            )

    def __enter__(self) -> RuntimeService:
        return self

    def __exit__(self, *_: object) -> None:
        with _accounts_lock:
            self._makers -= 1
            last = self._makers <= 0
        if last:
            self.close()


#: IBM's names, so that existing code needs only its import changed.
QiskitRuntimeService = IBMQuantumComputeService = RuntimeService


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


def _checked_wishes(
    min_num_qubits: object, dynamic_circuits: object, filters: object
) -> tuple[int | None, bool | None, Callable[[BackendV2], bool] | None]:
    return (
        checked("min_num_qubits", _COUNT | NOTHING, min_num_qubits),
        checked("dynamic_circuits", YES_NO | NOTHING, dynamic_circuits),
        checked("filters", CALLABLE_OR_NONE, filters),
    )


def _unix(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
