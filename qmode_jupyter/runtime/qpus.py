"""The QPUs of the emulated service: their backends, their other users, and what happens to them."""

from __future__ import annotations

import math
import re
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from qmode_jupyter.cost.model import on_processor
from qmode_jupyter.cost.processors import Processor, processor_like
from qmode_jupyter.cost.work import Work
from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.runtime.backends import find_backend
from qmode_jupyter.runtime.engine import Engine
from qmode_jupyter.runtime.tenants import Tenants
from qmode_jupyter.scheduler import events as ev
from qmode_jupyter.scheduler.events import YOU, grained

if TYPE_CHECKING:
    from qiskit.providers import BackendV2


#: The machine in the name of a backend: "fez" in "fake_fez", "ibm_fez" and "aer_simulator_from(fake_fez)".
_MACHINE: Final = re.compile(r"(?:fake|ibm)_([a-z]+)")


class Qpus:
    """The QPUs, each known by the name of its backend. Any thread, but for `populate`.

    Parameters
    ----------
    processor
        What all of them are; None: each what its backend says.
    """

    def __init__(self, engine: Engine, tenants: Tenants, processor: Processor | None = None) -> None:
        self._engine = engine
        self._tenants = tenants
        self._processor = processor
        self._lock = threading.Lock()
        self._backends: dict[str, BackendV2] = {}
        self._populated: set[str] = set()

    def backend(self, name: str) -> BackendV2:
        """Return the backend called `name`, always the same object.

        Raises
        ------
        BackendNotFoundError
            With the nearest name, if there is none.
        """
        with self._lock:
            if name not in self._backends:
                self._backends[name] = find_backend(name)
            return self._backends[name]

    def calibrate(self, backend: BackendV2 | str, duration_s: float, *, at_s: float | None = None) -> None:
        """Let a QPU be calibrated; see `RuntimeService.calibrate_qpu`."""
        qpu = self._name(backend)
        lasts_s = _seconds("duration_s", duration_s)
        due = None if at_s is None else _seconds("at_s", at_s)
        if lasts_s <= 0:
            raise IBMInputValueError(f"duration_s must be above 0 seconds, not {duration_s!r}.")

        def enter() -> None:
            now = self._engine.catch_up()
            at = now if due is None else due
            if at < now:
                raise IBMInputValueError(
                    f"at_s must not be over: it is {now:g} s, and {at_s!r} s was asked for."
                )
            self._engine.event_queue.schedule(ev.CalibrationDue(at, qpu, lasts_s))

        self._engine.call(enter)

    def reserve(self, backend: BackendV2 | str, start_s: float, end_s: float) -> None:
        """Have a QPU to yourself between two times; see `RuntimeService.reserve`."""
        qpu = self._name(backend)
        start, end = _seconds("start_s", start_s), _seconds("end_s", end_s)
        self._engine.call(lambda: self._engine.happen(lambda at: ev.QpuReserved(at, qpu, YOU, start, end)))

    def processor(self, backend: BackendV2) -> Processor:
        """Return what prices the jobs of a backend."""
        return self._processor or self._said(backend)

    def as_run(self, work: Work, backend: BackendV2) -> Work:
        """Return work that was timed by a backend's own durations as it is on its QPU."""
        if self._processor is None:
            return work
        # Not only its gates: a pause that the job asks for is one on this very processor.
        moved = on_processor(work, self._said(backend), self._processor)
        return replace(moved, rep_delay_s=work.rep_delay_s)

    def _said(self, backend: BackendV2) -> Processor:
        """Return what a backend says it is, by name, family and default delay."""
        machine = _MACHINE.search(backend.name)
        kind = getattr(backend, "processor_type", None)
        kind = kind if isinstance(kind, dict) else {}
        delay_s = getattr(backend, "default_rep_delay", None)
        return processor_like(
            machine.group(1) if machine else backend.name,
            str(kind.get("family", "")),
            str(kind.get("revision", "")),
            float(delay_s) if isinstance(delay_s, int | float) and delay_s >= 0 else None,
        )

    def populate(self, backend: BackendV2) -> None:
        """Let it be known what a QPU is, and its other users come, before its first job.

        On the engine's thread.
        """
        qpu = backend.name
        if qpu in self._populated:
            return
        self._populated.add(qpu)
        is_a = self.processor(backend)
        self._engine.happen(
            lambda at: ev.QpuOnline(at, qpu, is_a.lanes, is_a.preparations, is_a.name, is_a.rep_delay_s)
        )
        self._engine.event_queue.feed(self._tenants.arrivals(qpu, self._engine.catch_up()))

    def _name(self, backend: BackendV2 | str) -> str:
        name = self.backend(backend).name if isinstance(backend, str) else getattr(backend, "name", None)
        if not isinstance(name, str):
            raise IBMInputValueError(f"backend must be a backend or its name, not {backend!r}.")
        return name


def _seconds(name: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise IBMInputValueError(f"{name} must be a number of seconds, not {value!r}.")
    return grained(value)
