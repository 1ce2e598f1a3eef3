"""The emulated service: backends, sessions and batches, jobs, results, usage.

This is what everything above talks to; it can be used from any thread. The rules are the
scheduler's, the time is the engine's, the physics is Aer's in the workers.
"""

from __future__ import annotations

import dataclasses
import math
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal

from qmode_jupyter.errors import (
    IBMInputValueError,
    QmodeWarning,
    RuntimeClosedError,
    RuntimeInvalidStateError,
    RuntimeJobNotFound,
)
from qmode_jupyter.runtime import backends as catalogue
from qmode_jupyter.runtime.budgets import Budget, Budgets
from qmode_jupyter.runtime.clock import Clock, checked_seconds, checked_timeout
from qmode_jupyter.runtime.engine import Speed
from qmode_jupyter.runtime.jobs import JobFacts, Names
from qmode_jupyter.runtime.tenants import Tenants
from qmode_jupyter.runtime.workloads import Workloads
from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler import plans
from qmode_jupyter.scheduler.event_queue import Fault
from qmode_jupyter.scheduler.events import YOU, Instruction, Prepare, Settle, Stop, grained
from qmode_jupyter.scheduler.plans import Plan
from qmode_jupyter.scheduler.records import SETTLED, JobRecord, JobState, shown_state
from qmode_jupyter.scheduler.scheduler import charge_s
from qmode_jupyter.scheduler.trace import Trace, take
from qmode_jupyter.simulation.executor import Executor
from qmode_jupyter.simulation.tasks import Program, SimulationOptions, Task
from qmode_jupyter.simulation.timing import JobTiming
from qmode_jupyter.style.warn import warn

if TYPE_CHECKING:
    from qiskit.primitives import PrimitiveResult
    from qiskit.providers import BackendV2

Timing = Literal["modelled", "measured"]

_NONE: Counter[JobState] = Counter()


class Runtime(Workloads):
    """One emulated service in this process.

    Parameters
    ----------
    plan
        The name of one in `scheduler.plans.PLANS`, or a `Plan`.
    timing
        "modelled": a job holds the QPU for as long as real hardware would take. "measured": for
        as long as Aer took; the clock then runs with the wall.
    speed
        What the clock does while you wait: "max" jumps, a number is emulated seconds per second.
    seed
        Makes ids repeatable.
    workers
        Processes that simulate; None shares those of this Python process, one per core. Measured
        timing has one of its own.
    clock
        Another clock, as `ManualClock` in tests.
    load
        How busy other users keep each QPU, from 0 (nobody else) to 0.9; `seed` makes them repeatable.
    tenants
        Other users of your own making, instead of `load`.

    Raises
    ------
    ValueError
        For a plan, timing, speed, workers, clock or load that can't be.
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
    ) -> None:
        if timing not in ("modelled", "measured"):
            raise ValueError(f'timing must be "modelled" or "measured", not {timing!r}.')
        if speed != "max" and not _is_speed(speed):
            raise ValueError(f'speed must be "max" or a number above 0 and finite, not {speed!r}.')
        if workers is not None and not _is_count(workers):
            raise ValueError(f"workers must be a whole number above 0 or None, not {workers!r}.")
        if clock is not None and not isinstance(clock, Clock):
            raise ValueError(f"clock must be a Clock, not {clock!r}.")
        self.tenants = tenants or Tenants(load, seed=seed or 0)
        timed = plans.plan(plan)
        if timing == "measured":
            timed, speed = dataclasses.replace(timed, charge_step_s=0.0), 1.0
        clock = clock or Clock()
        super().__init__(timed, clock, speed, Names(seed), on_instruction=self._note, on_failure=self.close)
        self.timing = timing
        self._facts: dict[str, JobFacts] = {}
        self._ended: dict[str, Counter[JobState]] = {}
        self._budgets = Budgets()
        #: QPUs that other users have come to.
        self._populated: set[str] = set()
        self._backends: dict[str, BackendV2] = {}
        #: The processes have been given back.
        self._released = False
        self._executor = Executor(1 if timing == "measured" else workers, self._part_ended)
        self._engine.start()  # last: what could not be made leaves no thread behind

    def __repr__(self) -> str:
        return f"<{type(self).__name__} plan={self.plan.name!r} timing={self.timing!r} speed={self.speed!r}>"

    # ---- time and backends

    def backend(self, name: str = catalogue.DEFAULT_BACKEND) -> BackendV2:
        """Return the backend called `name`, always the same object.

        Raises
        ------
        IBMInputValueError
            With the nearest name, if there is none.
        """
        with self._lock:
            if name not in self._backends:
                self._backends[name] = catalogue.find_backend(name)
            return self._backends[name]

    def backend_names(self) -> tuple[str, ...]:
        """Return the names that `backend` takes."""
        return catalogue.backend_names()

    # ---- what happens to a QPU

    def calibrate(self, backend: BackendV2 | str, duration_s: float, *, at_s: float | None = None) -> None:
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
        qpu = self._qpu(backend)
        lasts_s = _seconds("duration_s", duration_s)
        due = None if at_s is None else _seconds("at_s", at_s)
        if lasts_s <= 0:
            raise IBMInputValueError(f"duration_s must be above 0 seconds, not {duration_s!r}.")

        def enter() -> None:
            now = self._engine.catch_up()
            at = now if due is None else due
            if at < now:
                raise IBMInputValueError(
                    f"at_s must not be over: it is {now:g} s, and {at_s!r} s was asked for."
                )
            self._engine.agenda.schedule(ev.CalibrationDue(at, qpu, lasts_s))

        self._call(enter)

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
        qpu = self._qpu(backend)
        start, end = _seconds("start_s", start_s), _seconds("end_s", end_s)
        self._happen(lambda at: ev.QpuReserved(at, qpu, YOU, start, end))

    # ---- jobs

    def submit(
        self,
        program: Program,
        pubs: Sequence[Any],
        backend: BackendV2,
        options: SimulationOptions,
        *,
        workload: str | None = None,
        max_execution_s: float | None = None,
        tags: tuple[str, ...] = (),
        private: bool = False,
    ) -> str:
        """Submit a job and return its id; it is simulated at once, and shown when its time has come.

        Raises
        ------
        RequestsApiError
            If the service refuses it; nothing was submitted then.
        BudgetExceededError
            If with it the workload's usage could pass its budget; nothing was submitted then.
        RuntimeClosedError
            If the runtime was closed, or is closed before the job was submitted.
        """
        if max_execution_s is not None:
            max_execution_s = checked_seconds("max_execution_time", max_execution_s)
        with self._while_open():
            task = self._executor.pack(program, pubs, backend, options)
            estimate_s = self.usage_of(self._timing(task)) if self._budget_owner(workload) else 0.0
        preparation_s = 0.0 if self.timing == "measured" else task.preparation_s
        if task.note:
            warn(task.note, QmodeWarning)
        job = self._names.job()
        thread = threading.current_thread()

        def enter() -> None:
            self._populate(backend.name)
            group = self._open_group if workload is None else None
            owner = self._budget_owner(workload)
            if owner is not None:
                self._budgets.check(owner, self._used_s(owner), estimate_s)
            number, awaited = self._engine.submitter(thread)
            facts = JobFacts(
                job,
                program,
                tuple(pubs),
                options,
                backend,
                workload,
                None if group is None else group.id,
                tags,
                private,
            )

            def accepted() -> None:
                self._facts[job] = facts
                self._engine.submitted(thread)
                if owner is not None:
                    self._budgets.expect(owner, job, estimate_s)
                if group is not None:
                    group.jobs.append(job)

            self._engine.agenda.expect(job, preparation_s)
            try:
                self._engine.happen(
                    lambda at: ev.JobSubmitted(
                        at,
                        job,
                        backend.name,
                        workload,
                        program,
                        overhead_s=0.0 if self.timing == "measured" else task.overhead_s,
                        max_execution_s=max_execution_s,
                        submitter=number,
                        awaited=awaited,
                    ),
                    accepted,
                )
            except BaseException:
                self._engine.agenda.expect_no_more(job)
                raise
            if self._scheduler.jobs[job].state not in SETTLED:
                self._begin(job, task)

        self._call(enter)
        return job

    def estimate(
        self, program: Program, pubs: Sequence[Any], backend: BackendV2, options: SimulationOptions
    ) -> JobTiming:
        """Return how long a job would take to prepare and on the QPU, without running it (SEMANTICS U6)."""
        with self._while_open():
            return self._timing(self._executor.pack(program, pubs, backend, options))

    def usage_of(self, timing: JobTiming) -> float:
        """Return what a job with that timing is charged, in seconds (SEMANTICS A9)."""
        return charge_s(timing.on_qpu_s, timing.overhead_s, self.plan.charge_step_s)

    def limit_usage(self, owner: str, budget: Budget) -> None:
        """Submit no job to a session, batch or group with which its usage could pass `budget`.

        Raises
        ------
        IBMInputValueError
            If there is no such workload, or the budget is none.
        """
        if not isinstance(budget, Budget):
            raise IBMInputValueError(f"A budget is made by Budget.parse('60s', plan), not {budget!r}.")
        if owner not in self._groups:
            self._known_workload(owner)
        self._budgets.set(owner, budget)

    def job_record(self, job: str) -> JobRecord:
        """Return what is known of a job now.

        Raises
        ------
        RuntimeJobNotFound
            If there is none.
        RuntimeClosedError
            If the runtime was closed before the job had ended.
        """
        self.job_facts(job)
        if not self._engine.ended:
            return self._engine.call(lambda: self._up_to_date().job(job))
        record = self._scheduler.job(job)
        if not record.settled:
            raise self._engine.closed_error(job)
        return record

    def job_facts(self, job: str) -> JobFacts:
        """Return what was asked for; `RuntimeJobNotFound` if there is no such job."""
        try:
            return self._facts[job]
        except KeyError:
            raise RuntimeJobNotFound(f"Job not found: {job}") from None

    def has_job(self, job: str) -> bool:
        """Return whether there is such a job."""
        return job in self._facts

    def ended(self, owner: str) -> Counter[JobState]:
        """Return how many jobs of a session, batch or group have ended, by state."""
        return self._ended.get(owner, _NONE)

    def job_ids(self) -> tuple[str, ...]:
        """Return the ids of all jobs, the oldest first."""
        return tuple(self._facts)

    def jobs_of(self, owner: str) -> tuple[str, ...]:
        """Return the jobs of a session, batch or group, the oldest first."""
        if owner in self._groups:
            return tuple(self._groups[owner].jobs)
        self._known_workload(owner)
        return tuple(job for job, facts in list(self._facts.items()) if facts.workload == owner)

    def tag(self, job: str, tags: tuple[str, ...]) -> None:
        """Replace a job's tags."""
        self._facts[job] = dataclasses.replace(self.job_facts(job), tags=tags)

    def forget(self, job: str) -> None:
        """Delete a job that has ended, with its result."""
        record = self.job_record(job)
        if not record.settled:
            raise RuntimeInvalidStateError(
                f"Job {job} is {record.status} and only a job that has ended can be deleted: cancel it first."
            )
        del self._facts[job]
        self._executor.forget(job)

    def place(self, job: str) -> int | None:
        """Return the job's place in the queue, 1 being next, or None if it does not queue."""
        self.job_facts(job)
        return self._engine.call(lambda: self._up_to_date().place(job))

    def wait(self, job: str, timeout_s: float | None = None) -> JobRecord:
        """Wait until a job has ended; TimeoutError after `timeout_s` emulated seconds.

        Raises
        ------
        IBMInputValueError
            For a timeout that is no number.
        RuntimeClosedError
            If the runtime is closed before the job has ended.
        """
        timeout_s = checked_timeout(timeout_s)
        self.job_facts(job)
        if not self._engine.wait(job, timeout_s):
            raise TimeoutError(f"job {job} has not ended after {timeout_s:g} s")
        return self._scheduler.job(job)

    def outcome_result(self, job: str) -> PrimitiveResult[Any]:
        """Return the result of a job that is done."""
        pubs, record, on_qpu = self.job_facts(job).pubs, self._scheduler.job(job), None
        if record.on_qpu_at is not None and record.ended_at is not None:
            on_qpu = (self.origin_s + record.on_qpu_at, self.origin_s + record.ended_at)
        result = self._executor.result(job, pubs, on_qpu)
        if result is None:
            raise RuntimeInvalidStateError(f"Job {job} has no result.")
        return result

    def job_notes(self, job: str) -> tuple[str, ...]:
        """Return what the person should know of how a job was simulated: what was done otherwise."""
        return self._executor.notes(job)

    def cancel_job(self, job: str) -> None:
        """Cancel a job that has not ended (SEMANTICS J10).

        Raises
        ------
        RuntimeInvalidStateError
            If it has ended.
        """

        def cancel() -> None:
            self._engine.call(lambda: self._up_to_date())
            state = self._scheduler.jobs[job].state
            if state in SETTLED:
                word = self._scheduler.job(job).status
                raise RuntimeInvalidStateError(
                    f"Job cannot be cancelled: {job} has ended before, it is {word}."
                )
            self._engine.happen(lambda at: ev.JobCancelled(at, job))

        self.job_facts(job)
        self._engine.call(cancel)

    # ---- traces, and the end

    def trace(self, of: str | None = None) -> Trace:
        """Return the record of a session, batch, group or job, or of everything on the last QPU used."""
        focus: Collection[str]
        if of is None:
            focus, qpu = (), self._last_qpu()
        elif of in self._groups:
            group = self._groups[of]
            focus, qpu = tuple(group.jobs) or (of,), group.qpu
        elif of in self._scheduler.workloads:
            focus, qpu = (of,), self._scheduler.workloads[of].qpu
        else:
            focus, qpu = (of,), self.job_record(of).qpu
        return self._engine.call(lambda: take(self._up_to_date(), qpu, focus, self.origin_s))

    @property
    def held_by(self) -> str | None:
        """The job whose simulation is late, so that the clock stands; None if it doesn't."""
        return self._engine.call(lambda: self._engine.held_by)

    @property
    def closed(self) -> bool:
        """Whether it takes no more work: it was closed, or ended with an error of its own."""
        return self._engine.ended

    def close(self) -> None:
        """End everything: jobs that have not ended are lost, no thread and no process is left.

        A second time nothing happens, unless the first time was interrupted: then the rest is done.
        """
        try:
            self._engine.stop()
        finally:
            with self._lock:
                release, self._released = not self._released, True
            if release:
                self._executor.close()

    # ---- inside

    @contextmanager
    def _while_open(self) -> Iterator[None]:
        """Raise `RuntimeClosedError` for whatever fails because the runtime was closed meanwhile."""
        try:
            yield
        except RuntimeClosedError:
            raise
        except Exception:
            if not self.closed:
                raise
            failure = self._engine.closed_error()
            raise failure from failure.__cause__

    def _timing(self, task: Task) -> JobTiming:
        return self._engine.result_of(self._executor.estimate(task))

    def _begin(self, job: str, task: Task) -> None:
        try:
            self._executor.begin(job, task)
        except Exception as error:  # noqa: BLE001 - the job was submitted: it fails, and says why
            self._executor.stop(job)
            self._engine.agenda.found(job, _own_fault(error))

    def _qpu(self, backend: BackendV2 | str) -> str:
        name = self.backend(backend).name if isinstance(backend, str) else getattr(backend, "name", None)
        if not isinstance(name, str):
            raise IBMInputValueError(f"backend must be a backend or its name, not {backend!r}.")
        return name

    def _last_qpu(self) -> str:
        return [catalogue.DEFAULT_BACKEND, *self._scheduler.qpus][-1]

    def _populate(self, qpu: str) -> None:
        if qpu not in self._populated:
            self._populated.add(qpu)
            self._engine.agenda.feed(self.tenants.arrivals(qpu, self._engine.catch_up()))

    def _budget_owner(self, workload: str | None) -> str | None:
        group = self._open_group
        owner = workload or (group.id if group is not None else None)
        return owner if owner in self._budgets else None

    def _used_s(self, owner: str) -> float:
        if owner in self._groups:
            return sum(self._scheduler.jobs[job].charged_s for job in self._groups[owner].jobs)
        return self._up_to_date().workload(owner).usage_s

    def _part_ended(self, job: str) -> None:
        self._engine.post(lambda: self._simulated(job))

    def _simulated(self, job: str) -> None:
        try:
            came = self._executor.collect(job)
            if came is None or self._scheduler.jobs[job].state in SETTLED:
                return
            if isinstance(came, Exception):
                self._engine.agenda.found(job, _fault(came))
            elif self.timing == "measured":
                self._engine.agenda.found(job, came.timing.simulated_s)
            else:  # it holds the QPU for as long as it is charged (SEMANTICS U8)
                self._engine.agenda.found(job, self.usage_of(came.timing))
        except BaseException as error:  # noqa: BLE001 - nobody else would ever say what became of it
            self._engine.agenda.found(job, _own_fault(error))

    def _note(self, instruction: Instruction) -> None:
        if isinstance(instruction, Prepare) and instruction.job not in self._facts:
            qpu = self._scheduler.qpus[self._scheduler.jobs[instruction.job].qpu]
            for moved_up in qpu.line.waiting(YOU):
                self._engine.mark(moved_up)
        elif isinstance(instruction, Stop):
            self._executor.stop(instruction.job)
        elif isinstance(instruction, Settle):
            facts = self._facts.get(instruction.job)
            if facts is not None:
                for changed in (facts.workload, facts.group):
                    if changed is not None:
                        self._budgets.ended(changed, instruction.job)
                        state = shown_state(instruction.state, instruction.reason_code)
                        self._ended.setdefault(changed, Counter())[state] += 1
                        self._engine.mark(changed)


def _fault(error: Exception) -> Fault:
    """Return what a simulation ended with in the scheduler's words: a wrong input is the person's fault."""
    code = getattr(error, "code", None)
    text = str(error) or type(error).__name__
    yours = isinstance(error, IBMInputValueError)
    return Fault(text, code if isinstance(code, int) else None, system_fault=not yours)


def _own_fault(error: BaseException) -> Fault:
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Fault(f"the emulated service could not simulate it ({what})", system_fault=True)


def _is_speed(speed: object) -> bool:
    return not isinstance(speed, bool) and isinstance(speed, Real) and 0 < float(speed) < math.inf


def _is_count(number: object) -> bool:
    return not isinstance(number, bool) and isinstance(number, Integral) and int(number) > 0


def _seconds(name: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise IBMInputValueError(f"{name} must be a number of seconds, not {value!r}.")
    return grained(value)
