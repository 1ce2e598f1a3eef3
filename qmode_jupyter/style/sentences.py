"""Messages, also those of Qiskit and Aer, as sentences of ours."""

from __future__ import annotations

from qmode_jupyter.style.characters import printable


def sentence(text: object) -> str:
    """Return a message, or an error's, on one line that can be shown anywhere, with its full stop.

    Quotes that surround the whole of it go.
    """
    line = printable(" ".join(str(text).split()))
    if len(line) > 1 and line[0] == line[-1] and line[0] in "'\"" and line[0] not in line[1:-1]:
        line = line[1:-1].strip()
    line = line.rstrip(" .:")
    if not line:
        return "no reason was given."
    return line if line[-1] in "!?" else f"{line}."
