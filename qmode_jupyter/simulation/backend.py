"""A backend as a worker keeps it: Aer's options, its noise, and what of its circuits was made ready."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from qmode_jupyter.simulation.noise import (
    DeviceNoise,
    ModelErrors,
    ModelNoise,
    Noise,
    has_noise,
    whole_model,
)
from qmode_jupyter.simulation.object_store import (
    DeviceParcel,
    NoiseParcel,
    SimulatorParcel,
    error_file,
    fetch,
)
from qmode_jupyter.simulation.timing import REP_DELAY_S

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import Target

_Made = TypeVar("_Made")
# Aer's names of what is no gate; anything else has to be in a simulator's basis.
_NO_GATES = frozenset(
    {"measure", "reset", "barrier", "delay", "if_else", "while_loop", "for_loop", "switch_case",
     "break_loop", "continue_loop", "store", "quantum_channel"}
)  # fmt: skip


class Kept(OrderedDict[Hashable, Any]):
    """The things made last, no more than so many."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def get_or_make(self, key: Hashable, make: Callable[[], _Made]) -> _Made:
        """Return what is kept under a key; make it if it isn't."""
        if key in self:
            self.move_to_end(key)
        else:
            self[key] = make()
            if len(self) > self._limit:
                self.popitem(last=False)
        made: _Made = self[key]
        return made


def _names(circuit: QuantumCircuit) -> set[str]:
    """Return the names of all instructions, those in control-flow blocks too."""
    names = set(circuit.count_ops())
    for instruction in circuit.data:
        for block in getattr(instruction.operation, "blocks", ()):
            names |= _names(block)
    return names


class Machine:
    """What runs the circuits of one backend, with one noise model.

    Attributes
    ----------
    name
        The backend's.
    target
        Its target; None for a simulator that stands for no device.
    simulator
        An `AerSimulator` with its options, and no noise.
    noise
        Its errors; None: it has none, or only as a `whole` model.
    whole
        The noise model, where it can't be taken apart; its circuits run by Aer's public API alone.
    rep_delay_s
        Its default delay between executions.
    made
        Programs and durations of its circuits.
    notes
        What a person should be told once.
    """

    def __init__(
        self,
        parcel: DeviceParcel | SimulatorParcel,
        noise: NoiseParcel | None,
        load: Callable[[Any], Any] = lambda error: error,
    ) -> None:
        from qiskit_aer import AerSimulator

        self.name = parcel.name
        self.target: Target | None = parcel.target
        self.rep_delay_s = REP_DELAY_S
        self.noise: Noise | None = None
        self.whole: Any = None
        self.made = Kept(256)
        self._rotations = Kept(1024)
        self.notes: list[str] = []
        self.basis_gates: tuple[str, ...] | None = None
        self._gates: frozenset[str] | None = None
        if isinstance(parcel, DeviceParcel):
            self.simulator = AerSimulator()
            self.rep_delay_s = REP_DELAY_S if parcel.rep_delay_s is None else parcel.rep_delay_s
            if noise is None and has_noise(parcel.target):
                self.noise = DeviceNoise(parcel.target)
        else:
            self.simulator = AerSimulator(**parcel.options)
            self._gates = frozenset(parcel.basis_gates)
            if parcel.target is not None:
                self.basis_gates = parcel.basis_gates
        if noise is not None:
            self.whole = noise.whole
            if self.whole is None:
                errors = ModelErrors(
                    {label: {on: (label, on) for on in qubits} for label, qubits in noise.local.items()},
                    noise.default, noise.readout, noise.default_readout, noise.passes,
                )  # fmt: skip
                self.noise = ModelNoise(errors, noise.kinds, load)
        if self.whole is not None:
            self._note_whole()

    def use_whole_model(self) -> None:
        """From now on run circuits with the whole noise model, by Aer's public API."""
        assert self.target is not None
        self.whole, self.noise = whole_model(self.target), None
        self.made.clear()
        self._note_whole()

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

    def _note_whole(self) -> None:
        self.notes.append(
            "The noise model is simulated whole, which is slow: this version of qiskit-aer keeps its errors"
            " in a way that is not known here."
        )


_machines = Kept(16)


def machine(directory: str, backend: str, noise: str | None) -> Machine:
    """Return the machine for a backend's and a noise model's keys."""

    def make() -> Machine:
        if noise is None:
            return Machine(fetch(directory, backend), None)
        load = partial(_load_error, directory, noise)
        return Machine(fetch(directory, backend), fetch(directory, noise), load)

    return _machines.get_or_make((directory, backend, noise), make)


def _load_error(directory: str, noise: str, use: tuple[str, tuple[int, ...]]) -> Any:
    return fetch(directory, error_file(noise, *use))
