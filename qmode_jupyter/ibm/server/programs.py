"""A job's `params` on the way in, and its result on the way out, for the programs that there are.

What is wrong with the shape of `params` is refused; what is wrong with circuits, observables or
values is found where the service finds it: the job is accepted and fails, with a code (SEMANTICS
section 7).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from qiskit_ibm_runtime import RuntimeDecoder, RuntimeEncoder

from qmode_jupyter.client.context import JobContainer
from qmode_jupyter.client.options.kinds import ANYTHING, MAPPING, Kind
from qmode_jupyter.client.primitives import EstimatorV2, SamplerV2
from qmode_jupyter.errors import IBMInputValueError, OptionError
from qmode_jupyter.ibm.server.quantum_program import quantum_program
from qmode_jupyter.ibm.server.refusals import Refusal, UnreadableCircuit, bad_request, first_line, flaw_of
from qmode_jupyter.ibm.server.wire import field
from qmode_jupyter.runtime.jobs import JobRequest
from qmode_jupyter.simulation.tasks import SimulationOptions
from qmode_jupyter.style.warn import warnings_kept

if TYPE_CHECKING:
    from qiskit.primitives import PrimitiveResult
    from qiskit.providers import BackendV2

    from qmode_jupyter.client.service import RuntimeService
    from qmode_jupyter.simulation.tasks import Program

Writer = Callable[["PrimitiveResult[Any]"], str]

_LEARNERS: Final = frozenset({"noise-learner", "noise-learner-v3"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a job asks for.

    Attributes
    ----------
    request
        For the runtime; with a flaw where the job can't run.
    write
        Makes a text of its result.
    notes
        What the person should know of how it is run, for its log.
    """

    request: JobRequest
    write: Writer
    notes: tuple[str, ...]


def read(
    program: str, params: dict[str, Any], service: RuntimeService, backend: BackendV2, *, dry_run: bool
) -> Asked:
    """Return what the `params` of a job ask for.

    Raises
    ------
    Refusal
        404 for another program, 400 for `params` of another shape.
    """
    if program in _LEARNERS:
        raise Refusal(
            404,
            404,
            f"The program {program} is not emulated: nothing is mitigated here, so no noise is learned.",
            "A backend's noise is NoiseModel.from_backend(backend).",
        )
    if program not in ("sampler", "estimator", "executor"):
        raise Refusal(404, 404, f"Program not found: {program}", "Use sampler, estimator or executor.")
    with warnings_kept() as notes:
        try:
            if program == "executor":
                request, write = quantum_program(params, backend, dry_run=dry_run)
            else:
                request, write = _primitive(program, params, service, backend, dry_run), write_result
        except OptionError as error:
            raise bad_request(str(error)) from None
        except IBMInputValueError as error:
            flawed: Program = program  # type: ignore[assignment]  # one of the three
            request = JobRequest(flawed, (), backend, SimulationOptions(), flaw=flaw_of(error))
            write = write_result
    return Asked(request, write, tuple(notes))


def write_result(result: PrimitiveResult[Any]) -> str:
    """Return a primitive's result as text."""
    return json.dumps(result, cls=RuntimeEncoder)


def revived(value: Any) -> Any:
    """Return parsed JSON with the objects that stand for circuits, arrays and the like made into these.

    Raises
    ------
    UnreadableCircuit
        If one can't be read.
    """
    try:
        return _revived(value)
    except Exception as error:  # noqa: BLE001 - QPY, zlib and NumPy raise what they like
        raise UnreadableCircuit(f"What the job was given can't be read: {first_line(error)}") from None


class _Noted(JobContainer):
    """Takes a primitive's job and keeps it, instead of submitting it."""

    def __init__(self, service: RuntimeService, backend: BackendV2) -> None:
        self._service, self._backend = service, backend
        self.request: JobRequest | None = None

    @property
    def service(self) -> RuntimeService:
        """Whose backend it is."""
        return self._service

    @property
    def backend_object(self) -> BackendV2:
        """The backend that was asked for."""
        return self._backend

    @property
    def max_time(self) -> None:
        """No limit: the client has warned of one already."""

    def submit(self, request: JobRequest) -> str:
        """Keep the request."""
        self.request = request
        return ""


def _primitive(
    program: str, params: Mapping[str, Any], service: RuntimeService, backend: BackendV2, dry_run: bool
) -> JobRequest:
    """Return what a Sampler or Estimator asks for, checked as our own primitives check it."""
    pubs = field(params, "pubs", _LISTED)
    options = dict(field(params, "options", MAPPING, {}))
    if params.get("resilience_level") is not None:
        options["resilience_level"] = field(params, "resilience_level", ANYTHING)
    noted = _Noted(service, backend)
    primitive = (SamplerV2 if program == "sampler" else EstimatorV2)(noted, revived(options))
    primitive.run([tuple(pub) if isinstance(pub, list) else pub for pub in revived(pubs)], dry_run=dry_run)
    assert noted.request is not None
    return noted.request


_HOOK: Final = RuntimeDecoder().object_hook


def _revived(value: Any) -> Any:
    if isinstance(value, dict):
        inside = {key: _revived(inner) for key, inner in value.items()}
        # Aer's own way to read a noise model is deprecated; the options read its dictionary themselves.
        return inside["__value__"] if inside.get("__type__") == "NoiseModel" else _HOOK(inside)
    if isinstance(value, list):
        return [_revived(inner) for inner in value]
    return value


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError
    return value


_LISTED: Final = Kind("a list of PUBs", _listed)
