"""A Sampler's PUB in a worker: it is run, and its outcomes packed by register, in the order of the shots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qmode_jupyter.simulation.aer import Run
from qmode_jupyter.simulation.compiled import CompiledCircuits
from qmode_jupyter.simulation.independent import Part, parts_of
from qmode_jupyter.simulation.tasks import PackedSamplerPub, SampledPub

if TYPE_CHECKING:
    from qmode_jupyter.simulation.backend import SimulatedBackend

# Beyond that many shots of one circuit the outcomes are counted, and then put into an order of
# chance: they are independent of each other, and as strings would take gigabytes.
_MOST_IN_ORDER = 2**21
# Between the seeds of a circuit's parts: far more than the runs of one take.
_PART_SEED_STEP = 2**40 + 15

Bits = Sequence[int]


def sample(backend: SimulatedBackend, pub: PackedSamplerPub, threads: int) -> SampledPub:
    """Run one PUB, or some of its sets of parameter values."""
    key = ("sampler", pub.circuit_key)
    compiled = backend.cache.get_or_make(key, lambda: _compiled(backend, pub.circuit_key))
    if not isinstance(compiled, CompiledCircuits):
        return _sampled_in_parts(compiled, pub, threads)
    in_order = pub.shots <= _MOST_IN_ORDER
    runs = compiled.run(
        pub.values, shots=pub.shots, seed=pub.seed, index=pub.index, memory=in_order, threads=threads
    )
    arrays = {
        name: np.zeros((len(runs), pub.shots, _width(bits)), dtype=np.uint8) for name, bits in pub.registers
    }
    for i, run in enumerate(runs):
        for name, bits in pub.registers:
            arrays[name][i] = pack_bits(run, pub.shots, bits, (pub.seed, pub.index + i))
    return SampledPub(pub.number, pub.first_set, arrays)


#: Parts of a circuit, each compiled.
_Parts = Sequence[tuple[Part, CompiledCircuits]]


def _compiled(backend: SimulatedBackend, circuit_key: str) -> CompiledCircuits | _Parts:
    circuit = backend.fetch_circuit(circuit_key)
    parts = parts_of(circuit) if backend.is_local else ()
    if not parts:
        return CompiledCircuits(backend, [circuit])
    return [(part, CompiledCircuits(backend, [part.circuit])) for part in parts]


def _sampled_in_parts(parts: _Parts, pub: PackedSamplerPub, threads: int) -> SampledPub:
    """Run each part by itself, and put its bits where they belong."""
    bits = 1 + max((bit for _, of_register in pub.registers for bit in of_register), default=-1)
    outcomes = np.zeros((len(pub.values), pub.shots, bits), dtype=np.bool_)
    for number, (part, compiled) in enumerate(parts, 1):
        seed = pub.seed + _PART_SEED_STEP * number
        for a_set, seen in enumerate(_seen(part, compiled, pub, seed, threads)):
            outcomes[a_set][:, part.clbits] = seen
    return SampledPub(pub.number, pub.first_set, {name: _packed(outcomes, b) for name, b in pub.registers})


def _seen(
    part: Part, compiled: CompiledCircuits, pub: PackedSamplerPub, seed: int, threads: int
) -> Iterator[NDArray[np.bool_]]:
    """Yield for each set what is seen of a part's classical bits: an array (shots, bits)."""
    digits = len(part.clbits)
    rows, which = part.distinct(pub.values)
    known = compiled.distributions(rows, shots=pub.shots, threads=threads) if part.read_once else None
    if known is not None:
        fair = np.clip(known[0], 0.0, None)
        upto = np.cumsum(fair / fair.sum(axis=1, keepdims=True), axis=1)[:, :-1]
        for a_set, row in enumerate(which):
            drawn = np.random.default_rng((seed % 2**64, pub.index + a_set)).random(pub.shots)
            outcome = np.searchsorted(upto[row], drawn, side="right")
            yield (outcome[:, None] >> np.arange(digits)) & 1 == 1
        return
    in_order = pub.shots <= _MOST_IN_ORDER
    mine = pub.values[:, list(part.columns)]
    runs = compiled.run(mine, shots=pub.shots, seed=seed, index=pub.index, memory=in_order, threads=threads)
    for a_set, run in enumerate(runs):
        packed = pack_bits(run, pub.shots, range(digits), (seed, pub.index + a_set))
        yield np.unpackbits(packed, axis=1)[:, ::-1][:, :digits] == 1


def _packed(outcomes: NDArray[np.bool_], bits: Bits) -> NDArray[np.uint8]:
    """Return some classical bits (sets, shots, bytes), packed as in `pack_bits`."""
    wide = np.zeros((*outcomes.shape[:2], 8 * _width(bits)), dtype=np.bool_)
    if bits:
        wide[..., wide.shape[-1] - len(bits) :] = outcomes[..., list(bits)][..., ::-1]
    packed: NDArray[np.uint8] = np.packbits(wide, axis=-1)
    return packed


def pack_bits(run: Run, shots: int, bits: Bits, seed: Sequence[int]) -> NDArray[np.uint8]:
    """Return the outcomes of some classical bits.

    Parameters
    ----------
    run
        What Aer gave.
    shots
        How many.
    bits
        Indices of the classical bits, the least significant first.
    seed
        For an order of the shots, where Aer gave none.

    Returns
    -------
    array (shots, bytes)
        Big-endian, filled up with zeros on the left: a `BitArray`'s.
    """
    width = _width(bits)
    if not run.counts:
        return np.zeros((shots, width), dtype=np.uint8)  # nothing was measured
    outcomes = list(run.counts)
    table = _table(outcomes, bits, width)
    if run.memory is not None:
        number = {outcome: i for i, outcome in enumerate(outcomes)}
        which = np.fromiter(map(number.__getitem__, run.memory), dtype=np.intp, count=shots)
    else:
        which = np.repeat(np.arange(len(outcomes)), np.fromiter(run.counts.values(), dtype=np.intp))
        np.random.default_rng(seed).shuffle(which)
    packed: NDArray[np.uint8] = table[which]
    return packed


def _width(bits: Bits) -> int:
    """Return the bytes that hold so many bits."""
    return -(-len(bits) // 8)


def _table(outcomes: Sequence[str], bits: Bits, width: int) -> NDArray[np.uint8]:
    """Return an array (outcomes, bytes) of these bits of hexadecimal strings."""
    first = bits[0] if bits else 0
    if list(bits) == list(range(first, first + len(bits))):
        mask = (1 << len(bits)) - 1
        numbers = [(int(outcome, 16) >> first) & mask for outcome in outcomes]
    else:
        values = [int(outcome, 16) for outcome in outcomes]
        numbers = [sum(((value >> bit) & 1) << i for i, bit in enumerate(bits)) for value in values]
    data = b"".join(number.to_bytes(width, "big") for number in numbers)
    return np.frombuffer(data, dtype=np.uint8).reshape(len(outcomes), width)
