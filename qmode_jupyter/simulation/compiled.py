"""Circuits made ready to run on a machine, and run: translated once, in the cheapest exact form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qmode_jupyter.simulation import aer
from qmode_jupyter.simulation.flat_circuit import FlatCircuit, flatten
from qmode_jupyter.simulation.noise import UnknownModelError
from qmode_jupyter.simulation.noise_dict import cut, readout, with_locations
from qmode_jupyter.simulation.probabilities import MOST_QUBITS, misread, without_measurements
from qmode_jupyter.simulation.superops import Absorbed, absorb

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from qmode_jupyter.simulation.backend import Machine

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


class Programs:
    """Circuits that share their parameters and are run together.

    Parameters
    ----------
    machine
        What they run on.
    circuits
        As the user gave them, with what is to be measured in them.
    """

    def __init__(self, machine: Machine, circuits: Sequence[QuantumCircuit]) -> None:
        self._machine = machine
        self._circuits = [machine.runnable(circuit) for circuit in circuits]

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
            The place of the first of these runs among all that share the seed.
        threads
            Aer's `max_parallel_threads`; 0 leaves it to Aer.
        which
            Run this circuit only.
        method
            Aer's method, in the place of the simulator's own.

        Returns
        -------
        list of Run
            Circuit by circuit, in it set by set. Each has a seed of its own, by its place in this order;
            the first of all has `seed` itself.
        """
        if not len(values):
            return []
        overrides = self._overrides(threads)
        if method is not None:
            overrides["method"] = method
        chosen = range(len(self._circuits)) if which is None else range(which, which + 1)
        if self._machine.whole is None:
            try:
                return self._run_cut(chosen, values, _Draw(shots, seed, index, memory), overrides)
            except UnknownModelError:
                self._machine.use_whole_model()
        return self._run_whole(chosen, values, _Draw(shots, seed, index, memory), overrides)

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
        if self._machine.whole is not None or self._machine.simulator.options.method not in _STATES:
            return None
        try:
            dense = self._is_dense(0, shots)
            alike = all(
                self._is_dense(number, shots) == dense and self._is_sampled(number, dense)
                for number in range(len(self._circuits))
            )
        except UnknownModelError:
            return None  # `run` sees to it
        if not alike or len(self._flat[0].qubits) > MOST_QUBITS:
            return None
        forms = self._dense_states if dense else self._plain_states
        filled = [flat.fill(values) for flat in self._flat]
        if dense:
            filled = [f[:, list(a.columns)] for f, a in zip(filled, self._absorbed, strict=True) if a]
        jobs = [_Job(form, f, dense, sampled=True) for (form, _), f in zip(forms, filled, strict=True)]
        runs = self._run_jobs(jobs, len(values), _Draw(1, 0, 0, memory=False), self._overrides(threads))
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
        noise = self._machine.noise
        passes = noise.passes() if noise is not None else ()
        flats = [flatten(circuit, passes) for circuit in self._circuits]
        # All on the same qubits: they share a noise model, which counts them.
        everywhere = frozenset().union(*(flat.qubits for flat in flats))
        if any(everywhere != frozenset(flat.qubits) for flat in flats):
            flats = [flatten(circuit, passes, everywhere) for circuit in self._circuits]
        return flats

    @cached_property
    def _absorbed(self) -> list[Absorbed | None]:
        noise = self._machine.noise
        options = self._machine.simulator.options
        if noise is None or not noise.kinds() or not options.enable_truncation:
            return [None] * len(self._circuits)
        if options.method not in ("automatic", "density_matrix"):
            return [None] * len(self._circuits)
        return [absorb(flat, noise) for flat in self._flat]

    @cached_property
    def _noise(self) -> Mapping[str, Any]:
        flats = self._flat
        return cut(self._machine.noise, [flat.circuit for flat in flats], flats[0].qubits)

    @cached_property
    def _readout(self) -> Mapping[str, Any]:
        noise, flat = self._machine.noise, self._flat[0]
        assert noise is not None
        measured = {
            (flat.qubits[f.circuit.find_bit(instruction.qubits[0]).index],)
            for f in self._flat
            for instruction in f.circuit.data
            if instruction.name == "measure"
        }
        noise.fetch(("measure", qubits) for qubits in measured)
        entries = readout(noise, sorted(measured), {qubit: i for i, qubit in enumerate(flat.qubits)})
        return {"errors": entries} if entries else {}

    @cached_property
    def _plain(self) -> list[aer.Assembled]:
        gates = self._machine.basis_gates
        return [
            aer.assemble(with_locations(flat.circuit), flat.places, self._noise, gates) for flat in self._flat
        ]

    @cached_property
    def _dense(self) -> dict[int, aer.Assembled]:
        gates = self._machine.basis_gates
        return {
            number: aer.assemble(a.circuit, a.places, self._readout, gates)
            for number, a in enumerate(self._absorbed)
            if a is not None
        }

    @cached_property
    def _plain_states(self) -> list[tuple[aer.Assembled, tuple[int, ...]]]:
        return [self._state(flat.circuit, flat.places) for flat in self._flat]

    @cached_property
    def _dense_states(self) -> list[tuple[aer.Assembled, tuple[int, ...]]]:
        return [self._state(a.circuit, a.places) for a in self._absorbed if a is not None]

    def _state(
        self, circuit: QuantumCircuit, places: Sequence[tuple[int, int]]
    ) -> tuple[aer.Assembled, tuple[int, ...]]:
        ended, qubits = without_measurements(circuit)
        return aer.assemble(ended, places, {}, self._machine.basis_gates), qubits

    def _misreads(self, qubits: Sequence[int]) -> list[Any]:
        noise = self._machine.noise
        if noise is None:
            return [None] * len(qubits)
        physical = [(self._flat[0].qubits[qubit],) for qubit in qubits]
        noise.fetch(("measure", on) for on in physical)
        return [noise.readout(on) for on in physical]

    def _is_dense(self, number: int, shots: int) -> bool:
        absorbed = self._absorbed[number]
        always = self._machine.simulator.options.method == "density_matrix"
        return absorbed is not None and (always or absorbed.serves(shots))

    def _is_sampled(self, number: int, dense: bool) -> bool:
        """Return whether Aer draws all shots from one final state."""
        noise = self._machine.noise
        return dense or (self._flat[number].samplable and (noise is None or not noise.kinds()))

    # ---- running them

    @staticmethod
    def _overrides(threads: int) -> dict[str, Any]:
        return {"max_parallel_threads": threads} if threads else {}

    def _run_cut(
        self, chosen: range, values: Values, draw: _Draw, overrides: Mapping[str, Any]
    ) -> list[aer.Run]:
        jobs = [self._job(number, values, draw.shots) for number in chosen]
        return self._run_jobs(jobs, len(values), draw, overrides)

    def _run_jobs(
        self, jobs: Sequence[_Job], sets: int, draw: _Draw, overrides: Mapping[str, Any]
    ) -> list[aer.Run]:
        at_once = max(1, _SHOTS_AT_ONCE // draw.shots)
        alike = len({(job.dense, draw.step(job.sampled)) for job in jobs}) == 1
        together = alike and draw.step(jobs[0].sampled) == aer.SEED_STEP
        if together and len(jobs) * sets <= at_once and (sets == 1 or all(job.form.places for job in jobs)):
            return self._execute(jobs, draw, 0, overrides)
        runs: list[aer.Run] = []
        for job in jobs:
            # Without parameters Aer runs a circuit once, not once for each set of values.
            many = job.form.places and draw.step(job.sampled) == aer.SEED_STEP
            stride = at_once if many else 1
            for start in range(0, sets, stride):
                part = replace(job, values=job.values[start : start + stride])
                runs += self._execute([part], draw, len(runs), overrides)
        return runs

    def _job(self, number: int, values: Values, shots: int) -> _Job:
        """Return a circuit in the form that serves, with its parameters filled in."""
        filled = self._flat[number].fill(values)
        absorbed, dense = self._absorbed[number], self._is_dense(number, shots)
        if not dense or absorbed is None:
            return _Job(self._plain[number], filled, False, self._is_sampled(number, False))
        return _Job(self._dense[number], filled[:, list(absorbed.columns)], True, True)

    def _execute(
        self, jobs: Sequence[_Job], draw: _Draw, done: int, overrides: Mapping[str, Any]
    ) -> list[aer.Run]:
        more: dict[str, Any] = {"method": "density_matrix"} if jobs[0].dense else {}
        if max(job.form.num_qubits for job in jobs) >= _CAREFUL_FROM_QUBITS:
            more["max_memory_mb"] = free_megabytes()
        return aer.execute(
            [job.form for job in jobs],
            [job.values for job in jobs],
            shots=draw.shots,
            seed=draw.seed_of(done, jobs[0].sampled),
            memory=draw.memory,
            options=self._machine.simulator.options,
            overrides={**overrides, **more},
        )

    def _run_whole(
        self, chosen: range, values: Values, draw: _Draw, overrides: Mapping[str, Any]
    ) -> list[aer.Run]:
        runs: list[aer.Run] = []
        for number in chosen:
            for row in values:
                runs += aer.execute_publicly(
                    [self._circuits[number].assign_parameters(row)],
                    shots=draw.shots,
                    seed=draw.seed_of(len(runs), sampled=False),
                    memory=draw.memory,
                    simulator=self._machine.simulator,
                    overrides={**overrides, "noise_model": self._machine.whole},
                )
        return runs


@dataclass(frozen=True, slots=True)
class _Draw:
    """How often to run, and by which random numbers."""

    shots: int
    seed: int
    index: int
    memory: bool

    def step(self, sampled: bool) -> int:
        """Return the step between the seeds of two runs.

        Simulated shot by shot, each shot has a seed of its own, counted on from that of the run: with
        Aer's own step between them two runs of more shots would share random numbers.
        """
        return aer.SEED_STEP if sampled or self.shots <= aer.SEED_STEP else _FAR

    def seed_of(self, done: int, sampled: bool) -> int:
        """Return the seed of the run after so many."""
        return self.seed + (self.index + done) * self.step(sampled)


@dataclass(frozen=True, slots=True)
class _Job:
    """A circuit to run: its form, the values of its places, and how Aer will simulate it.

    `sampled`: all shots are drawn from one final state.
    """

    form: aer.Assembled
    values: Values
    dense: bool
    sampled: bool
