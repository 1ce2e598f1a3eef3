"""One worker process, seen from the process that starts it.

It is started with nothing but its end of a socket, so that scripts without a ``__main__`` guard work,
and no descriptor of the notebook's stays open in it. It belongs to the thread that starts it: on Linux
the system kills it when that thread has gone (`worker_main.end_with`), elsewhere a watcher does.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import weakref
from multiprocessing.connection import Connection, Pipe
from typing import Final

from qmode_jupyter.errors import IBMRuntimeError
from qmode_jupyter.simulation import worker_main

#: It reads what never comes until its parent has gone, and then kills.
_WATCH: Final = 'read -r _; kill -KILL "$1"'


class NoAnswer(Exception):
    """The process works on, and has said nothing in the time that it was given."""


class WorkerProcess:
    """A process that answers one request after the other.

    Raises
    ------
    OSError
        It can't be started.
    """

    def __init__(self) -> None:
        with _starting:
            ours, theirs = Pipe()
            try:
                command = [sys.executable, "-c", worker_main.BOOT, str(theirs.fileno()), str(os.getpid())]
                self._process = subprocess.Popen(
                    [*command, *filter(_is_text, sys.path)],
                    stdin=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                )
            except BaseException:
                ours.close()
                raise
            finally:
                theirs.close()
            self.connection: Connection = ours
            self._numbers = itertools.count()
            self._watcher: subprocess.Popen[bytes] | None = None
            #: Whether it was told to end: it must not be given anything more.
            self.killed = False
            _alive.add(self)
            if not worker_main.ENDED_BY_SYSTEM:
                try:
                    self._watcher = watch(self._process.pid)
                except BaseException:
                    self.end()
                    raise

    def ask(self, request: bytes, within_s: float | None = None) -> bytes:
        """Send a request and return its answer.

        Parameters
        ----------
        within_s
            Seconds of wall time in which the answer must begin to come; None for as long as it takes.

        Raises
        ------
        EOFError, OSError
            The process has ended.
        NoAnswer
            It has not answered in time; it must be ended.
        IBMRuntimeError
            What came is not the answer.
        """
        number = next(self._numbers).to_bytes(worker_main.NUMBER_BYTES, "big")
        self.connection.send_bytes(number + request)
        if not self.connection.poll(within_s):
            raise NoAnswer
        reply = self.connection.recv_bytes()
        if not reply.startswith(number):
            raise IBMRuntimeError("what came from the process that simulated this job is no answer to it")
        return reply[worker_main.NUMBER_BYTES :]

    def kill(self) -> None:
        """Let it end now; any thread."""
        self.killed = True
        self._process.kill()

    def end(self) -> int:
        """Kill it if it still runs, wait for it, and return its exit code: below 0 it is a signal's."""
        self._process.kill()  # one that is about to end keeps its own exit code
        if self._watcher is not None:
            self._watcher.communicate()
        code = self._process.wait()
        self.connection.close()
        return code

    def disown(self) -> None:
        """Let go of it, in a process forked from its parent."""
        self.connection.close()
        for process in (self._process, self._watcher):
            if process is not None:
                process.returncode = 0  # it is not this process's child: not to be killed or waited for
                if process.stdin is not None:
                    process.stdin.close()


def watch(pid: int) -> subprocess.Popen[bytes]:
    """Start a process that kills `pid` when this one has gone, or has closed its standard input."""
    return subprocess.Popen(["/bin/sh", "-c", _WATCH, "sh", str(pid)], stdin=subprocess.PIPE)


def _is_text(entry: object) -> bool:
    return isinstance(entry, str)


def _disown_all() -> None:
    for process in list(_alive):
        process.disown()
    _starting.release()


#: One in each process: what a fork of it must let go of.
_alive: weakref.WeakSet[WorkerProcess] = weakref.WeakSet()
#: No fork while one starts: the child would keep both ends of its socket, and hide that it has ended.
_starting = threading.Lock()
os.register_at_fork(before=_starting.acquire, after_in_parent=_starting.release, after_in_child=_disown_all)
