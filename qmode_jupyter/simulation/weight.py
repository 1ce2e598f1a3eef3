"""About how long a circuit takes to simulate: to share work out, and to warn before a long wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qmode_jupyter.simulation.object_store import Sketch
    from qmode_jupyter.simulation.tasks import Work

# Seconds, measured on one core of 2025; other machines differ by a factor of two or so.
_CALL_S = 1e-3
_SHOT_S = 2e-7
_OPERATION_S = 2e-6
_AMPLITUDE_S = 2e-9
_NOISY_AMPLITUDE_S = 5e-9
# From so many qubits on Aer fuses the gates of a trajectory.
_FUSED_FROM_QUBITS = 14
_FUSED_AMPLITUDE_S = 1.5e-9
#: A person is told before a simulation that would take longer than this.
NOTEWORTHY_S = 5.0
#: What would take longer than this fits in no memory here either, and its error says more.
HOPELESS_S = 14 * 86_400.0


def weight_seconds(sketch: Sketch, shots: float, noisy: bool) -> float:
    """Return about how many seconds one core takes for so many shots of a circuit."""
    qubits = len(sketch.qubits)
    if not noisy:
        return _CALL_S + shots * _SHOT_S + sketch.size * (_OPERATION_S + _AMPLITUDE_S * 2.0**qubits)
    if shots > 2.0**qubits:
        return _CALL_S + shots * _SHOT_S + sketch.size * (_OPERATION_S + _NOISY_AMPLITUDE_S * 4.0**qubits)
    amplitude_s = _NOISY_AMPLITUDE_S if qubits < _FUSED_FROM_QUBITS else _FUSED_AMPLITUDE_S
    return _CALL_S + shots * sketch.size * (_OPERATION_S + amplitude_s * 2.0**qubits)


def long_run_note(works: Sequence[Work], sketches: Sequence[Sketch], noisy: bool) -> str:
    """Return one line to show before a simulation that will take long; "" for any other."""
    seconds = sum(work.weight_s * len(work.values) for work in works)
    if not NOTEWORTHY_S <= seconds < HOPELESS_S:
        return ""
    qubits = max(len(sketch.qubits) for sketch in sketches)
    why = "with noise, shot by shot," if noisy else "exactly"
    return f"Simulating {qubits} qubits {why} takes about {_span(seconds)} of one core here."


def _span(seconds: float) -> str:
    for unit, size in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
