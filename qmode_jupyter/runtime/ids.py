"""Ids in the shape of the service's own (SEMANTICS R9)."""

from __future__ import annotations

import random
import uuid
from typing import Final

_ALPHABET: Final = "0123456789abcdefghijklmnopqrstuv"


class Ids:
    """New ids; the same seed gives the same ones."""

    def __init__(self, seed: int | None) -> None:
        self._random = random.Random(seed) if seed is not None else random.SystemRandom()

    def job(self) -> str:
        """Return a new job id: 20 characters, lower case."""
        bits = self._random.getrandbits(95)  # one draw: each costs the system's source a call
        return "d" + "".join(_ALPHABET[bits >> 5 * i & 31] for i in range(19))

    def workload(self) -> str:
        """Return a new id for a session, batch or group: a UUID."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))
