"""Jobs that a cell runs beside its session, where it may think that they are in it.

IBM's own primitives, Qiskit's and Aer's take a simulator or a fake backend as their mode and run
their jobs right here, and so does a backend's `run`, which other packages call: no session, batch or
queue sees them. All of these jobs are of two classes of Qiskit's, whose making is watched while a cell
runs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import wraps
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from qiskit.primitives import BaseEstimatorV2, BasePrimitiveJob, BaseSamplerV2
from qiskit.providers import JobV1

from qmode_jupyter.client.isa import is_simulator
from qmode_jupyter.client.service import belongs

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

_IBM: Final = "qiskit_ibm_runtime"
# What IBM's client says to a primitive without a mode (SEMANTICS P1).
_NO_MODE: Final = "A backend or session must be specified."
#: What joins a cell's emulated session.
JOINS: Final = "The cell's own Sampler and Estimator, and those of qmode_jupyter, join it."
# Packages that run jobs: their frames stand between a call and the job that it makes, and they have
# threads of their own.
_RUNNERS: Final = frozenset({"qiskit", "qiskit_aer", _IBM})
_THREADS: Final = frozenset({"threading", "concurrent"})


@dataclass(frozen=True, slots=True)
class Stranger:
    """What ran a job, or wanted to, that the cell's session did not see.

    Attributes
    ----------
    came_from
        Which class of which package, or whose `run` was called.
    what_then
        What became of its jobs.
    is_reference
        Whether it ran on a simulator of its own, as one does for a value to compare with.
    """

    came_from: str
    what_then: str
    is_reference: bool = False


class OutsideJobs:
    """The jobs that one cell runs beside its session.

    Parameters
    ----------
    backend
        The cell's own.
    sees
        Whether the cell's service has a job of this id.
    blind
        The package whose primitives can't see the cell's session.
    """

    def __init__(self, backend: BackendV2, sees: Callable[[str], bool], blind: str = _IBM) -> None:
        self._blind = blind
        self._backend = backend
        self._sees = sees
        self._found: dict[Stranger, None] = {}
        #: Jobs that IBM's client sent to a service, by id: which one is known when they have been made.
        self._sent: dict[str, Stranger] = {}

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Note the jobs that are made meanwhile."""
        with noting(BasePrimitiveJob, self._note_primitive_job), noting(JobV1, self._note_backend_job):
            yield

    def line(self, owner: str, jobs_seen: int, error: BaseException | None, joins: str = JOINS) -> str:
        """Return what a person has to know of them, in one line; "" if there is nothing.

        Parameters
        ----------
        owner
            "session", "batch" or "cell".
        jobs_seen
            How many jobs of the cell's that has seen.
        error
            What ended the cell.
        joins
            What does join it, in a sentence.
        """
        sent = (stranger for job, stranger in self._sent.items() if not self._sees(job))
        found = list(dict.fromkeys((*self._found, *sent)))
        if (refused := _without_mode(error, self._blind)) is not None:
            found.append(refused)
        if jobs_seen:
            found = [stranger for stranger in found if not stranger.is_reference]
        if not found:
            return ""
        begins = f"Not every job ran in this {owner}" if jobs_seen else f"This {owner} saw no job"
        said = "; ".join(f"{stranger.came_from}, {stranger.what_then}" for stranger in found)
        return f"{begins}: {said}. {joins}"

    def _note_primitive_job(self, job: Any) -> None:
        primitive = _primitive(_frames())
        if primitive is None or _package(type(job).__module__) == "qmode_jupyter" or _is_a_runners_thread():
            return  # it was looked up and not run, is seen anyway, or is part of a job that was noted
        if type(job).__module__ == f"{_IBM}.runtime_job_v2":
            self._sent[job.job_id()] = Stranger(
                _origin(primitive), "whose jobs went to IBM's service by themselves"
            )
            return
        what_then = "whose jobs ran at once, in no queue"
        of_ibm = _package(type(primitive).__module__) == _IBM
        is_reference = not of_ibm and not self._stands_for_a_qpu(getattr(primitive, "_backend", None))
        self._found[Stranger(_origin(primitive), what_then, is_reference)] = None

    def _note_backend_job(self, job: Any) -> None:
        if _primitive(_frames()) is not None or _is_a_runners_thread():
            return  # part of a primitive's job, which was noted
        backend = job.backend()
        stranger = Stranger(
            f"run() of {backend.name} was called{_caller()}",
            "which hardware has not and no queue sees",
            is_reference=not self._stands_for_a_qpu(backend),
        )
        self._found[stranger] = None

    def _stands_for_a_qpu(self, backend: Any) -> bool:
        """Whether it is a backend that a session could be on, not a simulator of somebody's own."""
        return backend is not None and (
            backend is self._backend or belongs(backend) or not is_simulator(backend)
        )


@contextmanager
def noting(cls: type, note: Callable[[Any], None]) -> Iterator[None]:
    """Call `note` with each object of `cls` that is made meanwhile; there is no other place to hear of it."""
    before = cls.__init__  # type: ignore[misc]

    @wraps(before)
    def noted(self: Any, *arguments: Any, **words: Any) -> None:
        before(self, *arguments, **words)
        if watching:
            with suppress(Exception):  # of backends and frames of any kind; the job is the person's
                note(self)

    watching = True
    cls.__init__ = noted  # type: ignore[misc]
    try:
        yield
    finally:
        watching = False
        if cls.__init__ is noted:  # type: ignore[misc]
            cls.__init__ = before  # type: ignore[misc]


def _frames() -> Iterator[FrameType]:
    """Yield what is being called, from the inside out."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _primitive(frames: Iterable[FrameType]) -> Any:
    """Return the primitive that is running, or being made, in these frames; of several, the outermost."""
    found = None
    for frame in frames:
        one = frame.f_locals.get("self")
        if isinstance(one, BaseSamplerV2 | BaseEstimatorV2) or _is_ibms_executor(one):
            found = one
    return found


def _package(module: object) -> str:
    return str(module).partition(".")[0]


def _is_a_runners_thread() -> bool:
    """Whether this thread was started by a package that runs jobs, for a job of its own.

    Unless it begins with a primitive's ``run``, which is what somebody hands to a thread.
    """
    begun_by = None
    for frame in _frames():
        if _package(frame.f_globals.get("__name__")) not in _THREADS:
            begun_by = frame
    if begun_by is None or begun_by.f_code.co_name == "run":
        return False
    return _package(begun_by.f_globals.get("__name__")) in _RUNNERS


def _caller() -> str:
    """Return which package called a backend's `run`, as in " by mthree"; "" if the person's code did."""
    packages = (_package(frame.f_globals.get("__name__")) for frame in _frames())
    name = next(name for name in packages if name not in _RUNNERS and name != "qmode_jupyter")
    return "" if name == "__main__" else f" by {name}"


def _is_ibms_executor(one: object) -> bool:
    return type(one).__module__ == f"{_IBM}.executor.executor"


def _without_mode(error: BaseException | None, package: str) -> Stranger | None:
    """Return the primitive of a package that found no mode, if that is what ended the cell."""
    if not isinstance(error, ValueError) or _NO_MODE not in str(error):
        return None
    trace, frames = error.__traceback__, []
    while trace is not None:
        frames.append(trace.tb_frame)
        trace = trace.tb_next
    primitive = _primitive(reversed(frames))
    if primitive is None or _package(type(primitive).__module__) != package:
        return None
    return Stranger(_origin(primitive), "which can't see it")


def _origin(thing: object) -> str:
    """Return which class of which package a thing is of, by the shortest path that it is imported from."""
    cls = type(thing)
    parts = cls.__module__.split(".")
    paths = (".".join(parts[:number]) for number in range(1, len(parts) + 1))
    for path in paths:
        if getattr(sys.modules.get(path), cls.__name__, None) is cls:
            return f"{cls.__name__} came from {path}"
    return f"{cls.__name__} came from {cls.__module__}"
