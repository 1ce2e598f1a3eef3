"""What is kept for a person between kernels: the cost model's constants, fitted to their own receipts.

A file of JSON in the user's own folder, or where the environment's QMODE_HOME says. What can't be read is
never written over: it is set aside, and a line says where.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import platformdirs

from qmode_jupyter.cost.constants import PUBLIC, Spread
from qmode_jupyter.errors import IBMRuntimeError, QmodeWarning
from qmode_jupyter.style.characters import printable
from qmode_jupyter.style.sentences import sentence
from qmode_jupyter.style.warn import warn

VERSION: Final = 1

Figures = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Fitted:
    """The constants of a person's own.

    Attributes
    ----------
    figures
        Of each fitted constant: low, likely and high.
    queue_s
        Low, likely and high seconds in the queue.
    origin
        Where they come from, in words.
    """

    figures: Mapping[str, Figures]
    queue_s: Figures
    origin: str

    @property
    def spread(self) -> Spread:
        """The public constants, with these in their place."""
        return PUBLIC.with_figures(self.figures, self.origin)


class Unreadable(ValueError):
    """The file is not one of ours, or of a version that is not known here; the text says which."""


def path() -> Path:
    """Return where the settings are kept, whether there are any or not."""
    home = os.environ.get("QMODE_HOME")
    folder = Path(home) if home else platformdirs.user_config_path("qmode_jupyter")
    return folder / "settings.json"


def saved() -> Fitted | None:
    """Return what is kept; None for nothing, and, with a warning, for what can't be read."""
    try:
        return _read()
    except Unreadable as error:
        warn(f"{error}: the public constants hold.", QmodeWarning)
        return None


def saved_spread() -> Spread:
    """Return the constants that hold for this person: fitted ones, or else the public ones."""
    fitted = saved()
    return PUBLIC if fitted is None else fitted.spread


def save(fitted: Fitted) -> None:
    """Keep constants, in the place of those that were kept.

    Raises
    ------
    IBMRuntimeError
        If they can't be written; what was kept is kept then.
    """
    text = json.dumps({"version": VERSION, "constants": asdict(fitted)}, indent=1) + "\n"
    target = path()
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _set_aside_unreadable()
        # Made with mode 0600, whole before it has its name: who reads meanwhile reads the old one.
        handle, name = tempfile.mkstemp(prefix=".settings-", dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(target)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise IBMRuntimeError(_not_written(error)) from None


def reset() -> bool:
    """Forget what is kept, and return whether there was anything.

    Raises
    ------
    IBMRuntimeError
        If it can't be removed.
    """
    try:
        if _set_aside_unreadable():
            return True
        path().unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise IBMRuntimeError(_not_written(error)) from None
    return True


def _named() -> str:
    return f"'{printable(str(path()))}'"


def _not_written(error: OSError) -> str:
    return f"The settings can't be written to {_named()}: {sentence(error.strerror or error)}"


def _read() -> Fitted | None:
    """Return what is kept, checked: a person may have written into it."""
    target = path()
    name = f"The settings in {_named()}"
    try:
        content = json.loads(target.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Unreadable(f"{name} can't be read ({sentence(error.strerror or error).rstrip('.')})") from None
    except (ValueError, RecursionError):
        raise Unreadable(f"{name} are no JSON") from None
    version = content.get("version") if isinstance(content, Mapping) else None
    if isinstance(version, int) and version > VERSION:
        raise Unreadable(f"{name} are of version {version}, newer than this package's {VERSION}")
    if version != VERSION:
        raise Unreadable(f"{name} are not ours: they have no version {VERSION}")
    try:
        return _fitted(content["constants"])
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise Unreadable(f"{name} are damaged ({sentence(error).rstrip('.')})") from None


def _fitted(values: Mapping[str, Any]) -> Fitted:
    origin = values["origin"]
    if not isinstance(origin, str):
        raise TypeError("its origin is no text")
    fitted = Fitted(
        {str(name): _three(figures) for name, figures in values["figures"].items()},
        _three(values["queue_s"]),
        origin,
    )
    fitted.spread  # noqa: B018 - the constants' own check: names, and figures in order
    return fitted


def _three(values: Any) -> Figures:
    low, likely, high = (float(value) for value in values)
    if not 0 <= low <= likely <= high < float("inf"):
        raise ValueError(f"low, likely and high go from 0 on and in this order, not {values}")
    return low, likely, high


def _set_aside_unreadable() -> bool:
    """Give a file that can't be read another name, and say so; return whether there was one."""
    try:
        _read()
    except Unreadable as error:
        target = path()
        number = 1
        while (aside := target.with_name(f"settings.{number}.unread.json")).exists():
            number += 1
        target.rename(aside)
        warn(f"{error}: set aside as {aside.name}.", QmodeWarning)
        return True
    return False
