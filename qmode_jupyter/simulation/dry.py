"""Random data of the right shape, for a job that is rehearsed without being simulated."""

from __future__ import annotations

import numpy as np

from qmode_jupyter.simulation.estimator import shots_for
from qmode_jupyter.simulation.tasks import EstimatorPart, SamplerPart, SamplerWork, Work


def made_up(work: Work) -> SamplerPart | EstimatorPart:
    """Return random results of a PUB: bits by the toss of a coin, or values that its observables can take."""
    if isinstance(work, SamplerWork):
        chance = np.random.default_rng([abs(work.seed), work.index])
        arrays = {}
        for name, bits in work.registers:
            width = -(-len(bits) // 8)
            packed = chance.integers(0, 256, (len(work.values), work.shots, width), dtype=np.uint8)
            if len(bits) % 8:
                packed[..., 0] &= (1 << len(bits) % 8) - 1
            arrays[name] = packed
        return SamplerPart(work.pub, work.first, arrays)
    chance = np.random.default_rng(abs(work.seed))
    reach = np.abs(work.observables).sum(axis=1)[work.elements[:, 2]]
    evs = chance.uniform(-reach, reach)
    stds = reach * work.precision
    return EstimatorPart(work.pub, work.elements[:, 0].copy(), evs, stds, shots_for(work.precision))
