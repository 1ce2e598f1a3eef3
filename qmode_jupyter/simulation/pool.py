"""The processes that all runtimes of this process share.

They start when the first user comes, which may be the extension while a person still writes, and
end when the last one has gone. Starting them imports nothing here: Qiskit and Aer are imported in
the processes.
"""

from __future__ import annotations

import os
import threading
from typing import Final

from qmode_jupyter.simulation.workers import Workers


class SharedWorkers:
    """Workers, one for each core, as long as somebody uses them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workers: Workers | None = None
        self._users = 0

    @property
    def workers(self) -> Workers | None:
        """Those that are used now."""
        return self._workers

    def borrow(self) -> Workers:
        """Return them, and start them if nobody has; `give_back` them once."""
        with self._lock:
            if self._workers is None or self._workers.closed:
                self._workers, self._users = Workers(None, get_ready), 0
            self._workers.start()
            self._users += 1
            return self._workers

    def give_back(self, workers: Workers) -> None:
        """Say that they are not needed any more; the last one to say so ends them."""
        with self._lock:
            if workers is not self._workers:
                return  # others took their place, or it is their process of which this one is a fork
            self._users -= 1
            if self._users:
                return
            self._workers = None
        workers.close()

    def begin_anew(self) -> None:
        """Know of none, in a process that was forked from the one that has them."""
        self._lock, self._workers, self._users = threading.Lock(), None, 0  # somebody may have held the lock


def get_ready() -> None:
    """Import what simulations need, and from then on let nothing take all the memory; runs in a worker."""
    from qmode_jupyter.simulation.memory import limit_memory
    from qmode_jupyter.simulation.worker import warm_up

    warm_up()
    limit_memory()


#: One in each process, as its cores are the same for all; a fork begins with none.
shared: Final = SharedWorkers()
os.register_at_fork(after_in_child=shared.begin_anew)
