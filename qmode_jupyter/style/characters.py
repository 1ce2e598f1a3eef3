"""Texts that came from outside, made safe to show.

A terminal obeys some characters, and others turn the order of what is read around: a name that
holds one must not do that to whoever reads it. This module imports nothing of the package, so that
errors can use it, too.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_LONGEST_SHOWN: Final = 60

# Controls, formats (those of the writing direction among them), lone surrogates, line and paragraph
# separators: nothing of it has a picture of its own.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def printable(text: str) -> str:
    r"""Return `text` on one line, each character that can't be seen written as Python writes it.

    >>> print(printable("vqe\x1b[2J\n\u202ekcab"))
    vqe\x1b[2J\n\u202ekcab
    """
    if text.isprintable():
        return text
    return "".join(_shown(sign) for sign in text)


def printable_lines(text: str) -> str:
    """Return the same of a text that may have several lines."""
    return "\n".join(map(printable, text.split("\n")))


def _shown(sign: str) -> str:
    if unicodedata.category(sign) in _UNSEEN:
        return sign.encode("unicode_escape").decode("ascii")
    return sign


def shown(value: object) -> str:
    """Return a value as an error shows it: on one line, and short."""
    text = printable(repr(value))
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."
