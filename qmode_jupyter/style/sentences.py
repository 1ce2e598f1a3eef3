"""Messages of Qiskit's and Aer's as sentences of ours."""

from __future__ import annotations


def sentence(text: object) -> str:
    """Return a message on one line, with a full stop, and out of the quotes that surround the whole of it."""
    line = " ".join(str(text).split())
    if len(line) > 1 and line[0] == line[-1] and line[0] in "'\"" and line[0] not in line[1:-1]:
        line = line[1:-1].strip()
    line = line.rstrip(" .:")
    if not line:
        return "no reason was given."
    return line if line[-1] in "!?" else f"{line}."
