"""How often a real QPU would execute which circuits of a PUB, and how long each takes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qmode_jupyter.runtime.estimating import measurements, shots_for
from qmode_jupyter.runtime.parcels import fetch
from qmode_jupyter.runtime.tasks import SamplerWork, Work
from qmode_jupyter.runtime.timing import circuit_seconds

if TYPE_CHECKING:
    from qmode_jupyter.runtime.machine import Machine


def executions(machine: Machine, directory: str, work: Work) -> list[tuple[int, float]]:
    """Return (executions, duration of one in seconds) of each circuit of a PUB."""
    target = machine.target
    if isinstance(work, SamplerWork):
        seconds = machine.made.get_or_make(
            ("seconds", work.circuit), lambda: circuit_seconds(fetch(directory, work.circuit), target)
        )
        return [(work.shots * len(work.values), seconds)]
    found = []
    shots = shots_for(work.precision)
    for sets, ready in measurements(machine, directory, work):
        for number, basis in enumerate(ready.bases):
            make = partial(circuit_seconds, ready.circuits[number], target)
            seconds = machine.made.get_or_make(("seconds", work.circuit, basis.letters), make)
            found.append((shots * len(sets), seconds))
    return found
