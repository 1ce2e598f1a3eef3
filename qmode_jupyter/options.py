"""The options under the name that IBM's client has for their module; see `qmode_jupyter.client.options`."""

from __future__ import annotations

from typing import Any

from qmode_jupyter.client.absent import absent
from qmode_jupyter.client.options import (
    DynamicalDecouplingOptions,
    EnvironmentOptions,
    EstimatorOptions,
    ExecutionOptions,
    ExecutionOptionsV2,
    LayerNoiseLearningOptions,
    MeasureNoiseLearningOptions,
    Options,
    OptionsV2,
    PecOptions,
    PrimitiveOptions,
    ResilienceOptions,
    ResilienceOptionsV2,
    SamplerExecutionOptions,
    SamplerExecutionOptionsV2,
    SamplerOptions,
    SimulatorOptions,
    TwirlingOptions,
    ZneOptions,
)

__all__ = [
    "DynamicalDecouplingOptions",
    "EnvironmentOptions",
    "EstimatorOptions",
    "ExecutionOptions",
    "ExecutionOptionsV2",
    "LayerNoiseLearningOptions",
    "MeasureNoiseLearningOptions",
    "Options",
    "OptionsV2",
    "PecOptions",
    "PrimitiveOptions",
    "ResilienceOptions",
    "ResilienceOptionsV2",
    "SamplerExecutionOptions",
    "SamplerExecutionOptionsV2",
    "SamplerOptions",
    "SimulatorOptions",
    "TwirlingOptions",
    "ZneOptions",
]


def __getattr__(name: str) -> Any:
    raise absent(__name__, name)
