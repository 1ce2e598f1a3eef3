"""The names that a cell under a magic finds defined, and what of the person's they hide meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from IPython.core.interactiveshell import InteractiveShell

_NOTHING: Final = object()


class CellNames:
    """The names that the cells of one shell find defined."""

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = shell
        #: What cells before this one have left under these names: it is nobody's own.
        self._left: dict[str, object] = {}

    @contextmanager
    def defined(self, names: Mapping[str, Any]) -> Iterator[None]:
        """Define names while a cell runs; then what they hid is there again.

        A name that hid nothing stays: ``session.details()`` can be asked for in the next cell. One
        that the cell has set or deleted stays as the cell left it.
        """
        namespace = self._shell.user_ns
        hidden = {
            name: namespace[name]
            for name in names
            if name in namespace and namespace[name] is not self._left.get(name, _NOTHING)
        }
        self._shell.push(dict(names))
        try:
            yield
        finally:
            untouched = {name: value for name, value in names.items() if namespace.get(name) is value}
            self._shell.push({name: hidden[name] for name in untouched if name in hidden})
            self._left.update((name, value) for name, value in untouched.items() if name not in hidden)
