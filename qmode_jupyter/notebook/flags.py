"""The flags of the magics: one set, from which come their help, their parsing and their completion."""

from __future__ import annotations

import argparse
import builtins
import keyword
import math
import re
import shlex
import warnings
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from IPython.core.error import UsageError
from IPython.core.magic_arguments import MagicArgumentParser, argument

from qmode_jupyter.client.max_time import max_time_seconds
from qmode_jupyter.cost.processors import MACHINES, PROCESSORS, UnknownProcessor, processor
from qmode_jupyter.errors import IBMInputValueError, QmodeWarning
from qmode_jupyter.runtime.drills import DRILLS, UnknownDrill, drill
from qmode_jupyter.runtime.tenants import MOST_LOAD
from qmode_jupyter.scheduler.plans import PLANS, UnknownPlan, plan
from qmode_jupyter.style.sentences import sentence
from qmode_jupyter.style.spelling import did_you_mean
from qmode_jupyter.style.words import printable

TIMINGS: Final = ("modelled", "measured")

#: Names that a cell finds defined, or that are the shell's own.
TAKEN: Final = frozenset(
    {"session", "batch", "backend", "service", "Sampler", "Estimator", "In", "Out", "exit", "quit"}
    | {"get_ipython", "display"}
)

#: What IPython keeps for inputs and outputs, and Python for itself.
_OF_IPYTHON: Final = re.compile(r"_+|_i+|_i?\d+|_[iod]h|__\w+__")


@dataclass(frozen=True, slots=True)
class Flag:
    """What there is to know of one flag.

    Attributes
    ----------
    names
        The long one, then a short one if there is any.
    help
        What it does, with its default in brackets.
    read
        Returns what the value behind it says, or raises `ArgumentTypeError`; None: it takes no value.
    choices
        Returns the values that Tab offers.
    metavar
        What stands for the value in the usage.
    not_in_a_job
        Why a job can't have it, and what there is instead; empty if a job can.
    """

    names: tuple[str, ...]
    help: str = ""
    read: Callable[[str], Any] | None = None
    choices: Callable[[], Iterable[str]] = tuple
    metavar: str | None = None
    not_in_a_job: str = ""

    def argument(self) -> dict[str, Any]:
        """Return what `add_argument` takes beside the names."""
        details: dict[str, Any] = {"action": Once, "help": self.help}
        if self.read is None:
            return details | {"nargs": 0, "const": True, "default": False}
        return details | {"type": self.read, "metavar": self.metavar}


class Once(argparse.Action):
    """Take a flag that may stand once."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
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


def processor_of(text: str) -> str:
    """Return the name of the processor that `text` says, or raise `ArgumentTypeError`."""
    try:
        return processor(_given(text)).name
    except UnknownProcessor as error:
        raise ArgumentTypeError(f": {error}") from None


def drill_of(text: str) -> str:
    """Return the name of the drill that `text` says, or raise `ArgumentTypeError`."""
    try:
        return drill(_given(text)).name
    except UnknownDrill as error:
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


def _backends() -> Iterable[str]:
    from qmode_jupyter.runtime.backends import backend_names

    return backend_names()


def _flag(help_text: str, *short: str, **details: Any) -> Any:
    default = None if "read" in details else False
    return field(default=default, metadata={"short": short, "help": help_text, **details})


_NO_HARDWARE: Final = "%%qjob runs on no hardware, so nothing is asked."


@dataclass(frozen=True, slots=True)
class CellFlags:
    """The flags of %%qsession, %%qbatch and %%qjob: what stands in front of a cell; None is not given."""

    backend: str | None = _flag(
        "a backend's name, or a variable with a backend (generic_19q)", "-b", read=_given, choices=_backends
    )
    max_time: str | None = _flag(
        "maximum timeout, like 90s, 10m or '2h 30m' (the plan's own)",
        read=_max_time,
        not_in_a_job="A job has no maximum timeout. The option max_execution_time bounds its time on the "
        'QPU, as in Sampler(mode=backend, options={"max_execution_time": 300}).',
    )
    name: str | None = _flag("what widget, timeline and tables call it", "-n", read=_given)
    plan: str | None = _flag(f"{', '.join(PLANS)} (premium)", read=_plan, choices=lambda: PLANS)
    processor: str | None = _flag(
        "price and time it as on this processor or machine: phoenix, ibm_torino (the backend's own)",
        read=processor_of,
        choices=lambda: (*PROCESSORS, *MACHINES),
    )
    timing: str | None = _flag(
        f"how long a job holds the QPU: {', '.join(TIMINGS)} (modelled)",
        read=_timing,
        choices=lambda: TIMINGS,
    )
    speed: float | str | None = _flag(
        "while you wait: max, or emulated seconds per second (max)",
        read=_speed,
        choices=lambda: ("max", "1", "60"),
    )
    load: float | None = _flag(f"how busy other users keep the QPU, 0 to {MOST_LOAD:g} (0)", read=load_of)
    seed: int | None = _flag("makes ids and other users repeatable", read=_seed)
    drill: str | None = _flag(
        "practise a fault: max-time, job-fails, kernel-killed and more; %%qmode drill lists them (none)",
        read=drill_of,
        choices=lambda: DRILLS,
    )
    budget: str | None = _flag("stop submitting when usage would pass it: 60s, '2m 30s' or $5", read=_given)
    keep_open: bool = _flag(
        "leave it open for the next cell",
        not_in_a_job="A job leaves nothing open; a session or batch does.",
    )
    out: str | None = _flag("store a report of the run in this variable", "-o", read=_variable, metavar="VAR")
    quiet: bool = _flag("no widget and no timeline", "-q")
    no_timeline: bool = _flag("no timeline")
    yes: bool = _flag(
        "on hardware, run without being asked whether the price is right", "-y", not_in_a_job=_NO_HARDWARE
    )

    @property
    def only_emulated(self) -> tuple[str, ...]:
        """The flags that were given and that real hardware has not, as they are written."""
        left = ("budget", "keep_open")
        names = (*self.service, *(name for name in left if getattr(self, name)))
        return tuple(f"--{name.replace('_', '-')}" for name in names)

    @property
    def service(self) -> dict[str, Any]:
        """What they say of the service: the arguments of `RuntimeService` that were given."""
        names = ("plan", "processor", "timing", "speed", "load", "seed", "drill")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


def _flags_of_cells() -> Iterable[Flag]:
    for each in fields(CellFlags):
        details = dict(each.metadata)
        yield Flag((f"--{each.name.replace('_', '-')}", *details.pop("short")), **details)


_ALL: Final = tuple(_flags_of_cells())

#: The flags that each cell magic takes.
CELL_FLAGS: Final[Mapping[str, tuple[Flag, ...]]] = {
    "qsession": _ALL,
    "qbatch": _ALL,
    "qjob": tuple(flag for flag in _ALL if not flag.not_in_a_job),
}


def cell_flags(magic: Callable[..., Any]) -> Callable[..., Any]:
    """Give a magic its flags: a decorator below `magic_arguments`."""
    for flag in reversed(CELL_FLAGS[magic.__name__]):
        magic = argument(*flag.names, **flag.argument())(magic)
    return magic


def parse(magic: Callable[..., Any], line: str) -> CellFlags:
    """Return the flags in `line`; `UsageError` in one line, with the nearest flag, when they are wrong."""
    called, flags = f"%%{magic.__name__}", CELL_FLAGS[magic.__name__]
    left_out = {name: flag.not_in_a_job for flag in _ALL if flag not in flags for name in flag.names}
    try:
        given, rest = _parsed(called, magic.parser, split_words(line))  # type: ignore[attr-defined]
        for word in rest:
            if word in left_out:
                raise UsageError(f"{called} has no flag {word}. {left_out[word]}")
            if word.startswith("-"):
                raise UsageError(_unknown(called, word, flags))
            raise UsageError(f"{called} takes flags only, not {word!r}: for a backend write -b {word}.")
    except (UsageError, ValueError) as error:
        said = error if isinstance(error, UsageError) else f"{called}: {error}"
        raise UsageError(f"{sentence(said)} Nothing was run.") from None
    return CellFlags(**given)


def parse_command(
    called: str, flags: Sequence[Flag], words: Sequence[str]
) -> tuple[list[str], dict[str, Any]]:
    """Return the ids and the given flags among the words behind a command.

    Raises
    ------
    UsageError
        In one line, with the nearest flag, when they are wrong.
    """
    parser = MagicArgumentParser(called)
    parser.allow_abbrev = False
    for flag in flags:
        parser.add_argument(*flag.names, **flag.argument())
    given, ids = _parsed(called, parser, words)
    for word in ids:
        if word.startswith("-"):
            raise UsageError(f"{_unknown(called, word, flags)} %qmode lists what there is.")
    return ids, {name: value for name, value in given.items() if value is not None and value is not False}


def _parsed(
    called: str, parser: argparse.ArgumentParser, words: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    """Return the values of all flags, and the words that are none."""
    try:
        given, rest = parser.parse_known_args(words)
    except UsageError as error:
        raise UsageError(_refused(called, str(error))) from None
    return vars(given), rest


def asks_for_help(line: str) -> bool:
    """Whether the line has the flag that asks what flags there are."""
    try:
        return not {"-h", "--help"}.isdisjoint(split_words(line))
    except ValueError:
        return False


def split_words(line: str) -> list[str]:
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


def _unknown(called: str, word: str, flags: Iterable[Flag]) -> str:
    flag = printable(word.partition("=")[0])
    return f"{called} has no flag {flag}.{did_you_mean(flag, [name for one in flags for name in one.names])}"
