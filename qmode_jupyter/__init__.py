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

from qmode_jupyter.client.absent import absent

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from qmode_jupyter.client.job import RuntimeJob, RuntimeJobV2
    from qmode_jupyter.client.options import (
        EstimatorOptions,
        ExecutorOptions,
        Options,
        OptionsV2,
        SamplerOptions,
    )
    from qmode_jupyter.client.primitives import Estimator, EstimatorV2, Sampler, SamplerV2
    from qmode_jupyter.client.receipts import receipt_of
    from qmode_jupyter.client.service import (
        IBMBackend,
        IBMQuantumComputeService,
        QiskitRuntimeService,
        RuntimeService,
        default_service,
    )
    from qmode_jupyter.client.session import Batch, Session
    from qmode_jupyter.cost.processors import Processor, processor
    from qmode_jupyter.errors import (
        ApiError,
        ApproximationWarning,
        BackendNotFoundError,
        BudgetExceededError,
        CircuitTooLargeError,
        IBMAccountError,
        IBMApiError,
        IBMBackendApiError,
        IBMBackendApiProtocolError,
        IBMBackendError,
        IBMBackendValueError,
        IBMError,
        IBMInputValueError,
        IBMNotAuthorizedError,
        IBMRuntimeError,
        JobError,
        JobTimeoutError,
        NotISAError,
        OptionError,
        QmodeError,
        QmodeWarning,
        RequestsApiError,
        RuntimeClosedError,
        RuntimeInvalidStateError,
        RuntimeJobFailureError,
        RuntimeJobMaxTimeoutError,
        RuntimeJobNotFound,
        RuntimeJobTimeoutError,
        RuntimeProgramNotFound,
        UnsupportedOptionWarning,
        UsageWarning,
        V1StyleError,
    )
    from qmode_jupyter.ibm.quantum_programs import Executor
    from qmode_jupyter.ibm.reexports import QuantumProgram, RuntimeDecoder, RuntimeEncoder, RuntimeOptions
    from qmode_jupyter.planning import advise, compare, forecast, why
    from qmode_jupyter.runtime.store_place import Store
    from qmode_jupyter.scheduler.plans import Plan, with_limits
    from qmode_jupyter.scheduler.trace import Trace

__version__ = "0.1.0"

# Where each public name lives. `Sampler`, `Estimator`, `RuntimeJobV2` and `QiskitRuntimeService`
# are IBM's other names for the same things, so that only the import of existing code changes. What is
# in `ibm` needs the extra of that name.
_HOME = {
    "ApiError": "errors",
    "ApproximationWarning": "errors",
    "BackendNotFoundError": "errors",
    "Batch": "client.session",
    "BudgetExceededError": "errors",
    "CircuitTooLargeError": "errors",
    "Estimator": "client.primitives",
    "EstimatorOptions": "client.options",
    "EstimatorV2": "client.primitives",
    "Executor": "ibm.quantum_programs",
    "ExecutorOptions": "client.options",
    "IBMAccountError": "errors",
    "IBMApiError": "errors",
    "IBMBackend": "client.service",
    "IBMBackendApiError": "errors",
    "IBMBackendApiProtocolError": "errors",
    "IBMBackendError": "errors",
    "IBMBackendValueError": "errors",
    "IBMError": "errors",
    "IBMInputValueError": "errors",
    "IBMNotAuthorizedError": "errors",
    "IBMQuantumComputeService": "client.service",
    "IBMRuntimeError": "errors",
    "JobError": "errors",
    "JobTimeoutError": "errors",
    "NotISAError": "errors",
    "OptionError": "errors",
    "Options": "client.options",
    "OptionsV2": "client.options",
    "Plan": "scheduler.plans",
    "Processor": "cost.processors",
    "QiskitRuntimeService": "client.service",
    "QmodeError": "errors",
    "QmodeWarning": "errors",
    "QuantumProgram": "ibm.reexports",
    "RequestsApiError": "errors",
    "RuntimeClosedError": "errors",
    "RuntimeDecoder": "ibm.reexports",
    "RuntimeEncoder": "ibm.reexports",
    "RuntimeInvalidStateError": "errors",
    "RuntimeJob": "client.job",
    "RuntimeJobFailureError": "errors",
    "RuntimeJobMaxTimeoutError": "errors",
    "RuntimeJobNotFound": "errors",
    "RuntimeJobTimeoutError": "errors",
    "RuntimeJobV2": "client.job",
    "RuntimeOptions": "ibm.reexports",
    "RuntimeProgramNotFound": "errors",
    "RuntimeService": "client.service",
    "Sampler": "client.primitives",
    "SamplerOptions": "client.options",
    "SamplerV2": "client.primitives",
    "Session": "client.session",
    "Store": "runtime.store_place",
    "Trace": "scheduler.trace",
    "UnsupportedOptionWarning": "errors",
    "UsageWarning": "errors",
    "V1StyleError": "errors",
    "advise": "planning",
    "compare": "planning",
    "default_service": "client.service",
    "forecast": "planning",
    "processor": "cost.processors",
    "receipt_of": "client.receipts",
    "why": "planning",
    "with_limits": "scheduler.plans",
}

__all__ = [
    "ApiError",
    "ApproximationWarning",
    "BackendNotFoundError",
    "Batch",
    "BudgetExceededError",
    "CircuitTooLargeError",
    "Estimator",
    "EstimatorOptions",
    "EstimatorV2",
    "Executor",
    "ExecutorOptions",
    "IBMAccountError",
    "IBMApiError",
    "IBMBackend",
    "IBMBackendApiError",
    "IBMBackendApiProtocolError",
    "IBMBackendError",
    "IBMBackendValueError",
    "IBMError",
    "IBMInputValueError",
    "IBMNotAuthorizedError",
    "IBMQuantumComputeService",
    "IBMRuntimeError",
    "JobError",
    "JobTimeoutError",
    "NotISAError",
    "OptionError",
    "Options",
    "OptionsV2",
    "Plan",
    "Processor",
    "QiskitRuntimeService",
    "QmodeError",
    "QmodeWarning",
    "QuantumProgram",
    "RequestsApiError",
    "RuntimeClosedError",
    "RuntimeDecoder",
    "RuntimeEncoder",
    "RuntimeInvalidStateError",
    "RuntimeJob",
    "RuntimeJobFailureError",
    "RuntimeJobMaxTimeoutError",
    "RuntimeJobNotFound",
    "RuntimeJobTimeoutError",
    "RuntimeJobV2",
    "RuntimeOptions",
    "RuntimeProgramNotFound",
    "RuntimeService",
    "Sampler",
    "SamplerOptions",
    "SamplerV2",
    "Session",
    "Store",
    "Trace",
    "UnsupportedOptionWarning",
    "UsageWarning",
    "V1StyleError",
    "__version__",
    "advise",
    "compare",
    "default_service",
    "forecast",
    "load_ipython_extension",
    "processor",
    "receipt_of",
    "unload_ipython_extension",
    "why",
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
    if name not in _HOME:
        raise absent(__name__, name)
    home = _HOME[name]
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
