"""Tab behind the magics: flags and their values, commands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

from qmode_jupyter.notebook.flags import CELL_FLAGS, Flag

_MAGIC: Final = re.compile(rf"^\s*%%?({'|'.join(CELL_FLAGS)}|qmode)\b(.*)$", re.DOTALL)


@context_matcher()
def matcher(context: CompletionContext) -> dict[str, Any]:
    """Complete the word behind one of our magics."""
    line = context.line_with_cursor[: context.cursor_position] if context.cursor_line == 0 else ""
    found = _MAGIC.match(line)
    if found is None or not found.group(2)[:1].isspace():
        return {"completions": []}
    magic, typed = found.groups()
    before, _, word = typed.rpartition(" ")
    choices = choices_for(magic, before.split(), word)
    # What is replaced is IPython's token, which does not hold the dashes before it.
    skip = len(word) - len(context.token) if word.endswith(context.token) else 0
    return {
        "completions": [SimpleCompletion(c[skip:], type="param") for c in choices if c.startswith(word)],
        "suppress": True,
    }


def choices_for(magic: str, before: Sequence[str], word: str) -> tuple[str, ...]:
    """Return what may stand behind the words `before` on a magic's line; `word` is what is typed of it."""
    if magic != "qmode":
        return _flags_or_values(CELL_FLAGS[magic], before, word)
    from qmode_jupyter.notebook.commands import COMMANDS

    if not before:
        return tuple(COMMANDS)
    command = COMMANDS.get(before[0])
    return () if command is None else _flags_or_values(command.flags, before[1:], word)


def _flags_or_values(flags: Iterable[Flag], before: Sequence[str], word: str) -> tuple[str, ...]:
    for flag in flags:
        if before and before[-1] in flag.names and flag.read is not None:
            return tuple(flag.choices())
    return tuple(name for flag in flags for name in flag.names) if word.startswith("-") else ()
