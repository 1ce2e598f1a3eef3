"""Running a person's cell inside a magic, as if the magic were not there.

Variables stay, the last expression shows, and an error's traceback shows once, with the right line
numbers and without our frames.
"""

from __future__ import annotations

import ast
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import takewhile
from types import FrameType
from typing import Any, TypeGuard

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
    with _last_kept(shell) as kept, _numbered_as_written(shell, body):
        result = shell.run_cell(body, store_history=False)
    error: BaseException | None = result.error_before_exec or result.error_in_exec
    if error is not None and kept:
        lines = kept[-1]
        if isinstance(error, SyntaxError) or _has_group(error):
            error = _stand_in(error)
        with suppress(AttributeError):  # an exception with slots: it shows our frames, too
            error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]
    return error


def _stand_in(error: BaseException) -> BaseException:
    """Return an exception that shows like `error`.

    Of a SyntaxError and of a group of exceptions IPython shows a traceback of its own.
    """
    kind = type(type(error).__name__, (Exception,), {"__module__": "builtins"})
    stand_in: BaseException = kind(str(error))
    stand_in.__cause__ = error
    return stand_in


@contextmanager
def _numbered_as_written(shell: InteractiveShell, body: str) -> Iterator[None]:
    """Give the cell that runs next, and its lines, the numbers that the editor shows.

    The magic's own line counts, and so do empty lines below it, which IPython takes away. They are put
    back only when a cell has been read, so that one that begins with a magic stays one. The cell's
    number is that of the cell around the magic: IPython may have counted on since. Cells that this
    one runs have numbers of their own.
    """
    above = 1 + sum(1 for _ in takewhile(str.isspace, body.splitlines(keepends=True)))
    number = _cell_number(shell)
    steps, compiler = shell.input_transformers_post, shell.compile

    def numbered(lines: list[str]) -> list[str]:
        steps.remove(numbered)
        return ["\n"] * above + lines

    def cache(code: str, count: int = 0, raw_code: str | None = None) -> str:
        del compiler.cache
        return compiler.cache(code, count if number is None else number, raw_code)

    steps.append(numbered)
    compiler.cache = cache  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        if numbered in steps:
            steps.remove(numbered)
        vars(compiler).pop("cache", None)


def _cell_number(shell: InteractiveShell) -> int | None:
    """Return the number of the cell that is running."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_globals is not shell.user_global_ns:
        frame = frame.f_back
    name = None if frame is None else shell.compile.format_code_name(frame.f_code.co_filename)
    found = re.search(r"\d+", name[1]) if name else None
    return int(found[0]) if found else None


@contextmanager
def _last_kept(shell: InteractiveShell) -> Iterator[list[list[str]]]:
    """Keep the traceback that ends the cell instead of showing it: its error is raised again.

    What the cell itself shows on its way, also through another magic, shows at once.
    """
    kept: list[list[str]] = []

    def show(exc_tuple: Any = None, *args: Any, **kwargs: Any) -> None:
        error = exc_tuple[1] if exc_tuple is not None else sys.exception()
        if not _goes_on(shell) and _has_group(error):  # IPython would print it past `keep`
            kept.append(["".join(traceback.format_exception(error)).rstrip()])
        else:
            before[0](exc_tuple, *args, **kwargs)

    def keep(etype: Any, value: Any, stb: list[str]) -> None:
        if _goes_on(shell):
            before[1](etype, value, stb)
        else:
            kept.append(stb)

    def usage_error(error: Any) -> None:
        if _goes_on(shell):
            before[2](error)

    before = shell.showtraceback, shell._showtraceback, shell.show_usage_error
    shell.showtraceback = show  # type: ignore[method-assign]
    shell._showtraceback = keep  # type: ignore[method-assign, assignment]
    shell.show_usage_error = usage_error  # type: ignore[method-assign]
    try:
        yield kept
    finally:
        shell.showtraceback, shell._showtraceback, shell.show_usage_error = before  # type: ignore[method-assign]


def _goes_on(shell: InteractiveShell) -> bool:
    """Whether the cell's code is still running: a frame of it called this, or another thread did."""
    frame = sys._getframe(1)
    while frame.f_code is not run_body.__code__:
        if frame.f_globals is shell.user_global_ns or frame.f_back is None:
            return True
        frame = frame.f_back
    return False


def _has_group(error: BaseException | None) -> TypeGuard[BaseException]:
    while error is not None:
        if isinstance(error, BaseExceptionGroup):
            return True
        error = error.__context__
    return False


def _awaits(node: ast.AST) -> bool:
    if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith):
        return True
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
        return False
    return any(_awaits(child) for child in ast.iter_child_nodes(node))
