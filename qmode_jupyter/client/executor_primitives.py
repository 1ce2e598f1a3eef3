"""The client-side primitives of IBM's client, `executor_sampler` and `executor_estimator`.

They differ from the others in what they take: the options can be replaced as a whole, and the PUBs of
a job all have the same number of shots, or precision (SEMANTICS P6).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from qmode_jupyter.client.options import EstimatorOptions, OptionsT, SamplerOptions, options_from
from qmode_jupyter.client.primitives import EstimatorV2, Primitive, SamplerV2
from qmode_jupyter.errors import IBMInputValueError, IBMRuntimeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qiskit.primitives.containers import EstimatorPubLike, SamplerPubLike


class _ClientSide(Primitive[OptionsT]):
    """What both of them have."""

    @property
    def options(self) -> OptionsT:
        """Its options; a dictionary or an object of options replaces them all."""
        return self._options

    @options.setter
    def options(self, options: dict[str, Any] | OptionsT) -> None:
        if options is None:
            raise TypeError(f"Expected {self._options_class.__name__} or dict, got {type(options)}")
        self._options = options_from(self._options_class, options)

    def finalize_options(self) -> OptionsT:
        """Return the options that a run uses: a copy, nothing is derived from a resilience level here."""
        return self._options.copy()

    def _of_several(self, unit: str, values: set[Any]) -> None:
        if len(values) > 1:
            raise IBMInputValueError(
                f"All pubs must have the same {'number of ' * (unit == 'shots')}{unit}. Found: {values}"
            )


class Sampler(_ClientSide[SamplerOptions], SamplerV2):
    """Samples the classical registers of circuits; see `SamplerV2`."""

    def find_unique_layers(self, pubs: Iterable[SamplerPubLike], types: str = "gates") -> NoReturn:
        """Raise IBMRuntimeError: layers are what a noise learner learns, and there is none."""
        _refuse_layers()


class Estimator(_ClientSide[EstimatorOptions], EstimatorV2):
    """Estimates expectation values of observables; see `EstimatorV2`."""

    def find_unique_layers(self, pubs: Iterable[EstimatorPubLike], types: str = "gates") -> NoReturn:
        """Raise IBMRuntimeError: layers are what a noise learner learns, and there is none."""
        _refuse_layers()


def _refuse_layers() -> NoReturn:
    raise IBMRuntimeError(
        "find_unique_layers finds the layers that a noise learner learns, and nothing is learned here: "
        "circuits run with the noise of the backend, unmitigated."
    )
