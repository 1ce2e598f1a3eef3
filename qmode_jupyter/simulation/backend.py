"""A backend as a worker keeps it: Aer's options, its noise, and what was compiled for it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from qmode_jupyter.simulation.noise import (
    DeviceNoise,
    ModelErrors,
    ModelNoise,
    Noise,
    Use,
    device_noise_model,
    has_noise,
)
from qmode_jupyter.simulation.object_store import (
    DeviceData,
    NoiseModelData,
    SimulatorData,
    error_file,
    fetch,
)
from qmode_jupyter.simulation.tasks import Task

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

_Made = TypeVar("_Made")
# Aer's methods whose cost grows with every qubit.
_STATES = ("automatic", "statevector", "density_matrix")
# Aer's names of what is no gate; anything else has to be in a simulator's basis.
_NO_GATES = frozenset(
    {"measure", "reset", "barrier", "delay", "if_else", "while_loop", "for_loop", "switch_case",
     "break_loop", "continue_loop", "store", "quantum_channel"}
)  # fmt: skip


class LruCache:
    """The things used last, no more than so many."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._things: OrderedDict[Hashable, Any] = OrderedDict()

    def get_or_make(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """Return what is kept under a key; make it if there is nothing."""
        things = self._things
        if key in things:
            things.move_to_end(key)
        else:
            things[key] = make()
            if len(things) > self._limit:
                things.popitem(last=False)
        made: _Made = things[key]
        return made

    def clear(self) -> None:
        """Keep nothing."""
        self._things.clear()


def _names(circuit: QuantumCircuit) -> set[str]:
    """Return the names of all instructions, those in control-flow blocks too."""
    names = set(circuit.count_ops())
    for instruction in circuit.data:
        for block in getattr(instruction.operation, "blocks", ()):
            names |= _names(block)
    return names


class SimulatedBackend:
    """What runs the circuits of one backend, with one noise model.

    Parameters
    ----------
    directory
        The folder of the object store.
    data
        What was stored of the backend.
    noise_key
        Of a noise model that is used instead of the backend's own; None: there is none.

    Attributes
    ----------
    name
        The backend's.
    target
        Its target; None for a simulator that stands for no device.
    simulator
        An `AerSimulator` with its options, and no noise.
    noise
        Its errors; None: it has none, or only as a `noise_model`.
    noise_model
        The noise model, where it can't be taken apart; circuits run by Aer's public API alone then.
    basis_gates
        The only gates that its noise model lets it take; None: all of Aer's.
    cache
        Its compiled circuits and their durations.
    notes
        What a person should be told once.
    """

    def __init__(
        self, directory: str, data: DeviceData | SimulatorData, noise_key: str | None = None
    ) -> None:
        from qiskit_aer import AerSimulator

        self.name = data.name
        self.target: Target | None = data.target
        self.noise: Noise | None = None
        self.noise_model: Any = None
        self.cache = LruCache(256)
        self.notes: list[str] = []
        self.basis_gates: tuple[str, ...] | None = None
        self._directory = directory
        self._rotations = LruCache(1024)
        self._gates: frozenset[str] | None = None
        if isinstance(data, DeviceData):
            self.simulator = AerSimulator()
            if noise_key is None and has_noise(data.target):
                self.noise = DeviceNoise(data.target)
        else:
            self.simulator = AerSimulator(**data.options)
            self._gates = frozenset(data.basis_gates)
            if data.target is not None:
                self.basis_gates = data.basis_gates
        if noise_key is not None:
            self._use(noise_key, fetch(directory, noise_key))

    @property
    def is_local(self) -> bool:
        """Whether parts of a circuit that share no gate share no error, and no state, either."""
        return self.noise_model is None and self.simulator.options.method in _STATES

    def fetch_circuit(self, key: str) -> QuantumCircuit:
        """Return a circuit from the object store."""
        circuit: QuantumCircuit = fetch(self._directory, key)
        return circuit

    def use_noise_model(self) -> None:
        """From now on run circuits with the noise model as it is, by Aer's public API."""
        assert self.target is not None
        self.noise_model, self.noise = device_noise_model(self.target), None
        self.cache.clear()
        self._say_that_it_is_slow()

    def _use(self, key: str, data: NoiseModelData) -> None:
        if data.model is not None:
            self.noise_model = data.model
            self._say_that_it_is_slow()
            return
        errors = ModelErrors(
            {label: {on: (label, on) for on in qubits} for label, qubits in data.local.items()},
            data.default, data.readout, data.default_readout, data.passes,
        )  # fmt: skip
        self.noise = ModelNoise(errors, data.kinds, partial(_fetch_error, self._directory, key))

    def runnable(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """Return the circuit made of gates that Aer runs; the same one, if it is.

        A circuit for a device is left as it is. One for a simulator is translated, gates only, where
        `AerSimulator.run` would refuse it, into the gates that the simulator and its noise model know.
        """
        from qiskit_aer import AerSimulator

        if self._gates is None:
            return circuit
        everything = AerSimulator().configuration().basis_gates
        known = _NO_GATES.union(everything if self.basis_gates is None else self.basis_gates)
        if all(name.partition("_o")[0] in known for name in _names(circuit)):
            return circuit
        return self._translated(circuit)

    def _translated(self, circuit: QuantumCircuit) -> QuantumCircuit:
        from qiskit.transpiler import generate_preset_pass_manager
        from qiskit_aer import AerSimulator

        translator = AerSimulator(basis_gates=sorted(self._gates or ()))
        translator.set_max_qubits(circuit.num_qubits)
        translated: QuantumCircuit = generate_preset_pass_manager(0, translator).run(circuit)
        return translated

    def rotation(self, letter: str, qubit: int) -> tuple[Any, ...]:
        """Return the gates that turn the measurement of Z into one of X or Y, made of the backend's gates."""
        if letter == "Z":
            return ()
        return self._rotations.get_or_make((letter, qubit), lambda: self._rotation(letter, qubit))

    def _rotation(self, letter: str, qubit: int) -> tuple[Any, ...]:
        from qiskit import QuantumCircuit
        from qiskit.circuit.library import HGate, RZGate, SdgGate, SXGate
        from qiskit.transpiler import generate_preset_pass_manager

        if self._gates is not None:
            gates = set(self._gates)
        else:
            assert self.target is not None
            gates = set(self.target.operation_names_for_qargs((qubit,)))
        if {"h", "sdg"} <= gates:
            return (HGate(),) if letter == "X" else (SdgGate(), HGate())
        if {"rz", "sx"} <= gates:
            return (RZGate(np.pi / 2), SXGate()) if letter == "X" else (SXGate(),)
        turn = QuantumCircuit(1)
        if letter == "Y":
            turn.sdg(0)
        turn.h(0)
        if self._gates is not None:
            turned = self._translated(turn)
        else:
            turned = generate_preset_pass_manager(1, target=self.target, initial_layout=[qubit]).run(turn)
        return tuple(instruction.operation for instruction in turned.data)

    def _say_that_it_is_slow(self) -> None:
        self.notes.append(
            "The noise model is simulated whole, which is slow: this version of qiskit-aer keeps its errors"
            " in a way that is not known here."
        )


def backend_of(task: Task) -> SimulatedBackend:
    """Return what runs a task's circuits; a worker keeps those used last."""
    return _backend(task.directory, task.backend_key, task.noise_key)


@lru_cache(16)
def _backend(directory: str, backend_key: str, noise_key: str | None) -> SimulatedBackend:
    return SimulatedBackend(directory, fetch(directory, backend_key), noise_key)


def _fetch_error(directory: str, noise_key: str, use: Use) -> Any:
    return fetch(directory, error_file(noise_key, *use))
