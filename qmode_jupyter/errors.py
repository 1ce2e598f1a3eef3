"""Every error and warning that this package raises by itself, in one tree.

::

    Exception
    └─ QmodeError                        all of ours
       ├─ IBMError                       something asked of the service can't be done
       │  ├─ IBMAccountError             the account is not usable
       │  ├─ IBMNotAuthorizedError       the service does not know who asks
       │  ├─ IBMBackendError             trouble with a QPU
       │  │  ├─ IBMBackendApiError        its figures can't be had
       │  │  ├─ IBMBackendApiProtocolError … or are not understood
       │  │  ├─ IBMBackendValueError      a value that it can't take; also a ValueError
       │  │  └─ BackendNotFoundError     no QPU of that name                       [ours]
       │  ├─ IBMInputValueError          an input is wrong; also a ValueError
       │  │  ├─ OptionError              an option doesn't exist or has a bad value [ours]
       │  │  ├─ NotISAError              a circuit that the QPU can't run as it is  [ours]
       │  │  ├─ CircuitTooLargeError     no simulator here can hold the circuit     [ours]
       │  │  └─ V1StyleError             a call in the way of the V1 primitives; also a TypeError [ours]
       │  ├─ IBMApiError                 the service answered what nobody expected
       │  ├─ ApiError                    the service refused a request
       │  │  └─ RequestsApiError         … with an HTTP status in `status_code`
       │  └─ IBMRuntimeError             a job, session or batch can't do that
       │     ├─ RuntimeProgramNotFound   no such program
       │     ├─ RuntimeJobNotFound       no such job
       │     ├─ RuntimeInvalidStateError not in the state that this takes: cancelling an ended job,
       │     │                           the result of a cancelled one
       │     ├─ RuntimeJobMaxTimeoutError the job ran into its maximum execution time (code 1305)
       │     ├─ BudgetExceededError      the job could pass the budget of its workload [ours]
       │     └─ RuntimeClosedError       the emulated service itself was closed      [ours]
       └─ JobError                       a job gave no result
          ├─ RuntimeJobFailureError      because it failed
          └─ JobTimeoutError
             └─ RuntimeJobTimeoutError   not yet: the wait was too short, the job goes on

    UserWarning
    └─ QmodeWarning                      all of ours
       ├─ UnsupportedOptionWarning       an option that Aer can't honour, and that changes nothing here
       ├─ UsageWarning                   the instance has no time left: jobs wait
       └─ ApproximationWarning           something is simulated in a coarser way than it was asked for

The names that are not marked as ours are those of `qiskit_ibm_runtime` (SEMANTICS J22), with the
same relations among them, so that an ``except`` written for IBM's client needs only its import
changed. Two things differ, both on purpose. This module imports nothing heavy, hence `IBMError` is no
`QiskitError` and `JobError` is ours and not the one of `qiskit.providers`. And ``str(error)`` is
the plain message, control characters written out: IBM's shows it as a Python literal, in quotes.
All of them can be pickled. Where IBM's client raises an error of Qiskit's, which code imports from
there, the client's floor raises one that is both.

>>> try:
...     raise IBMInputValueError("max_time is too small.")
... except ValueError as error:
...     print(error)
max_time is too small.
"""

from __future__ import annotations

from qmode_jupyter.style.characters import printable_lines
from qmode_jupyter.style.tracebacks import own_lines

__all__ = [
    "ApiError",
    "ApproximationWarning",
    "BackendNotFoundError",
    "BudgetExceededError",
    "CircuitTooLargeError",
    "IBMAccountError",
    "IBMApiError",
    "IBMBackendApiError",
    "IBMBackendApiProtocolError",
    "IBMBackendError",
    "IBMBackendValueError",
    "IBMError",
    "IBMInputValueError",
    "IBMNotAuthorizedError",
    "IBMRuntimeError",
    "JobError",
    "JobTimeoutError",
    "NotISAError",
    "OptionError",
    "QmodeError",
    "QmodeWarning",
    "RequestsApiError",
    "RuntimeClosedError",
    "RuntimeInvalidStateError",
    "RuntimeJobFailureError",
    "RuntimeJobMaxTimeoutError",
    "RuntimeJobNotFound",
    "RuntimeJobTimeoutError",
    "RuntimeProgramNotFound",
    "UnsupportedOptionWarning",
    "UsageWarning",
    "V1StyleError",
]


class QmodeError(Exception):
    """Base of every error of this package; `message` is its text."""

    def __str__(self) -> str:
        return printable_lines(super().__str__())

    @property
    def message(self) -> str:
        """The error's text, as `QiskitError` has it."""
        return str(self)

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows of it: the person's own lines, none of ours."""
        return own_lines(self)


class IBMError(QmodeError):
    """Base of the errors that IBM's client raises for what the service can't or won't do."""


class IBMAccountError(IBMError):
    """The account is missing, incomplete or not usable."""


class IBMNotAuthorizedError(IBMError):
    """The service does not accept the caller's credentials."""


class IBMBackendError(IBMError):
    """Base of the errors about one QPU."""


class IBMBackendApiError(IBMBackendError):
    """The service has no figures of the QPU."""


class IBMBackendApiProtocolError(IBMBackendError):
    """The service's figures of the QPU are not what was expected."""


class IBMBackendValueError(IBMBackendError, ValueError):
    """A QPU can't take the value."""


class BackendNotFoundError(IBMBackendError):
    """No backend of that name; the text gives the nearest one. Ours."""


class IBMInputValueError(IBMError, ValueError):
    """An argument, a circuit or an id has a value that can't be right."""


class OptionError(IBMInputValueError):
    """An option of a primitive does not exist, or its value is out of range. Ours."""


class NotISAError(IBMInputValueError):
    """A circuit that does not fit the instructions and couplings of its QPU (SEMANTICS P5). Ours."""


class CircuitTooLargeError(IBMInputValueError):
    """A circuit that does not fit in this machine's memory; a dry run does without. Ours."""


class V1StyleError(IBMInputValueError, TypeError):
    """A primitive was called as the V1 primitives were; the text shows the V2 way. Ours."""


class IBMApiError(IBMError):
    """The service answered something unexpected."""


class ApiError(IBMError):
    """Base of the service's refusals."""


class RequestsApiError(ApiError):
    """The service refused a request.

    Parameters
    ----------
    message
        What it said, the number of its error code included (SEMANTICS section 7).
    status_code
        The HTTP status of the answer, -1 when there was none.
    """

    def __init__(self, message: str, status_code: int = -1) -> None:
        # Both in `args`: that is what unpickling calls the class with.
        super().__init__(message, status_code)
        self.status_code = status_code

    def __str__(self) -> str:
        return printable_lines(str(self.args[0]))


class IBMRuntimeError(IBMError):
    """A job, session or batch can't do what it was asked."""


class RuntimeProgramNotFound(IBMRuntimeError):
    """The service runs no program of that name."""


class RuntimeJobNotFound(IBMRuntimeError):
    """The service knows no job of that id."""


class RuntimeInvalidStateError(IBMRuntimeError):
    """The job's state does not allow it (SEMANTICS J9, J10)."""


class RuntimeJobMaxTimeoutError(IBMRuntimeError):
    """The job ran longer than its maximum execution time, and was cancelled for it (SEMANTICS J20)."""


class BudgetExceededError(IBMRuntimeError):
    """The job was not submitted: with it the workload could pass its budget. Ours."""


class RuntimeClosedError(IBMRuntimeError):
    """The emulated service was closed and takes no more work. Ours."""


class JobError(QmodeError):
    """Base of the errors of a job that gave no result."""


class RuntimeJobFailureError(JobError):
    """The job failed."""


class JobTimeoutError(JobError):
    """Base of the errors of a wait that was too short."""


class RuntimeJobTimeoutError(JobTimeoutError):
    """The job had not ended when the caller's patience had; it goes on undisturbed (SEMANTICS J8)."""


class QmodeWarning(UserWarning):
    """Base of this package's warnings."""

    def __str__(self) -> str:
        return printable_lines(super().__str__())


class UnsupportedOptionWarning(QmodeWarning):
    """An option of IBM's that has no effect on a simulator."""


class UsageWarning(QmodeWarning):
    """The instance's time is used up: jobs are accepted and wait (SEMANTICS Q2, P7)."""


class ApproximationWarning(QmodeWarning):
    """Something is simulated in a coarser way than was asked for."""
