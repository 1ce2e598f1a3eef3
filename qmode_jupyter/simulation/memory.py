"""How much memory a worker may have: one job that needs too much fails, and takes nothing else along."""

from __future__ import annotations

import contextlib
import resource
from pathlib import Path
from typing import Final

from qmode_jupyter.errors import IBMRuntimeError

#: Of the machine's memory, what a worker may have; the rest is the notebook's and the system's.
_PART: Final = 0.9
#: Where the limit of a container stands, in bytes or as "max" (version 2, then 1).
_OF_CONTAINERS: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
_GB: Final = 2**30


class JobOutOfMemory(IBMRuntimeError):
    """A job asked for more memory than a worker may have; its process goes on."""

    #: What the service says of a program that ran out of memory.
    code: Final = 1336


def machine_bytes() -> int:
    """Return the memory of this machine or, where that is less, of the container."""
    import psutil  # type: ignore[import-untyped]

    sizes = [int(psutil.virtual_memory().total)]
    for path in _OF_CONTAINERS:
        with contextlib.suppress(OSError, ValueError):
            sizes.append(int(path.read_text()))
    return min(sizes)


def limit_memory(most: int | None = None) -> None:
    """Let this process have so many bytes from now on, beside the addresses that it has taken.

    Parameters
    ----------
    most
        None: the greater part of the machine's memory. A system that has no such limit is left alone.
    """
    import psutil

    most = int(machine_bytes() * _PART) if most is None else most
    taken = psutil.Process().memory_info().vms
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = taken + most if hard == resource.RLIM_INFINITY else min(taken + most, hard)
    with contextlib.suppress(ValueError, OSError):  # macOS knows the limit and takes none
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def out_of_memory(said: str = "") -> JobOutOfMemory:
    """Return what a job is told for which this process got no memory; `said` is what it met."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    most = "" if limit == resource.RLIM_INFINITY else f" than the {limit / _GB:.1f} GB that a worker may have"
    met = f" ({said})" if said else ""
    return JobOutOfMemory(
        f"this job needs more memory{most}{met}: use fewer qubits or shots, split it into several jobs, or "
        'run it dry with options={"simulator": {"dry_run": True}}'
    )
