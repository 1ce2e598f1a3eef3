"""The table of calls as a Starlette application.

What a call does blocks, if only for a moment: it runs on a thread of a pool, and so may wait for a job.
No answer is one that IBM's client would try again (SEMANTICS R2).
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from qmode_jupyter.errors import IBMError
from qmode_jupyter.ibm.server.calls import CLOUD, OPERATIONS, Operation
from qmode_jupyter.ibm.server.openapi import description
from qmode_jupyter.ibm.server.refusals import TOO_LARGE, Refusal, refusal_of
from qmode_jupyter.ibm.server.served import Answer, Call, Connection, Served
from qmode_jupyter.runtime.engine import Caller

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

#: Where the API stands: IBM's path, and the one that the client leaves as it is.
PREFIXES: Final = ("/api/v1", "/experimental")
#: The header by which a client in this process says which of its threads asks.
THREAD_HEADER: Final = "qmode-thread"
#: The largest body that is taken, in bytes.
MAX_BODY: Final = 64 * 2**20
#: What is more than that is read and dropped, up to here: who sends it should hear why it is refused.
_MOST_DROPPED: Final = 2**30

_UNEXPECTED: Final = 9999

_log = logging.getLogger(__name__)


def application(served: Served, pool: Executor, secret: str) -> ASGIApp:
    """Return the application.

    Parameters
    ----------
    served
        What it serves.
    pool
        Where calls run.
    secret
        What a client in this process proves with that it is one.
    """
    callers = _Callers(secret)
    routes = [
        Route(
            prefix + operation.path, _endpoint(operation, served, pool, callers), methods=[operation.method]
        )
        for prefixes, operations in ((PREFIXES, OPERATIONS), (("",), CLOUD))
        for prefix in prefixes
        for operation in operations
    ]
    text = json.dumps(description())

    async def described(request: Request) -> Response:
        del request
        return Response(text, media_type="application/json")

    async def failed(request: Request, error: Exception) -> Response:
        del request
        assert isinstance(error, HTTPException)
        return refused(Refusal(error.status_code, error.status_code, str(error.detail)))

    routes.append(Route("/openapi.json", described))
    app = Starlette(routes=routes, exception_handlers={HTTPException: failed})
    app.router.redirect_slashes = False
    return _AnyHost(app)


def refused(refusal: Refusal) -> Response:
    """Return the response of a refusal."""
    return Response(json.dumps(refusal.body()), refusal.status, media_type="application/json")


class _AnyHost:
    """Takes request lines as a proxy gets them, ``GET http://host/path``: whatever the host, it is here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if scope["method"] == "CONNECT":
                answer = refused(Refusal(405, 405, "No tunnels: this service speaks plain HTTP only."))
                answer.headers["connection"] = "close"
                await answer(scope, receive, send)
                return
            host, _, rest = scope["path"].partition("://")
            if rest and host in ("http", "https"):
                scope = {**scope, "path": "/" + rest.partition("/")[2]}
        await self._app(scope, receive, send)


class _Callers:
    """Finds who is behind a request: a thread of this process that says so, or the connection."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def of(self, request: Request, connection: Connection) -> Caller:
        secret, _, number = request.headers.get(THREAD_HEADER, "").partition(":")
        if number and secret == self._secret:
            for thread in threading.enumerate():
                if str(thread.ident) == number:
                    return thread
        return connection


def _endpoint(
    operation: Operation, served: Served, pool: Executor, callers: _Callers
) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        connection: Connection = request.scope["state"].get("connection") or Connection()
        try:
            if operation.asks != "anybody":
                served.account.check_token(request.headers)
            if operation.asks == "instance":
                served.account.check_instance(request.headers)
            body = await _body(request)
            call = Call(
                request.path_params,
                request.query_params,
                request.headers,
                body,
                connection,
                callers.of(request, connection),
            )
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(pool, _response, operation, served, call)
        except Refusal as refusal:
            connection.note("refused", "")
            return refused(refusal)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it

    return endpoint


def _response(operation: Operation, served: Served, call: Call) -> Response:
    before = call.connection.last
    try:
        answer = operation.run(served, call)
    except Refusal as refusal:
        return refused(refusal)
    except IBMError as error:
        return refused(refusal_of(error))
    except Exception:  # noqa: BLE001 - an answer is owed, whatever went wrong
        _log.exception("%s %s failed", operation.method, operation.path)
        return refused(Refusal(400, _UNEXPECTED, "Internal error.", "See the log of the service."))
    if call.connection.last is before:
        call.connection.note(operation.name, "")
    return _sent(answer, operation.status)


def _sent(answer: Answer, status: int) -> Response:
    status = answer.status if answer.status != 200 else status
    if answer.content is None:
        return Response(status_code=204)
    if isinstance(answer.content, str):
        text = answer.content.encode("utf-8", "backslashreplace")
        return Response(text, status, media_type="text/plain")
    return Response(json.dumps(answer.content), status, media_type="application/json")


async def _body(request: Request) -> bytes:
    """Return the body.

    Raises
    ------
    Refusal
        413 if it is too large.
    """
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size <= MAX_BODY:
            parts.append(part)
        elif size > _MOST_DROPPED:
            break
        else:
            parts.clear()
    if size > MAX_BODY:
        raise Refusal(
            413,
            TOO_LARGE,
            f"The body has more than {MAX_BODY // 2**20} MB.",
            "Send less at once: split the job, or bind fewer parameter sets.",
        )
    return b"".join(parts)
