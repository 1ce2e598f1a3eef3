"""Circuits compiled for a backend, and run: translated once, in the cheapest exact form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qmode_jupyter.simulation import aer
from qmode_jupyter.simulation.flat_circuit import FlatCircuit, flatten
from qmode_jupyter.simulation.noise import UnknownNoiseModelError
from qmode_jupyter.simulation.noise_dict import noise_dict, readout_errors, with_locations
from qmode_jupyter.simulation.probabilities import MOST_QUBITS, misread, without_measurements
from qmode_jupyter.simulation.superops import SuperopCircuit, with_superops

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qmode_jupyter.simulation.backend import SimulatedBackend

# Shots of one call of Aer: each is a string in its result until it is packed.
_SHOTS_AT_ONCE = 2**19
# More than the shots of any run.
_FAR = 2**24 + 43
# Circuits of so many qubits are held against the memory that is free now, not all that there is.
_CAREFUL_FROM_QUBITS = 24

# Aer's methods that know a state's probabilities.
_STATES = ("automatic", "statevector", "density_matrix")

Values = NDArray[np.float64]


def free_megabytes() -> int:
    """Return how much memory Aer can take now."""
    import psutil  # type: ignore[import-untyped]  # a dependency of Aer's

    return int(psutil.virtual_memory().available / 2**20)


class CompiledCircuits:
    """Circuits that share their parameters and are run together.

    Parameters
    ----------
    backend
        What they run on.
    circuits
        As the user gave them, with what is to be measured in them.
    """

    def __init__(self, backend: SimulatedBackend, circuits: Sequence[QuantumCircuit]) -> None:
        self._backend = backend
        self._circuits = [backend.runnable(circuit) for circuit in circuits]

    def run(
        self,
        values: Values,
        *,
        shots: int,
        seed: int,
        index: int,
        memory: bool,
        threads: int,
        which: int | None = None,
        method: str | None = None,
    ) -> list[aer.Run]:
        """Run the circuits, each with every set of values.

        Parameters
        ----------
        values
            Array (sets, parameters), in the order of the circuits' `parameters`.
        shots, seed, memory
            As of `AerSimulator.run`.
        index
            Where the first of these runs stands among all that share the seed.
        threads
            Aer's `max_parallel_threads`; 0 leaves it to Aer.
        which
            Run this circuit only.
        method
            Aer's method, instead of the simulator's own.

        Returns
        -------
        list of Run
            Circuit by circuit, in it set by set. Each has a seed of its own, by its number in this order;
            the first of all has `seed` itself.
        """
        if not len(values):
            return []
        overrides = self._overrides(threads)
        if method is not None:
            overrides["method"] = method
        chosen = range(len(self._circuits)) if which is None else range(which, which + 1)
        if self._backend.noise_model is None:
            try:
                return self._run_assembled(chosen, values, _Shots(shots, seed, index, memory), overrides)
            except UnknownNoiseModelError:
                self._backend.use_noise_model()
        return self._run_publicly(chosen, values, _Shots(shots, seed, index, memory), overrides)

    def distributions(self, values: Values, *, shots: int, threads: int) -> list[Values] | None:
        """Return the probabilities of the outcomes of each circuit, for each set of values.

        Parameters
        ----------
        values, threads
            As for `run`.
        shots
            That are to be drawn of each.

        Returns
        -------
        list of array (sets, outcomes), or None
            None where outcomes have to be simulated shot by shot, or are too many.
        """
        if self._backend.noise_model is not None or self._backend.simulator.options.method not in _STATES:
            return None
        try:
            everywhere = {self._uses_density_matrix(number, shots) for number in range(len(self._circuits))}
            sampled = len(everywhere) == 1 and all(
                self._is_sampled(number, *everywhere) for number in range(len(self._circuits))
            )
        except UnknownNoiseModelError:
            return None  # `run` sees to it
        if not sampled or len(self._flat[0].qubits) > MOST_QUBITS:
            return None
        (density_matrix,) = everywhere
        forms = self._superop_states if density_matrix else self._flat_states
        filled = [flat.fill(values) for flat in self._flat]
        if density_matrix:
            filled = [f[:, list(s.columns)] for f, s in zip(filled, self._with_superops, strict=True) if s]
        circuits = [
            _FilledCircuit(form, f, density_matrix, sampled=True)
            for (form, _), f in zip(forms, filled, strict=True)
        ]
        runs = self._run_filled(
            circuits, len(values), _Shots(1, 0, 0, memory=False), self._overrides(threads)
        )
        found = []
        for number, (_, qubits) in enumerate(forms):
            of_circuit = runs[number * len(values) : (number + 1) * len(values)]
            found.append(
                misread(np.array([run.data["probabilities"] for run in of_circuit]), self._misreads(qubits))
            )
        return found

    # ---- the forms of the circuits

    @cached_property
    def _flat(self) -> list[FlatCircuit]:
        noise = self._backend.noise
        passes = noise.passes() if noise is not None else ()
        flats = [flatten(circuit, passes) for circuit in self._circuits]
        # All on the same qubits: they share a noise model, which counts them.
        everywhere = frozenset().union(*(flat.qubits for flat in flats))
        if any(everywhere != frozenset(flat.qubits) for flat in flats):
            flats = [flatten(circuit, passes, everywhere) for circuit in self._circuits]
        return flats

    @cached_property
    def _with_superops(self) -> list[SuperopCircuit | None]:
        noise = self._backend.noise
        options = self._backend.simulator.options
        if noise is None or not noise.kinds() or not options.enable_truncation:
            return [None] * len(self._circuits)
        if options.method not in ("automatic", "density_matrix"):
            return [None] * len(self._circuits)
        return [with_superops(flat, noise) for flat in self._flat]

    @cached_property
    def _noise_dict(self) -> Mapping[str, Any]:
        flats = self._flat
        return noise_dict(self._backend.noise, [flat.circuit for flat in flats], flats[0].qubits)

    @cached_property
    def _readout_dict(self) -> Mapping[str, Any]:
        noise, flat = self._backend.noise, self._flat[0]
        assert noise is not None
        measured = {
            (flat.qubits[f.circuit.find_bit(instruction.qubits[0]).index],)
            for f in self._flat
            for instruction in f.circuit.data
            if instruction.name == "measure"
        }
        noise.fetch(("measure", qubits) for qubits in measured)
        entries = readout_errors(noise, sorted(measured), {qubit: i for i, qubit in enumerate(flat.qubits)})
        return {"errors": entries} if entries else {}

    @cached_property
    def _assembled(self) -> list[aer.AssembledCircuit]:
        gates = self._backend.basis_gates
        return [
            aer.assemble(with_locations(flat.circuit), flat.slots, self._noise_dict, gates)
            for flat in self._flat
        ]

    @cached_property
    def _assembled_superops(self) -> dict[int, aer.AssembledCircuit]:
        gates = self._backend.basis_gates
        return {
            number: aer.assemble(s.circuit, s.slots, self._readout_dict, gates)
            for number, s in enumerate(self._with_superops)
            if s is not None
        }

    @cached_property
    def _flat_states(self) -> list[tuple[aer.AssembledCircuit, tuple[int, ...]]]:
        return [self._state(flat.circuit, flat.slots) for flat in self._flat]

    @cached_property
    def _superop_states(self) -> list[tuple[aer.AssembledCircuit, tuple[int, ...]]]:
        return [self._state(s.circuit, s.slots) for s in self._with_superops if s is not None]

    def _state(
        self, circuit: QuantumCircuit, slots: Sequence[tuple[int, int]]
    ) -> tuple[aer.AssembledCircuit, tuple[int, ...]]:
        ended, qubits = without_measurements(circuit)
        return aer.assemble(ended, slots, {}, self._backend.basis_gates), qubits

    def _misreads(self, qubits: Sequence[int]) -> list[Any]:
        noise = self._backend.noise
        if noise is None:
            return [None] * len(qubits)
        physical = [(self._flat[0].qubits[qubit],) for qubit in qubits]
        noise.fetch(("measure", on) for on in physical)
        return [noise.readout(on) for on in physical]

    def _uses_density_matrix(self, number: int, shots: int) -> bool:
        superops = self._with_superops[number]
        always = self._backend.simulator.options.method == "density_matrix"
        return superops is not None and (always or superops.is_density_matrix(shots))

    def _is_sampled(self, number: int, density_matrix: bool) -> bool:
        """Return whether Aer draws all shots from one final state."""
        noise = self._backend.noise
        return density_matrix or (self._flat[number].samplable and (noise is None or not noise.kinds()))

    # ---- running them

    @staticmethod
    def _overrides(threads: int) -> dict[str, Any]:
        return {"max_parallel_threads": threads} if threads else {}

    def _run_assembled(
        self, chosen: range, values: Values, shots: _Shots, overrides: Mapping[str, Any]
    ) -> list[aer.Run]:
        circuits = [self._filled(number, values, shots.count) for number in chosen]
        return self._run_filled(circuits, len(values), shots, overrides)

    def _run_filled(
        self, circuits: Sequence[_FilledCircuit], sets: int, shots: _Shots, overrides: Mapping[str, Any]
    ) -> list[aer.Run]:
        at_once = max(1, _SHOTS_AT_ONCE // shots.count)
        alike = len({(c.density_matrix, shots.step(c.sampled)) for c in circuits}) == 1
        together = alike and shots.step(circuits[0].sampled) == aer.SEED_STEP
        if (
            together
            and len(circuits) * sets <= at_once
            and (sets == 1 or all(c.form.slots for c in circuits))
        ):
            return self._execute(circuits, shots, 0, overrides)
        runs: list[aer.Run] = []
        for circuit in circuits:
            # Without parameters Aer runs a circuit once, not once for each set of values.
            many = circuit.form.slots and shots.step(circuit.sampled) == aer.SEED_STEP
            stride = at_once if many else 1
            for start in range(0, sets, stride):
                part = replace(circuit, values=circuit.values[start : start + stride])
                runs += self._execute([part], shots, len(runs), overrides)
        return runs

    def _filled(self, number: int, values: Values, shots: int) -> _FilledCircuit:
        """Return a circuit in the form that serves, with its parameters filled in."""
        filled = self._flat[number].fill(values)
        superops, density_matrix = self._with_superops[number], self._uses_density_matrix(number, shots)
        if not density_matrix or superops is None:
            return _FilledCircuit(self._assembled[number], filled, False, self._is_sampled(number, False))
        return _FilledCircuit(self._assembled_superops[number], filled[:, list(superops.columns)], True, True)

    def _execute(
        self, circuits: Sequence[_FilledCircuit], shots: _Shots, done: int, overrides: Mapping[str, Any]
    ) -> list[aer.Run]:
        more: dict[str, Any] = {"method": "density_matrix"} if circuits[0].density_matrix else {}
        if max(circuit.form.num_qubits for circuit in circuits) >= _CAREFUL_FROM_QUBITS:
            more["max_memory_mb"] = free_megabytes()
        return aer.execute(
            [circuit.form for circuit in circuits],
            [circuit.values for circuit in circuits],
            shots=shots.count,
            seed=shots.seed_of(done, circuits[0].sampled),
            memory=shots.memory,
            options=self._backend.simulator.options,
            overrides={**overrides, **more},
        )

    def _run_publicly(
        self, chosen: range, values: Values, shots: _Shots, overrides: Mapping[str, Any]
    ) -> list[aer.Run]:
        runs: list[aer.Run] = []
        for number in chosen:
            for row in values:
                runs += aer.execute_publicly(
                    [self._circuits[number].assign_parameters(row)],
                    shots=shots.count,
                    seed=shots.seed_of(len(runs), sampled=False),
                    memory=shots.memory,
                    simulator=self._backend.simulator,
                    overrides={**overrides, "noise_model": self._backend.noise_model},
                )
        return runs


@dataclass(frozen=True, slots=True)
class _Shots:
    """How often to run, and by which random numbers."""

    count: int
    seed: int
    index: int
    memory: bool

    def step(self, sampled: bool) -> int:
        """Return the step between the seeds of two runs.

        Simulated shot by shot, each shot has a seed of its own, counted on from that of the run: with
        Aer's own step between them two runs of more shots would share random numbers.
        """
        return aer.SEED_STEP if sampled or self.count <= aer.SEED_STEP else _FAR

    def seed_of(self, done: int, sampled: bool) -> int:
        """Return the seed of the run after so many."""
        return self.seed + (self.index + done) * self.step(sampled)


@dataclass(frozen=True, slots=True)
class _FilledCircuit:
    """A circuit to run: its form, the values of its slots, and how Aer will simulate it.

    `sampled`: all shots are drawn from one final state.
    """

    form: aer.AssembledCircuit
    values: Values
    density_matrix: bool
    sampled: bool
