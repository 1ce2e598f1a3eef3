"""The application on a port of this machine: a thread with uvicorn in it, until it is closed."""

from __future__ import annotations

import asyncio
import secrets
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from qmode_jupyter.errors import IBMRuntimeError
from qmode_jupyter.ibm.server.account import ServedAccount, new_crn, new_token
from qmode_jupyter.ibm.server.app import application
from qmode_jupyter.ibm.server.devices import Devices
from qmode_jupyter.ibm.server.served import Connection, Hold, Served

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

    from qmode_jupyter.client.service import RuntimeService

#: The only address that is ever listened on.
HOST: Final = "127.0.0.1"
#: Calls at once; what waits for a job's end holds one.
_CALLS: Final = 256
#: A connection that nothing comes over for so many seconds is closed.
_KEPT_S: Final = 600
_PATIENCE_S: Final = 10.0


class _Protocol(H11Protocol):
    """Tells the application which connection a request came over."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = {**self.app_state, "connection": Connection()}
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.app_state["connection"].close()
        super().connection_lost(exc)


class Server:
    """A service that listens on 127.0.0.1.

    Parameters
    ----------
    service
        What is served; it stays open when the server is closed.
    port
        0 takes one that is free.
    token, crn
        What clients need to know; None makes new ones.
    backends
        Names of your own, and which backend each stands for; None for the published ones.
    hold
        Whether a question after a job's status may wait for its end: "never", "polls", or "first":
        also the one that follows the job's submission at once.

    Raises
    ------
    IBMRuntimeError
        If the port can't be had.
    BackendNotFoundError
        If a name stands for none.
    """

    def __init__(
        self,
        service: RuntimeService,
        *,
        port: int = 0,
        token: str | None = None,
        crn: str | None = None,
        backends: Mapping[str, str] | None = None,
        hold: Hold = "first",
    ) -> None:
        account = ServedAccount(service.plan, token or new_token(), crn or new_crn())
        self._served = Served(service, account, Devices(service, backends), hold)
        self._secret = secrets.token_hex(16)
        self._socket = _bound(port)
        self._port: int = self._socket.getsockname()[1]
        self._pool = ThreadPoolExecutor(_CALLS, thread_name_prefix="qmode-call")
        config = uvicorn.Config(
            application(self._served, self._pool, self._secret),
            http=_Protocol,
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            log_level="error",  # who sends nonsense is told so, the notebook is not
            access_log=False,
            server_header=False,
            timeout_keep_alive=_KEPT_S,
            timeout_graceful_shutdown=1,
        )
        self._uvicorn = uvicorn.Server(config)
        self._began = threading.Event()
        self._thread = threading.Thread(target=self._run, name="qmode-server", daemon=True)
        self._thread.start()
        self._began.wait(_PATIENCE_S)
        self._leave = service.runtime.subscribe(lambda changed: None, self._stop)

    @property
    def service(self) -> RuntimeService:
        """What is served."""
        return self._served.service

    @property
    def url(self) -> str:
        """Where it listens: ``http://127.0.0.1:port``."""
        return f"http://{HOST}:{self._port}"

    @property
    def token(self) -> str:
        """The API key that clients need."""
        return self._served.account.token

    @property
    def crn(self) -> str:
        """The instance that clients name."""
        return self._served.account.crn

    @property
    def backends(self) -> tuple[str, ...]:
        """The names of the backends that it lists."""
        return tuple(self._served.devices.offered)

    def backend(self, name: str) -> BackendV2:
        """Return one of its backends, as the service has it; jobs on it are those that clients see."""
        return self._served.devices.backend(name)

    def lend(self, backend: BackendV2) -> None:
        """Serve a backend of a person's own, too, under its own name; it is not listed."""
        self._served.devices.lend(backend)

    @property
    def secret(self) -> str:
        """What a client in this process proves with that it is one."""
        return self._secret

    @property
    def closed(self) -> bool:
        """Whether it listens no more."""
        return not self._thread.is_alive()

    def close(self) -> None:
        """Listen no more; jobs run on in the service. A second time nothing happens."""
        self._stop()
        self._leave()
        if threading.current_thread() is not self._thread:
            self._thread.join(_PATIENCE_S)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url}{', closed' if self.closed else ''}>"

    def _stop(self) -> None:
        self._uvicorn.should_exit = True

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:  # its service may have been closed, and nobody calls `close`
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._socket.close()

    async def _serve(self) -> Any:
        asyncio.get_running_loop().call_soon(self._began.set)
        await self._uvicorn.serve(sockets=[self._socket])


def _bound(port: int) -> socket.socket:
    # By its protocol asyncio knows that it must not hold small packets back (40 ms a call otherwise).
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(1024)
    except (OSError, OverflowError) as error:
        listening.close()
        raise IBMRuntimeError(f"The port {port} of {HOST} can't be had: {error}") from None
    return listening
