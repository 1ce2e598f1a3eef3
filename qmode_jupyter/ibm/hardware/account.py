"""Which backend of which account a word names, and whose prices hold there."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from qiskit_ibm_runtime import IBMBackend, QiskitRuntimeService

from qmode_jupyter.cost.processors import Processor, processor_like
from qmode_jupyter.errors import BackendNotFoundError, IBMRuntimeError, QmodeError
from qmode_jupyter.ibm.hardware.workload import said_by
from qmode_jupyter.scheduler.plans import PREMIUM, Plan, UnknownPlan
from qmode_jupyter.scheduler.plans import plan as find_plan
from qmode_jupyter.style.sentences import sentence

#: Where IBM's client keeps accounts.
_SAVED: Final = Path("~/.qiskit/qiskit-ibm.json")
_TOKENS: Final = ("QISKIT_IBM_TOKEN", "QISKIT_IBM_RUNTIME_TOKEN")
#: Where the service listens that is no cloud but one of ours.
_LOCAL: Final = re.compile(r"https?://(127\.0\.0\.1|localhost)(:\d+)?(?=/|$)")


@dataclass(frozen=True, slots=True)
class Place:
    """A backend where runs are real, as far as this process can know.

    Attributes
    ----------
    backend
        As IBM's client has it.
    plan, known_plan
        Whose prices hold; whether that is what the instance says, or Premium in its place.
    instance
        Its name.
    local
        The address, if the service is one on this machine that stands in the cloud's place; or "".
    """

    backend: IBMBackend
    plan: Plan
    known_plan: bool
    instance: str
    local: str

    @property
    def service(self) -> Any:
        """IBM's client."""
        return self.backend.service

    @property
    def processor(self) -> Processor:
        """What prices its jobs."""
        kind = getattr(self.backend, "processor_type", None)
        kind = kind if isinstance(kind, dict) else {}
        delay_s = getattr(self.backend, "default_rep_delay", None)
        return processor_like(
            self.backend.name, str(kind.get("family", "")), str(kind.get("revision", "")), delay_s
        )

    def let_it_run(self, workload: str) -> None:
        """Wait for a session or batch where it runs in this very process, whose clock is ahead meanwhile."""
        from qmode_jupyter.ibm.connect import emulated_by

        emulated = emulated_by(self.service)
        if emulated is not None:
            with suppress(QmodeError):  # it was closed, or has no such thing
                emulated.runtime.workloads.wait(workload)

    def has_dry_runs(self) -> bool:
        """Whether jobs can be checked and timed there without the QPU."""
        mock = re.sub(r"^[^_]+", "mock", self.backend.name)
        return bool(self.service.backends(name=mock, include_mocks=True))


def has_account() -> bool:
    """Whether IBM's client would find an account, in the environment or on disk; nothing is sent."""
    return any(os.environ.get(word) for word in _TOKENS) or _SAVED.expanduser().is_file()


def named(name: str) -> IBMBackend:
    """Return the backend of that name of the account that IBM's client finds by itself.

    Raises
    ------
    BackendNotFoundError
        If the account has none of that name.
    IBMRuntimeError
        If the account can't be used, or the service can't be reached.
    """
    try:
        service = QiskitRuntimeService()
        found = service.backends(name=name)
    except Exception as error:  # noqa: BLE001 - of the network, of the account's file, of the service
        raise IBMRuntimeError(
            f"{name} was looked for in the account that is saved here, which can't be used: "
            f"{_first_line(error)}"
        ) from None
    if not found:
        raise BackendNotFoundError(f"The account that is saved here has no backend {name}.")
    return found[0]


def place_of(backend: IBMBackend) -> Place:
    """Return what is known of a backend's place.

    Raises
    ------
    IBMRuntimeError
        If the service can't be asked.
    """
    try:
        instances = backend.service.instances()
    except Exception as error:  # noqa: BLE001 - of the network, of the service
        raise IBMRuntimeError(f"The service of {backend.name} can't be asked: {_first_line(error)}") from None
    own: Mapping[str, Any] = next((one for one in instances if one.get("crn") == backend._instance), {})
    try:
        plan, known = find_plan(str(own.get("plan") or "")), True
    except UnknownPlan:
        plan, known = PREMIUM, False
    local = _LOCAL.match(str((backend.service.active_account() or {}).get("url")))
    return Place(backend, plan, known, str(own.get("name") or ""), local.group() if local else "")


def _first_line(error: Exception) -> str:
    return sentence((said_by(error).strip().splitlines() or [type(error).__name__])[0])
