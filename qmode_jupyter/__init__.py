"""Rehearse IBM Quantum execution modes (job, batch, session) in a notebook, on Qiskit Aer.

In a notebook, ``%load_ext qmode_jupyter`` and ``%%qsession``; anywhere else, change the import:

.. code-block:: python

    from qmode_jupyter import RuntimeService, Session, EstimatorV2 as Estimator

    backend = RuntimeService().least_busy()
    with Session(backend=backend) as session:
        estimator = Estimator()
        ...

Importing the package imports nothing heavy: a name brings its module when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from qmode_jupyter.job import RuntimeJob, RuntimeJobV2
    from qmode_jupyter.modes import Batch, Session
    from qmode_jupyter.options import EstimatorOptions, SamplerOptions
    from qmode_jupyter.planning import advise, compare, forecast
    from qmode_jupyter.primitives import Estimator, EstimatorV2, Sampler, SamplerV2
    from qmode_jupyter.scheduler.plans import Plan, with_limits
    from qmode_jupyter.scheduler.trace import Trace
    from qmode_jupyter.service import QiskitRuntimeService, RuntimeService, default_service

__version__ = "0.1.0"

# Where each public name lives. `Sampler`, `Estimator`, `RuntimeJobV2` and `QiskitRuntimeService`
# are IBM's other names for the same things, so that only the import of existing code changes.
_HOME = {
    "Batch": "modes",
    "Estimator": "primitives",
    "EstimatorOptions": "options",
    "EstimatorV2": "primitives",
    "Plan": "scheduler.plans",
    "QiskitRuntimeService": "service",
    "RuntimeJob": "job",
    "RuntimeJobV2": "job",
    "RuntimeService": "service",
    "Sampler": "primitives",
    "SamplerOptions": "options",
    "SamplerV2": "primitives",
    "Session": "modes",
    "Trace": "scheduler.trace",
    "advise": "planning",
    "compare": "planning",
    "default_service": "service",
    "forecast": "planning",
    "with_limits": "scheduler.plans",
}

__all__ = [
    "Batch",
    "Estimator",
    "EstimatorOptions",
    "EstimatorV2",
    "Plan",
    "QiskitRuntimeService",
    "RuntimeJob",
    "RuntimeJobV2",
    "RuntimeService",
    "Sampler",
    "SamplerOptions",
    "SamplerV2",
    "Session",
    "Trace",
    "__version__",
    "advise",
    "compare",
    "default_service",
    "forecast",
    "load_ipython_extension",
    "unload_ipython_extension",
    "with_limits",
]


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics; this is what ``%load_ext qmode_jupyter`` calls."""
    from qmode_jupyter.notebook.magics import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take the magics away again and close what they opened; for ``%unload_ext``."""
    from qmode_jupyter.notebook.magics import unload

    unload(shell)


def __getattr__(name: str) -> Any:
    try:
        home = _HOME[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
