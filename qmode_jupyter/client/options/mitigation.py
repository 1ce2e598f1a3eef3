"""What a primitive's options make the service run beside the circuits: levels and defaults resolved."""

from __future__ import annotations

from typing import Final

from qmode_jupyter.client.options.options import (
    EstimatorOptions,
    LayerNoiseLearningOptions,
    PrimitiveOptions,
    TwirlingOptions,
)
from qmode_jupyter.cost.work import Mitigation

#: An Estimator's level when nobody says one (SEMANTICS P8).
DEFAULT_RESILIENCE_LEVEL: Final = 1

#: Noise factors of zero-noise extrapolation by default.
_FACTORS: Final = (1.0, 3.0, 5.0)
#: The default options of PEC, and of learning the noise of layers: so many of them, each at so many
#: depths, with so many randomizations of so many shots; always in so many bases.
_MAX_OVERHEAD: Final = 100.0
_LAYERS: Final = 4
_DEPTHS: Final = 6
_RANDOMIZATIONS: Final = 32
_SHOTS: Final = 128
_BASES: Final = 9


def mitigation_of(options: PrimitiveOptions) -> Mitigation:
    """Return what the options ask for, a Sampler's or an Estimator's.

    Level 1 mitigates measurement errors, which twirls measurements; level 2 twirls gates too, and
    extrapolates to zero noise. An option that is set goes before what its level implies.
    """
    if not isinstance(options, EstimatorOptions):
        twirling = options.twirling
        return _twirled(twirling, bool(twirling.enable_gates or twirling.enable_measure))
    level = _set(options.resilience_level, DEFAULT_RESILIENCE_LEVEL)
    resilience = options.resilience
    measure = bool(_set(resilience.measure_mitigation, level >= 1))
    pec = bool(resilience.pec_mitigation)
    zne = bool(_set(resilience.zne_mitigation, level >= 2 and not pec))
    added = zne and resilience.zne.amplifier == "pea"
    gates = bool(_set(options.twirling.enable_gates, level >= 2 or pec or added))
    readouts = bool(_set(options.twirling.enable_measure, measure))
    twirled = _twirled(options.twirling, gates or readouts)
    learning = resilience.measure_noise_learning
    factors = resilience.zne.noise_factors or _FACTORS
    layers = resilience.layer_noise_learning
    return Mitigation(
        twirled=twirled.twirled,
        randomizations=twirled.randomizations,
        shots_per_randomization=twirled.shots_per_randomization,
        measure=measure,
        learning_randomizations=_number(learning.num_randomizations),
        learning_shots=_number(learning.shots_per_randomization),
        zne_factors=tuple(factors) if zne else (),
        folded=not added,
        pec_limit=(resilience.pec.max_overhead or _MAX_OVERHEAD) if pec else None,
        layers=(
            _set(layers.max_layers_to_learn, _LAYERS)
            if (pec or added) and not resilience.layer_noise_model
            else 0
        ),
        layer_executions=_layer_executions(layers),
    )


def _layer_executions(options: LayerNoiseLearningOptions) -> int:
    depths = options.layer_pair_depths
    randomizations = _set(options.num_randomizations, _RANDOMIZATIONS)
    shots = _set(options.shots_per_randomization, _SHOTS)
    return (len(depths) if isinstance(depths, list) else _DEPTHS) * _BASES * randomizations * shots


def _twirled(options: TwirlingOptions, twirled: bool) -> Mitigation:
    return Mitigation(
        twirled=twirled,
        randomizations=_number(options.num_randomizations),
        shots_per_randomization=_number(options.shots_per_randomization),
    )


def _number(value: object) -> int | None:
    """Return a number that is set; None for "auto", which leaves it to the service."""
    return value if isinstance(value, int) else None


def _set(value: object, otherwise: int) -> int:
    """Return an option's value, or what holds where it is not set; None is not set either."""
    return value if isinstance(value, int) else otherwise
