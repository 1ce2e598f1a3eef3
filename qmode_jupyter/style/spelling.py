"""Words that were meant: the nearest of the right ones for one that is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

#: How much alike two words are, from 0 to 1, when one is taken for a misspelling of the other.
ALIKE: Final = 0.6


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice most like `word`, whatever its case, or None if none is like it."""
    written = {choice.lower(): choice for choice in choices}
    near = get_close_matches(word.lower(), written, n=1, cutoff=ALIKE)
    return written[near[0]] if near else None


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Return the question that follows the sentence about a wrong word, with a blank before it, or nothing.

    >>> "There is no mode 'sesion'." + did_you_mean("sesion", ["job", "batch", "session"])
    "There is no mode 'sesion'. Did you mean 'session'?"
    """
    near = nearest(word, choices)
    return "" if near is None else f" Did you mean {near!r}?"
