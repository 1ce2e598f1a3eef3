"""The processes that all runtimes of this process share.

They start when the first user comes, which may be the extension while a person still writes, and
end when the last one has gone. Starting them imports nothing here: Qiskit and Aer are imported in
the processes. A process that is forked from this one begins with none.
"""

from __future__ import annotations

import os
import threading

from qmode_jupyter.simulation.workers import Workers

_lock = threading.Lock()
_pool: Workers | None = None
_users = 0


def borrow() -> Workers:
    """Return the shared pool, one process per core, and start it if nobody has; `give_back` it once."""
    global _pool, _users
    with _lock:
        if _pool is None or _pool.closed:
            _pool = Workers(None, get_ready)
        _pool.start()
        _users += 1
        return _pool


def give_back(workers: Workers) -> None:
    """Say that the pool is not needed any more; the last one to say so ends it."""
    global _pool, _users
    with _lock:
        if workers is not _pool:
            return  # lent by the process that this one is a fork of
        _users -= 1
        if _users:
            return
        _pool = None
    workers.close()


def get_ready() -> None:
    """Import what simulations need; runs in a worker."""
    from qmode_jupyter.simulation.worker import warm

    warm()


def _begin_anew() -> None:
    global _lock, _pool, _users
    _lock, _pool, _users = threading.Lock(), None, 0


os.register_at_fork(after_in_child=_begin_anew)
