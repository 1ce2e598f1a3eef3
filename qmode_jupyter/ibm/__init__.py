"""What needs IBM's own client: the extra ``[ibm]``.

>>> from qmode_jupyter import ibm
>>> service = ibm.service()  # doctest: +SKIP
>>> backend = service.least_busy()  # doctest: +SKIP

`service` returns IBM's own `QiskitRuntimeService`; what it sends goes to this machine only. `env` gives
the variables for another process, `serve` lets a service of your own listen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qmode_jupyter.ibm.connect import env, serve, service

__all__ = ["env", "serve", "service"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from qmode_jupyter.ibm import connect

    return getattr(connect, name)
