"""The seam to Aer: assembled circuits in, outcomes of shots out. Nothing else calls Aer to simulate.

`AerSimulator.run` translates a circuit, its noise model and its result at every call, which costs
several times what the simulation of a small circuit does. So a circuit is translated here once
(`assemble`), kept, and executed (`execute`) with the same functions that `AerSimulator.run` uses:
the same seed gives the same outcomes. `execute_publicly` is `AerSimulator.run` itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from qiskit_aer import AerError, AerSimulator
from qiskit_aer.backends.aer_compiler import assemble_circuits, generate_aer_config
from qiskit_aer.backends.backend_utils import LIBRARY_DIR
from qiskit_aer.backends.controller_wrappers import aer_controller_execute

from qmode_jupyter.errors import CircuitTooLargeError, JobError
from qmode_jupyter.simulation.memory import out_of_memory
from qmode_jupyter.simulation.tasks import SEED_STEP as SEED_STEP
from qmode_jupyter.style.sentences import sentence

if TYPE_CHECKING:
    from qiskit import QuantumCircuit


_CONTROLLER = aer_controller_execute()
# A state vector of fewer qubits takes less than 4 GB.
_STATE_FITS_QUBITS = 28
# Aer's seeds are below that.
_SEEDS = 2**63
# The method whose memory grows with entanglement, not with qubits.
_LITTLE_ENTANGLED = "matrix_product_state"


class SimulationFailedError(JobError):
    """Aer gave no result; the text is one line that says why."""


@dataclass(frozen=True, slots=True)
class AssembledCircuit:
    """A circuit in Aer's own form, with the slots where parameter values go.

    Attributes
    ----------
    circuit
        Aer's circuit.
    num_qubits, num_clbits
        Its width.
    slots
        (operation, parameter position) of each column of the values that `execute` gets.
    noise
        Aer's dictionary of the noise model, {} when there is none.
    truncatable
        Whether Aer may leave out what no outcome depends on.
    """

    circuit: Any
    num_qubits: int
    num_clbits: int
    slots: tuple[tuple[int, int], ...]
    noise: Mapping[str, Any]
    truncatable: bool


@dataclass(frozen=True, slots=True)
class Run:
    """The outcomes of one circuit with one set of parameter values.

    `memory` is a hexadecimal string per shot, in Aer's order; None when only `counts` were asked
    for. A circuit that measures nothing has neither.
    """

    counts: Mapping[str, int]
    memory: Sequence[str] | None
    data: Mapping[str, Any]
    method: str


def assemble(
    circuit: QuantumCircuit,
    slots: Sequence[tuple[int, int]],
    noise: Mapping[str, Any],
    basis_gates: Sequence[str] | None = None,
) -> AssembledCircuit:
    """Translate a flat circuit (no control-flow blocks) for Aer.

    Parameters
    ----------
    circuit
        What to run; every gate is one of Aer's.
    slots
        (instruction, parameter position) of each parameter that `execute` fills in.
    noise
        Aer's dictionary of the noise model, {} when there is none.
    basis_gates
        The only gates to accept; None: all of Aer's.

    Raises
    ------
    SimulationFailedError
        Aer does not know an instruction.
    """
    try:
        circuits, index = assemble_circuits([circuit], basis_gates)
    except AerError as error:
        raise SimulationFailedError(f"Aer can't run this circuit: {sentence(error.message)}") from None
    except (AttributeError, TypeError, ValueError) as error:  # an argument that Aer has no type for
        raise SimulationFailedError(f"Aer can't run this circuit: {sentence(error)}") from None
    circuits[0].circ_id = 0
    moved = tuple((index[0][instruction], position) for instruction, position in slots)
    return AssembledCircuit(
        circuits[0], circuit.num_qubits, circuit.num_clbits, moved, noise, _is_truncatable(circuit)
    )


def _is_truncatable(circuit: QuantumCircuit) -> bool:
    """Return whether Aer can leave out what no outcome depends on, and still find where its jumps lead.

    From the end of the circuit on it drops what shares no qubit with anything kept, the marks that end
    loops and branches too; it fails then at the jumps to them.
    """
    needed: set[Any] = set()
    for instruction in reversed(circuit.data):
        name = instruction.name
        if name == "measure" or name.startswith("save_") or not needed.isdisjoint(instruction.qubits):
            needed.update(instruction.qubits)
        elif name in ("mark", "jump"):
            return False
    return True


def execute(
    assembled: Sequence[AssembledCircuit],
    values: Sequence[NDArray[np.float64]],
    *,
    shots: int,
    seed: int,
    memory: bool,
    options: Any,
    overrides: Mapping[str, Any],
) -> list[Run]:
    """Run circuits, each with every one of its sets of parameter values, in one call of Aer.

    Parameters
    ----------
    assembled
        The circuits; they share the noise of the first.
    values
        For each circuit an array (sets, slots); a circuit without slots runs once.
    shots, seed, memory
        As of `AerSimulator.run`; the i-th run in order has the seed `seed + i * SEED_STEP`.
    options
        An `AerSimulator`'s options.
    overrides
        Options that go before those.

    Returns
    -------
    list of Run
        Circuit by circuit, and within a circuit set by set.
    """
    config = generate_aer_config(
        [_Width(max(a.num_qubits for a in assembled), max(a.num_clbits for a in assembled))],
        options,
        shots=shots,
        seed_simulator=seed % _SEEDS,
        memory=memory,
        **overrides,
    )
    config.library_dir = LIBRARY_DIR
    if not all(a.truncatable for a in assembled):
        config.enable_truncation = False
    if any(a.slots for a in assembled):
        # A circuit without parameters still needs a table, an empty one, beside those that have them.
        config.parameterizations = [
            [(slot, column) for slot, column in zip(a.slots, table.T.tolist(), strict=True)]
            for a, table in zip(assembled, values, strict=True)
        ]
    try:
        output = _CONTROLLER.execute([a.circuit for a in assembled], assembled[0].noise, config)
    except (RuntimeError, TypeError, ValueError) as error:
        raise SimulationFailedError(f"Aer ended with an error: {sentence(error)}") from None
    if not isinstance(output, dict):
        raise SimulationFailedError("Aer ended without a result.")
    if not output.get("success", False):
        raise _failure(output)
    return [
        Run(
            result["data"].get("counts", {}),
            result["data"].get("memory"),
            result["data"],
            result["metadata"].get("method", ""),
        )
        for result in output["results"]
    ]


def execute_publicly(
    circuits: Sequence[QuantumCircuit],
    *,
    shots: int,
    seed: int,
    memory: bool,
    simulator: AerSimulator,
    overrides: Mapping[str, Any],
) -> list[Run]:
    """Run circuits without parameters by `AerSimulator.run`: slower, and by nothing but Aer's public API."""
    more = dict(overrides)
    if any(circuit.has_control_flow_op() for circuit in circuits):
        more["enable_truncation"] = False  # see `_is_truncatable`
    try:
        result = simulator.run(
            list(circuits), shots=shots, seed_simulator=seed % _SEEDS, memory=memory, **more
        ).result()
    except AerError as error:
        raise SimulationFailedError(f"Aer can't run this circuit: {sentence(error.message)}") from None
    if not result.success:
        raise _failure(result.to_dict())
    runs = []
    for experiment in result.results:
        data = experiment.data.to_dict()
        method = experiment.metadata.get("method", "")
        runs.append(Run(data.get("counts", {}), data.get("memory"), data, method))
    return runs


@dataclass(frozen=True, slots=True)
class _Width:
    """All that Aer's configuration asks a circuit for."""

    num_qubits: int
    num_clbits: int


def _failure(output: Mapping[str, Any]) -> Exception:
    """Return the exception for an output of Aer that is no success."""
    for result in output.get("results", ()):
        status = str(result.get("status", ""))
        if "Insufficient memory" in status:
            return too_large(
                int(result.get("metadata", {}).get("num_qubits", 0)),
                str(result.get("metadata", {}).get("method", "chosen")),
                float(result.get("metadata", {}).get("required_memory_mb", 0)) * 2.0**20,
            )
        if "bad_alloc" in status:
            return out_of_memory()
        if status.startswith("ERROR"):
            # Aer joins its sentences without a space.
            said = status.removeprefix("ERROR:").replace(".Circuit ", ". Circuit ")
            return SimulationFailedError(f"Aer could not simulate it: {sentence(said)}")
    status = str(output.get("status", "")).removeprefix("ERROR:")
    if "bad_alloc" in status:
        return out_of_memory()
    return SimulationFailedError(f"Aer could not simulate it: {sentence(status)}")


def too_large(num_qubits: int, method: str, wanted_bytes: float) -> CircuitTooLargeError:
    """Return the error for a circuit that this backend's memory can't hold."""
    units = {"MB": 2.0**20, "GB": 2.0**30, "TB": 2.0**40, "PB": 2.0**50}
    unit = next((unit for unit, size in units.items() if wanted_bytes < 1024 * size), "PB")
    fewer = ""
    if method == "density_matrix" and num_qubits < _STATE_FITS_QUBITS:
        fewer = f"For {2**num_qubits:,} shots or fewer it needs only a state vector. "
    if method != _LITTLE_ENTANGLED:
        fewer += (
            f"Where they are little entangled, mode=AerSimulator(method={_LITTLE_ENTANGLED!r}) holds more. "
        )
    wanted = f"{wanted_bytes / units[unit]:,.0f} {unit}"
    return CircuitTooLargeError(
        f"{num_qubits} qubits are too many to simulate here: Aer's {method} method wants {wanted} of memory. "
        f"{fewer}"
        'options={"simulator": {"dry_run": True}} validates, times and accounts such a job, '
        "and returns random data of the right shape."
    )
