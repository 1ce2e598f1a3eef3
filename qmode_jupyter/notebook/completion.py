"""Tab behind the magics: flags, backends and commands."""

from __future__ import annotations

import re
from typing import Any, Final

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

from qmode_jupyter.notebook.flags import FLAG_NAMES, TIMINGS
from qmode_jupyter.scheduler.plans import PLANS

_MAGIC: Final = re.compile(r"^\s*%%?(qsession|qbatch|qjob|qmode)\b(.*)$", re.DOTALL)
_CHOICES: Final = {
    "--plan": tuple(PLANS),
    "--timing": TIMINGS,
    "--speed": ("max", "1", "60"),
}


@context_matcher()
def matcher(context: CompletionContext) -> dict[str, Any]:
    """Complete the word behind one of our magics."""
    line = context.line_with_cursor[: context.cursor_position] if context.cursor_line == 0 else ""
    found = _MAGIC.match(line)
    if found is None or not found.group(2)[:1].isspace():
        return {"completions": []}
    magic, typed = found.groups()
    before, _, word = typed.rpartition(" ")
    last = before.split()[-1] if before.split() else ""
    choices = choices_for(magic, last, word)
    # What is replaced is IPython's token, which does not hold the dashes before it.
    skip = len(word) - len(context.token) if word.endswith(context.token) else 0
    return {
        "completions": [SimpleCompletion(c[skip:], type="param") for c in choices if c.startswith(word)],
        "suppress": True,
    }


def choices_for(magic: str, last: str, word: str) -> tuple[str, ...]:
    """Return what may stand behind `last` on a magic's line; `word` is what is typed of it."""
    if magic == "qmode":
        from qmode_jupyter.notebook.commands import COMMANDS

        return tuple(COMMANDS) if not last else ()
    if last in ("-b", "--backend"):
        from qmode_jupyter.runtime.backends import backend_names

        return backend_names()
    if last in _CHOICES:
        return _CHOICES[last]
    return FLAG_NAMES if word.startswith("-") else ()
