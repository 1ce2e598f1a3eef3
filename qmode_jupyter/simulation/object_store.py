"""What is big crosses to the worker processes once, as a file named by its content's key.

In the notebook's process `Parcels` writes files into a private folder (in memory, where there is
room) and gives out keys; what was seen before costs a comparison. In a worker `fetch` reads a file
once and keeps the object.
"""

from __future__ import annotations

import copyreg
import hashlib
import io
import itertools
import os
import pickle
import threading
import weakref
from collections import ChainMap, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qmode_jupyter.errors import IBMRuntimeError
from qmode_jupyter.simulation.fingerprints import (
    circuit_likeness,
    device_likeness,
    model_likeness,
    same_circuit,
)
from qmode_jupyter.simulation.private_folder import PrivateFolder

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.providers import BackendV2
    from qiskit.transpiler import Target

Qubits = tuple[int, ...]

#: Files beyond this that no task in flight needs are deleted, the longest unused first.
_BUDGET_BYTES: Final = 64 * 2**20


class ParcelGoneError(IBMRuntimeError):
    """A worker was sent the key of something that is not there any more."""


@dataclass(frozen=True, slots=True)
class DeviceParcel:
    """What a worker gets of a backend that is no simulator: all of it is in the target.

    `rep_delay_s` is the backend's own default, None where it has none.
    """

    name: str
    target: Target
    rep_delay_s: float | None


@dataclass(frozen=True, slots=True)
class SimulatorParcel:
    """What a worker gets of an `AerSimulator`: its options, its gates, and the key of its noise model.

    `target` is None for a simulator that was not made from a device; only one that was refuses gates
    outside of `basis_gates`.
    """

    name: str
    options: dict[str, Any]
    basis_gates: tuple[str, ...]
    target: Target | None
    noise: str | None


@dataclass(frozen=True, slots=True)
class NoiseParcel:
    """What a worker gets of a `NoiseModel`: everything but the errors of single gates.

    `local` names those by label and qubits; they wait in files of their own. `whole` is the model
    itself where it can't be taken apart; the other fields are empty then.
    """

    local: dict[str, frozenset[Qubits]]
    default: dict[str, Any]
    readout: dict[Qubits, Any]
    default_readout: Any
    passes: tuple[Any, ...]
    kinds: tuple[Any, ...]
    whole: Any = None


@dataclass(frozen=True, slots=True)
class Sketch:
    """What the notebook's process knows of a circuit.

    Attributes
    ----------
    key
        Its key.
    qubits
        Those that it touches.
    size
        How many operations it has.
    registers
        (name, indices of its classical bits) of each classical register.
    """

    key: str
    qubits: frozenset[int]
    size: int
    registers: tuple[tuple[str, tuple[int, ...]], ...]


class Lease:
    """Keeps files from being deleted as long as it lives; it crosses to a worker as an empty one."""

    def __reduce__(self) -> tuple[type[Lease], tuple[()]]:
        return Lease, ()


@dataclass(slots=True)
class _Seen:
    """Something that was sent, and by what to notice that it has changed since."""

    reference: weakref.ref[Any]
    likeness: Any
    key: str
    sketch: Sketch | None = None
    written: set[Any] = field(default_factory=set)


class Parcels:
    """The sending side: one private folder, removed by `close`."""

    def __init__(self) -> None:
        self._folder = PrivateFolder()
        self._lock = threading.RLock()
        self._seen: dict[int, _Seen] = {}
        # A key's files, with their sizes: one, or with a noise model those of its gates' errors beside it.
        self._files: OrderedDict[str, dict[str, int]] = OrderedDict()
        self._leases: dict[int, tuple[str, ...]] = {}
        self._lease_numbers = itertools.count()
        self._bytes = 0

    @property
    def directory(self) -> str:
        """The folder."""
        return self._folder.path

    def circuit(self, circuit: QuantumCircuit) -> str:
        """Return the key of a circuit; it is written only when it is new, or has changed since."""
        return self.sketch(circuit).key

    def sketch(self, circuit: QuantumCircuit) -> Sketch:
        """Return the key of a circuit, with what is known of it on this side."""
        with self._lock:
            seen = self._find(circuit)
            if seen is None or not same_circuit(seen.likeness, circuit):
                bare = circuit.copy()
                bare.name, bare.metadata, bare._layout = "circuit", {}, None
                data = _pickled(bare)
                key = "circuit-" + _digest(data)
                self._write(key, key, data)
                if seen is None or seen.key != key:
                    seen = self._remember(circuit, circuit_likeness(circuit), key, _sketch(key, circuit))
            self._files.move_to_end(seen.key)
            assert seen.sketch is not None
            return seen.sketch

    def backend(self, backend: BackendV2) -> str:
        """Return the key of a backend by its content, a simulator's options and noise model included."""
        with self._lock:
            parcel: SimulatorParcel | DeviceParcel
            if is_simulator(backend):
                parcel = self._simulator(backend)
                likeness: Any = (parcel.name, parcel.options, parcel.basis_gates, parcel.noise)
            else:
                delay = getattr(backend, "default_rep_delay", None)
                parcel = DeviceParcel(backend.name, backend.target, delay)
                likeness = (backend.name, delay, device_likeness(backend.target))
            seen = self._find(backend)
            if seen is None or seen.likeness != likeness:
                data = _pickled(parcel)
                # Pickles of equal targets differ; what a target says of its instructions doesn't.
                content = repr(likeness).encode() if isinstance(parcel, DeviceParcel) else data
                key = "backend-" + _digest(content)
                self._write(key, key, data)
                seen = self._remember(backend, likeness, key)
            self._files.move_to_end(seen.key)
            return seen.key

    def noise(self, model: Any, qubits: frozenset[int] = frozenset()) -> str:
        """Return the key of a noise model, with the errors of all gates on these qubits written.

        Parameters
        ----------
        model
            A `qiskit_aer.noise.NoiseModel`.
        qubits
            Physical indices.
        """
        from qmode_jupyter.simulation.noise import UnknownModelError, kinds_of, read_model

        with self._lock:
            try:
                errors = read_model(model)
            except UnknownModelError:
                data = _pickled(NoiseParcel({}, {}, {}, None, (), (), whole=model))
                key = "noise-" + _digest(data)
                self._write(key, key, data)
                return key
            likeness = model_likeness(errors)
            seen = self._find(model)
            if seen is None or seen.likeness != likeness:
                local = {label: frozenset(by_qubits) for label, by_qubits in errors.local.items()}
                rest = (dict(errors.default), dict(errors.readout), errors.default_readout, errors.passes)
                # Named by chance: reading all its errors, to tell it from another, takes seconds.
                key = "noise-" + os.urandom(10).hex()
                self._write(key, key, _pickled(NoiseParcel(local, *rest, kinds_of(errors))))
                seen = self._remember(model, likeness, key)
            if qubits not in seen.written:
                for label, by_qubits in errors.local.items():
                    for on, error in by_qubits.items():
                        name = error_file(seen.key, label, on)
                        if qubits.issuperset(on) and name not in seen.written:
                            self._write(seen.key, name, _pickled(error))
                            seen.written.add(name)
                seen.written.add(qubits)
            self._files.move_to_end(seen.key)
            return seen.key

    def hold(self, keys: Iterable[str]) -> Lease:
        """Keep the files of these keys as long as the lease that is returned lives."""
        lease, number = Lease(), next(self._lease_numbers)
        weakref.finalize(lease, self._leases.pop, number, None).atexit = False
        self._leases[number] = tuple(keys)
        return lease

    def pack_anew(self) -> None:
        """Write everything again when it is next needed, in a new folder if the old one has gone."""
        with self._lock:
            if not Path(self.directory).is_dir():
                gone, self._folder = self._folder, PrivateFolder()
                gone.close()
            self._seen.clear()
            self._files.clear()
            self._bytes = 0

    def close(self) -> None:
        """Remove the folder."""
        self._folder.close()

    def _simulator(self, backend: Any) -> SimulatorParcel:
        options = {key: value for key, value in vars(backend.options).items() if value is not None}
        model = options.pop("noise_model", None)
        # An executor of the user's would run the circuits elsewhere; ours run where we are.
        options.pop("executor", None)
        return SimulatorParcel(
            backend.name,
            options,
            tuple(backend.configuration().basis_gates),
            backend.target if getattr(backend, "_from_backend", False) else None,
            None if model is None else self.noise(model),
        )

    def _find(self, thing: Any) -> _Seen | None:
        seen = self._seen.get(id(thing))
        return (
            seen if seen is not None and seen.reference() is thing and self._has(seen.key, seen.key) else None
        )

    def _has(self, key: str, name: str) -> bool:
        """Return whether a file was written and is still there."""
        return name in self._files.get(key, ()) and Path(self.directory, name).exists()

    # An interrupt may come between any two lines: each step leaves what can be used or is written again.

    def _remember(self, thing: Any, likeness: Any, key: str, sketch: Sketch | None = None) -> _Seen:
        number, seen_by = id(thing), self._seen

        def forget(dead: weakref.ref[Any]) -> None:
            kept = seen_by.get(number)
            if kept is not None and kept.reference is dead:
                del seen_by[number]

        seen = self._seen[number] = _Seen(weakref.ref(thing, forget), likeness, key, sketch)
        return seen

    def _write(self, key: str, name: str, data: bytes) -> None:
        """Write one of the files of a key; whoever can see it can read the whole of it."""
        if self._has(key, name):
            return
        part = Path(self.directory, name + ".part")
        try:
            part.write_bytes(data)
            part.replace(part.with_name(name))
        except OSError as error:
            if isinstance(error, FileNotFoundError) or not part.parent.is_dir():
                raise ParcelGoneError(
                    f"The folder for what goes to the simulation has gone: {part.parent}."
                ) from None
            raise IBMRuntimeError(
                f"What the job needs could not be written to {part.parent} ({error.strerror}):"
                " nothing was submitted."
            ) from error
        self._files.setdefault(key, {})[name] = len(data)
        self._bytes += len(data)
        if self._bytes > _BUDGET_BYTES:
            self._make_room(key)

    def _make_room(self, newest: str) -> None:
        held = set[str]().union(*list(self._leases.values()))
        sizes = {key: sum(names.values()) for key, names in self._files.items()}
        self._bytes = sum(sizes.values())
        for key in [key for key in self._files if key not in held and key != newest]:
            for name in self._files.pop(key):
                Path(self.directory, name).unlink(missing_ok=True)
            self._bytes -= sizes[key]
            if self._bytes <= _BUDGET_BYTES // 2:
                return


_Kept = OrderedDict[tuple[str, str], Any]
_fetched: _Kept = OrderedDict()
_FETCHED_LIMIT: Final = 32


def fetch(directory: str, name: str) -> Any:
    """Return what was written under a name; in a worker, which keeps the objects used last.

    Raises
    ------
    ParcelGoneError
        There is no such file.
    """
    known = _fetched.get((directory, name))
    if known is None:
        try:
            data = Path(directory, name).read_bytes()
        except FileNotFoundError:
            raise ParcelGoneError(
                f"What the job needs is not there any more: {name}. Somebody has cleared {directory}:"
                " run it again."
            ) from None
        known = _fetched[directory, name] = pickle.loads(data)
        if len(_fetched) > _FETCHED_LIMIT:
            _fetched.popitem(last=False)
    else:
        _fetched.move_to_end((directory, name))
    return known


def error_file(key: str, label: str, qubits: Qubits) -> str:
    """Return the name of the file of one gate's error of a noise model."""
    return f"{key}-{_digest(repr((label, qubits)).encode())}"


def is_simulator(backend: BackendV2) -> bool:
    """Return whether a backend is one of Aer's, found without importing Aer."""
    return any(cls.__module__.partition(".")[0] == "qiskit_aer" for cls in type(backend).__mro__)


def _sketch(key: str, circuit: QuantumCircuit) -> Sketch:
    index = {qubit: i for i, qubit in enumerate(circuit.qubits)}
    data = [instruction for instruction in circuit.data if instruction.name != "barrier"]
    bits = {bit: i for i, bit in enumerate(circuit.clbits)}
    registers = tuple((register.name, tuple(bits[bit] for bit in register)) for register in circuit.cregs)
    touched = frozenset(index[q] for instruction in data for q in instruction.qubits)
    return Sketch(key, touched, len(data), registers)


def _pickled(thing: Any) -> bytes:
    try:
        data = _dumped(pickle.Pickler, thing)
    except (pickle.PicklingError, AttributeError, TypeError):
        data = b"__main__"
    if b"__main__" in data:
        # A class of the user's notebook: the worker can't import it, so it is sent by value.
        import cloudpickle

        data = _dumped(cloudpickle.Pickler, thing)
    return data


def _dumped(pickler_class: Any, thing: Any) -> bytes:
    from qiskit.circuit import CASE_DEFAULT

    buffer = io.BytesIO()
    pickler = pickler_class(buffer, pickle.HIGHEST_PROTOCOL)
    # Qiskit knows the default of a switch by its identity, which a pickle of it loses: by name, then.
    by_name = {type(CASE_DEFAULT): lambda _: "CASE_DEFAULT"}
    pickler.dispatch_table = ChainMap(by_name, getattr(pickler, "dispatch_table", copyreg.dispatch_table))
    pickler.dump(thing)
    return buffer.getvalue()


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
