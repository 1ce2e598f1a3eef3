"""What goes to the workers and what comes back: plain data, made to be pickled often."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from qmode_jupyter.cost.work import NOTHING_MITIGATED, Mitigation, Run, Work, joined
from qmode_jupyter.simulation.object_store import Pin

#: An executor's job is a Sampler's to whoever simulates it.
Program = Literal["sampler", "estimator", "executor"]

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
        A `NoiseModel` instead of the backend's own.
    mitigation, rep_delay_s, init_qubits
        What a QPU would run beside the circuits, pause between two executions (None: its default), and
        do before each: they take time there (SEMANTICS U6, U7), and change nothing in a simulation.
    threads
        Aer's `max_parallel_threads`; 0 leaves it to Aer.
    """

    seed_simulator: int | None = None
    exact: bool = False
    dry_run: bool = False
    noise_model: object | None = None
    mitigation: Mitigation = NOTHING_MITIGATED
    rep_delay_s: float | None = None
    init_qubits: bool = True
    threads: int = 1


@dataclass(frozen=True, slots=True)
class PackedSamplerPub:
    """One PUB of a Sampler, or some of its sets of parameter values.

    Attributes
    ----------
    number
        The PUB's in the job.
    circuit_key
        The circuit's in the object store.
    registers
        (name, indices of its classical bits) of each classical register.
    values
        Array (sets, parameters).
    shots
        For each set.
    first_set
        Which of the PUB's sets is the first here.
    seed, index
        Of the job's random numbers, and where the first set here stands among all of the job's sets.
    expected_s
        About how long one set takes to simulate.
    """

    number: int
    circuit_key: str
    registers: tuple[tuple[str, tuple[int, ...]], ...]
    values: NDArray[np.float64]
    shots: int
    first_set: int
    seed: int
    index: int
    expected_s: float


#: A Pauli string without its identities: letters, and the qubits that they are on.
Pauli = tuple[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class PackedEstimatorPub:
    """One PUB of an Estimator, or some of its sets of parameter values.

    Attributes
    ----------
    number, circuit_key, values, first_set, expected_s
        As for `PackedSamplerPub`.
    paulis
        Every Pauli string of the PUB's observables, each once.
    observables
        Array (observables, paulis): coefficients.
    elements
        Array (values to estimate, 3): its position in the flattened result, its set (of all the
        PUB's), its observable.
    precision
        Target standard error; the shots follow from it.
    seed
        Of the PUB.
    sets
        How many sets the PUB has in all.
    """

    number: int
    circuit_key: str
    values: NDArray[np.float64]
    paulis: tuple[Pauli, ...]
    observables: NDArray[np.float64]
    elements: NDArray[np.intp]
    precision: float
    first_set: int
    seed: int
    sets: int
    expected_s: float


PackedPub = PackedSamplerPub | PackedEstimatorPub


@dataclass(frozen=True, slots=True)
class Task:
    """A job, or a part of one, as it goes to a worker.

    Attributes
    ----------
    program
        "sampler" or "estimator".
    directory, backend_key, noise_key
        The object store's folder, and the keys there of the backend and of the noise model that is
        used instead of its own.
    pubs
        The PUBs.
    options
        Without the noise model.
    job_pubs, instructions
        Of all the job: its PUBs, and the operations of their circuits.
    note
        What a person should know before it runs; "" mostly.
    pin
        Keeps what the keys stand for in the object store.
    """

    program: Program
    directory: str
    backend_key: str
    noise_key: str | None
    pubs: tuple[PackedPub, ...]
    options: SimulationOptions
    job_pubs: int
    instructions: int
    note: str = ""
    pin: Pin = field(default_factory=Pin, compare=False, repr=False)

    def work(self, runs: Sequence[Run] = ()) -> Work:
        """Return what the job asks of a QPU, with what is known of its circuits' durations."""
        options = self.options
        return Work(
            self.program,
            self.job_pubs,
            self.instructions,
            joined(tuple(runs)),
            options.mitigation,
            options.rep_delay_s,
            options.init_qubits,
        )

    @property
    def expected_s(self) -> float:
        """About how long the task takes to simulate."""
        return sum(map(_expected_s, self.pubs))

    def split(self, parts: int) -> tuple[Task, ...]:
        """Return at most so many tasks that together are this one; the result does not depend on how many.

        By PUBs first, and by sets of parameter values where there are fewer PUBs than parts; a task
        that is over soon stays in one.
        """
        parts = min(parts, int(self.expected_s / _PART_WORTH_S))
        if parts < 2 or self.options.dry_run:
            return (self,)
        share_s = self.expected_s / parts
        pieces = [piece for pub in self.pubs for piece in _pieces(pub, share_s)]
        bins: list[list[PackedPub]] = [[] for _ in range(parts)]
        loads_s = [0.0] * parts
        for piece in sorted(pieces, key=_expected_s, reverse=True):
            lightest = loads_s.index(min(loads_s))
            bins[lightest].append(piece)
            loads_s[lightest] += _expected_s(piece)
        return tuple(dataclasses.replace(self, pubs=tuple(pubs)) for pubs in bins if pubs)


def _expected_s(pub: PackedPub) -> float:
    return pub.expected_s * len(pub.values)


def _pieces(pub: PackedPub, share_s: float) -> Sequence[PackedPub]:
    """Return a PUB in pieces that each take about so long."""
    sets = len(pub.values)
    pieces = min(sets, max(1, round(_expected_s(pub) / share_s)))
    if pieces < 2:
        return (pub,)
    edges = [round(i * sets / pieces) for i in range(pieces + 1)]
    return [_sets(pub, a, b) for a, b in itertools.pairwise(edges)]


def _sets(pub: PackedPub, start: int, stop: int) -> PackedPub:
    """Return a PUB with these of its sets only."""
    values, first_set = pub.values[start:stop], pub.first_set + start
    if isinstance(pub, PackedSamplerPub):
        return dataclasses.replace(pub, values=values, first_set=first_set, index=pub.index + start)
    mine = (pub.elements[:, 1] >= first_set) & (pub.elements[:, 1] < pub.first_set + stop)
    return dataclasses.replace(pub, values=values, first_set=first_set, elements=pub.elements[mine])


@dataclass(frozen=True, slots=True)
class SampledPub:
    """Outcomes of some sets of a PUB: per register an array (sets, shots, bytes), packed as in `BitArray`."""

    number: int
    first_set: int
    arrays: Mapping[str, NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class EstimatedPub:
    """Estimates of a PUB: positions in the flattened result, values, standard errors; and shots of each."""

    number: int
    positions: NDArray[np.intp]
    evs: NDArray[np.float64]
    stds: NDArray[np.float64]
    shots: int


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What a task came to.

    Attributes
    ----------
    program
        As of the task.
    pubs
        The results of its PUBs.
    work
        What the job asks of a QPU, or the part.
    simulated_s
        Aer's own wall time.
    shares_s
        (PUB's number, seconds of executions without the pauses, executions), more than one for a PUB
        that was split.
    notes
        What a person should be told about how it was simulated.
    dry_run
        The data are random.
    """

    program: Program
    pubs: tuple[SampledPub | EstimatedPub, ...]
    work: Work
    simulated_s: float
    shares_s: tuple[tuple[int, float, int], ...] = ()
    notes: tuple[str, ...] = ()
    dry_run: bool = False


def join(results: Sequence[TaskResult]) -> TaskResult:
    """Return the result of a task from those of what it was split into."""
    first = results[0]
    if len(results) == 1:
        return first
    work = dataclasses.replace(
        first.work, runs=joined(tuple(run for result in results for run in result.work.runs))
    )
    return TaskResult(
        program=first.program,
        pubs=tuple(pub for result in results for pub in result.pubs),
        work=work,
        simulated_s=sum(result.simulated_s for result in results),
        shares_s=tuple(share for result in results for share in result.shares_s),
        notes=tuple(dict.fromkeys(note for result in results for note in result.notes)),
        dry_run=first.dry_run,
    )
