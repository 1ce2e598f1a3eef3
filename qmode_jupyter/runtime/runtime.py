"""The emulated service: QPUs, sessions and batches, jobs, results, usage.

It holds what these are made of and leads a job through it; everything above talks to it, from any
thread. The rules are the scheduler's, the time is the engine's, the physics is Aer's in the workers.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from qmode_jupyter.cost.constants import Spread
from qmode_jupyter.cost.model import OVERHEAD, Cost, cost, preparation_s
from qmode_jupyter.cost.work import Work
from qmode_jupyter.errors import (
    IBMInputValueError,
    QmodeWarning,
    RequestsApiError,
    RuntimeClosedError,
    RuntimeInvalidStateError,
)
from qmode_jupyter.runtime.backends import DEFAULT_BACKEND
from qmode_jupyter.runtime.budgets import Budget, Budgets
from qmode_jupyter.runtime.clock import Clock, checked_seconds, checked_timeout, timestamp
from qmode_jupyter.runtime.drill_run import DrillReport, DrillRun
from qmode_jupyter.runtime.drills import CancelJob, Mishap, PrepareFor
from qmode_jupyter.runtime.engine import Caller, Engine, Speed
from qmode_jupyter.runtime.groups import Groups, traced
from qmode_jupyter.runtime.ids import Ids
from qmode_jupyter.runtime.jobs import JobRequest, Jobs, check_ended
from qmode_jupyter.runtime.qpus import Qpus
from qmode_jupyter.runtime.settings import Settings
from qmode_jupyter.runtime.store.archive import Archive
from qmode_jupyter.runtime.store.ending import CLOSED, KILLED
from qmode_jupyter.runtime.store.history import History, Identity, NoHistory
from qmode_jupyter.runtime.store.past import Past
from qmode_jupyter.runtime.tenants import Tenants
from qmode_jupyter.runtime.workloads import Workloads
from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler.event_queue import Execution, Fault, Outcome
from qmode_jupyter.scheduler.events import YOU, Instruction, Prepare, Settle, Stop
from qmode_jupyter.scheduler.records import SETTLED, JobRecord, JobState, shown_state
from qmode_jupyter.scheduler.scheduler import Scheduler, charge_s
from qmode_jupyter.scheduler.trace import Trace, plan_to_dict, spread_to_dict, take
from qmode_jupyter.simulation.execution_spans import Executing
from qmode_jupyter.simulation.executor import Executor
from qmode_jupyter.simulation.tasks import Task
from qmode_jupyter.style.warn import warn

if TYPE_CHECKING:
    from qiskit.primitives import PrimitiveResult
    from qiskit.providers import BackendV2

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class _Submission:
    """A request on its way in: packed, with an id, and with who it comes from."""

    job: str
    request: JobRequest
    task: Task
    caller: Caller
    #: Emulated seconds that its preparation takes.
    preparation_s: float
    #: Seconds that it is expected to hold the QPU, where a budget asks for them.
    estimate_s: float
    #: What a drill has become of it.
    mishaps: tuple[Mishap, ...]


class Runtime:
    """One emulated service in this process.

    Attributes
    ----------
    settings
        What it was made with; `price_with` changes the constants of the cost model.
    id
        Tells it from every other.
    origin_s
        Unix time of emulated second 0.
    jobs, workloads, groups, qpus
        What there is in it.

    Raises
    ------
    IBMRuntimeError, OSError
        If its processes can't be had; nothing is left then.
    """

    def __init__(self, settings: Settings) -> None:
        plan, clock, speed = settings.plan, settings.clock or Clock(), settings.speed
        if settings.timing == "measured":
            plan, speed = dataclasses.replace(plan, charge_step_s=0.0), 1.0
        if settings.drill is not None:
            plan = dataclasses.replace(plan, **settings.drill.limits)
        self.settings = dataclasses.replace(settings, plan=plan, clock=clock, speed=speed)
        self.id = uuid.uuid4().hex
        self.origin_s = time.time() - clock.now()
        scheduler = Scheduler(plan)
        self._history = _history(self.settings, self.id, self.origin_s, scheduler)
        #: What was kept of other runtimes; None where nothing is kept.
        self.archive = None if settings.store is None else Archive(settings.store, self.id)
        self._engine = Engine(
            scheduler,
            clock,
            speed,
            on_instruction=self._note,
            on_failure=self.close,
            when_kept=self._history.after,
        )
        self._ids = Ids(settings.seed)
        self.jobs = Jobs()
        self.workloads = Workloads(
            self._engine, self._ids, lambda mode, wanted_s: self._drill.max_time_s(mode, wanted_s)
        )
        self.groups = Groups(self._engine, self._ids)
        others = settings.tenants or Tenants(settings.load, seed=settings.seed or 0)
        self.qpus = Qpus(self._engine, others, settings.processor)
        self._drill = DrillRun(settings.drill, settings.seed or 0, self._engine, self.qpus, self._kill)
        self._budgets = Budgets()
        self._measured = settings.timing == "measured"
        self._lock = threading.Lock()
        #: What is said once for a service, and has been.
        self._said: set[str] = set()
        #: Ended runtimes that were kept, by their numbers.
        self._pasts: dict[int, Past] = {}
        #: The processes have been given back.
        self._released = False
        self._executor = Executor(
            1 if self._measured else settings.workers, self._part_ended, settings.prepare_timeout
        )
        if settings.store is not None:
            self._engine.subscribe(self._keep_changed)
        self._engine.start()  # last: what could not be made leaves no thread behind

    # ---- time

    @property
    def clock(self) -> Clock:
        """The emulated clock."""
        return self._engine.clock

    def now(self) -> float:
        """Return the emulated time in seconds since this runtime began."""
        return self.clock.now()

    def run_at(self, speed: Speed) -> None:
        """From now on let the clock run at `speed` while the person waits; see `Settings`."""
        self.settings = dataclasses.replace(self.settings, speed=speed)
        self._engine.call(lambda: setattr(self._engine, "speed", speed))

    @property
    def held_by(self) -> str | None:
        """The job whose simulation is late, so that the clock stands; None if it doesn't."""
        return self._engine.call(lambda: self._engine.held_by)

    def subscribe(
        self, listener: Callable[[frozenset[str]], None], ended: Callable[[], None] = lambda: None
    ) -> Callable[[], None]:
        """Call `listener` with the ids of changed jobs and workloads; return how to end it.

        It is called on the engine's thread: be quick, and wait for nothing there. `ended` is called
        once, when the runtime is closed.

        Raises
        ------
        IBMInputValueError
            For a listener that can't be called.
        """
        if not callable(listener) or not callable(ended):
            raise IBMInputValueError(f"A listener is a function, not {listener if ended else ended!r}.")
        return self._engine.subscribe(listener, ended)

    def look(self, function: Callable[[Scheduler], T]) -> T:
        """Return ``function(scheduler)``, run where nothing changes meanwhile, with all that is due done."""
        return self._engine.look(function)

    # ---- jobs

    def submit(self, request: JobRequest, caller: Caller | None = None) -> str:
        """Submit a job and return its id; it is simulated at once, and shown when its time has come.

        `caller` is who submits it, where that is not this thread.

        Raises
        ------
        RequestsApiError
            If the service refuses it; nothing was submitted then.
        BudgetExceededError
            If with it the workload's usage could pass its budget; nothing was submitted then.
        RuntimeClosedError
            If the runtime was closed, or is closed before the job was submitted.
        """
        if request.max_execution_s is not None:
            checked_seconds("max_execution_time", request.max_execution_s)
        with self._while_open():
            task = self._pack(request)
            estimate_s = self._expected_s(request, task)
        if task.note:
            warn(task.note, QmodeWarning)
        likely = self.settings.spread.likely
        prepared_s = 0.0 if self._measured else preparation_s(task.work(), likely)
        prepared_s = max(prepared_s, self.settings.plan.preparation_s)
        mishaps = self._drill.strike(request)
        prepared_s += sum(mishap.seconds for mishap in mishaps if isinstance(mishap, PrepareFor))
        submission = _Submission(
            job=self._ids.job(),
            request=request,
            task=task,
            caller=caller or threading.current_thread(),
            preparation_s=prepared_s,
            estimate_s=estimate_s,
            mishaps=mishaps,
        )
        try:
            self._engine.call(lambda: self._enter(submission))
            with contextlib.suppress(RuntimeClosedError):  # it was submitted all the same
                self._engine.wait_until(self._history.after)
        except RequestsApiError as refusal:
            self._drill.note_refused(str(refusal))
            raise
        self._tell_news()
        return submission.job

    def withdraw(self, request: JobRequest) -> None:
        """Cancel the job that was submitted for a request, if one was and has not ended.

        For whoever was interrupted while submitting, and does not know.
        """

        def cancel() -> None:
            self._engine.catch_up()
            mine = [job for job in self.jobs if self.jobs.request(job).pubs is request.pubs]
            if mine and self._scheduler.jobs[mine[-1]].state not in SETTLED:
                self._engine.happen(lambda at: ev.JobCancelled(at, mine[-1]))

        self._engine.post(cancel)  # behind the submission, if that is on its way

    def work_of(self, request: JobRequest) -> Work:
        """Return what a job would ask of a QPU, without running it.

        Raises
        ------
        RuntimeClosedError
            If the runtime was closed.
        """
        if self.closed:
            failure = self._engine.closed_error()
            raise failure from failure.__cause__
        with self._while_open():
            return self._work(self._pack(request), request.backend)

    def cost(self, work: Work, backend: BackendV2) -> Cost:
        """Return what work takes on a backend, part by part (SEMANTICS U6-U8, A26)."""
        return cost(work, self.qpus.processor(backend), self.settings.spread)

    def usage_of(self, needed: Cost) -> float:
        """Return what a job that needs that is charged, in seconds (SEMANTICS A9, U8)."""
        return charge_s(needed.on_qpu_s, needed.overhead_s, self.settings.plan.charge_step_s)

    def estimated_s(self, job: str) -> float:
        """Return what a job would be charged, in seconds (SEMANTICS J15, A26)."""
        request = self.jobs.request(job)
        return self.usage_of(self.cost(self.work_of(request), request.backend))

    def first(self, what: str) -> bool:
        """Whether nobody has asked this of `what` before: it is said once then."""
        with self._lock:
            if what in self._said:
                return False
            self._said.add(what)
            return True

    def price_with(self, spread: Spread) -> None:
        """Price jobs with these constants from now on."""
        self.settings = dataclasses.replace(self.settings, spread=spread)
        self._history.made_with(_made_with(self.settings))

    def limit_usage(self, owner: str, budget: Budget) -> None:
        """Submit no job to a session, batch or group with which its usage could pass `budget`.

        Raises
        ------
        IBMInputValueError
            If there is no such workload, or the budget is none.
        """
        if not isinstance(budget, Budget):
            raise IBMInputValueError(f"A budget is made by Budget.parse('60s', plan), not {budget!r}.")
        if owner not in self.groups:
            self.workloads.require(owner)
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
        self.jobs.request(job)
        if not self._engine.ended:
            return self.look(lambda scheduler: scheduler.job(job))
        record = self._scheduler.job(job)
        if not record.settled:
            raise self._engine.closed_error(job)
        return record

    @property
    def unended_jobs(self) -> int:
        """How many jobs have not ended; it doesn't ask the engine, which may be what ends."""
        jobs = [self._scheduler.jobs.get(job) for job in self.jobs]
        return sum(job is not None and job.state not in SETTLED for job in jobs)

    def jobs_of(self, owner: str) -> tuple[str, ...]:
        """Return the jobs of a session, batch or group, the oldest first."""
        if owner in self.groups:
            return tuple(self.groups[owner].jobs)
        self.workloads.require(owner)
        return self.jobs.of_workload(owner)

    def delete_job(self, job: str) -> None:
        """Delete a job that has ended, with its result.

        Raises
        ------
        RuntimeInvalidStateError
            If it has not ended.
        """
        check_ended(self.job_record(job))
        self.jobs.remove(job)
        self._executor.forget(job)
        self._history.deleted(job)

    def tag_job(self, job: str, tags: tuple[str, ...]) -> None:
        """Replace a job's tags."""
        self.jobs.tag(job, tags)
        self._history.tagged(job, tags)

    def read_once(self, job: str) -> bool:
        """Whether a private job's result is there to be read; it is for the first caller (SEMANTICS J18)."""
        unread = self.jobs.read_once(job)
        if unread:
            self._history.read(job)
        return unread

    def place(self, job: str) -> int | None:
        """Return the job's place in the queue, 1 being next, or None if it does not queue."""
        self.jobs.request(job)
        return self.look(lambda scheduler: scheduler.place(job))

    def wait(
        self,
        job: str,
        timeout_s: float | None = None,
        *,
        patience_s: float | None = None,
        caller: Caller | None = None,
    ) -> JobRecord:
        """Wait until a job has ended; TimeoutError after `timeout_s` emulated seconds.

        Also after `patience_s` seconds of the wall. `caller` is who waits, where that is not this
        thread.

        Raises
        ------
        IBMInputValueError
            For a timeout that is no number.
        RuntimeClosedError
            If the runtime is closed before the job has ended.
        """
        timeout_s = checked_timeout(timeout_s)
        self.jobs.request(job)
        if not self._engine.wait(job, timeout_s, patience_s=patience_s, caller=caller):
            raise TimeoutError(f"job {job} has not ended after {timeout_s:g} s")
        self._tell_news()
        return self._scheduler.job(job)

    def job_result(self, job: str) -> PrimitiveResult[Any]:
        """Return the result of a job that is done."""
        request = self.jobs.request(job)
        result = self._executor.result(job, request.pubs, self._executing(job, request))
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
            self._engine.catch_up()
            state = self._scheduler.jobs[job].state
            if state in SETTLED:
                word = self._scheduler.job(job).status
                raise RuntimeInvalidStateError(
                    f"Job cannot be cancelled: {job} has ended before, it is {word}."
                )
            self._engine.happen(lambda at: ev.JobCancelled(at, job))

        self.jobs.request(job)
        self._engine.call(cancel)

    # ---- what was kept

    def holder(self, name: str) -> Runtime | Past:
        """Return what answers of a job, session, batch or group: this runtime, or one that was kept.

        Of an id that nobody knows it is this one, which says so.
        """
        if name in self.jobs or name in self.groups or name in self._scheduler.workloads:
            return self
        if self.archive is not None:
            kept = self.archive.job(name) or self.archive.workload(name)
            if kept is not None:
                return self.past(kept.runtime) or self
        return self

    def past(self, number: int) -> Past | None:
        """Return a runtime that was kept, by its number; None if it is not kept any more."""
        archive = self.archive
        known = None if archive is None else archive.runtime(number)
        if archive is None or known is None:
            return None
        with self._lock:
            past = self._pasts.get(number)
        if past is None:
            past = Past(archive, known, self.qpus.backend)
            if known.ended is not None:  # it stays as it is
                with self._lock:
                    self._pasts[number] = past
        return past

    # ---- traces, and the end

    def trace(self, of: str | None = None) -> Trace:
        """Return the record of a session, batch, group or job, or of everything on the last QPU used."""
        focus: tuple[str, ...]
        if of is None:
            focus, qpu = (), self._last_qpu()
        else:
            focus, qpu = traced(of, self.groups, self._scheduler, self.job_record)
        spread = self.settings.spread
        return self.look(lambda scheduler: take(scheduler, qpu, focus, self.origin_s, spread))

    def usage(self) -> dict[str, Any]:
        """Return the instance's usage in the accounting window, in seconds (SEMANTICS U12, A25).

        What runs counts as it goes. The figure falls only when a charge leaves the window.
        """
        plan, consumed = self.settings.plan, self.look(lambda scheduler: scheduler.used_s(YOU))
        limits = [s for s in (plan.allowance_s, plan.cost_limit_s) if s is not None]
        limit = min(limits, default=None)
        ends = self.origin_s + self.now()
        return {
            "instance_id": self.id,
            "plan_id": plan.name,
            "usage_consumed_seconds": consumed,
            "usage_limit_seconds": limit,
            "usage_allocation_seconds": plan.allowance_s,
            "usage_limit_reached": limit is not None and consumed >= limit,
            "usage_remaining_seconds": None if limit is None else max(0.0, limit - consumed),
            "usage_period": {"start_time": timestamp(ends - plan.window_s), "end_time": timestamp(ends)},
        }

    @property
    def closed(self) -> bool:
        """Whether it takes no more work: it was closed, or ended with an error of its own."""
        return self._engine.ended

    def close(self) -> None:
        """End everything: jobs that have not ended are lost, no thread and no process is left.

        A second time nothing happens, unless the first time was interrupted: then the rest is done.
        """
        self._end("The service was closed", CLOSED)

    # ---- drills

    def begin_drill(self) -> None:
        """Let the drill strike once more, and count from here."""
        self._drill.begin()

    def log_in(self) -> None:
        """Let the service know again who asks."""
        self._drill.log_in()

    def drill_report(self) -> DrillReport | None:
        """Return what the drill did, also when the runtime has ended; None without one."""
        return self._drill.report()

    # ---- inside

    def _kill(self) -> None:
        """End as with a kernel that is killed: nobody is told, but by what the store has kept."""
        self._end("The kernel was killed (a drill)", KILLED)
        raise self._engine.closed_error()

    def _end(self, said: str, why: str) -> None:
        try:
            self._engine.stop(said)
        finally:
            with self._lock:
                release, self._released = not self._released, True
            if release:
                try:
                    self._history.close(why, self._scheduler.now)
                finally:
                    self._executor.close()
                if self.archive is not None:
                    self.archive.close()

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

    @property
    def _scheduler(self) -> Scheduler:
        return self._engine.scheduler

    def _pack(self, request: JobRequest) -> Task:
        return self._executor.pack(request.program, request.pubs, request.backend, request.options)

    def _expected_s(self, request: JobRequest, task: Task) -> float:
        """Return what a job will be charged, where a budget asks for it."""
        if self._budget_owner(request) not in self._budgets:
            return 0.0
        return self.usage_of(self.cost(self._work(task, request.backend), request.backend))

    def _work(self, task: Task, backend: BackendV2) -> Work:
        return self.qpus.as_run(self._engine.result_of(self._executor.work_of(task)), backend)

    def _executing(self, job: str, request: JobRequest) -> Executing | None:
        """Return when the circuits of a job were executed: behind its overhead, before the rounding."""
        record = self._scheduler.job(job)
        if record.on_qpu_at is None or record.ended_at is None:
            return None
        start_s, end_s = self.origin_s + record.on_qpu_at, self.origin_s + record.ended_at
        pause_s = request.options.rep_delay_s
        if pause_s is None:
            pause_s = self.qpus.processor(request.backend).rep_delay_s
        if record.parts:
            whole_s = sum(seconds for _, seconds in record.parts)
            end_s = min(end_s, start_s + whole_s)
            start_s += min(dict(record.parts).get(OVERHEAD, 0.0), end_s - start_s)
        return Executing(start_s, end_s, pause_s)

    def _enter(self, submission: _Submission) -> None:
        """Let a job be submitted, on the engine's thread; where it is refused nothing has happened."""
        job, request, task = submission.job, submission.request, submission.task
        self.qpus.populate(request.backend)
        group = self.groups.joined if request.workload is None else None
        owner = self._budget_owner(request)
        if owner in self._budgets:
            self._budgets.check(owner, self._used_s(owner), submission.estimate_s)
        number, awaited = self._engine.submitter(submission.caller)

        def accepted() -> None:
            self.jobs.add(job, request, None if group is None else group.id)
            self._history.submitted(self._scheduler.job(job), request, task, owner or None)
            self._drill.accepted(job, submission.mishaps)
            self._engine.submitted(submission.caller)
            self._budgets.expect(owner, job, submission.estimate_s)
            if group is not None:
                group.jobs.append(job)

        self._engine.event_queue.expect(job, submission.preparation_s)
        try:
            self._engine.happen(
                lambda at: ev.JobSubmitted(
                    at,
                    job,
                    request.backend.name,
                    request.workload,
                    request.program,
                    overhead_s=0.0 if self._measured else self._least_s(request),
                    max_execution_s=request.max_execution_s,
                    submitter=number,
                    awaited=awaited,
                ),
                accepted,
            )
        except BaseException:
            self._engine.event_queue.expect_no_more(job)
            raise
        if self._scheduler.jobs[job].state in SETTLED:
            return
        if request.flaw is None:
            self._begin(job, task)
        else:
            self._found(job, _fault(request.flaw))
        if any(isinstance(mishap, CancelJob) for mishap in submission.mishaps):
            self._engine.happen(lambda at: ev.JobCancelled(at, job))

    def _least_s(self, request: JobRequest) -> float:
        """Return what a job is charged as soon as it has been on the QPU (SEMANTICS A9)."""
        likely = self.settings.spread.likely
        return likely.overhead_s + self.qpus.processor(request.backend).more_overhead_s

    def _begin(self, job: str, task: Task) -> None:
        try:
            self._executor.begin(job, task)
        except Exception as error:  # noqa: BLE001 - the job was submitted: it fails, and says why
            self._executor.stop(job)
            self._found(job, _own_fault(error))

    def _found(self, job: str, outcome: Outcome) -> None:
        self._engine.event_queue.found(job, self._drill.outcome(job, outcome))

    def _last_qpu(self) -> str:
        return [DEFAULT_BACKEND, *self._scheduler.qpus][-1]

    def _budget_owner(self, request: JobRequest) -> str:
        group = self.groups.joined
        return request.workload or (group.id if group is not None else "")

    def _used_s(self, owner: str) -> float:
        if owner in self.groups:
            return sum(self._scheduler.jobs[job].charged_s for job in self.groups[owner].jobs)
        self._engine.catch_up()
        return self._scheduler.workload(owner).usage_s

    def _part_ended(self, job: str) -> None:
        self._engine.post(lambda: self._simulated(job))

    def _simulated(self, job: str) -> None:
        try:
            came = self._executor.collect(job)
            if came is None or self._scheduler.jobs[job].state in SETTLED:
                return
            if isinstance(came, Exception):
                self._found(job, _fault(came))
            elif self._measured:
                self._found(job, came.simulated_s)
            else:  # it holds the QPU for as long as it is charged (SEMANTICS U8)
                backend = self.jobs.request(job).backend
                work = self.qpus.as_run(came.work, backend)
                needed = self.cost(work, backend)
                execution = Execution(self.usage_of(needed), needed.parts, work)
                self._found(job, execution)
        except BaseException as error:  # noqa: BLE001 - nobody else would ever say what became of it
            self._found(job, _own_fault(error))

    def _note(self, instruction: Instruction) -> None:
        if isinstance(instruction, Prepare) and instruction.job not in self.jobs:
            qpu = self._scheduler.qpus[self._scheduler.jobs[instruction.job].qpu]
            for moved_up in qpu.line.waiting(YOU):
                self._engine.mark(moved_up)
        elif isinstance(instruction, Stop):
            self._executor.stop(instruction.job)
        elif isinstance(instruction, Settle) and instruction.job in self.jobs:
            state = shown_state(instruction.state, instruction.reason_code)
            owner = self.jobs.note_ended(instruction.job, state)
            if owner is not None:
                self._budgets.ended(owner, instruction.job)
                self._engine.mark(owner)
            self._keep_ended(instruction.job)

    def _keep_ended(self, job: str) -> None:
        record = self._scheduler.job(job)
        done = record.state is JobState.DONE
        result = self._executor.outcome(job) if done else None
        self._history.settled(record, result, self._executing(job, self.jobs.request(job)) if done else None)

    def _keep_changed(self, changed: frozenset[str]) -> None:
        for name in changed:
            workload = self._scheduler.workloads.get(name)
            if workload is not None and workload.tenant == YOU:
                if self._history.is_news(name, (workload.state, workload.accepting_jobs)):
                    self._history.workload(workload.record(self._scheduler.now))
            elif name in self.groups:
                group = self.groups[name]
                if self._history.is_news(name, group.closed_at):
                    self._history.group(group)

    def _tell_news(self) -> None:
        for line in self._history.news():
            warn(line, QmodeWarning)


def _history(settings: Settings, runtime: str, origin_s: float, scheduler: Scheduler) -> History | NoHistory:
    if settings.store is None:
        return NoHistory()
    return History(
        settings.store, Identity(runtime, settings.instance, origin_s), _made_with(settings), scheduler.log
    )


def _made_with(settings: Settings) -> str:
    made_with = {
        "plan": plan_to_dict(settings.plan),
        "timing": settings.timing,
        "speed": settings.speed,
        "spread": spread_to_dict(settings.spread),
    }
    return json.dumps(made_with)


def _fault(error: Exception) -> Fault:
    """Return what a simulation ended with in the scheduler's words: a wrong input is the person's fault."""
    code = getattr(error, "code", None)
    text = str(error) or type(error).__name__
    yours = isinstance(error, IBMInputValueError)
    return Fault(text, code if isinstance(code, int) else None, system_fault=not yours)


def _own_fault(error: BaseException) -> Fault:
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Fault(f"the emulated service could not simulate it ({what})", system_fault=True)
