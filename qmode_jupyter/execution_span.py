"""Execution spans under the name of their module in IBM's client; see `simulation.execution_spans`.

The spans of results here are `SliceSpan`; the other kinds are IBM's own.
"""

from __future__ import annotations

from qmode_jupyter.ibm.reexports import reexported
from qmode_jupyter.simulation.execution_spans import ExecutionSpan, ExecutionSpans

__all__ = ["ExecutionSpan", "ExecutionSpans", "SliceSpan"]

SliceSpan = ExecutionSpan

__getattr__ = reexported(__name__)[0]
