"""What the magics of one shell work with: the service in use, and the workloads left open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from IPython.core.error import UsageError

from qmode_jupyter.runtime.store.archive import Wish
from qmode_jupyter.scheduler.records import Mode, WorkloadState
from qmode_jupyter.style.sentences import sentence
from qmode_jupyter.style.spelling import did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    from qiskit.providers import BackendV2

    from qmode_jupyter.client.service import RuntimeService
    from qmode_jupyter.client.session import Session
    from qmode_jupyter.runtime.groups import JobGroup
    from qmode_jupyter.runtime.runtime import Runtime
    from qmode_jupyter.runtime.store.archive import Archive, KeptJob
    from qmode_jupyter.runtime.store.past import Past
    from qmode_jupyter.scheduler.records import WorkloadRecord
    from qmode_jupyter.scheduler.trace import Trace

#: So many ids with one beginning are counted.
_SOME: Final = 10


class Services:
    """The services that the magics of one shell have used, and the session or batch left open.

    Parameters
    ----------
    on_choice
        Called with each service that is used from now on.
    """

    def __init__(self, on_choice: Callable[[RuntimeService], None] = lambda _: None) -> None:
        self._on_choice = on_choice
        #: Every service that a cell has used, the default one too.
        self._used: list[RuntimeService] = []
        self._current: RuntimeService | None = None
        #: What the last cell left open.
        self.kept: Session | None = None
        #: The receipts of the last cell on hardware, by job.
        self.receipts: dict[str, Mapping[str, Any]] = {}
        #: What came of the cells that ran to their end, by mode and body: the newest of each.
        self.rehearsed: dict[tuple[Mode, str], Trace] = {}

    @property
    def current(self) -> RuntimeService:
        """The service that was used last, or the default one of the process."""
        return self.choose({}) if self._current is None or self._current.closed else self._current

    @property
    def open(self) -> tuple[RuntimeService, ...]:
        """All services in use that are open, that of the last cell first."""
        used = [service for service in self._used if not service.closed]
        return tuple(dict.fromkeys((self.current, *used)))

    def choose(self, settings: Mapping[str, Any]) -> RuntimeService:
        """Return the service with these settings, and use it from now on.

        The same settings give the same service, as long as it is open (SEMANTICS A29).

        Raises
        ------
        UsageError
            For a plan, speed or load that does not exist.
        """
        from qmode_jupyter.client.service import RuntimeService, default_service

        try:
            service = RuntimeService(**settings) if settings else default_service()
        except ValueError as error:
            raise UsageError(f"{sentence(error)} Nothing was run.") from None
        self._current = service
        self._used = [used for used in self._used if not used.closed]
        if service not in self._used:
            self._used.append(service)
        self._on_choice(service)
        return service

    def backend(self, word: str | None, service: RuntimeService, namespace: dict[str, Any]) -> BackendV2:
        """Return the backend that `word` names: a variable that holds one, or a name.

        Raises
        ------
        UsageError
            With the nearest name, if there is none.
        """
        from qiskit.providers import BackendV2

        from qmode_jupyter.errors import IBMError

        if word is None:
            return service.backend()
        held = namespace.get(word)
        if isinstance(held, BackendV2):
            return held
        try:
            return service.backend(word)
        except IBMError as error:
            if word in namespace:
                raise UsageError(
                    f"-b {word}: that variable holds a {type(held).__name__}, and no backend has that name. "
                    "Nothing was run."
                ) from None
            variables = [k for k, v in namespace.items() if isinstance(v, BackendV2)]
            hint = "" if str(error).endswith("?") else did_you_mean(word, variables)
            raise UsageError(f"{sentence(error)}{hint} Nothing was run.") from None

    def find(self, word: str) -> tuple[Runtime | Past, str]:
        """Return the workload, group or job that `word` names: an id, its beginning, or a name.

        What runs here comes first; then what was kept, of earlier kernels and of others.

        Raises
        ------
        UsageError
            If nothing or more than one thing is called so.
        """
        known: dict[str, Runtime] = {}
        named: dict[str, str] = {}
        for service in reversed(self.open):
            runtime = service.runtime
            for owner in _owners(runtime):
                known[owner.id] = runtime
                if owner.name:
                    named[owner.name] = owner.id  # the newest of that name
            known.update(dict.fromkeys(runtime.jobs, runtime))
        if word in known:
            return known[word], word
        if word in named:
            return known[named[word]], named[word]
        matches = [name for name in known if name.startswith(word)]
        if len(matches) == 1:
            return known[matches[0]], matches[0]
        if not matches and (kept := self._find_kept(word)) is not None:
            return kept
        if matches:
            raise _ambiguous(word, len(matches))
        hint = did_you_mean(word, [*named, *known])
        raise UsageError(f"No job or workload here is called {word!r}.{hint} %qmode jobs lists them.")

    def _find_kept(self, word: str) -> tuple[Runtime | Past, str] | None:
        for runtime, archive in self._archives():
            found = archive.workload(word) or archive.job(word) or archive.workload_named(word)
            if found is None:
                matches = archive.beginning_with(word, _SOME)
                if len(matches) > 1:
                    raise _ambiguous(word, len(matches), "or more " if len(matches) == _SOME else "")
                found = next((archive.workload(name) or archive.job(name) for name in matches), None)
            past = None if found is None else runtime.past(found.runtime)
            if found is not None and past is not None:
                return past, found.id
        return None

    def kept_jobs(self, most: int) -> list[KeptJob]:
        """Return the newest jobs of earlier kernels and of others, one more than `most` if there are more."""
        here = [service.runtime.jobs for service in self.open]
        kept = [job for _, archive in self._archives() for job in archive.jobs(Wish(), most + 1)]
        return [job for job in kept if not any(job.id in jobs for jobs in here)]

    def latest(self) -> tuple[Runtime | Past, str]:
        """Return the newest workload or group; `UsageError` when there is none yet."""
        for service in self.open:
            newest = max(_owners(service.runtime), key=lambda owner: owner.opened_at, default=None)
            if newest is not None:
                return service.runtime, newest.id
        for runtime, archive in self._archives():
            for kept in archive.workloads(limit=1):
                past = runtime.past(kept.runtime)
                if past is not None:
                    return past, kept.id
        raise UsageError("Nothing has run yet: put %%qsession above a cell of Qiskit code.")

    def _archives(self) -> list[tuple[Runtime, Archive]]:
        """Return what was kept in each folder that the open services use, with a runtime that uses it."""
        found: dict[Path, tuple[Runtime, Archive]] = {}
        for service in self.open:
            archive = service.runtime.archive
            if archive is not None:
                found.setdefault(archive.store.folder, (service.runtime, archive))
        return list(found.values())

    def kept_open(self, mode: Mode, service: RuntimeService, backend: BackendV2) -> Session | None:
        """Return the workload that an earlier cell left open, if this cell goes on with it."""
        kept = self.kept
        if kept is None or kept.service.closed:
            return None
        record = kept.record()
        fits = kept.service is service and kept.backend() == backend.name
        if record is None or record.state is WorkloadState.CLOSED or record.mode is not mode or not fits:
            return None
        return kept if record.accepting_jobs else None

    def close(self) -> None:
        """Close every service that the magics made, and the default one if they used it."""
        used, self._used = self._used, []
        self._current = self.kept = None
        for service in used:
            service.close()


def _owners(runtime: Runtime) -> list[WorkloadRecord | JobGroup]:
    return [*runtime.workloads.records(), *runtime.groups]


def _ambiguous(word: str, matches: int, more: str = "") -> UsageError:
    return UsageError(f"{word!r} is the beginning of {matches} {more}ids: write more of it.")
