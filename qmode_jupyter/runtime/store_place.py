"""Where history is kept, and for how long."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from platformdirs import user_data_path

from qmode_jupyter.errors import IBMInputValueError

#: The folder that is used in place of the one in the person's data folder.
HOME_VARIABLE: Final = "QMODE_HOME"
#: The word for the person's own folder.
USER: Final = "user"


def _users_own() -> Path:
    named = os.environ.get(HOME_VARIABLE)
    return Path(named) if named else user_data_path("qmode_jupyter", appauthor=False)


@dataclass(frozen=True, slots=True)
class Store:
    """A folder in which history is kept: jobs, their inputs and results, sessions, batches and cells.

    To keep a year of yours instead of 90 days, and more of it:

    .. code-block:: python

        from qmode_jupyter import RuntimeService, Store

        service = RuntimeService(store=Store(keep_days=365, keep_bytes=5e9))

    A folder of its own for one project: ``Store("history-of-this-project")``.

    Attributes
    ----------
    folder
        It is made when something is first kept; only its owner may read it. Your own by default:
        your data folder, or the one that ``QMODE_HOME`` names.
    keep_days, keep_bytes
        What is older, and the oldest of what is more, is dropped; the newest session, batch or cell never.
        ``math.inf`` keeps all.

    Raises
    ------
    IBMInputValueError
        For limits that are not above 0, and what is a file.
    """

    folder: Path = field(default_factory=_users_own)
    keep_days: float = 90.0
    keep_bytes: float = 1e9

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", _checked_folder(self.folder))
        for name in ("keep_days", "keep_bytes"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
                raise IBMInputValueError(f"{name} must be a number above 0, not {value!r}.")

    @property
    def keep_s(self) -> float:
        """How long something is kept, in seconds."""
        return self.keep_days * 86_400.0 if self.keep_days < math.inf else math.inf


def store_at(given: object) -> Store | None:
    """Return the store that "user", a folder or None stands for.

    Raises
    ------
    IBMInputValueError
        For anything else.
    """
    if given is None or isinstance(given, Store):
        return given
    return Store(given)  # type: ignore[arg-type]  # it says what is wrong


def _checked_folder(given: object) -> Path:
    if not isinstance(given, str | os.PathLike) or not os.fspath(given):
        raise IBMInputValueError(
            f'store must be "user", a folder, a Store or None (nothing is kept), not {given!r}.'
        )
    folder = _users_own() if given == USER else Path(os.fsdecode(given))
    folder = folder.expanduser().absolute()
    if folder.is_file():
        raise IBMInputValueError(f"store must be a folder, and {folder} is a file.")
    return folder
