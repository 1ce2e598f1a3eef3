"""The probabilities of outcomes, for where all shots are drawn from one final state.

An Estimator needs how often outcomes are seen, not in which order. Where the state is known before the
first shot, drawing all shots at once from its probabilities takes no longer for many than for few.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

#: On more qubits than that there are more outcomes than shots.
MOST_QUBITS = 14


def without_measurements(circuit: QuantumCircuit) -> tuple[QuantumCircuit, tuple[int, ...]]:
    """Return a circuit that ends in its outcomes' probabilities, and the measured qubits.

    Parameters
    ----------
    circuit
        Nothing follows its measurements, and each is into another classical bit.

    Returns
    -------
    circuit, qubits
        The qubits are in the order of the classical bits, which is that of an outcome's binary digits,
        the least significant first.
    """
    from qiskit_aer.library import SaveProbabilities

    index = {bit: i for i, bit in enumerate((*circuit.qubits, *circuit.clbits))}
    ended = circuit.copy_empty_like()
    measured = []
    for instruction in circuit.data:
        if instruction.name == "measure":
            measured.append((index[instruction.clbits[0]], index[instruction.qubits[0]]))
        else:
            ended._append(instruction)
    qubits = tuple(qubit for _, qubit in sorted(measured))
    ended.append(SaveProbabilities(len(qubits)), list(qubits))
    return ended, qubits


def misread(probabilities: NDArray[np.float64], errors: Sequence[Any]) -> NDArray[np.float64]:
    """Return the probabilities of what is read, from those of what is there.

    Parameters
    ----------
    probabilities
        Array (sets, outcomes).
    errors
        The `ReadoutError` of each binary digit of an outcome, None for a faithful one.
    """
    sets, digits = len(probabilities), len(errors)
    read = probabilities.reshape(sets, *(2,) * digits)
    for digit, error in enumerate(errors):
        if error is not None:
            axis = digits - digit  # after the sets the highest digit comes first
            read = np.moveaxis(np.tensordot(read, np.asarray(error.probabilities), axes=(axis, 0)), -1, axis)
    return read.reshape(sets, -1)


def draw(probabilities: NDArray[np.float64], shots: int, seed: Sequence[int]) -> NDArray[np.int64]:
    """Return how often each outcome is seen in so many shots.

    Parameters
    ----------
    probabilities
        Array (outcomes); rounding errors are made good.
    shots
        How many.
    seed
        Of the random numbers.
    """
    fair = np.clip(probabilities, 0.0, None)
    times: NDArray[np.int64] = np.random.default_rng(seed).multinomial(shots, fair / fair.sum())
    return times
