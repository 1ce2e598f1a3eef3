"""The options of the primitives: IBM's names and shape (SEMANTICS P8), and a few of our own.

::

    SamplerOptions                         EstimatorOptions
      default_shots          4096            default_precision     1/64
      max_execution_time     seconds         default_shots         overrides the precision
      environment            job_tags, …     resilience_level      †
      execution              rep_delay, …    seed_estimator
      simulator              seed_simulator, noise_model, exact*, dry_run*
      twirling, resilience                  †
  dynamical_decoupling, experimental    –

``*`` ours: `exact` gives an Estimator's exact values; `dry_run` validates, times and accounts a job
and returns random data of the right shape. ``†`` counted in the time that a job takes and in its
charge, not in its results. ``–`` without effect. One of either that is set is said so with an
`UnsupportedOptionWarning`; a name that does not exist is an `OptionError`.

Options are read and set as attributes, a group also by a dictionary:

>>> options = SamplerOptions(default_shots=1000)
>>> options.simulator.seed_simulator = 7
>>> options.twirling = {"enable_gates": True}
>>> options
SamplerOptions(simulator={'seed_simulator': 7}, twirling={'enable_gates': True}, default_shots=1000)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, is_dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from qmode_jupyter.client.options.group import OptionGroup, of, set_in
from qmode_jupyter.client.options.kinds import (
    ANYTHING,
    AUTO,
    MAPPING,
    NOTHING,
    YES_NO,
    Kind,
    Unset,
    UnsetType,
    many,
    one_of,
    real,
    whole_number,
)
from qmode_jupyter.errors import OptionError
from qmode_jupyter.style.characters import shown

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

#: Shots of a PUB when nobody says how many (SEMANTICS P8).
DEFAULT_SHOTS: Final = 4096
#: Precision of an Estimator's PUB when nobody says one; stands for 4096 shots (SEMANTICS P8).
DEFAULT_PRECISION: Final = 1 / 64

#: Limits on the tags of a job (SEMANTICS J17).
MAX_TAGS: Final = 8
MAX_TAG_LENGTH: Final = 86

_UNMITIGATED: Final = "circuits run on Aer as they are"
#: Why an option changes how long a job takes, and nothing else.
COUNTED: Final = "counted in time and charge, while results are Aer's, unmitigated"
_NO_SCHEDULE: Final = "a simulation has no schedule of pulses"
_NO_LAYERS: Final = "the noise is that of the backend, or of simulator.noise_model"


def checked_tags(value: Any) -> list[str]:
    """Return a job's tags as a list.

    Raises
    ------
    OptionError
        For what is no list of texts, more than 8 of them, or one of more than 86 characters.
    """
    if not isinstance(value, (list, tuple)) or not all(isinstance(tag, str) for tag in value):
        raise OptionError("job_tags needs to be a list of strings.")
    if len(value) > MAX_TAGS:
        raise OptionError(f"A job has at most {MAX_TAGS} tags, not {len(value)} (code 1204).")
    if long := next((tag for tag in value if len(tag) > MAX_TAG_LENGTH), None):
        raise OptionError(
            f"A tag has at most {MAX_TAG_LENGTH} characters; {long[:12]!r}… has {len(long)} (code 1205)."
        )
    return list(value)


def _image(value: Any) -> str | None:
    if value is None:
        return None
    name, colon, tag = value.partition(":") if isinstance(value, str) else ("", "", "")
    if not (name and colon and tag) or ":" in tag:
        raise ValueError(f'"image" needs to be in form of image_name:tag, not {shown(value)}.')
    return str(value)


def _noise(value: Any) -> Any:
    if value is None or isinstance(value, dict) or hasattr(value, "to_dict"):
        return value
    raise ValueError


def _factors(value: Any) -> list[float]:
    return [float(item) for item in many(real(at_least=1), at_least=1).keep(value)]


@dataclass(init=False, repr=False)
class EnvironmentOptions(OptionGroup):
    """Where and as what a job runs."""

    _prefix = "environment."
    log_level: str | UnsetType = field(
        default=Unset,
        metadata=of(
            one_of("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), "the emulated service keeps one log"
        ),
    )
    job_tags: list[str] | UnsetType | None = field(
        default=Unset, metadata=of(NOTHING | Kind("a list of texts", checked_tags))
    )
    private: bool | UnsetType | None = field(default=Unset, metadata=of(YES_NO | NOTHING))
    image: str | UnsetType | None = field(
        default=Unset,
        metadata=of(Kind("an image, as name:tag", _image), "the emulated service runs everything by itself"),
    )


@dataclass(init=False, repr=False)
class ExecutionOptions(OptionGroup):
    """How each shot runs; `rep_delay` in seconds."""

    _prefix = "execution."
    init_qubits: bool | UnsetType = field(default=Unset, metadata=of(YES_NO))
    rep_delay: float | UnsetType = field(default=Unset, metadata=of(real(at_least=0)))
    scheduler_timing: bool | UnsetType = field(default=Unset, metadata=of(YES_NO, _NO_SCHEDULE))
    stretch_values: bool | UnsetType = field(default=Unset, metadata=of(YES_NO, _NO_SCHEDULE))


@dataclass(init=False, repr=False)
class SamplerExecutionOptions(ExecutionOptions):
    """How each shot runs and is measured."""

    meas_type: str | UnsetType = field(
        default=Unset, metadata=of(one_of("classified", "kerneled", "avg_kerneled"))
    )


@dataclass(init=False, repr=False)
class SimulatorOptions(OptionGroup):
    """What only a simulator has; `exact` and `dry_run` are ours."""

    _prefix = "simulator."
    noise_model: object | UnsetType | None = field(
        default=Unset, metadata=of(Kind("a qiskit_aer NoiseModel, its dictionary or None", _noise))
    )
    seed_simulator: int | UnsetType | None = field(default=Unset, metadata=of(whole_number() | NOTHING))
    coupling_map: object | UnsetType = field(
        default=Unset, metadata=of(ANYTHING, "the backend's own coupling map holds")
    )
    basis_gates: object | UnsetType = field(
        default=Unset, metadata=of(ANYTHING, "the backend's own gates hold")
    )
    angle_decimals: int | UnsetType = field(
        default=Unset, metadata=of(whole_number(), "angles are simulated as they are")
    )
    layer_noise_model: object | UnsetType | None = field(default=Unset, metadata=of(ANYTHING, _NO_LAYERS))
    warn_absent: bool | UnsetType = field(default=Unset, metadata=of(YES_NO, _NO_LAYERS))
    exact: bool | UnsetType = field(default=Unset, metadata=of(YES_NO))
    dry_run: bool | UnsetType = field(default=Unset, metadata=of(YES_NO))

    def set_backend(self, backend: BackendV2) -> None:
        """Simulate with the noise of `backend`; gates and couplings stay those of where jobs run.

        Raises
        ------
        OptionError
            For something that is no backend.
        """
        from qiskit.providers import BackendV2
        from qiskit_aer.noise import NoiseModel

        if not isinstance(backend, BackendV2):
            raise OptionError(f"set_backend takes a BackendV2, not {type(backend).__name__}.")
        self.noise_model = NoiseModel.from_backend(backend)


@dataclass(init=False, repr=False)
class TwirlingOptions(OptionGroup):
    """Pauli twirling."""

    _prefix = "twirling."
    enable_gates: bool | UnsetType = field(default=Unset, metadata=of(YES_NO, COUNTED))
    enable_measure: bool | UnsetType = field(default=Unset, metadata=of(YES_NO, COUNTED))
    num_randomizations: int | str | UnsetType = field(
        default=Unset, metadata=of(whole_number(1) | AUTO, COUNTED)
    )
    shots_per_randomization: int | str | UnsetType = field(
        default=Unset, metadata=of(whole_number(1) | AUTO, COUNTED)
    )
    group: str | UnsetType = field(
        default=Unset,
        metadata=of(one_of("pauli", "balanced_pauli", "local_c1", "local_pauli"), _UNMITIGATED),
    )
    strategy: str | UnsetType = field(
        default=Unset, metadata=of(one_of("active", "active-accum", "active-circuit", "all"), _UNMITIGATED)
    )


@dataclass(init=False, repr=False)
class DynamicalDecouplingOptions(OptionGroup):
    """Dynamical decoupling."""

    _prefix = "dynamical_decoupling."
    enable: bool | UnsetType = field(default=Unset, metadata=of(YES_NO, _UNMITIGATED))
    sequence_type: str | UnsetType = field(
        default=Unset, metadata=of(one_of("XX", "XpXm", "XY4"), _UNMITIGATED)
    )
    extra_slack_distribution: str | UnsetType = field(
        default=Unset, metadata=of(one_of("middle", "edges"), _UNMITIGATED)
    )
    scheduling_method: str | UnsetType = field(
        default=Unset, metadata=of(one_of("alap", "asap"), _UNMITIGATED)
    )
    skip_reset_qubits: bool | UnsetType = field(default=Unset, metadata=of(YES_NO, _UNMITIGATED))


@dataclass(init=False, repr=False)
class MeasureNoiseLearningOptions(OptionGroup):
    """Learning the readout noise."""

    _prefix = "resilience.measure_noise_learning."
    num_randomizations: int | str | UnsetType = field(
        default=Unset, metadata=of(whole_number(1) | AUTO, COUNTED)
    )
    shots_per_randomization: int | str | UnsetType = field(
        default=Unset, metadata=of(whole_number(1) | AUTO, COUNTED)
    )


@dataclass(init=False, repr=False)
class LayerNoiseLearningOptions(OptionGroup):
    """Learning the noise of layers of gates."""

    _prefix = "resilience.layer_noise_learning."
    max_layers_to_learn: int | UnsetType | None = field(
        default=Unset, metadata=of(whole_number() | NOTHING, COUNTED)
    )
    shots_per_randomization: int | UnsetType = field(default=Unset, metadata=of(whole_number(1), COUNTED))
    num_randomizations: int | UnsetType = field(default=Unset, metadata=of(whole_number(1), COUNTED))
    layer_pair_depths: list[int] | UnsetType = field(
        default=Unset, metadata=of(many(whole_number()), COUNTED)
    )


@dataclass(init=False, repr=False)
class ZneOptions(OptionGroup):
    """Zero-noise extrapolation."""

    _prefix = "resilience.zne."
    amplifier: str | UnsetType = field(
        default=Unset,
        metadata=of(one_of("gate_folding", "gate_folding_front", "gate_folding_back", "pea"), COUNTED),
    )
    noise_factors: list[float] | str | UnsetType = field(
        default=Unset, metadata=of(Kind("a list of numbers of at least 1", _factors) | AUTO, COUNTED)
    )
    extrapolator: object | UnsetType = field(default=Unset, metadata=of(ANYTHING, _UNMITIGATED))
    extrapolated_noise_factors: list[float] | str | UnsetType = field(
        default=Unset, metadata=of(many(real(at_least=0)) | AUTO, _UNMITIGATED)
    )


@dataclass(init=False, repr=False)
class PecOptions(OptionGroup):
    """Probabilistic error cancellation."""

    _prefix = "resilience.pec."
    max_overhead: float | UnsetType | None = field(
        default=Unset, metadata=of(real(above=0) | NOTHING, COUNTED)
    )
    noise_gain: float | str | UnsetType = field(
        default=Unset, metadata=of(real(at_least=0) | AUTO, _UNMITIGATED)
    )


@dataclass(init=False, repr=False)
class ResilienceOptions(OptionGroup):
    """Error mitigation."""

    _prefix = "resilience."
    measure_mitigation: bool | UnsetType = field(default=Unset, metadata=of(YES_NO, COUNTED))
    measure_noise_learning: MeasureNoiseLearningOptions = field(default_factory=MeasureNoiseLearningOptions)
    zne_mitigation: bool | UnsetType = field(default=Unset, metadata=of(YES_NO, COUNTED))
    zne: ZneOptions = field(default_factory=ZneOptions)
    pec_mitigation: bool | UnsetType = field(default=Unset, metadata=of(YES_NO, COUNTED))
    pec: PecOptions = field(default_factory=PecOptions)
    layer_noise_learning: LayerNoiseLearningOptions = field(default_factory=LayerNoiseLearningOptions)
    layer_noise_model: object | UnsetType | None = field(default=Unset, metadata=of(ANYTHING, COUNTED))


@dataclass(init=False, repr=False)
class JobOptions(OptionGroup):
    """What every job has; `max_execution_time` in seconds on the QPU (SEMANTICS J20)."""

    max_execution_time: int | UnsetType | None = field(default=Unset, metadata=of(whole_number(1) | NOTHING))
    environment: EnvironmentOptions = field(default_factory=EnvironmentOptions)
    simulator: SimulatorOptions = field(default_factory=SimulatorOptions)
    execution: ExecutionOptions = field(default_factory=ExecutionOptions)
    experimental: dict[str, Any] | UnsetType = field(
        default=Unset, metadata=of(MAPPING, "it is only for hardware")
    )


@dataclass(init=False, repr=False)
class ExecutorOptions(JobOptions):
    """Options of `Executor`."""


@dataclass(init=False, repr=False)
class PrimitiveOptions(JobOptions):
    """What both primitives have."""

    dynamical_decoupling: DynamicalDecouplingOptions = field(default_factory=DynamicalDecouplingOptions)
    twirling: TwirlingOptions = field(default_factory=TwirlingOptions)


@dataclass(init=False, repr=False)
class SamplerOptions(PrimitiveOptions):
    """Options of `SamplerV2`; `shots` is taken for `default_shots`."""

    default_shots: int | UnsetType | None = field(default=Unset, metadata=of(whole_number(1) | NOTHING))
    execution: SamplerExecutionOptions = field(default_factory=SamplerExecutionOptions)

    @property
    def shots(self) -> int | UnsetType | None:
        """The older word for `default_shots`."""
        return self.default_shots

    def shots_of_a_pub(self) -> int:
        """Return the shots of a PUB that says none."""
        return self.default_shots or DEFAULT_SHOTS


@dataclass(init=False, repr=False)
class EstimatorOptions(PrimitiveOptions):
    """Options of `EstimatorV2`; `shots` is taken for `default_shots`."""

    default_precision: float | UnsetType = field(default=Unset, metadata=of(real(above=0)))
    default_shots: int | UnsetType | None = field(default=Unset, metadata=of(whole_number(1) | NOTHING))
    resilience_level: int | UnsetType = field(default=Unset, metadata=of(whole_number(0, 2), COUNTED))
    seed_estimator: int | UnsetType = field(default=Unset, metadata=of(whole_number()))
    resilience: ResilienceOptions = field(default_factory=ResilienceOptions)

    @property
    def shots(self) -> int | UnsetType | None:
        """The older word for `default_shots`."""
        return self.default_shots

    def precision_of_a_pub(self) -> float:
        """Return the precision of a PUB that says none; `default_shots` goes first."""
        if self.default_shots:
            precision = 1 / math.sqrt(self.default_shots)
            # Rounded so that the shots which follow from it are these, and not one more.
            while math.ceil(1 / precision**2) > self.default_shots:
                precision = math.nextafter(precision, math.inf)
            return precision
        return self.default_precision or DEFAULT_PRECISION


#: IBM's names of the same, so that only the import of existing code changes.
Options = OptionsV2 = PrimitiveOptions
ExecutionOptionsV2 = ExecutionOptions
SamplerExecutionOptionsV2 = SamplerExecutionOptions
ResilienceOptionsV2 = ResilienceOptions

OptionsT = TypeVar("OptionsT", bound=PrimitiveOptions)
_JobOptionsT = TypeVar("_JobOptionsT", bound=JobOptions)


def options_from(cls: type[_JobOptionsT], options: object) -> _JobOptionsT:
    """Return options of `cls` from None, a nested dictionary, options of ours or of IBM's client.

    Raises
    ------
    TypeError
        For anything else, other primitives' options included.
    OptionError
        For a name or value that can't be.
    """
    if options is None:
        return cls()
    if isinstance(options, cls):
        return options.copy()
    if isinstance(options, Mapping):
        return cls(**options)
    if is_dataclass(options) and type(options).__name__ == cls.__name__:
        return cls(**_at_the_top(set_in(options)))
    raise TypeError(
        f"Invalid 'options' type. It can only be a dictionary or {cls.__name__}, "
        f"not {type(options).__name__}."
    )


def _at_the_top(given: dict[str, Any]) -> dict[str, Any]:
    """Put `max_execution_time` where it belongs; IBM's models of options have it in two places."""
    longest = given.get("environment", {}).pop("max_execution_time", None)
    return given if longest is None else {"max_execution_time": longest} | given
