"""A file that is there whole or not at all, whatever happens while it is written."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a path to write to; what was written gets the name `path` at the end of the block.

    Until then a file that is there already stays as it is, and it stays so when the block raises.

    Parameters
    ----------
    path
        The name, in a folder that is there.
    overwrite
        Whether it may be taken from a file that has it; a link is followed then, and only then.

    Raises
    ------
    FileExistsError
        The name is taken, by a link that leads nowhere too.
    OSError
        The file can't be written, or the name is that of a folder, a pipe or a device.
    """
    taken = overwrite and path.exists()
    target = path.resolve() if taken else path
    if taken and not target.is_file():
        raise OSError(0, "It is no ordinary file")
    if not taken:
        target.open("xb").close()  # ours from now on: what comes into being meanwhile isn't overwritten
    part = None
    try:
        handle, name = tempfile.mkstemp(prefix=".qmode-", dir=target.parent)
        os.close(handle)
        part = Path(name)
        yield part
        shutil.copymode(target, part)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.replace(target)
    except BaseException:
        if not taken:
            target.unlink(missing_ok=True)
        raise
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
