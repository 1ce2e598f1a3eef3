"""IBM's own client against the emulated service (extra ``[ibm]``).

>>> from qmode_jupyter import ibm
>>> service = ibm.service()  # doctest: +SKIP
>>> backend = service.least_busy()  # doctest: +SKIP

`service` returns IBM's own `QiskitRuntimeService`; what it sends goes to this machine only. `env` gives
the variables for another process, `serve` lets a service of your own listen.
"""

from __future__ import annotations

from qmode_jupyter.ibm.connect import env, serve, service

__all__ = ["env", "serve", "service"]
