"""What runs in a worker process: it takes a call, answers it, and ends with the process that started it.

A call is a pickled function with its arguments. The answer is what it returned, or its exception where
that can cross and come back, or else a line of text; nothing that a call raises ends the process.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import CancelledError
from multiprocessing.connection import Connection
from typing import Any, Final

from qmode_jupyter.errors import IBMRuntimeError, QmodeError

#: What `python -c` is given, with the number of the socket, that of the parent and the parent's path.
BOOT: Final = (
    "import sys; sys.path[:] = sys.argv[3:]; "
    "from qmode_jupyter.simulation.worker_main import main; main(int(sys.argv[1]), int(sys.argv[2]))"
)
#: Whether the system itself ends a process whose parent has gone; elsewhere a watcher does (`process`).
ENDED_BY_SYSTEM: Final = sys.platform == "linux"
#: A request comes after its number, and so does its answer: a call may write to the socket itself.
NUMBER_BYTES: Final = 8
_PR_SET_PDEATHSIG: Final = 1
_LONGEST_TEXT: Final = 1000


class CallFailed(IBMRuntimeError):
    """What a call ended with, in words: the exception itself could not cross."""


class CallTraceback(Exception):
    """Where in the worker a call failed: the cause of an exception that nobody foresaw."""


def main(socket: int, parent: int) -> None:
    """Answer requests until the parent has gone.

    Parameters
    ----------
    socket
        The file descriptor at which requests come.
    parent
        The id of the process that started this one.
    """
    end_with(parent)
    connection = Connection(socket)
    # A process that a call forks must not keep it open: its end is how the death of this one is seen.
    os.register_at_fork(after_in_child=connection.close)
    try:
        while True:
            request = connection.recv_bytes()
            number, request = request[:NUMBER_BYTES], request[NUMBER_BYTES:]
            connection.send_bytes(number + answer(request))
            del request
    except (EOFError, OSError):
        os._exit(0)


def end_with(parent: int) -> None:
    """Let the system kill this process when the thread that started it has gone.

    A thread here can't see to that: Aer holds Python's global lock for a whole simulation.
    """
    if ENDED_BY_SYSTEM:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)  # it had gone before


def request(function: Callable[..., Any], arguments: tuple[Any, ...]) -> bytes:
    """Return a call as `answer` takes it."""
    return pickle.dumps((function, arguments), pickle.HIGHEST_PROTOCOL)


def answer(request: bytes) -> bytes:
    """Carry out a call, and return what came of it as `result_of` takes it."""
    try:
        function, arguments = pickle.loads(request)
        return pickle.dumps((True, function(*arguments)), pickle.HIGHEST_PROTOCOL)
    except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt fail the call as well
        return pickle.dumps((False, (_crossing(error), described(error), _trace(error))))


def result_of(reply: bytes) -> Any:
    """Return what a call returned.

    Raises
    ------
    Exception
        What the call raised; `CallFailed` where that could not cross.
    """
    try:
        done, came = pickle.loads(reply)
        if done:
            return came
        data, text, trace = came
        error = CallFailed(text) if data is None else pickle.loads(data)
        if not may_cross(error):
            raise TypeError(f"{type(error).__name__} may not cross")
        str(error)
    except BaseException as unread:  # noqa: BLE001 - reading an object runs its own code
        raise CallFailed(f"What it came to could not be read here: {described(unread)}") from None
    raise error from (CallTraceback(trace) if trace else None)


def may_cross(error: object) -> bool:
    """Return whether an exception may reach those who wait for a call.

    They take CancelledError for a cancelled call, and what is no Exception for their own end.
    """
    return isinstance(error, Exception) and not isinstance(error, CancelledError)


def _crossing(error: BaseException) -> bytes | None:
    """Return a pickle of an exception that is known to come back as it was."""
    if not may_cross(error):
        return None
    try:
        data = pickle.dumps(error)
        again = pickle.loads(data)
        return data if type(again) is type(error) and str(again) == str(error) else None
    except BaseException:  # noqa: BLE001 - an exception's own code may do anything
        return None


def described(error: BaseException) -> str:
    """Return an exception in one line."""
    try:
        text = " ".join(str(error).split())
    except BaseException:  # noqa: BLE001 - the same
        text = ""
    name = type(error).__name__
    return f"{name}: {text}"[:_LONGEST_TEXT] if text else name


def _trace(error: BaseException) -> str:
    if isinstance(error, QmodeError):
        return ""  # its message says it all
    try:
        return "".join(traceback.format_exception(error))
    except BaseException:  # noqa: BLE001 - the same
        return ""
