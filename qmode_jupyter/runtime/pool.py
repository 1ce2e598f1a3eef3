"""The processes that all runtimes of this process share.

They start when the first user comes, which may be the extension while a person still writes, and
end when the last one has gone. Starting them imports nothing here: Qiskit and Aer are imported in
the processes.
"""

from __future__ import annotations

import threading

from qmode_jupyter.runtime.workers import Workers

_lock = threading.Lock()
_pool: Workers | None = None
_users = 0


def borrow() -> Workers:
    """Return the shared pool, one process per core, and start it if nobody has; `give_back` it once."""
    global _pool, _users
    with _lock:
        if _pool is None:
            _pool = Workers(None, get_ready)
            _pool.start()
        _users += 1
        return _pool


def give_back() -> None:
    """Say that the pool is not needed any more; the last one to say so ends it."""
    global _pool, _users
    with _lock:
        _users -= 1
        ended, _pool = (None, _pool) if _users else (_pool, None)
    if ended is not None:
        ended.close()


def get_ready() -> None:
    """Import what simulations need; runs in a worker."""
    from qmode_jupyter.runtime.simulate import warm

    warm()
