"""The cost model: a job's work on a processor, as parts that each have a name (SEMANTICS U6-U8, A26)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import ceil
from typing import Final

from qmode_jupyter.cost.constants import PUBLIC, Constants, Spread
from qmode_jupyter.cost.processors import Processor
from qmode_jupyter.cost.work import Run, Work

# The parts of what a job holds the QPU for, by name.
OVERHEAD: Final = "overhead"
SHOTS: Final = "shots"
REP_DELAY: Final = "rep_delay"
TWIRLING: Final = "twirling"
MEASURE: Final = "measurement mitigation"
ZNE: Final = "ZNE"
PEC: Final = "PEC"
LEARNING: Final = "noise learning"

#: What is not spent executing circuits: the service's `circuits_execution_time_ns` leaves it out.
NOT_EXECUTING: Final = frozenset({OVERHEAD, TWIRLING})

#: A part's name, and its seconds.
Part = tuple[str, float]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a job needs of a QPU, in seconds.

    Attributes
    ----------
    parts
        What it holds the QPU for, by name, as is likely.
    low_s, high_s
        The same in sum, at both ends of what the constants may be.
    preparation_s
        Classical preparation before.
    executions
        That really run, those of the mitigation included.
    loads
        In how many parts it is run, since so many circuits are loaded at once.
    """

    parts: tuple[Part, ...]
    low_s: float
    high_s: float
    preparation_s: float
    executions: int
    loads: int

    @property
    def on_qpu_s(self) -> float:
        """Seconds that it holds the QPU, as is likely."""
        return sum(seconds for _, seconds in self.parts)

    @property
    def overhead_s(self) -> float:
        """Of these, what any job takes, however little it executes."""
        return dict(self.parts).get(OVERHEAD, 0.0)


def cost(work: Work, processor: Processor, spread: Spread = PUBLIC) -> Cost:
    """Return what a job needs of a QPU."""
    parts = added([parts_of(work, processor, spread.likely)])
    low_s, high_s = (
        sum(seconds for _, seconds in parts_of(work, processor, ends)) for ends in (spread.low, spread.high)
    )
    return Cost(
        parts=parts,
        low_s=low_s,
        high_s=high_s,
        preparation_s=preparation_s(work, spread.likely),
        executions=executions(work, spread.likely),
        loads=max(1, ceil(work.circuits / processor.max_experiments)),
    )


def parts_of(work: Work, processor: Processor, constants: Constants) -> Iterator[Part]:
    """Yield the parts of what a job holds the QPU for, those that take no time left out."""
    mitigation = work.mitigation
    rep_delay_s = processor.rep_delay_s if work.rep_delay_s is None else work.rep_delay_s
    around_s = constants.execution_s + (processor.reset_s if work.init_qubits else 0.0)  # SEMANTICS U7
    runs = [_as_run(run, work, constants) for run in work.runs]
    number = sum(run.executions for run in runs)

    def executed_s(run: Run, factor: float) -> float:
        return rep_delay_s + around_s + run.gates_s * factor + run.readout_s

    yield OVERHEAD, constants.overhead_s + processor.more_overhead_s + constants.circuit_s * work.circuits
    if not number:
        return
    yield REP_DELAY, number * rep_delay_s
    yield SHOTS, sum(run.executions * (executed_s(run, 1.0) - rep_delay_s) for run in runs)
    if mitigation.twirled:
        randomizations = max(mitigation.twirls(run.shots)[0] for run in runs)
        yield TWIRLING, constants.randomization_s * randomizations
    if mitigation.measure:
        learned = (mitigation.learning_randomizations or constants.learning_randomizations) * (
            mitigation.learning_shots or constants.learning_shots
        )
        readout_s = max(run.readout_s for run in runs)
        yield MEASURE, learned * (rep_delay_s + around_s + readout_s)
    if mitigation.zne_factors:
        factors = [factor if mitigation.folded else 1.0 for factor in mitigation.zne_factors]
        amplified_s = sum(run.executions * executed_s(run, factor) for run in runs for factor in factors)
        yield ZNE, amplified_s - sum(run.executions * executed_s(run, 1.0) for run in runs)
    if mitigation.pec_limit is not None:
        times = min(constants.pec_executions, mitigation.pec_limit)
        yield PEC, max(0.0, times - 1) * sum(run.executions * executed_s(run, 1.0) for run in runs)
    if mitigation.layers:
        learned = mitigation.layers * mitigation.layer_executions
        yield LEARNING, learned * (rep_delay_s + around_s + max(run.readout_s for run in runs))


def executing_s(work: Work, processor: Processor, constants: Constants) -> float:
    """Return for how long a job's circuits are executed: what the service times, a charge is more."""
    parts = parts_of(work, processor, constants)
    return sum(seconds for name, seconds in parts if name not in NOT_EXECUTING)


def added(parts: Iterable[Iterable[Part]]) -> tuple[Part, ...]:
    """Return parts with those of one name added up, in the order in which they first come."""
    seconds: dict[str, float] = {}
    for some in parts:
        for name, part_s in some:
            seconds[name] = seconds.get(name, 0.0) + part_s
    return tuple(seconds.items())


def executions(work: Work, constants: Constants) -> int:
    """Return how often a circuit is executed for a job, for its mitigation too."""
    mitigation = work.mitigation
    number = sum(_as_run(run, work, constants).executions for run in work.runs)
    if not number:
        return 0
    times = float(len(mitigation.zne_factors) or 1)
    if mitigation.pec_limit is not None:
        times = max(1.0, min(constants.pec_executions, mitigation.pec_limit))
    learned = mitigation.layers * mitigation.layer_executions
    if mitigation.measure:
        learned += int(
            (mitigation.learning_randomizations or constants.learning_randomizations)
            * (mitigation.learning_shots or constants.learning_shots)
        )
    return round(number * times) + learned


def preparation_s(work: Work, constants: Constants) -> float:
    """Return the classical preparation of a job, in seconds.

    Circuits are prepared once for each noise factor, folded ones with as many more instructions.
    """
    factors = work.mitigation.zne_factors or (1.0,)
    longer = sum(factors) if work.mitigation.folded else float(len(factors))
    return (
        constants.prepare_job_s
        + constants.prepare_pub_s * work.pubs * len(factors)
        + constants.prepare_instruction_s * work.instructions * longer
    )


def _as_run(run: Run, work: Work, constants: Constants) -> Run:
    """Return a run with the shots that are really taken (SEMANTICS U8)."""
    shots = run.shots
    if work.mitigation.any:
        shots = max(shots, int(constants.least_shots))
    if work.mitigation.twirled:
        randomizations, each = work.mitigation.twirls(shots)
        shots = randomizations * each
    return replace(run, shots=shots)


def on_processor(work: Work, timed_on: Processor, other: Processor) -> Work:
    """Return work that was timed on one processor as it is on another.

    Gates are scaled with the two-qubit gate, readout is the other's; an approximation, since the
    circuit would be transpiled anew there.
    """
    if timed_on.name == other.name:
        return work
    scale = other.gate_s / timed_on.gate_s
    runs = tuple(
        Run(run.circuits, run.shots, run.gates_s * scale, other.readout_s if run.readout_s else 0.0)
        for run in work.runs
    )
    return replace(work, runs=runs, rep_delay_s=None)
