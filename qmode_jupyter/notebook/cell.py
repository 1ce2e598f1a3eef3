"""Running a person's cell inside a magic, as if the magic were not there.

Variables stay, the last expression shows, and an error's traceback shows once, with the right line
numbers and without our frames.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell


def refuse_await(shell: InteractiveShell, body: str, magic: str) -> None:
    """Raise a `UsageError` if `body` awaits at its top level, which no cell magic can run."""
    try:
        tree = ast.parse(shell.transform_cell(body))
    except SyntaxError:
        return  # running it shows the error as Python does
    if any(_awaits(node) for node in tree.body):
        word = "Batch" if magic == "qbatch" else "Session"
        raise UsageError(
            f"%%{magic} can't run a cell that awaits at its top level; nothing was run. "
            f"Write `with {word}(backend=...):` in an ordinary cell and await inside it."
        )


def run_body(shell: InteractiveShell, body: str) -> BaseException | None:
    """Run `body` in the person's namespace and return what it raised, if it did.

    The exception shows itself, when it is raised again, with the traceback that it had here.
    """
    with _tracebacks_kept(shell) as shown:
        # The magic's own line counts: with a line in its place, line numbers are the cell's.
        result = shell.run_cell("\n" + body, store_history=False)
    error: BaseException | None = result.error_before_exec or result.error_in_exec
    if error is not None and shown:
        lines = shown[-1]
        if isinstance(error, SyntaxError):
            error = _stand_in(error)
        with suppress(AttributeError):  # an exception with slots: it shows our frames, too
            error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]
    return error


def _stand_in(error: SyntaxError) -> BaseException:
    """Return an exception that shows like `error`: IPython shows its own traceback of a SyntaxError."""
    kind = type(type(error).__name__, (Exception,), {"__module__": "builtins"})
    stand_in: BaseException = kind(str(error))
    stand_in.__cause__ = error
    return stand_in


@contextmanager
def _tracebacks_kept(shell: InteractiveShell) -> Iterator[list[list[str]]]:
    """Keep tracebacks instead of showing them, so that one that is raised again shows once."""
    shown: list[list[str]] = []

    def keep(etype: Any, value: Any, stb: list[str]) -> None:
        shown.append(stb)

    before = shell._showtraceback, shell.show_usage_error
    shell._showtraceback = keep  # type: ignore[method-assign, assignment]
    shell.show_usage_error = lambda exc: None  # type: ignore[method-assign]
    try:
        yield shown
    finally:
        shell._showtraceback, shell.show_usage_error = before  # type: ignore[method-assign]


def _awaits(node: ast.AST) -> bool:
    if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith):
        return True
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
        return False
    return any(_awaits(child) for child in ast.iter_child_nodes(node))
