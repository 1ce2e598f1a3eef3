"""What there is one of in a Python process; nothing else in the package keeps state of its own.

IBM's code names neither an account nor a session where it means the one that there is: making a
service again gives the same one (SEMANTICS A29), a primitive without a mode joins the ``with``
around it (SEMANTICS S17). So both have to be found without being handed over.
"""

from __future__ import annotations

import atexit
from typing import Any

from qmode_jupyter.client.context import WithBlocks
from qmode_jupyter.client.open_services import OpenServices

#: The services that are open, by account, and the default one.
open_services: OpenServices[Any] = OpenServices()
#: The sessions and batches whose `with` is running.
with_blocks = WithBlocks()


def reset() -> None:
    """Begin as a new process does: every service that was open is closed, no ``with`` is in force."""
    with_blocks.clear()
    open_services.close()


atexit.register(open_services.close_default)
