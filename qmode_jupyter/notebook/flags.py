"""The flags of the magics: their help, their parsing, and one clear line when they are wrong."""

from __future__ import annotations

import argparse
import builtins
import keyword
import math
import re
import shlex
import warnings
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from IPython.core.error import UsageError
from IPython.core.magic_arguments import argument

from qmode_jupyter.client.max_time import max_time_seconds
from qmode_jupyter.errors import IBMInputValueError, QmodeWarning
from qmode_jupyter.runtime.tenants import MOST_LOAD
from qmode_jupyter.scheduler.plans import PLANS, UnknownPlan, plan
from qmode_jupyter.style.spelling import did_you_mean
from qmode_jupyter.style.words import printable

TIMINGS: Final = ("modelled", "measured")

#: Names that a cell finds laid out, or that are the shell's own.
TAKEN: Final = frozenset(
    {"session", "batch", "backend", "service", "Sampler", "Estimator", "In", "Out", "exit", "quit"}
    | {"get_ipython", "display"}
)


#: What IPython keeps for inputs and outputs, and Python for itself.
_OF_IPYTHON: Final = re.compile(r"_+|_i+|_i?\d+|_[iod]h|__\w+__")


class Once(argparse.Action):
    """Take a flag that may stand once, with a value that is not empty if it takes one."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Store the value; a flag without one is True."""
        if getattr(namespace, self.dest) is not self.default:
            raise argparse.ArgumentError(self, "is there twice")
        setattr(namespace, self.dest, self.const if self.nargs == 0 else values)


def _given(text: str) -> str:
    if not text.strip():
        raise ArgumentTypeError(f"takes a value, not {text!r}")
    return text


def _plan(text: str) -> str:
    try:
        return plan(_given(text)).name
    except UnknownPlan as error:
        raise ArgumentTypeError(f": {error}") from None


def _timing(text: str) -> str:
    if text not in TIMINGS:
        hint = did_you_mean(text, TIMINGS)
        raise ArgumentTypeError(f"takes {' or '.join(TIMINGS)}, not {text!r}.{hint}")
    return text


def _speed(text: str) -> float | str:
    if text == "max":
        return text
    speed = _number(text)
    if speed is None or not 0 < speed < math.inf:
        raise ArgumentTypeError(f'takes "max" or a number above 0, not {text!r}')
    return speed


def load_of(text: str) -> float:
    """Return the load that `text` says, or raise `ArgumentTypeError`."""
    load = _number(text)
    if load is None or not 0 <= load <= MOST_LOAD:
        raise ArgumentTypeError(f"takes a number from 0 to {MOST_LOAD:g}, not {text!r}")
    return load


def _seed(text: str) -> int:
    if re.fullmatch(r"\d+", text, re.ASCII) is None:
        raise ArgumentTypeError(f"takes a whole number, 0 or more, not {text!r}")
    return int(text)


def _max_time(text: str) -> str:
    try:
        with warnings.catch_warnings():  # the session warns
            warnings.simplefilter("ignore", QmodeWarning)
            seconds = max_time_seconds(_given(text))
    except IBMInputValueError:  # its text is about Python, where whole seconds are right, too
        raise ArgumentTypeError(f"takes a time such as 90s, 10m or '2h 30m', not {text!r}") from None
    if not seconds:  # IBM's client would send none (SEMANTICS S14)
        raise ArgumentTypeError(f"takes more than nothing, not {text!r}: without it the plan's own holds")
    return text


def _variable(text: str) -> str:
    """Take the name of a variable that hides nothing."""
    if not text.isidentifier() or keyword.iskeyword(text):
        raise ArgumentTypeError(f"takes the name of a variable, such as report, not {text!r}")
    if hasattr(builtins, text) or text in TAKEN or _OF_IPYTHON.fullmatch(text):
        raise ArgumentTypeError(f"can't store a report as {text!r}, which has a meaning already")
    return text


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


_SWITCH: Final = {"action": Once, "nargs": 0, "const": True, "default": False}


def _valued(take: Callable[[str], Any], help_text: str, **more: Any) -> dict[str, Any]:
    return {"action": Once, "type": take, "help": help_text, **more}


#: The flags of %%qsession, %%qbatch and %%qjob, as (names, arguments of argparse).
CELL_FLAGS: Final[tuple[tuple[tuple[str, ...], dict[str, Any]], ...]] = (
    (("--backend", "-b"), _valued(_given, "a backend's name, or a variable with a backend (generic_19q)")),
    (("--max-time",), _valued(_max_time, "maximum timeout, like 90s, 10m or '2h 30m' (the plan's own)")),
    (("--name", "-n"), _valued(_given, "what widget, timeline and tables call it")),
    (("--plan",), _valued(_plan, f"{', '.join(PLANS)} (premium)")),
    (("--timing",), _valued(_timing, f"how long a job holds the QPU: {', '.join(TIMINGS)} (modelled)")),
    (("--speed",), _valued(_speed, "while you wait: max, or emulated seconds per second (max)")),
    (("--load",), _valued(load_of, f"how busy other users keep the QPU, 0 to {MOST_LOAD:g} (0)")),
    (("--seed",), _valued(_seed, "makes ids and other users repeatable")),
    (("--budget",), _valued(_given, "stop submitting when usage would pass it: 60s, '2m 30s' or $5")),
    (("--keep-open",), _SWITCH | {"help": "leave it open for the next cell"}),
    (("--out", "-o"), _valued(_variable, "store a report of the run in this variable", metavar="VAR")),
    (("--quiet", "-q"), _SWITCH | {"help": "no widget and no timeline"}),
    (("--no-timeline",), _SWITCH | {"help": "no timeline"}),
)

#: Every flag that a cell takes.
FLAG_NAMES: Final = tuple(name for names, _ in CELL_FLAGS for name in names)

#: Flags that a job can't have, and what there is instead.
NOT_OF_A_JOB: Final[Mapping[str, str]] = {
    "--max-time": "A job has no maximum timeout. The option max_execution_time bounds its time on the QPU, "
    'as in Sampler(mode=backend, options={"max_execution_time": 300}).',
    "--keep-open": "A job leaves nothing open; a session or batch does.",
}


def cell_flags(*leave_out: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that gives a magic the cells' flags, but for those named."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for names, details in reversed(CELL_FLAGS):
            if names[0] not in leave_out:
                function = argument(*names, **details)(function)
        return function

    return decorate


def parse(magic: Callable[..., Any], line: str) -> Namespace:
    """Return the flags in `line`; `UsageError` in one line, with the nearest flag, when they are wrong."""
    called = f"%%{magic.__name__}"
    parser: argparse.ArgumentParser = magic.parser  # type: ignore[attr-defined]
    try:
        flags, rest = parser.parse_known_args(words(line))
    except (UsageError, ValueError) as error:
        raise UsageError(f"{_refused(called, str(error))} Nothing was run.") from None
    if rest:
        raise UsageError(f"{_unknown(called, rest[0], parser)} Nothing was run.")
    return flags


def asks_for_help(line: str) -> bool:
    """Whether the line has the flag that asks what flags there are."""
    try:
        return not {"-h", "--help"}.isdisjoint(words(line))
    except ValueError:
        return False


def words(line: str) -> list[str]:
    r"""Return the words of a line, without the quotes that hold some together.

    A backslash is a sign like any other: ``C:\runs\vqe.json`` is the name of a file.

    Raises
    ------
    ValueError
        For a quote that is not closed.
    """
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = lexer.escape = ""
    try:
        return list(lexer)
    except ValueError:
        raise ValueError(f"a quotation mark is not closed in: {line.strip()}") from None


def _refused(called: str, message: str) -> str:
    """Return as a sentence what argparse, or a flag's own check, has against a flag."""
    about = re.fullmatch(r"argument (-[\w-]+)\S*: (.*)", message, re.DOTALL)
    if about is None:
        return sentence(f"{called}: {message}")
    flag, why = about.groups()
    if why.startswith("expected one argument"):
        why = "takes a value behind it"
    elif why.startswith("ignored explicit argument"):
        why = f"takes no value, not {why.removeprefix('ignored explicit argument ')}"
    return sentence(f"{called} {flag}{why}" if why.startswith(":") else f"{called} {flag} {why}")


def _unknown(called: str, word: str, parser: argparse.ArgumentParser) -> str:
    flag = printable(word.partition("=")[0])
    if not word.startswith("-"):
        return f"{called} takes flags only, not {word!r}: for a backend write -b {printable(word)}."
    if called == "%%qjob" and flag in NOT_OF_A_JOB:
        return f"{called} has no flag {flag}. {NOT_OF_A_JOB[flag]}"
    known = [name for action in parser._actions for name in action.option_strings]
    return f"{called} has no flag {flag}.{did_you_mean(flag, known)}"


def sentence(text: object) -> str:
    """Return what was said, an error too, as a sentence that can be shown: with its full stop."""
    said = printable(str(text))
    return said if said.endswith((".", "?")) else f"{said}."
