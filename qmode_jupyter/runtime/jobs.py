"""What the runtime keeps of a job beside its record: what was asked for, and where it belongs."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

    from qmode_jupyter.simulation.tasks import Program, SimulationOptions


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What was asked for."""

    id: str
    program: Program
    #: `SamplerPub` or `EstimatorPub` objects.
    pubs: tuple[Any, ...]
    options: SimulationOptions
    backend: BackendV2
    workload: str | None
    #: The group of a `%%qjob` cell that it belongs to, or None.
    group: str | None
    tags: tuple[str, ...] = ()
    private: bool = False


@dataclass(slots=True)
class JobGroup:
    """Jobs in job mode that one cell submitted, shown together."""

    id: str
    name: str
    qpu: str
    opened_at: float
    jobs: list[str] = field(default_factory=list)
    closed_at: float | None = None


class Names:
    """Ids in the shape of the service's own (SEMANTICS R9); the same seed gives the same ids."""

    _ALPHABET = "0123456789abcdefghijklmnopqrstuv"

    def __init__(self, seed: int | None) -> None:
        self._random = random.Random(seed) if seed is not None else random.SystemRandom()

    def job(self) -> str:
        """Return a new job id: 20 characters, lower case."""
        bits = self._random.getrandbits(95)  # one draw: each costs the system's source a call
        return "d" + "".join(self._ALPHABET[bits >> 5 * i & 31] for i in range(19))

    def workload(self) -> str:
        """Return a new session or batch id: a UUID."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))
