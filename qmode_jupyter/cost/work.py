"""What a job asks of a QPU: facts that hold on any processor, and can be priced again on another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from math import ceil, inf
from typing import Any, Final, Literal

Primitive = Literal["sampler", "estimator", "executor"]

#: Twirling's own rule where both options say "auto": so many randomizations, of at least so many shots;
#: under PEC of just so many, and as many of them as it takes.
_AUTO_RANDOMIZATIONS: Final = 32
_AUTO_SHOTS: Final = 64


@dataclass(frozen=True, slots=True)
class Run:
    """Circuits whose executions take equally long.

    Attributes
    ----------
    circuits
        After broadcasting the parameters, times the bases that they are measured in.
    shots
        Of each.
    gates_s, readout_s
        Duration of one execution, up to its last measurement and of that.
    """

    circuits: int
    shots: int
    gates_s: float
    readout_s: float

    @property
    def executions(self) -> int:
        """How often a circuit is executed, as asked for."""
        return self.circuits * self.shots


@dataclass(frozen=True, slots=True)
class Mitigation:
    """What the options make the service run beside the circuits themselves, or instead of them.

    Attributes
    ----------
    twirled
        Gates or measurements are twirled.
    randomizations, shots_per_randomization
        Of a twirled circuit; None where the options leave it to the service ("auto").
    measure
        The readout noise is learned (TREX): so many randomizations of so many shots, None for the
        service's own numbers.
    zne_factors
        The noise factors of zero-noise extrapolation; none without it.
    folded
        Noise is amplified by folding gates, which takes time; otherwise by adding random ones (PEA).
    pec_limit
        Most executions for one with probabilistic error cancellation; None without it.
    layers, layer_executions
        Layers of gates whose noise is learned, for PEC and PEA, and executions for each: by the service's
        default options 6 depths in 9 bases, 32 randomizations of 128 shots.
    """

    twirled: bool = False
    randomizations: int | None = None
    shots_per_randomization: int | None = None
    measure: bool = False
    learning_randomizations: int | None = None
    learning_shots: int | None = None
    zne_factors: tuple[float, ...] = ()
    folded: bool = True
    pec_limit: float | None = None
    layers: int = 0
    layer_executions: int = 6 * 9 * 32 * 128

    @property
    def any(self) -> bool:
        """Whether anything is mitigated; twirling by itself mitigates nothing."""
        return self.measure or bool(self.zne_factors) or self.pec_limit is not None

    def twirls(self, shots: int) -> tuple[int, int]:
        """Return how a circuit's shots are shared out: (randomizations, shots of each)."""
        each, number = self.shots_per_randomization, self.randomizations
        if each is None and number is not None:
            each = ceil(shots / number)
        elif each is None and self.pec_limit is not None:
            each = _AUTO_SHOTS
        elif each is None:
            each = max(_AUTO_SHOTS, ceil(shots / _AUTO_RANDOMIZATIONS))
        return number or ceil(shots / each), each


NOTHING_MITIGATED: Final = Mitigation()


@dataclass(frozen=True, slots=True)
class Work:
    """One job.

    Attributes
    ----------
    pubs
        How many it has.
    instructions
        Of the PUBs' circuits, summed: what their preparation grows with.
    rep_delay_s
        Pause between two executions that the job asks for; None for the processor's.
    init_qubits
        Whether qubits are reset before each execution.
    """

    primitive: Primitive
    pubs: int
    instructions: int
    runs: tuple[Run, ...]
    mitigation: Mitigation = NOTHING_MITIGATED
    rep_delay_s: float | None = None
    init_qubits: bool = True

    @property
    def circuits(self) -> int:
        """After broadcasting, in all bases."""
        return sum(run.circuits for run in self.runs)

    @property
    def executions(self) -> int:
        """Circuits × shots, as asked for; mitigation runs more."""
        return sum(run.executions for run in self.runs)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, without what is as usual."""
        own: dict[str, Any] = {
            "primitive": self.primitive,
            "pubs": self.pubs,
            "instructions": self.instructions,
            "runs": [[run.circuits, run.shots, run.gates_s, run.readout_s] for run in self.runs],
            "mitigation": _unusual(self.mitigation, NOTHING_MITIGATED),
            "rep_delay_s": self.rep_delay_s,
            "init_qubits": self.init_qubits,
        }
        usual = {"pubs": 0, "instructions": 0, "rep_delay_s": None, "init_qubits": True}
        return {k: v for k, v in own.items() if v not in (usual.get(k, ()), [], {}) or k == "primitive"}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Work:
        """Return what `to_dict` wrote.

        Raises
        ------
        ValueError, TypeError
            For something else.
        """
        own = dict(values)
        own["runs"] = tuple(Run(*run) for run in own.get("runs", ()))
        mitigation = dict(own.get("mitigation", {}))
        if "zne_factors" in mitigation:
            mitigation["zne_factors"] = tuple(mitigation["zne_factors"])
        figures = [own.get(name) for name in ("pubs", "instructions", "rep_delay_s")]
        figures += [figure for run in own["runs"] for figure in asdict(run).values()]
        figures += [figure for figure in mitigation.values() if not isinstance(figure, tuple)]
        for figure in (*figures, *mitigation.get("zne_factors", ())):
            if figure is not None and not 0 <= figure < inf:
                raise ValueError(f"{figure!r} is no figure of a job's work")
        own["mitigation"] = Mitigation(**mitigation)
        return cls(**{"pubs": 0, "instructions": 0} | own)


def joined(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """Return runs with those made one that differ in the number of circuits alone, in their order."""
    circuits: dict[tuple[int, float, float], int] = {}
    for run in runs:
        key = run.shots, run.gates_s, run.readout_s
        circuits[key] = circuits.get(key, 0) + run.circuits
    return tuple(Run(number, *key) for key, number in circuits.items())


def merged(works: tuple[Work, ...]) -> Work:
    """Return several jobs' work as that of one job with all their PUBs.

    Raises
    ------
    ValueError
        If their options differ: one job has one set of them.
    """
    first = works[0]
    if any((w.primitive, *_options(w)) != (first.primitive, *_options(first)) for w in works):
        raise ValueError("jobs with different options can't be one job")
    return replace(
        first,
        pubs=sum(w.pubs for w in works),
        instructions=sum(w.instructions for w in works),
        runs=joined(tuple(run for w in works for run in w.runs)),
    )


def _options(work: Work) -> tuple[object, ...]:
    return work.mitigation, work.rep_delay_s, work.init_qubits


def _unusual(mitigation: Mitigation, usual: Mitigation) -> dict[str, Any]:
    return (
        {}
        if mitigation == usual
        else {
            field.name: getattr(mitigation, field.name)
            for field in fields(mitigation)
            if getattr(mitigation, field.name) != getattr(usual, field.name)
        }
    )
