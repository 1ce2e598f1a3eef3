"""The emulated service as IBM's client shows it: `RuntimeService`, and the default one of the process.

A backend that a service hands out belongs to that service. A `BackendV2` from elsewhere (Aer's, a
fake one, your own) runs on `default_service()`, which the magics use too.
"""

from __future__ import annotations

import inspect
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final

from qiskit.providers.exceptions import QiskitBackendNotFoundError

from qmode_jupyter.client.account import Account, take_account
from qmode_jupyter.client.arguments import CALLABLE_OR_NONE, MOMENT_OR_NONE, checked
from qmode_jupyter.client.backend_filter import Wanted
from qmode_jupyter.client.calibration import Calibration, calibrate
from qmode_jupyter.client.estimate import Estimable, Estimate
from qmode_jupyter.client.job import RuntimeJob
from qmode_jupyter.client.options.kinds import NOTHING, TEXT, YES_NO, Kind, many, whole_number
from qmode_jupyter.client.process import open_services
from qmode_jupyter.client.receipts import ReceiptCheck, check, read
from qmode_jupyter.cost.constants import PUBLIC
from qmode_jupyter.cost.model import cost, on_processor
from qmode_jupyter.cost.processors import processor as find_processor
from qmode_jupyter.errors import (
    BackendNotFoundError,
    IBMInputValueError,
    IBMRuntimeError,
    QmodeWarning,
    RuntimeClosedError,
    RuntimeInvalidStateError,
    UnsupportedOptionWarning,
)
from qmode_jupyter.runtime import user_settings
from qmode_jupyter.runtime.backend_answers import IBMAnswers, hand_out, was_handed_out
from qmode_jupyter.runtime.backends import DEFAULT_BACKEND, backend_names, offered_names, snapshot_of
from qmode_jupyter.runtime.runtime import Runtime
from qmode_jupyter.runtime.store.archive import KeptJob, Wish
from qmode_jupyter.runtime.store.codec import workload_of
from qmode_jupyter.runtime.store.past import Past
from qmode_jupyter.runtime.store_place import USER
from qmode_jupyter.scheduler.plans import plan as find_plan
from qmode_jupyter.scheduler.records import SETTLED, moved
from qmode_jupyter.style.characters import printable_lines, shown
from qmode_jupyter.style.warn import warn
from qmode_jupyter.style.words import count

if TYPE_CHECKING:
    from pathlib import Path

    from qiskit.providers import BackendV2

    from qmode_jupyter.cost.processors import Processor
    from qmode_jupyter.runtime.clock import Clock
    from qmode_jupyter.runtime.drill_run import DrillReport
    from qmode_jupyter.runtime.engine import Speed
    from qmode_jupyter.runtime.settings import Settings, Timing
    from qmode_jupyter.runtime.store_place import Store
    from qmode_jupyter.runtime.tenants import Tenants
    from qmode_jupyter.scheduler.plans import Plan
    from qmode_jupyter.scheduler.records import WorkloadRecord
    from qmode_jupyter.scheduler.trace import Trace

_COUNT: Final = whole_number()
_BACKEND: Final = Kind("the name of a backend, a text like 'generic_19q'", TEXT.keep)


class NoBackendError(BackendNotFoundError, QiskitBackendNotFoundError):
    """No backend of that name: IBM's client raises Qiskit's error, which code imports from Qiskit."""

    def __init__(self, text: str) -> None:
        Exception.__init__(self, text)

    def __str__(self) -> str:
        return printable_lines(Exception.__str__(self))


class _OnePerAccount(type):
    """Makes a service once for an account, as long as it is open (SEMANTICS A29)."""

    @property
    def __signature__(cls) -> inspect.Signature:
        made = inspect.signature(cls.__init__)  # type: ignore[misc]
        return made.replace(parameters=list(made.parameters.values())[1:])

    def __call__(cls, *arguments: Any, **words: Any) -> Any:
        make = super().__call__
        if cls is not RuntimeService:  # a class of somebody's own: each is another account
            return open_services.add(object(), make(*arguments, **words))
        try:
            bound = cls.__signature__.bind(*arguments, **words)
        except TypeError as error:
            raise TypeError(
                f"RuntimeService: {error}; plan, timing and speed come first, all else by its name."
            ) from None
        bound.apply_defaults()
        unused = bound.arguments.pop("account")
        account = Account.checked(**bound.arguments)
        with open_services.making:
            service = open_services.get(account)
            if service is None:
                service = make(*arguments, **words)
            else:
                take_account(unused)
                service.runtime.log_in()
            return open_services.add(account, service)


class RuntimeService(metaclass=_OnePerAccount):
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
    processor
        What its QPUs are, whatever their backends say: "heron_r2", "phoenix", a machine such as
        "ibm_fez", or a `Processor`. Times, lanes and charges are that processor's.
    store
        Where its jobs, sessions and batches are kept for later: "user" for your own data folder
        (``QMODE_HOME`` names another), a folder, a `Store` with limits, or None for nowhere.
    prepare_timeout
        Seconds of wall time after which a job that is prepared or simulated is given up, with that
        reason; None for never.
    drill
        The name of a fault drill, such as "max-time": one thing goes wrong, once, for practice.
        `drill_report` says what it did; ``%qmode drill`` lists them.
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
        processor: str | Processor | None = None,
        store: str | Path | Store | None = USER,
        prepare_timeout: float | None = 600.0,
        drill: str | None = None,
        **account: Any,
    ) -> None:
        self._account = Account.checked(
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
            processor=processor,
            store=store,
            prepare_timeout=prepare_timeout,
            drill=drill,
        )
        take_account(account)
        self._runtime = Runtime(replace(self._account.settings, spread=user_settings.saved_spread()))
        self._said_what_devices_are = False

    def __repr__(self) -> str:
        speed = "'max'" if self.speed == "max" else f"{self.speed:g}"
        return f"<{type(self).__name__} plan={self.plan.name!r} timing={self.timing!r} speed={speed}>"

    # ---- what it is

    #: IBM's word for its local testing mode, which has no queue and no limits: this service has them.
    is_local: ClassVar[bool] = False

    @property
    def runtime(self) -> Runtime:
        """What it shows: the engine, jobs, sessions, batches and QPUs behind IBM's names."""
        return self._runtime

    @property
    def settings(self) -> Settings:
        """What it was made with."""
        return self._runtime.settings

    @property
    def plan(self) -> Plan:
        """Limits and prices."""
        return self.settings.plan

    @property
    def timing(self) -> Timing:
        """Whether a job's time on the QPU is "modelled" or "measured"."""
        return self.settings.timing

    @property
    def speed(self) -> Speed:
        """What the clock does while you wait: "max", or emulated seconds per second."""
        return self.settings.speed

    @property
    def clock(self) -> Clock:
        """The emulated clock."""
        return self._runtime.clock

    def now(self) -> float:
        """Return the emulated time in seconds since the service began."""
        return self._runtime.now()

    @property
    def legacy_metrics(self) -> bool:
        """Whether metrics also have the keys that the service removed in 2026 (SEMANTICS A10)."""
        return self._account.legacy_metrics

    # ---- the instance, and no account

    @property
    def instance(self) -> str:
        """The instance that jobs are charged to."""
        return self._account.instance

    def active_instance(self) -> str:
        """Return the one instance that there is."""
        return self.instance

    def instances(self) -> list[dict[str, Any]]:
        """Return the one instance that there is, with its plan."""
        return [{"crn": self.instance, "name": self.instance, "plan": self.plan.name}]

    @property
    def channel(self) -> str:
        """Where an IBM account would lead; this service is in this process."""
        return "emulated"

    def active_account(self) -> dict[str, Any]:
        """Return what there is of an account: the channel, the instance and its plan; no token."""
        return {"channel": self.channel, "instance": self.instance, "plans_preference": [self.plan.name]}

    @staticmethod
    def saved_accounts(
        default: bool | None = None,
        channel: str | None = None,
        filename: str | None = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        """Return the accounts that are saved: none."""
        del default, channel, filename, name
        return {}

    @staticmethod
    def save_account(*account: Any, **named: Any) -> None:
        """Save nothing, and say so (IBM's client keeps accounts in a file)."""
        what = ", ".join(named) or ("What was given" if account else "The account")
        warn(f"{what} was not saved: an emulated service needs no account.", QmodeWarning)

    @staticmethod
    def delete_account(
        filename: str | None = None, name: str | None = None, channel: str | None = None
    ) -> bool:
        """Delete nothing, say so, and return False: no account was deleted."""
        del filename, name, channel
        warn("Nothing was deleted: an emulated service has no account, IBM's are left alone.", QmodeWarning)
        return False

    def usage(self) -> dict[str, Any]:
        """Return the instance's usage in the accounting window, in seconds (SEMANTICS U12, A25).

        What runs counts as it goes. The figure falls only when a charge leaves the window.
        """
        return self._runtime.usage()

    def drill_report(self) -> DrillReport | None:
        """Return what the drill has done: what was lost, what it cost, what would have saved it."""
        return self._runtime.drill_report()

    # ---- backends

    def backend(
        self,
        name: str = DEFAULT_BACKEND,
        instance: str | None = None,
        use_fractional_gates: bool | None = False,
        calibration_id: str | None = None,
    ) -> BackendV2:
        """Return the backend called `name`, always the same object; it belongs to this service.

        ``ibm_fez`` and the like are IBM's snapshots of these devices, which is said once.

        Raises
        ------
        BackendNotFoundError
            With the nearest name, if there is none.
        """
        self._warn_of(
            instance=instance, use_fractional_gates=use_fractional_gates, calibration_id=calibration_id
        )
        backend = self._handed_out(checked("name", _BACKEND, name))
        self._say_what_devices_are([backend])
        return backend

    def _handed_out(self, name: str) -> BackendV2:
        try:
            backend = self._runtime.qpus.backend(name)
        except BackendNotFoundError as error:
            raise NoBackendError(str(error)) from None
        hand_out(backend, self)
        return backend

    def _say_what_devices_are(self, backends: Sequence[BackendV2]) -> None:
        """Say once, of the first backend with the name of a device of IBM's, what it is."""
        for backend in () if self._said_what_devices_are else backends:
            if (snapshot := snapshot_of(backend.name)) is not None:
                self._said_what_devices_are = True
                warn(
                    f"{backend.name} is {snapshot}, IBM's snapshot of that device, emulated here, as every "
                    "ibm_* of this service is: nothing is sent to a device.",
                    QmodeWarning,
                )
                return

    def _warn_of(self, instance: str | None = None, **asked: object) -> None:
        """Warn of what makes no difference; nothing is said of the instance that there is."""
        if instance is not None and instance != self.instance:
            asked = {"instance": instance} | asked
        if ignored := [word for word, value in asked.items() if value]:
            warn(
                f"{', '.join(ignored)} makes no difference here: a backend is one fixed snapshot.",
                UnsupportedOptionWarning,
            )

    def backend_names(self) -> tuple[str, ...]:
        """Return the names that `backend` takes."""
        return backend_names()

    def pending_jobs(self, qpu: str) -> int:
        """Return how many jobs of everybody's have not ended on a QPU."""
        return self._pending()[qpu]

    def _pending(self) -> Counter[str]:
        return self._runtime.look(
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
        """Return the backends that fit, IBM's devices first where their snapshots are installed.

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
        names = offered_names() if name is None else (checked("name", _BACKEND, name),)
        found = [backend for backend in self._made(names) if wanted.fits(backend)]
        if not found:
            wanted.check_attributes(self.backend())
        self._say_what_devices_are(found)
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

        Parameters
        ----------
        min_num_qubits, instance, filters, use_fractional_gates
            As `backends` takes them.
        kwargs
            What else `backends` takes: ``dynamic_circuits=True``, and what attributes must be.

        Raises
        ------
        BackendNotFoundError
            If none fits.
        """
        no_effect = {word: kwargs.pop(word, None) for word in ("calibration_id", "include_mocks")}
        self._warn_of(instance=instance, use_fractional_gates=use_fractional_gates, **no_effect)
        dynamic_circuits = kwargs.pop("dynamic_circuits", None)
        wanted = Wanted(*_checked_wishes(min_num_qubits, dynamic_circuits, filters), kwargs)
        for backend in self._made(sorted(offered_names(), key=self._pending().__getitem__)):
            if wanted.fits(backend):
                self._say_what_devices_are([backend])
                return backend
        wanted.check_attributes(self.backend())
        raise NoBackendError("No backend matches the criteria.")

    def _made(self, names: Sequence[str]) -> Iterator[BackendV2]:
        for name in names:
            # Some of IBM's snapshots warn that they are no snapshots: of use to who takes one, not in a list.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                backend = self._handed_out(name)
            yield backend

    # ---- jobs

    def job(self, job_id: str) -> RuntimeJob:
        """Return a job; `RuntimeJobNotFound` if there is none."""
        holder = self._runtime.holder(checked("job_id", TEXT, job_id))
        holder.jobs.request(job_id)
        elsewhere = holder.running_elsewhere() if isinstance(holder, Past) else ""
        if elsewhere and self._runtime.first(f"elsewhere {holder.id}"):
            warn(f"Job {job_id} is of {elsewhere}: it reads as it was last written.", QmodeWarning)
        return RuntimeJob(self, job_id, holder)

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
        jobs = self._runtime.jobs
        known = self._runtime.look(
            lambda scheduler: [(scheduler.job(job_id), jobs.request(job_id)) for job_id in jobs]
        )
        found = []
        for record, request in known:
            created = self._runtime.origin_s + record.submitted_at
            if (
                all(value is None or getattr(record, word) == value for word, value in wanted.items())
                and set(job_tags or ()) <= set(request.tags)
                and (after is None or created > after)
                and (before is None or created < before)
            ):
                found.append(RuntimeJob(self, record.id))
        wish = Wish(self.instance, **wanted, tags=job_tags or (), after_s=after, before_s=before)
        return self._page(found, wish, limit, skip, descending)

    def _page(
        self, own: list[RuntimeJob], wish: Wish, limit: int | None, skip: int, descending: bool
    ) -> list[RuntimeJob]:
        """Return a part of all jobs, those that were kept from before and `own` behind them."""
        archive = self._runtime.archive
        end = None if limit is None else skip + limit
        if descending:
            page = own[::-1][skip:end]
            left, passed = (None if limit is None else limit - len(page)), max(0, skip - len(own))
            kept = [] if archive is None or left == 0 else archive.jobs(wish, left, passed)
            return page + self._kept(kept)
        kept = [] if archive is None else archive.jobs(wish, end, newest_first=False)
        return (self._kept(kept) + own)[skip:end]

    def _kept(self, jobs: Iterable[KeptJob]) -> list[RuntimeJob]:
        pasts = ((job.id, self._runtime.past(job.runtime)) for job in jobs)
        return [RuntimeJob(self, job, past) for job, past in pasts if past is not None]

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
            self._runtime.holder(checked("job_id", TEXT, job_id)).delete_job(job_id)
        except RuntimeInvalidStateError as error:
            raise IBMRuntimeError(f"Failed to delete job: {error}") from None

    # ---- sessions and batches, and what they did

    def workloads(self) -> tuple[WorkloadRecord, ...]:
        """Return what is known of all sessions and batches, the oldest first; of earlier processes, too.

        Times are seconds on the clock of `now`: below 0 what was before this service.
        """
        archive = self._runtime.archive
        kept = [] if archive is None else archive.workloads(self.instance, newest_first=False)
        found = []
        for workload in kept:
            past = self._runtime.past(workload.runtime)
            if past is not None and workload.mode != "job":
                found.append(moved(workload_of(workload.record), past.origin_s - self._runtime.origin_s))
        return (*found, *self._runtime.workloads.records())

    def trace(self, of: str | None = None) -> Trace:
        """Return the record of a session, batch, group or job, or of everything on the last QPU used.

        Parameters
        ----------
        of
            An id; None for everything.
        """
        return (self._runtime if of is None else self._runtime.holder(of)).trace(of)

    # ---- what it costs

    def estimate(
        self,
        primitive: Estimable,
        pubs: Iterable[Any],
        *,
        processor: str | Processor | None = None,
        plan: str | Plan | None = None,
        **words: Any,
    ) -> Estimate:
        """Return what a job would be charged, as a range and part by part; nothing is submitted.

        Parameters
        ----------
        primitive
            A `SamplerV2` or `EstimatorV2`: its backend and its options count.
        pubs
            As its `run` takes them.
        processor
            Price it as on another processor or machine ("phoenix", "ibm_torino"): gates are scaled, the
            circuits are not transpiled anew.
        plan
            Another plan's prices.
        words
            ``shots`` for a Sampler, ``precision`` for an Estimator, as for `run`.

        Raises
        ------
        IBMInputValueError
            For what `run` would refuse, and for something that is no primitive of this service.
        ValueError
            For an unknown processor or plan, with the nearest.
        """
        request_of, owner = getattr(primitive, "request", None), getattr(primitive, "service", None)
        if not callable(request_of) or not isinstance(owner, RuntimeService):
            raise IBMInputValueError(
                "estimate takes a SamplerV2 or EstimatorV2 of qmode_jupyter and its PUBs, as in "
                f"service.estimate(sampler, [circuit]), not {shown(primitive)}."
            )
        if owner is not self:
            raise IBMInputValueError(
                f"This {type(primitive).__name__} belongs to another service, whose rules hold for its jobs: "
                "ask that one, as in sampler.service.estimate(sampler, [circuit])."
            )
        request, runtime = request_of(pubs, **words), self._runtime
        here = runtime.qpus.processor(request.backend)
        there = here if processor is None else find_processor(processor)
        work = on_processor(runtime.work_of(request), here, there)
        return Estimate(
            work=work,
            cost=cost(work, there, runtime.settings.spread),
            processor=there,
            plan=self.plan if plan is None else find_plan(plan),
        )

    # ---- what real jobs cost

    def receipt(self, source: Any, *, processor: str | Processor | None = None) -> ReceiptCheck:
        """Lay what a real job was charged beside what the cost model says, part by part (SEMANTICS A26).

        Parameters
        ----------
        source
            A receipt: the path of its JSON file, the dictionary that ``receipt_of(job)`` returns
            (docs/costs.md has it as a cell), or the job itself, of IBM's client or of this service.
        processor
            Model it as on another processor than that of the receipt's machine.

        Raises
        ------
        IBMInputValueError
            In one line, for what is no receipt of a job that is done and charged, for more than one,
            and for an unknown processor.
        """
        found = read(source)
        if len(found) != 1:
            raise IBMInputValueError(
                f"receipt takes one receipt, and these are {len(found)}: check each, or calibrate with all."
            )
        spread, fitted = self.settings.spread, user_settings.saved()
        mine = fitted is not None and fitted.origin == spread.origin
        return check(found[0], spread, processor, fitted.queue_s if fitted is not None and mine else None)

    def calibrate(self, receipts: Any, *older: Any, **words: Any) -> Calibration:
        """Fit the cost model to receipts of your own, and keep it in your settings.

        It holds for what this service prices from now on, and for every service that is made later,
        until `reset_calibration`. What these receipts can't tell stays as public receipts have it.

        Parameters
        ----------
        receipts
            Two or more of different jobs, each as `receipt` takes it, in a list; or a file of a list.

        Raises
        ------
        IBMInputValueError
            In one line, for what is no receipt, fewer than two, and receipts that contradict each
            other: nothing is changed then.
        IBMRuntimeError
            If the settings can't be written.
        """
        if older or words:
            raise IBMInputValueError(
                "calibrate takes receipts of real jobs, and fits the cost model to them; a QPU is "
                f"calibrated by service.calibrate_qpu({shown(receipts)}, seconds)."
            )
        found = calibrate(receipts)
        user_settings.save(user_settings.Fitted(found.figures, found.queue_s, found.origin))
        self._runtime.price_with(found.spread)
        return found

    def reset_calibration(self) -> bool:
        """Forget what `calibrate` has kept, and return whether there was anything.

        Raises
        ------
        IBMRuntimeError
            If the settings can't be changed.
        """
        forgotten = user_settings.reset()
        self._runtime.price_with(PUBLIC)
        return forgotten

    # ---- what happens to a QPU

    def calibrate_qpu(
        self, backend: BackendV2 | str, duration_s: float, *, at_s: float | None = None
    ) -> None:
        """Let a QPU be calibrated: between jobs, and never inside an active session (SEMANTICS Q4, A7).

        Parameters
        ----------
        backend
            Whose QPU, or its name.
        duration_s
            How long it takes, emulated seconds.
        at_s
            When it is due, on the clock of `now`; None for now.

        Raises
        ------
        IBMInputValueError
            For a duration that is not above 0, and a time that is over; nothing happens then.
        """
        self._runtime.qpus.calibrate(backend, duration_s, at_s=at_s)

    def reserve(self, backend: BackendV2 | str, start_s: float, end_s: float) -> None:
        """Have a QPU to yourself between two times; idle time is charged too (SEMANTICS L7, Q7).

        Parameters
        ----------
        backend
            Whose QPU, or its name.
        start_s, end_s
            Emulated seconds on the clock of `now`.

        Raises
        ------
        RequestsApiError
            If the plan has no reservations ("legacy_2023" has), the window is over or empty, or it
            meets another one; nothing is reserved then.
        """
        self._runtime.qpus.reserve(backend, start_s, end_s)

    # ---- the end

    @property
    def closed(self) -> bool:
        """Whether it takes no more work: it was closed, or ended with an error of its own."""
        return self._runtime.closed

    def close(self) -> None:
        """End the service for all who have made it, its jobs that have not ended, and its processes."""
        makers = open_services.makers(self)
        lost = self._runtime.unended_jobs if makers > 1 and not self.closed else 0
        open_services.remove(self)
        self._runtime.close()
        if lost:
            warn(
                f"{count(lost, 'job')} that had not ended went with the service: it was made {makers} "
                "times with the same settings, and is closed for all of them.",
                QmodeWarning,
            )

    def __enter__(self) -> RuntimeService:
        return self

    def __exit__(self, *_: object) -> None:
        if open_services.leave(self):
            self.close()


#: IBM's names, so that existing code needs only its import changed.
QiskitRuntimeService = IBMQuantumComputeService = RuntimeService
IBMBackend = IBMAnswers


def default_service() -> RuntimeService:
    """Return this process's own service; made when first asked for, and again once it was closed."""
    return open_services.default(RuntimeService)


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
    if not was_handed_out(backend):
        return default_service()
    service: RuntimeService | None = getattr(backend, "service", None)
    if service is None or service.closed:
        raise RuntimeClosedError(
            f"The service that handed out {backend.name} was closed: take one from a new one."
        )
    return service


def belongs(backend: BackendV2) -> bool:
    """Whether a service handed out `backend`."""
    return was_handed_out(backend)


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
