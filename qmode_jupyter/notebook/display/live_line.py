"""A line at the bottom of a terminal that is written over, and makes room for all else that is written."""

from __future__ import annotations

import sys
import threading
from typing import Any, Final, TextIO

_GONE: Final = "\r\x1b[2K"


class LiveLine:
    """One line on standard error, if that is a terminal.

    While it is there, what anybody writes to standard output or error takes its place; it comes back
    with the next drawing, below a line that is whole.
    """

    def __init__(self) -> None:
        self._writing = threading.RLock()
        self._here = False
        self._whole = True
        self._ended = False
        self._streams: dict[str, tuple[TextIO, _Stream]] = {}

    def draw(self, line: str) -> None:
        """Show `line` in the place of the one before; nothing, while another line is half written."""
        with self._writing:
            if self._ended or not self._begin() or not self._whole:
                return
            self._here = True
            self._own.write(f"{_GONE}{line}")
            self._own.flush()

    def end(self) -> None:
        """Take it away, and leave the streams as they were; a second time nothing happens."""
        with self._writing:
            self._ended = True
            self.make_room()
            for name, (stream, ours) in self._streams.items():
                if getattr(sys, name) is ours:
                    setattr(sys, name, stream)
            self._streams.clear()

    def make_room(self) -> None:
        """Take the line away for now."""
        if self._here:
            self._here = False
            self._own.write(_GONE)
            self._own.flush()

    def written(self, stream: TextIO, text: str) -> int:
        """Write text of somebody else's."""
        with self._writing:
            self.make_room()
            # IPython writes "" before the prompt of Out[n], which then goes past this stream.
            self._whole = text.endswith("\n")
            return stream.write(text)

    def _begin(self) -> bool:
        """Watch what is written, from the first drawing on; False where nobody would see the line."""
        if not self._streams:
            if not sys.stderr.isatty():
                return False
            self._own = sys.stderr
            for name in ("stdout", "stderr"):
                stream = getattr(sys, name)
                self._streams[name] = (stream, _Stream(stream, self))
                setattr(sys, name, self._streams[name][1])
        return True


class _Stream:
    """A stream that has the line make room before it is written to."""

    def __init__(self, stream: TextIO, line: LiveLine) -> None:
        self._stream = stream
        self._line = line

    def write(self, text: str) -> int:
        return self._line.written(self._stream, text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
