"""IBM's own client, made so that it talks to the emulated service and to nobody else.

The client finds its hosts in three ways: by the URL that it is given, by environment variables that the
libraries below it read, and by names that it makes of an instance's CRN. While it is made the
variables are ours, and are put back after it. Then what it holds is tied to this machine: its
credentials are never sent to IBM's IAM service, no proxy is asked, and no client of another instance
is made. These are private fields of the client's; there is no public way.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from qiskit_ibm_runtime import QiskitRuntimeService, exceptions
from requests.auth import AuthBase

from qmode_jupyter.client.service import RuntimeService, belongs, default_service
from qmode_jupyter.errors import IBMInputValueError
from qmode_jupyter.ibm.server.app import THREAD_HEADER
from qmode_jupyter.ibm.server.listening import HOST, Server
from qmode_jupyter.ibm.server.served import Hold

if TYPE_CHECKING:
    from qiskit.providers import BackendV2
    from requests import PreparedRequest

_client_log: Final = logging.getLogger("qiskit_ibm_runtime.qiskit_runtime_service")
#: Held while the environment is ours, and while a server is looked for and made.
_making: Final = threading.RLock()
#: The servers that were begun here; each ends with its service.
_servers: Final[WeakKeyDictionary[RuntimeService, Server]] = WeakKeyDictionary()
#: Variables that would lead the client elsewhere.
_ASTRAY: Final = ("QISKIT_FUNCTIONS_EXPERIMENTAL", "QISKIT_FUNCTIONS_IDENTIFIER")


def service(of: RuntimeService | Server | None = None) -> QiskitRuntimeService:
    """Return IBM's own `QiskitRuntimeService`, wired to an emulated service.

    Its jobs, sessions and usage are those of the emulated service: the widget, the timeline and
    ``%qmode jobs`` show them, too. `IBMQuantumComputeService` is another name of the same class.

    Parameters
    ----------
    of
        The emulated service, or a server from `serve`; None for the default one, which the magics use.

    Raises
    ------
    RuntimeClosedError
        If it was closed.
    IBMInputValueError
        For something else.
    """
    server = _server_of(of)
    with _making, _environment(_hosts(server)), _unlogged():
        made = QiskitRuntimeService(
            channel="ibm_quantum_platform",
            token=server.token,
            instance=server.crn,
            url=f"{server.url}/experimental",
        )
    _tie(made, server)
    return made


def service_and_backend(of: RuntimeService, backend: BackendV2) -> tuple[QiskitRuntimeService, Any]:
    """Return IBM's client of an emulated service, and a backend that runs there as the client has it."""
    server = _server_of(of)
    if not belongs(backend):
        server.lend(backend)
    made = service(server)
    # Not by `backend()`, which knows only what is listed, and leaves gates out.
    return made, made._create_backend_obj(backend.name, server.crn, use_fractional_gates=None)


def emulated_by(client: Any) -> RuntimeService | None:
    """Return the emulated service that a client from `service` talks to; None for any other client."""
    auth = getattr(getattr(client, "_active_api_client", None), "_session", None)
    credentials = getattr(auth, "auth", None)
    return credentials.server.service if isinstance(credentials, _Credentials) else None


def env(of: RuntimeService | Server | None = None) -> dict[str, str]:
    """Return the environment variables with which ``QiskitRuntimeService()`` in another process comes here.

    They hold as long as this process serves: ``subprocess.run(..., env=os.environ | ibm.env())``.
    """
    server = _server_of(of)
    return _hosts(server) | {
        "QISKIT_IBM_CHANNEL": "ibm_quantum_platform",
        "QISKIT_IBM_INSTANCE": server.crn,
        "QISKIT_IBM_TOKEN": server.token,
        "QISKIT_IBM_URL": f"{server.url}/experimental",
        "USAGE_DATA_OPT_OUT": "True",  # what the client would look up for it takes 2 ms a request
    }


def serve(
    service: RuntimeService | None = None,
    *,
    port: int = 0,
    token: str | None = None,
    backends: Mapping[str, str] | None = None,
    hold: Hold = "first",
) -> Server:
    """Let an emulated service listen on 127.0.0.1 until the server or the service is closed.

    Parameters
    ----------
    service
        None for the default one, which the magics use.
    port, token, backends, hold
        See `Server`.
    """
    served = default_service() if service is None else service
    if not isinstance(served, RuntimeService):
        raise IBMInputValueError(f"A RuntimeService of qmode_jupyter can be served, not {served!r}.")
    with _making:
        server = Server(served, port=port, token=token, backends=backends, hold=hold)
        _servers[served] = server
    return server


def stop(service: RuntimeService) -> bool:
    """Let an emulated service listen no more; return whether it did."""
    with _making:
        server = _servers.pop(service, None)
    if server is None or server.closed:
        return False
    server.close()
    return True


def _server_of(of: RuntimeService | Server | None) -> Server:
    if isinstance(of, Server):
        return of
    served = default_service() if of is None else of
    with _making:
        known = _servers.get(served) if isinstance(served, RuntimeService) else None
        return known if known is not None and not known.closed else serve(served)


def _hosts(server: Server) -> dict[str, str]:
    bypassed = [os.environ.get(word, "") for word in ("NO_PROXY", "no_proxy")]
    direct = ",".join(dict.fromkeys([HOST, *(host for host in bypassed if host)]))
    return {
        "GLOBAL_CATALOG_URL": f"{server.url}/api/v1",
        "GLOBAL_SEARCH_URL": server.url,
        "IAM_URL": server.url,
        # A file of that kind would come before the variables.
        "IBM_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": direct,
        "no_proxy": direct,
    }


@contextmanager
def _unlogged() -> Iterator[None]:
    _client_log.addFilter(_no_saved_account)
    try:
        yield
    finally:
        _client_log.removeFilter(_no_saved_account)


def _no_saved_account(record: logging.LogRecord) -> bool:
    """Drop what the client says of a saved account: nobody asked for one."""
    return "saved account" not in record.getMessage()


@contextmanager
def _environment(ours: Mapping[str, str]) -> Iterator[None]:
    before = {word: os.environ.get(word) for word in (*ours, *_ASTRAY)}
    for word in _ASTRAY:
        os.environ.pop(word, None)
    os.environ.update(ours)
    try:
        yield
    finally:
        for word, value in before.items():
            if value is None:
                os.environ.pop(word, None)
            else:
                os.environ[word] = value


class _Credentials(AuthBase):
    """Says who asks: with the token itself, and which thread of this process waits for the answer."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"apikey {self.server.token}"
        request.headers["Service-CRN"] = self.server.crn
        request.headers[THREAD_HEADER] = f"{self.server.secret}:{threading.get_ident()}"
        return request

    def __deepcopy__(self, memo: object) -> _Credentials:
        return self  # a copied backend talks to the same server


def _tie(made: Any, server: Server) -> None:
    """Let a client that was made send to `server` only, whatever the environment is from now on."""

    def no_other(instance: str) -> Any:
        raise exceptions.IBMInputValueError(f"Instance not found: {instance}. There is {server.crn} only.")

    for client in {id(c): c for c in (made._active_api_client, *made._api_clients.values())}.values():
        client._session.auth = _Credentials(server)
        client._session.trust_env = False
    made._create_new_cloud_api_client = no_other
