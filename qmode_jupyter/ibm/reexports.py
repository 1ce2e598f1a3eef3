"""What of IBM's client stands here under our names, because it sends nothing anywhere.

Nothing is imported before somebody asks for a name: the client is optional, and slow to import.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from qiskit_ibm_runtime import QuantumProgram, RuntimeDecoder, RuntimeEncoder, RuntimeOptions

    __all__ = ["QuantumProgram", "RuntimeDecoder", "RuntimeEncoder", "RuntimeOptions", "reexported"]

_OURS: Final = "qmode_jupyter"
_THEIRS: Final = "qiskit_ibm_runtime"


def reexported(module: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` for a module of ours that shows IBM's module of its name.

    Parameters
    ----------
    module
        The module's ``__name__``.
    """

    def get(name: str) -> Any:
        if name.startswith("_") and name != "__all__":  # Python asks, of a module that may not be needed
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        theirs = _their(module, name)
        if name == "__all__":
            return _public(theirs)
        try:
            return getattr(theirs, name)
        except AttributeError:
            raise AttributeError(f"module {module!r} has no attribute {name!r}") from None

    def names() -> list[str]:
        try:
            return _public(_their(module, "dir()"))
        except ImportError:
            return []

    return get, names


def _their(module: str, wanted: str) -> ModuleType:
    path = _THEIRS + module.removeprefix(_OURS)
    try:
        return import_module(path)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != _THEIRS:
            raise
        raise ImportError(
            f'{wanted} of {module} is that of {path}, which is not installed: pip install "{_OURS}[ibm]".',
            name=module,
        ) from None


def _public(module: ModuleType) -> list[str]:
    found = ((name, getattr(module, name)) for name in dir(module) if not name.startswith("_"))
    return [name for name, value in found if not isinstance(value, ModuleType)]


def __getattr__(name: str) -> Any:
    # The names that the public face shows; see `qmode_jupyter.__init__`.
    if name in ("QuantumProgram", "RuntimeDecoder", "RuntimeEncoder", "RuntimeOptions"):
        return getattr(_their(_OURS, name), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
