"""What the tests let workers do, and everything bad that a task can do to its process.

Workers import this: nothing that takes long to import stands here.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import ctypes
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn


def double(number: int) -> int:
    return 2 * number


def want(size: int) -> tuple[int, int]:
    """Have so many bytes for a moment; the process, and how many there were."""
    return os.getpid(), len(bytearray(size))


def wants_as_a_job() -> NoReturn:
    from qmode_jupyter.simulation.memory import out_of_memory

    try:
        want(2**31)
    except MemoryError:
        raise out_of_memory() from None
    raise AssertionError("there was memory")


def fail() -> None:
    raise ValueError("no such thing")


def write_pid_and_hang(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    threading.Event().wait(60)


def pid_when_warm(path: str) -> None:
    with Path(path).open("a") as pids:
        pids.write(f"{os.getpid()}\n")


def die_once(path: str) -> str:
    try:
        Path(path).touch(exist_ok=False)
    except FileExistsError:
        return "done"
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


def refuse() -> None:
    raise ImportError("no Aer here")


def hold_pythons_lock(path: str) -> None:
    """Do what a long simulation in Aer does: no thread of this process runs any more."""
    Path(path).write_text(str(os.getpid()))
    ctypes.PyDLL(None).sleep(600)


def exploding(error: BaseException) -> NoReturn:
    raise error


class Reads:
    """What runs a function when it is unpickled, in the process `only_in` or in any."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> Any:
        return self.function, self.arguments


class UnwritableError(Exception):
    def __reduce__(self) -> NoReturn:
        raise ValueError("not to be written")


class DeeplyUnwritableError(Exception):
    def __reduce__(self) -> NoReturn:
        raise KeyboardInterrupt


class UnreadableError(Exception):
    def __init__(self, first: int, second: int) -> None:
        super().__init__(first + second)  # unpickling calls it with one argument


class SilentError(Exception):
    def __str__(self) -> NoReturn:
        raise SystemExit(5)


class TwoFacedError(Exception):
    """Comes back in the process that made it, and nowhere else."""

    def __reduce__(self) -> Any:
        return read_where_it_was_made, (os.getpid(),)


def read_where_it_was_made(pid: int) -> Exception:
    if os.getpid() != pid:
        raise KeyboardInterrupt
    return TwoFacedError()


def local_error() -> NoReturn:
    class LocalError(Exception):
        pass

    raise LocalError("made here")


#: More than a process here has. The socket has the number that it has where the worker was started.
MOST_DESCRIPTORS = 4096


def write_over_the_socket() -> None:
    for descriptor in range(3, MOST_DESCRIPTORS):
        try:
            os.write(descriptor, b"\x00\x00\x00\x04junk")
        except OSError:
            continue


def fork_and_die() -> None:
    if os.fork() == 0:
        threading.Event().wait(20)
        os._exit(0)
    os.kill(os.getpid(), signal.SIGSEGV)


#: Each with what must be said of it.
KINDS: dict[str, tuple[Callable[[], Any], str]] = {
    "SystemExit": (lambda: exploding(SystemExit(3)), "SystemExit: 3"),
    "KeyboardInterrupt": (lambda: exploding(KeyboardInterrupt()), "KeyboardInterrupt"),
    "GeneratorExit": (lambda: exploding(GeneratorExit()), "GeneratorExit"),
    "MemoryError": (lambda: exploding(MemoryError("no room")), "no room"),
    "RecursionError": (lambda: exploding(RecursionError("too deep")), "too deep"),
    "cancelled future": (lambda: exploding(concurrent.futures.CancelledError()), "CancelledError"),
    "cancelled coroutine": (lambda: exploding(asyncio.CancelledError()), "CancelledError"),
    "unwritable": (lambda: exploding(UnwritableError("why")), "UnwritableError: why"),
    "deeply unwritable": (lambda: exploding(DeeplyUnwritableError("why")), "DeeplyUnwritableError: why"),
    "with a lock in it": (lambda: exploding(ValueError(threading.Lock())), "ValueError: <unlocked"),
    "unreadable": (lambda: exploding(UnreadableError(1, 2)), "UnreadableError: 3"),
    "read by an exit": (lambda: exploding(ValueError(Reads(exploding, SystemExit(1)))), "ValueError"),
    "read by a death": (lambda: exploding(ValueError(Reads(os._exit, 0))), r"exit code 0"),
    "two-faced": (lambda: exploding(TwoFacedError()), "could not be read here"),
    "silent": (lambda: exploding(SilentError()), "SilentError"),
    "local": (local_error, "LocalError: made here"),
    "os._exit(0)": (lambda: os._exit(0), r"ended itself \(exit code 0\)"),
    "os._exit(3)": (lambda: os._exit(3), r"ended itself \(exit code 3\)"),
    "segmentation fault": (lambda: ctypes.string_at(0), r"crashed \(SIGSEGV\)"),
    "abort": (os.abort, r"crashed \(SIGABRT\)"),
    "killed": (lambda: os.kill(os.getpid(), signal.SIGKILL), r"SIGKILL\), and so was the one before"),
    "terminated": (lambda: os.kill(os.getpid(), signal.SIGTERM), r"SIGTERM\), and so was the one before"),
    "descriptors closed": (lambda: os.closerange(3, MOST_DESCRIPTORS), r"exit code 0|SIGKILL"),
    "junk in the socket": (write_over_the_socket, "is no answer"),
    "forks and dies": (fork_and_die, r"crashed \(SIGSEGV\)"),
}
#: What a task may return that does not arrive.
RESULTS: dict[str, tuple[Callable[[], Any], str]] = {
    "result that can't be written": (threading.Lock, "cannot pickle"),
    "result that can't be read": (lambda: Reads(exploding, ValueError("bad")), "could not be read here"),
    "result read by an exit": (lambda: Reads(exploding, SystemExit(1)), "could not be read here"),
    "result read by an interrupt": (lambda: Reads(exploding, KeyboardInterrupt()), "could not be read here"),
}


def carry_out(kind: str) -> Any:
    """Do it; in a worker."""
    return (KINDS | RESULTS | {"waits": (threading.Event().wait, "")})[kind][0]()


def never_return(task: object) -> NoReturn:
    """Never return, as Aer or the transpiler might."""
    threading.Event().wait(600)
    raise AssertionError


def find_no_memory(task: object) -> NoReturn:
    """Find no memory, as a job that is too large."""
    from qmode_jupyter.simulation.memory import out_of_memory

    raise out_of_memory()
