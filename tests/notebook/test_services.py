"""Which service a cell gets, and what a word names on the services in use."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from qmode_jupyter.notebook.services import Services


def test_the_newest_of_nothing_is_told_how_to_begin() -> None:
    services = Services()
    services.choose({"seed": 7})
    try:
        with pytest.raises(UsageError, match=r"^Nothing has run yet: put %%qsession above a cell .*\.$"):
            services.latest()
    finally:
        services.close()
