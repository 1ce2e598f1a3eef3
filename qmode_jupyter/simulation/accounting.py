"""How often a real QPU would execute which circuits of a job, and how long that takes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qmode_jupyter.simulation.estimator import measurements, shots_for
from qmode_jupyter.simulation.object_store import fetch
from qmode_jupyter.simulation.tasks import SamplerWork, Task, Work
from qmode_jupyter.simulation.timing import JobTiming, charged_seconds, circuit_seconds, prepare_seconds

if TYPE_CHECKING:
    from qmode_jupyter.simulation.backend import Machine


def job_timing(machine: Machine, task: Task, simulated_s: float) -> JobTiming:
    """Return the timing of a task (SEMANTICS U6, A9).

    Parameters
    ----------
    machine
        What its circuits run on.
    task
        A job, or a part of one.
    simulated_s
        What its simulation took.
    """
    delay_s = machine.rep_delay_s if task.options.rep_delay_s is None else task.options.rep_delay_s
    runs = [_executions(machine, task.directory, work) for work in task.works]
    executing_of = tuple(
        (work.pub, sum(count * (delay_s + seconds) for count, seconds in of_work))
        for work, of_work in zip(task.works, runs, strict=True)
    )
    executing_s = sum(seconds for _, seconds in executing_of)
    return JobTiming(
        prep_s=prepare_seconds(task),
        qpu_s=charged_seconds(executing_s),
        overhead_s=task.overhead_s,
        executions=sum(count for of_work in runs for count, _ in of_work),
        executing_s=executing_s,
        simulated_s=simulated_s,
        executing_of=executing_of,
    )


def _executions(machine: Machine, directory: str, work: Work) -> list[tuple[int, float]]:
    """Return (executions, duration of one in seconds) of each circuit of a PUB."""
    target = machine.target
    if isinstance(work, SamplerWork):
        seconds = machine.made.get_or_make(
            ("seconds", work.circuit), lambda: circuit_seconds(fetch(directory, work.circuit), target)
        )
        return [(work.shots * len(work.values), seconds)]
    found = []
    shots = shots_for(work.precision)
    for sets, ready in measurements(machine, directory, work):
        for number, basis in enumerate(ready.bases):
            make = partial(circuit_seconds, ready.circuits[number], target)
            seconds = machine.made.get_or_make(("seconds", work.circuit, basis.letters), make)
            found.append((shots * len(sets), seconds))
    return found
