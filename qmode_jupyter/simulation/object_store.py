"""What is big crosses to the worker processes once, as a file named by its content's key.

In the notebook's process an `ObjectStore` writes files into a private folder (in memory, where there
is room) and gives out keys; what was seen before costs a comparison. In a worker `fetch` reads a file
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
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qmode_jupyter.errors import IBMRuntimeError
from qmode_jupyter.simulation.fingerprints import (
    circuit_fingerprint,
    device_fingerprint,
    noise_model_fingerprint,
    same_circuit,
)
from qmode_jupyter.simulation.independent import widest
from qmode_jupyter.simulation.private_folder import PrivateFolder, entered

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.providers import BackendV2
    from qiskit.transpiler import Target

Qubits = tuple[int, ...]

#: Files beyond this that no task in flight needs are deleted, the longest unused first.
_LIMIT_BYTES: Final = 64 * 2**20
#: So many objects a worker keeps.
_FETCHED_AT_ONCE: Final = 32


class ObjectGoneError(IBMRuntimeError):
    """A worker was sent the key of something that is not there any more."""


@dataclass(frozen=True, slots=True)
class DeviceData:
    """What a worker gets of a backend that is no simulator: all of it is in the target."""

    name: str
    target: Target


@dataclass(frozen=True, slots=True)
class SimulatorData:
    """What a worker gets of an `AerSimulator`: its options, its gates, and the key of its noise model.

    `target` is None for a simulator that was not made from a device; only one that was refuses gates
    outside of `basis_gates`.
    """

    name: str
    options: dict[str, Any]
    basis_gates: tuple[str, ...]
    target: Target | None
    noise_key: str | None


@dataclass(frozen=True, slots=True)
class NoiseModelData:
    """What a worker gets of a `NoiseModel`: everything but the errors of single gates.

    `local` names those by label and qubits; they wait in files of their own. `model` is the noise
    model itself where it can't be taken apart; the other fields are empty then.
    """

    local: dict[str, frozenset[Qubits]]
    default: dict[str, Any]
    readout: dict[Qubits, Any]
    default_readout: Any
    passes: tuple[Any, ...]
    kinds: tuple[Any, ...]
    model: Any = None


@dataclass(frozen=True, slots=True)
class StoredCircuit:
    """What the notebook's process knows of a circuit in the store.

    Attributes
    ----------
    key
        Its key there.
    qubits
        Those that it touches.
    widest
        How many of them have to be simulated together.
    size
        How many operations it has.
    registers
        (name, indices of its classical bits) of each classical register.
    """

    key: str
    qubits: frozenset[int]
    widest: int
    size: int
    registers: tuple[tuple[str, tuple[int, ...]], ...]


class Pin:
    """Keeps files from being deleted as long as it lives; it crosses to a worker as an empty one."""

    def __reduce__(self) -> tuple[type[Pin], tuple[()]]:
        return Pin, ()


@dataclass(slots=True)
class _Seen:
    """Something that was put into the store, and by what to notice that it has changed since."""

    reference: weakref.ref[Any]
    fingerprint: Any
    key: str
    circuit: StoredCircuit | None = None
    written: set[Any] = field(default_factory=set)


class ObjectStore:
    """Objects for the workers in one private folder, removed by `close`."""

    def __init__(self) -> None:
        self._folder = PrivateFolder()
        self._lock = threading.RLock()
        self._seen: dict[int, _Seen] = {}
        # A key's files, with their sizes: one, or with a noise model those of its gates' errors beside it.
        self._files: OrderedDict[str, dict[str, int]] = OrderedDict()
        self._pinned: dict[int, tuple[str, ...]] = {}
        self._pin_numbers = itertools.count()
        self._bytes = 0

    @property
    def directory(self) -> str:
        """The folder."""
        return self._folder.path

    def put_circuit(self, circuit: QuantumCircuit) -> StoredCircuit:
        """Store a circuit; it is written only when it is new, or has changed since."""
        with self._lock:
            seen = self._find(circuit)
            if seen is None or not same_circuit(seen.fingerprint, circuit):
                bare = circuit.copy()
                bare.name, bare.metadata, bare._layout = "circuit", {}, None
                data = _pickled(bare)
                key = "circuit-" + _digest(data)
                self._write(key, key, data)
                if seen is None or seen.key != key:
                    seen = self._remember(circuit, circuit_fingerprint(circuit), key, _summary(key, circuit))
            self._files.move_to_end(seen.key)
            assert seen.circuit is not None
            return seen.circuit

    def put_backend(self, backend: BackendV2) -> str:
        """Store a backend, a simulator's options and noise model included; return its key, by content."""
        with self._lock:
            needed: SimulatorData | DeviceData
            if is_aer(backend):
                needed = self._simulator(backend)
                fingerprint: Any = (needed.name, needed.options, needed.basis_gates, needed.noise_key)
            else:
                needed = DeviceData(backend.name, backend.target)
                fingerprint = (backend.name, device_fingerprint(backend.target))
            seen = self._find(backend)
            if seen is None or seen.fingerprint != fingerprint:
                data = _pickled(needed)
                # Pickles of equal targets differ; what a target says of its instructions doesn't.
                content = repr(fingerprint).encode() if isinstance(needed, DeviceData) else data
                key = "backend-" + _digest(content)
                self._write(key, key, data)
                seen = self._remember(backend, fingerprint, key)
            self._files.move_to_end(seen.key)
            return seen.key

    def put_noise_model(self, model: Any, qubits: frozenset[int] = frozenset()) -> str:
        """Store a noise model, with the errors of all gates on these qubits; return its key.

        Parameters
        ----------
        model
            A `qiskit_aer.noise.NoiseModel`.
        qubits
            Physical indices.
        """
        from qmode_jupyter.simulation.noise import UnknownNoiseModelError, kinds_of, read_model

        with self._lock:
            try:
                errors = read_model(model)
            except UnknownNoiseModelError:
                data = _pickled(NoiseModelData({}, {}, {}, None, (), (), model=model))
                key = "noise-" + _digest(data)
                self._write(key, key, data)
                return key
            fingerprint = noise_model_fingerprint(errors)
            seen = self._find(model)
            if seen is None or seen.fingerprint != fingerprint:
                local = {label: frozenset(by_qubits) for label, by_qubits in errors.local.items()}
                rest = (dict(errors.default), dict(errors.readout), errors.default_readout, errors.passes)
                # Named by chance: reading all its errors, to tell it from another, takes seconds.
                key = "noise-" + os.urandom(10).hex()
                self._write(key, key, _pickled(NoiseModelData(local, *rest, kinds_of(errors))))
                seen = self._remember(model, fingerprint, key)
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

    def pin(self, keys: Iterable[str]) -> Pin:
        """Keep the files of these keys as long as the pin that is returned lives."""
        pin, number = Pin(), next(self._pin_numbers)
        weakref.finalize(pin, self._pinned.pop, number, None).atexit = False
        self._pinned[number] = tuple(keys)
        return pin

    def forget(self) -> None:
        """Have everything put again when it is next needed, into a new folder if the old one has gone."""
        with self._lock:
            if not self._folder.there:
                gone, self._folder = self._folder, PrivateFolder()
                gone.close()
            self._seen.clear()
            self._files.clear()
            self._bytes = 0

    def close(self) -> None:
        """Remove the folder."""
        self._folder.close()

    def _simulator(self, backend: Any) -> SimulatorData:
        options = {key: value for key, value in vars(backend.options).items() if value is not None}
        model = options.pop("noise_model", None)
        # An executor of the user's would run the circuits elsewhere; ours run where we are.
        options.pop("executor", None)
        return SimulatorData(
            backend.name,
            options,
            tuple(backend.configuration().basis_gates),
            backend.target if getattr(backend, "_from_backend", False) else None,
            None if model is None else self.put_noise_model(model),
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

    def _remember(
        self, thing: Any, fingerprint: Any, key: str, circuit: StoredCircuit | None = None
    ) -> _Seen:
        number, seen_by = id(thing), self._seen

        def forget(dead: weakref.ref[Any]) -> None:
            seen = seen_by.get(number)
            if seen is not None and seen.reference is dead:
                del seen_by[number]

        seen = self._seen[number] = _Seen(weakref.ref(thing, forget), fingerprint, key, circuit)
        return seen

    def _write(self, key: str, name: str, data: bytes) -> None:
        """Write one of the files of a key; whoever can see it can read the whole of it."""
        if self._has(key, name):
            return
        part = name + ".part"
        try:
            with entered(self.directory) as folder:
                with open(part, "wb", opener=partial(os.open, dir_fd=folder)) as file:
                    file.write(data)
                os.replace(part, name, src_dir_fd=folder, dst_dir_fd=folder)
        except FileNotFoundError:
            raise ObjectGoneError(
                f"The folder for what goes to the simulation has gone: {self.directory}."
            ) from None
        except OSError as error:
            raise IBMRuntimeError(
                f"What the job needs could not be written to {self.directory} ({error.strerror}):"
                " nothing was submitted."
            ) from error
        self._files.setdefault(key, {})[name] = len(data)
        self._bytes += len(data)
        if self._bytes > _LIMIT_BYTES:
            self._make_room(key)

    def _make_room(self, newest: str) -> None:
        pinned = set[str]().union(*list(self._pinned.values()))
        sizes = {key: sum(names.values()) for key, names in self._files.items()}
        self._bytes = sum(sizes.values())
        for key in [key for key in self._files if key not in pinned and key != newest]:
            for name in self._files.pop(key):
                Path(self.directory, name).unlink(missing_ok=True)
            self._bytes -= sizes[key]
            if self._bytes <= _LIMIT_BYTES // 2:
                return


@lru_cache(_FETCHED_AT_ONCE)
def fetch(directory: str, name: str) -> Any:
    """Return what was written under a name; in a worker, which keeps the objects used last.

    Raises
    ------
    ObjectGoneError
        There is no such file.
    """
    try:
        with entered(directory) as folder, open(name, "rb", opener=partial(os.open, dir_fd=folder)) as file:
            data = file.read()
    except FileNotFoundError:
        raise ObjectGoneError(
            f"What the job needs is not there any more: {name}. Somebody has cleared {directory}:"
            " run it again."
        ) from None
    return pickle.loads(data)


def error_file(key: str, label: str, qubits: Qubits) -> str:
    """Return the name of the file of one gate's error of a noise model."""
    return f"{key}-{_digest(repr((label, qubits)).encode())}"


def is_aer(backend: BackendV2) -> bool:
    """Return whether a backend is one of Aer's, found without importing Aer."""
    return any(cls.__module__.partition(".")[0] == "qiskit_aer" for cls in type(backend).__mro__)


def _summary(key: str, circuit: QuantumCircuit) -> StoredCircuit:
    index = {qubit: i for i, qubit in enumerate(circuit.qubits)}
    data = [instruction for instruction in circuit.data if instruction.name != "barrier"]
    bits = {bit: i for i, bit in enumerate(circuit.clbits)}
    registers = tuple((register.name, tuple(bits[bit] for bit in register)) for register in circuit.cregs)
    touched = frozenset(index[q] for instruction in data for q in instruction.qubits)
    return StoredCircuit(key, touched, widest(circuit), len(data), registers)


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
