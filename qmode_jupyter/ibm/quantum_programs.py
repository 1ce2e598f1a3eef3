"""`Executor`: quantum programs on an emulated QPU, under the rules of any other job (SEMANTICS P9, R8).

A program's items are circuits, each with an array of parameter values, or with a samplex, which draws
such values. They run as the PUBs of a Sampler; what a samplex draws beside them (which bits are
flipped, signs) is returned with the bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.primitives.containers.bindings_array import BindingsArray
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qmode_jupyter.client.mode import JobMode, resolve
from qmode_jupyter.client.options import ExecutorOptions, options_from
from qmode_jupyter.client.primitives import SamplerV2
from qmode_jupyter.errors import IBMInputValueError, OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from qiskit.primitives import PrimitiveResult
    from qiskit.providers import BackendV2
    from qiskit_ibm_runtime import QuantumProgram
    from qiskit_ibm_runtime.results import QuantumProgramResult

    from qmode_jupyter.client.context import JobContainer
    from qmode_jupyter.client.job import RuntimeJob


class Executor:
    """Runs quantum programs.

    Parameters
    ----------
    mode
        A backend (job mode), a Session or a Batch; None for the session or batch of the `with`
        around it.
    options
        A nested dictionary or `ExecutorOptions`.

    Raises
    ------
    IBMInputValueError
        For a mode that can't be (also a ValueError).
    OptionError
        For an option that does not exist, or a value that can't be.
    """

    def __init__(
        self,
        mode: BackendV2 | JobContainer | None = None,
        options: dict[str, Any] | ExecutorOptions | None = None,
    ) -> None:
        self._container = resolve(mode)
        self._options = options_from(ExecutorOptions, options)

    @property
    def mode(self) -> JobContainer | None:
        """Its session or batch; None in job mode."""
        return None if isinstance(self._container, JobMode) else self._container

    @property
    def options(self) -> ExecutorOptions:
        """Its options; a dictionary or an object of options replaces them all."""
        return self._options

    @options.setter
    def options(self, options: dict[str, Any] | ExecutorOptions) -> None:
        self._options = options_from(ExecutorOptions, options)

    def backend(self) -> BackendV2:
        """Return the backend that its jobs run on."""
        return self._container.backend_object

    def run(self, program: QuantumProgram, dry_run: bool = False) -> RuntimeJob:
        """Submit a program and return its job.

        Parameters
        ----------
        program
            Of `QuantumProgram`; or of samplomatic's, of which that is one.
        dry_run
            Validate, time and account the job; its data are random and of the right shape.

        Returns
        -------
        RuntimeJob
            The result is IBM's `QuantumProgramResult`: ``result[i][register]`` is an array of bool
            of shape (..., shots, bits), the item's own shape first.

        Raises
        ------
        IBMInputValueError
            For something that is no program, and for what is wrong in its circuits. Nothing was
            submitted then.
        IBMRuntimeError
            If the session is closed, or the service refuses the job.
        """
        items = getattr(program, "items", None)
        if not isinstance(items, list):
            raise IBMInputValueError(f"run() takes a QuantumProgram, not {type(program).__name__}.")
        if not items:
            raise IBMInputValueError("The program is empty: give it an item with append_circuit_item.")
        if program.meas_level != "classified":
            raise OptionError(
                f"meas_level={program.meas_level!r} needs hardware: a simulator gives classified data only."
            )
        drawn = _drawn(items, self._options.simulator.seed_simulator or None)
        pubs = [
            _pub(item.circuit, values.pop("parameter_values"), program.shots)
            for item, values in zip(items, drawn, strict=True)
        ]
        sampler = SamplerV2(self._container, self._options.set_values())
        job = sampler.run(pubs, dry_run=dry_run)
        job.result_decoder = _Decoder(program, drawn)
        return job


@dataclass(frozen=True, slots=True)
class _Decoder:
    """Makes the result of a program of that of its PUBs."""

    program: QuantumProgram
    drawn: Sequence[Mapping[str, NDArray[Any]]]

    def decode(self, result: PrimitiveResult[Any]) -> QuantumProgramResult:
        """Return the result, with what was drawn for each item beside its bits."""
        from qiskit_ibm_runtime.results import ChunkPart, ChunkSpan, Metadata, QuantumProgramResult

        data = [
            {**drawn, **{name: bits.to_bool_array(order="little") for name, bits in one.data.items()}}
            for drawn, one in zip(self.drawn, result, strict=True)
        ]
        items = self.program.items
        chunks = [
            ChunkSpan(
                span.start, span.stop, [ChunkPart(number, items[number].size()) for number in span.pub_idxs]
            )
            for span in result.metadata["execution"]["execution_spans"]
        ]
        return QuantumProgramResult(data, Metadata(chunks), self.program.passthrough_data)


def _drawn(items: Sequence[Any], seed: object) -> list[dict[str, NDArray[Any]]]:
    """Return for each item its "parameter_values" (..., parameters) and what was drawn beside them."""
    from qiskit_ibm_runtime.fake_provider.executor.broadcast_sample import broadcast_sample

    rng = np.random.default_rng(seed if isinstance(seed, int) else None)
    return [
        broadcast_sample(item.samplex, item.samplex_arguments, item.shape, rng)
        if hasattr(item, "samplex")
        else {"parameter_values": item.circuit_arguments}
        for item in items
    ]


def _pub(circuit: Any, values: NDArray[np.float64], shots: int) -> SamplerPub:
    parameters = tuple(circuit.parameters)
    return SamplerPub(
        circuit, BindingsArray({parameters: values} if parameters else None, values.shape[:-1]), shots
    )
