"""Emulated time for a scheduler: what happens next, given how long each job takes.

The queue turns `Prepare` and `Execute` into the events that answer them, in the order of their
times. A job's preparation can't end before somebody has said what became of it (`found`): until
then the queue is held at that moment. The runtime says so when a simulation is there; a replay,
a test and a background tenant know it from the start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from itertools import count
from math import inf
from typing import Final

from qmode_jupyter.cost.model import Part
from qmode_jupyter.cost.work import Work
from qmode_jupyter.scheduler.events import (
    Event,
    Execute,
    Instruction,
    JobExecuted,
    JobFailed,
    JobPrepared,
    JobSubmitted,
    Prepare,
    Settle,
    Stop,
    Tick,
    grained,
)
from qmode_jupyter.scheduler.records import JobState
from qmode_jupyter.scheduler.scheduler import Scheduler


@dataclass(frozen=True, slots=True)
class Fault:
    """A job that can't be executed, and why."""

    reason: str
    reason_code: int | None = None
    system_fault: bool = False


@dataclass(frozen=True, slots=True)
class Execution:
    """A job that can be executed: how long, and why so long; see `JobPrepared`."""

    qpu_s: float
    parts: tuple[Part, ...] = ()
    work: Work | None = None


#: What becomes of a job; seconds alone for one of which no more is known.
Outcome = float | Execution | Fault


@dataclass(frozen=True, slots=True)
class Arrival:
    """Something that happens at its time whatever came before; a job brings its durations along.

    They are multiples of `GRAIN_S`, as the times of events are.
    """

    event: Event
    preparation_s: float = 0.0
    outcome: Outcome = 0.0


#: Time, number, and either a job with the state whose end it is, or an event, with the arrivals that
#: it is the first of.
_Coming = tuple[float, int, JobState | None, str, Event | None, Iterator[Arrival] | None]


#: Numbers what is to come: of two things at one time, the one with the smaller number happens first. It is
#: given the state that a job is in until then and the job, or None and "" for an event from outside.
Order = Callable[[JobState | None, str], int]

#: The number of a deadline: it comes before all else at its time.
_DEADLINE: Final = -1


def as_scheduled() -> Order:
    """Return the order in which things were found out to be coming."""
    numbers = count()
    return lambda state, job: next(numbers)


class EventQueue:
    """What happens next, and when.

    Parameters
    ----------
    scheduler
        To which it happens.
    order
        Of things at the same time; None for `as_scheduled`.
    """

    def __init__(self, scheduler: Scheduler, order: Order | None = None) -> None:
        self.scheduler = scheduler
        self._deadlines = scheduler.deadlines
        self._number_of = order or as_scheduled()
        self._preparation_s: dict[str, float] = {}
        self._found: dict[str, Outcome] = {}
        self._heap: list[_Coming] = []

    def expect(self, job: str, preparation_s: float) -> None:
        """Say how long a job will be prepared, before it is submitted."""
        self._preparation_s[job] = grained(preparation_s)

    def expect_no_more(self, job: str) -> None:
        """Take back what `expect` said: the job was refused."""
        self._preparation_s.pop(job, None)

    def found(self, job: str, outcome: Outcome) -> None:
        """Say how many seconds a job holds the QPU, or why it can't run."""
        if isinstance(outcome, Execution):
            self._found[job] = replace(outcome, qpu_s=grained(outcome.qpu_s))
        else:
            self._found[job] = outcome if isinstance(outcome, Fault) else grained(outcome)

    def schedule(self, event: Event) -> None:
        """Let `event` happen at its time, which has not come yet."""
        self._add(event)

    def feed(self, arrivals: Iterator[Arrival]) -> None:
        """Let all `arrivals` happen, each at its time; they may be endless and are drawn one by one.

        Their times must not run backwards, nor lie before the present.
        """
        arrival = next(arrivals, None)
        if arrival is None:
            return
        event = arrival.event
        if type(event) is JobSubmitted:
            self._preparation_s[event.job] = arrival.preparation_s
            self._found[event.job] = arrival.outcome
        self._add(event, arrivals)

    def happen(self, event: Event) -> list[Instruction]:
        """Let `event` happen now, and note what follows from it."""
        out = self.scheduler.handle(event)
        heap, number_of = self._heap, self._number_of
        for instruction in out:
            kind = type(instruction)
            if kind is Prepare:
                job = instruction.job  # type: ignore[union-attr]
                at, state = event.at + self._preparation_s.get(job, 0.0), JobState.PREPARING
                heappush(heap, (at, number_of(state, job), state, job, None, None))
            elif kind is Execute:
                job = instruction.job  # type: ignore[union-attr]
                outcome = self._found[job]
                assert not isinstance(outcome, Fault)
                qpu_s = outcome.qpu_s if isinstance(outcome, Execution) else outcome
                at, state = event.at + qpu_s, JobState.ON_QPU
                heappush(heap, (at, number_of(state, job), state, job, None, None))
            elif kind is Settle:
                job = instruction.job  # type: ignore[union-attr]
                self._preparation_s.pop(job, None)
                self._found.pop(job, None)
            elif kind is Stop:
                self._forget(instruction.job)  # type: ignore[union-attr]
        return out

    def peek(self) -> tuple[float, int] | None:
        """Return when something happens next and its number, or None if nothing ever will by itself."""
        due = self._deadlines.first_at
        if self._heap and self._heap[0][0] < due:
            return self._heap[0][:2]
        return None if due == inf else (due, _DEADLINE)

    def next_at(self) -> float | None:
        """Return when something happens next, or None if nothing ever will by itself."""
        coming = self.peek()
        return None if coming is None else coming[0]

    def held_by(self) -> str | None:
        """Return the job whose outcome is missing for the next thing to happen, if it is."""
        coming = self.peek()
        if coming is None or coming[1] == _DEADLINE:
            return None
        _, _, state, job, _, _ = self._heap[0]
        return job if state is JobState.PREPARING and job not in self._found else None

    def step(self) -> list[Instruction]:
        """Let the next thing happen and return the instructions that came of it.

        Raises
        ------
        LookupError
            If there is nothing to come, or the queue is held.
        """
        out = self.step_until(inf)
        if out is None:
            late = self.held_by()
            raise LookupError(
                "nothing is to come" if late is None else f"what becomes of {late} is not known"
            )
        return out

    def step_until(self, at: float) -> list[Instruction] | None:
        """Let the next thing happen, if it comes by `at` and is not held; return its instructions."""
        heap, due = self._heap, self._deadlines.first_at
        if not heap or due <= heap[0][0]:
            return self.happen(Tick(due)) if due <= at and due != inf else None
        coming, _, state, job, event, arrivals = heap[0]
        if coming > at:
            return None
        if state is JobState.ON_QPU:
            event = JobExecuted(coming, job)
        elif state is JobState.PREPARING:
            outcome = self._found.get(job)
            if outcome is None:
                return None
            if isinstance(outcome, Fault):
                event = JobFailed(coming, job, outcome.reason, outcome.reason_code, outcome.system_fault)
            elif isinstance(outcome, Execution):
                event = JobPrepared(coming, job, outcome.qpu_s, outcome.parts, outcome.work)
            else:
                event = JobPrepared(coming, job, outcome)
        heappop(heap)
        if arrivals is not None:
            self.feed(arrivals)
        assert event is not None
        return self.happen(event)

    def run_until(self, at: float) -> None:
        """Let everything happen up to and including `at`; stop early where the queue is held."""
        while self.step_until(at) is not None:
            pass

    def _add(self, event: Event, arrivals: Iterator[Arrival] | None = None) -> None:
        heappush(self._heap, (event.at, self._number_of(None, ""), None, "", event, arrivals))

    def _forget(self, job: str) -> None:
        if any(coming[3] == job for coming in self._heap):
            self._heap[:] = [coming for coming in self._heap if coming[3] != job]
            heapify(self._heap)
