"""What goes to the workers and what comes back: plain data, made to be pickled often."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from qmode_jupyter.simulation.object_store import Lease
from qmode_jupyter.simulation.timing import OVERHEAD_S, JobTiming

Program = Literal["sampler", "estimator"]

#: Aer gives the i-th circuit of a run the seed `seed + i * SEED_STEP`.
SEED_STEP: Final = 2113
#: A job is split over processes only where each part would take as long as this.
_PART_WORTH_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class SimulationOptions:
    """What a job's options mean for its simulation.

    Attributes
    ----------
    seed_simulator
        Makes a job's outcomes the same at every run; None: other ones each time.
    exact
        Estimator: expectation values without the noise of sampling.
    dry_run
        Time and account for the job, and return random data of the right shape.
    noise_model
        A `NoiseModel` in the place of the backend's own.
    rep_delay_s
        Between two executions; None: the backend's default.
    init_qubits
        Whether executions begin in the ground state; a simulation always does.
    threads
        Aer's `max_parallel_threads`; 0 leaves it to Aer.
    """

    seed_simulator: int | None = None
    exact: bool = False
    dry_run: bool = False
    noise_model: object | None = None
    rep_delay_s: float | None = None
    init_qubits: bool = True
    threads: int = 1


@dataclass(frozen=True, slots=True)
class SamplerWork:
    """One PUB of a Sampler, or some of its sets of parameter values.

    Attributes
    ----------
    pub
        Its number in the job.
    circuit
        The circuit's key.
    registers
        (name, indices of its classical bits) of each classical register.
    values
        Array (sets, parameters).
    shots
        For each set.
    first
        Which of the PUB's sets is the first here.
    seed, index
        Of the job's random numbers, and the place of the first set here among all of the job's sets.
    weight_s
        About how long one set takes to simulate.
    """

    pub: int
    circuit: str
    registers: tuple[tuple[str, tuple[int, ...]], ...]
    values: NDArray[np.float64]
    shots: int
    first: int
    seed: int
    index: int
    weight_s: float


#: A Pauli string without its identities: letters, and the qubits that they are on.
Pauli = tuple[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class EstimatorWork:
    """One PUB of an Estimator, or some of its sets of parameter values.

    Attributes
    ----------
    pub, circuit, values, first, weight_s
        As for `SamplerWork`.
    paulis
        Every Pauli string of the PUB's observables, each once.
    observables
        Array (observables, paulis): coefficients.
    elements
        Array (values to estimate, 3): its place in the flattened result, its set (of the whole PUB),
        its observable.
    precision
        Target standard error; the shots follow from it.
    seed
        Of the PUB.
    sets
        How many sets the whole PUB has.
    """

    pub: int
    circuit: str
    values: NDArray[np.float64]
    paulis: tuple[Pauli, ...]
    observables: NDArray[np.float64]
    elements: NDArray[np.intp]
    precision: float
    first: int
    seed: int
    sets: int
    weight_s: float


Work = SamplerWork | EstimatorWork


@dataclass(frozen=True, slots=True)
class Task:
    """A job, or a part of one, as it goes to a worker.

    Attributes
    ----------
    program
        "sampler" or "estimator".
    directory, backend, noise
        The folder of the parcels and the keys of the backend and of the noise model in its place.
    works
        The PUBs.
    options
        Without the noise model.
    pubs_count, circuits_count
        Of the whole job: PUBs, and circuits after broadcasting.
    note
        What a person should know before it runs; "" mostly.
    """

    program: Program
    directory: str
    backend: str
    noise: str | None
    works: tuple[Work, ...]
    options: SimulationOptions
    pubs_count: int
    circuits_count: int
    note: str = ""
    lease: Lease = field(default_factory=Lease, compare=False, repr=False)

    @property
    def overhead_s(self) -> float:
        """The seconds that the job is charged with however short it is."""
        return OVERHEAD_S

    @property
    def weight_s(self) -> float:
        """About how long the task takes to simulate."""
        return sum(work.weight_s * len(work.values) for work in self.works)

    def split(self, parts: int) -> tuple[Task, ...]:
        """Return at most so many tasks that together are this one; the outcome does not depend on how many.

        By PUBs first, and by sets of parameter values where there are fewer PUBs than parts; a task
        that is over soon stays whole.
        """
        parts = min(parts, int(self.weight_s / _PART_WORTH_S))
        if parts < 2 or self.options.dry_run:
            return (self,)
        pieces = list(self.works)
        share = self.weight_s / parts
        pieces = [piece for work in pieces for piece in _cut_to(work, share)]
        bins: list[list[Work]] = [[] for _ in range(parts)]
        loads = [0.0] * parts
        for piece in sorted(pieces, key=lambda p: -p.weight_s * len(p.values)):
            lightest = loads.index(min(loads))
            bins[lightest].append(piece)
            loads[lightest] += piece.weight_s * len(piece.values)
        return tuple(dataclasses.replace(self, works=tuple(works)) for works in bins if works)


def _cut_to(work: Work, share_s: float) -> Sequence[Work]:
    """Return a PUB's work in pieces of about this weight."""
    sets = len(work.values)
    pieces = min(sets, max(1, round(sets * work.weight_s / share_s)))
    if pieces < 2:
        return (work,)
    edges = [round(i * sets / pieces) for i in range(pieces + 1)]
    return [_sets(work, a, b) for a, b in itertools.pairwise(edges)]


def _sets(work: Work, start: int, stop: int) -> Work:
    """Return the part of a PUB's work that has these of its sets."""
    values, first = work.values[start:stop], work.first + start
    if isinstance(work, SamplerWork):
        return dataclasses.replace(work, values=values, first=first, index=work.index + start)
    mine = (work.elements[:, 1] >= first) & (work.elements[:, 1] < work.first + stop)
    return dataclasses.replace(work, values=values, first=first, elements=work.elements[mine])


@dataclass(frozen=True, slots=True)
class SamplerPart:
    """Outcomes of some sets of a PUB: per register an array (sets, shots, bytes), packed as in `BitArray`."""

    pub: int
    first: int
    arrays: Mapping[str, NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class EstimatorPart:
    """Estimates of a PUB: places in the flattened result, values, standard errors; and the shots of each."""

    pub: int
    places: NDArray[np.intp]
    evs: NDArray[np.float64]
    stds: NDArray[np.float64]
    shots: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a task came to.

    Attributes
    ----------
    program
        As of the task.
    parts
        The results.
    timing
        Of the job, or of the part.
    notes
        What a person should be told about how it was simulated.
    dry_run
        The data are random.
    """

    program: Program
    parts: tuple[Any, ...]
    timing: JobTiming
    notes: tuple[str, ...] = ()
    dry_run: bool = False
