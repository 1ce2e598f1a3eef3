"""The flags of the magics: their help, their parsing, and one clear line when they are wrong."""

from __future__ import annotations

import difflib
import re
import shlex
from argparse import Namespace
from collections.abc import Callable, Iterable
from typing import Any, Final

from IPython.core.error import UsageError
from IPython.core.magic_arguments import argument, parse_argstring

#: The flags of %%qsession, %%qbatch and %%qjob, as (names, arguments of argparse).
CELL_FLAGS: Final[tuple[tuple[tuple[str, ...], dict[str, Any]], ...]] = (
    (("--backend", "-b"), {"help": "a backend's name, or a variable that holds a backend (generic_19q)"}),
    (("--max-time",), {"help": "maximum timeout: seconds, or like 10m, '2h 30m' (the plan's own)"}),
    (("--name", "-n"), {"help": "what widget, timeline and tables call it"}),
    (("--plan",), {"help": "open, payg, flex, premium, legacy_2023, legacy_2024 (premium)"}),
    (("--timing",), {"choices": ("modelled", "measured"), "help": "how long a job holds the QPU (modelled)"}),
    (("--speed",), {"help": "while you wait: max, or emulated seconds per second (max)"}),
    (("--load",), {"type": float, "help": "how busy other users keep the QPU, 0 to 0.9 (0)"}),
    (("--seed",), {"type": int, "help": "makes ids and other users repeatable"}),
    (("--budget",), {"help": "stop submitting when usage would pass it: 60s, 2m or $5"}),
    (("--keep-open",), {"action": "store_true", "help": "leave it open for the next cell"}),
    (("--out", "-o"), {"metavar": "VAR", "help": "store a report of the run in this variable"}),
    (("--quiet", "-q"), {"action": "store_true", "help": "no widget and no timeline"}),
    (("--no-timeline",), {"action": "store_true", "help": "no timeline"}),
)

#: Every flag that a cell takes.
FLAG_NAMES: Final = tuple(name for names, _ in CELL_FLAGS for name in names)


def cell_flags(*leave_out: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that gives a magic the cells' flags, but for those named."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for names, details in reversed(CELL_FLAGS):
            if names[0] not in leave_out:
                function = argument(*names, **details)(function)
        return function

    return decorate


def parse(magic: Callable[..., Any], line: str) -> Namespace:
    """Parse the flags in `line`; `UsageError` in one line, with the nearest flag, when they are wrong."""
    try:
        parsed: Namespace = parse_argstring(magic, line)
    except UsageError as error:
        raise UsageError(_clearer(magic, line, str(error))) from None
    except ValueError as error:  # an open quote
        raise UsageError(f"%%{_name(magic)}: {error} in: {line}") from None
    return parsed


def nearest(word: str, choices: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the choice most like `word`, or nothing."""
    near = difflib.get_close_matches(word, list(choices), n=1, cutoff=0.5)
    return f" Did you mean {near[0]!r}?" if near else ""


def words(line: str) -> list[str]:
    """Split a line into words, quotes respected."""
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%qmode: {error} in: {line}") from None


def _clearer(magic: Callable[..., Any], line: str, message: str) -> str:
    flags = [a for names, _ in CELL_FLAGS for a in names]
    unknown = re.search(r"unrecognized arguments: (\S+)", message)
    if unknown is None:
        return f"%%{_name(magic)}: {message.strip()}. Nothing was run; %%{_name(magic)}? shows the flags."
    word = unknown.group(1)
    if word.startswith("-"):
        hint = nearest(word, flags)
        return f"%%{_name(magic)} has no flag {word}.{hint} Nothing was run."
    return f"%%{_name(magic)} takes flags only, not {word!r}: for a backend write -b {word}. Nothing was run."


def _name(magic: Callable[..., Any]) -> str:
    return getattr(magic, "__name__", "magic")
